"""Who is invited to a meeting."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.database import insert_at_once
from switchroom.identity.models import new_ordered_id
from switchroom.identity.revocation import revoke
from switchroom.identity.secrets import random_key
from switchroom.meetings.drafts import InviteeDraft
from switchroom.meetings.models import Invitee, Meeting


async def add_invitees(
    session: AsyncSession, meeting: Meeting, drafts: Sequence[InviteeDraft], *, first_position: int
) -> list[Invitee]:
    rows = [
        Invitee(
            id=new_ordered_id(),
            organization_id=meeting.organization_id,
            meeting_id=meeting.id,
            email=draft.email,
            first_name=draft.first_name,
            last_name=draft.last_name,
            locale=draft.locale,
            role=draft.role,
            access_key=random_key(),
            position=position,
        )
        for position, draft in enumerate(drafts, first_position)
    ]
    await insert_at_once(session, rows)
    return rows


async def exchange_invitees(
    session: AsyncSession, meeting: Meeting, before: Sequence[Invitee], wanted: Sequence[InviteeDraft]
) -> tuple[list[Invitee], list[Invitee], list[Invitee]]:
    """Who stays, who is new, and who is not invited any more."""
    known = {one.email: one for one in before}
    names = {draft.email for draft in wanted}
    gone = [one for one in before if one.email not in names]
    if gone:
        await session.execute(
            delete(Invitee)
            .where(Invitee.id.in_([one.id for one in gone]))
            .execution_options(synchronize_session=False)
        )
        for one in gone:
            session.expunge(one)
            revoke(session, meeting.organization_id, one.id)
    kept: list[Invitee] = []
    for draft in wanted:
        row = known.get(draft.email)
        if row is not None:
            row.first_name, row.last_name = draft.first_name, draft.last_name
            row.locale, row.role = draft.locale, draft.role
            kept.append(row)
    new = [draft for draft in wanted if draft.email not in known]
    last = max((one.position for one in before), default=-1)
    return kept, await add_invitees(session, meeting, new, first_position=last + 1), gone

"""Invitees of a meeting."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.database import insert_values
from switchroom.identity.models import new_ordered_id
from switchroom.identity.revocation import revoke
from switchroom.identity.secrets import random_key
from switchroom.meetings.drafts import InviteeDraft
from switchroom.meetings.models import Invitee, Meeting
from switchroom.meetings.views import Invited


async def add_invitees(
    session: AsyncSession, meeting: Meeting, drafts: Sequence[InviteeDraft], *, first_position: int
) -> list[Invited]:
    added = [
        Invited(
            id=new_ordered_id(),
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
    await insert_values(
        session,
        Invitee,
        [{"organization_id": meeting.organization_id, **structs.asdict(one)} for one in added],
    )
    return added


async def exchange_invitees(
    session: AsyncSession, meeting: Meeting, before: Sequence[Invited], wanted: Sequence[InviteeDraft]
) -> tuple[list[Invited], list[Invited], list[Invited]]:
    """Exchange the invitees of a meeting. Returns the ones who stay, the new ones, and the ones who are not
    invited any more."""
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
            revoke(session, meeting.organization_id, one.id)
    kept: list[Invited] = []
    for draft in wanted:
        there = known.get(draft.email)
        if there is None:
            continue
        now = {name: getattr(draft, name) for name in ("first_name", "last_name", "locale", "role")}
        one = structs.replace(there, **now)
        if one != there:
            await session.execute(
                update(Invitee)
                .where(Invitee.id == one.id)
                .values(now)
                .execution_options(synchronize_session=False)
            )
        kept.append(one)
    new = [draft for draft in wanted if draft.email not in known]
    last = max((one.position for one in before), default=-1)
    return kept, await add_invitees(session, meeting, new, first_position=last + 1), gone

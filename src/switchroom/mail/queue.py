"""Putting mail into the queue, within the transaction that causes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

import msgspec
from msgspec import Struct
from sqlalchemy import Table, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import insert_values, notify
from switchroom.identity.models import new_id, new_ordered_id
from switchroom.jobs.batches import Batch, BatchState
from switchroom.mail.address_change_mails import AddressChangeMail
from switchroom.mail.deletion_mails import DeletionMail
from switchroom.mail.invitations import Invitation
from switchroom.mail.meeting_mails import MeetingMail, MeetingMailing, MeetingMailKind
from switchroom.mail.member_invitation_mails import MemberInvitationMail
from switchroom.mail.models import MailPriority, MailState, QueuedMail
from switchroom.mail.notices import MailQueued
from switchroom.mail.password_mails import PasswordMail
from switchroom.mail.voicemail_mails import VoicemailMail
from switchroom.tasks import taking_turns

LONGEST_UID = 100
"""Characters of a `uid` that are kept. A meeting's begins with its id, behind which any host's name may
come."""

_KIND = "mails"

_MOST_ORDINARY = 10
"""Mails queued together that go before those for many people."""

_QUEUED_MAILS = cast("Table", QueuedMail.__table__)

Payload = (
    AddressChangeMail
    | DeletionMail
    | Invitation
    | MeetingMail
    | MemberInvitationMail
    | PasswordMail
    | VoicemailMail
)
"""Content of a queued mail."""


def add_mail_batch(session: AsyncSession, organization_id: int, created_by: str, total: int) -> str:
    """Add a batch by which `created_by`, who asked for so many mails, follows them. Returns its id."""
    batch = Batch(
        id=new_id(),
        organization_id=organization_id,
        kind=_KIND,
        created_by=created_by,
        total=total,
        state=BatchState.FOLLOWED,
    )
    session.add(batch)
    return batch.id


async def enqueue_invitations(
    session: AsyncSession,
    organization_id: int,
    invitations: Sequence[Invitation],
    batch_id: str | None = None,
) -> Sequence[str]:
    """Queue invitations, as those of a batch if there is one; they leave once the caller's transaction is
    committed. Returns the mails' ids.

    An earlier invitation with the same `uid` that still waits is not sent any more.
    """
    moment = now()
    rows: list[dict[str, Any]] = []
    async for one in taking_turns(invitations):
        if one.sequence > 0:
            await withdraw_invitations(
                session, organization_id, one.uid, reason="replaced by a newer invitation"
            )
        row = _row(organization_id, one, to=one.to, queued_at=moment, of=len(invitations))
        rows.append({**row, "batch_id": batch_id})
    await insert_values(session, QueuedMail, rows)
    notify(session, MailQueued())
    return [row["id"] for row in rows]


async def enqueue_member_invitations(
    session: AsyncSession, organization_id: int, mails: Sequence[MemberInvitationMail]
) -> None:
    """Queue the mails; they leave once the caller's transaction is committed."""
    if not mails:
        return
    moment = now()
    rows = [_row(organization_id, one, to=one.to, queued_at=moment, of=len(mails)) for one in mails]
    await insert_values(session, QueuedMail, rows)
    notify(session, MailQueued())


async def enqueue_meeting_mails(session: AsyncSession, organization_id: int, mailing: MeetingMailing) -> None:
    """Queue the mails; they leave once the caller's transaction is committed.

    An earlier mail to the same recipient about the same meeting that still waits is not sent any more. What
    is about one occurrence and what is about its series leave each other be, unless the series is canceled.
    """
    if not mailing.recipients:
        return
    if mailing.sequence > 0 or mailing.kind is not MeetingMailKind.INVITATION:
        await _withdraw_replaced(session, organization_id, mailing)
    moment = now()
    row = _row(organization_id, mailing, to="", queued_at=moment, of=len(mailing.recipients))
    await insert_values(session, QueuedMail, [row])
    notify(session, MailQueued())


async def distribute(session: AsyncSession, together: QueuedMail) -> None:
    """Put everybody's mail in the place of the one to all of them. Raises MsgspecError for one that says
    nothing of the kind."""
    mailing = _read_mailing(together.payload)
    await session.delete(together)
    await _insert_all(session, together.organization_id, mailing, together.created_at)


async def enqueue_password_mail(
    session: AsyncSession, organization_id: int, mail: PasswordMail, *, replaces: bool = True
) -> str:
    """Queue the mail; it leaves once the caller's transaction is committed. Returns the task's id.

    Where it `replaces` earlier ones to the same person, those that still wait are not sent any more: their
    links are void.
    """
    if replaces:
        await withdraw_password_mails(session, mail.uid)
    queued = QueuedMail(**_row(organization_id, mail, to=mail.to, queued_at=now()))
    session.add(queued)
    notify(session, MailQueued())
    return queued.id


async def enqueue_deletion_mail(session: AsyncSession, organization_id: int, mail: DeletionMail) -> None:
    """Queue the mail; it leaves once the caller's transaction is committed. Earlier ones about the same
    organization that still wait are not sent any more: their links are void."""
    await withdraw_password_mails(session, mail.uid)
    session.add(QueuedMail(**_row(organization_id, mail, to=mail.to, queued_at=now())))
    notify(session, MailQueued())


async def enqueue_address_change_mail(
    session: AsyncSession, organization_id: int, mail: AddressChangeMail
) -> None:
    """Queue the mail; it leaves once the caller's transaction is committed. It replaces none: each old
    address is told."""
    session.add(QueuedMail(**_row(organization_id, mail, to=mail.to, queued_at=now())))
    notify(session, MailQueued())


async def enqueue_voicemail_mail(session: AsyncSession, organization_id: int, mail: VoicemailMail) -> None:
    """Queue the mail; it leaves once the caller's transaction is committed."""
    session.add(QueuedMail(**_row(organization_id, mail, to=mail.to, queued_at=now())))
    notify(session, MailQueued())


async def withdraw_password_mails(session: AsyncSession, uid: str) -> None:
    """Give up the password mails with this `uid` that are not sent yet, whichever organization's they are."""
    await session.execute(
        update(_QUEUED_MAILS)
        .where(_QUEUED_MAILS.c.calendar_uid == uid, _QUEUED_MAILS.c.state == MailState.QUEUED)
        .values(state=MailState.FAILED, payload="", last_error="replaced by a newer mail")
    )


async def withdraw_invitations(session: AsyncSession, organization_id: int, uid: str, *, reason: str) -> None:
    """Give up the invitations with this `uid` that are not sent yet; one on its way still arrives."""
    await session.execute(
        update(QueuedMail)
        .where(
            QueuedMail.organization_id == organization_id,
            QueuedMail.calendar_uid == uid[:LONGEST_UID],
            QueuedMail.state == MailState.QUEUED,
        )
        .values(state=MailState.FAILED, payload="", last_error=reason)
        .execution_options(synchronize_session=False)
    )


def read_payload(payload: str) -> Payload:
    """Content of a queued mail. Invitations queued before there was anything else are not tagged as such."""
    tagged = msgspec.json.decode(payload, type=_Tag).type is not None
    return msgspec.json.decode(payload, type=Payload if tagged else Invitation)


class _Tag(Struct):
    type: str | None = None


def _row(
    organization_id: int, payload: Payload | MeetingMailing, *, to: str, queued_at: datetime, of: int = 1
) -> dict[str, Any]:
    """Values of a mail, one of so many that are queued together."""
    priority = MailPriority.BULK if of > _MOST_ORDINARY else MailPriority.ORDINARY
    return {
        "id": new_ordered_id(),
        "organization_id": organization_id,
        "recipient": to,
        "calendar_uid": payload.uid[:LONGEST_UID],
        "payload": msgspec.json.encode(payload).decode(),
        "priority": MailPriority.URGENT if isinstance(payload, PasswordMail) else priority,
        "created_at": queued_at,
    }


def _read_mailing(payload: str) -> MeetingMailing:
    return msgspec.json.decode(payload, type=MeetingMailing)


async def _insert_all(
    session: AsyncSession, organization_id: int, mailing: MeetingMailing, queued_at: datetime
) -> None:
    of = len(mailing.recipients)
    rows = [_row(organization_id, mail, to=mail.to, queued_at=queued_at, of=of) for mail in mailing.mails()]
    await insert_values(session, QueuedMail, rows)


async def _withdraw_replaced(session: AsyncSession, organization_id: int, newer: MeetingMailing) -> None:
    of_meeting = (
        QueuedMail.organization_id == organization_id,
        QueuedMail.calendar_uid == newer.uid[:LONGEST_UID],
        QueuedMail.state == MailState.QUEUED,
    )
    together = await session.execute(
        delete(QueuedMail)
        .where(*of_meeting, QueuedMail.recipient == "")
        .returning(QueuedMail.payload, QueuedMail.created_at)
        .execution_options(synchronize_session=False)
    )
    for payload, queued_at in together.all():
        await _insert_all(session, organization_id, _read_mailing(payload), queued_at)
    waiting = await session.execute(
        select(QueuedMail.id, QueuedMail.payload).where(
            *of_meeting, QueuedMail.recipient.in_({one.to for one in newer.recipients})
        )
    )
    replaced = [task_id for task_id, payload in waiting if _is_replaced(read_payload(payload), newer)]
    if replaced:
        await session.execute(
            update(QueuedMail)
            .where(QueuedMail.id.in_(replaced), QueuedMail.state == MailState.QUEUED)
            .values(state=MailState.FAILED, payload="", last_error="replaced by a newer mail")
            .execution_options(synchronize_session=False)
        )


def _is_replaced(waiting: Payload, newer: MeetingMailing) -> bool:
    """Whether the newer mail replaces a waiting one to one of its recipients."""
    if not isinstance(waiting, MeetingMail):
        return False
    if waiting.recurrence_id == newer.recurrence_id:
        return True
    return newer.recurrence_id is None and newer.kind is MeetingMailKind.CANCELLATION

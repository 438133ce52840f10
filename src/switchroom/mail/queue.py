"""Putting mail into the queue, within the transaction that causes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import insert_at_once, notify
from switchroom.identity.models import new_ordered_id
from switchroom.mail.invitations import Invitation
from switchroom.mail.meeting_mails import MeetingMail, MeetingMailKind
from switchroom.mail.models import MailState, QueuedMail
from switchroom.mail.notices import MailQueued
from switchroom.mail.password_mails import PasswordMail

Payload = Invitation | MeetingMail | PasswordMail
"""What a queued mail says."""


async def enqueue_invitation(session: AsyncSession, organization_id: int, invitation: Invitation) -> str:
    """Queue the invitation; it leaves once the caller's transaction is committed. Returns the task's id.

    An earlier invitation with the same `uid` that still waits is not sent any more.
    """
    if invitation.sequence > 0:
        await withdraw_invitations(
            session, organization_id, invitation.uid, reason="replaced by a newer invitation"
        )
    return _enqueue(session, organization_id, invitation)


async def enqueue_meeting_mail(session: AsyncSession, organization_id: int, mail: MeetingMail) -> str:
    """Queue one mail as `enqueue_meeting_mails` does."""
    (task_id,) = await enqueue_meeting_mails(session, organization_id, [mail])
    return task_id


async def enqueue_meeting_mails(
    session: AsyncSession, organization_id: int, mails: Sequence[MeetingMail]
) -> list[str]:
    """Queue the mails; they leave once the caller's transaction is committed. Returns the tasks' ids.

    An earlier mail to the same recipient about the same meeting that still waits is not sent any more. What
    is about one occurrence and what is about its series leave each other be, unless the series is canceled.
    """
    newer = [mail for mail in mails if mail.sequence > 0 or mail.kind is not MeetingMailKind.INVITATION]
    if newer:
        await _withdraw_replaced(session, organization_id, newer)
    rows = [_row(organization_id, mail) for mail in mails]
    await insert_at_once(session, rows)
    notify(session, MailQueued())
    return [row.id for row in rows]


async def enqueue_password_mail(session: AsyncSession, organization_id: int, mail: PasswordMail) -> str:
    """Queue the mail; it leaves once the caller's transaction is committed. Returns the task's id.

    An earlier one to the same person that still waits is not sent any more: its link is void.
    """
    await session.execute(
        update(QueuedMail)
        .where(QueuedMail.calendar_uid == mail.uid, QueuedMail.state == MailState.QUEUED)
        .values(state=MailState.FAILED, payload="", last_error="replaced by a newer mail")
        .execution_options(synchronize_session=False)
    )
    return _enqueue(session, organization_id, mail)


async def withdraw_invitations(session: AsyncSession, organization_id: int, uid: str, *, reason: str) -> None:
    """Give up the invitations with this `uid` that are not sent yet; one on its way still arrives."""
    await session.execute(
        update(QueuedMail)
        .where(
            QueuedMail.organization_id == organization_id,
            QueuedMail.calendar_uid == uid,
            QueuedMail.state == MailState.QUEUED,
        )
        .values(state=MailState.FAILED, payload="", last_error=reason)
        .execution_options(synchronize_session=False)
    )


def read_payload(payload: str) -> Payload:
    """What a queued mail says. Invitations queued before there was anything else are not tagged as such."""
    tagged = msgspec.json.decode(payload, type=_Tag).type is not None
    return msgspec.json.decode(payload, type=Payload if tagged else Invitation)


class _Tag(Struct):
    type: str | None = None


def _enqueue(session: AsyncSession, organization_id: int, payload: Payload) -> str:
    mail = _row(organization_id, payload)
    session.add(mail)
    notify(session, MailQueued())
    return mail.id


def _row(organization_id: int, payload: Payload) -> QueuedMail:
    moment = now()
    return QueuedMail(
        id=new_ordered_id(),
        organization_id=organization_id,
        recipient=payload.to,
        calendar_uid=payload.uid,
        payload=msgspec.json.encode(payload).decode(),
        next_attempt_at=moment,
        created_at=moment,
    )


async def _withdraw_replaced(
    session: AsyncSession, organization_id: int, newer: Sequence[MeetingMail]
) -> None:
    waiting = await session.execute(
        select(QueuedMail.id, QueuedMail.payload).where(
            QueuedMail.organization_id == organization_id,
            QueuedMail.calendar_uid.in_({mail.uid for mail in newer}),
            QueuedMail.recipient.in_({mail.to for mail in newer}),
            QueuedMail.state == MailState.QUEUED,
        )
    )
    newest = {(mail.uid, mail.to, mail.recurrence_id): mail for mail in newer}
    replaced = [task_id for task_id, payload in waiting if _is_replaced(read_payload(payload), newest)]
    if replaced:
        await session.execute(
            update(QueuedMail)
            .where(QueuedMail.id.in_(replaced), QueuedMail.state == MailState.QUEUED)
            .values(state=MailState.FAILED, payload="", last_error="replaced by a newer mail")
            .execution_options(synchronize_session=False)
        )


def _is_replaced(waiting: Payload, newest: Mapping[tuple[str, str, datetime | None], MeetingMail]) -> bool:
    if not isinstance(waiting, MeetingMail):
        return False
    if (waiting.uid, waiting.to, waiting.recurrence_id) in newest:
        return True
    of_series = newest.get((waiting.uid, waiting.to, None))
    return of_series is not None and of_series.kind is MeetingMailKind.CANCELLATION

"""Putting mail into the queue, within the transaction that causes it."""

from __future__ import annotations

import msgspec
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import notify
from switchroom.identity.models import new_id
from switchroom.mail.invitations import Invitation
from switchroom.mail.models import MailState, QueuedMail
from switchroom.mail.notices import MailQueued


async def enqueue_invitation(session: AsyncSession, organization_id: int, invitation: Invitation) -> str:
    """Queue the invitation; it leaves once the caller's transaction is committed. Returns the task's id.

    An earlier invitation with the same `uid` that still waits is not sent any more.
    """
    if invitation.sequence > 0:
        await withdraw_invitations(
            session, organization_id, invitation.uid, reason="replaced by a newer invitation"
        )
    moment = now()
    mail = QueuedMail(
        id=new_id(),
        organization_id=organization_id,
        recipient=invitation.to,
        calendar_uid=invitation.uid,
        payload=msgspec.json.encode(invitation).decode(),
        next_attempt_at=moment,
        created_at=moment,
    )
    session.add(mail)
    notify(session, MailQueued())
    return mail.id


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

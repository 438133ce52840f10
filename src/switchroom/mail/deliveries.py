"""Deliveries: what has become of the last mail to somebody about something."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.mail.models import MailState, QueuedMail
from switchroom.mail.queue import LONGEST_UID


async def last_deliveries(
    session: AsyncSession, uid: str, recipients: Collection[str]
) -> Mapping[str, MailState]:
    """State of the last mail with this `uid`, by address. Recipients of one mail to all that has not been
    taken apart yet are waited for."""
    rows = await session.execute(_MAILS, {"uid": uid[:LONGEST_UID], "recipients": ["", *recipients]})
    states: dict[str, MailState] = {}
    for recipient, state in rows:
        if recipient:
            states[recipient] = MailState(state)
        elif state == MailState.QUEUED:
            states = dict.fromkeys(recipients, MailState.QUEUED)
    return states


_MAILS = (
    select(QueuedMail.recipient, QueuedMail.state)
    .where(
        QueuedMail.calendar_uid == bindparam("uid"),
        QueuedMail.recipient.in_(bindparam("recipients", expanding=True)),
    )
    .order_by(QueuedMail.created_at, QueuedMail.id)
)

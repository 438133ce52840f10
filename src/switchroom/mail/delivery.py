"""The worker that delivers queued mail."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import aiosmtplib
import msgspec
import structlog
from msgspec import Struct
from prometheus_client import Counter
from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.bus import Bus
from switchroom.db.base import Instant, now
from switchroom.db.database import Database
from switchroom.mail.addresses import Undeliverable, one_line, parse_mailbox
from switchroom.mail.invitations import Invitation
from switchroom.mail.meeting_mails import MeetingMail
from switchroom.mail.meeting_rendering import render_meeting_mail
from switchroom.mail.message import Envelope, RenderedMail
from switchroom.mail.models import STILL_QUEUED, MailState, QueuedMail
from switchroom.mail.notices import MailQueued
from switchroom.mail.outbox import write_mail
from switchroom.mail.password_mails import PasswordMail
from switchroom.mail.password_rendering import render_password_mail
from switchroom.mail.queue import Payload, distribute, read_payload
from switchroom.mail.rendering import render_invitation
from switchroom.mail.smtp import SmtpTransport, parse_server
from switchroom.settings import ConfigurationError, SmtpSettings

RETRY_DELAYS: Sequence[timedelta] = tuple(
    timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720)
)
"""How long to wait after each failed attempt; after one more than these the mail has failed."""

MAILS = Counter("switchroom_mails_total", "Attempts to deliver a mail.", ["outcome"])

_AT_ONCE = 4
_LOOK_ANYWAY = timedelta(seconds=30)
_SHORTEST_REST = timedelta(milliseconds=100)
_KEPT = timedelta(days=30)
_SECONDS_BETWEEN_CLEANINGS = 3600
_SECONDS_TO_FINISH = 5
_LONGEST_WAY = 1.0
"""Seconds that a mail gives way to requests; a server that is never idle still sends one a second."""
_IDLE = 0.002
"""Seconds after which an idle loop comes back to somebody who waits as long."""
_LONGEST_ERROR = 500
_SHORTEST_SECRET = 8

log = structlog.get_logger()


class _Claimed(Struct, frozen=True):
    """A mail in hand. `attempt` counts from 1, and tells this claim from a later one by somebody else."""

    id: str
    payload: str
    attempt: int
    queued_at: datetime


class MailDelivery:
    """Delivers what is in the queue, in any number of processes over one database.

    A mail is claimed in a transaction of its own for twice the time a delivery may take, then delivered
    outside of any; a process that dies in between loses its claim, and another takes the mail up. A mail is
    thus sent twice only when a process dies between the server's word and writing it down.
    """

    def __init__(
        self,
        database: Database,
        settings: SmtpSettings,
        data_directory: Path,
        bus: Bus,
        *,
        retry_delays: Sequence[timedelta] = RETRY_DELAYS,
    ) -> None:
        """Raises ConfigurationError when the sender or the server's URL is wrong."""
        self._database = database
        self._timeout = settings.timeout
        self._outbox = data_directory / "outbox"
        self._retry_delays = retry_delays
        try:
            self._sender = parse_mailbox(settings.sender)
        except Undeliverable as error:
            raise ConfigurationError("smtp.sender must be like Name <name@example.org>") from error
        server = parse_server(settings.url) if settings.url else None
        self._password = server.password if server else ""
        self._transport = SmtpTransport(server) if server else None
        self._woken = asyncio.Event()
        self._in_hand: set[asyncio.Task[None]] = set()
        self._cleaned_at = 0.0
        bus.subscribe(MailQueued, self._wake)

    async def run(self) -> None:
        """Deliver until cancelled. Deliveries under way get a few seconds more."""
        places = asyncio.Semaphore(_AT_ONCE)
        try:
            while True:
                await places.acquire()
                await _give_way()
                self._woken.clear()
                mail = await self._claim()
                if mail is None:
                    places.release()
                    await self._rest()
                    continue
                delivery = asyncio.create_task(self._deliver(mail))
                self._in_hand.add(delivery)
                delivery.add_done_callback(self._in_hand.discard)
                delivery.add_done_callback(lambda _: places.release())
        finally:
            await self._finish()

    async def _wake(self, _: MailQueued) -> None:
        self._woken.set()

    async def _claim(self) -> _Claimed | None:
        try:
            async with self._database.write(None) as session:
                while (mail := await session.scalar(_NEXT, {"moment": now()})) and not mail.recipient:
                    await self._distribute(session, mail)
                if mail is None:
                    return None
                mail.attempts += 1
                mail.next_attempt_at = now() + timedelta(seconds=2 * self._timeout)
                return _Claimed(mail.id, mail.payload, mail.attempts, mail.created_at)
        except (SQLAlchemyError, OSError) as error:
            log.error("mail queue cannot be read", error=_brief(error))
            return None

    async def _distribute(self, session: AsyncSession, mail: QueuedMail) -> None:
        try:
            await distribute(session, mail)
        except msgspec.MsgspecError as error:
            log.exception("mail cannot be made", mail=mail.id)
            mail.state, mail.payload, mail.last_error = MailState.FAILED, "", _brief(error)

    async def _rest(self) -> None:
        """Wait for new mail or the time of the next attempt."""
        if self._transport is not None:
            await self._transport.rest()
        wait = _LOOK_ANYWAY
        try:
            await self._clean()
            async with self._database.read(None) as session:
                due = await session.scalar(select(func.min(QueuedMail.next_attempt_at)).where(STILL_QUEUED))
            if due is not None:
                wait = min(wait, max(_SHORTEST_REST, due - now()))
        except (SQLAlchemyError, OSError) as error:
            log.error("mail queue cannot be read", error=_brief(error))
        try:
            async with asyncio.timeout(wait.total_seconds()):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _clean(self) -> None:
        """Forget what was sent or failed long ago."""
        if self._cleaned_at and time.monotonic() - self._cleaned_at < _SECONDS_BETWEEN_CLEANINGS:
            return
        async with self._database.write(None) as session:
            await session.execute(
                delete(QueuedMail)
                .where(QueuedMail.state != MailState.QUEUED, QueuedMail.created_at < now() - _KEPT)
                .execution_options(synchronize_session=False)
            )
        self._cleaned_at = time.monotonic()

    async def _deliver(self, mail: _Claimed) -> None:
        secrets = [self._password]
        try:
            payload = read_payload(mail.payload)
            secrets += _secrets(payload)
            rendered = await asyncio.to_thread(self._render, mail, payload)
            async with asyncio.timeout(self._timeout):
                await self._hand_over(mail, rendered)
        except Undeliverable as error:
            await self._failed(mail, _without(secrets, str(error)), final=True)
        except (aiosmtplib.SMTPException, OSError) as error:
            await self._failed(mail, _without(secrets, _brief(error)))
        except Exception as error:
            # One mail that cannot be made must not stop the others.
            log.exception("mail cannot be made", mail=mail.id)
            await self._failed(mail, _without(secrets, _brief(error)))
        else:
            await self._record(mail, state=MailState.SENT, payload="", last_error="")
            MAILS.labels("sent").inc()

    def _render(self, mail: _Claimed, payload: Payload) -> RenderedMail:
        envelope = Envelope(mail_id=mail.id, sender=self._sender, queued_at=mail.queued_at)
        match payload:
            case Invitation():
                return render_invitation(payload, envelope)
            case MeetingMail():
                return render_meeting_mail(payload, envelope)
            case PasswordMail():
                return render_password_mail(payload, envelope)

    async def _hand_over(self, mail: _Claimed, rendered: RenderedMail) -> None:
        if self._transport is not None:
            await self._transport.send(rendered)
            log.info("mail sent", mail=mail.id, attempt=mail.attempt)
            return
        path = await asyncio.to_thread(
            write_mail, self._outbox, mail_id=mail.id, queued_at=mail.queued_at, content=rendered.content
        )
        log.warning("mail written to a file: no SMTP server is configured (smtp.url)", path=str(path))

    async def _failed(self, mail: _Claimed, reason: str, *, final: bool = False) -> None:
        if final or mail.attempt > len(self._retry_delays):
            log.error("mail given up", mail=mail.id, attempt=mail.attempt, error=reason)
            await self._record(mail, state=MailState.FAILED, payload="", last_error=reason)
            MAILS.labels("failed").inc()
            return
        retry_at = now() + self._retry_delays[mail.attempt - 1]
        log.warning(
            "mail not sent yet",
            mail=mail.id,
            attempt=mail.attempt,
            error=reason,
            retry_at=retry_at.isoformat(),
        )
        await self._record(mail, next_attempt_at=retry_at, last_error=reason)
        MAILS.labels("retried").inc()
        self._woken.set()

    async def _record(self, mail: _Claimed, **values: str | datetime) -> None:
        """Write down how it went, unless the mail was withdrawn or is in other hands by now."""
        try:
            async with self._database.write(None) as session:
                await session.execute(
                    update(QueuedMail)
                    .where(QueuedMail.id == mail.id, STILL_QUEUED, QueuedMail.attempts == mail.attempt)
                    .values(**values)
                    .execution_options(synchronize_session=False)
                )
        except (SQLAlchemyError, OSError) as error:
            log.error("mail queue cannot be written", mail=mail.id, error=_brief(error))

    async def _finish(self) -> None:
        if self._in_hand:
            _, late = await asyncio.wait(self._in_hand, timeout=_SECONDS_TO_FINISH)
            for delivery in late:
                delivery.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._transport is not None:
            self._transport.close()


_NEXT = (
    select(QueuedMail)
    .where(STILL_QUEUED, QueuedMail.next_attempt_at <= bindparam("moment", type_=Instant()))
    .order_by(QueuedMail.next_attempt_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)


async def _give_way() -> None:
    """Let those who wait for an answer go first: while the loop is busy, the next mail waits a little."""
    loop = asyncio.get_running_loop()
    until = loop.time() + _LONGEST_WAY
    while loop.time() < until:
        began = loop.time()
        await asyncio.sleep(_IDLE)
        if loop.time() - began < 2 * _IDLE:
            return


def _brief(error: BaseException) -> str:
    """The exception in one line. A database's is named only: its text repeats the values of the statement."""
    if isinstance(error, SQLAlchemyError):
        return type(error).__name__
    return one_line(f"{type(error).__name__}: {error}").removesuffix(": ")


def _secrets(payload: Payload) -> list[str]:
    """What must not be repeated from a server's answer."""
    link = payload.link if isinstance(payload, PasswordMail) else payload.join_link
    found = [part for part in link.split("/") if len(part) >= _SHORTEST_SECRET]
    if isinstance(payload, MeetingMail):
        found.append(payload.dial_in_pin)
    return found


def _without(secrets: Sequence[str], text: str) -> str:
    for secret in secrets:
        if secret:
            text = text.replace(secret, "…")
    return one_line(text)[:_LONGEST_ERROR]

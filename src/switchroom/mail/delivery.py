"""The worker that delivers queued mail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import aiosmtplib
import msgspec
import structlog
from prometheus_client import Counter
from sqlalchemy import delete, literal_column
from sqlalchemy.exc import SQLAlchemyError

from switchroom.bus import Bus
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.jobs.due_rows import Claim, DueRows
from switchroom.jobs.metrics import FAILED
from switchroom.jobs.periodic import Periodic
from switchroom.jobs.retry import Schedule, written
from switchroom.jobs.runner import Runner, Work
from switchroom.mail.address_change_mails import AddressChangeMail
from switchroom.mail.addresses import Undeliverable, one_line, parse_mailbox
from switchroom.mail.branding import NO_BRANDING, MailBranding
from switchroom.mail.deletion_mails import DeletionMail
from switchroom.mail.invitations import Invitation
from switchroom.mail.meeting_mails import MeetingMail
from switchroom.mail.member_invitation_mails import MemberInvitationMail
from switchroom.mail.message import Envelope, RenderedMail
from switchroom.mail.models import STILL_QUEUED, MailPriority, MailState, QueuedMail
from switchroom.mail.notices import MailQueued
from switchroom.mail.outbox import write_mail
from switchroom.mail.password_mails import PasswordMail
from switchroom.mail.queue import Payload, distribute, read_payload
from switchroom.mail.smtp import SmtpTransport, parse_server
from switchroom.mail.voicemail_mails import VoicemailMail
from switchroom.mail.voicemail_sound import Sound, read_sound
from switchroom.settings import ConfigurationError, SmtpSettings

RETRY_DELAYS: Sequence[timedelta] = tuple(
    timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720)
)
"""Times to wait after each failed attempt; after one more than these the mail has failed."""

MAILS = Counter("switchroom_mails_total", "Attempts to deliver a mail.", ["outcome"])

_KEPT = timedelta(days=30)
_CLEANED_EVERY = timedelta(hours=1)
_LONGEST_WAY = 1.0
"""Seconds that a mail gives way to requests; a server that is never idle still sends one a second."""
_IDLE = 0.002
"""Seconds after which an idle loop comes back to somebody who waits as long."""
_LONGEST_ERROR = 500
_SHORTEST_SECRET = 8

log = structlog.get_logger()


async def _no_branding(_organization_id: int) -> MailBranding:
    return NO_BRANDING


class MailDelivery(Work[Claim[QueuedMail]]):
    """Delivers what is in the queue, in any number of processes over one database.

    A mail is leased for twice the time a delivery may take, then delivered outside of any transaction; when a
    process dies in between, another takes the mail up after that. A mail is thus sent twice only when a
    process dies between the server's word and writing it down.
    """

    kind = "mail"
    at_once = 4
    look_every = 30.0

    def __init__(
        self,
        database: Database,
        settings: SmtpSettings,
        data_directory: Path,
        bus: Bus,
        *,
        branding: Callable[[int], Awaitable[MailBranding]] = _no_branding,
        retry_delays: Sequence[timedelta] = RETRY_DELAYS,
    ) -> None:
        """`branding` tells that of an organization. Raises ConfigurationError when the sender or the server's
        URL is wrong."""
        self._database = database
        self._branding = branding
        self._timeout = settings.timeout
        self._outbox = data_directory / "outbox"
        self._retries = Schedule(retry_delays)
        try:
            self._sender = parse_mailbox(settings.sender)
        except Undeliverable as error:
            raise ConfigurationError("smtp.sender must be like Name <name@example.org>") from error
        server = parse_server(settings.url) if settings.url else None
        self._password = server.password if server else ""
        self._transport = SmtpTransport(server) if server else None
        self.leases = self._queue = DueRows(
            database,
            QueuedMail,
            key=QueuedMail.id,
            due=QueuedMail.next_attempt_at,
            worker=QueuedMail.worker,
            attempts=QueuedMail.attempts,
            waiting=STILL_QUEUED,
            ranks=[QueuedMail.priority == literal_column(f"{one:d}") for one in MailPriority],
            lease=timedelta(seconds=2 * self._timeout),
        )
        self._runner = Runner(self)
        bus.subscribe(MailQueued, self._wake)

    async def run(self) -> None:
        """Deliver until cancelled. Deliveries under way get a few seconds more."""
        cleaning = Periodic(self._database, "old mail", _CLEANED_EVERY, self._clean)
        tidying = asyncio.create_task(cleaning.run(), name="old mail")
        try:
            await self._runner.run()
        finally:
            tidying.cancel()
            await asyncio.gather(tidying, return_exceptions=True)
            if self._transport is not None:
                self._transport.close()

    async def claim(self, limit: int) -> Sequence[Claim[QueuedMail]]:
        return await self._queue.claim(limit)

    async def due_in(self) -> timedelta | None:
        if self._transport is not None:
            await self._transport.rest()
        return await self._queue.due_in()

    async def count_waiting(self) -> int:
        return await self._queue.count_due()

    async def give_way(self) -> None:
        """Let requests that wait for an answer go first: while the loop is busy, the next mail waits a
        little."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _LONGEST_WAY
        while loop.time() < until:
            began = loop.time()
            await asyncio.sleep(_IDLE)
            if loop.time() - began < 2 * _IDLE:
                return

    async def do(self, job: Claim[QueuedMail]) -> None:
        """Deliver one mail, or put everybody's in the place of the one to several people."""
        if not job.row.recipient:
            await written(partial(self._distribute, job), "mails to several people", self._queue.lease)
            return
        secrets = [self._password]
        try:
            payload = read_payload(job.row.payload)
            secrets += _secrets(payload)
            sound = await read_sound(Path(payload.sound)) if isinstance(payload, VoicemailMail) else None
            branding = await self._branding(job.row.organization_id)
            rendered = await asyncio.to_thread(self._render, job.row, payload, sound, branding)
            async with asyncio.timeout(self._timeout):
                await self._hand_over(job, rendered)
        except Undeliverable as error:
            await self._failed(job, _without(secrets, str(error)), final=True)
        except (aiosmtplib.SMTPException, OSError) as error:
            await self._failed(job, _without(secrets, _brief(error)))
        except Exception as error:
            # One mail that cannot be made must not stop the others.
            log.exception("mail cannot be made", mail=job.key)
            await self._failed(job, _without(secrets, _brief(error)))
        else:
            MAILS.labels("sent").inc()
            await self._settle(job, state=MailState.SENT, payload="", last_error="")

    async def _wake(self, _: MailQueued) -> None:
        self._runner.wake()

    async def _clean(self) -> None:
        """Forget what was sent or failed long ago."""
        async with self._database.write(None) as session:
            await session.execute(
                delete(QueuedMail)
                .where(QueuedMail.state != MailState.QUEUED, QueuedMail.created_at < now() - _KEPT)
                .execution_options(synchronize_session=False)
            )

    async def _distribute(self, job: Claim[QueuedMail]) -> None:
        try:
            async with self._database.write(None) as session:
                await distribute(session, await self._queue.locked(session, job))
        except msgspec.MsgspecError as error:
            log.exception("mail cannot be made", mail=job.key)
            await self._failed(job, _brief(error), final=True)

    def _render(
        self, mail: QueuedMail, payload: Payload, sound: Sound | None, branding: MailBranding
    ) -> RenderedMail:
        # Loaded with the first mail, in the thread that renders it: calendars would slow each start down.
        from switchroom.mail.address_change_rendering import render_address_change
        from switchroom.mail.deletion_rendering import render_deletion_mail
        from switchroom.mail.meeting_rendering import render_meeting_mail
        from switchroom.mail.member_invitation_rendering import render_member_invitation
        from switchroom.mail.password_rendering import render_password_mail
        from switchroom.mail.rendering import render_invitation
        from switchroom.mail.voicemail_rendering import render_voicemail_mail

        envelope = Envelope(
            mail_id=mail.id, sender=self._sender, queued_at=mail.created_at, branding=branding
        )
        match payload:
            case AddressChangeMail():
                return render_address_change(payload, envelope)
            case DeletionMail():
                return render_deletion_mail(payload, envelope)
            case Invitation():
                return render_invitation(payload, envelope)
            case MeetingMail():
                return render_meeting_mail(payload, envelope)
            case MemberInvitationMail():
                return render_member_invitation(payload, envelope)
            case PasswordMail():
                return render_password_mail(payload, envelope)
            case VoicemailMail():
                return render_voicemail_mail(payload, sound, envelope)

    async def _hand_over(self, job: Claim[QueuedMail], rendered: RenderedMail) -> None:
        if self._transport is not None:
            await self._transport.send(rendered)
            log.info("mail sent", mail=job.key, attempt=job.attempt)
            return
        path = await asyncio.to_thread(
            write_mail,
            self._outbox,
            mail_id=job.key,
            queued_at=job.row.created_at,
            content=rendered.content,
        )
        log.warning("mail written to a file: no SMTP server is configured (smtp.url)", path=str(path))

    async def _failed(self, job: Claim[QueuedMail], reason: str, *, final: bool = False) -> None:
        FAILED.labels(self.kind).inc()
        delay = None if final else self._retries.after(job.attempt)
        about = {"mail": job.key, "attempt": job.attempt, "error": reason}
        if delay is None:
            log.error("mail given up", **about)
            MAILS.labels("failed").inc()
            await self._settle(job, state=MailState.FAILED, payload="", last_error=reason)
            return
        log.warning("mail not sent yet", **about, retry_at=(now() + delay).isoformat())
        MAILS.labels("retried").inc()
        await self._settle(job, again=delay, last_error=reason)

    async def _settle(self, job: Claim[QueuedMail], *, again: timedelta | None = None, **values: str) -> None:
        """Write down how it went, unless the mail was withdrawn or is in other hands by now."""

        async def settle() -> None:
            async with self._database.write(None) as session:
                await self._queue.settle(session, job, again=again, **values)

        await written(settle, "outcome of a mail", self._queue.lease)


def _brief(error: BaseException) -> str:
    """The exception in one line. A database's is named only: its text repeats the values of the statement."""
    if isinstance(error, SQLAlchemyError):
        return type(error).__name__
    return one_line(f"{type(error).__name__}: {error}").removesuffix(": ")


def _secrets(payload: Payload) -> list[str]:
    """Secrets of a mail, which must not be repeated from a server's answer."""
    if isinstance(payload, AddressChangeMail | VoicemailMail):
        return []
    has_link = isinstance(payload, DeletionMail | PasswordMail | MemberInvitationMail)
    link = payload.link if has_link else payload.join_link
    found = [part for part in link.split("/") if len(part) >= _SHORTEST_SECRET]
    if isinstance(payload, MeetingMail):
        found.append(payload.dial_in_pin)
    return found


def _without(secrets: Sequence[str], text: str) -> str:
    for secret in secrets:
        if secret:
            text = text.replace(secret, "…")
    return one_line(text)[:_LONGEST_ERROR]

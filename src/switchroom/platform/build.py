"""The composition root: the one place that knows every part."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog
from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.types import ASGIApp, ControllerRouterHandler
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from switchroom.accounts.accounts import Accounts
from switchroom.accounts.provisioning import found_organization
from switchroom.conference.cluster.cluster import Cluster
from switchroom.conference.room.permission_overrides import OverrideRecords
from switchroom.conference.service import ConferenceService
from switchroom.db import schema
from switchroom.db.database import Database
from switchroom.dialects.alfaview_v1 import handlers as alfaview_v1
from switchroom.dialects.alfaview_v1 import services as alfaview_v1_services
from switchroom.dialects.body import LARGEST_BODY
from switchroom.dialects.client.meetings import meeting_routes
from switchroom.dialects.client.password import password_handlers
from switchroom.dialects.client.recordings import recording_handler
from switchroom.dialects.client.rooms import routes as conference_routes
from switchroom.dialects.client.sign_out import sign_out_handler
from switchroom.dialects.telephony_v3 import handlers as telephony_v3
from switchroom.dialects.telephony_v3.callers import Callers as TelephonyCallers
from switchroom.dialects.webmeeting_v6 import handlers as webmeeting_v6
from switchroom.dialects.webmeeting_v6 import services as webmeeting_v6_services
from switchroom.dialects.webmeeting_v6.views import MeetingWriter
from switchroom.dialects.webmeeting_v6.webhooks import VIEW, MeetingView
from switchroom.engines.janus.videoroom import RoomOptions
from switchroom.errors import Unavailable
from switchroom.events.buffer import EventRecorder
from switchroom.events.log import EventLog
from switchroom.events.webhooks.delivery import ANSWER_LIMIT, HookDelivery
from switchroom.events.webhooks.hooks import WebHooks
from switchroom.events.webhooks.outbound import Outbound
from switchroom.events.webhooks.queueing import Queueing
from switchroom.http.health import health_handlers
from switchroom.http.observation import Observation
from switchroom.http.pages import page_handlers
from switchroom.http.server import serving
from switchroom.identity.authentication import Authentication
from switchroom.identity.keys import PlatformKeys
from switchroom.identity.models import Organization
from switchroom.identity.organizations import Organizations
from switchroom.identity.password_links import PasswordLinks
from switchroom.identity.people import People
from switchroom.identity.revocation import RevocationFollower
from switchroom.identity.secrets import Passwords
from switchroom.identity.throttle import Throttle
from switchroom.identity.tokens import TokenSigner
from switchroom.mail.delivery import MailDelivery
from switchroom.mail.password_requests import PasswordRequests
from switchroom.meetings.admission import MeetingAdmission
from switchroom.meetings.attendance import Attendances, needed_events
from switchroom.meetings.calendars import Calendars
from switchroom.meetings.event_view import MeetingReports
from switchroom.meetings.invitations import Invitations
from switchroom.meetings.lifecycle import MeetingLifecycle
from switchroom.meetings.meetings import Meetings
from switchroom.meetings.recordings.archive import RecordingArchive
from switchroom.meetings.recordings.files import RecordingFiles
from switchroom.meetings.recordings.finishing import RecordingFinisher
from switchroom.meetings.recordings.sessions import RecordingSessions
from switchroom.meetings.transcript import MeetingTranscript
from switchroom.meetings.upcoming import UpcomingMeetings
from switchroom.platform.media_servers import MediaServers
from switchroom.platform.message_server import MessageServer
from switchroom.rooms.admission import AdmissionService
from switchroom.rooms.links import Links
from switchroom.rooms.listing import RoomListing
from switchroom.rooms.occupancy import Occupancy
from switchroom.rooms.quotas import Quotas
from switchroom.rooms.revisions import Revisions
from switchroom.rooms.rooms import Rooms
from switchroom.settings import ConfigurationError, Settings

WEBROOT = Path(__file__).parents[1] / "webroot"
_RETRY_AFTER = 1.0

log = structlog.get_logger()


class Platform:
    """Every part of the platform, put together from the settings."""

    def __init__(self, settings: Settings, *, engines: bool = False) -> None:
        """With `engines` the platform runs the servers for media and for messages itself, unless the settings
        name others."""
        self.settings = settings
        security = settings.security
        self.messages = MessageServer(settings, own=engines)
        self.bus = self.messages.bus
        self.database = Database(settings.database_url, self.bus, pool_size=settings.database.pool_size)
        self.passwords = Passwords()
        secret = _secret(settings)
        self.signer = TokenSigner(secret)
        self.organizations = Organizations(self.database, self.passwords)
        self.people = People(self.database)
        self.throttle = Throttle(
            self.database,
            account_attempts=security.account_attempts,
            address_attempts=security.address_attempts,
        )
        self.authentication = Authentication(
            self.database,
            self.passwords,
            self.signer,
            self.throttle,
            access_token_lifetime=security.access_token_lifetime,
            refresh_token_lifetime=security.refresh_token_lifetime,
        )
        self.password_links = PasswordLinks(self.database, self.passwords, self.throttle)
        self.password_requests = PasswordRequests(self.password_links, settings.base_url)
        self.revocations = RevocationFollower(self.database, self.signer, self.bus)
        self.rooms = Rooms(self.database)
        self.listing = RoomListing(self.database)
        self.links = Links(self.database, settings.base_url)
        self.quotas = Quotas(self.database)
        self.revisions = Revisions(self.database, self.bus)
        self.admissions = AdmissionService(
            self.database, self.signer, guest_token_lifetime=security.guest_token_lifetime
        )
        self.keys = PlatformKeys(self.database)
        self.telephony_callers = TelephonyCallers(
            self.keys,
            self.organizations,
            self.authentication,
            self.signer,
            secret,
            lifetime=security.access_token_lifetime,
        )
        self.invitations = Invitations(settings.base_url, settings.webmeeting.dial_in_numbers)
        self.meetings = Meetings(self.database, self.invitations, settings.webmeeting.meeting_timezone)
        self.upcoming = UpcomingMeetings(self.database, self.signer, self.invitations)
        self.accounts = Accounts(self.database, self.password_requests)
        self.attendances = Attendances(self.database)
        self.calendars = Calendars(self.database, self.invitations)
        self.meeting_admission = MeetingAdmission(
            self.database, self.signer, self.admissions, guest_token_lifetime=security.guest_token_lifetime
        )
        self.events = EventLog(
            self.database,
            self.bus,
            keep=timedelta(days=settings.events.keep_days),
            needed=needed_events(),
        )
        self.recorder = EventRecorder(self.database)
        self.transcript = MeetingTranscript(self.database)
        self.overrides = OverrideRecords(self.database)
        self.webhooks = WebHooks(self.database)
        self.hook_delivery = HookDelivery(
            self.database,
            Outbound(settings.events.webhook_networks, timeout=ANSWER_LIMIT),
            self.bus,
        )
        self.media = MediaServers(settings, own=engines)
        recording_files = RecordingFiles(self.media.recordings_directory, self.signer.name_of_instance())
        self.recording_sessions = RecordingSessions(
            self.database,
            recording_files if self.media.can_record else None,
            least_free=settings.janus.recordings_least_free << 20,
        )
        self.recordings = RecordingArchive(self.database, recording_files, settings.base_url)
        self.recording_finisher = RecordingFinisher(self.database, recording_files, self.recordings, self.bus)
        self.conference = ConferenceService(
            self.meeting_admission,
            self.media.pool,
            self.bus,
            self.recorder,
            ice=settings.ice,
            room_options=RoomOptions(bitrate=settings.janus.video_bitrate),
            transcript=self.transcript,
            recording_sessions=self.recording_sessions,
            overrides=self.overrides,
            secret=secret,
        )
        self.cluster: Cluster | None = None
        if settings.nats.url and self.messages.connection is not None:
            self.cluster = Cluster(
                self.conference,
                self.database,
                self.messages.connection,
                settings.nats.prefix,
                partial(self.signer.verify, even_expired=True),
            )
            self.overrides.process = self.cluster.name
        self.meeting_writer = MeetingWriter(self.invitations, self.conference, self.signer.name_of_instance())
        meeting_view = MeetingView(MeetingReports(self.database), self.meeting_writer)
        self.hook_queueing = Queueing(self.database, self.bus, {VIEW: meeting_view.render})
        self.meeting_lifecycle = MeetingLifecycle(self.database, self.conference, self.bus)
        self.mail = MailDelivery(self.database, settings.smtp, settings.data_directory, self.bus)

    async def found_organization(self, display_name: str) -> Organization:
        """A new organization with all that one starts with."""
        async with self.database.write(None) as session:
            return (await found_organization(session, display_name))[0]

    def asgi(self, more: Sequence[ControllerRouterHandler] = ()) -> ASGIApp:
        """The application that an HTTP server runs, with `more` handlers beside the platform's own."""
        security = self.settings.security
        handlers: Sequence[ControllerRouterHandler] = [
            *health_handlers(
                {"database": self._database_problem},
                {"media": self.media.problem, "messages": self.messages.problem},
                security.metrics_from,
            ),
            *alfaview_v1.handlers(self._v1_services()),
            *webmeeting_v6.handlers(self._v6_services()),
            *telephony_v3.handlers(telephony_v3.Services(self.telephony_callers, self.events)),
            *conference_routes(self.conference, self.cluster),
            *meeting_routes(
                self.meeting_admission, self.upcoming, self.throttle, records=self.media.can_record
            ),
            recording_handler(self.recordings),
            sign_out_handler(self.authentication.sign_out, cookie_secure=security.cookie_secure),
            *password_handlers(self.password_links),
            *page_handlers(WEBROOT),
            *more,
        ]
        application = Litestar(
            handlers,
            openapi_config=None,
            cors_config=CORSConfig(
                allow_origins=["*"], allow_methods=["GET", "POST", "PUT", "DELETE", "OPTIONS"]
            ),
            request_max_body_size=LARGEST_BODY,
            logging_config=None,
        )
        return Observation(application, security.trusted_proxies)

    @asynccontextmanager
    async def running(self, *, upgrade: bool = True) -> AsyncGenerator[None]:
        """Bring the schema up to date, unless `upgrade` is False, and keep the engines and the background
        work going with the block."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.database.close)
            stack.callback(self.passwords.close)
            if upgrade and await schema.upgrade(self.database):
                log.info("database schema brought up to date")
            await self.revocations.load()
            await self.revocations.tidy()
            await self.overrides.tidy()
            await stack.enter_async_context(_background(self.revocations.follow, "revocations"))
            await stack.enter_async_context(_background(self.revisions.follow, "room revisions"))
            await stack.enter_async_context(_background(self.mail.run, "mail"))
            await stack.enter_async_context(_background(self.events.tidy, "old events"))
            await stack.enter_async_context(_background(self._keep_meetings, "meetings"))
            await stack.enter_async_context(_background(self.recording_finisher.run, "recordings"))
            await stack.enter_async_context(_background(self.hook_delivery.run, "web hooks"))
            await stack.enter_async_context(_background(self.hook_queueing.run, "events for web hooks"))
            stack.push_async_callback(self.recorder.finish)
            await stack.enter_async_context(_background(self.recorder.run, "events"))
            stack.push_async_callback(self.transcript.finish)
            await stack.enter_async_context(_background(self.transcript.run, "chat of meetings"))
            stack.push_async_callback(self.overrides.finish)
            await stack.enter_async_context(_background(self.overrides.run, "what moderators decided"))
            stack.push_async_callback(self.media.stop_own)
            stack.push_async_callback(self.messages.stop_own)
            await asyncio.gather(self.media.start_own(), self.messages.start_own())
            stack.push_async_callback(self.messages.disconnect)
            await self.messages.connect()
            yield

    @asynccontextmanager
    async def online(
        self, more: Sequence[ControllerRouterHandler] = (), *, listener: socket.socket | None = None
    ) -> AsyncGenerator[None]:
        """Serve while the block runs, inside `running`, on a socket that listens already where there is one.
        At its end the people in rooms are told first that the server goes, while there is still one to tell
        them. Raises PortTakenError."""
        async with serving(self.asgi(more), self.settings.host, self.settings.port, listener):
            await self.conference.start()
            if self.cluster is not None:
                self.cluster.start()
            try:
                yield
            finally:
                await self.conference.stop()
                if self.cluster is not None:
                    await self._write_what_happened()
                    await self.cluster.stop()

    async def _write_what_happened(self) -> None:
        """Before others take the rooms, and look who has been left inside and what holds for them."""
        for what, records in (("events", self.recorder), ("what moderators decided", self.overrides)):
            try:
                await records.finish()
            except (SQLAlchemyError, OSError, Unavailable) as error:
                log.error(f"{what} not written", reason=type(error).__name__)

    async def _keep_meetings(self) -> None:
        """Not before it is known who is inside the rooms of other processes."""
        if self.cluster is not None:
            await self.cluster.settled()
        await self.meeting_lifecycle.run()

    def _v1_services(self) -> alfaview_v1_services.Services:
        return alfaview_v1_services.Services(
            signer=self.signer,
            authentication=self.authentication,
            organizations=self.organizations,
            people=self.people,
            rooms=self.rooms,
            listing=self.listing,
            occupancy=Occupancy(self.listing, self.conference),
            quotas=self.quotas,
            links=self.links,
            admissions=self.admissions,
            revisions=self.revisions,
            cookie_secure=self.settings.security.cookie_secure,
        )

    def _v6_services(self) -> webmeeting_v6_services.Services:
        return webmeeting_v6_services.Services(
            keys=self.keys,
            accounts=self.accounts,
            meetings=self.meetings,
            attendances=self.attendances,
            recordings=self.recordings,
            calendars=self.calendars,
            webhooks=self.webhooks,
            writer=self.meeting_writer,
            require_api_key=self.settings.webmeeting.require_api_key,
            user_timezone=self.settings.webmeeting.user_timezone,
        )

    async def _database_problem(self) -> str | None:
        try:
            async with asyncio.timeout(2), self.database.read(None) as session:
                await session.execute(text("SELECT 1"))
        except Exception as error:  # noqa: BLE001
            return f"the database does not answer: {type(error).__name__}"
        return None


@asynccontextmanager
async def _background(work: Callable[[], Awaitable[None]], name: str) -> AsyncGenerator[None]:
    """Keep `work` going until the block ends: a failure is logged, and it begins again a little later."""

    async def kept_going() -> None:
        while True:
            try:
                await work()
            except Exception:
                log.exception("background work failed", work=name)
            await asyncio.sleep(_RETRY_AFTER)

    task = asyncio.create_task(kept_going(), name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _secret(settings: Settings) -> bytes:
    """The key that access tokens are signed with: the setting's, or a file made at the first start."""
    try:
        settings.data_directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"data: {error}") from error
    if settings.security.secret:
        return settings.security.secret.encode()
    path = settings.data_directory / "secret.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(32))
    return path.read_bytes()

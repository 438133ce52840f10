"""The composition root: the one place that knows every part."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import structlog
from litestar.types import ASGIApp, ControllerRouterHandler

from switchroom.accounts.provisioning import found_organization
from switchroom.dialects.body import LARGEST_BODY
from switchroom.dialects.router import Router
from switchroom.http.application import Application
from switchroom.http.cross_origin import CrossOrigin
from switchroom.http.draining import Draining
from switchroom.http.health import health_handlers
from switchroom.http.incoming import Incoming
from switchroom.http.observation import Observation
from switchroom.http.pages import page_handlers
from switchroom.http.proxies import TrustedProxies
from switchroom.http.recordings import recording_handler
from switchroom.http.server import serving
from switchroom.identity.models import Organization
from switchroom.mail.delivery import MailDelivery
from switchroom.platform import data_directory, engine_table
from switchroom.platform.background import Background, kept_going
from switchroom.platform.conference import ConferenceServices
from switchroom.platform.dialects import Dialects
from switchroom.platform.engine_reports import EngineMetrics, Reports, engine_problems
from switchroom.platform.engines import Engines
from switchroom.platform.events import EventServices
from switchroom.platform.identity import IdentityServices
from switchroom.platform.media_servers import MediaServers
from switchroom.platform.meetings import MeetingServices
from switchroom.platform.rooms import RoomServices
from switchroom.platform.schema import bring_up_to_date, require_usable
from switchroom.platform.storage import Storage
from switchroom.platform.telephony import TelephonyServices
from switchroom.settings import Settings

WEBROOT = Path(__file__).parents[1] / "webroot"

log = structlog.get_logger()


class Platform:
    """Every part of the platform, put together from the settings."""

    def __init__(
        self,
        settings: Settings,
        *,
        engines: bool = False,
        alone: bool = False,
        engine_reports: Reports | None = None,
    ) -> None:
        """With `engines` the platform runs the engines of the table, but for those that the settings name
        elsewhere, and those that only several processes need where this one serves `alone`. `engine_reports`
        tells how those are that another process runs for it."""
        self.settings = settings
        data_directory.prepare(settings)
        self.engines = Engines(settings, engine_table.TABLE if engines else (), alone=alone)
        self._engine_reports = engine_reports or self.engines.reports
        self.storage = Storage(settings, self.engines)
        self.identity = IdentityServices(settings, self.storage)
        self.rooms = RoomServices(settings, self.storage, self.identity)
        self.events = EventServices(settings, self.storage)
        self.media = MediaServers(settings, self.engines)
        self.telephony = TelephonyServices(settings, self.storage, self.identity, self._engine_reports)
        dependents = self.telephony.account_dependents
        self.meetings = MeetingServices(
            settings, self.storage, self.identity, self.rooms, self.media, dependents
        )
        self.live = ConferenceServices(
            settings, self.storage, self.identity, self.events, self.meetings, self.media
        )
        self.dialects = Dialects(
            settings,
            self.storage,
            self.identity,
            self.rooms,
            self.events,
            self.meetings,
            self.live,
            self.media,
            self.telephony,
        )
        self._begin = asyncio.Event()
        self.incoming = Incoming(settings.security.incoming_mb << 20)
        self.mail = MailDelivery(
            self.storage.database,
            settings.smtp,
            settings.data_directory,
            self.storage.bus,
            branding=self.meetings.shown_branding.for_mail,
        )

    async def found_organization(self, display_name: str) -> Organization:
        """A new organization with all that one starts with."""
        async with self.storage.database.write(None) as session:
            return (await found_organization(session, display_name))[0]

    def asgi(self, more: Sequence[ControllerRouterHandler] = ()) -> ASGIApp:
        """The application that an HTTP server runs, with `more` handlers beside the platform's own."""
        security = self.settings.security
        handlers: Sequence[ControllerRouterHandler] = [
            *health_handlers(
                {"database": self.storage.problem},
                {"media": self.media.problem, "messages": self.storage.messages.problem},
                security.metrics_from,
                further=lambda: engine_problems(self._engine_reports()),
                collectors=[EngineMetrics(self._engine_reports)],
                gathering=[self.telephony.metrics.gather],
            ),
            *self.dialects.sockets(),
            recording_handler(self.meetings.recordings),
            *page_handlers(WEBROOT),
            *more,
        ]
        application = Application(
            handlers, openapi_config=None, request_max_body_size=LARGEST_BODY, logging_config=None
        )
        router = Router(self.dialects.apis(), application, self.incoming)
        proxies = TrustedProxies(security.trusted_proxies, security.proxy_header)
        return Observation(Draining(CrossOrigin(router)), proxies)

    @asynccontextmanager
    async def running(
        self,
        *,
        upgrade: bool = True,
        prepare: Callable[[Platform], Awaitable[None]] | None = None,
        to_serve: bool = False,
    ) -> AsyncGenerator[None]:
        """Bring the schema up to date, unless `upgrade` is False, and keep the engines and the background
        work going with the block. `prepare` is done while the engines start. The work begins at once or,
        `to_serve`, when `online` serves: nobody waits then for its first looks."""
        messages = self.storage.messages
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.storage.database.close)
            stack.callback(self.identity.passwords.close)
            stack.push_async_callback(self.meetings.shown_branding.close)
            if upgrade:
                await require_usable(self.storage.database)
            stack.push_async_callback(self.engines.stop)
            database_ready = asyncio.Event()
            starting = asyncio.create_task(self.engines.start(database_ready), name="start engines")
            try:
                await self._prepare(upgrade=upgrade)
                database_ready.set()
                if prepare is not None:
                    await prepare(self)
            finally:
                database_ready.set()
                await starting
            for background in self._background():
                await stack.enter_async_context(kept_going(background, self._begin))
            if not to_serve:
                self._begin.set()
            stack.push_async_callback(messages.disconnect)
            await messages.connect()
            yield

    async def _prepare(self, *, upgrade: bool) -> None:
        if upgrade and await bring_up_to_date(self.storage.database):
            log.info("database schema brought up to date")
        await self.identity.prepare()
        await self.live.prepare()

    @asynccontextmanager
    async def online(
        self, more: Sequence[ControllerRouterHandler] = (), *, listener: socket.socket | None = None
    ) -> AsyncGenerator[None]:
        """Serve while the block runs, inside `running`, on a socket that listens already where there is one.
        At its end the people in rooms are told first that the server goes, while there is still one to tell
        them. Raises PortTakenError."""
        served = False
        await self.live.start()
        try:
            await self.media.settle()
            host, port = self.settings.host, self.settings.port
            async with serving(self.asgi(more), host, port, listener, incoming=self.incoming):
                served = True
                self._begin.set()
                try:
                    yield
                finally:
                    await self.live.stop()
        finally:
            if not served:
                await self.live.stop()

    def _background(self) -> list[Background]:
        return [
            *self.identity.background(),
            *self.rooms.background(),
            Background("mail", self.mail.run),
            *self.events.background(),
            *self.meetings.background(),
            *self.live.background(),
            *self.telephony.background(),
        ]

"""Builders: a server with live rooms, people who may come in, and their connections."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from litestar import Litestar
from litestar.types import ASGIApp
from msgspec import to_builtins
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from switchroom.bus import Bus
from switchroom.conference.media.recording import RecordingSessions
from switchroom.conference.room.override_records import OverrideRecords
from switchroom.conference.service import ConferenceService
from switchroom.conference.signalling.socket import RoomRouter
from switchroom.dialects.client.dialect import ClientApi
from switchroom.dialects.client.rooms import RoomOperations
from switchroom.dialects.client.socket import socket_handler
from switchroom.dialects.router import Router
from switchroom.engines.janus.server import JanusPool, JanusServer
from switchroom.errors import DomainError, ErrorCode, Unauthenticated
from switchroom.events.types import DomainEvent
from switchroom.http.server import serving
from switchroom.identity.tokens import AccessToken, SubjectKind
from switchroom.rooms.admission import Admission, LinkView, RoomFacts, Verdict, Visitor
from switchroom.rooms.models import RoomDetails, RoomMode
from switchroom.rooms.permissions import PARTICIPANT, Permission
from switchroom.settings import IceSettings
from tests.ports import free_port

LIMIT = 60.0
PING_INTERVAL = 2.0
Message = dict[str, Any]


class Hold:
    """Keeps answers of a gate back until they are released."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.released = asyncio.Event()

    async def wait(self) -> None:
        self.reached.set()
        await self.released.wait()


class Gate:
    """Lets in who was announced to it, instead of the database: a token is a name."""

    def __init__(self) -> None:
        self.admissions: dict[str, Admission | Exception] = {}
        self.links: dict[str, LinkView] = {}
        self.holds: dict[str, Hold] = {}
        """What keeps back the admission of a token; `review` the reviews."""
        self.reviews = 0
        self.asked = 0
        """How often it was asked to admit somebody."""

    async def admit(self, token: str, room_id: str, display_name: str | None = None) -> Admission:
        self.asked += 1
        await asyncio.sleep(0)
        found = self.admissions.get(token)
        if found is None:
            raise Unauthenticated(ErrorCode.TOKEN_INVALID)
        if token in self.holds:
            await self.holds[token].wait()
        if isinstance(found, Exception):
            raise found
        return msgspec.structs.replace(found, display_name=display_name or found.display_name)

    def verify(self, token: str) -> AccessToken:
        found = self.admissions.get(token, Unauthenticated(ErrorCode.TOKEN_INVALID))
        if isinstance(found, Exception):
            raise found
        kind = SubjectKind.GUEST if found.is_guest else SubjectKind.PERSON
        moment = time.time()
        return AccessToken(
            found.room.organization_id,
            found.room.company_id,
            found.user_id,
            kind,
            issued_at=moment,
            expires_at=int(moment) + 60,
            administration=0,
            display_name=found.display_name,
            room_id=found.room.room_id if found.is_guest else "",
        )

    async def review(
        self, organization_id: int, room_id: str, visitors: Sequence[Visitor]
    ) -> Sequence[Verdict]:
        self.reviews += 1
        verdicts: list[Verdict] = []
        for one in visitors:
            try:
                verdicts.append(await self.admit(one.token, room_id, one.display_name))
            except DomainError as error:
                verdicts.append(error)
        if "review" in self.holds:
            await self.holds["review"].wait()
        return verdicts

    def hold(self, token: str) -> Hold:
        """Keep back what is answered for a token, or all reviews (`review`), which is found out before."""
        return self.holds.setdefault(token, Hold())

    async def look_up_link(self, company_id: str, room_id: str, access_key: str) -> LinkView | None:
        return self.links.get(access_key)


class Notes:
    """Keeps what would go to the event log: the kind, the room and the data of each."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, str, Message]] = []

    def add(self, organization_id: int, event: DomainEvent, object_id: str) -> None:
        self.kept.append((event.event_type, object_id, to_builtins(event)))


class Transcript:
    """Keeps what would stand in the summaries of meetings: the meeting, who wrote it, the text."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, str, str]] = []

    def note(self, organization_id: int, meeting_id: str, sender_name: str, text: str) -> None:
        self.kept.append((meeting_id, sender_name, text))


class RoomServer:
    """A running server, and who may come into its rooms."""

    def __init__(
        self,
        gate: Gate,
        service: ConferenceService,
        bus: Bus,
        notes: Notes,
        transcript: Transcript,
        port: int,
    ) -> None:
        self.gate = gate
        self.service = service
        self.bus = bus
        self.notes = notes
        self.transcript = transcript
        self.port = port
        self._opened: list[Client] = []

    def admit(
        self,
        name: str,
        permissions: Permission = PARTICIPANT,
        *,
        room: str = "lounge",
        mode: RoomMode = RoomMode.NORMAL,
        active_limit: int | None = None,
        passive_limit: int | None = None,
        user_id: str | None = None,
        link_id: str | None = None,
        meeting_id: str | None = None,
        waits: bool = False,
        recorded: bool = False,
        organization_id: int = 1,
        issued_at: float = 0.0,
    ) -> str:
        """The token of somebody who may come in."""
        self.gate.admissions[name] = Admission(
            room=RoomFacts(
                organization_id=organization_id,
                company_id="01HZ0000000000000000000000",
                company_name="Acme",
                room_id=room,
                details=RoomDetails(display_name=room.capitalize()),
                mode=mode,
                active_limit=active_limit,
                passive_limit=passive_limit,
                meeting_id=meeting_id,
                recorded=recorded,
            ),
            issued_at=issued_at,
            user_id=user_id or f"user-{name}",
            display_name=name,
            is_guest=link_id is not None,
            permissions=permissions,
            link_id=link_id,
            waits=waits,
        )
        return name

    async def connect(self) -> Client:
        client = Client(await connect(f"ws://127.0.0.1:{self.port}/client/socket", proxy=None))
        self._opened.append(client)
        return client

    async def join(self, token: str, room: str = "lounge", **fields: Any) -> Client:
        """Somebody inside."""
        client = await self.connect()
        answer = await client.ask("join", token=token, roomId=room, **fields)
        assert answer["type"] == "joined", answer
        client.joined = answer
        return client

    async def enter(self, name: str, permissions: Permission = PARTICIPANT, **room: Any) -> Client:
        """Somebody who may come in, and does."""
        return await self.join(self.admit(name, permissions, **room), room.get("room", "lounge"))

    async def refused(self, token: str, room: str = "lounge", **fields: Any) -> Message:
        """The error of a join that is not let in; the connection is closed with 4000."""
        client = await self.connect()
        answer = await client.ask("join", token=token, roomId=room, **fields)
        assert answer["type"] == "error", answer
        assert await client.closed() == 4000
        return answer

    async def close(self) -> None:
        await asyncio.gather(*(client.drop() for client in self._opened))


class Client:
    """A hand-written client of docs/signalling.md that remembers all it is told."""

    joined: Message

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.heard: list[Message] = []
        self._new = asyncio.Condition()
        self._ids = itertools.count(1)
        self._pings: deque[bool] = deque()
        self._reader = asyncio.create_task(self._read())
        self._pinger = asyncio.create_task(self._keep_alive())

    @property
    def id(self) -> str:
        return self.joined["participantId"]

    async def send(self, kind: str, **fields: Any) -> None:
        await self.connection.send(json.dumps({"type": kind, **fields}))

    async def ask(self, kind: str, **fields: Any) -> Message:
        """Send a request and wait for its answer."""
        request_id = f"r{next(self._ids)}"
        await self.send(kind, id=request_id, **fields)
        return await self.hears(lambda message: message.get("id") == request_id)

    async def does(self, kind: str, **fields: Any) -> None:
        """Send a request that succeeds."""
        answer = await self.ask(kind, **fields)
        assert answer["type"] == "ok", answer

    async def is_refused(self, kind: str, **fields: Any) -> str:
        """The code of a request's refusal."""
        answer = await self.ask(kind, **fields)
        assert answer["type"] == "error", answer
        return answer["code"]

    async def hears(
        self, wanted: str | Callable[[Message], bool], limit: float = LIMIT, **fields: Any
    ) -> Message:
        """The first message, already heard or to come, that is of this type with these fields; it is
        taken off what was heard."""

        def fits(message: Message) -> bool:
            if callable(wanted):
                return wanted(message)
            return message["type"] == wanted and fields.items() <= message.items()

        def find() -> Message | None:
            return next((message for message in self.heard if fits(message)), None)

        async with self._new:
            try:
                async with asyncio.timeout(limit):
                    await self._new.wait_for(lambda: find() is not None)
            except TimeoutError:
                raise AssertionError(f"not heard: {wanted} {fields}; but: {self.heard}") from None
            found = find()
            assert found is not None
            self.heard.remove(found)
            return found

    async def everything(self) -> list[Message]:
        """All heard up to now: whatever the server sent before it answers a ping."""
        await self.ping()
        await self.hears("pong")
        return list(self.heard)

    async def ping(self, *, show: bool = True) -> None:
        """Ping; the answer is heard if it is to be shown."""
        self._pings.append(show)
        await self.send("ping")

    async def closed(self, limit: float = LIMIT) -> int | None:
        """The code that the server closes with."""
        async with asyncio.timeout(limit):
            await self._reader
        return self.connection.close_code

    async def drop(self) -> None:
        """Be gone without a word."""
        self.connection.transport.abort()
        self._reader.cancel()
        self._pinger.cancel()
        await asyncio.gather(self._reader, self._pinger, return_exceptions=True)

    async def _read(self) -> None:
        try:
            async for text in self.connection:
                message = json.loads(text)
                if message["type"] == "pong" and not self._pings.popleft():
                    continue
                async with self._new:
                    self.heard.append(message)
                    self._new.notify_all()
        except ConnectionClosed:
            pass

    async def _keep_alive(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(PING_INTERVAL)
                await self.ping(show=False)


def application_of(service: ConferenceService, router: RoomRouter | None = None) -> ASGIApp:
    """What of the browser's API live rooms serve by themselves."""
    sockets = [socket_handler(service, router)]
    application = Litestar(sockets, openapi_config=None, logging_config=None)
    return Router([ClientApi(RoomOperations(service).operations())], application)


@asynccontextmanager
async def room_server(
    servers: Sequence[JanusServer] = (),
    *,
    grace: float = 60.0,
    ice: IceSettings | None = None,
    recording_sessions: RecordingSessions | None = None,
    overrides: OverrideRecords | None = None,
) -> AsyncGenerator[RoomServer]:
    """A server with live rooms while the block runs."""
    gate, bus, port = Gate(), Bus(), free_port()
    notes, transcript = Notes(), Transcript()
    service = ConferenceService(
        gate,
        JanusPool(servers),
        bus,
        notes,
        ice=ice or IceSettings(),
        grace=grace,
        transcript=transcript,
        recording_sessions=recording_sessions,
        overrides=overrides,
        secret=b"a secret of all servers",
    )
    application = application_of(service)
    async with serving(application, "127.0.0.1", port):
        await service.start()
        server = RoomServer(gate, service, bus, notes, transcript, port)
        try:
            yield server
        finally:
            await server.close()
            await service.stop()

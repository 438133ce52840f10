"""Worker's side of the control channel."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, cast, get_args

import msgspec
import structlog

from switchroom.bus import Bus
from switchroom.errors import DomainError, ErrorCode, Unavailable
from switchroom.events.notices import EventsAppended
from switchroom.tasks import Tasks
from switchroom.telephony.control.messages import (
    Act,
    ActOnParticipant,
    Answered,
    Asked,
    Channel,
    ChannelAction,
    Channels,
    Done,
    Failed,
    ForgetLoaded,
    Kind,
    ListChannels,
    ListMetrics,
    ListParticipants,
    MetricFamily,
    Notice,
    Originated,
    Participant,
    ParticipantAction,
    Participants,
    Ping,
    Quickcall,
    Refused,
    Reply,
    Request,
    WorkerMetrics,
)
from switchroom.telephony.control.sockets import frame, listen, read_frame, socket_name
from switchroom.telephony.resources.devices import ContactsChanged

NOTICES: tuple[type[Any], ...] = (EventsAppended, ContactsChanged)
"""Messages of the bus that the other processes hear."""

AT_ONCE = 64
"""Requests of one connection that are carried out at the same time; more are refused."""

UNSENT = 1000
"""Frames that wait for one connection. Notices beyond it are dropped: a follower looks for itself from time
to time."""

_KINDS: frozenset[str] = frozenset(get_args(Kind))
_asked = msgspec.msgpack.Decoder(Asked)
_encode = msgspec.msgpack.Encoder().encode

log = structlog.stdlib.get_logger(__name__)


class CallControl(Protocol):
    """Control of the calls that a worker has. Channels and participants of another account are not found, nor
    are those that are not there. Raises domain errors."""

    async def channels(self, organization_id: int) -> Sequence[Channel]: ...

    async def act(self, organization_id: int, uuid: str, action: ChannelAction) -> None:
        """Raises NotFound, Conflict where the state of the channel does not allow it, Invalid."""
        ...

    async def quickcall(self, quickcall: Quickcall) -> Originated:
        """Returns once a device rings. Raises NotFound, Invalid, Forbidden, Conflict where none can be
        reached."""
        ...

    async def participants(self, organization_id: int, conference_id: int) -> Sequence[Participant]: ...

    async def act_on_participant(
        self, organization_id: int, conference_id: int, participant: str, action: ParticipantAction
    ) -> None:
        """Raises NotFound."""
        ...

    def forget_loaded(self, organization_id: int) -> None:
        """Load anew what the account's next calls need."""
        ...

    def metrics(self) -> Sequence[MetricFamily]:
        """Metrics of the worker, all accounts together."""
        ...


class ControlServer:
    """Serves the control channel of a worker, and passes the notices of its bus on."""

    def __init__(self, directory: Path, worker: int, control: CallControl, bus: Bus) -> None:
        self._directory = directory
        self._worker = worker
        self._control = control
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        for kind in NOTICES:
            bus.subscribe(kind, self._pass_on)

    async def start(self) -> None:
        listener = listen(self._directory, self._worker)
        self._server = await asyncio.start_unix_server(self._serve, sock=listener)

    async def stop(self) -> None:
        """Take no further requests, and end those under way."""
        if self._server is None:
            return
        self._server.close()
        with contextlib.suppress(FileNotFoundError):
            (self._directory / socket_name(self._worker)).unlink()
        for connection in list(self._connections):
            await connection.close()

    def abort(self) -> None:
        """End all at once, as when the process dies: the socket's file stays."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in self._connections:
            connection.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(self._control, reader, writer)
        self._connections.add(connection)
        try:
            await connection.serve()
        finally:
            self._connections.discard(connection)
            await connection.close()

    async def _pass_on(self, message: object) -> None:
        if self._connections:
            notice = Notice(type(message).__name__, msgspec.Raw(_encode(message)))
            content = frame(_encode(notice))
            for connection in self._connections:
                connection.offer(content)


class _Connection:
    """One process that asks and listens."""

    def __init__(
        self, control: CallControl, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._control = control
        self._reader = reader
        self._writer = writer
        self._unsent: asyncio.Queue[bytes] = asyncio.Queue(UNSENT)
        self._at_once = 0
        self._tasks = Tasks()

    async def serve(self) -> None:
        """Until the other side closes, or sends what is no request."""
        self._tasks.spawn(self._send(), "control replies")
        try:
            while True:
                asked = _asked.decode(await read_frame(self._reader))
                if self._at_once >= AT_ONCE:
                    await self._answer(asked.number, _refused(Unavailable(ErrorCode.CALL_WORKER_BUSY)))
                    continue
                self._at_once += 1
                self._tasks.spawn(self._handle(asked), "control request")
        except (asyncio.IncompleteReadError, OSError):
            pass
        except (ValueError, msgspec.MsgspecError) as error:
            log.error("control request cannot be read", reason=str(error))

    def offer(self, content: bytes) -> None:
        """Send a frame, unless too many wait."""
        with contextlib.suppress(asyncio.QueueFull):
            self._unsent.put_nowait(content)

    async def close(self) -> None:
        await self._tasks.close()
        self._writer.close()

    def abort(self) -> None:
        self._writer.transport.abort()

    async def _send(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                frames = [await self._unsent.get()]
                while not self._unsent.empty():
                    frames.append(self._unsent.get_nowait())
                self._writer.write(b"".join(frames))
                await self._writer.drain()
        self._writer.close()

    async def _handle(self, asked: Asked) -> None:
        try:
            reply = await _done(self._control, asked.request)
        except DomainError as error:
            reply = _refused(error)
        except Exception:
            log.exception("control request failed", request=type(asked.request).__name__)
            reply = Failed()
        finally:
            self._at_once -= 1
        await self._answer(asked.number, reply)

    async def _answer(self, number: int, reply: Reply) -> None:
        try:
            content = frame(_encode(Answered(number, reply)))
        except ValueError:
            log.error("control reply is too large", reply=type(reply).__name__)
            content = frame(_encode(Answered(number, Failed())))
        await self._unsent.put(content)


async def _done(control: CallControl, request: Request) -> Reply:
    match request:
        case ListChannels(organization_id):
            return Channels(await control.channels(organization_id))
        case Act(organization_id, uuid, action):
            await control.act(organization_id, uuid, action)
        case Quickcall():
            return await control.quickcall(request)
        case ListParticipants(organization_id, conference_id):
            return Participants(await control.participants(organization_id, conference_id))
        case ActOnParticipant(organization_id, conference_id, participant, action):
            await control.act_on_participant(organization_id, conference_id, participant, action)
        case ForgetLoaded(organization_id):
            control.forget_loaded(organization_id)
        case ListMetrics():
            return WorkerMetrics(control.metrics())
        case Ping():
            pass
    return Done()


def _refused(error: DomainError) -> Reply:
    kind = next((one.__name__ for one in type(error).__mro__ if one.__name__ in _KINDS), "Invalid")
    return Refused(cast("Kind", kind), error.code, error.path, error.facts)

"""Other side of the control channel: a connection to one worker, which is kept up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import structlog

from switchroom.bus import Bus
from switchroom.errors import (
    Conflict,
    DomainError,
    ErrorCode,
    Exhausted,
    Forbidden,
    Invalid,
    NotFound,
    Unavailable,
)
from switchroom.telephony.control.messages import (
    Answered,
    Asked,
    Failed,
    FromWorker,
    Kind,
    Notice,
    Refused,
    Reply,
    Request,
)
from switchroom.telephony.control.server import NOTICES
from switchroom.telephony.control.sockets import connected, frame, read_frame

FASTEST_RETRY, SLOWEST_RETRY = 0.05, 0.25
"""Seconds between two attempts to connect."""

UNANSWERED = 256
"""Requests that wait for their replies; more are refused."""

_from_worker = msgspec.msgpack.Decoder[FromWorker](FromWorker)
_encode = msgspec.msgpack.Encoder().encode
_notices: Mapping[str, msgspec.msgpack.Decoder[Any]] = {
    kind.__name__: msgspec.msgpack.Decoder(kind) for kind in NOTICES
}
_ERRORS: Mapping[Kind, type[DomainError]] = {
    "NotFound": NotFound,
    "Forbidden": Forbidden,
    "Invalid": Invalid,
    "Conflict": Conflict,
    "Exhausted": Exhausted,
    "Unavailable": Unavailable,
}

log = structlog.stdlib.get_logger(__name__)


class ControlFailed(Exception):
    """A worker could not carry a request out; why, is in its log."""


class ControlClient:
    """Connection to a worker. What its bus tells is told on the bus of this process, and of no other."""

    def __init__(self, directory: Path, worker: int, bus: Bus) -> None:
        self._directory = directory
        self._worker = worker
        self._bus = bus
        self._numbers = count(1)
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: dict[int, asyncio.Future[Reply]] = {}

    @property
    def is_connected(self) -> bool:
        return self._writer is not None

    async def run(self) -> None:
        """Keep the connection up, until cancelled."""
        pause = FASTEST_RETRY
        while True:
            try:
                await self._follow()
                pause = FASTEST_RETRY
            except (ConnectionRefusedError, FileNotFoundError):
                pass
            except (OSError, ValueError, msgspec.MsgspecError) as error:
                log.warning("connection to a telephony worker failed", worker=self._worker, reason=str(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, SLOWEST_RETRY)

    async def request(self, request: Request, limit: float) -> Reply:
        """Have a request carried out, and wait for the reply, `limit` seconds. Raises the worker's domain
        errors, Unavailable where it is away or does not answer (it may have carried the request out),
        ControlFailed."""
        if self._writer is None or len(self._waiting) >= UNANSWERED:
            raise Unavailable(ErrorCode.CALL_WORKER_AWAY)
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(limit):
                self._writer.write(frame(_encode(Asked(number, request))))
                await self._writer.drain()
                reply = await answer
        except (TimeoutError, OSError) as error:
            raise Unavailable(ErrorCode.CALL_WORKER_AWAY) from error
        finally:
            del self._waiting[number]
        if isinstance(reply, Refused):
            raise _ERRORS[reply.kind](reply.code, reply.path, **reply.facts)
        if isinstance(reply, Failed):
            raise ControlFailed(f"{type(request).__name__} failed in telephony worker {self._worker}")
        return reply

    async def _follow(self) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=connected(self._directory, self._worker))
        self._writer = writer
        try:
            while True:
                await self._take(_from_worker.decode(await read_frame(reader)))
        except asyncio.IncompleteReadError:
            pass
        finally:
            self._writer = None
            writer.close()
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(ConnectionResetError())

    async def _take(self, message: FromWorker) -> None:
        match message:
            case Answered(number, reply):
                answer = self._waiting.get(number)
                if answer is not None and not answer.done():
                    answer.set_result(reply)
            case Notice(kind, content):
                decoder = _notices.get(kind)
                if decoder is not None:
                    await self._bus.deliver(decoder.decode(content))

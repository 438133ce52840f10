"""Events of a running Kamailio: JSON, one a line, over TCP on loopback (module `evapi`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Literal

import msgspec
import structlog
from msgspec import Struct

from switchroom.engines.kamailio.configuration import Interfaces

FASTEST_RETRY, SLOWEST_RETRY = 0.1, 1.0
"""Seconds between two attempts to connect."""

ANSWER_LIMIT = 3.0

log = structlog.stdlib.get_logger(__name__)


class Connected(Struct, frozen=True, tag_field="event", tag="connected"):
    """The connection stands, and everything may have changed since the one before."""


class RegistrationsChanged(Struct, frozen=True, tag_field="event", tag="registrations"):
    """Registrations of a device were made, renewed, withdrawn, or have run out: its state tells which."""

    device: int


class Banned(Struct, frozen=True, tag_field="event", tag="banned"):
    """An address was banned for failed credentials."""

    address: str


KamailioEvent = Connected | RegistrationsChanged | Banned

_decoder = msgspec.json.Decoder[KamailioEvent](KamailioEvent)
_LONGEST_LINE: Literal[65536] = 65536


async def kamailio_events(interfaces: Interfaces) -> AsyncGenerator[KamailioEvent]:
    """All that happens, until cancelled. It connects again whenever the connection is lost; each time the
    first event is Connected."""
    pause = FASTEST_RETRY
    while True:
        try:
            async with aclosing(_connection(interfaces)) as events:
                async for event in events:
                    pause = FASTEST_RETRY
                    yield event
        except (OSError, TimeoutError, ValueError, msgspec.MsgspecError) as error:
            log.debug("kamailio events lost", reason=str(error) or type(error).__name__)
        await asyncio.sleep(pause)
        pause = min(pause * 2, SLOWEST_RETRY)


async def _connection(interfaces: Interfaces) -> AsyncGenerator[KamailioEvent]:
    async with asyncio.timeout(ANSWER_LIMIT):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", interfaces.events_port, limit=_LONGEST_LINE
        )
    try:
        writer.write(f"{interfaces.token}\n".encode())
        async with asyncio.timeout(ANSWER_LIMIT):
            line = await reader.readline()
        while line:
            yield _decoder.decode(line)
            line = await reader.readline()
    finally:
        writer.close()

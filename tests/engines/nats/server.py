"""Builders: a NATS server, and connections to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from switchroom.engines.nats.configuration import NatsConfiguration
from switchroom.engines.nats.connection import NatsConnection
from switchroom.engines.nats.engine import NatsEngine

LIMIT = 60.0


@asynccontextmanager
async def nats_server(directory: Path) -> AsyncGenerator[NatsEngine]:
    """A server while the block runs."""
    process = NatsEngine(directory / "nats", NatsConfiguration())
    await process.start()
    try:
        yield process
    finally:
        await process.stop()


@asynccontextmanager
async def connected(*connections: NatsConnection) -> AsyncGenerator[None]:
    """Connected while the block runs."""
    for connection in connections:
        connection.start()
    try:
        async with asyncio.timeout(LIMIT):
            await asyncio.gather(*(connection.wait_connected() for connection in connections))
        yield
    finally:
        await asyncio.gather(*(connection.stop() for connection in connections))

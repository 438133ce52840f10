"""Runs an ASGI application on Granian inside the event loop that is already there."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

from granian.constants import Interfaces
from granian.server.embed import Server
from litestar.types import ASGIApp

_STOP_LIMIT = 10.0
_READY_LIMIT = 10.0
_MOST_CONNECTIONS = 100_000
_COLLECTOR_THRESHOLDS = (20_000, 20, 20)
"""New objects, collections of the first and of the second generation (`gc.set_threshold`)."""


class PortTakenError(Exception):
    """The address to listen on belongs to another program."""


@asynccontextmanager
async def serving(app: ASGIApp, host: str, port: int) -> AsyncGenerator[None]:
    """Serve the application while the block runs. Raises PortTakenError."""
    _require_free(host, port)
    logging.getLogger("_granian").setLevel(logging.ERROR)
    server = Server(
        cast("object", app),
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        backlog=1024,
        backpressure=_MOST_CONNECTIONS,
        log_enabled=False,
    )
    task = asyncio.create_task(server.serve())
    try:
        await _until_listening(host, port, task)
        _spare_the_collector()
        yield
    finally:
        server.stop()
        done, _ = await asyncio.wait({task}, timeout=_STOP_LIMIT)
        if not done:
            task.cancel()


def _spare_the_collector() -> None:
    """Let garbage collection pass over what starting up has made, which stays for good, and look less often
    at what requests make, which reference counting frees: together a third of the time of a write."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTOR_THRESHOLDS)


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTakenError(f"cannot listen on {host}:{port}: {error.strerror}") from error


async def _until_listening(host: str, port: int, task: asyncio.Task[None]) -> None:
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    async with asyncio.timeout(_READY_LIMIT):
        while True:
            if task.done():
                task.result()
                raise PortTakenError(f"the server on {host}:{port} ended while starting")
            try:
                _, writer = await asyncio.open_connection(address, port)
            except OSError:
                await asyncio.sleep(0.01)
                continue
            writer.close()
            return

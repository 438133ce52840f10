"""Runs an ASGI application on Granian inside the event loop that is already there."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

from granian._granian import SocketHolder
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar.types import ASGIApp

from switchroom.collector import spare_the_collector
from switchroom.http.incoming import Incoming
from switchroom.http.listening import BACKLOG, PortTakenError, require_free
from switchroom.http.websocket import bounded

_STOP_LIMIT = 10.0
_READY_LIMIT = 30.0
_MOST_CONNECTIONS = 100_000


class _SharedServer(Server):
    """Granian's server on a socket that listens already.

    Beside it, each process could listen on the port for itself; but then the kernel would give a process that
    hangs its part of the connections, and one that dies would take those with it that it had not accepted.
    """

    def __init__(self, app: object, *, listener: socket.socket, **options: Any) -> None:
        super().__init__(app, **options)
        self._listener = listener

    def _init_shared_socket(self) -> None:
        # The holder closes what it has. With `dup` of Python the socket would block, for all processes that
        # share it: another one that accepts then would hang until the next connection comes.
        self._shd = SocketHolder(os.dup(self._listener.fileno()), False, BACKLOG)  # pyright: ignore[reportCallIssue]


@asynccontextmanager
async def serving(
    app: ASGIApp,
    host: str,
    port: int,
    listener: socket.socket | None = None,
    *,
    incoming: Incoming | None = None,
) -> AsyncGenerator[None]:
    """Serve the application while the block runs; with a `listener`, on that. `incoming` is what clients may
    hold together of what is not complete. Raises PortTakenError."""
    if listener is None:
        require_free(host, port)
    logging.getLogger("_granian").setLevel(logging.ERROR)
    options: dict[str, Any] = {
        "address": host,
        "port": port,
        "interface": Interfaces.ASGINL,
        "backlog": BACKLOG,
        "backpressure": _MOST_CONNECTIONS,
        "log_enabled": False,
    }
    target = cast("object", bounded(app, incoming or Incoming()))
    server = (
        Server(target, **options) if listener is None else _SharedServer(target, listener=listener, **options)
    )
    task = asyncio.create_task(server.serve())
    try:
        await _until_listening(host, port, task)
        spare_the_collector()
        yield
    finally:
        server.stop()
        done, _ = await asyncio.wait({task}, timeout=_STOP_LIMIT)
        if not done:
            task.cancel()


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

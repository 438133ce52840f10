"""A piece of network between browsers and the server that can be cut and mended."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress

_LIMIT = 10.0
_CHUNK = 1 << 16


class Wire:
    """A TCP relay on a port of its own to a server's port.

    `cut` is a cable pulled at the next switch: connections break at once and new ones fail. `hold` is a dead
    radio link: everything stays open and nothing arrives, which nobody is told. `mend` ends both.
    """

    def __init__(self, server_port: int) -> None:
        self.port = 0
        self._server_port = server_port
        self._loop = asyncio.new_event_loop()
        self._passing = asyncio.Event()
        self._passing.set()
        self._is_cut = False
        self._ends: set[asyncio.StreamWriter] = set()

    @property
    def base_url(self) -> str:
        return f"http://localhost:{self.port}"

    def cut(self) -> None:
        self._loop.call_soon_threadsafe(self._cut)

    def hold(self) -> None:
        self._loop.call_soon_threadsafe(self._passing.clear)

    def mend(self) -> None:
        self._loop.call_soon_threadsafe(self._mend)

    def _cut(self) -> None:
        self._is_cut = True
        for end in self._ends:
            end.transport.abort()

    def _mend(self) -> None:
        self._is_cut = False
        self._passing.set()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.add(writer)
        try:
            await self._passing.wait()
            if self._is_cut:
                return
            onward_reader, onward = await asyncio.open_connection("127.0.0.1", self._server_port)
            self._ends.add(onward)
            await asyncio.gather(self._pump(reader, onward), self._pump(onward_reader, writer))
            self._ends.discard(onward)
        except OSError:
            pass
        finally:
            self._ends.discard(writer)
            writer.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        """Copy until either end is gone, which then ends the other direction too."""
        with suppress(OSError):
            while chunk := await source.read(_CHUNK):
                await self._passing.wait()
                target.write(chunk)
                await target.drain()
        target.close()

    async def _serve(self, started: threading.Event, stop: asyncio.Event) -> None:
        server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await stop.wait()
        server.close()
        self._mend()
        self._cut()
        relaying = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait_for(asyncio.gather(*relaying, return_exceptions=True), _LIMIT)

    @contextmanager
    def strung(self) -> Generator[Wire]:
        """Relay while the block runs."""
        started, stop = threading.Event(), asyncio.Event()
        thread = threading.Thread(
            target=self._loop.run_until_complete, args=[self._serve(started, stop)], name="wire"
        )
        thread.start()
        try:
            assert started.wait(_LIMIT), "the relay did not start"
            yield self
        finally:
            self._loop.call_soon_threadsafe(stop.set)
            thread.join(_LIMIT)
            assert not thread.is_alive(), "the relay did not stop"
            self._loop.close()

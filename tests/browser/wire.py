"""A piece of network between browsers and the server that can be cut and mended."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Any

import msgspec
from playwright.sync_api import Page, WebSocketRoute

_LIMIT = 20.0
_CHUNK = 1 << 16
_CANDIDATE = re.compile(r"^a=candidate:.*\r\n", re.MULTILINE)
_HOST_CANDIDATE = re.compile(r"^(a=candidate:\S+ \d+ udp \d+) (\S+) (\d+)(?= typ host)", re.MULTILINE)

_Address = tuple[str, int]


class Wire:
    """A TCP relay on a port of its own to a server's port.

    `cut` is a cable pulled at the next switch: connections break at once and new ones fail. `hold` is a dead
    radio link: everything stays open and nothing arrives, which nobody is told. `mend` ends both. With
    `carry_media`, a page's sound and pictures go the same way.
    """

    def __init__(self, server_port: int) -> None:
        self.port = 0
        self._server_port = server_port
        self._loop = asyncio.new_event_loop()
        self._passing = asyncio.Event()
        self._passing.set()
        self._is_cut = False
        self._ends: set[asyncio.StreamWriter] = set()
        self._media: dict[_Address, _MediaRelay] = {}

    @property
    def base_url(self) -> str:
        return f"http://localhost:{self.port}"

    def cut(self) -> None:
        self._loop.call_soon_threadsafe(self._cut)

    def hold(self) -> None:
        self._loop.call_soon_threadsafe(self._passing.clear)

    def mend(self) -> None:
        self._loop.call_soon_threadsafe(self._mend)

    def carry_media(self, page: Page) -> None:
        """Lead the page's media over this wire: the media server's addresses become the relay's, and the
        page's own are kept from it, so that there is no other way."""

        def joined(socket: WebSocketRoute) -> None:
            server = socket.connect_to_server()
            socket.on_message(lambda text: self._pass_on(server, text))
            server.on_message(lambda text: socket.send(self._relayed(text)))

        page.route_web_socket("**/client/socket", joined)

    def _pass_on(self, server: WebSocketRoute, text: str | bytes) -> None:
        message: dict[str, Any] = msgspec.json.decode(text)
        if message.get("candidate"):
            return
        if "sdp" in message:
            message["sdp"] = _CANDIDATE.sub("", message["sdp"])
        server.send(msgspec.json.encode(message).decode())

    def _relayed(self, text: str | bytes) -> str:
        message: dict[str, Any] = msgspec.json.decode(text)
        if "sdp" in message:
            message["sdp"] = _HOST_CANDIDATE.sub(self._relayed_candidate, message["sdp"])
        return msgspec.json.encode(message).decode()

    def _relayed_candidate(self, candidate: re.Match[str]) -> str:
        address = candidate[2], int(candidate[3])
        relay = asyncio.run_coroutine_threadsafe(self._media_relay(address), self._loop).result(_LIMIT)
        return f"{candidate[1]} 127.0.0.1 {relay.port}"

    async def _media_relay(self, address: _Address) -> _MediaRelay:
        if address not in self._media:
            relay = _MediaRelay(address, self._passing)
            await self._loop.create_datagram_endpoint(lambda: relay, local_addr=("127.0.0.1", 0))
            self._media[address] = relay
        return self._media[address]

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
        for relay in self._media.values():
            relay.close()
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


class _MediaRelay(asyncio.DatagramProtocol):
    """Passes datagrams between one address of the media server and whoever sends to the relay's port."""

    def __init__(self, server: _Address, passing: asyncio.Event) -> None:
        self.port = 0
        self._server = server
        self._passing = passing
        self._onward: dict[_Address, _Onward] = {}
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: _Address) -> None:
        if not self._passing.is_set():
            return
        if addr not in self._onward:
            self._onward[addr] = _Onward(self, addr)
        self._onward[addr].send(data)

    def back(self, data: bytes, browser: _Address) -> None:
        if self._transport is not None and self._passing.is_set():
            self._transport.sendto(data, browser)

    @property
    def server(self) -> _Address:
        return self._server

    def close(self) -> None:
        for onward in self._onward.values():
            onward.close()
        if self._transport is not None:
            self._transport.close()


class _Onward(asyncio.DatagramProtocol):
    """The relay's own port for one browser's datagrams."""

    def __init__(self, relay: _MediaRelay, browser: _Address) -> None:
        self._relay = relay
        self._browser = browser
        self._transport: asyncio.DatagramTransport | None = None
        self._waiting: list[bytes] = []
        loop = asyncio.get_running_loop()
        self._opening = loop.create_task(
            loop.create_datagram_endpoint(lambda: self, remote_addr=relay.server)
        )

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport
        for data in self._waiting:
            transport.sendto(data)

    def send(self, data: bytes) -> None:
        if self._transport is None:
            self._waiting.append(data)
        else:
            self._transport.sendto(data)

    def datagram_received(self, data: bytes, addr: _Address) -> None:
        self._relay.back(data, self._browser)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

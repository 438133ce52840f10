"""Telephone keys that rtpengine sees in the media (RFC 4733), as it tells them.

It tells every key of every call to all that have a TCP connection to its event port, so any number of
processes hear of their own calls; the UDP way (`--dtmf-log-dest`) has one address only.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import msgspec
import structlog
from msgspec import Struct

from switchroom.engines.rtpengine import bencode

log = structlog.stdlib.get_logger(__name__)

FASTEST_RETRY = 0.05
SLOWEST_RETRY = 1.0
"""Seconds between two tries to connect; the pause doubles from the first to the second."""

CONNECT_LIMIT = 2.0
LARGEST_EVENT = 16 * 1024

DIGITS = "0123456789*#ABCD"
"""The keys, each at the number of its event (RFC 4733, section 3.2)."""


class DtmfEvent(Struct, frozen=True):
    """A key that has been let go: which, on what side of which call, and for how many milliseconds."""

    call_id: str
    tag: str
    digit: str
    duration: int


class _Data(Struct, frozen=True):
    callid: str
    source_tag: str
    event: int
    duration: int = 0
    type: str = ""


class _Notice(Struct, frozen=True):
    data: _Data


class DtmfFeed:
    """A connection to the event port of one rtpengine, made anew after each loss; keys pressed in between
    are not told."""

    def __init__(
        self,
        host: str,
        port: int,
        on_event: Callable[[DtmfEvent], None],
        on_loss: Callable[[], None] | None = None,
    ) -> None:
        """`on_event` is called for every key of every call, `on_loss` when the connection was lost, as when
        rtpengine has ended. They must not block or raise."""
        self._address = (host, port)
        self._on_event = on_event
        self._on_loss = on_loss
        self._connected = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to connect."""
        self._task = asyncio.create_task(self._stay_connected(), name="rtpengine events")

    async def wait_connected(self) -> None:
        """Wait until there is a connection."""
        await self._connected.wait()

    async def stop(self) -> None:
        """Give the connection up."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _stay_connected(self) -> None:
        pause = FASTEST_RETRY
        while True:
            try:
                async with asyncio.timeout(CONNECT_LIMIT):
                    reader, writer = await asyncio.open_connection(*self._address)
            except OSError:
                await asyncio.sleep(pause)
                pause = min(pause * 2, SLOWEST_RETRY)
                continue
            self._connected.set()
            began = asyncio.get_running_loop().time()
            try:
                await self._read(reader)
            except (OSError, bencode.BencodeError) as error:
                log.warning("rtpengine events lost", reason=str(error))
            finally:
                self._connected.clear()
                writer.close()
            if self._on_loss is not None:
                self._on_loss()
            # A listener that takes connections and closes them at once is not asked without end either.
            if asyncio.get_running_loop().time() - began >= SLOWEST_RETRY:
                pause = FASTEST_RETRY
            await asyncio.sleep(pause)
            pause = min(pause * 2, SLOWEST_RETRY)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        data = b""
        while part := await reader.read(65536):
            data = self._take(data + part)
            if len(data) > LARGEST_EVENT:
                raise bencode.BencodeError(f"an event of more than {LARGEST_EVENT} bytes")

    def _take(self, data: bytes) -> bytes:
        """Tell the events that are complete. Returns what is left."""
        while (space := data.find(b" ")) >= 0:
            try:
                value, end = bencode.decode(data, space + 1)
            except bencode.Incomplete:
                return data
            data = data[end:]
            self._tell(value)
        return data

    def _tell(self, value: bencode.Value) -> None:
        try:
            event = msgspec.convert(value, _Notice).data
        except msgspec.ValidationError as error:
            log.warning("unreadable event of rtpengine", reason=str(error))
            return
        if 0 <= event.event < len(DIGITS):
            self._on_event(DtmfEvent(event.callid, event.source_tag, DIGITS[event.event], event.duration))

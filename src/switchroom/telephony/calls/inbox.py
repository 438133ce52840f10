"""Inbox of a call: everything that happens to its legs, in order, for the one task that has the call."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Protocol

from msgspec import Struct

from switchroom.engines.sip.events import SessionEvent
from switchroom.telephony.calls.leg import Leg
from switchroom.telephony.media.keys import Key
from switchroom.telephony.media.silence import MediaLoss


class Signalled(Struct, frozen=True):
    """An event of a leg's SIP session."""

    leg: Leg
    event: SessionEvent


class KeyPressed(Struct, frozen=True):
    """A key that was pressed at a leg, by RFC 4733 or INFO."""

    leg: Leg
    key: Key


class PlayedToEnd(Struct, frozen=True):
    """End of a playback to a leg; `playback` is the id that `Playback.play` has given."""

    leg: Leg
    playback: str


class MediaLost(Struct, frozen=True):
    """A leg has no media any more."""

    leg: Leg
    loss: MediaLoss


class Rang(Struct, frozen=True):
    """A leg that is called rings; with `early` it sends sound before it answers."""

    leg: Leg
    early: bool


class Woken(Struct, frozen=True):
    """End of something that the task waits for elsewhere."""


class Order(Protocol):
    """Order of somebody outside of the call, carried out by the task that has it."""

    async def execute(self, call: Any) -> None:
        """Carry it out in a call that talks. It must not raise."""
        ...

    def refuse(self) -> None:
        """The call cannot do it now, or is over."""
        ...


class Ordered(Struct, frozen=True):
    """An order."""

    order: Order


Happening = Signalled | KeyPressed | PlayedToEnd | MediaLost | Rang | Woken | Ordered


class Inbox:
    """Queue of happenings with one reader."""

    def __init__(self) -> None:
        self._happenings: deque[Happening] = deque()
        self._reader: asyncio.Future[None] | None = None

    def put(self, happening: Happening) -> None:
        self._happenings.append(happening)
        self._wake()

    # Notices of legs to their owner.

    def signalled(self, leg: Leg, event: SessionEvent) -> None:
        self.put(Signalled(leg, event))

    def pressed(self, leg: Leg, key: Key) -> None:
        self.put(KeyPressed(leg, key))

    def played(self, leg: Leg, playback: str) -> None:
        self.put(PlayedToEnd(leg, playback))

    def lost(self, leg: Leg, loss: MediaLoss) -> None:
        self.put(MediaLost(leg, loss))

    async def get(self, deadline: float | None = None) -> Happening | None:
        """The next happening; None when there is none by the deadline, in seconds of the loop's clock."""
        loop = asyncio.get_running_loop()
        while not self._happenings:
            if deadline is not None and loop.time() >= deadline:
                return None
            await self._wait(loop, deadline)
        return self._happenings.popleft()

    def drain(self) -> list[Happening]:
        """Take out all happenings that are there, and return them."""
        found = list(self._happenings)
        self._happenings.clear()
        return found

    async def _wait(self, loop: asyncio.AbstractEventLoop, deadline: float | None) -> None:
        """Wait until something is put in, or the deadline, where there is one."""
        self._reader = loop.create_future()
        timer = loop.call_at(deadline, self._wake) if deadline is not None else None
        try:
            await self._reader
        finally:
            self._reader = None
            if timer is not None:
                timer.cancel()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

"""A clock that tests set, and a wire that keeps what is sent."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

from switchroom.engines.sip.message import Request, Response
from switchroom.engines.sip.parser import parse
from switchroom.engines.sip.transport import Address


class ManualTimer:
    """A call that is to come when the clock is moved."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class ManualClock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self._now = 0.0
        self._number = itertools.count()
        self._timers: list[tuple[float, int, ManualTimer]] = []

    def time(self) -> float:
        return self._now

    def call_later(self, delay: float, callback: Callable[[], None], /) -> ManualTimer:
        timer = ManualTimer(callback)
        heapq.heappush(self._timers, (self._now + delay, next(self._number), timer))
        return timer

    def pass_time(self, seconds: float) -> None:
        """Call what is due in these seconds, in its order."""
        end = self._now + seconds
        while self._timers and self._timers[0][0] <= end:
            self._now, _, timer = heapq.heappop(self._timers)
            if timer.callback is not None:
                timer.callback()
        self._now = end

    @property
    def pending(self) -> int:
        """Timers that nobody has cancelled."""
        return sum(timer.callback is not None for _, _, timer in self._timers)


class Wire:
    """Transport that keeps what is sent until a test takes it."""

    local: Address = ("127.0.0.1", 5070)

    def __init__(self) -> None:
        self.raw: list[bytes] = []

    def send(self, data: bytes, to: Address) -> None:
        self.raw.append(data)

    def take(self) -> list[Request | Response]:
        """What was sent since the last time."""
        sent, self.raw = self.raw, []
        return [parse(data) for data in sent]

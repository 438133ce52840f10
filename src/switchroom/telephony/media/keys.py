"""Keys that callers press: of RFC 4733 as rtpengine tells them, and of SIP INFO, in one form for calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from msgspec import Struct

from switchroom.engines.rtpengine.dtmf import DtmfEvent
from switchroom.telephony.media.leg import PHONE

Key = Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#", "A", "B", "C", "D"]

KEYS: frozenset[str] = frozenset(get_args(Key))


class Digit(Struct, frozen=True):
    """A key that has been pressed and let go, after how many milliseconds."""

    key: Key
    milliseconds: int


class KeyListeners:
    """Listeners by leg; takes what a `DtmfFeed` tells."""

    def __init__(self) -> None:
        self._listeners: dict[str, Callable[[Digit], None]] = {}

    def listen(self, leg: str, listener: Callable[[Digit], None]) -> None:
        """Call `listener` for each key of this leg's phone. It must not block or raise."""
        self._listeners[leg] = listener

    def forget(self, leg: str) -> None:
        """Call nobody for this leg any more."""
        self._listeners.pop(leg, None)

    def take(self, event: DtmfEvent) -> None:
        """Tell a key to the listener of its leg. Keys that come from the core side are another leg's."""
        listener = self._listeners.get(event.call_id)
        if listener is not None and event.tag == PHONE and event.digit in KEYS:
            listener(Digit(event.digit, event.duration))  # pyright: ignore[reportArgumentType]

"""Session timers (RFC 4028): who refreshes a session and when it is over without."""

from __future__ import annotations

from collections.abc import Callable

from switchroom.engines.sip.errors import MalformedValue
from switchroom.engines.sip.fields import SessionExpires, parse_delta_seconds, parse_session_expires
from switchroom.engines.sip.message import Message, Request
from switchroom.engines.sip.transport import Clock, Timer

_LARGEST = 2**31 - 1


class SessionTimer:
    """Timers of one session: a refresh at half the interval by who refreshes, and the end without."""

    def __init__(self, clock: Clock, on_refresh: Callable[[], None], on_expiry: Callable[[], None]) -> None:
        self.interval = 0
        self.is_refresher = False
        self._clock = clock
        self._on_refresh = on_refresh
        self._on_expiry = on_expiry
        self._refresh: Timer | None = None
        self._expiry: Timer | None = None

    def set(self, interval: int, *, is_refresher: bool) -> None:
        """Run anew, as each refresh does; an interval of 0 is no session timer (section 10)."""
        self.stop()
        self.interval, self.is_refresher = interval, is_refresher
        if not interval:
            return
        if is_refresher:
            self._refresh = self._clock.call_later(interval / 2, self._on_refresh)
        self._expiry = self._clock.call_later(interval - min(32, interval / 3), self._on_expiry)

    def stop(self) -> None:
        """Cancel the timers."""
        for timer in (self._refresh, self._expiry):
            if timer is not None:
                timer.cancel()
        self._refresh = self._expiry = None


def session_expires(message: Message) -> SessionExpires | None:
    """The session interval that a message names; None without a valid one."""
    text = message.headers.get("Session-Expires")
    if text is None:
        return None
    try:
        return parse_session_expires(text)
    except MalformedValue:
        return None


def min_se(message: Message) -> int:
    """The smallest session interval that a message allows, 90 s without a valid one (section 5)."""
    try:
        return max(90, parse_delta_seconds(message.headers.get("Min-SE") or "90", _LARGEST)[0])
    except MalformedValue:
        return 90


def is_too_small(request: Request, least: int) -> bool:
    """Whether an interval is to be refused with 422 (section 9): of a sender that can do better."""
    asked = session_expires(request)
    return asked is not None and asked.interval < least and "timer" in request.headers.tokens("Supported")


def accepted(request: Request, interval: int, least: int) -> SessionExpires | None:
    """Session timer that the 2xx to a request grants, None for none (section 9, table 2).

    `interval` is this side's own wish. The sender refreshes if it can; without support of its own, and with
    none of a proxy's asking, there is no session timer.
    """
    asked = session_expires(request)
    supports = "timer" in request.headers.tokens("Supported")
    if asked is None and not (supports and interval):
        return None
    wish = interval if asked is None else min(asked.interval, interval or asked.interval)
    chosen = max(wish, least, min_se(request))
    if not supports:
        return SessionExpires(chosen, "uas")
    return SessionExpires(chosen, (asked.refresher if asked is not None else None) or "uac")

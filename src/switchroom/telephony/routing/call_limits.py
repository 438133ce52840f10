"""Limits of an account's calls with the public network. Emergency calls have none."""

from __future__ import annotations

from msgspec import Struct

from switchroom.telephony.routing.configuration import CallLimits


class OutsideCalls(Struct, frozen=True):
    """Numbers of calls with the public network that an account has now: those `forwarded` are among the
    outgoing ones."""

    incoming: int = 0
    outgoing: int = 0
    forwarded: int = 0


def may_come_in(limits: CallLimits, calls: OutsideCalls) -> bool:
    """Whether one more call may come in."""
    return _fits(calls.incoming, limits.incoming) and _fits(_together(calls), limits.together)


def may_go_out(limits: CallLimits, calls: OutsideCalls, *, is_forward: bool) -> bool:
    """Whether one more call may go out."""
    if is_forward and not _fits(calls.forwarded, limits.forwarded):
        return False
    return _fits(calls.outgoing, limits.outgoing) and _fits(_together(calls), limits.together)


def _together(calls: OutsideCalls) -> int:
    return calls.incoming + calls.outgoing


def _fits(calls: int, most: int) -> bool:
    return most == 0 or calls < most

"""Snapshots of calls, which records, events and lamps are made of at each change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from msgspec import Struct


class CallDirection(StrEnum):
    """Direction of a call, seen from the account."""

    INCOMING = "incoming"
    """From a trunk."""

    OUTGOING = "outgoing"
    """Over a trunk."""

    INTERNAL = "internal"


class LegDirection(StrEnum):
    """Direction of a leg, seen from the platform."""

    INBOUND = "inbound"
    """The party at the leg called."""

    OUTBOUND = "outbound"
    """The party at the leg was called."""


class LegStatus(StrEnum):
    """State of a leg, as the realtime API names it."""

    RINGING = "ringing"
    ANSWERED = "answered"
    HELD = "held"


class LegSnapshot(Struct, frozen=True, kw_only=True):
    """A leg: a phone or a carrier in a call.

    `name` and `number` are those of the party at the leg. `other_leg` is the uuid of the leg that it talks
    to, empty for none. `hangup_cause` and `sip_code` are set when it has ended, the code 0 for one that was
    answered.
    """

    uuid: str
    direction: LegDirection
    sip_call_id: str
    device_id: int | None = None
    user_id: int | None = None
    trunk_id: int | None = None
    name: str = ""
    number: str = ""
    state: LegStatus = LegStatus.RINGING
    muted: bool = False
    other_leg: str = ""
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    hangup_cause: str = ""
    sip_code: int = 0


class CallSnapshot(Struct, frozen=True, kw_only=True):
    """A call: the leg that is routed or was the caller, and all that were called.

    `legs` has the caller's first, and those that have ended until the call is over. `flow_name` is the name
    of the callflow that it came to. `state` is what another process takes the call up from, empty for one
    that cannot be.
    """

    id: str
    organization_id: int
    direction: CallDirection
    dialled: str = ""
    flow_name: str = ""
    caller_name: str = ""
    caller_number: str = ""
    started_at: datetime
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    hangup_cause: str = ""
    legs: tuple[LegSnapshot, ...] = ()
    state: bytes = b""


class ChangeKind(StrEnum):
    """Kind of a change of a call."""

    CREATED = "created"
    RINGING = "ringing"
    ANSWERED = "answered"
    HELD = "held"
    UNHELD = "unheld"
    TRANSFERRED = "transferred"
    LEG_ENDED = "leg_ended"
    ENDED = "ended"
    EMERGENCY = "emergency"
    """An emergency service is called, or cannot be."""

    CHANGED = "changed"
    """A change of the state that nobody is told of."""


class Emergency(Struct, frozen=True, kw_only=True):
    """Call to an emergency service at `number`, which is told `caller_id`. `is_configured` is whether the
    account has an emergency caller id for the caller; `cause` is why the service was not reached, empty when
    it is dialled."""

    number: str
    caller_id: str = ""
    is_configured: bool
    cause: str = ""


class Happened(Struct, frozen=True):
    """Change of a call: its kind, and the uuid of the leg that it happened to, empty where it was none."""

    kind: ChangeKind
    leg: str = ""
    emergency: Emergency | None = None


class Journal(Protocol):
    """Journal that keeps what calls tell."""

    def note(
        self, snapshot: CallSnapshot, happened: Happened, save: Callable[[], bytes] | None = None
    ) -> None:
        """Take in a change. `save` gives the snapshot's state, asked for when it is written: that is done
        once for all changes of a few milliseconds. It neither blocks nor raises."""
        ...

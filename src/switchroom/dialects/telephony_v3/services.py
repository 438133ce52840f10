"""What the operations of this API work with."""

from __future__ import annotations

from msgspec import Struct

from switchroom.dialects.telephony_v3.callers import Callers
from switchroom.events.log import EventLog
from switchroom.events.tail import EventTail


class Services(Struct, frozen=True, kw_only=True):
    callers: Callers
    events: EventLog
    tail: EventTail

"""The events log, on the wire."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from switchroom.dialects.telephony_v3.messages.envelope import Page


class Event(Struct, frozen=True):
    """Event that has happened in an account."""

    id: int
    type: str
    timestamp: Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
    account: int
    object: str
    data: dict[str, Any]


class EventsPage(Page[Event], frozen=True):
    """Events, oldest first."""

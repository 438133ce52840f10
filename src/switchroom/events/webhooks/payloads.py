"""Payloads of deliveries: an event as it is in the log, or in the form that a renderer makes of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from switchroom.db.base import time_of
from switchroom.events.log import LoggedEvent

Renderer = Callable[[LoggedEvent], Awaitable[object | None]]
"""Renderer of one form of payload: gives what is sent of an event, encodable as JSON, or None when the event
is not for the hooks of that form.

It is asked once for an event, soon after that was written, by one process of all; what the event was about
may be gone by then. It is asked again when that process was killed before it had queued the deliveries."""


def general_payload(event: LoggedEvent) -> dict[str, object]:
    """The event as hooks get it that name no form."""
    return {
        "id": event.id,
        "type": event.type,
        "timestamp": time_of(event.occurred_at),
        "account": event.organization_id,
        "object": event.object_id,
        "data": event.data,
    }


def body(content: object, custom_data: dict[str, Any]) -> str:
    """The JSON text of a content, with the hook's own data if it has any and the content is an object."""
    encoded = msgspec.json.encode(content)
    if custom_data and encoded.endswith(b"}"):
        own = msgspec.json.encode({"custom_data": custom_data})[1:]
        encoded = encoded[:-1] + (b"," if len(encoded) > 2 else b"") + own
    return encoded.decode()

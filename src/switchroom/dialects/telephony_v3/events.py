"""Reading the events log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from switchroom.dialects.telephony_v3.callers import Caller
from switchroom.errors import Invalid
from switchroom.events.log import TYPE, EventFilter, EventLog
from switchroom.events.webhooks.payloads import general_view

STANDARD_LIMIT, MOST_LISTED = 100, 1000
_MOST_TYPES = 50
_LARGEST_ID = (1 << 63) - 1
_LONGEST_OBJECT = 36


async def read_events(
    log: EventLog, caller: Caller, query: Mapping[str, str]
) -> tuple[Sequence[Mapping[str, object]], int]:
    """A page of events, oldest first, and the cursor that the next begins after. Raises Invalid."""
    limit = _number(query, "limit", otherwise=STANDARD_LIMIT, most=MOST_LISTED)
    after = _number(query, "cursor", otherwise=0, most=_LARGEST_ID, least=0)
    types = require_types([one.strip() for one in query.get("type", "").split(",") if one.strip()], "type")
    object_id = query.get("object_id", "")
    if len(object_id) > _LONGEST_OBJECT or "\0" in object_id:
        raise Invalid("object_id is not the id of anything", field="object_id")
    wanted = EventFilter(
        types=types, object_id=object_id, since=_moment(query, "from"), until=_moment(query, "to")
    )
    found = await log.read(caller.organization_id, wanted, after=after, limit=limit)
    return [general_view(event) for event in found], found[-1].id if found else after


def require_types(types: Sequence[str], field: str) -> list[str]:
    """Types of events as readers name them, whole or with `.*` at the end; all of them by `*`, which gives an
    empty list. Raises Invalid."""
    if len(types) > _MOST_TYPES:
        raise Invalid(f"at most {_MOST_TYPES} types of events can be named", field=field)
    for one in types:
        if len(one) > 64 or not TYPE.fullmatch(one):
            raise Invalid("a type is like meeting.created or meeting.*", field=field)
    return [] if "*" in types else list(types)


def require_id(value: object, field: str) -> int:
    """The id of an event. Raises Invalid."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST_ID:
        raise Invalid(f"{field} is not the id of an event", field=field)
    return value


def _number(query: Mapping[str, str], name: str, *, otherwise: int, most: int, least: int = 1) -> int:
    text = query.get(name, "")
    if not text:
        return otherwise
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else -1
    if not least <= number <= most:
        raise Invalid(f"{name} is a whole number from {least} to {most}", field=name)
    return number


def _moment(query: Mapping[str, str], name: str) -> datetime | None:
    """RFC 3339, without an offset in UTC, or Unix seconds."""
    text = query.get(name, "").replace(" ", "+")
    if not text:
        return None
    try:
        if text.isascii() and text.isdecimal():
            return datetime.fromtimestamp(int(text), UTC)
        found = msgspec.convert(text, datetime)
        found = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        return found.astimezone(UTC)
    except (msgspec.ValidationError, ValueError, OverflowError, OSError):
        message = f"{name} is not a time such as 2026-04-07T09:00:00Z, nor Unix seconds"
        raise Invalid(message, field=name) from None

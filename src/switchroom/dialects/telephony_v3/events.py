"""Operations on the events log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from switchroom.dialects.operation import Nothing, Operation, Parameter
from switchroom.dialects.telephony_v3.callers import Context
from switchroom.dialects.telephony_v3.messages.envelope import Page
from switchroom.dialects.telephony_v3.messages.events import EventsPage
from switchroom.dialects.telephony_v3.services import Services
from switchroom.errors import ErrorCode, Invalid
from switchroom.events.log import TYPE, EventFilter
from switchroom.events.webhooks.payloads import general_view

STANDARD_LIMIT, MOST_LISTED = 100, 1000
_MOST_TYPES = 50
_LARGEST_ID = (1 << 63) - 1
_LONGEST_OBJECT = 36


class EventOperations:
    def __init__(self, services: Services) -> None:
        self._log = services.events

    def operations(self) -> list[Operation]:
        return [
            Operation(
                method="GET",
                path="/events",
                summary="Read the events log, oldest first.",
                parameters=(
                    Parameter("from", "Only what happened then or later: RFC 3339, or Unix seconds."),
                    Parameter("to", "Only what happened before this time."),
                    Parameter("type", "Only these types, with commas between them; `meeting.*` is several."),
                    Parameter("object_id", "Only what happened to this."),
                    Parameter("limit", "How many at most, 100 unless said, 1000 at most."),
                    Parameter("cursor", "Only what comes after: the `cursor` of the page before."),
                ),
                reply=EventsPage,
                access="admin",
                handler=self.list,
            )
        ]

    async def list(self, context: Context, _: Nothing) -> Page[Mapping[str, object]]:
        """A page of events, oldest first, and the cursor that the next begins after."""
        limit = context.number("limit", STANDARD_LIMIT, least=1, most=MOST_LISTED)
        after = context.number("cursor", 0, most=_LARGEST_ID)
        named = [one.strip() for one in context.query.get("type", "").split(",") if one.strip()]
        types = require_types(named, "type")
        object_id = context.query.get("object_id", "")
        if len(object_id) > _LONGEST_OBJECT or "\0" in object_id:
            raise Invalid(ErrorCode.OBJECT_ID_MALFORMED, "object_id")
        wanted = EventFilter(
            types=types, object_id=object_id, since=_moment(context, "from"), until=_moment(context, "to")
        )
        found = await self._log.read(context.caller.organization_id, wanted, after=after, limit=limit)
        return Page([general_view(event) for event in found], str(found[-1].id if found else after))


def require_types(types: Sequence[str], field: str) -> list[str]:
    """Types of events as readers name them, whole or with `.*` at the end; all of them by `*`, which gives an
    empty list. Raises Invalid."""
    if len(types) > _MOST_TYPES:
        raise Invalid(ErrorCode.TOO_MANY_ENTRIES, field, most=_MOST_TYPES)
    for one in types:
        if len(one) > 64 or not TYPE.fullmatch(one):
            raise Invalid(ErrorCode.EVENT_TYPE_MALFORMED, field)
    return [] if "*" in types else list(types)


def require_id(value: object, field: str) -> int:
    """The id of an event. Raises Invalid."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _LARGEST_ID:
        raise Invalid(ErrorCode.EVENT_ID_MALFORMED, field)
    return value


def _moment(context: Context, name: str) -> datetime | None:
    """Raises Invalid."""
    found = context.moment(name, or_unix=True)
    try:
        return found.astimezone(UTC) if found is not None else None
    except OverflowError:
        raise Invalid(ErrorCode.TIME_OVERFLOW, name) from None

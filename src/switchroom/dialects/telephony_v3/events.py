"""Operations on the events log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from switchroom.dialects.operation import Nothing, Operation, Parameter
from switchroom.dialects.query import unix_moment
from switchroom.dialects.services import Services
from switchroom.dialects.telephony_v3.callers import EVENTS, Context
from switchroom.dialects.telephony_v3.messages.envelope import Page
from switchroom.dialects.telephony_v3.messages.events import EventsPage
from switchroom.errors import ErrorCode, Invalid
from switchroom.events.log import TYPE, EventFilter
from switchroom.events.webhooks.payloads import general_payload

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
                access=EVENTS,
                handler=self.list,
            )
        ]

    async def list(self, context: Context, _: Nothing) -> Page[Mapping[str, object]]:
        """A page of events, oldest first, and the cursor that the next begins after."""
        with context.reading_query() as query:
            limit = query.number("limit", STANDARD_LIMIT, least=1, most=MOST_LISTED)
            after = query.number("cursor", 0, most=_LARGEST_ID)
            wanted = EventFilter(
                types=query.value("type", _types, []),
                object_id=query.value("object_id", _object_id, ""),
                since=query.value("from", _moment, None),
                until=query.value("to", _moment, None),
            )
        found = await self._log.read(context.caller.organization_id, wanted, after=after, limit=limit)
        return Page([general_payload(event) for event in found], str(found[-1].id if found else after))


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


def _types(text: str) -> list[str]:
    return require_types([one.strip() for one in text.split(",") if one.strip()], "")


def _object_id(text: str) -> str:
    if len(text) > _LONGEST_OBJECT or "\0" in text:
        raise Invalid(ErrorCode.OBJECT_ID_MALFORMED)
    return text


def _moment(text: str) -> datetime:
    try:
        return unix_moment(text).astimezone(UTC)
    except OverflowError:
        raise Invalid(ErrorCode.TIME_OVERFLOW) from None

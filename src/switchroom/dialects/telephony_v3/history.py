"""Operations on the records of calls."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import partial

from switchroom.dialects.operation import Nothing, Operation, Parameter
from switchroom.dialects.query import unix_moment
from switchroom.dialects.telephony_v3.actors import ACCOUNT, Actors, id_in_path
from switchroom.dialects.telephony_v3.callers import Context
from switchroom.dialects.telephony_v3.messages.envelope import Page
from switchroom.dialects.telephony_v3.messages.history import HistoryPage
from switchroom.errors import ErrorCode, Invalid
from switchroom.telephony.resources.calls_history import (
    CallHistory,
    CallRecordView,
    HistoryQuery,
    RecordPlace,
)

_STANDARD_LIMIT, _MOST_LISTED = 100, 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DIGITS = re.compile(r"[0-9]{1,20}")
_LARGEST_ID = (1 << 63) - 1


class HistoryOperations:
    def __init__(self, history: CallHistory, actors: Actors) -> None:
        self._history = history
        self._actors = actors

    def operations(self) -> list[Operation]:
        listing = (
            ACCOUNT,
            Parameter("created_from", "Only calls that began then or later: Unix seconds, or RFC 3339."),
            Parameter("created_to", "Only calls that began before this time."),
            Parameter("owner_id", "Only the calls of this user."),
            Parameter("limit", f"How many at most, {_STANDARD_LIMIT} unless said, {_MOST_LISTED} at most."),
            Parameter("cursor", "Only what comes after: the `cursor` of the part before."),
        )
        lists = [
            Operation(
                method="GET",
                path=f"/calls_history/{name}",
                summary=f"The records of {name} calls, oldest first.",
                parameters=listing,
                reply=HistoryPage,
                access="user",
                handler=partial(self.list, "" if name == "all" else name),
            )
            for name in ("all", "incoming", "outgoing", "internal")
        ]
        one = Operation(
            method="GET",
            path="/calls_history/{id}",
            summary="The record of a call.",
            parameters=(ACCOUNT,),
            reply=CallRecordView,
            access="user",
            handler=self.read,
        )
        return [*lists, one]

    async def list(self, direction: str, context: Context, _: Nothing) -> Page[CallRecordView]:
        with context.reading_query() as query:
            wanted = HistoryQuery(
                direction=direction,
                owner_id=query.number("owner_id", 0, most=_LARGEST_ID) or None,
                since=query.value("created_from", _moment, None),
                until=query.value("created_to", _moment, None),
                after=query.value("cursor", _place, None),
                limit=query.number("limit", _STANDARD_LIMIT, least=1, most=_MOST_LISTED),
            )
        page = await self._history.page(await self._actors.of(context), wanted)
        return Page(page.records, _cursor(page.next_after) if page.next_after else "")

    async def read(self, context: Context, _: Nothing) -> CallRecordView:
        return await self._history.read(await self._actors.of(context), id_in_path(context, "call"))


def _moment(text: str) -> datetime:
    try:
        return unix_moment(text).astimezone(UTC)
    except OverflowError:
        raise Invalid(ErrorCode.TIME_OVERFLOW) from None


def _cursor(place: RecordPlace) -> str:
    return f"{(place.started_at - _EPOCH) // _MICROSECOND}-{place.id}"


def _place(text: str) -> RecordPlace:
    first, _, last = text.partition("-")
    if not (_DIGITS.fullmatch(first) and _DIGITS.fullmatch(last)):
        raise Invalid(ErrorCode.NOT_A_WHOLE_NUMBER)
    try:
        place = RecordPlace(_EPOCH + int(first) * _MICROSECOND, int(last))
    except OverflowError:
        raise Invalid(ErrorCode.TIME_OVERFLOW) from None
    if place.id > _LARGEST_ID:
        raise Invalid(ErrorCode.NOT_A_WHOLE_NUMBER)
    return place

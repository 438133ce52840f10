"""The calendar feeds. The API's own page spells them `calender`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from switchroom.dialects.operation import OPEN, Nothing, Operation
from switchroom.dialects.services import Services
from switchroom.dialects.webmeeting_v6.callers import Context

_MEDIA_TYPE = "text/calendar"


class CalendarOperations:
    def __init__(self, services: Services) -> None:
        self._calendars = services.calendars

    def operations(self) -> list[Operation]:
        return [
            self._operation(spelling, whose, summary, read)
            for spelling in ("calender", "calendar")
            for whose, summary, read in (
                ("user", "The meetings of an organizer as iCalendar.", self.of_organizer),
                ("meeting", "A meeting as iCalendar.", self.of_meeting),
            )
        ]

    async def of_organizer(self, context: Context, _: Nothing) -> bytes:
        return await self._calendars.of_organizer(context.path["ics_token"])

    async def of_meeting(self, context: Context, _: Nothing) -> bytes:
        return await self._calendars.of_meeting(context.path["ics_token"])

    def _operation(
        self,
        spelling: str,
        whose: str,
        summary: str,
        read: Callable[[Context, Nothing], Awaitable[bytes]],
    ) -> Operation:
        return Operation(
            method="GET",
            path=f"/meeting/{spelling}/{whose}/{{ics_token}}",
            summary=summary,
            reply=bytes,
            raw=_MEDIA_TYPE,
            access=OPEN,
            handler=read,
        )

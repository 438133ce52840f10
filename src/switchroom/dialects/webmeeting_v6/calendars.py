"""The calendar feeds. The API's own page spells them `calender`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from switchroom.dialects.webmeeting_v6.operations import Call, Context, Nothing
from switchroom.dialects.webmeeting_v6.services import Services

_MEDIA_TYPE = "text/calendar"


class CalendarCalls:
    def __init__(self, services: Services) -> None:
        self._calendars = services.calendars

    def calls(self) -> list[Call]:
        return [
            self._call(spelling, whose, summary, read)
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

    def _call(
        self,
        spelling: str,
        whose: str,
        summary: str,
        read: Callable[[Context, Nothing], Awaitable[bytes]],
    ) -> Call:
        return Call(
            method="GET",
            path=f"/meeting/{spelling}/{whose}/{{ics_token}}",
            summary=summary,
            reply=bytes,
            raw=_MEDIA_TYPE,
            access="none",
            carry_out=read,
        )

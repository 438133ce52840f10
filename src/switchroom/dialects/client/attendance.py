"""Operations on attendance: who was in a room or a meeting, and when."""

from __future__ import annotations

from msgspec import UNSET

from switchroom.db.base import time_of
from switchroom.dialects.client.context import Context
from switchroom.dialects.client.messages.attendance import (
    MeetingAttendanceAnswer,
    MeetingAttendanceQuery,
    RoomAttendanceAnswer,
    RoomAttendanceQuery,
    RoomStay,
)
from switchroom.dialects.client.operations import operation
from switchroom.dialects.client.scheduling import stay_message
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services
from switchroom.meetings.agenda import actor_of
from switchroom.rooms.attendance import Stay, StayFilter

_AT_ONCE = 5000
"""People of a meeting told at once."""


class AttendanceOperations:
    def __init__(self, services: Services) -> None:
        self._signer = services.signer
        self._of_rooms = services.room_attendance
        self._of_meetings = services.attendances

    def operations(self) -> list[Operation]:
        return [
            operation(
                path="/rooms/attendance",
                summary="Who was in a room and when, a page at a time, for those who administer it.",
                request=RoomAttendanceQuery,
                reply=RoomAttendanceAnswer,
                handler=self.of_room,
            ),
            operation(
                path="/meetings/attendance",
                summary="Who was in a meeting and when, for those who may change it.",
                request=MeetingAttendanceQuery,
                reply=MeetingAttendanceAnswer,
                handler=self.of_meeting,
            ),
        ]

    async def of_room(self, _context: Context, request: RoomAttendanceQuery) -> RoomAttendanceAnswer:
        wanted = StayFilter(
            since=None if request.since is UNSET else request.since,
            until=None if request.until is UNSET else request.until,
            oldest_first=request.is_oldest_first,
            after=None if request.after is UNSET else request.after,
            limit=request.limit,
        )
        page = await self._of_rooms.page(self._signer.verify(request.access_token), request.room_id, wanted)
        return RoomAttendanceAnswer(
            room_name=page.room_name,
            inside=[_message(one) for one in page.inside],
            stays=[_message(one) for one in page.stays],
            following=UNSET if page.following is None else page.following,
        )

    async def of_meeting(self, _context: Context, request: MeetingAttendanceQuery) -> MeetingAttendanceAnswer:
        actor = actor_of(self._signer.verify(request.access_token))
        found = await self._of_meetings.participants(actor, request.id)
        return MeetingAttendanceAnswer(
            people=[stay_message(one) for one in found[request.offset : request.offset + _AT_ONCE]],
            people_in_all=len(found),
        )


def _message(stay: Stay) -> RoomStay:
    return RoomStay(
        name=stay.display_name,
        is_guest=stay.is_guest,
        is_spectator=stay.is_spectator,
        joined_at=time_of(stay.joined_at),
        left_at=None if stay.left_at is None else time_of(stay.left_at),
    )

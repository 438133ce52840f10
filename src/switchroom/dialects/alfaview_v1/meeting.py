"""`meetingService`: the meetings of the caller."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET

from switchroom.accounts.models import MeetingKind
from switchroom.db.base import now
from switchroom.dialects.alfaview_v1.guest import group_link_draft, guest_link_draft
from switchroom.dialects.alfaview_v1.messages import meeting as messages
from switchroom.dialects.alfaview_v1.messages.common import (
    FeatureState,
    Reply,
    RoomFeature,
    RoomFeatureId,
    TrackingInfo,
)
from switchroom.dialects.alfaview_v1.messages.meeting import Meeting, MeetingState
from switchroom.dialects.alfaview_v1.messages.scalars import Timestamp, UInt32
from switchroom.dialects.alfaview_v1.operations import Context, operation, required
from switchroom.dialects.alfaview_v1.room_messages import Room, room_draft
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services
from switchroom.errors import ErrorCode, Invalid
from switchroom.meetings.drafts import MeetingDraft
from switchroom.meetings.meeting_rooms import LinkWishes, MeetingRoom
from switchroom.meetings.views import MeetingView
from switchroom.rooms.drafts import RoomDraft

_NOTE = "waitingRoomWelcomeNote"
"""Key of the note in the metadata of the room."""


class MeetingService:
    def __init__(self, services: Services) -> None:
        self._meetings = services.meeting_rooms

    def operations(self) -> Sequence[Operation]:
        return [
            operation(
                "meetingService/create",
                messages.MeetingCreateRequest,
                messages.MeetingCreateReply,
                self.create,
                "Schedule a meeting, with links into it; `guestLinkCreations` with `sendEmail` are mailed.",
            ),
            operation(
                "meetingService/get",
                messages.MeetingGetRequest,
                messages.MeetingGetReply,
                self.get,
                "One of one's own meetings, with the links into it.",
            ),
            operation(
                "meetingService/list",
                messages.MeetingListRequest,
                messages.MeetingListReply,
                self.list,
                "One's own meetings that end after `from` (or now) and begin before `to`, without links.",
            ),
            operation(
                "meetingService/update",
                messages.MeetingUpdateRequest,
                messages.MeetingUpdateReply,
                self.update,
                "Change one of one's own meetings that has not begun.",
            ),
            operation(
                "meetingService/cancel",
                messages.MeetingCancelRequest,
                messages.MeetingCancelReply,
                self.cancel,
                "Call off one of one's own meetings; `sendNotification` tells whoever was invited by mail.",
            ),
        ]

    async def create(self, context: Context, request: messages.MeetingCreateRequest) -> Reply:
        wish = request.meeting
        if wish is None:
            raise Invalid(ErrorCode.REQUIRED, "meeting")
        group = request.groupLinkCreations
        links = LinkWishes(
            group=[group_link_draft(one) for one in group] if group is not None else None,
            guest=[guest_link_draft(one) for one in request.guestLinkCreations],
            origin=request.origin,
            timezone=request.timezone,
        )
        made, task_id = await self._meetings.schedule(
            context.caller, _draft(wish, is_new=True), links, _room_draft(wish)
        )
        return messages.MeetingCreateReply(
            meetingId=made.id,
            meeting=_message(made),
            trackingInfo=TrackingInfo(task_id) if task_id else None,
        )

    async def get(self, context: Context, request: messages.MeetingGetRequest) -> Reply:
        found = await self._meetings.get(context.caller, required(request.meetingId, "meetingId"))
        return messages.MeetingGetReply(meeting=_message(found))

    async def list(self, context: Context, request: messages.MeetingListRequest) -> Reply:
        found = await self._meetings.list(
            context.caller,
            request.from_.instant if request.from_ else None,
            request.to.instant if request.to else None,
        )
        return messages.MeetingListReply(meetings=[_message(one) for one in found])

    async def update(self, context: Context, request: messages.MeetingUpdateRequest) -> Reply:
        meeting_id = required(request.meetingId, "meetingId")
        if request.meeting is None:
            raise Invalid(ErrorCode.REQUIRED, "meeting")
        changed = await self._meetings.update(
            context.caller, meeting_id, _draft(request.meeting, is_new=False)
        )
        return messages.MeetingUpdateReply(meeting=_message(changed))

    async def cancel(self, context: Context, request: messages.MeetingCancelRequest) -> Reply:
        await self._meetings.cancel(
            context.caller,
            required(request.meetingId, "meetingId"),
            request.reason,
            tells=request.sendNotification,
        )
        return messages.MeetingCancelReply()


def _draft(wish: Meeting, *, is_new: bool) -> MeetingDraft:
    """An empty text is none said. Of a meeting that there is the kind stays."""
    kind = MeetingKind.BOARDROOM if wish.waitingRoomEnabled else MeetingKind.STANDARD
    early = wish.earlyAccessMinutes
    return MeetingDraft(
        topic=wish.title or UNSET,
        agenda=wish.agenda or UNSET,
        start=wish.start.instant if wish.start else UNSET,
        end=wish.end.instant if wish.end else UNSET,
        timezone=wish.timezone or UNSET,
        early_access_minutes=int(early) if early is not None else UNSET,
        kind=kind if is_new else UNSET,
    )


def _room_draft(wish: Meeting) -> RoomDraft | None:
    note = {_NOTE: wish.waitingRoomWelcomeNote} if wish.waitingRoomWelcomeNote else {}
    if not (note or wish.features or wish.subRooms):
        return None
    room = Room(features=wish.features, subRooms=wish.subRooms, metadata=note)
    return room_draft(room, remove_default=False, quota=None)


def _message(found: MeetingRoom) -> Meeting:
    shown, moment = found.shown, now()
    meeting, occurrence, room = shown.meeting, shown.occurrence, found.room
    state = _state(shown)
    takes_place = state in (MeetingState.SCHEDULED, MeetingState.ONGOING)
    return Meeting(
        id=found.id,
        title=occurrence.topic,
        agenda=occurrence.agenda,
        start=Timestamp.of(occurrence.start),
        end=Timestamp.of(occurrence.end),
        timezone=meeting.timezone,
        earlyAccessMinutes=UInt32(meeting.early_access_minutes) if meeting.early_access_minutes else None,
        waitingRoomEnabled=meeting.kind == MeetingKind.BOARDROOM,
        waitingRoomWelcomeNote=room.properties.get(_NOTE, "") if room is not None else "",
        features=[
            RoomFeature(RoomFeatureId(name), FeatureState(state)) for name, state in room.features.items()
        ]
        if room is not None
        else [],
        state=state,
        canJoin=takes_place and moment >= shown.opens_at,
        canJoinAfter=Timestamp.of(shown.opens_at) if takes_place and moment < shown.opens_at else None,
        roomAvailable=takes_place,
        canceledAt=Timestamp.of(meeting.canceled_at),
        createdAt=Timestamp.of(meeting.created_at),
        createdBy=meeting.organizer_id,
        groupLinks=dict(found.group_links),
        guestLinks=list(found.guest_links),
    )


def _state(shown: MeetingView) -> MeetingState:
    moment = now()
    if shown.canceled_at is not None:
        return MeetingState.CANCELED
    if shown.is_over(moment):
        return MeetingState.ENDED
    return MeetingState.ONGOING if shown.occurrence.start <= moment else MeetingState.SCHEDULED

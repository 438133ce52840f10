"""Messages of meetings, made of what the domain has of them."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from switchroom.accounts.models import MeetingKind
from switchroom.db.base import now, time_of
from switchroom.dialects.webmeeting_v6.messages.meetings import (
    InvitedMessage,
    MeetingMessage,
    RecurringMessage,
)
from switchroom.dialects.webmeeting_v6.times import text_or_none
from switchroom.meetings.invitations import Invitations, spaced
from switchroom.meetings.models import Meeting
from switchroom.meetings.occurrences import Occurrence, recurrence_of
from switchroom.meetings.recurrence import EndsType, FrequencyType, MonthlyPattern
from switchroom.meetings.views import EARLY, MeetingView
from switchroom.rooms.live import LiveRooms

_PATTERNS = {MonthlyPattern.DAY_OF_MONTH: "dayOfMonth", MonthlyPattern.DAY_OF_WEEK: "dayOfWeek"}
_ENDS = {EndsType.NEVER: "never", EndsType.ON_DATE: "onDate", EndsType.AFTER: "after"}


class MeetingWriter:
    """Words a meeting; `instance_id` is what it calls the whole platform by."""

    def __init__(self, invitations: Invitations, live: LiveRooms, instance_id: str) -> None:
        self._invitations = invitations
        self._live = live
        self._instance_id = instance_id

    def messages(self, listed: Sequence[MeetingView]) -> list[MeetingMessage]:
        """Messages of the meetings. What the occurrences of a meeting have in common is worded once."""
        by_meeting: dict[str, MeetingMessage] = {}
        moment = now()
        worded: list[MeetingMessage] = []
        for shown in listed:
            common = by_meeting.get(shown.meeting.id)
            if common is None:
                common = by_meeting[shown.meeting.id] = self.message(shown)
                worded.append(common)
                continue
            over = shown.is_over(moment)
            occurrence = shown.occurrence
            worded.append(
                structs.replace(
                    common,
                    id=shown.hex_id,
                    topic=occurrence.topic,
                    agenda=occurrence.agenda,
                    start_time=time_of(occurrence.start),
                    end_time=time_of(occurrence.end),
                    duration=_minutes(occurrence),
                    dt_closed_at=text_or_none(occurrence.closed_at),
                    is_active=self._is_active(shown, over=over),
                    is_closed=over,
                    is_open=shown.is_open(moment),
                )
            )
        return worded

    def message(self, shown: MeetingView) -> MeetingMessage:
        meeting, occurrence, moment = shown.meeting, shown.occurrence, now()
        over = shown.is_over(moment)
        return MeetingMessage(
            invited_participants=[
                InvitedMessage(
                    email=one.email,
                    first_name=one.first_name,
                    last_name=one.last_name,
                    preferred_language=one.locale,
                    role=one.role,
                )
                for one in shown.invitees
            ],
            meeting_id=spaced(meeting.number, "-"),
            id=shown.hex_id,
            topic=occurrence.topic,
            start_time=time_of(occurrence.start),
            end_time=time_of(occurrence.end),
            duration=_minutes(occurrence),
            type=MeetingKind(meeting.kind).value,
            room_id=room_id_of(meeting.room_id),
            is_recurring=meeting.recurrence is not None,
            is_dialin=meeting.dial_in_room is not None,
            recurring=_recurring(meeting),
            is_recorded=meeting.recorded,
            agenda=occurrence.agenda,
            documents=meeting.documents,
            meeting_permission_id=meeting.permission_group_id,
            video_resolution=meeting.video_resolution,
            dt_closed_at=text_or_none(occurrence.closed_at),
            whitelabel_id=self._instance_id,
            added_by_user_id=shown.organizer.hex_id,
            added_by_user_email=shown.organizer.email or shown.organizer.username,
            account_id=shown.organization.hex_id,
            added_by_user_name=shown.organizer.display_name,
            timezone=meeting.timezone,
            private_data_visible=True,
            ical_sequence=str(meeting.sequence),
            ics_token=meeting.calendar_token,
            is_active=self._is_active(shown, over=over),
            is_closed=over,
            is_open=shown.is_open(moment),
            dial_in_conference_room=meeting.dial_in_room,
            dial_in_numbers=self._invitations.dial_in_numbers(shown),
            dial_in_pin=meeting.dial_in_pin,
            sip_proxy=None,
            sip_domain=None,
            is_demo=False,
            is_promo=False,
        )

    def _is_active(self, shown: MeetingView, *, over: bool) -> bool:
        """Whether somebody is in it. All occurrences have one room; what is to come is not active."""
        if over or shown.occurrence.start > now() + EARLY:
            return False
        room_id = shown.meeting.room_id
        return bool(self._live.occupants([room_id]).get(room_id))


def _minutes(occurrence: Occurrence) -> str:
    return str(round((occurrence.end - occurrence.start).total_seconds() / 60))


def room_id_of(room_id: str) -> str:
    """24 hexadecimal characters of the room's UUID."""
    return room_id.replace("-", "")[:24]


def _recurring(meeting: Meeting) -> RecurringMessage:
    recurrence = recurrence_of(meeting)
    if recurrence is None:
        return RecurringMessage(
            frequency_type="",
            frequency=None,
            monthly_pattern="",
            ends_type="",
            ends_on=time_of(meeting.created_at),
            ends_after=0,
        )
    monthly = recurrence.frequency_type is FrequencyType.MONTHLY
    return RecurringMessage(
        frequency_type=recurrence.frequency_type.value,
        frequency=recurrence.frequency,
        monthly_pattern=_PATTERNS[recurrence.monthly_pattern] if monthly else "",
        ends_type=_ENDS[recurrence.ends_type],
        ends_on=text_or_none(recurrence.ends_on),
        ends_after=recurrence.ends_after,
    )

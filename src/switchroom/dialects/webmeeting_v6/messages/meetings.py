"""Meetings on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from switchroom.dialects.webmeeting_v6.messages.accounts import MeetingType, Moment, Time
from switchroom.meetings.drafts import MOST_DOCUMENTS, MOST_INVITED


class InvitedParticipant(Struct, rename="camel", kw_only=True):
    """Person to invite to a meeting."""

    email: str
    first_name: str | None = ""
    last_name: str | None = ""
    preferred_language: Literal["en", "de", ""] | None = ""
    role: Literal["participant", "moderator"] | None = "participant"


class Recurring(Struct, rename="camel", kw_only=True):
    """Recurrence of a meeting. Empty texts are those of a meeting that does not repeat."""

    frequency_type: Literal["daily", "weekly", "monthly", ""] | None = ""
    frequency: Annotated[int, Meta(description="Every n-th day, week or month.")] | None = None
    monthly_pattern: Literal["dayOfMonth", "dayOfWeek", ""] | None = ""
    ends_type: Literal["never", "onDate", "after", ""] | None = ""
    ends_on: Moment | None = None
    ends_after: Annotated[int, Meta(description="The number of occurrences.")] | None = 0


class MeetingFields(Struct, rename="camel", kw_only=True):
    """Fields of a meeting that a request can give."""

    start_time: Moment | UnsetType = UNSET
    end_time: Moment | UnsetType = UNSET
    duration: (
        Annotated[int | str, Meta(description="Minutes; counts where there is no `endTime`.")] | UnsetType
    ) = UNSET
    type: MeetingType | UnsetType = UNSET
    timezone: Annotated[str, Meta(description="An IANA name, as Europe/Zurich.")] | UnsetType = UNSET
    agenda: str | UnsetType = UNSET
    documents: Annotated[list[Any], Meta(max_length=MOST_DOCUMENTS)] | UnsetType = UNSET
    is_recurring: bool | UnsetType = UNSET
    recurring: Recurring | UnsetType = UNSET
    is_recorded: bool | UnsetType = UNSET
    is_dialin: bool | UnsetType = UNSET
    invited_participants: Annotated[list[InvitedParticipant], Meta(max_length=MOST_INVITED)] | UnsetType = (
        UNSET
    )
    meeting_permission_id: str | UnsetType | None = UNSET
    video_resolution: str | UnsetType = UNSET


class MeetingCreation(MeetingFields, rename="camel", kw_only=True):
    """A meeting to schedule: without `startTime` it begins now, without `endTime` it lasts `duration`."""

    topic: str


class MeetingUpdate(MeetingFields, rename="camel", kw_only=True):
    """Change of a meeting; a field left out stays. Invitees that are given replace all so far."""

    topic: str | UnsetType = UNSET


class RecurringMessage(Struct, rename="camel", kw_only=True):
    """Recurrence of a meeting; its texts are empty if it does not repeat."""

    frequency_type: str
    frequency: int | None
    monthly_pattern: str
    ends_type: str
    ends_on: Time | None
    ends_after: int


class InvitedMessage(Struct, rename="camel", kw_only=True):
    """Invitee of a meeting."""

    email: str
    first_name: str
    last_name: str
    preferred_language: str
    role: str


class MeetingMessage(Struct, rename="camel", kw_only=True):
    """A meeting or one occurrence of a recurring one. `isOpen` is one that can be entered now, `isActive`
    one that somebody is in."""

    invited_participants: list[InvitedMessage]
    meeting_id: str
    id: str
    topic: str
    start_time: Time
    end_time: Time
    duration: str
    type: MeetingType
    room_id: str
    is_recurring: bool
    is_dialin: bool
    recurring: RecurringMessage
    is_recorded: bool
    agenda: str
    documents: list[Any]
    meeting_permission_id: str | None
    video_resolution: str
    dt_closed_at: Time | None
    whitelabel_id: str
    added_by_user_id: str
    added_by_user_email: str
    account_id: str
    added_by_user_name: str
    timezone: str
    private_data_visible: bool
    ical_sequence: str
    ics_token: str
    is_active: bool
    is_closed: bool
    is_open: bool
    dial_in_conference_room: str | None
    dial_in_numbers: list[str]
    dial_in_pin: str | None
    sip_proxy: str | None
    sip_domain: str | None
    is_demo: bool
    is_promo: bool


class ParticipantMessage(Struct, rename="camel", kw_only=True):
    """Stay of a person in a meeting. `leftAt` is null while it lasts. `userId` of a meeting organizer is the
    `id` of the user; `email` is null for somebody who has come by the meeting's general address."""

    participant_id: str
    user_id: str
    email: str | None
    name: str
    is_guest: bool
    joined_at: Time
    left_at: Time | None


class ChatLine(Struct, rename="camel", kw_only=True):
    """A line of the chat that was for everybody."""

    sent_at: Time
    name: str
    text: str


class RecordingMessage(Struct, rename="camel", kw_only=True):
    """Recording of a meeting while somebody was in it. Anybody with the `url` may have the file; the `url`
    comes, with `duration` in seconds and `size` in bytes, when `state` is ready."""

    id: str
    state: Literal["recording", "processing", "ready", "failed"]
    start_time: Time
    end_time: Time | None
    duration: int | None
    size: int | None
    content_type: str | None
    url: str | None


class SummaryMessage(Struct, rename="camel", kw_only=True):
    """Summary of a meeting: its participants, chat and recordings."""

    id: str
    meeting_id: str
    topic: str
    agenda: str
    start_time: Time
    end_time: Time
    closed_at: Time | None
    participants: list[ParticipantMessage]
    chat: list[ChatLine]
    recordings: list[RecordingMessage]

"""Meetings as the people who schedule them see and write them, on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from switchroom.conference.messages import Id, Token
from switchroom.dialects.client.messages.meetings import Kind

Text = Annotated[str, Meta(max_length=25_000)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Moment = Annotated[datetime, Meta(tz=True)]
Clock = Annotated[datetime, Meta(tz=False)]
"""Local time, as a clock in the meeting's time zone shows it."""

State = Literal["to_come", "on", "over"]
Role = Literal["participant", "moderator"]


class AgendaQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """Query for meetings that end after `from` and begin before `to`: the caller's own or, for
    administrators, everybody's."""

    access_token: Token
    from_: Moment = field(name="from")
    to: Moment | None = None
    of_everybody: bool = False
    limit: Annotated[int, Meta(ge=1, le=500)] = 100
    offset: Count = 0


class AgendaEntry(Struct, frozen=True, rename="camel", kw_only=True):
    """Occurrence of a meeting: one time that it takes place."""

    id: str
    number: str
    link: str
    topic: str
    kind: Kind
    start: str
    end: str
    timezone: str
    is_recurring: bool
    state: State
    organizer_name: str
    is_own: bool


class AgendaAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """Meetings in order of their start; `hasMore` is whether others follow."""

    meetings: list[AgendaEntry]
    has_more: bool


class Repetition(Struct, frozen=True, rename="camel", kw_only=True):
    """Recurrence of a meeting, `once` for none. `endsOn` is the last day, in the meeting's time zone."""

    frequency_type: Literal["once", "daily", "weekly", "monthly"]
    frequency: int = 1
    monthly_pattern: Literal["day_of_month", "day_of_week"] = "day_of_month"
    ends_type: Literal["never", "on_date", "after"] = "never"
    ends_on: date | None = None
    ends_after: int = 0


class InviteeWish(Struct, frozen=True, rename="camel", kw_only=True):
    """Person to invite."""

    email: Text
    first_name: Text = ""
    last_name: Text = ""
    locale: Literal["", "en", "de"] = ""
    role: Role = "participant"


class MeetingWish(Struct, frozen=True, rename="camel", kw_only=True):
    """A meeting as somebody wants it; what is left out stays, or is as usual. `start` is what a clock shows
    in the time zone, which must be said with it."""

    topic: Text | UnsetType = UNSET
    agenda: Text | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    start: Clock | UnsetType = UNSET
    minutes: Annotated[int, Meta(ge=1, le=20_160)] | UnsetType = UNSET
    timezone: Text | UnsetType = UNSET
    repetition: Repetition | UnsetType = UNSET
    early_access_minutes: int | UnsetType = UNSET
    is_recorded: bool | UnsetType = UNSET
    invitees: Annotated[list[InviteeWish], Meta(max_length=1000)] | UnsetType = UNSET


class MeetingCreation(Struct, frozen=True, rename="camel", kw_only=True):
    """A meeting to be."""

    access_token: Token
    meeting: MeetingWish


class MeetingChoice(Struct, frozen=True, rename="camel", kw_only=True):
    """Choice of a meeting, by the id of one of its times, or its number."""

    access_token: Token
    id: Id


class MeetingChange(Struct, frozen=True, rename="camel", kw_only=True):
    """Change of all times of the meeting, or of the one that is named. `sequence` is that of the meeting as
    it was seen: a meeting that has been changed since is left alone."""

    access_token: Token
    id: Id
    of_series: bool
    sequence: int
    meeting: MeetingWish


class MeetingCancellation(Struct, frozen=True, rename="camel", kw_only=True):
    """Cancellation of times as in `MeetingChange`; invitees are told the reason."""

    access_token: Token
    id: Id
    of_series: bool
    sequence: int
    reason: Text = ""


class InviteeAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """Invitee, with their own link to the meeting and the state of the last mail to them."""

    email: str
    first_name: str
    last_name: str
    locale: Literal["en", "de"]
    role: Role
    link: str
    mail: Literal["none", "queued", "sent", "failed"]


class ScheduledMeeting(Struct, frozen=True, rename="camel", kw_only=True):
    """A meeting with all that can be changed about it, at one of its times. `localStart` is what a clock in
    its time zone shows."""

    id: str
    number: str
    link: str
    topic: str
    agenda: str
    kind: Kind
    start: str
    end: str
    local_start: str
    minutes: int
    timezone: str
    repetition: Repetition
    early_access_minutes: int
    is_recorded: bool
    invitees: list[InviteeAnswer]
    organizer_name: str
    organizer_email: str
    is_own: bool
    sequence: int
    state: State
    dial_in_numbers: list[str]
    dial_in_pin: str


class MeetingGone(Struct, frozen=True):
    """The meeting is called off."""

    id: str


class SummaryQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """Query for a page of the summary: how many people and lines of chat are passed over."""

    access_token: Token
    id: Id
    people_offset: Count = 0
    chat_offset: Count = 0


class Stay(Struct, frozen=True, rename="camel", kw_only=True):
    """Stay of a person in a meeting; it lasts while `leftAt` is null."""

    name: str
    email: str
    is_guest: bool
    joined_at: str
    left_at: str | None


class ChatLine(Struct, frozen=True, rename="camel", kw_only=True):
    sent_at: str
    name: str
    text: str


class RecordingEntry(Struct, frozen=True, rename="camel", kw_only=True):
    """A recording. `seconds`, `bytes` and `url`, which is good for some hours, are of one that is ready,
    `failure` is of one that has failed."""

    id: str
    state: Literal["recording", "processing", "ready", "failed"]
    failure: Literal["", "unreadable", "not_made", "timed_out", "disk_full", "disk"]
    start: str
    end: str | None
    seconds: int
    bytes: int
    content_type: str
    url: str


class RecordingPlace(Struct, frozen=True, rename="camel"):
    """The place of a recording among others."""

    started_at: Moment
    id: Id


class RecordingsQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """Recordings of one's own meetings and of rooms that one moderates or, for administrators, of
    everybody's; of one meeting or room alone, where one is named."""

    access_token: Token
    of_everybody: bool = False
    meeting_id: Id | UnsetType = UNSET
    room_id: Id | UnsetType = UNSET
    after: RecordingPlace | UnsetType = UNSET


class ListedRecording(RecordingEntry, frozen=True, rename="camel", kw_only=True):
    """A recording, and the meeting or the room that it is of: `title` is the meeting's topic, or the room's
    name. `organizerName` and `isOwn` are of a meeting."""

    title: str
    meeting_id: str | UnsetType = UNSET
    room_id: str | UnsetType = UNSET
    organizer_name: str
    is_own: bool


class RecordingsAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """The newest first; `following` is what to go on behind, if there are more. `keptDays` is how many days
    after the end of their meeting, or of the recording of a room, they are deleted."""

    recordings: list[ListedRecording]
    following: RecordingPlace | UnsetType = UNSET
    kept_days: int


class RecordingChoice(Struct, frozen=True, rename="camel"):
    """Choice of a recording."""

    access_token: Token
    id: Id


class SummaryAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """Summary of a meeting: a page of the people who were there and of the chat, and the recordings."""

    people: list[Stay]
    people_in_all: int
    chat: list[ChatLine]
    chat_in_all: int
    recordings: list[RecordingEntry]


class TermsQuery(Struct, frozen=True, rename="camel"):
    """Query for the terms of meetings."""

    access_token: Token


class TermsAnswer(Struct, frozen=True, rename="camel"):
    """Terms of meetings on this server."""

    can_record: bool


class FeedQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """Query for the caller's calendar feed; a renewed address makes the one before it void."""

    access_token: Token
    is_renewed: bool = False


class FeedAnswer(Struct, frozen=True):
    """The path of the calendar feed; anybody with the path may read the calendar."""

    path: str

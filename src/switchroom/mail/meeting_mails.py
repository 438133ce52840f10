"""The mail that tells of a meeting: that it is planned, has changed, or does not take place."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class MeetingMailKind(StrEnum):
    INVITATION = "invitation"
    UPDATE = "update"
    CANCELLATION = "cancellation"


class MeetingRole(StrEnum):
    PARTICIPANT = "participant"
    MODERATOR = "moderator"


class MeetingEntry(Struct, frozen=True, kw_only=True):
    """A meeting as it stands in a calendar.

    `uid` and `sequence` are the entry's as they are: everyone's entry of a meeting has the same `uid`, and a
    higher `sequence` replaces what was before. `start` and `end` are in UTC, `timezone` is an IANA name.
    `recurrence` is the value of RRULE, empty without one; `excluded` are starts that it leaves out. With
    `recurrence_id` the entry is about the one occurrence that was to start then. `locale` is `de` or `en`.
    """

    uid: str
    sequence: int
    organizer_name: str
    organizer_email: str
    organization_name: str
    topic: str
    agenda: str = ""
    start: datetime
    end: datetime
    timezone: str
    recurrence: str = ""
    recurrence_id: datetime | None = None
    excluded: tuple[datetime, ...] = ()
    join_link: str
    meeting_number: str = ""
    dial_in_numbers: tuple[str, ...] = ()
    dial_in_pin: str = ""
    locale: str


class MeetingMail(MeetingEntry, frozen=True, kw_only=True, tag="meeting"):
    """The entry, and to whom it goes why."""

    kind: MeetingMailKind
    to: str
    to_name: str = ""
    role: MeetingRole = MeetingRole.PARTICIPANT

"""The mail that tells of a meeting: that it is planned, has changed, or does not take place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, structs


class MeetingMailKind(StrEnum):
    INVITATION = "invitation"
    UPDATE = "update"
    CANCELLATION = "cancellation"


class MeetingRole(StrEnum):
    PARTICIPANT = "participant"
    MODERATOR = "moderator"


class DifferentOccurrence(Struct, frozen=True, kw_only=True):
    """An occurrence that is not as its series says: the one that was to start at `recurrence_id`. In UTC."""

    recurrence_id: datetime
    start: datetime
    end: datetime
    topic: str
    agenda: str = ""


class MeetingEntry(Struct, frozen=True, kw_only=True):
    """A meeting as it stands in a calendar.

    `uid` and `sequence` are the entry's as they are: everyone's entry of a meeting has the same `uid`, and a
    higher `sequence` replaces what was before. `start` and `end` are in UTC, `timezone` is an IANA name.
    `recurrence` is the value of RRULE, empty without one; `excluded` are starts that it leaves out, and
    `different` takes the place of some of its occurrences. With `recurrence_id` the entry is about the one
    occurrence that was to start then. Participants of a webinar listen. `locale` is `de` or `en`.
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
    different: tuple[DifferentOccurrence, ...] = ()
    join_link: str
    meeting_number: str = ""
    dial_in_numbers: tuple[str, ...] = ()
    dial_in_pin: str = ""
    is_recorded: bool = False
    is_webinar: bool = False
    locale: str


class MeetingRecipient(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Recipient, with their language (`de` or `en`) and their own link into the meeting."""

    to: str
    to_name: str = ""
    role: MeetingRole = MeetingRole.PARTICIPANT
    join_link: str
    locale: str


class MeetingMailing(MeetingEntry, frozen=True, kw_only=True, omit_defaults=True):
    """The same mail to several people. The entry's own `join_link` and `locale` go to nobody."""

    kind: MeetingMailKind
    reason: str = ""
    recipients: tuple[MeetingRecipient, ...]

    def mails(self) -> Iterator[MeetingMail]:
        values = {name: getattr(self, name) for name in _SHARED}
        for recipient in self.recipients:
            yield MeetingMail(**(values | structs.asdict(recipient)))


class MeetingMail(MeetingEntry, frozen=True, kw_only=True, tag="meeting"):
    """The entry, and to whom it goes why. `reason` is why a meeting does not take place, if that was said."""

    kind: MeetingMailKind
    reason: str = ""
    to: str
    to_name: str = ""
    role: MeetingRole = MeetingRole.PARTICIPANT


_SHARED = tuple(name for name in MeetingMailing.__struct_fields__ if name != "recipients")

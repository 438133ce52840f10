"""The mails that those invited get."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.accounts.models import MeetingKind
from switchroom.mail.meeting_mails import (
    DifferentOccurrence,
    MeetingEntry,
    MeetingMailing,
    MeetingMailKind,
    MeetingRecipient,
    MeetingRole,
)
from switchroom.mail.queue import enqueue_meeting_mails
from switchroom.meetings.models import Meeting
from switchroom.meetings.occurrences import Changes, occurrence_at, recurrence_of
from switchroom.meetings.recurrence import to_rrule_text
from switchroom.meetings.views import Invited, MeetingView


class Invitations:
    """Knows what to write to whom; `standard_numbers` are the platform's for dialling in."""

    def __init__(self, base_url: str, standard_numbers: Sequence[str]) -> None:
        self._base_url = base_url
        self._host = urlsplit(base_url).hostname or "localhost"
        self._standard_numbers = standard_numbers

    def address(self, shown: MeetingView, key: str = "") -> str:
        """Address by which the meeting is entered; with a key, by the one invitee whose key it is."""
        return self.page(shown.meeting.number) + (f"/{key}" if key else "")

    def uid(self, meeting: Meeting) -> str:
        """Identifier of the meeting in calendars and mails."""
        return f"{meeting.hex_id}@{self._host}"

    def page(self, number: str) -> str:
        return f"{self._base_url}/#/meeting/{spaced(number, '-')}"

    def dial_in_numbers(self, shown: MeetingView) -> list[str]:
        """The numbers to call, of a meeting that can be called."""
        if shown.meeting.dial_in_room is None:
            return []
        standard = self._standard_numbers if shown.terms.with_standard_numbers else ()
        return [*shown.terms.dial_in_numbers, *standard]

    def entry(
        self, shown: MeetingView, changes: Changes, *, of_occurrence: bool, key: str = "", locale: str = "en"
    ) -> MeetingEntry:
        """The meeting, or the one occurrence, as it stands in a calendar."""
        meeting, occurrence = shown.meeting, shown.occurrence
        recurrence = recurrence_of(meeting)
        whole = recurrence is not None and not of_occurrence
        rule = to_rrule_text(recurrence, meeting.start_at, meeting.timezone) if recurrence is not None else ""
        return MeetingEntry(
            uid=self.uid(meeting),
            sequence=meeting.sequence,
            organizer_name=shown.organizer.display_name,
            organizer_email=shown.organizer.email,
            organization_name=shown.organization.display_name,
            topic=meeting.topic if whole else occurrence.topic,
            agenda=meeting.agenda if whole else occurrence.agenda,
            start=meeting.start_at if whole else occurrence.start,
            end=meeting.end_at if whole else occurrence.end,
            timezone=meeting.timezone,
            recurrence=rule if whole else "",
            recurrence_id=occurrence.original_start if recurrence is not None and not whole else None,
            excluded=_excluded(changes) if whole else (),
            different=_different(meeting, changes) if whole else (),
            join_link=self.address(shown, key),
            meeting_number=spaced(meeting.number, " "),
            dial_in_numbers=tuple(self.dial_in_numbers(shown)),
            dial_in_pin=meeting.dial_in_pin or "",
            is_recorded=meeting.recorded,
            is_webinar=meeting.kind == MeetingKind.WEBINAR,
            locale=locale,
        )

    async def send(
        self,
        session: AsyncSession,
        kind: MeetingMailKind,
        shown: MeetingView,
        changes: Changes,
        invitees: Sequence[Invited],
        *,
        of_occurrence: bool = False,
        reason: str = "",
    ) -> None:
        """Queue the mail for each of them, to leave when the session's transaction is committed."""
        entry = self.entry(shown, changes, of_occurrence=of_occurrence)
        address = self.address(shown)
        mailing = MeetingMailing(
            **structs.asdict(entry),
            kind=kind,
            reason=reason,
            recipients=tuple(
                MeetingRecipient(
                    to=one.email,
                    to_name=one.name,
                    role=MeetingRole(one.role),
                    join_link=f"{address}/{one.access_key}",
                    locale=one.locale,
                )
                for one in invitees
            ),
        )
        await enqueue_meeting_mails(session, shown.meeting.organization_id, mailing)


def spaced(number: str, by: str) -> str:
    """The sixteen digits in four groups."""
    return by.join(number[start : start + 4] for start in range(0, 16, 4))


def _different(meeting: Meeting, changes: Changes) -> tuple[DifferentOccurrence, ...]:
    found = (
        occurrence_at(meeting, changes, start)
        for start, row in sorted(changes.items())
        if row.start_at is not None or row.topic is not None or row.agenda is not None
    )
    return tuple(
        DifferentOccurrence(
            recurrence_id=one.original_start,
            start=one.start,
            end=one.end,
            topic=one.topic,
            agenda=one.agenda,
        )
        for one in found
        if one is not None
    )


def _excluded(changes: Changes) -> tuple[datetime, ...]:
    return tuple(sorted(start for start, row in changes.items() if row.canceled))

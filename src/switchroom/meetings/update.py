"""Update of a meeting by a draft."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from msgspec import UNSET, UnsetType

from switchroom.errors import ErrorCode, Problems
from switchroom.meetings import occurrences as occurrences
from switchroom.meetings.drafts import MeetingDraft, require_times
from switchroom.meetings.models import Meeting
from switchroom.meetings.occurrences import Occurrence
from switchroom.meetings.recurrence import Recurrence, require_possible
from switchroom.meetings.views import Invited


def change_words(meeting: Meeting, draft: MeetingDraft) -> None:
    """Take over what the draft, which has been checked, says beside times and people."""
    if draft.topic is not UNSET:
        meeting.topic = draft.topic
    if draft.agenda is not UNSET:
        meeting.agenda = draft.agenda
    if draft.documents is not UNSET:
        meeting.documents = list(draft.documents)
    if draft.kind is not UNSET:
        meeting.kind = draft.kind
    if draft.early_access_minutes is not UNSET:
        meeting.early_access_minutes = draft.early_access_minutes
    if draft.recorded is not UNSET:
        meeting.recorded = draft.recorded
    if draft.video_resolution is not UNSET:
        meeting.video_resolution = draft.video_resolution
    if draft.dial_in is not UNSET:
        set_dial_in(meeting, wanted=draft.dial_in)


def change_times(meeting: Meeting, draft: MeetingDraft, named: Occurrence | None, shown: Occurrence) -> None:
    """Times said of one occurrence move the whole series by as much on the clocks of its zone. A series that
    is to be none any more takes place then, and then only."""
    old_zone = ZoneInfo(meeting.timezone)
    if draft.timezone is not UNSET:
        meeting.timezone = draft.timezone
    present = occurrences.recurrence_of(meeting)
    recurrence = present if isinstance(draft.recurrence, UnsetType) else draft.recurrence
    if present is None:
        old_start, old_end = meeting.start_at, meeting.end_at
    elif recurrence is None:
        old_start, old_end = (named or shown).start, (named or shown).end
    else:
        old_start, old_end = _spoken_of(meeting, draft, named, shown)
    start, end = new_times(old_start, old_end, draft)
    require_times(start, end)
    if present is not None and recurrence is not None:
        first = meeting.start_at
        if start != old_start:
            zone = ZoneInfo(meeting.timezone)
            ahead = _clock(old_start, old_zone) - _clock(first, old_zone)
            first = (_clock(start, zone) - ahead).replace(tzinfo=zone).astimezone(UTC)
    else:
        first = start
    meeting.start_at = first.replace(microsecond=0) if recurrence is not None else first
    meeting.end_at = meeting.start_at + (end - start)
    require_times(meeting.start_at, meeting.end_at)
    require_recurrence(recurrence, meeting)
    meeting.recurrence = msgspec.to_builtins(recurrence) if recurrence is not None else None


def _spoken_of(
    meeting: Meeting, draft: MeetingDraft, named: Occurrence | None, shown: Occurrence
) -> tuple[datetime, datetime]:
    """The times of the occurrence that the draft is about: the one it names. For the series as a whole they
    are those of its first or of the one that it shows, whichever is nearer."""
    if named is not None:
        return named.start, named.end
    first = meeting.start_at, meeting.end_at
    said = draft.start or draft.end
    if not said:
        return first
    return min(first, (shown.start, shown.end), key=lambda one: abs(one[0] - said))


def moved_with(meeting: Meeting, old_start: datetime, old_timezone: str) -> Callable[[datetime], datetime]:
    """Function from the start that an occurrence of a series had to the one it has, now that the series has
    moved by the clocks of its zone."""
    old_zone, zone = ZoneInfo(old_timezone), ZoneInfo(meeting.timezone)
    by = _clock(meeting.start_at, zone) - _clock(old_start, old_zone)

    def moved(start: datetime) -> datetime:
        return (_clock(start, old_zone) + by).replace(tzinfo=zone).astimezone(UTC)

    unmoved = not by and old_timezone == meeting.timezone
    return (lambda start: start) if unmoved else moved


def _clock(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def new_times(start: datetime, end: datetime, draft: MeetingDraft) -> tuple[datetime, datetime]:
    """A new start alone keeps the length; an end counts before a duration."""
    length = end - start
    new_start = start if isinstance(draft.start, UnsetType) else draft.start
    if not isinstance(draft.end, UnsetType):
        return new_start, draft.end
    return new_start, new_start + (length if isinstance(draft.duration, UnsetType) else draft.duration)


def require_recurrence(recurrence: Recurrence | None, meeting: Meeting) -> None:
    if recurrence is None:
        return
    problems = Problems()
    with problems:
        require_possible(recurrence, meeting.start_at, meeting.timezone)
    if meeting.end_at - meeting.start_at > timedelta(days=1):
        problems.add(ErrorCode.SERIES_TOO_LONG, "end")
    problems.require_none()


def require_of_series(meeting: Meeting, present: Sequence[Invited], draft: MeetingDraft) -> None:
    """Raises Invalid for what can be said of a series only, where it says something new. That it is to be no
    series is passed over. The draft must have been checked."""
    problems = Problems()
    if draft.invitees is not UNSET:
        wanted = {(one.email, one.role) for one in draft.invitees}
        if wanted != {(one.email, one.role) for one in present}:
            problems.add(ErrorCode.SERIES_INVITES, "invitees")
    for path, said, there in (
        ("timezone", draft.timezone, meeting.timezone),
        ("kind", draft.kind, meeting.kind),
        ("documents", draft.documents, meeting.documents),
        ("permission_group_id", draft.permission_group_id, meeting.permission_group_id),
        ("early_access_minutes", draft.early_access_minutes, meeting.early_access_minutes),
        ("recorded", draft.recorded, meeting.recorded),
        ("dial_in", draft.dial_in, meeting.dial_in_room is not None),
        ("video_resolution", draft.video_resolution, meeting.video_resolution),
        ("recurrence", draft.recurrence or UNSET, occurrences.recurrence_of(meeting)),
    ):
        if said is not UNSET and said != there:
            problems.add(ErrorCode.SERIES_ONLY, path)
    problems.require_none()


def set_dial_in(meeting: Meeting, *, wanted: bool) -> None:
    """A meeting keeps its PIN for as long as it can be called."""
    if not wanted:
        meeting.dial_in_room = meeting.dial_in_pin = None
    elif meeting.dial_in_room is None:
        meeting.dial_in_room, meeting.dial_in_pin = random_digits(8), random_digits(6)


def random_digits(count: int) -> str:
    """A random number of so many digits, the first of them not 0."""
    least = 10 ** (count - 1)
    return str(least + secrets.randbelow(9 * least))

"""What callers say about a meeting, in the words of the domain."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import UNSET, UnsetType

from switchroom.dialects.webmeeting_v6.messages.meetings import (
    InvitedParticipant,
    MeetingCreation,
    MeetingUpdate,
    Recurring,
)
from switchroom.errors import Invalid
from switchroom.identity.timezones import require_timezone
from switchroom.mail.meeting_mails import MeetingRole
from switchroom.meetings.drafts import InviteeDraft, MeetingDraft
from switchroom.meetings.models import MeetingKind
from switchroom.meetings.recurrence import EndsType, FrequencyType, MonthlyPattern, Recurrence

_PATTERNS = {"dayOfMonth": MonthlyPattern.DAY_OF_MONTH, "dayOfWeek": MonthlyPattern.DAY_OF_WEEK}
_ENDS = {"never": EndsType.NEVER, "onDate": EndsType.ON_DATE, "after": EndsType.AFTER}
_LONGEST_MINUTES = 14 * 24 * 60


def meeting_draft(request: MeetingCreation | MeetingUpdate, *, is_new: bool, timezone: str) -> MeetingDraft:
    """`timezone` is the organizer's: a recurring meeting ends on a day of the meeting's zone."""
    invited = request.invited_participants
    zone = timezone if request.timezone is UNSET else require_timezone(request.timezone)
    return MeetingDraft(
        topic=request.topic,
        agenda=request.agenda,
        documents=request.documents,
        kind=MeetingKind(request.type) if request.type is not UNSET else UNSET,
        start=_in_utc(request.start_time),
        end=_in_utc(request.end_time),
        duration=_minutes(request.duration),
        timezone=request.timezone,
        recurrence=_recurrence(request, zone, is_new=is_new),
        permission_group_id=request.meeting_permission_id,
        recorded=request.is_recorded,
        dial_in=request.is_dialin,
        video_resolution=request.video_resolution,
        invitees=[_invitee(one) for one in invited] if invited is not UNSET else UNSET,
    )


def _in_utc(moment: datetime | UnsetType) -> datetime | UnsetType:
    """Raises Invalid for a time that UTC has no year for."""
    if isinstance(moment, UnsetType):
        return UNSET
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise Invalid("a time is out of all bounds", field="startTime") from None


def _minutes(duration: int | str | UnsetType) -> timedelta | UnsetType:
    if isinstance(duration, UnsetType) or duration == "":
        return UNSET
    try:
        minutes = int(duration)
    except ValueError:
        raise Invalid("duration is not a whole number of minutes", field="duration") from None
    if not 1 <= minutes <= _LONGEST_MINUTES:
        raise Invalid(f"duration must be from 1 to {_LONGEST_MINUTES} minutes", field="duration")
    return timedelta(minutes=minutes)


def _recurrence(
    request: MeetingCreation | MeetingUpdate, timezone: str, *, is_new: bool
) -> Recurrence | UnsetType | None:
    said = request.recurring
    repeats = said is not UNSET and bool(said.frequency_type)
    if request.is_recurring is False or (request.is_recurring is UNSET and not repeats):
        return None if request.is_recurring is False or is_new else UNSET
    if said is UNSET or not said.frequency_type:
        if not is_new:
            return UNSET
        raise Invalid("a recurring meeting needs a frequencyType", field="recurring.frequencyType")
    ends = _ENDS[said.ends_type or "never"]
    return Recurrence(
        frequency_type=FrequencyType(said.frequency_type),
        frequency=1 if said.frequency is None else said.frequency,
        monthly_pattern=_PATTERNS[said.monthly_pattern or "dayOfMonth"],
        ends_type=ends,
        ends_on=_end_of_day(said, timezone) if ends is EndsType.ON_DATE else None,
        ends_after=(said.ends_after or 0) if ends is EndsType.AFTER else 0,
    )


def _end_of_day(said: Recurring, timezone: str) -> datetime | None:
    """The last second of the day that is meant: programs send midnight in UTC for a date."""
    if said.ends_on is None:
        return None
    zone = ZoneInfo(timezone)
    in_utc = said.ends_on.astimezone(UTC)
    day: date = in_utc.date() if in_utc.time() == time(0) else said.ends_on.astimezone(zone).date()
    return datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)


def _invitee(said: InvitedParticipant) -> InviteeDraft:
    return InviteeDraft(
        email=said.email,
        first_name=said.first_name or "",
        last_name=said.last_name or "",
        locale=said.preferred_language or "",
        role=MeetingRole(said.role or "participant"),
    )

"""Drafts of meetings, made of what the pages say."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import UNSET, UnsetType

from switchroom.accounts.models import MeetingKind
from switchroom.dialects.client.messages.scheduling import MeetingWish, Repetition
from switchroom.errors import ErrorCode, Invalid, Problems
from switchroom.identity.timezones import require_timezone
from switchroom.mail.meeting_mails import MeetingRole
from switchroom.meetings.drafts import InviteeDraft, MeetingDraft
from switchroom.meetings.models import Meeting
from switchroom.meetings.occurrences import recurrence_of
from switchroom.meetings.recurrence import EndsType, FrequencyType, MonthlyPattern, Recurrence

_LONGEST_EARLY = 30


def draft_of(wish: MeetingWish, *, is_new: bool) -> MeetingDraft:
    """The draft. Raises Invalid with what cannot be put into the words of the domain."""
    problems = Problems()
    zone = ZoneInfo("UTC")
    dated = wish.start is not UNSET or wish.repetition is not UNSET
    if is_new or dated:
        with problems:
            if isinstance(wish.timezone, UnsetType):
                raise Invalid(ErrorCode.REQUIRED, "timezone")
            zone = ZoneInfo(require_timezone(wish.timezone))
        if is_new and isinstance(wish.start, UnsetType):
            problems.add(ErrorCode.REQUIRED, "start")
    early = wish.early_access_minutes
    if not isinstance(early, UnsetType) and not 0 <= early <= _LONGEST_EARLY:
        problems.add(ErrorCode.OUT_OF_RANGE, "early_access_minutes", least=0, most=_LONGEST_EARLY)
    problems.require_none()
    repetition = wish.repetition
    return MeetingDraft(
        topic=wish.topic,
        agenda=wish.agenda,
        kind=MeetingKind(wish.kind) if not isinstance(wish.kind, UnsetType) else UNSET,
        start=_moment(wish.start, zone, "start") if not isinstance(wish.start, UnsetType) else UNSET,
        duration=timedelta(minutes=wish.minutes) if not isinstance(wish.minutes, UnsetType) else UNSET,
        timezone=wish.timezone,
        recurrence=UNSET if isinstance(repetition, UnsetType) else _recurrence(repetition, zone),
        early_access_minutes=early,
        recorded=wish.is_recorded,
        invitees=[
            InviteeDraft(
                email=one.email,
                first_name=one.first_name,
                last_name=one.last_name,
                locale=one.locale,
                role=MeetingRole(one.role),
            )
            for one in wish.invitees
        ]
        if not isinstance(wish.invitees, UnsetType)
        else UNSET,
    )


def repetition_of(meeting: Meeting) -> Repetition:
    """Recurrence of the meeting, if any, as it is written in a draft."""
    recurrence = recurrence_of(meeting)
    if recurrence is None:
        return Repetition(frequency_type="once")
    zone = ZoneInfo(meeting.timezone)
    ends_on = recurrence.ends_on.astimezone(zone).date() if recurrence.ends_on is not None else None
    return Repetition(
        frequency_type=recurrence.frequency_type.value,
        frequency=recurrence.frequency,
        monthly_pattern=recurrence.monthly_pattern.value,
        ends_type=recurrence.ends_type.value,
        ends_on=ends_on,
        ends_after=recurrence.ends_after,
    )


def _recurrence(said: Repetition, zone: ZoneInfo) -> Recurrence | None:
    if said.frequency_type == "once":
        return None
    ends = EndsType(said.ends_type)
    on_date = ends is EndsType.ON_DATE and said.ends_on is not None
    return Recurrence(
        frequency_type=FrequencyType(said.frequency_type),
        frequency=said.frequency,
        monthly_pattern=MonthlyPattern(said.monthly_pattern),
        ends_type=ends,
        ends_on=_last_second(said.ends_on, zone) if on_date and said.ends_on is not None else None,
        ends_after=said.ends_after if ends is EndsType.AFTER else 0,
    )


def _last_second(day: date, zone: ZoneInfo) -> datetime:
    return _moment(datetime.combine(day, time(23, 59, 59)), zone, "recurrence.ends_on")


def _moment(clock: datetime, zone: ZoneInfo, path: str) -> datetime:
    """Time in UTC at which a clock in the zone shows this; the first time where it does so twice.
    Raises Invalid for one that is out of range."""
    try:
        return clock.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        raise Invalid(ErrorCode.TIME_OVERFLOW, path) from None

"""Drafts of meetings, made of what callers say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import TypeVar
from zoneinfo import ZoneInfo

from msgspec import UNSET, UnsetType

from switchroom.accounts.models import MeetingKind
from switchroom.dialects.query import whole_number
from switchroom.dialects.webmeeting_v6.messages.meetings import (
    InvitedParticipant,
    MeetingCreation,
    MeetingUpdate,
    Recurring,
)
from switchroom.dialects.webmeeting_v6.times import in_utc
from switchroom.errors import ErrorCode, Invalid, Problems
from switchroom.identity.timezones import is_timezone
from switchroom.mail.meeting_mails import MeetingRole
from switchroom.meetings.drafts import LATEST, InviteeDraft, MeetingDraft
from switchroom.meetings.recurrence import EndsType, FrequencyType, MonthlyPattern, Recurrence

T = TypeVar("T")

_PATTERNS = {"dayOfMonth": MonthlyPattern.DAY_OF_MONTH, "dayOfWeek": MonthlyPattern.DAY_OF_WEEK}
_ENDS = {"never": EndsType.NEVER, "onDate": EndsType.ON_DATE, "after": EndsType.AFTER}
_LONGEST_MINUTES = 14 * 24 * 60


def meeting_draft(
    request: MeetingCreation | MeetingUpdate, problems: Problems, *, is_new: bool, timezone: str
) -> MeetingDraft:
    """The draft, without what cannot be put into the words of the domain, of which `problems` tells.

    `timezone` is the one that counts unless another is said: a recurring meeting ends on a day of it."""

    def read(value: Callable[[], T]) -> T | UnsetType:
        with problems:
            return value()
        return UNSET

    def moment(said: datetime | UnsetType, path: str) -> datetime | UnsetType:
        return UNSET if isinstance(said, UnsetType) else read(partial(in_utc, said, path))

    invited = request.invited_participants
    zone = request.timezone if request.timezone is not UNSET and is_timezone(request.timezone) else timezone
    return MeetingDraft(
        topic=request.topic,
        agenda=request.agenda,
        documents=request.documents,
        kind=MeetingKind(request.type) if request.type is not UNSET else UNSET,
        start=moment(request.start_time, "start"),
        end=moment(request.end_time, "end"),
        duration=read(partial(_minutes, request.duration)),
        timezone=request.timezone,
        recurrence=read(partial(_recurrence, request, zone, is_new=is_new)),
        permission_group_id=request.meeting_permission_id,
        recorded=request.is_recorded,
        dial_in=request.is_dialin,
        video_resolution=request.video_resolution,
        invitees=[_invitee(one) for one in invited] if invited is not UNSET else UNSET,
    )


def _minutes(duration: int | str | UnsetType) -> timedelta | UnsetType:
    if isinstance(duration, UnsetType) or duration == "":
        return UNSET
    minutes = duration if isinstance(duration, int) else whole_number(duration.strip())
    if minutes is None:
        raise Invalid(ErrorCode.DURATION_NOT_A_NUMBER, "duration")
    if not 1 <= minutes <= _LONGEST_MINUTES:
        raise Invalid(ErrorCode.OUT_OF_RANGE, "duration", least=1, most=_LONGEST_MINUTES)
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
        raise Invalid(ErrorCode.REQUIRED, "recurrence.frequency_type")
    ends = _ENDS[said.ends_type or "never"]
    return Recurrence(
        frequency_type=FrequencyType(said.frequency_type),
        frequency=1 if said.frequency is None else said.frequency,
        monthly_pattern=_PATTERNS[
            (said.frequency_type == "monthly" and said.monthly_pattern) or "dayOfMonth"
        ],
        ends_type=ends,
        ends_on=_end_of_day(said, timezone) if ends is EndsType.ON_DATE else None,
        ends_after=(said.ends_after or 0) if ends is EndsType.AFTER else 0,
    )


def _end_of_day(said: Recurring, timezone: str) -> datetime | None:
    """The last second of the day that is meant: programs send midnight in UTC for a date."""
    if said.ends_on is None:
        return None
    zone = ZoneInfo(timezone)
    try:
        moment = said.ends_on.astimezone(UTC)
        day: date = moment.date() if moment.time() == time(0) else said.ends_on.astimezone(zone).date()
        end = datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)
    except OverflowError:
        raise Invalid(ErrorCode.TIME_OVERFLOW, "recurrence.ends_on") from None
    return min(end, LATEST)


def _invitee(said: InvitedParticipant) -> InviteeDraft:
    return InviteeDraft(
        email=said.email,
        first_name=said.first_name or "",
        last_name=said.last_name or "",
        locale=said.preferred_language or "",
        role=MeetingRole(said.role or "participant"),
    )

"""Drafts of meetings, and their validation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType, structs

from switchroom.accounts.models import MeetingKind
from switchroom.errors import ErrorCode, Invalid, Problems
from switchroom.identity.timezones import require_timezone
from switchroom.mail.addresses import require_address
from switchroom.mail.meeting_mails import MeetingRole
from switchroom.meetings.recurrence import Recurrence, require_possible
from switchroom.rooms.drafts import require_name, require_text

MOST_INVITED = 1000
LONGEST_AGENDA = 20_000
LONGEST_REASON = 2_000
LONGEST = timedelta(days=14)
STANDARD_LENGTH = timedelta(minutes=60)
MOST_DOCUMENTS = 50
_MOST_DOCUMENT_BYTES = 100_000
EARLIEST, LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_LONGEST_RESOLUTION = 16
_MOST_EARLY_MINUTES = 24 * 60


class InviteeDraft(Struct, frozen=True, kw_only=True):
    """Person to invite. `locale` is `de` or `en`; an empty one is the organizer's."""

    email: str
    first_name: str = ""
    last_name: str = ""
    locale: str = ""
    role: MeetingRole = MeetingRole.PARTICIPANT


class MeetingDraft(Struct, frozen=True, kw_only=True):
    """The wish for a meeting. For a change, what is UNSET stays as it is.

    Without a start a new meeting begins now; without an end it lasts `duration`.
    """

    topic: str | UnsetType = UNSET
    agenda: str | UnsetType = UNSET
    documents: Sequence[Any] | UnsetType = UNSET
    kind: MeetingKind | UnsetType = UNSET
    start: datetime | UnsetType = UNSET
    end: datetime | UnsetType = UNSET
    duration: timedelta | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    recurrence: Recurrence | UnsetType | None = UNSET
    permission_group_id: str | UnsetType | None = UNSET
    early_access_minutes: int | UnsetType = UNSET
    recorded: bool | UnsetType = UNSET
    dial_in: bool | UnsetType = UNSET
    video_resolution: str | UnsetType = UNSET
    invitees: Sequence[InviteeDraft] | UnsetType = UNSET


def require_topic(topic: str | UnsetType) -> str:
    return require_name(topic or "", "topic", shortest=1)


def require_agenda(agenda: str) -> str:
    return require_text(agenda, "agenda", longest=LONGEST_AGENDA)


def require_reason(reason: str) -> str:
    """Why a meeting does not take place, without space around it."""
    return require_text(reason, "reason", longest=LONGEST_REASON)


def require_resolution(name: str) -> str:
    return require_text(name, "video_resolution", longest=_LONGEST_RESOLUTION, shortest=1)


def require_early(minutes: int) -> int:
    if not 0 <= minutes <= _MOST_EARLY_MINUTES:
        raise Invalid(ErrorCode.OUT_OF_RANGE, "early_access_minutes", least=0, most=_MOST_EARLY_MINUTES)
    return minutes


def require_documents(documents: Sequence[Any]) -> list[Any]:
    """Documents are what the caller's program makes of them, kept and given back."""
    if len(documents) > MOST_DOCUMENTS:
        raise Invalid(ErrorCode.TOO_MANY_ENTRIES, "documents", most=MOST_DOCUMENTS)
    encoded = msgspec.json.encode(documents)
    if len(encoded) > _MOST_DOCUMENT_BYTES or b"\\u0000" in encoded:
        raise Invalid(ErrorCode.DOCUMENTS_TOO_LARGE, "documents")
    return list(documents)


def require_moment(moment: datetime, path: str) -> datetime:
    if not EARLIEST <= moment <= LATEST:
        raise Invalid(ErrorCode.TIME_OUT_OF_RANGE, path)
    return moment


def require_times(start: datetime, end: datetime) -> None:
    """Raises Invalid for a meeting that ends before it starts, or is out of all bounds."""
    problems = Problems()
    with problems:
        require_moment(start, "start")
    with problems:
        require_moment(end, "end")
    if end <= start:
        problems.add(ErrorCode.END_NOT_AFTER_START, "end")
    elif end - start > LONGEST:
        problems.add(ErrorCode.MEETING_TOO_LONG, "end", days=LONGEST.days)
    problems.require_none()


def require_invitees(drafts: Sequence[InviteeDraft]) -> list[InviteeDraft]:
    """Invitees, each once, the address folded to lower case. One named twice counts as named last. Raises
    Invalid, naming the entries."""
    if len(drafts) > MOST_INVITED:
        raise Invalid(ErrorCode.TOO_MANY_INVITEES, "invitees", most=MOST_INVITED)
    problems = Problems()
    checked: dict[str, InviteeDraft] = {}
    for number, draft in enumerate(drafts):
        with problems.within(f"invitees[{number}]"):
            one = _checked_invitee(draft)
            checked[one.email] = one
    problems.require_none()
    return list(checked.values())


def checked(draft: MeetingDraft) -> MeetingDraft:
    """The draft, its texts without space around them and its invitees as of `require_invitees`.

    Raises Invalid with all that is wrong about it by itself.
    """
    problems = Problems()
    good: dict[str, Any] = {}
    for name, require in _CHECKS:
        said = getattr(draft, name)
        if said is not UNSET:
            with problems:
                good[name] = require(said)
    with problems:
        if draft.start and draft.end:
            require_times(draft.start, draft.end)
        elif draft.start:
            require_moment(draft.start, "start")
    if draft.recurrence:
        known = draft.start is not UNSET and not problems.paths & {"start", "timezone"}
        with problems:
            start = draft.start if known else None
            require_possible(draft.recurrence, start or None, draft.timezone or "UTC")
    problems.require_none()
    return structs.replace(draft, **good)


_CHECKS: Sequence[tuple[str, Callable[[Any], Any]]] = (
    ("topic", require_topic),
    ("agenda", require_agenda),
    ("documents", require_documents),
    ("video_resolution", require_resolution),
    ("timezone", require_timezone),
    ("early_access_minutes", require_early),
    ("invitees", require_invitees),
)
"""Checks of fields by themselves, by the field's name in the draft."""


def _checked_invitee(draft: InviteeDraft) -> InviteeDraft:
    problems = Problems()
    email = first_name = last_name = ""
    with problems:
        email = require_text(draft.email, "email", longest=254, shortest=1).lower()
        require_address(email, "email")
    with problems:
        first_name = require_name(draft.first_name, "first_name")
    with problems:
        last_name = require_name(draft.last_name, "last_name")
    problems.require_none()
    return structs.replace(draft, email=email, first_name=first_name, last_name=last_name)

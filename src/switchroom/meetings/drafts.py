"""What callers say about a meeting they schedule or change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from switchroom.accounts.models import MeetingKind
from switchroom.errors import Invalid
from switchroom.identity.timezones import require_timezone
from switchroom.mail.addresses import Undeliverable, ascii_address
from switchroom.mail.meeting_mails import MeetingRole
from switchroom.meetings import recurrence
from switchroom.meetings.recurrence import Recurrence
from switchroom.rooms.drafts import LONGEST_NAME, require_text

MOST_INVITED = 1000
LONGEST_AGENDA = 20_000
LONGEST = timedelta(days=14)
STANDARD_LENGTH = timedelta(minutes=60)
_MOST_DOCUMENTS = 50
_MOST_DOCUMENT_BYTES = 100_000
EARLIEST, LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_LONGEST_RESOLUTION = 16


class InviteeDraft(Struct, frozen=True, kw_only=True):
    """Somebody to invite. `locale` is `de` or `en`; an empty one is the organizer's."""

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
    return require_text(topic or "", "topic", longest=LONGEST_NAME, shortest=1)


def require_agenda(agenda: str) -> str:
    return require_text(agenda, "agenda", longest=LONGEST_AGENDA)


def require_resolution(name: str) -> str:
    return require_text(name, "videoResolution", longest=_LONGEST_RESOLUTION, shortest=1)


def require_documents(documents: Sequence[Any]) -> list[Any]:
    """Documents are what the caller's program makes of them, kept and given back."""
    if len(documents) > _MOST_DOCUMENTS:
        raise Invalid(f"at most {_MOST_DOCUMENTS} documents belong to a meeting", field="documents")
    encoded = msgspec.json.encode(documents)
    if len(encoded) > _MOST_DOCUMENT_BYTES or b"\\u0000" in encoded:
        raise Invalid("the documents are too long or no text", field="documents")
    return list(documents)


def require_moment(moment: datetime, field: str) -> datetime:
    if not EARLIEST <= moment <= LATEST:
        raise Invalid(f"{field} is not between 1970 and 2100", field=field)
    return moment


def require_times(start: datetime, end: datetime) -> None:
    """Raises Invalid for a meeting that ends before it starts, or is out of all bounds."""
    require_moment(start, "startTime")
    require_moment(end, "endTime")
    if end <= start:
        raise Invalid("endTime is not after startTime", field="endTime")
    if end - start > LONGEST:
        raise Invalid(f"a meeting lasts at most {LONGEST.days} days", field="endTime")


def require_invitees(drafts: Sequence[InviteeDraft], locale: str) -> list[InviteeDraft]:
    """Everyone once, with a locale, the address folded to lower case. Somebody named twice counts as named
    last. Raises Invalid, naming the entry."""
    if len(drafts) > MOST_INVITED:
        raise Invalid(
            f"at most {MOST_INVITED} people can be invited to a meeting", field="invitedParticipants"
        )
    checked = (_require_invitee(draft, number, locale) for number, draft in enumerate(drafts))
    return list({one.email: one for one in checked}.values())


def problems(draft: MeetingDraft) -> list[Invalid]:
    """Everything that is wrong about a draft by itself. Whoever only wants to know whether something is finds
    the first of it by the rules above."""
    wrong: list[Invalid] = []

    def find(require: Callable[[], object]) -> None:
        try:
            require()
        except Invalid as error:
            wrong.append(error)

    for said, require in (
        (draft.topic, require_topic),
        (draft.agenda, require_agenda),
        (draft.documents, require_documents),
        (draft.video_resolution, require_resolution),
        (draft.timezone, require_timezone),
    ):
        if said is not UNSET:
            find(partial(require, said))
    if not isinstance(draft.invitees, UnsetType):
        if len(draft.invitees) > MOST_INVITED:
            find(partial(require_invitees, draft.invitees, ""))
        else:
            for number, one in enumerate(draft.invitees):
                for require in _of_invitee(one, number):
                    find(require)
    if draft.start and draft.end:
        find(partial(require_times, draft.start, draft.end))
    elif draft.start:
        find(partial(require_moment, draft.start, "startTime"))
    if draft.recurrence:
        bad = {error.field for error in wrong}
        start = draft.start if draft.start is not UNSET and not bad & {"startTime", "timezone"} else None
        wrong += recurrence.problems(draft.recurrence, start, draft.timezone or "UTC")
    return wrong


def _require_invitee(draft: InviteeDraft, number: int, locale: str) -> InviteeDraft:
    email, first_name, last_name = (require() for require in _of_invitee(draft, number))
    return InviteeDraft(
        email=email,
        first_name=first_name,
        last_name=last_name,
        locale=draft.locale or locale,
        role=draft.role,
    )


def _of_invitee(draft: InviteeDraft, number: int) -> Iterator[Callable[[], str]]:
    """The checks of the address and the names, each of which gives back what it found good."""
    field = f"invitedParticipants[{number}]"
    yield partial(_require_address, draft.email, f"{field}.email")
    yield partial(require_text, draft.first_name, f"{field}.firstName", longest=LONGEST_NAME)
    yield partial(require_text, draft.last_name, f"{field}.lastName", longest=LONGEST_NAME)


def _require_address(text: str, field: str) -> str:
    address = require_text(text, field, longest=254, shortest=1).lower()
    try:
        ascii_address(address)
    except Undeliverable as error:
        raise Invalid(str(error), field=field) from error
    return address

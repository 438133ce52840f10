"""What callers say about an account and its meeting organizers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial

from msgspec import UNSET, Struct, UnsetType

from switchroom.accounts.models import MeetingKind
from switchroom.errors import Invalid
from switchroom.identity.models import Membership, Person
from switchroom.identity.timezones import require_timezone
from switchroom.identity.usernames import folded
from switchroom.mail.addresses import Undeliverable, ascii_address
from switchroom.rooms.drafts import LONGEST_NAME, require_text

_MOST_TEXTS = 100
_LIMIT = 1_000_000
_MOST_DAYS = 3650
_PREFIXED = {"firstName": "Firstname", "lastName": "Lastname"}
_LOCALES = ("en", "de")


class AccountChange(Struct, frozen=True, kw_only=True):
    """What is to be different about an account; what is UNSET stays as it is."""

    name: str | UnsetType = UNSET
    account_type: str | UnsetType = UNSET
    paid_until: datetime | UnsetType | None = UNSET
    most_meetings: int | UnsetType = UNSET
    most_organizers: int | UnsetType = UNSET
    most_rooms: int | UnsetType = UNSET
    ice_candidates_to_filter: Sequence[str] | UnsetType = UNSET
    dial_in_numbers: Sequence[str] | UnsetType = UNSET
    with_standard_numbers: bool | UnsetType = UNSET
    default_permission_group_id: str | UnsetType | None = UNSET
    default_kind: MeetingKind | UnsetType = UNSET
    default_dial_in: bool | UnsetType = UNSET
    default_recorded: bool | UnsetType = UNSET
    auto_extend: bool | UnsetType = UNSET
    delete_after_days: int | UnsetType = UNSET


class OrganizerDraft(Struct, frozen=True, kw_only=True):
    """Somebody who is to schedule meetings, or what is to be different about them.

    For a new one what is UNSET is empty, and the locale is English. The names of the fields in errors begin
    with `prefix`.
    """

    email: str | UnsetType = UNSET
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    locale: str | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    additional_timezones: Sequence[str] | UnsetType = UNSET
    external_id: str | UnsetType | None = UNSET
    prefix: str = ""

    def field(self, name: str) -> str:
        """The name in the caller's words: `email`, or `adminEmail` behind a prefix."""
        return f"{self.prefix}{_PREFIXED.get(name) or name[0].upper() + name[1:]}" if self.prefix else name


TERMS = tuple(name for name in AccountChange.__struct_fields__ if name != "name")
"""What a change says of the terms, by the names that they have there too."""


def require_account(change: AccountChange) -> None:
    """Raises Invalid for the first that is wrong."""
    for check in _of_account(change):
        check()


def require_organizer(draft: OrganizerDraft) -> None:
    """Raises Invalid for the first that is wrong."""
    for check in _of_organizer(draft):
        check()


def problems(change: AccountChange | None = None, draft: OrganizerDraft | None = None) -> list[Invalid]:
    """Everything that is wrong about them by themselves."""
    wrong: list[Invalid] = []
    for check in (*_of_organizer(draft or OrganizerDraft()), *_of_account(change or AccountChange())):
        try:
            check()
        except Invalid as error:
            wrong.append(error)
    return wrong


def address_of(draft: OrganizerDraft) -> str:
    """The address, folded to lower case. Raises Invalid for one that no mail can be sent to."""
    field = draft.field("email")
    address = require_text(draft.email or "", field, longest=254, shortest=1).lower()
    try:
        ascii_address(address)
    except Undeliverable as error:
        raise Invalid(str(error), field=field) from error
    return address


def changes_person(person: Person, draft: OrganizerDraft) -> bool:
    """Whether the draft says something new of the person, and not of their place in the account."""
    return any(
        said is not UNSET and said != there
        for said, there in (
            (folded(draft.email) if draft.email is not UNSET else UNSET, folded(person.email)),
            (draft.first_name and draft.first_name.strip(), person.first_name),
            (draft.last_name and draft.last_name.strip(), person.last_name),
            (draft.locale, person.locale),
            (draft.timezone, person.timezone or draft.timezone),
            (draft.additional_timezones, person.additional_timezones),
        )
    )


def write_organizer(person: Person, membership: Membership, draft: OrganizerDraft) -> None:
    """Take over what the draft says, but for the address. It must have been checked."""
    if draft.first_name is not UNSET:
        person.first_name = draft.first_name.strip()
    if draft.last_name is not UNSET:
        person.last_name = draft.last_name.strip()
    if draft.locale is not UNSET:
        person.locale = draft.locale
    if draft.timezone is not UNSET:
        person.timezone = draft.timezone
    if draft.additional_timezones is not UNSET:
        person.additional_timezones = list(draft.additional_timezones)
    if draft.external_id is not UNSET:
        membership.external_id = draft.external_id.strip() if draft.external_id is not None else None


def _of_account(change: AccountChange) -> Iterator[Callable[[], object]]:
    for field, text, longest in (
        ("name", change.name, LONGEST_NAME),
        ("accountType", change.account_type, 32),
    ):
        if text is not UNSET:
            yield partial(require_text, text, field, longest=longest, shortest=1)
    for field, number, least, most in (
        ("numberOfMeetings", change.most_meetings, 0, _LIMIT),
        ("numberOfMeetingOrganizers", change.most_organizers, 0, _LIMIT),
        ("numberOfMeetingRooms", change.most_rooms, 0, _LIMIT),
        ("autoDeleteMeetingsAfterXDays", change.delete_after_days, 1, _MOST_DAYS),
    ):
        if number is not UNSET:
            yield partial(_require_number, number, field, least, most)
    for field, texts in (
        ("iceCandidatesToFilter", change.ice_candidates_to_filter),
        ("customDialInNumbers", change.dial_in_numbers),
    ):
        if texts is not UNSET:
            yield partial(_require_texts, texts, field)


def _of_organizer(draft: OrganizerDraft) -> Iterator[Callable[[], object]]:
    if draft.email is not UNSET:
        yield partial(address_of, draft)
    for name, text in (
        ("firstName", draft.first_name),
        ("lastName", draft.last_name),
        ("externalUserId", draft.external_id),
    ):
        if text:
            yield partial(require_text, text, draft.field(name), longest=LONGEST_NAME)
    if draft.locale is not UNSET:
        yield partial(_require_locale, draft.locale, draft.field("preferredLanguage"))
    if draft.timezone is not UNSET:
        yield partial(require_timezone, draft.timezone, draft.field("timezone"))
    if draft.additional_timezones is not UNSET:
        yield partial(_require_timezones, draft.additional_timezones, draft.field("additionalTimezones"))


def _require_number(number: int, field: str, least: int, most: int) -> None:
    if not least <= number <= most:
        raise Invalid(f"{field} must be from {least} to {most}", field=field)


def _require_texts(texts: Sequence[str], field: str) -> None:
    if len(texts) > _MOST_TEXTS:
        raise Invalid(f"{field} has more than {_MOST_TEXTS} entries", field=field)
    for text in texts:
        require_text(text, field, longest=LONGEST_NAME)


def _require_locale(locale: str, field: str) -> None:
    if locale not in _LOCALES:
        raise Invalid("the language must be de or en", field=field)


def _require_timezones(names: Sequence[str], field: str) -> None:
    if len(names) > _MOST_TEXTS:
        raise Invalid(f"at most {_MOST_TEXTS} time zones can be named", field=field)
    for number, name in enumerate(names):
        require_timezone(name, f"{field}[{number}]")

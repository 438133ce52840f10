"""Drafts of accounts and of meeting organizers, and their validation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from switchroom import sanitize
from switchroom.accounts.models import MeetingKind
from switchroom.errors import ErrorCode, Invalid, Problems
from switchroom.identity.models import Membership, Person
from switchroom.identity.timezones import require_timezone
from switchroom.identity.usernames import folded
from switchroom.mail.addresses import require_address
from switchroom.rooms.drafts import LONGEST_NAME, require_name, require_text

_LONGEST_TYPE = 32
_MOST_TEXTS = 100
_LIMIT = 1_000_000
MOST_DAYS = 3650
"""Days, at most, that meetings are kept after their end."""
_LOCALES = ("en", "de")


class AccountChange(Struct, frozen=True, kw_only=True):
    """Change of an account; what is UNSET stays as it is."""

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
    """Organizer to be, or change of one.

    For a new one what is UNSET is empty, and the locale is English.
    """

    email: str | UnsetType = UNSET
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    locale: str | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    additional_timezones: Sequence[str] | UnsetType = UNSET
    external_id: str | UnsetType | None = UNSET


TERMS = tuple(name for name in AccountChange.__struct_fields__ if name != "name")
"""Fields of a change that are of the terms, which have them by the same names."""


def validate_account(change: AccountChange) -> None:
    """Raises Invalid with all that is wrong about a change by itself."""
    problems = Problems()
    if change.name is not UNSET:
        with problems:
            require_name(change.name, "name", shortest=1)
    if change.account_type is not UNSET:
        with problems:
            require_text(change.account_type, "account_type", longest=_LONGEST_TYPE, shortest=1)
    for path, number, least, most in (
        ("most_meetings", change.most_meetings, 0, _LIMIT),
        ("most_organizers", change.most_organizers, 0, _LIMIT),
        ("most_rooms", change.most_rooms, 0, _LIMIT),
        ("delete_after_days", change.delete_after_days, 1, MOST_DAYS),
    ):
        if number is not UNSET and not least <= number <= most:
            problems.add(ErrorCode.OUT_OF_RANGE, path, least=least, most=most)
    for path, texts in (
        ("ice_candidates_to_filter", change.ice_candidates_to_filter),
        ("dial_in_numbers", change.dial_in_numbers),
    ):
        if texts is not UNSET:
            with problems:
                _require_texts(texts, path)
    problems.require_none()


def validate_new_account(change: AccountChange, admin: OrganizerDraft) -> None:
    """Raises Invalid with all that is wrong about an account and its first organizer by themselves."""
    problems = Problems()
    with problems.within("admin"):
        validate_organizer(admin)
    with problems:
        validate_account(change)
    problems.require_none()


def validate_organizer(draft: OrganizerDraft) -> None:
    """Raises Invalid with all that is wrong about a draft by itself."""
    problems = Problems()
    if draft.email is not UNSET:
        with problems:
            address_of(draft)
    for path, name in (("first_name", draft.first_name), ("last_name", draft.last_name)):
        if name:
            with problems:
                require_name(name, path)
    if draft.external_id:
        with problems:
            require_text(draft.external_id, "external_id", longest=LONGEST_NAME)
    if draft.locale is not UNSET and draft.locale not in _LOCALES:
        problems.add(ErrorCode.LANGUAGE_UNKNOWN, "locale")
    if draft.timezone is not UNSET:
        with problems:
            require_timezone(draft.timezone)
    if draft.additional_timezones is not UNSET:
        with problems:
            _require_timezones(draft.additional_timezones)
    problems.require_none()


def address_of(draft: OrganizerDraft) -> str:
    """The address, folded to lower case. Raises Invalid for one that no mail can be sent to."""
    address = require_text(draft.email or "", "email", longest=254, shortest=1).lower()
    return require_address(address, "email")


def changes_person(person: Person, draft: OrganizerDraft) -> bool:
    """Whether the draft says something new of the person, and not of their place in the account."""
    return any(
        said is not UNSET and said != there
        for said, there in (
            (folded(draft.email) if draft.email is not UNSET else UNSET, folded(person.email)),
            (draft.first_name and sanitize.name(draft.first_name), person.first_name),
            (draft.last_name and sanitize.name(draft.last_name), person.last_name),
            (draft.locale, person.locale),
            (draft.timezone, person.timezone or draft.timezone),
            (draft.additional_timezones, person.additional_timezones),
        )
    )


def write_organizer(person: Person, membership: Membership, draft: OrganizerDraft) -> None:
    """Take over what the draft says, but for the address. It must have been checked."""
    if draft.first_name is not UNSET:
        person.first_name = sanitize.name(draft.first_name)
    if draft.last_name is not UNSET:
        person.last_name = sanitize.name(draft.last_name)
    if draft.locale is not UNSET:
        person.locale = draft.locale
    if draft.timezone is not UNSET:
        person.timezone = draft.timezone
    if draft.additional_timezones is not UNSET:
        person.additional_timezones = list(draft.additional_timezones)
    if draft.external_id is not UNSET:
        membership.external_id = draft.external_id.strip() if draft.external_id is not None else None


def _require_texts(texts: Sequence[str], path: str) -> None:
    if len(texts) > _MOST_TEXTS:
        raise Invalid(ErrorCode.TOO_MANY_ENTRIES, path, most=_MOST_TEXTS)
    for text in texts:
        require_text(text, path, longest=LONGEST_NAME)


def _require_timezones(names: Sequence[str]) -> None:
    if len(names) > _MOST_TEXTS:
        raise Invalid(ErrorCode.TOO_MANY_ENTRIES, "additional_timezones", most=_MOST_TEXTS)
    for number, name in enumerate(names):
        require_timezone(name, f"additional_timezones[{number}]")

"""Drafts of people and of their access to an organization, and their validation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import UNSET, Struct, UnsetType

from switchroom import sanitize
from switchroom.errors import ErrorCode, Forbidden, Invalid, Problems
from switchroom.identity.models import MemberInvitation, Membership, Person
from switchroom.identity.permissions import (
    ALL_ADMINISTRATION,
    NO_ADMINISTRATION,
    Administration,
    Standing,
    with_children,
)
from switchroom.identity.tokens import AccessToken
from switchroom.identity.usernames import LONGEST_USERNAME
from switchroom.mail.addresses import require_address
from switchroom.rooms.drafts import LONGEST_NAME, merged_properties, require_name, require_text

LANGUAGES = ("de", "en")
"""Languages that mails and pages can be in."""

_LONGEST_TITLE = 100
_MOST_LANGUAGES = 50
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,2}")
_LONGEST_PROPERTY = 10_000


class PersonDraft(Struct, frozen=True, kw_only=True):
    """Person to be, or change of one; what is UNSET stays as it is.

    The language is read from a tag such as `de-AT`. `properties` are those of their place in the
    organization, merged into what is there: an empty text takes one away.
    """

    email: str | UnsetType = UNSET
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    language: str | UnsetType = UNSET
    spoken_languages: Sequence[str] | UnsetType = UNSET
    properties: Mapping[str, str] = {}


class AccessDraft(Struct, frozen=True, kw_only=True):
    """Credentials of a person, and their permissions in the organization; what is UNSET stays as it is.
    `permissions` says of each whether they have it; one that is given brings its children along.
    `removes_credentials` takes the password so far away and ends all sessions; without another they set one
    by mail."""

    username: str | UnsetType = UNSET
    password: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    permissions: Mapping[Administration, bool] = {}
    removes_credentials: bool = False


def validate_person(draft: PersonDraft) -> None:
    """Raises Invalid with all that is wrong about a draft by itself."""
    problems = Problems()
    for path, name, longest in (
        ("first_name", draft.first_name, LONGEST_NAME),
        ("last_name", draft.last_name, LONGEST_NAME),
        ("title", draft.title, _LONGEST_TITLE),
    ):
        if name:
            with problems:
                require_name(name, path, longest=longest)
    if draft.email is not UNSET:
        with problems:
            address_of(draft.email)
    if draft.language and language_of_tag(draft.language) is None:
        problems.add(ErrorCode.LANGUAGE_UNKNOWN, "language")
    for number, tag in enumerate(draft.spoken_languages or ()):
        if number == _MOST_LANGUAGES:
            problems.add(ErrorCode.TOO_MANY_ENTRIES, "spoken_languages", most=_MOST_LANGUAGES)
            break
        if not _LANGUAGE_TAG.fullmatch(tag):
            problems.add(ErrorCode.LANGUAGE_MALFORMED, f"spoken_languages[{number}]", value=tag[:20])
    for key, value in draft.properties.items():
        if len(key) > LONGEST_NAME or len(value) > _LONGEST_PROPERTY or "\x00" in key + value:
            problems.add(ErrorCode.PROPERTY_INVALID, "properties", key=key[:50])
    problems.require_none()


def address_of(email: str) -> str:
    """The address, in lower case. Raises Invalid for one that no mail can be sent to."""
    return require_address(require_text(email, "email", longest=254, shortest=1).lower(), "email")


def username_of(typed: str) -> str:
    """The user name without what has no look. Raises Invalid for none, and one that is too long."""
    name = sanitize.name(typed)
    if not name or len(name) > LONGEST_USERNAME:
        raise Invalid(ErrorCode.LENGTH_OUT_OF_RANGE, "username", least=1, most=LONGEST_USERNAME)
    return name


def language_of_tag(tag: str) -> str | None:
    """The language of a tag such as `de_DE`, if it is one of those there are."""
    primary = tag.strip().replace("_", "-").partition("-")[0].lower()
    return primary if primary in LANGUAGES and _LANGUAGE_TAG.fullmatch(tag.strip()) else None


def describes_person(draft: PersonDraft) -> bool:
    """Whether the draft says something of the person, and not of their place in the organization only."""
    said = (
        draft.email,
        draft.first_name,
        draft.last_name,
        draft.title,
        draft.language,
        draft.spoken_languages,
    )
    return any(one is not UNSET for one in said)


def write_person(person: Person, membership: Membership, draft: PersonDraft) -> None:
    """Take over what a draft that has been checked says, but for the address."""
    for name in ("first_name", "last_name", "title"):
        value = getattr(draft, name)
        if value is not UNSET:
            setattr(person, name, sanitize.name(value))
    if draft.language:
        person.locale = language_of_tag(draft.language) or "en"
    if draft.spoken_languages is not UNSET:
        person.spoken_languages = list(draft.spoken_languages)
    if draft.properties:
        membership.properties = merged_properties(membership.properties, draft.properties)


def write_invited(invitation: MemberInvitation, membership: Membership, draft: PersonDraft) -> None:
    """Write a draft as `write_person` does, for somebody who has not accepted the invitation: which
    says who they are until then."""
    for name in ("first_name", "last_name", "title"):
        value = getattr(draft, name)
        if value is not UNSET:
            setattr(invitation, name, sanitize.name(value))
    if draft.language:
        invitation.language = language_of_tag(draft.language) or "en"
    if draft.spoken_languages is not UNSET:
        invitation.spoken_languages = list(draft.spoken_languages)
    if draft.properties:
        membership.properties = merged_properties(membership.properties, draft.properties)


def with_permissions(
    token: AccessToken, present: Administration, changes: Mapping[Administration, bool]
) -> Administration:
    """Permissions of a person who has those of `present`, after the changes.

    Raises Forbidden for what the caller may not do themselves, given or taken; managing the organization is
    what brings everything but the bills.
    """
    given = taken = NO_ADMINISTRATION
    for permission, is_given in changes.items():
        if is_given:
            given |= with_children(permission)
        else:
            taken |= permission
    changed = (given & ~present) | (taken & present)
    for one in Administration:
        if changed & one and not token.may(one):
            raise Forbidden(ErrorCode.PERMISSION_MISSING, "administration", permission=one.name or "")
    return (present & ~taken) | given


def standing_with(administration: Administration, before: Standing = Standing.PARTICIPANT) -> Standing:
    """The standing of a person with these permissions: a manager of the organization administers it."""
    if administration & Administration.MANAGE_COMPANY:
        return Standing.ADMINISTRATOR
    return Standing.PARTICIPANT if before is Standing.ADMINISTRATOR else before


def names_of(administration: Administration) -> list[str]:
    """The names of single permissions, in the order of their numbers."""
    return [one.name or "" for one in ALL_ADMINISTRATION if administration & one]

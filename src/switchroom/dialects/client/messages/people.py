"""People of an organization, on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from switchroom.conference.messages import Id, Token

_MOST = (1 << 63) - 1

Place = Annotated[int, Meta(ge=0, le=_MOST)]
Text = Annotated[str, Meta(max_length=1000)]
State = Literal["active", "disabled", "invited"]


class PeopleQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """A page of people, newest first, behind the place `after`. `term` is part of a name or an address."""

    access_token: Token
    term: Annotated[str, Meta(max_length=200)] = ""
    state: State | UnsetType = UNSET
    administrators_only: bool = False
    after: Place | UnsetType = UNSET


class ListedPerson(Struct, frozen=True, rename="camel", kw_only=True):
    """Person in the list. `permissions` are the names of what they may administer. `version` is to be sent
    along with a change. Invited people have the times of the mail, and until when its link is good."""

    id: str
    username: str
    email: str
    title: str
    first_name: str
    last_name: str
    language: str
    state: State
    permissions: list[str]
    created_at: str
    is_shared: bool
    version: str
    mailed_at: str | UnsetType = UNSET
    expires_at: str | UnsetType = UNSET


class PeopleAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """`after` is where the next page begins, if there is one. `count` is of all that were meant, unless these
    are more than `count`, which `isMore` says."""

    people: list[ListedPerson]
    count: int
    is_more: bool
    after: int | UnsetType = UNSET


class PersonQuery(Struct, frozen=True, rename="camel", kw_only=True):
    access_token: Token
    person_id: Id


class PersonChange(Struct, frozen=True, rename="camel", kw_only=True):
    """Change of a person; a field left out stays. `permissions` has those to give (true) or to take away.
    `version` is that of the person on whom the change was made. `password` is that of the caller, who needs
    it to change their own address."""

    access_token: Token
    person_id: Id
    version: Annotated[str, Meta(min_length=1, max_length=100)]
    email: Text | UnsetType = UNSET
    title: Text | UnsetType = UNSET
    first_name: Text | UnsetType = UNSET
    last_name: Text | UnsetType = UNSET
    language: Text | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    permissions: Annotated[dict[str, bool], Meta(max_length=50)] = {}
    password: Text = ""


class RemovalAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """Effects of removing a person: the number of meetings to come, which become those of `heirName`, and
    the number of rooms that name the person."""

    meetings: int
    heir_name: str
    rooms: int

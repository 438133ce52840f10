"""A meeting's page, on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from switchroom.conference.messages import Id, Token

Kind = Literal["standard", "webinar", "boardroom"]

ExternalId = Annotated[str, Meta(min_length=32, max_length=256)]
"""Long enough that nobody comes under somebody else's."""


class MeetingQuery(Struct, frozen=True, rename="camel"):
    """A meeting, and what somebody has who stands before it: a personal link's key, or an access token."""

    number: Id
    key: Id = ""
    access_token: Token = ""


class MeetingAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """`unknown` comes with nothing else. Times are RFC 3339; `now` is the server's."""

    state: Literal["open", "not_started", "over", "unavailable", "unknown"]
    now: str
    number: str | UnsetType = UNSET
    room_id: str | UnsetType = UNSET
    company_id: str | UnsetType = UNSET
    company_name: str | UnsetType = UNSET
    privacy_link: str | UnsetType = UNSET
    topic: str | UnsetType = UNSET
    agenda: str | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    organizer_name: str | UnsetType = UNSET
    start: str | UnsetType = UNSET
    end: str | UnsetType = UNSET
    opens_at: str | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    is_recurring: bool | UnsetType = UNSET
    display_name: str | UnsetType = UNSET
    is_moderator: bool | UnsetType = UNSET
    is_member: bool | UnsetType = UNSET
    listens: bool | UnsetType = UNSET
    waits: bool | UnsetType = UNSET
    is_recorded: bool | UnsetType = UNSET


class EnterQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """A guest who wants to come in."""

    number: Id
    key: Id = ""
    display_name: Annotated[str, Meta(max_length=1000)] = ""
    external_id: ExternalId | None = None


class EnterAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """`token` is what `join` takes; `expires_at` is in Unix seconds."""

    token: str
    expires_at: int
    user_id: str
    display_name: str
    company_id: str
    room_id: str
    is_moderator: bool
    listens: bool
    waits: bool


class OwnQuery(Struct, frozen=True, rename="camel"):
    """Query for the meetings of the person who is signed in."""

    access_token: Token


class OwnMeeting(Struct, frozen=True, rename="camel", kw_only=True):
    """A meeting that somebody organizes. Times are RFC 3339; of a recurring meeting it is the one that is on
    or comes next. `link` is for everybody who is invited."""

    number: str
    link: str
    topic: str
    kind: Kind
    start: str
    end: str
    timezone: str
    is_recurring: bool
    is_on: bool


class OwnAnswer(Struct, frozen=True):
    """Meetings: those that are on first, then the others, in order of their start."""

    meetings: list[OwnMeeting]

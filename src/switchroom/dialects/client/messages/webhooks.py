"""Web hooks and the event log of an organization, on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from switchroom.conference.messages import Token

Number = Annotated[int, Meta(ge=1, le=(1 << 63) - 1)]
Text = Annotated[str, Meta(max_length=4000)]
Types = Annotated[list[Annotated[str, Meta(max_length=70)]], Meta(max_length=50)]


class HooksQuery(Struct, frozen=True, rename="camel", kw_only=True):
    access_token: Token


class ListedHook(Struct, frozen=True, rename="camel", kw_only=True):
    """A web hook without its secret. No `types` are all. `problem` says why the last delivery that was given
    up was. `version` is to be sent along with a change."""

    id: int
    name: str
    url: str
    types: list[str]
    enabled: bool
    problem: str
    created_at: str
    version: str


class HooksAnswer(Struct, frozen=True, rename="camel"):
    hooks: list[ListedHook]


class NewHook(Struct, frozen=True, rename="camel", kw_only=True):
    access_token: Token
    name: Text
    url: Text
    types: Types = []


class NewHookAnswer(Struct, frozen=True, rename="camel"):
    """The hook, and the secret that deliveries are signed with, which is shown this once."""

    hook: ListedHook
    secret: str


class HookChange(Struct, frozen=True, rename="camel", kw_only=True):
    """Change of a web hook; a field left out stays."""

    access_token: Token
    id: Number
    version: Annotated[str, Meta(min_length=1, max_length=100)]
    name: Text | UnsetType = UNSET
    url: Text | UnsetType = UNSET
    types: Types | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class HookQuery(Struct, frozen=True, rename="camel", kw_only=True):
    access_token: Token
    id: Number


class DeliveriesQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """A page of deliveries, newest first, with smaller ids than `before`."""

    access_token: Token
    id: Number
    before: Number | UnsetType = UNSET


class ListedDelivery(Struct, frozen=True, rename="camel", kw_only=True):
    """`lastStatus` is the HTTP status of the last answer, 0 for none; `lastError` what was wrong."""

    id: int
    event_id: int
    type: str
    state: Literal["waiting", "delivered", "dead"]
    attempts: int
    last_status: int
    last_error: str
    created_at: str
    next_attempt_at: str | UnsetType = UNSET


class DeliveriesAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """`before` is where the next page begins, if there is one."""

    deliveries: list[ListedDelivery]
    before: int | UnsetType = UNSET


class DeliveryQuery(Struct, frozen=True, rename="camel", kw_only=True):
    access_token: Token
    id: Number
    delivery_id: Number


class EventsQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """A page of the event log, newest first, with smaller ids than `before`. `types` are whole types or
    beginnings that end in `.*`; times are RFC 3339, `until` not included."""

    access_token: Token
    types: Types = []
    object_id: Annotated[str, Meta(max_length=36)] = ""
    since: Annotated[str, Meta(max_length=40)] = ""
    until: Annotated[str, Meta(max_length=40)] = ""
    before: Number | UnsetType = UNSET


class ListedEvent(Struct, frozen=True, rename="camel", kw_only=True):
    id: int
    type: str
    object_id: str
    occurred_at: str
    data: dict[str, Any]


class EventsAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """`before` is where the next page begins, if there is one. `known` are all types of events."""

    events: list[ListedEvent]
    known: list[str]
    before: int | UnsetType = UNSET

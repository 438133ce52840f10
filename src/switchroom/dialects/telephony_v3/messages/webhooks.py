"""Web hooks, on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from switchroom.dialects.telephony_v3.messages.envelope import Page


def _all() -> list[str]:
    return ["*"]


Verb = Literal["post", "put"]


class Hook(Struct, frozen=True, kw_only=True):
    """Web hook: an address, and the types of events that are delivered to it. `types` may end in `.*`;
    `["*"]` is all of them. Deliveries are signed with `secret`; without one, one is made."""

    name: str
    url: str
    http_verb: Verb = "post"
    types: list[str] = field(default_factory=_all)
    secret: str | UnsetType = UNSET
    enabled: bool = True
    custom_data: dict[str, Any] = {}
    retries: int | None = None


class HookChange(Struct, frozen=True, kw_only=True):
    """Change of a web hook; a field left out stays."""

    id: int | UnsetType = UNSET
    name: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    http_verb: Verb | UnsetType = UNSET
    types: list[str] | UnsetType = UNSET
    secret: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    custom_data: dict[str, Any] | UnsetType = UNSET
    retries: int | UnsetType | None = UNSET


class HookView(Struct, frozen=True, kw_only=True):
    """A web hook. `secret` is in the reply to the request that makes it, and in no other; `problem` says why
    the last delivery that was given up was."""

    id: int
    name: str
    url: str
    http_verb: Verb
    types: list[str]
    enabled: bool
    custom_data: dict[str, Any]
    retries: int | None
    problem: str
    secret: str | UnsetType = UNSET


class Attempt(Struct, frozen=True, kw_only=True):
    """The delivery of one event to a web hook. `state` is waiting, delivered or dead (given up)."""

    id: int
    event_id: int
    type: str
    state: str
    attempts: int
    last_status: int
    last_error: str
    created: str
    next_attempt: Annotated[str | None, Meta(description="While it waits.")]


class HooksPage(Page[HookView], frozen=True):
    """Web hooks, oldest first."""


class AttemptsPage(Page[Attempt], frozen=True):
    """Deliveries, newest first."""


class AttemptAction(Struct, frozen=True):
    action: Literal["redeliver"]


class HookDeleted(Struct, frozen=True):
    webhook_id: int

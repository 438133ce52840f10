"""Resources on the wire: the messages of each kind, made from what the kind declares."""

from __future__ import annotations

from functools import cache
from types import GenericAlias
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, structs

from switchroom.dialects.telephony_v3.messages.envelope import Page
from switchroom.telephony.resources.directories import MOST_CONTACTS
from switchroom.telephony.resources.drafts import change_of
from switchroom.telephony.resources.fields import Id, PhoneNumber, Text
from switchroom.telephony.resources.phone_numbers import State
from switchroom.telephony.resources.service import AnyResource

_Cursor = Annotated[str, Meta(description="What the next part begins after; empty at the end.")]


@cache
def view_of(kind: AnyResource) -> type[Struct]:
    """Type of the view of a resource: its id, its fields without secrets, and those that are read only."""
    fields = {field.name: field.type for field in structs.fields(kind.draft)}
    hidden = kind.secrets | {name for name, _ in kind.read_only}
    told = [(name, fields[name]) for name in kind.fields if name not in hidden]
    return _struct(f"{_title(kind)}View", [("id", int), *told, *kind.read_only], kind.draft.__doc__)


@cache
def made_of(kind: AnyResource) -> type[Struct]:
    """Type of the view of a resource that was just made: with the secrets that were made for it."""
    fields = {field.name: field.type for field in structs.fields(view_of(kind))}
    secrets = [(name, str | UnsetType, UNSET) for name in sorted(kind.other_secrets)]
    if not secrets:
        return view_of(kind)
    return _struct(f"{_title(kind)}Made", [*fields.items(), *secrets], kind.draft.__doc__)


@cache
def list_of(kind: AnyResource) -> type[Struct]:
    """A part of the list of a kind."""
    entry = view_of(kind)
    if kind.listed:
        fields = {field.name: field.type for field in structs.fields(entry)}
        entry = _struct(f"{_title(kind)}Entry", [(name, fields[name]) for name in ("id", *kind.listed)], "")
    return msgspec.defstruct(
        f"{_title(kind)}List",
        [("data", GenericAlias(list, (entry,))), ("cursor", _Cursor)],
        bases=(Page,),
        frozen=True,
    )


@cache
def list_by_name(kind: AnyResource) -> type[Struct]:
    """A part of the list of a kind, whose entries are told apart by names."""
    return msgspec.defstruct(
        f"{_title(kind)}List",
        [("data", by_name(view_of(kind))), ("cursor", _Cursor)],
        bases=(Page,),
        frozen=True,
    )


def by_name(kind: type[Struct]) -> Any:
    """The type of an object with structs of a kind, each by its name."""
    return GenericAlias(dict, (str, kind))


@cache
def changed_of(kind: AnyResource) -> type[Struct]:
    """Type of a change of a resource. The resource's id may stand in it, or in the address."""
    change = change_of(kind.draft)
    return msgspec.defstruct(
        f"{_title(kind)}Change",
        [("id", Id | UnsetType, UNSET)],
        bases=(change,),
        namespace={"__doc__": change.__doc__},
        frozen=True,
        kw_only=True,
    )


@cache
def deleted_of(kind: AnyResource) -> type[Struct]:
    """The id of what was deleted."""
    return _struct(f"{_title(kind)}Deleted", [(f"{kind.singular}_id", int)], "")


@cache
def contacts_of(kind: AnyResource) -> type[Struct]:
    """A contact, or several in `contacts`, whose phonebook is the one beside them unless they name one. Those
    that have an id are changed."""
    change = changed_of(kind)
    several = Annotated[GenericAlias(list, (change,)), Meta(max_length=MOST_CONTACTS)]
    return msgspec.defstruct(
        "Contacts",
        [("contacts", several | UnsetType, UNSET)],
        bases=(change,),
        namespace={"__doc__": contacts_of.__doc__},
        frozen=True,
        kw_only=True,
    )


def said_in(change: Struct) -> dict[str, Any]:
    """The fields that a change names, as JSON."""
    return msgspec.to_builtins(change)


def _title(kind: AnyResource) -> str:
    return "".join(word.capitalize() for word in kind.singular.split("_"))


def _struct(name: str, fields: Any, documentation: str | None) -> type[Struct]:
    return msgspec.defstruct(
        name, fields, namespace={"__doc__": documentation or ""}, frozen=True, kw_only=True
    )


class NewPhoneNumbers(Struct, frozen=True, kw_only=True):
    """Telephone numbers that the account is to have: one as `id`, or several."""

    numbers: Annotated[list[PhoneNumber], Meta(max_length=1000)] = []
    id: PhoneNumber = ""
    state: State = "in_service"
    trunk_id: Id | None = None
    carrier: Text = ""


class PhoneNumbersChange(Struct, frozen=True, kw_only=True):
    """Another state for telephone numbers."""

    phone_numbers: Annotated[list[PhoneNumber], Meta(min_length=1, max_length=1000)]
    state: State


class Ids(Struct, frozen=True):
    ids: Annotated[list[Id], Meta(max_length=MOST_CONTACTS)]


class Updated(Struct, frozen=True):
    updated: list[int]


class Deleted(Struct, frozen=True):
    deleted: list[int]


class Raw(Struct, frozen=True):
    """The bytes of a file, in base64."""

    content_type: str
    content: bytes


class RawUpload(Struct, frozen=True):
    """File as in `Raw`, before the content was looked at."""

    content: str

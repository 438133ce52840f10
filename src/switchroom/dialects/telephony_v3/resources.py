"""Operations on resources: the same for all kinds, as each declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from switchroom.dialects.operation import Nothing, Operation, Parameter
from switchroom.dialects.query import QueryReader, whole_number
from switchroom.dialects.telephony_v3.actors import ACCOUNT, Actors, id_in_path
from switchroom.dialects.telephony_v3.callers import Context
from switchroom.dialects.telephony_v3.messages import resources as messages
from switchroom.dialects.telephony_v3.messages.envelope import Page
from switchroom.errors import ErrorCode, Invalid, Problems
from switchroom.telephony.resources.resource import ListQuery
from switchroom.telephony.resources.service import AnyResource, Resources, View

STANDARD_LIMIT, MOST_LISTED = 1000, 5000
_LARGEST_ID = (1 << 63) - 1
_LONGEST_SEARCH = 200


class ResourceOperations:
    """List, read, make, change and delete, of every kind but those that have operations of their own."""

    def __init__(self, resources: Resources, actors: Actors, *, own: frozenset[str]) -> None:
        self._resources = resources
        self._actors = actors
        self._kinds = [kind for name, kind in resources.kinds.items() if name not in own]

    def operations(self) -> list[Operation]:
        return [operation for kind in self._kinds for operation in self._of(kind)]

    def _of(self, kind: AnyResource) -> list[Operation]:
        reading = [self.list_operation(kind), self.read_operation(kind)]
        making = [self.make_operation(kind), *self.change_operations(kind)] if kind.is_made else []
        return [*reading, *making, self.delete_operation(kind)]

    def list_operation(self, kind: AnyResource) -> Operation:
        return Operation(
            method="GET",
            path=f"/{kind.name}",
            summary=f"List {kind.name}, oldest first.",
            parameters=(
                *LIST_PARAMETERS,
                *(Parameter(name, f"Only those with this {name}.") for name, _ in kind.filters),
            ),
            reply=messages.list_of(kind),
            access=_reading(kind),
            handler=partial(self._list, kind),
        )

    def read_operation(self, kind: AnyResource) -> Operation:
        return Operation(
            method="GET",
            path=f"/{kind.name}/{{id}}",
            summary=f"Read one of the {kind.name}.",
            parameters=(ACCOUNT,),
            reply=messages.view_of(kind),
            access=_reading(kind),
            handler=partial(self._read, kind),
        )

    def make_operation(self, kind: AnyResource) -> Operation:
        return Operation(
            method="PUT",
            path=f"/{kind.name}",
            summary=f"Make one of the {kind.name}.",
            parameters=(ACCOUNT,),
            request=kind.draft,
            reply=messages.made_of(kind),
            access="user" if kind.users_make else "admin",
            handler=partial(self._make, kind),
            validate=partial(self._validate, kind),
        )

    def change_operations(self, kind: AnyResource) -> list[Operation]:
        return [
            Operation(
                method="POST",
                path=path,
                summary=f"Change one of the {kind.name}: the fields that are given.",
                parameters=(ACCOUNT,),
                request=messages.changed_of(kind),
                reply=messages.view_of(kind),
                access=_reading(kind),
                handler=partial(self._change, kind),
                validate=partial(self._validate_change, kind),
            )
            for path in (f"/{kind.name}", f"/{kind.name}/{{id}}")
        ]

    def delete_operation(self, kind: AnyResource) -> Operation:
        return Operation(
            method="DELETE",
            path=f"/{kind.name}/{{id}}",
            summary=f"Delete one of the {kind.name}.",
            parameters=(ACCOUNT,),
            reply=messages.deleted_of(kind),
            access="user" if kind.users_make else "admin",
            handler=partial(self._delete, kind),
        )

    async def _list(self, kind: AnyResource, context: Context, _: Nothing) -> Page[View]:
        query = list_query(context, kind)
        page = await self._resources.list(await self._actors.of(context), kind, query)
        return Page(page.views, "" if page.next_after is None else str(page.next_after))

    async def _read(self, kind: AnyResource, context: Context, _: Nothing) -> View:
        actor = await self._actors.of(context)
        return await self._resources.read(actor, kind, id_in_path(context, kind.singular))

    async def _make(self, kind: AnyResource, context: Context, draft: Struct) -> View:
        return await self._resources.make(await self._actors.of(context), kind, draft)

    async def _validate(self, kind: AnyResource, _: Context, rest: Any) -> None:
        problems = Problems()
        await kind.look_ahead(msgspec.to_builtins(rest), problems)
        kind.check(kind.tidied(rest), problems)
        problems.require_none()

    async def _change(self, kind: AnyResource, context: Context, change: Struct) -> View:
        said: dict[str, Any] = msgspec.to_builtins(change)
        resource_id = id_of_change(context, kind.singular, said.pop("id", None))
        return await self._resources.change(await self._actors.of(context), kind, resource_id, said)

    async def _validate_change(self, kind: AnyResource, context: Context, rest: Struct) -> None:
        said: dict[str, Any] = msgspec.to_builtins(rest)
        resource_id = id_of_change(context, kind.singular, said.pop("id", None))
        await self._resources.check_change(await self._actors.of(context), kind, resource_id, said)

    async def _delete(self, kind: AnyResource, context: Context, _: Nothing) -> Mapping[str, int]:
        actor = await self._actors.of(context)
        resource_id = id_in_path(context, kind.singular)
        await self._resources.delete(actor, kind, resource_id)
        return {f"{kind.singular}_id": resource_id}


LIST_PARAMETERS = (
    ACCOUNT,
    Parameter("limit", f"How many at most, {STANDARD_LIMIT} unless said, {MOST_LISTED} at most."),
    Parameter("cursor", "Only what comes after: the `cursor` of the part before."),
    Parameter("search", "Only what has this text in its name or number."),
)


def list_query(context: Context, kind: AnyResource) -> ListQuery:
    """Fields of a query for a part of a list. Raises Invalid with all that is wrong."""
    with context.reading_query() as query:
        return ListQuery(
            after=query.number("cursor", 0, most=_LARGEST_ID),
            limit=query.number("limit", STANDARD_LIMIT, least=1, most=MOST_LISTED),
            search=query.value("search", _search, ""),
            filters=_filters(query, kind),
        )


def filters_of(context: Context, kind: AnyResource) -> Mapping[str, Any]:
    """Filters of a query for a list of the kind, by field. Raises Invalid with all that is wrong."""
    with context.reading_query() as query:
        return _filters(query, kind)


def id_of_change(context: Context, kind: str, said: int | None) -> int:
    """The id of what is to be changed, from the address or from the message. Raises Invalid without one, and
    for two that are different."""
    if "id" not in context.path:
        if said is None:
            raise Invalid(ErrorCode.REQUIRED, "id")
        return said
    named = id_in_path(context, kind)
    if said not in (None, named):
        raise Invalid(ErrorCode.ID_OF_ANOTHER, "id")
    return named


def _reading(kind: AnyResource) -> str:
    return "user" if kind.owner else "admin"


def _filters(query: QueryReader, kind: AnyResource) -> Mapping[str, Any]:
    found = {name: query.value(name, _READERS[of], UNSET) for name, of in kind.filters}
    return {name: value for name, value in found.items() if value is not UNSET}


def _search(text: str) -> str:
    if len(text) > _LONGEST_SEARCH:
        raise Invalid(ErrorCode.TOO_LONG, most=_LONGEST_SEARCH)
    return _text(text)


def _text(text: str) -> str:
    if "\0" in text:
        raise Invalid(ErrorCode.NULL_CHARACTER)
    return text


def _number(text: str) -> int:
    number = whole_number(text)
    if number is None or abs(number) > _LARGEST_ID:
        raise Invalid(ErrorCode.NOT_A_WHOLE_NUMBER)
    return number


def _boolean(text: str) -> bool:
    if text not in ("true", "false", "1", "0"):
        raise Invalid(ErrorCode.NOT_A_BOOLEAN)
    return text in ("true", "1")


_READERS: Mapping[type, Callable[[str], Any]] = {int: _number, bool: _boolean, str: _text}

"""Drafts: changes of structs whose every field may be left out, and their merging into what is there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, reduce
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin

import msgspec
from msgspec import UNSET, Struct, UnsetType, structs

from switchroom.errors import Invalid
from switchroom.reasons import problem_of

S = TypeVar("S", bound=Struct)


@cache
def change_of(kind: type[Struct]) -> type[Struct]:
    """The struct of what may be different about one of `kind`: what is UNSET stays as it is, also within the
    structs that it has as fields."""
    fields = [(field.name, _changed(field.type) | UnsetType, UNSET) for field in structs.fields(kind)]
    return msgspec.defstruct(
        f"{kind.__name__}Change",
        fields,
        namespace={"__doc__": f"Change; fields that are left out stay. {kind.__doc__ or ''}"},
        kw_only=True,
        frozen=True,
    )


def _changed(kind: Any) -> Any:
    if isinstance(kind, type) and issubclass(kind, Struct):
        return cast("Any", change_of(kind))
    if get_origin(kind) in (Union, UnionType):
        kinds: list[Any] = [_changed(one) for one in get_args(kind)]
        return reduce(_either, kinds)
    return cast("Any", kind)


def _either(one: Any, other: Any) -> Any:
    return one | other


def merged(present: Mapping[str, Any], change: Mapping[str, Any], kind: type[Struct]) -> dict[str, Any]:
    """The values of a struct of `kind` with the change in them. Fields that are structs are changed
    themselves; all others are replaced."""
    result = dict(present)
    for name, inner in _fields(kind):
        if name not in change:
            continue
        value, before = change[name], present.get(name)
        if inner is not None and isinstance(value, dict) and isinstance(before, dict):
            result[name] = merged(cast("dict[str, Any]", before), cast("dict[str, Any]", value), inner)
        else:
            result[name] = value
    return result


def draft_of(values: Mapping[str, Any], kind: type[S]) -> S:
    """The struct of values that are each right by themselves. Raises Invalid for those that make no whole."""
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        problem = problem_of(error)
        raise Invalid(problem.code, problem.path, **problem.facts) from None


@cache
def _fields(kind: type[Struct]) -> tuple[tuple[str, type[Struct] | None], ...]:
    """The names of the fields of a struct, each with the struct that it is: to ask msgspec takes longer
    than to merge."""
    return tuple((field.name, _struct_in(field.type)) for field in structs.fields(kind))


def _struct_in(kind: Any) -> type[Struct] | None:
    for one in get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,):
        if isinstance(one, type) and issubclass(one, Struct):
            return one
    return None

"""Envelopes of messages: replies, pages of lists, errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Generic, TypeVar

from msgspec import Meta, Struct

T = TypeVar("T")


class Reply(Struct, frozen=True):
    data: Any


class Page(Struct, Generic[T], frozen=True):
    """A part of a list, in the envelope of its own that it needs."""

    data: Sequence[T]
    cursor: Annotated[str, Meta(description="What the next part begins after.")]


class ErrorBody(Struct, frozen=True):
    """`type` is the machine's word; `details` says of each field that is wrong what is."""

    type: str
    message: str
    details: Mapping[str, str]


class ErrorReply(Struct, frozen=True):
    """What has gone wrong."""

    error: ErrorBody

"""Envelopes of messages: replies, pages of lists, errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Generic, TypeVar

from msgspec import Meta, Struct

T = TypeVar("T")


class Reply(Struct, frozen=True):
    data: Any


class Page(Struct, Generic[T], frozen=True):
    """A part of a list, in the envelope of its own that it needs. The cursor of the last part of a list that
    has an end is empty."""

    data: Sequence[T]
    cursor: Annotated[str, Meta(description="What the next part begins after.")]


class ErrorBody(Struct, frozen=True):
    """Error of a request. `type` is for programs; `fields` has the reason for each field that is wrong, and
    `details` the same in a text."""

    type: str
    message: str
    details: str
    fields: Mapping[str, str]


class ErrorReply(Struct, frozen=True):
    """Error that ended the request."""

    error: ErrorBody

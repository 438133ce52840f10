"""Operations as this API declares them, and what one reads of a request beside its message."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

from switchroom.dialects import operation as frame
from switchroom.dialects.alfaview_v1.messages.common import Reply, ReplyInfo
from switchroom.dialects.body import LARGEST_BODY
from switchroom.dialects.operation import Operation
from switchroom.errors import ErrorCode, Invalid
from switchroom.identity.secrets import random_key
from switchroom.identity.tokens import AccessToken, SubjectKind

TOKEN = "token"  # noqa: S105
"""The access of an operation that takes an access token in `accessInfo`."""

Context = frame.Context[AccessToken]


def operation(
    path: str,
    request: type[Any],
    reply: type[Reply | ReplyInfo],
    handler: Callable[[Context, Any], Awaitable[Reply | ReplyInfo]],
    summary: str,
    *,
    access: str = TOKEN,
    largest_body: int = LARGEST_BODY,
) -> Operation:
    """An operation at this path below the API's base. All of them are POST."""
    return Operation(
        method="POST",
        path=f"/{path}",
        summary=summary,
        request=request,
        reply=reply,
        access=access,
        handler=handler,
        largest_body=largest_body,
    )


def stream(
    path: str,
    request: type[Any],
    reply: type[Reply],
    handler: Callable[[Context, Any], Awaitable[AsyncGenerator[Reply]]],
    summary: str,
) -> Operation:
    """An operation whose reply is a stream: lines, each with a reply as its `result`."""
    return Operation(
        method="POST",
        path=f"/{path}",
        summary=summary,
        request=request,
        reply=reply,
        access=TOKEN,
        handler=handler,
        is_stream=True,
    )


def new_request_id() -> str:
    return random_key(11)


def standard_base64(token: str) -> str:
    """The token in standard base64 with its padding; the URL alphabet and missing padding are accepted."""
    if "-" in token or "_" in token:
        token = token.replace("-", "+").replace("_", "/")
    return token + "=" * (-len(token) % 4)


def required(value: str, field: str) -> str:
    """Raises Invalid for a field that must not be left out."""
    if not value:
        raise Invalid(ErrorCode.REQUIRED, field)
    return value


def own_id(context: Context) -> str:
    """The id of the person who calls. Raises Invalid for a program, which has to name somebody."""
    if context.caller.kind is not SubjectKind.PERSON:
        raise Invalid(ErrorCode.REQUIRED, "userId")
    return context.caller.subject_id

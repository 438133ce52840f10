"""Setting a password by the link that came by mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from litestar import Request, post
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_400_BAD_REQUEST,
    HTTP_429_TOO_MANY_REQUESTS,
    HTTP_503_SERVICE_UNAVAILABLE,
)
from msgspec import Meta, Struct

from switchroom import texts
from switchroom.errors import DomainError, Exhausted, Invalid, LinkExpired, LinkNotFound, Unavailable
from switchroom.http.observation import client_address
from switchroom.identity.password_links import PasswordLinks
from switchroom.texts import language_of

_Key = Annotated[str, Meta(max_length=128)]
_STATUS: Mapping[type[DomainError], int] = {
    Invalid: HTTP_400_BAD_REQUEST,
    Exhausted: HTTP_429_TOO_MANY_REQUESTS,
    Unavailable: HTTP_503_SERVICE_UNAVAILABLE,
}


class LinkQuery(Struct, frozen=True):
    key: _Key


class NewPassword(Struct, frozen=True):
    key: _Key
    password: str


class LinkAnswer(Struct, frozen=True, rename="camel", omit_defaults=True):
    """`expired` comes with `valid_until`, `unknown` with nothing, `set` with the user name."""

    state: Literal["valid", "expired", "unknown", "set"]
    username: str | None = None
    display_name: str | None = None
    company_names: Sequence[str] | None = None
    valid_until: datetime | None = None


def password_handlers(links: PasswordLinks) -> list[HTTPRouteHandler]:
    """`POST /client/password/look-up` and `POST /client/password`."""

    @post("/client/password/look-up", status_code=HTTP_200_OK, include_in_schema=False)
    async def look_up(request: Request[Any, Any, Any], data: JSONBody[LinkQuery]) -> LinkAnswer:
        try:
            link = await links.look_up(data.key, client_address(request.scope))
        except DomainError as error:
            return _answer(error, request)
        return LinkAnswer("valid", link.username, link.display_name, link.organization_names, link.expires_at)

    @post("/client/password", status_code=HTTP_200_OK, include_in_schema=False)
    async def set_password(request: Request[Any, Any, Any], data: JSONBody[NewPassword]) -> LinkAnswer:
        try:
            username = await links.set_password(data.key, data.password, client_address(request.scope))
        except DomainError as error:
            return _answer(error, request)
        return LinkAnswer("set", username)

    return [look_up, set_password]


def _answer(error: DomainError, request: Request[Any, Any, Any]) -> LinkAnswer:
    """What is the matter with the link. Raises HTTPException when it is something else."""
    if isinstance(error, LinkExpired):
        return LinkAnswer("expired", valid_until=error.valid_until)
    if isinstance(error, LinkNotFound):
        return LinkAnswer("unknown")
    status_code = _STATUS.get(type(error))
    if status_code is None:
        raise error
    wait = error.facts.get("retry_after")
    headers = {"retry-after": str(wait)} if wait else None
    said = texts.message(error, language_of(request.headers.get("accept-language", "")))
    raise HTTPException(status_code=status_code, detail=said, headers=headers) from error

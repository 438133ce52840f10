"""Signing out: the refresh token in the cookie `auth` is forgotten, here and in the browser."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request, Response, post
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler


def sign_out_handler(forget: Callable[[str], Awaitable[None]], *, cookie_secure: bool) -> HTTPRouteHandler:
    """`POST /client/sign-out`, which answers 204 whether or not there was anything to forget."""

    @post("/client/sign-out", status_code=204, include_in_schema=False)
    async def sign_out(request: Request[Any, Any, Any]) -> Response[None]:
        token = request.cookies.get("auth")
        if token:
            await forget(token)
        gone = Cookie("auth", value="", max_age=0, httponly=True, secure=cookie_secure)
        return Response(None, status_code=204, cookies=[gone])

    return sign_out

"""Operation that signs out: the refresh token in the cookie `auth` is forgotten, here and in the browser."""

from __future__ import annotations

from switchroom.dialects.client.context import Context
from switchroom.dialects.client.operations import operation
from switchroom.dialects.operation import Nothing, Operation
from switchroom.errors import ErrorCode, Forbidden
from switchroom.identity.authentication import Authentication

_OWN = ("same-origin", "none")
_GONE = 'auth=""; HttpOnly; Max-Age=0; Path=/; SameSite=lax'


class SignOutOperations:
    """`cookie_secure` marks the cookie for HTTPS only."""

    def __init__(self, authentication: Authentication, *, cookie_secure: bool) -> None:
        self._authentication = authentication
        self._cookie = (_GONE + ("; Secure" if cookie_secure else "")).encode()

    def operations(self) -> list[Operation]:
        return [
            operation(
                path="/sign-out",
                summary="Forget who is signed in, whether or not anybody is.",
                reply=None,
                status=204,
                handler=self.sign_out,
            )
        ]

    async def sign_out(self, context: Context, _: Nothing) -> None:
        """Raises Forbidden for a page of another origin, which the browser sends the cookie along for."""
        if not _is_own_page(context):
            raise Forbidden(ErrorCode.ORIGIN_FOREIGN)
        token = context.cookie("auth")
        if token:
            await self._authentication.sign_out(token)
        context.headers.append((b"set-cookie", self._cookie))


def _is_own_page(context: Context) -> bool:
    """Whether the request comes from a page of this server, or from none; browsers say it one way or both."""
    site, origin = context.header(b"sec-fetch-site"), context.header(b"origin")
    if site:
        return site in _OWN
    return not origin or origin.partition("://")[2] == context.header(b"host")

"""Operations by which a caller signs in."""

from __future__ import annotations

from switchroom.dialects.operation import OPEN, Operation
from switchroom.dialects.telephony_v3.callers import Callers, Context, SignedIn
from switchroom.dialects.telephony_v3.messages.authentication import KeyCredentials, Token, UserCredentials
from switchroom.errors import ErrorCode, Invalid


class AuthenticationOperations:
    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    def operations(self) -> list[Operation]:
        return [
            Operation(
                method="PUT",
                path="/auth/account",
                summary="Sign in with an API key.",
                request=KeyCredentials,
                reply=Token,
                access=OPEN,
                handler=self.with_key,
            ),
            Operation(
                method="PUT",
                path="/auth/user",
                summary="Sign in with a username and a password, or as a user with a key of their account.",
                request=UserCredentials,
                reply=Token,
                access=OPEN,
                handler=self.with_password,
            ),
        ]

    async def with_key(self, context: Context, request: KeyCredentials) -> Token:
        return _token(await self._callers.with_key(request.api_key))

    async def with_password(self, context: Context, request: UserCredentials) -> Token:
        if request.api_key:
            return _token(await self._callers.as_user(request.username, request.api_key))
        if not request.password:
            raise Invalid(ErrorCode.REQUIRED, "password")
        return _token(await self._callers.with_password(request.username, request.password, context.address))


def _token(signed_in: SignedIn) -> Token:
    caller = signed_in.caller
    return Token(signed_in.token, caller.organization_id, caller.level, caller.expires_at)

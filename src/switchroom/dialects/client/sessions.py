"""Operations on the sessions of a person who is signed in."""

from __future__ import annotations

from switchroom.db.base import time_of
from switchroom.dialects.client.context import Context
from switchroom.dialects.client.messages.sessions import OwnSession, SessionsAnswer, SessionsQuery
from switchroom.dialects.client.operations import operation
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services


class SessionOperations:
    def __init__(self, services: Services) -> None:
        self._sessions = services.sessions
        self._signer = services.signer

    def operations(self) -> list[Operation]:
        return [
            operation(
                path="/sessions",
                summary="Where whoever asks is signed in.",
                request=SessionsQuery,
                reply=SessionsAnswer,
                handler=self.list,
            ),
            operation(
                path="/sessions/end-others",
                summary="Sign out everywhere else. The access token is void too; the cookie brings another.",
                request=SessionsQuery,
                reply=None,
                status=204,
                handler=self.end_others,
            ),
        ]

    async def list(self, context: Context, request: SessionsQuery) -> SessionsAnswer:
        claims = self._signer.verify(request.access_token)
        found = await self._sessions.of(claims, context.cookie("auth"))
        return SessionsAnswer(
            [OwnSession(time_of(one.created_at), time_of(one.expires_at), one.is_this) for one in found]
        )

    async def end_others(self, context: Context, request: SessionsQuery) -> None:
        await self._sessions.end_others(self._signer.verify(request.access_token), context.cookie("auth"))

"""The Telephony API as it is declared: its operations, and what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from litestar import WebSocket
from litestar.handlers import BaseRouteHandler, websocket

from switchroom.dialects.body import Reader
from switchroom.dialects.dialect import Dialect
from switchroom.dialects.openapi import document
from switchroom.dialects.operation import Operation
from switchroom.dialects.problem import Problem
from switchroom.dialects.services import Services
from switchroom.dialects.telephony_v3 import following
from switchroom.dialects.telephony_v3.authentication import AuthenticationOperations
from switchroom.dialects.telephony_v3.callers import Caller, Callers, Context
from switchroom.dialects.telephony_v3.documentation import DOCUMENTATION
from switchroom.dialects.telephony_v3.errors import PROBLEMS, Word, error_reply
from switchroom.dialects.telephony_v3.events import EventOperations
from switchroom.dialects.telephony_v3.messages.envelope import ErrorReply, Page, Reply


class Telephony(Dialect[Caller, Word]):
    """`/v3.0`. Requests and replies are under `data`; the access of an operation is a privilege level."""

    base = "/v3.0"
    problems = PROBLEMS
    names_head = False

    def __init__(self, services: Services, callers: Callers) -> None:
        self._services = services
        self._callers = callers
        self._operations = [
            *AuthenticationOperations(callers).operations(),
            *EventOperations(services).operations(),
            document(self, DOCUMENTATION, "/documentation/swagger"),
        ]

    def operations(self) -> Sequence[Operation]:
        return self._operations

    def sockets(self) -> list[BaseRouteHandler]:
        """The route handlers of WebSockets."""

        @websocket(f"{self.base}/websockets/events")
        async def follow(socket: WebSocket[Any, Any, Any]) -> None:
            services = self._services
            await following.serve(socket, self._callers, services.events, services.tail)

        return [follow]

    async def authenticate(self, context: Context, operation: Operation, message: Any) -> Caller:
        return await self._callers.of(context.header(b"x-auth-token"))

    def reader(self, kind: Any) -> Reader[Any]:
        return Reader[Any](kind, under="data")

    def envelope(self, reply: Any, context: Context) -> Page[Any] | Reply:
        return cast("Page[Any]", reply) if isinstance(reply, Page) else Reply(reply)

    def error_body(self, problem: Problem[Word], context: Context) -> ErrorReply:
        return error_reply(problem)

"""The Telephony API as it is declared: its operations, and what they have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from litestar import WebSocket
from litestar.handlers import BaseRouteHandler, websocket

from switchroom.dialects.body import Reader
from switchroom.dialects.dialect import Dialect
from switchroom.dialects.openapi import document
from switchroom.dialects.operation import Operation
from switchroom.dialects.problem import Problem
from switchroom.dialects.services import Services
from switchroom.dialects.telephony_v3 import following, sip_socket
from switchroom.dialects.telephony_v3.accounts import AccountOperations
from switchroom.dialects.telephony_v3.actors import Actors
from switchroom.dialects.telephony_v3.authentication import AuthenticationOperations
from switchroom.dialects.telephony_v3.callers import Caller, Callers, Context
from switchroom.dialects.telephony_v3.channels import ChannelOperations
from switchroom.dialects.telephony_v3.devices import DeviceOperations
from switchroom.dialects.telephony_v3.directories import DirectoryOperations
from switchroom.dialects.telephony_v3.documentation import DOCUMENTATION
from switchroom.dialects.telephony_v3.errors import PROBLEMS, Word, error_reply
from switchroom.dialects.telephony_v3.events import EventOperations
from switchroom.dialects.telephony_v3.history import HistoryOperations
from switchroom.dialects.telephony_v3.medias import SoundOperations
from switchroom.dialects.telephony_v3.messages.authentication import Token, TokenReply
from switchroom.dialects.telephony_v3.messages.envelope import ErrorReply, Page, Reply
from switchroom.dialects.telephony_v3.messages.voicemail import (
    VoicemailMessageChange,
    VoicemailMessagesDeletion,
)
from switchroom.dialects.telephony_v3.phone_numbers import PhoneNumberOperations
from switchroom.dialects.telephony_v3.resources import ResourceOperations
from switchroom.dialects.telephony_v3.voicemail import VoicemailOperations
from switchroom.dialects.telephony_v3.webhooks import WebHookOperations
from switchroom.engines.kamailio.configuration import Interfaces

_WITH_OPERATIONS_OF_THEIR_OWN = frozenset(("accounts", "phone_numbers", "directories"))


_OPTIONAL = (VoicemailMessageChange, VoicemailMessagesDeletion)
"""Messages of which the address may say everything: their operations take a request without a body."""


class _OptionalReader(Reader[Any]):
    def read(self, body: bytes) -> Any:
        return super().read(body or b'{"data": {}}')


class Telephony(Dialect[Caller, Word]):
    """`/v3.0`. Requests and replies are under `data`; the access of an operation is a privilege level."""

    base = "/v3.0"
    problems = PROBLEMS
    names_head = False

    def __init__(
        self, services: Services, callers: Callers, sip_server: Callable[[], Interfaces | None]
    ) -> None:
        """`sip_server` tells where the SIP server of this machine is, None where none runs."""
        self._sip_server = sip_server
        self._sip_sockets = sip_socket.SipSockets()
        self._services = services
        self._callers = callers
        self._operations = [
            *AuthenticationOperations(callers).operations(),
            *EventOperations(services).operations(),
            *self._configuration(),
            document(self, DOCUMENTATION, "/documentation/swagger"),
            document(self, DOCUMENTATION, "/openapi.json"),
        ]

    def _configuration(self) -> list[Operation]:
        """Operations on the resources of telephony, on calls, and on web hooks."""
        services, actors = self._services, Actors(self._callers)
        resources = services.resources
        common = ResourceOperations(resources, actors, own=_WITH_OPERATIONS_OF_THEIR_OWN)
        return [
            *AccountOperations(resources, actors).operations(),
            *common.operations(),
            *DeviceOperations(resources, actors).operations(),
            *PhoneNumberOperations(resources, actors, common).operations(),
            *DirectoryOperations(resources, actors, common).operations(),
            *SoundOperations(resources, actors, services.sounds).operations(),
            *ChannelOperations(services.live_calls, actors).operations(),
            *VoicemailOperations(services.voicemail, actors).operations(),
            *HistoryOperations(services.call_history, actors).operations(),
            *WebHookOperations(services.webhooks, actors).operations(),
        ]

    def operations(self) -> Sequence[Operation]:
        return self._operations

    def sockets(self) -> list[BaseRouteHandler]:
        """The route handlers of WebSockets."""

        @websocket(f"{self.base}/websockets/events")
        async def follow(socket: WebSocket[Any, Any, Any]) -> None:
            services = self._services
            await following.serve(socket, self._callers, services.events, services.tail)

        @websocket(f"{self.base}/websockets/sip")
        async def speak_sip(socket: WebSocket[Any, Any, Any]) -> None:
            await sip_socket.serve(socket, self._sip_server, self._sip_sockets)

        return [follow, speak_sip]

    async def authenticate(self, context: Context, operation: Operation, message: Any) -> Caller:
        return await self._callers.of(context.header(b"x-auth-token"), operation.access)

    def reader(self, kind: Any) -> Reader[Any]:
        return _OptionalReader(kind, under="data") if kind in _OPTIONAL else Reader[Any](kind, under="data")

    def envelope(self, reply: Any, context: Context) -> Page[Any] | TokenReply | Reply:
        if isinstance(reply, Token):
            return TokenReply(reply, reply.auth_token)
        return cast("Page[Any]", reply) if isinstance(reply, Page) else Reply(reply)

    def error_body(self, problem: Problem[Word], context: Context) -> ErrorReply:
        return error_reply(problem)

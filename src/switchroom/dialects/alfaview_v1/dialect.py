"""The alfaview API as it is declared: its operations, and what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from switchroom.dialects.alfaview_v1 import codec
from switchroom.dialects.alfaview_v1.authentication import AuthenticationService
from switchroom.dialects.alfaview_v1.business_logic import BusinessLogicService
from switchroom.dialects.alfaview_v1.company import CompanyService
from switchroom.dialects.alfaview_v1.credentials import CredentialsService
from switchroom.dialects.alfaview_v1.documentation import DOCUMENTATION
from switchroom.dialects.alfaview_v1.errors import PROBLEMS, ErrorReply, Word, error_reply
from switchroom.dialects.alfaview_v1.favorites import FavoritesService
from switchroom.dialects.alfaview_v1.guest import GuestService
from switchroom.dialects.alfaview_v1.meeting import MeetingService
from switchroom.dialects.alfaview_v1.messages.authentication import AuthenticationRequest
from switchroom.dialects.alfaview_v1.messages.common import AccessInfo, Reply, ReplyInfo, Request
from switchroom.dialects.alfaview_v1.operations import (
    Context,
    new_request_id,
    standard_base64,
)
from switchroom.dialects.alfaview_v1.permission_groups import PermissionGroupService
from switchroom.dialects.alfaview_v1.quota import QuotaService
from switchroom.dialects.alfaview_v1.room import RoomService
from switchroom.dialects.alfaview_v1.user import UserService
from switchroom.dialects.dialect import Dialect
from switchroom.dialects.openapi import document
from switchroom.dialects.operation import Operation
from switchroom.dialects.problem import Problem
from switchroom.dialects.services import Services
from switchroom.errors import ErrorCode, Invalid, Unauthenticated
from switchroom.identity.tokens import AccessToken

_LONGEST_REQUEST_ID = 256


class _TokenPlace(Struct):
    accessInfo: AccessInfo | None = None
    requestId: str = ""


_token_place = msgspec.json.Decoder(_TokenPlace)


class Alfaview(Dialect[AccessToken, Word]):
    """`/json/v1`: JSON over HTTP in the manner of a gRPC gateway."""

    base = "/json/v1"
    problems = PROBLEMS
    authenticates_by_body = True

    def __init__(self, services: Services) -> None:
        self._signer = services.signer
        self._operations = [
            *AuthenticationService(services).operations(),
            *BusinessLogicService(services).operations(),
            *CompanyService(services).operations(),
            *CredentialsService(services).operations(),
            *FavoritesService(services).operations(),
            *GuestService(services).operations(),
            *MeetingService(services).operations(),
            *PermissionGroupService(services).operations(),
            *QuotaService(services).operations(),
            *RoomService(services).operations(),
            *UserService(services).operations(),
            document(self, DOCUMENTATION, "/documentation/swagger"),
        ]

    def operations(self) -> Sequence[Operation]:
        return self._operations

    def reader(self, kind: Any) -> codec.Decoder[Any]:
        return codec.Decoder[Any](kind)

    def received(self, context: Context, message: Any) -> None:
        """Note the caller's name of the request in the context. Raises Invalid."""
        info = _access_info(message)
        request_id = info.requestId if info else ""
        if isinstance(message, AuthenticationRequest):
            request_id = message.requestId or request_id
        if len(request_id) > _LONGEST_REQUEST_ID:
            raise Invalid(ErrorCode.REQUEST_ID_INVALID, "requestId", most=_LONGEST_REQUEST_ID)
        context.request_id = request_id or new_request_id()

    async def authenticate(self, context: Context, operation: Operation, message: Any) -> AccessToken:
        """Claims of the caller's access token. Raises Unauthenticated, TokenExpired."""
        info = _access_info(message)
        if info is None:
            raise Unauthenticated(ErrorCode.ACCESS_INFO_MISSING, "accessInfo")
        return self._signer.verify(standard_base64(info.accessToken))

    def envelope(self, reply: Reply | ReplyInfo, context: Context) -> Reply | ReplyInfo:
        if isinstance(reply, ReplyInfo):
            reply.requestId = context.request_id
        else:
            reply.replyInfo = ReplyInfo(requestId=context.request_id, statusMessage="OK")
        return reply

    def line(self, reply: Any, context: Context) -> Any:
        """One reply of a stream, as a gateway of gRPC writes it."""
        return {"result": self.envelope(reply, context)}

    def line_of_error(self, problem: Problem[Word], context: Context) -> Any:
        return {"error": self.error_body(problem, context)}

    def error_body(self, problem: Problem[Word], context: Context) -> ErrorReply:
        return error_reply(problem, context.request_id or _request_id_of(context.body))

    def encode(self, message: Any) -> bytes:
        return codec.encode(message)


def _access_info(message: Any) -> AccessInfo | None:
    if isinstance(message, AccessInfo):
        return message
    return message.accessInfo if isinstance(message, Request) else None


def _request_id_of(body: bytes) -> str:
    """The caller's request id out of a body that was refused, where it has one that can be read."""
    try:
        place = _token_place.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return new_request_id()
    request_id = (place.accessInfo.requestId if place.accessInfo else "") or place.requestId
    return request_id if 0 < len(request_id) <= _LONGEST_REQUEST_ID else new_request_id()

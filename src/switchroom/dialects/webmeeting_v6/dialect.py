"""The Web Meeting API as it is declared: its operations, and what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from switchroom.dialects.dialect import Dialect
from switchroom.dialects.openapi import document
from switchroom.dialects.operation import Operation
from switchroom.dialects.problem import Problem
from switchroom.dialects.services import Services
from switchroom.dialects.webmeeting_v6.accounts import AccountOperations
from switchroom.dialects.webmeeting_v6.calendars import CalendarOperations
from switchroom.dialects.webmeeting_v6.callers import Caller, Callers, Context
from switchroom.dialects.webmeeting_v6.documentation import DOCUMENTATION
from switchroom.dialects.webmeeting_v6.errors import PROBLEMS, ErrorReply, ResponseCode, error_reply
from switchroom.dialects.webmeeting_v6.meeting_messages import MeetingWriter
from switchroom.dialects.webmeeting_v6.meetings import MeetingOperations
from switchroom.dialects.webmeeting_v6.webhooks import WebHookOperations


class _Reply(Struct, rename="camel"):
    response_code: int
    data: Any


class WebMeeting(Dialect[Caller, ResponseCode]):
    """`/api/v6`. The access of an operation is the permission that a key needs."""

    base = "/api/v6"
    problems = PROBLEMS

    def __init__(self, services: Services, writer: MeetingWriter) -> None:
        self._callers = Callers(services.keys, services.accounts, require_key=services.require_api_key)
        self._operations = [
            *AccountOperations(services, self._callers).operations(),
            *MeetingOperations(services, self._callers, writer).operations(),
            *CalendarOperations(services).operations(),
            *WebHookOperations(services).operations(),
            document(self, DOCUMENTATION, "/documentation/swagger"),
        ]

    def operations(self) -> Sequence[Operation]:
        return self._operations

    async def authenticate(self, context: Context, operation: Operation, message: Any) -> Caller:
        return await self._callers.of(context, operation.access)

    def envelope(self, reply: Any, context: Context) -> _Reply:
        return _Reply(ResponseCode.SUCCESS, reply)

    def error_body(self, problem: Problem[ResponseCode], context: Context) -> ErrorReply:
        return error_reply(problem)

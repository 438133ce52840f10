"""The browser's own API as it is declared: its operations, and what they have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from switchroom.dialects.client.attendance import AttendanceOperations
from switchroom.dialects.client.branding import BrandingOperations
from switchroom.dialects.client.branding_settings import BrandingSettingsOperations
from switchroom.dialects.client.context import Context
from switchroom.dialects.client.deletion import DeletionOperations
from switchroom.dialects.client.documentation import DOCUMENTATION
from switchroom.dialects.client.errors import PROBLEMS, Refusal, refusal
from switchroom.dialects.client.invitation import InvitationOperations
from switchroom.dialects.client.meetings import MeetingOperations
from switchroom.dialects.client.organization import OrganizationOperations
from switchroom.dialects.client.password import PasswordOperations
from switchroom.dialects.client.people import PeopleOperations
from switchroom.dialects.client.recordings import RecordingOperations
from switchroom.dialects.client.room_tree import RoomTreeOperations
from switchroom.dialects.client.rooms import RoomOperations
from switchroom.dialects.client.scheduling import SchedulingOperations
from switchroom.dialects.client.sessions import SessionOperations
from switchroom.dialects.client.sign_out import SignOutOperations
from switchroom.dialects.client.statistics import StatisticsOperations
from switchroom.dialects.client.webhooks import WebHookOperations
from switchroom.dialects.dialect import Dialect
from switchroom.dialects.openapi import document
from switchroom.dialects.operation import Operation
from switchroom.dialects.problem import Problem
from switchroom.dialects.services import Services


class ClientApi(Dialect[None, str]):
    """`/client`. Messages stand by themselves; who calls is in them, where it matters."""

    base = "/client"
    problems = PROBLEMS

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._operations = [*operations, document(self, DOCUMENTATION, "/openapi.json")]

    @classmethod
    def of(cls, services: Services) -> ClientApi:
        """The whole API."""
        return cls(
            [
                *RoomOperations(services.conference).operations(),
                *RoomTreeOperations(services.tree, services.signer).operations(),
                *MeetingOperations(services).operations(),
                *SchedulingOperations(services).operations(),
                *AttendanceOperations(services).operations(),
                *RecordingOperations(services).operations(),
                *PasswordOperations(services).operations(),
                *InvitationOperations(services.member_invitations).operations(),
                *BrandingOperations(services.shown_branding, services.signer).operations(),
                *BrandingSettingsOperations(services).operations(),
                *OrganizationOperations(services).operations(),
                *StatisticsOperations(services).operations(),
                *WebHookOperations(services).operations(),
                *DeletionOperations(services.deletions).operations(),
                *PeopleOperations(services).operations(),
                *SessionOperations(services).operations(),
                *SignOutOperations(
                    services.authentication, cookie_secure=services.cookie_secure
                ).operations(),
            ]
        )

    def operations(self) -> Sequence[Operation]:
        return self._operations

    async def authenticate(self, context: Context, operation: Operation, message: Any) -> None:
        return None

    def error_body(self, problem: Problem[str], context: Context) -> Refusal:
        return refusal(problem)

"""Operations on invitations to an organization, by the key in their links."""

from __future__ import annotations

from switchroom.accounts.invitations import MemberInvitations
from switchroom.dialects.client.context import Context
from switchroom.dialects.client.messages.invitation import (
    InvitationAcceptance,
    InvitationAnswer,
    InvitationQuery,
)
from switchroom.dialects.client.operations import operation
from switchroom.dialects.operation import DEVICE_COOKIE, Operation
from switchroom.errors import Conflict, ErrorCode, LinkExpired, LinkNotFound


class InvitationOperations:
    def __init__(self, invitations: MemberInvitations) -> None:
        self._invitations = invitations

    def operations(self) -> list[Operation]:
        return [
            operation(
                path="/invitation/look-up",
                summary="What an invitation is good for.",
                request=InvitationQuery,
                reply=InvitationAnswer,
                handler=self.look_up,
            ),
            operation(
                path="/invitation",
                summary="Accept an invitation.",
                request=InvitationAcceptance,
                reply=InvitationAnswer,
                handler=self.accept,
            ),
        ]

    async def look_up(self, context: Context, request: InvitationQuery) -> InvitationAnswer:
        try:
            found = await self._invitations.look_up(request.key, context.address)
        except (LinkExpired, LinkNotFound) as error:
            return _without(error)
        if found.accepted_at is not None:
            return InvitationAnswer("accepted", found.username)
        return InvitationAnswer(
            "open",
            found.username,
            found.display_name,
            found.organization_name,
            found.inviter_name,
            found.has_account,
            found.expires_at,
        )

    async def accept(self, context: Context, request: InvitationAcceptance) -> InvitationAnswer:
        device = context.cookie(DEVICE_COOKIE)
        try:
            username = await self._invitations.accept(request.key, request.password, context.address, device)
        except (LinkExpired, LinkNotFound) as error:
            return _without(error)
        except Conflict as error:
            if error.code is not ErrorCode.INVITATION_ACCEPTED:
                raise
            return await self.look_up(context, InvitationQuery(request.key))
        return InvitationAnswer("joined", username)


def _without(error: LinkExpired | LinkNotFound) -> InvitationAnswer:
    """Answer for an invitation that is good no more, or never was."""
    if isinstance(error, LinkExpired):
        return InvitationAnswer("expired", valid_until=error.valid_until)
    return InvitationAnswer("unknown")

"""Operations on the deletion of a company, by the key in the link that was mailed."""

from __future__ import annotations

from switchroom.accounts.deletions import OrganizationDeletions
from switchroom.dialects.client.context import Context
from switchroom.dialects.client.messages.deletion import CompanyDeletionAnswer, CompanyDeletionKey
from switchroom.dialects.client.operations import operation
from switchroom.dialects.operation import Operation
from switchroom.errors import LinkExpired, LinkNotFound


class DeletionOperations:
    def __init__(self, deletions: OrganizationDeletions) -> None:
        self._deletions = deletions

    def operations(self) -> list[Operation]:
        return [
            operation(
                path="/company-deletion/look-up",
                summary="What a link would delete.",
                request=CompanyDeletionKey,
                reply=CompanyDeletionAnswer,
                handler=self.look_up,
            ),
            operation(
                path="/company-deletion",
                summary="Delete a company with all that is in it.",
                request=CompanyDeletionKey,
                reply=CompanyDeletionAnswer,
                handler=self.delete,
            ),
        ]

    async def look_up(self, context: Context, request: CompanyDeletionKey) -> CompanyDeletionAnswer:
        try:
            found = await self._deletions.look_up(request.key, context.address)
        except (LinkExpired, LinkNotFound) as error:
            return _without(error)
        return CompanyDeletionAnswer(
            "open", found.organization_name, found.people, found.rooms, found.expires_at
        )

    async def delete(self, context: Context, request: CompanyDeletionKey) -> CompanyDeletionAnswer:
        try:
            name = await self._deletions.delete_by_link(request.key, context.address)
        except (LinkExpired, LinkNotFound) as error:
            return _without(error)
        return CompanyDeletionAnswer("deleted", name)


def _without(error: LinkExpired | LinkNotFound) -> CompanyDeletionAnswer:
    """Answer for a link that is good no more, or never was."""
    if isinstance(error, LinkExpired):
        return CompanyDeletionAnswer("expired", valid_until=error.valid_until)
    return CompanyDeletionAnswer("unknown")

"""`businessLogicService/permissionGroups/update`: permission groups changed."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET

from switchroom.dialects.alfaview_v1.messages.business_logic import (
    CompanyPermissionGroupsUpdateReply,
    CompanyPermissionGroupsUpdateRequest,
    PermissionGroup,
)
from switchroom.dialects.alfaview_v1.messages.common import Reply
from switchroom.dialects.alfaview_v1.operations import Context, operation
from switchroom.dialects.alfaview_v1.permissions import grant_of
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services
from switchroom.errors import ErrorCode, Invalid
from switchroom.identity.permission_groups import PermissionGroupDraft


class PermissionGroupService:
    def __init__(self, services: Services) -> None:
        self._groups = services.permission_groups

    def operations(self) -> Sequence[Operation]:
        return [
            operation(
                "businessLogicService/permissionGroups/update",
                CompanyPermissionGroupsUpdateRequest,
                CompanyPermissionGroupsUpdateReply,
                self.update,
                "Change permission groups, by id; what they permit reaches those who are inside by them.",
            )
        ]

    async def update(self, context: Context, request: CompanyPermissionGroupsUpdateRequest) -> Reply:
        drafts = {group_id: _draft(group_id, group) for group_id, group in request.permissionGroups.items()}
        await self._groups.update(context.caller, drafts)
        return CompanyPermissionGroupsUpdateReply()


def _draft(group_id: str, group: PermissionGroup) -> PermissionGroupDraft:
    """Change of a group. One sent with its name counts as a whole, with an order of 0 too, which proto3
    cannot tell from none."""
    permissions = group.permissions
    if permissions is not None and permissions.remove:
        path = f"permission_groups.{group_id[:100]}.permissions.remove"
        raise Invalid(ErrorCode.PERMISSION_GROUPS_STAY, path)
    return PermissionGroupDraft(
        name=group.name or UNSET,
        order=int(group.order) if group.name or group.order else UNSET,
        permissions=grant_of(permissions).permissions if permissions is not None else UNSET,
    )

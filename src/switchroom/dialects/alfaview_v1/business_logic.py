"""`businessLogicService`: the permission groups."""

from __future__ import annotations

from collections.abc import Sequence

from switchroom.dialects.alfaview_v1.messages.business_logic import (
    CompanyPermissionGroupsListReply,
    CompanyPermissionGroupsListRequest,
    PermissionGroup,
)
from switchroom.dialects.alfaview_v1.messages.common import Reply
from switchroom.dialects.alfaview_v1.messages.scalars import Int32
from switchroom.dialects.alfaview_v1.operations import Context, operation
from switchroom.dialects.alfaview_v1.permissions import permissions_message
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services
from switchroom.identity.permissions import Permission


class BusinessLogicService:
    def __init__(self, services: Services) -> None:
        self._organizations = services.organizations

    def operations(self) -> Sequence[Operation]:
        return [
            operation(
                f"businessLogicService/{path}",
                CompanyPermissionGroupsListRequest,
                CompanyPermissionGroupsListReply,
                self.permission_groups,
                "The company's permission groups, by id.",
            )
            for path in ("permissionGroups", "permissionGroups/list")
        ]

    async def permission_groups(self, context: Context, request: CompanyPermissionGroupsListRequest) -> Reply:
        groups = await self._organizations.permission_groups(context.caller)
        return CompanyPermissionGroupsListReply(
            permissionGroups={
                group.id: PermissionGroup(
                    name=group.name,
                    order=Int32(group.position),
                    permissions=permissions_message(Permission(group.permissions)),
                )
                for group in groups
            }
        )

"""`businessLogicService`: the permission groups, invitations of many people, and the progress of tasks."""

from __future__ import annotations

from collections.abc import Sequence

from switchroom.dialects.alfaview_v1.messages.business_logic import (
    CompanyPermissionGroupsListReply,
    CompanyPermissionGroupsListRequest,
    InviteUsersReply,
    InviteUsersRequest,
    PermissionGroup,
    TaskProgressReply,
    TaskProgressRequest,
)
from switchroom.dialects.alfaview_v1.messages.common import Reply, TrackingInfo
from switchroom.dialects.alfaview_v1.messages.scalars import Int32
from switchroom.dialects.alfaview_v1.operations import Context, operation, stream
from switchroom.dialects.alfaview_v1.people import administration_of, invitation_draft
from switchroom.dialects.alfaview_v1.permissions import permissions_message
from switchroom.dialects.alfaview_v1.tasks import TaskStreams
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services
from switchroom.identity.permissions import Permission
from switchroom.tasks import taking_turns

_LARGEST_BATCH = 4 << 20
"""Bytes of a request that invites very many people."""


class BusinessLogicService:
    def __init__(self, services: Services) -> None:
        self._organizations = services.organizations
        self._batches = services.invitation_batches
        self._streams = TaskStreams(services)

    def operations(self) -> Sequence[Operation]:
        return [
            *(
                operation(
                    f"businessLogicService/{path}",
                    CompanyPermissionGroupsListRequest,
                    CompanyPermissionGroupsListReply,
                    self.permission_groups,
                    "The company's permission groups, by id.",
                )
                for path in ("permissionGroups", "permissionGroups/list")
            ),
            operation(
                "businessLogicService/inviteUsers",
                InviteUsersRequest,
                InviteUsersReply,
                self.invite_users,
                "Invite up to 10,000 people, who get mail; `streamTaskProgress` tells how far that is.",
                largest_body=_LARGEST_BATCH,
            ),
            stream(
                "businessLogicService/streamTaskProgress",
                TaskProgressRequest,
                TaskProgressReply,
                self._streams.of_business_logic,
                "Where a task is, whenever that changes, until it has ended.",
            ),
        ]

    async def invite_users(self, context: Context, request: InviteUsersRequest) -> Reply:
        """`companyName` is the company's own."""
        drafts = [
            invitation_draft(one.user, one.roomIds, one.permissionGroupId)
            async for one in taking_turns(request.userInvitations)
        ]
        task_id = await self._batches.create(
            context.caller, drafts, administration_of(request.userPermissions), request.inviterName
        )
        return InviteUsersReply(trackingInfo=TrackingInfo(task_id))

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

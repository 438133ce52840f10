"""`businessLogicService`: the permission groups, invitations of many people, and the progress of tasks."""

from __future__ import annotations

from collections.abc import Sequence

from switchroom.accounts.companies import CompanyDraft, Signup
from switchroom.dialects.alfaview_v1.founding_messages import CompanyFoundRequest
from switchroom.dialects.alfaview_v1.messages.business_logic import (
    CompanyFoundReply,
    CompanyPermissionGroupsListReply,
    CompanyPermissionGroupsListRequest,
    CompanySignupReply,
    CompanySignupRequest,
    InviteUsersReply,
    InviteUsersRequest,
    PermissionGroup,
    TaskProgressReply,
    TaskProgressRequest,
)
from switchroom.dialects.alfaview_v1.messages.common import Reply, TrackingInfo, User
from switchroom.dialects.alfaview_v1.messages.scalars import Int32
from switchroom.dialects.alfaview_v1.operations import Context, operation, stream
from switchroom.dialects.alfaview_v1.people import administration_of, invitation_draft, person_draft
from switchroom.dialects.alfaview_v1.permissions import permissions_message
from switchroom.dialects.alfaview_v1.room_messages import new_quota, room_draft
from switchroom.dialects.alfaview_v1.tasks import TaskStreams
from switchroom.dialects.operation import OPEN, Operation
from switchroom.dialects.services import Services
from switchroom.errors import ErrorCode, Problems
from switchroom.identity.permissions import Permission
from switchroom.rooms.drafts import require_room
from switchroom.tasks import taking_turns

_LARGEST_BATCH = 4 << 20
"""Bytes of a request that invites very many people."""


class BusinessLogicService:
    def __init__(self, services: Services) -> None:
        self._organizations = services.organizations
        self._batches = services.invitation_batches
        self._companies = services.companies
        self._rooms = services.rooms
        self._signups = services.signups
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
            operation(
                "businessLogicService/companies/create",
                CompanyFoundRequest,
                CompanyFoundReply,
                self.found_company,
                "Found another company with a first administrator and a first room, where the operator has "
                "opened that.",
            ),
            operation(
                "businessLogicService/companies/signup",
                CompanySignupRequest,
                CompanySignupReply,
                self.sign_up,
                "Found a company of one's own by mail, where the operator has opened that.",
                access=OPEN,
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

    async def found_company(self, context: Context, request: CompanyFoundRequest) -> Reply:
        """The first administrator has all permissions, whatever `userPermissions` says of some of them."""
        administration_of(request.userPermissions)
        room = None
        if request.room is not None:
            room = room_draft(request.room, remove_default=False, quota=new_quota(request.room.quotas))
            require_room(room, is_new=True)
        draft = CompanyDraft(display_name=request.companyName)
        person = person_draft(request.user) if request.user is not None else None
        organization = await self._companies.create(context.caller, draft, person, plan_id=request.planId)
        if room is not None:
            await self._rooms.create(await self._companies.owner(organization), room)
        return CompanyFoundReply()

    async def sign_up(self, context: Context, request: CompanySignupRequest) -> Reply:
        """Sign a company up. There are no accounts beside companies: `accountName` is passed over."""
        problems = Problems()
        for field in ("agreedToTerms", "agreedToPrivacyPolicy"):
            if not getattr(request, field):
                problems.add(ErrorCode.TERMS_NOT_AGREED, field)
        self._signups.require_open()
        problems.require_none()
        user = person_draft(request.user or User())
        signup = Signup(company_name=request.company, person=user, plan_id=request.planId)
        self._signups.ask_for(signup, context.address)
        return CompanySignupReply()

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

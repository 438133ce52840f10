"""Messages of the package `businessLogicService`."""

# ruff: noqa: RUF012 (msgspec gives every instance a list or map of its own)

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from switchroom.accounts.invitation_batches import MOST_INVITED
from switchroom.accounts.inviting import MOST_ROOMS
from switchroom.dialects.alfaview_v1.messages.common import Permissions, Reply, Request, TrackingInfo, User
from switchroom.dialects.alfaview_v1.messages.scalars import Int32, WireEnum


class PermissionGroup(Struct, omit_defaults=True):
    name: str = ""
    order: Int32 = Int32(0)
    permissions: Permissions | None = None


class CompanyPermissionGroupsListRequest(Request):
    pass


class CompanyPermissionGroupsListReply(Reply):
    permissionGroups: dict[str, PermissionGroup] = {}


class CompanyPermissionGroupsUpdateRequest(Request):
    permissionGroups: dict[str, PermissionGroup] = {}


class CompanyPermissionGroupsUpdateReply(Reply):
    trackingInfo: TrackingInfo | None = None


class FavoritesListRequest(Request):
    userId: str = ""


class FavoritesListReply(Reply):
    roomIds: list[str] = []


class FavoritesUpdateRequest(Request):
    userId: str = ""
    roomIds: dict[str, bool] = {}


class FavoritesUpdateReply(Reply):
    pass


class State(WireEnum):
    UNDEFINED = "UNDEFINED", 0
    QUEUED = "QUEUED", 1
    ASSIGNED = "ASSIGNED", 2
    FAILED = "FAILED", 3
    FAILED_PERMANENTLY = "FAILED_PERMANENTLY", 4
    DONE = "DONE", 5


class TaskProgressRequest(Request):
    trackingInfo: TrackingInfo | None = None


class TaskProgress(Struct, omit_defaults=True):
    """`metadata` has `total`, `done` and `failed` and, at the end, what was wrong by the field that it was
    wrong with, such as `userInvitations[7].email`."""

    trackingInfo: TrackingInfo | None = None
    state: State = State.UNDEFINED
    execution: int = 0
    maxRetries: int = 0
    nextRun: str = ""
    metadata: dict[str, str] = {}
    progress: float = 0.0


class TaskProgressReply(Reply):
    taskProgress: TaskProgress | None = None


class UserInvitation(Struct, omit_defaults=True):
    user: User | None = None
    roomIds: Annotated[list[str], Meta(max_length=MOST_ROOMS)] = []
    permissionGroupId: str = ""


class InviteUsersRequest(Request):
    userInvitations: Annotated[list[UserInvitation], Meta(max_length=MOST_INVITED)] = []
    userPermissions: dict[str, bool] = {}
    companyName: str = ""
    inviterName: str = ""


class InviteUsersReply(Reply):
    trackingInfo: TrackingInfo | None = None


class CompanyFoundReply(Reply):
    trackingInfo: TrackingInfo | None = None


class CompanySignupRequest(Request):
    requestId: str = ""
    company: str = ""
    accountName: str = ""
    user: User | None = None
    agreedToTerms: bool = False
    agreedToPrivacyPolicy: bool = False
    planId: str = ""


class CompanySignupReply(Reply):
    """The same for every address, so that nobody learns which there are: nothing but `replyInfo` is set."""

    trackingInfo: TrackingInfo | None = None

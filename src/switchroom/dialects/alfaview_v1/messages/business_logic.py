"""Messages of the package `businessLogicService`."""

# ruff: noqa: RUF012 (msgspec gives every instance a list or map of its own)

from __future__ import annotations

from msgspec import Struct

from switchroom.dialects.alfaview_v1.messages.common import Permissions, Reply, Request
from switchroom.dialects.alfaview_v1.messages.scalars import Int32


class PermissionGroup(Struct, omit_defaults=True):
    name: str = ""
    order: Int32 = Int32(0)
    permissions: Permissions | None = None


class CompanyPermissionGroupsListRequest(Request):
    pass


class CompanyPermissionGroupsListReply(Reply):
    permissionGroups: dict[str, PermissionGroup] = {}

"""Messages of the package `user`."""

# ruff: noqa: RUF012 (msgspec gives every instance a list or map of its own)

from __future__ import annotations

from switchroom.dialects.alfaview_v1.messages.common import Reply, Request, User


class UserListRequest(Request):
    userIdList: list[str] = []
    returnUserIdsOnly: bool = False


class UserListReply(Reply):
    users: dict[str, User] = {}
    userIdList: list[str] = []

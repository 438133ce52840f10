"""Messages of the package `user`."""

# ruff: noqa: RUF012 (msgspec gives every instance a list or map of its own)

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from switchroom.dialects.alfaview_v1.messages.common import Reply, Request, User
from switchroom.identity.people import MOST_PEOPLE


class UserListRequest(Request):
    userIdList: Annotated[list[str], Meta(max_length=MOST_PEOPLE)] = []
    returnUserIdsOnly: bool = False


class UserListReply(Reply):
    users: dict[str, User] = {}
    userIdList: list[str] = []

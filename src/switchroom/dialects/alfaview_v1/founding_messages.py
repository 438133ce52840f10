"""The message by which a company is founded with a first room."""

# ruff: noqa: RUF012 (msgspec gives every instance a list or map of its own)

from __future__ import annotations

from switchroom.dialects.alfaview_v1.messages.common import Request, User
from switchroom.dialects.alfaview_v1.room_messages import Room


class CompanyFoundRequest(Request):
    """Request to found a company. Without `user` the caller administers it. `room` is a first room of it."""

    companyName: str = ""
    user: User | None = None
    userPermissions: dict[str, bool] = {}
    room: Room | None = None
    planId: str = ""

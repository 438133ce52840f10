"""Notices (bus messages) of the rooms domain."""

from msgspec import Struct


class RoomsChanged(Struct, frozen=True):
    """Something in the organization's list of rooms is different."""

    organization_id: int


class RoomChanged(Struct, frozen=True):
    """A room's name, mode, quota or permissions changed."""

    organization_id: int
    room_id: str


class RoomDestroyed(Struct, frozen=True):
    organization_id: int
    room_id: str


class LinkDestroyed(Struct, frozen=True):
    organization_id: int
    room_id: str
    link_id: str

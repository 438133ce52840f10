"""Messages of the package `guestService.v2`."""

# ruff: noqa: RUF012 (msgspec gives every instance a list or map of its own)

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from switchroom.dialects.alfaview_v1.messages.business_logic import State
from switchroom.dialects.alfaview_v1.messages.common import Reply, Request, TrackingInfo
from switchroom.dialects.alfaview_v1.messages.scalars import Timestamp, WireEnum
from switchroom.rooms.links import MOST_LINKS_AT_ONCE


class GuestType(WireEnum):
    UNDEFINED_TYPE = "UNDEFINED_TYPE", 0
    TYPE_GUEST_LINK = "TYPE_GUEST_LINK", 1
    TYPE_GROUP_LINK = "TYPE_GROUP_LINK", 2


class GroupLink(Struct, omit_defaults=True):
    id: str = ""
    roomId: str = ""
    description: str = ""
    permissionGroupId: str = ""
    validFrom: Timestamp | None = None
    validUntil: Timestamp | None = None
    createdBy: str = ""
    createdAt: Timestamp | None = None
    joinLink: str = ""
    accessKey: str = ""
    managed: bool = False
    origin: str = ""
    dialInAllowed: bool = False
    dialInCode: str = ""


class GuestLink(Struct, omit_defaults=True):
    id: str = ""
    roomId: str = ""
    displayName: str = ""
    permissionGroupId: str = ""
    email: str = ""
    locale: str = ""
    validFrom: Timestamp | None = None
    validUntil: Timestamp | None = None
    createdBy: str = ""
    createdAt: Timestamp | None = None
    joinLink: str = ""
    accessKey: str = ""
    managed: bool = False
    origin: str = ""
    dialInAllowed: bool = False
    dialInCode: str = ""


class GroupLinkCreation(Struct, omit_defaults=True):
    description: str = ""
    validFrom: Timestamp | None = None
    validUntil: Timestamp | None = None
    permissionGroupId: str = ""
    skipRoomPermissionsUpdate: bool = False
    allowDialIn: bool = False


class GuestLinkCreation(Struct, omit_defaults=True):
    email: str = ""
    displayName: str = ""
    validFrom: Timestamp | None = None
    validUntil: Timestamp | None = None
    locale: str = ""
    sendEmail: bool = False
    permissionGroupId: str = ""
    skipRoomPermissionsUpdate: bool = False
    allowDialIn: bool = False


class CreateGroupLinksRequest(Request):
    roomId: str = ""
    groupLinkCreations: Annotated[list[GroupLinkCreation], Meta(max_length=MOST_LINKS_AT_ONCE)] = []
    origin: str = ""


class CreateGroupLinksReply(Reply):
    trackingInfo: TrackingInfo | None = None
    groupLinks: list[GroupLink] = []


class CreateGuestLinksRequest(Request):
    roomId: str = ""
    guestLinkCreations: Annotated[list[GuestLinkCreation], Meta(max_length=MOST_LINKS_AT_ONCE)] = []
    origin: str = ""
    timezone: str = ""


class CreateGuestLinksReply(Reply):
    trackingInfo: TrackingInfo | None = None
    guestLinks: list[GuestLink] = []


class ListGroupLinksRequest(Request):
    roomId: str = ""


class ListGroupLinksReply(Reply):
    groupLinks: list[GroupLink] = []


class ListGuestLinksRequest(Request):
    roomId: str = ""


class ListGuestLinksReply(Reply):
    guestLinks: list[GuestLink] = []


class GetGroupLinkRequest(Request):
    roomId: str = ""
    id: str = ""


class GetGroupLinkReply(Reply):
    groupLink: GroupLink | None = None


class GetGuestLinkRequest(Request):
    roomId: str = ""
    id: str = ""


class GetGuestLinkReply(Reply):
    guestLink: GuestLink | None = None


class GetLinkRequest(Request):
    id: str = ""


class GetLinkReply(Reply):
    guestLink: GuestLink | None = None
    groupLink: GroupLink | None = None


class UpdateGroupLinkRequest(Request):
    groupLink: GroupLink | None = None
    skipRoomPermissionsUpdate: bool = False
    allowDialIn: bool = False


class UpdateGroupLinkReply(Reply):
    trackingInfo: TrackingInfo | None = None
    groupLink: GroupLink | None = None


class UpdateGuestLinkRequest(Request):
    guestLink: GuestLink | None = None
    sendEmail: bool = False
    skipRoomPermissionsUpdate: bool = False
    timezone: str = ""
    allowDialIn: bool = False


class UpdateGuestLinkReply(Reply):
    trackingInfo: TrackingInfo | None = None


class ResendGuestLinkEmailRequest(Request):
    roomId: str = ""
    id: str = ""
    timezone: str = ""


class ResendGuestLinkEmailReply(Reply):
    trackingInfo: TrackingInfo | None = None


class DeleteLinkRequest(Request):
    roomId: str = ""
    id: str = ""
    skipRoomPermissionsUpdate: bool = False


class DeleteLinkReply(Reply):
    trackingInfo: TrackingInfo | None = None


class AuthenticateRequest(Request):
    companyId: str = ""
    roomId: str = ""
    accessKey: str = ""
    displayName: str = ""
    externalId: str = ""


class LinkInfo(Struct, omit_defaults=True):
    validFrom: Timestamp | None = None
    validUntil: Timestamp | None = None
    displayName: str = ""
    type: GuestType = GuestType.UNDEFINED_TYPE


class AuthenticateReply(Reply):
    accessToken: str = ""
    tokenExpiresAt: Timestamp | None = None
    userId: str = ""
    linkInfo: LinkInfo | None = None


class GuestTaskProgress(Struct, omit_defaults=True):
    """The API calls it TaskProgress, as it does another message."""

    trackingInfo: TrackingInfo | None = None
    state: State = State.UNDEFINED
    progress: float = 0.0


class GuestTaskProgressReply(Reply):
    taskProgress: GuestTaskProgress | None = None

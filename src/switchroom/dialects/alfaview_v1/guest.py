"""`guestService.v2`: guest links and group links, and the guests who come by them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from switchroom.dialects.alfaview_v1.messages import guest as messages
from switchroom.dialects.alfaview_v1.messages.business_logic import TaskProgressRequest
from switchroom.dialects.alfaview_v1.messages.common import Reply, TrackingInfo
from switchroom.dialects.alfaview_v1.messages.scalars import Timestamp
from switchroom.dialects.alfaview_v1.operations import Context, operation, required, stream
from switchroom.dialects.alfaview_v1.tasks import TaskStreams
from switchroom.dialects.operation import OPEN, Operation
from switchroom.dialects.services import Services
from switchroom.errors import ErrorCode, Invalid
from switchroom.identity.tokens import AccessToken
from switchroom.rooms.links import LinkChange, LinkDraft
from switchroom.rooms.models import Link, LinkKind

_TYPES = {
    LinkKind.GUEST: messages.GuestType.TYPE_GUEST_LINK,
    LinkKind.GROUP: messages.GuestType.TYPE_GROUP_LINK,
}


class GuestService:
    def __init__(self, services: Services) -> None:
        self._links = services.links
        self._admissions = services.admissions
        self._streams = TaskStreams(services)

    def operations(self) -> Sequence[Operation]:
        return [
            operation(
                "guestService.v2/createGroupLinks",
                messages.CreateGroupLinksRequest,
                messages.CreateGroupLinksReply,
                self.create_group_links,
                "Make links for many people each.",
            ),
            operation(
                "guestService.v2/createGuestLinks",
                messages.CreateGuestLinksRequest,
                messages.CreateGuestLinksReply,
                self.create_guest_links,
                "Make links for one person each; with `sendEmail` they get theirs by mail.",
            ),
            operation(
                "guestService.v2/listGroupLinks",
                messages.ListGroupLinksRequest,
                messages.ListGroupLinksReply,
                self.list_group_links,
                "The group links of a room.",
            ),
            operation(
                "guestService.v2/listGuestLinks",
                messages.ListGuestLinksRequest,
                messages.ListGuestLinksReply,
                self.list_guest_links,
                "The guest links of a room.",
            ),
            operation(
                "guestService.v2/getGroupLink",
                messages.GetGroupLinkRequest,
                messages.GetGroupLinkReply,
                self.get_group_link,
                "A group link by its id.",
            ),
            operation(
                "guestService.v2/getGuestLink",
                messages.GetGuestLinkRequest,
                messages.GetGuestLinkReply,
                self.get_guest_link,
                "A guest link by its id.",
            ),
            operation(
                "guestService.v2/getLink",
                messages.GetLinkRequest,
                messages.GetLinkReply,
                self.get_link,
                "A link of either kind by its id.",
            ),
            operation(
                "guestService.v2/updateGroupLink",
                messages.UpdateGroupLinkRequest,
                messages.UpdateGroupLinkReply,
                self.update_group_link,
                "Change a group link.",
            ),
            operation(
                "guestService.v2/updateGuestLink",
                messages.UpdateGuestLinkRequest,
                messages.UpdateGuestLinkReply,
                self.update_guest_link,
                "Change a guest link, and mail it again.",
            ),
            operation(
                "guestService.v2/resendGuestLinkEmail",
                messages.ResendGuestLinkEmailRequest,
                messages.ResendGuestLinkEmailReply,
                self.resend_guest_link_email,
                "Mail a guest link again.",
            ),
            operation(
                "guestService.v2/deleteLink",
                messages.DeleteLinkRequest,
                messages.DeleteLinkReply,
                self.delete_link,
                "Remove a link of either kind.",
            ),
            operation(
                "guestService.v2/authenticate",
                messages.AuthenticateRequest,
                messages.AuthenticateReply,
                self.authenticate,
                "Sign in as a guest, with the access key of a link.",
                access=OPEN,
            ),
            stream(
                "guestService.v2/streamTaskProgress",
                TaskProgressRequest,
                messages.GuestTaskProgressReply,
                self._streams.of_guests,
                "Where the mails of a task are, whenever that changes, until all are sent or given up.",
            ),
        ]

    async def create_group_links(self, context: Context, request: messages.CreateGroupLinksRequest) -> Reply:
        caller = context.caller
        made = await self._links.create(
            caller,
            required(request.roomId, "roomId"),
            LinkKind.GROUP,
            [group_link_draft(wish) for wish in request.groupLinkCreations],
            origin=request.origin,
        )
        return messages.CreateGroupLinksReply(
            groupLinks=[self._group_link(caller, link) for link in made.links]
        )

    async def create_guest_links(self, context: Context, request: messages.CreateGuestLinksRequest) -> Reply:
        caller = context.caller
        made = await self._links.create(
            caller,
            required(request.roomId, "roomId"),
            LinkKind.GUEST,
            [guest_link_draft(wish) for wish in request.guestLinkCreations],
            origin=request.origin,
            timezone=request.timezone,
        )
        return messages.CreateGuestLinksReply(
            trackingInfo=_tracking(made.task_id),
            guestLinks=[self._guest_link(caller, link) for link in made.links],
        )

    async def list_group_links(self, context: Context, request: messages.ListGroupLinksRequest) -> Reply:
        caller = context.caller
        links = await self._links.list(caller, LinkKind.GROUP, request.roomId or None)
        return messages.ListGroupLinksReply(groupLinks=[self._group_link(caller, link) for link in links])

    async def list_guest_links(self, context: Context, request: messages.ListGuestLinksRequest) -> Reply:
        caller = context.caller
        links = await self._links.list(caller, LinkKind.GUEST, request.roomId or None)
        return messages.ListGuestLinksReply(guestLinks=[self._guest_link(caller, link) for link in links])

    async def get_group_link(self, context: Context, request: messages.GetGroupLinkRequest) -> Reply:
        caller = context.caller
        link = await self._links.get(
            caller, required(request.id, "id"), room_id=request.roomId or None, kind=LinkKind.GROUP
        )
        return messages.GetGroupLinkReply(groupLink=self._group_link(caller, link))

    async def get_guest_link(self, context: Context, request: messages.GetGuestLinkRequest) -> Reply:
        caller = context.caller
        link = await self._links.get(
            caller, required(request.id, "id"), room_id=request.roomId or None, kind=LinkKind.GUEST
        )
        return messages.GetGuestLinkReply(guestLink=self._guest_link(caller, link))

    async def get_link(self, context: Context, request: messages.GetLinkRequest) -> Reply:
        caller = context.caller
        link = await self._links.get(caller, required(request.id, "id"))
        if link.kind == LinkKind.GROUP:
            return messages.GetLinkReply(groupLink=self._group_link(caller, link))
        return messages.GetLinkReply(guestLink=self._guest_link(caller, link))

    async def update_group_link(self, context: Context, request: messages.UpdateGroupLinkRequest) -> Reply:
        caller, wish = context.caller, request.groupLink
        if wish is None:
            raise Invalid(ErrorCode.REQUIRED, "groupLink")
        made = await self._links.update(
            caller,
            required(wish.id, "groupLink.id"),
            LinkKind.GROUP,
            LinkChange(
                permission_group_id=wish.permissionGroupId or None,
                description=wish.description or None,
                valid_from=_instant(wish.validFrom),
                valid_until=_instant(wish.validUntil),
            ),
            room_id=wish.roomId or None,
            to_those_inside=not request.skipRoomPermissionsUpdate,
        )
        return messages.UpdateGroupLinkReply(groupLink=self._group_link(caller, made.links[0]))

    async def update_guest_link(self, context: Context, request: messages.UpdateGuestLinkRequest) -> Reply:
        caller, wish = context.caller, request.guestLink
        if wish is None:
            raise Invalid(ErrorCode.REQUIRED, "guestLink")
        made = await self._links.update(
            caller,
            required(wish.id, "guestLink.id"),
            LinkKind.GUEST,
            LinkChange(
                permission_group_id=wish.permissionGroupId or None,
                display_name=wish.displayName or None,
                email=wish.email or None,
                locale=wish.locale or None,
                valid_from=_instant(wish.validFrom),
                valid_until=_instant(wish.validUntil),
            ),
            room_id=wish.roomId or None,
            send_email=request.sendEmail,
            timezone=request.timezone,
            to_those_inside=not request.skipRoomPermissionsUpdate,
        )
        return messages.UpdateGuestLinkReply(trackingInfo=_tracking(made.task_id))

    async def resend_guest_link_email(
        self, context: Context, request: messages.ResendGuestLinkEmailRequest
    ) -> Reply:
        task_id = await self._links.resend(
            context.caller, request.roomId or None, required(request.id, "id"), request.timezone
        )
        return messages.ResendGuestLinkEmailReply(trackingInfo=_tracking(task_id))

    async def delete_link(self, context: Context, request: messages.DeleteLinkRequest) -> Reply:
        await self._links.delete(context.caller, request.roomId or None, required(request.id, "id"))
        return messages.DeleteLinkReply()

    async def authenticate(self, context: Context, request: messages.AuthenticateRequest) -> Reply:
        guest = await self._admissions.authenticate_guest(
            required(request.companyId, "companyId"),
            required(request.roomId, "roomId"),
            required(request.accessKey, "accessKey"),
            request.displayName,
            request.externalId,
        )
        return messages.AuthenticateReply(
            accessToken=guest.token,
            tokenExpiresAt=Timestamp.of(datetime.fromtimestamp(guest.claims.expires_at, UTC)),
            userId=guest.claims.subject_id,
            linkInfo=messages.LinkInfo(
                validFrom=Timestamp.of(guest.link.valid_from),
                validUntil=Timestamp.of(guest.link.valid_until),
                displayName=guest.link.display_name,
                type=_TYPES[guest.link.kind],
            ),
        )

    def _group_link(self, caller: AccessToken, link: Link) -> messages.GroupLink:
        return messages.GroupLink(
            id=link.id,
            roomId=link.room_id,
            description=link.description,
            permissionGroupId=link.permission_group_id,
            validFrom=Timestamp.of(link.valid_from),
            validUntil=Timestamp.of(link.valid_until),
            createdBy=link.created_by,
            createdAt=Timestamp.of(link.created_at),
            joinLink=self._links.address(caller.company_id, link),
            accessKey=link.access_key,
            managed=link.managed,
            origin=link.origin,
        )

    def _guest_link(self, caller: AccessToken, link: Link) -> messages.GuestLink:
        return messages.GuestLink(
            id=link.id,
            roomId=link.room_id,
            displayName=link.display_name,
            permissionGroupId=link.permission_group_id,
            email=link.email,
            locale=link.locale,
            validFrom=Timestamp.of(link.valid_from),
            validUntil=Timestamp.of(link.valid_until),
            createdBy=link.created_by,
            createdAt=Timestamp.of(link.created_at),
            joinLink=self._links.address(caller.company_id, link),
            accessKey=link.access_key,
            managed=link.managed,
            origin=link.origin,
        )


def group_link_draft(wish: messages.GroupLinkCreation) -> LinkDraft:
    return LinkDraft(
        permission_group_id=wish.permissionGroupId,
        description=wish.description,
        valid_from=_instant(wish.validFrom),
        valid_until=_instant(wish.validUntil),
    )


def guest_link_draft(wish: messages.GuestLinkCreation) -> LinkDraft:
    return LinkDraft(
        permission_group_id=wish.permissionGroupId,
        display_name=wish.displayName,
        email=wish.email,
        locale=wish.locale,
        valid_from=_instant(wish.validFrom),
        valid_until=_instant(wish.validUntil),
        send_email=wish.sendEmail,
    )


def _tracking(task_id: str | None) -> TrackingInfo | None:
    return TrackingInfo(task_id) if task_id else None


def _instant(timestamp: Timestamp | None) -> datetime | None:
    """The moment without the wire's type, which is nobody's business inside."""
    return timestamp and timestamp.instant

"""`roomService`: the tree of rooms and departments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Raw

from switchroom.dialects.alfaview_v1 import codec
from switchroom.dialects.alfaview_v1 import room_messages as messages
from switchroom.dialects.alfaview_v1.encoded_rooms import EncodedRooms
from switchroom.dialects.alfaview_v1.messages import common
from switchroom.dialects.alfaview_v1.messages.scalars import Int64, UInt32
from switchroom.dialects.alfaview_v1.operations import Context, operation, required
from switchroom.dialects.alfaview_v1.permissions import permissions_message
from switchroom.dialects.alfaview_v1.quota import UNLIMITED
from switchroom.dialects.alfaview_v1.room_lists import RoomLists
from switchroom.dialects.alfaview_v1.room_messages import changed_quota, new_quota, room_draft, room_message
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services
from switchroom.errors import ErrorCode, Invalid
from switchroom.rooms.listing import RoomFilter
from switchroom.rooms.live import LiveParticipant
from switchroom.rooms.models import QuotaSet, RoomType
from switchroom.rooms.places import Move

_NO_ROOMS = Raw(b"{}")


class RoomService:
    def __init__(self, services: Services) -> None:
        self._rooms = services.rooms
        self._listing = services.listing
        self._lists = RoomLists(services.revisions)
        self._encoded = EncodedRooms()
        self._occupancy = services.occupancy
        self._links = services.links
        self._quotas = services.quotas

    def operations(self) -> Sequence[Operation]:
        return [
            operation(
                "roomService/list",
                messages.RoomListRequest,
                messages.RoomListReply,
                self.list,
                "Rooms and departments open to whoever calls, by id.",
            ),
            operation(
                "roomService/create",
                messages.RoomCreateRequest,
                messages.RoomCreateReply,
                self.create,
                "Make a room or a department.",
            ),
            operation(
                "roomService/update",
                messages.RoomUpdateRequest,
                messages.RoomUpdateReply,
                self.update,
                "Change a room; what is left out stays.",
            ),
            operation(
                "roomService/destroy",
                messages.RoomDestroyRequest,
                common.Reply,
                self.destroy,
                "Remove a room, or a department without rooms.",
            ),
            operation(
                "roomService/status",
                messages.RoomStatusRequest,
                messages.RoomStatusReply,
                self.status,
                "Who is in rooms.",
            ),
            operation(
                "roomService/permissions",
                messages.RoomPermissionsRequest,
                messages.RoomPermissionsReply,
                self.permissions,
                "What somebody may do in a room.",
            ),
            operation(
                "roomService/createJoinLink",
                messages.CreateJoinLinkRequest,
                messages.CreateJoinLinkReply,
                self.create_join_link,
                "A link into a room for whoever calls, good for a time.",
            ),
            operation(
                "roomService/sort",
                messages.RoomSortRequest,
                common.Reply,
                self.sort,
                "Move rooms within the tree.",
            ),
            operation(
                "roomService/availableTypes",
                messages.AvailableTypesRequest,
                messages.AvailableTypesReply,
                self.available_types,
                "Kinds of rooms, and how many more of each there may be.",
            ),
        ]

    async def list(self, context: Context, request: messages.RoomListRequest) -> common.Reply:
        caller = context.caller
        ids_only = bool(request.accessInfo and request.accessInfo.returnObjectIdsOnly)
        wanted = RoomFilter(
            limit=request.limit,
            offset=request.offset,
            room_ids=tuple(request.filterRoomIds),
            types=tuple(sorted({RoomType(kind.number) for kind in request.filterRoomTypes if kind.number})),
            joinable_only=messages.SkipFlags.SKIP_UNJOINABLE in request.skipFlags,
        )
        skip = frozenset(request.skipFlags)

        async def encoded() -> Raw:
            views = await self._listing.list(caller, wanted)
            if ids_only:
                return Raw(codec.encode({view.room.id: messages.Room() for view in views}))
            return Raw(
                codec.encode(
                    {view.room.id: self._encoded.get(view, caller.subject_id, skip) for view in views}
                )
            )

        if wanted.room_ids:
            rooms = await encoded()
        else:
            rooms = await self._lists.get(caller, (wanted, skip, ids_only), encoded)
        return messages.RoomListReply(rooms=None if rooms == _NO_ROOMS else rooms)

    async def create(self, context: Context, request: messages.RoomCreateRequest) -> common.Reply:
        caller = context.caller
        if request.room is None:
            raise Invalid(ErrorCode.REQUIRED, "room")
        draft = room_draft(request.room, remove_default=False, quota=new_quota(request.room.quotas))
        view = await self._rooms.create(caller, draft)
        return messages.RoomCreateReply(roomId=view.room.id, room=room_message(view, caller.subject_id))

    async def update(self, context: Context, request: messages.RoomUpdateRequest) -> common.Reply:
        caller = context.caller
        message = request.room or messages.Room()
        draft = room_draft(
            message, remove_default=request.removeDefaultPermissions, quota=changed_quota(message.quotas)
        )
        view = await self._rooms.update(caller, required(request.roomId, "roomId"), draft)
        return messages.RoomUpdateReply(room=room_message(view, caller.subject_id))

    async def destroy(self, context: Context, request: messages.RoomDestroyRequest) -> common.Reply:
        await self._rooms.destroy(context.caller, required(request.roomId, "roomId"))
        return common.Reply()

    async def status(self, context: Context, request: messages.RoomStatusRequest) -> common.Reply:
        inside = await self._occupancy.of(context.caller, request.roomIds)
        return messages.RoomStatusReply(
            rooms={room_id: _room_info(people) for room_id, people in inside.items()}
        )

    async def permissions(self, context: Context, request: messages.RoomPermissionsRequest) -> common.Reply:
        permissions = await self._rooms.permissions(
            context.caller, required(request.roomId, "roomId"), request.userId or None
        )
        return messages.RoomPermissionsReply(permissions=permissions_message(permissions))

    async def create_join_link(
        self, context: Context, request: messages.CreateJoinLinkRequest
    ) -> common.Reply:
        caller = context.caller
        link = await self._links.create_for_anyone(
            caller, required(request.roomId, "roomId"), _moment(request.expiresAt)
        )
        return messages.CreateJoinLinkReply(joinLink=self._links.address(caller.company_id, link))

    async def sort(self, context: Context, request: messages.RoomSortRequest) -> common.Reply:
        moves = [
            Move(
                required(move.roomId, f"roomMoves[{number}].roomId"),
                move.parentId or None,
                move.moveAfterRoomId or None,
            )
            for number, move in enumerate(request.roomMoves)
        ]
        await self._rooms.sort(context.caller, moves)
        return common.Reply()

    async def available_types(
        self, context: Context, request: messages.AvailableTypesRequest
    ) -> common.Reply:
        """The quota sets that rooms can have; departments and meetings have none."""
        sets, used = await self._quotas.list(context.caller)
        if request.type not in (common.RoomType.ROOM_TYPE_KEEP, common.RoomType.ROOM_TYPE_ROOM):
            return messages.AvailableTypesReply()
        return messages.AvailableTypesReply(roomTypes=[_available(quota, used) for quota in sets])


def _available(quota: QuotaSet, used: Mapping[str, int]) -> messages.AvailableType:
    limit = available = UNLIMITED
    if quota.room_limit is not None:
        limit = quota.room_limit
        available = max(0, limit - used.get(quota.name, 0))
    return messages.AvailableType(
        limit=Int64(limit),
        available=Int64(available),
        quota=common.RoomQuotas(
            name=quota.name,
            activeParticipants=UInt32(quota.active_limit),
            passiveParticipants=UInt32(quota.passive_limit),
            subRooms=UInt32(quota.breakout_limit),
        ),
    )


def _room_info(people: Sequence[LiveParticipant]) -> messages.RoomInfo:
    return messages.RoomInfo(
        users={
            person.user_id: messages.UserInfo(
                online=True,
                displayName=person.display_name,
                isGuest=person.is_guest,
                state=common.UserState.of(person.state),
                isSpectator=person.is_spectator,
            )
            for person in people
        }
    )


def _moment(seconds: int) -> datetime | None:
    if not seconds:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise Invalid(ErrorCode.NOT_UNIX_SECONDS, "expiresAt") from None

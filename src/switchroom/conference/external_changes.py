"""Changes from outside live rooms (to rooms, links, meetings, rights), and what they end or change there."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from switchroom.bus import Bus
from switchroom.conference.live_room import LiveRoom
from switchroom.conference.messages import EndReason, LeftReason
from switchroom.conference.pending_joins import PendingJoins
from switchroom.conference.reviews import Reviews
from switchroom.conference.room.participants import Participant
from switchroom.conference.room.waiting_room import WaitingRooms
from switchroom.identity.notices import (
    AccessRevoked,
    OrganizationClosed,
    PermissionGroupsChanged,
    RecordingRuleChanged,
)
from switchroom.meetings.notices import MeetingChanged, MeetingOver
from switchroom.rooms.notices import LinkDestroyed, RoomChanged, RoomDestroyed


class ExternalChanges:
    """Follows the notices of the bus: puts out who may not be inside any more, has rooms reviewed that have
    changed, and tells joins on their way that they have to ask again."""

    def __init__(
        self,
        live: Mapping[str, LiveRoom],
        waiting_rooms: WaitingRooms,
        joins: PendingJoins,
        reviews: Reviews,
        bus: Bus,
    ) -> None:
        """`live` are the rooms as they are at any time."""
        self._live = live
        self._waiting_rooms = waiting_rooms
        self._joins = joins
        self._reviews = reviews
        bus.subscribe(RoomDestroyed, self._room_destroyed)
        bus.subscribe(RoomChanged, self._room_changed)
        bus.subscribe(LinkDestroyed, self._link_deleted)
        bus.subscribe(AccessRevoked, self._access_revoked)
        bus.subscribe(OrganizationClosed, self._organization_closed)
        bus.subscribe(PermissionGroupsChanged, self._organization_changed)
        bus.subscribe(RecordingRuleChanged, self._organization_changed)
        bus.subscribe(MeetingChanged, self._room_changed)
        bus.subscribe(MeetingOver, self._meeting_over)

    async def _room_destroyed(self, notice: RoomDestroyed) -> None:
        self._joins.room_changed(notice.room_id)
        self._put_out(notice.room_id, "removed", "room_closed", lambda _: True)
        self._waiting_rooms.send_away(notice.room_id, "room_closed")

    async def _meeting_over(self, notice: MeetingOver) -> None:
        self._joins.room_changed(notice.room_id)
        self._put_out(notice.room_id, "meeting_over", "meeting_over", lambda _: True)
        self._waiting_rooms.send_away(notice.room_id, "meeting_over")

    async def _link_deleted(self, notice: LinkDestroyed) -> None:
        self._joins.room_changed(notice.room_id)
        self._put_out(
            notice.room_id, "removed", "revoked", lambda one: one.admission.link_id == notice.link_id
        )
        self._waiting_rooms.send_away(notice.room_id, "revoked", notice.link_id)

    async def _access_revoked(self, notice: AccessRevoked) -> None:
        self._joins.organization_changed(notice.organization_id)
        for room_id, live in list(self._live.items()):
            if live.conference.room.organization_id == notice.organization_id:
                self._put_out(
                    room_id,
                    "removed",
                    "revoked",
                    lambda one: one.admission.is_revoked_by(notice),
                )
        self._waiting_rooms.revoke(lambda one: one.is_revoked_by(notice))

    async def _organization_closed(self, notice: OrganizationClosed) -> None:
        self._joins.organization_changed(notice.organization_id)
        for room_id, live in list(self._live.items()):
            if live.conference.room.organization_id == notice.organization_id:
                self._put_out(room_id, "removed", "revoked", lambda _: True)
        self._waiting_rooms.revoke(lambda one: one.room.organization_id == notice.organization_id)

    async def _organization_changed(self, notice: PermissionGroupsChanged | RecordingRuleChanged) -> None:
        self._joins.organization_changed(notice.organization_id)
        for room_id, live in self._live.items():
            if live.conference.room.organization_id == notice.organization_id:
                self._reviews.request(room_id)

    async def _room_changed(self, notice: RoomChanged | MeetingChanged) -> None:
        self._joins.room_changed(notice.room_id)
        self._reviews.request(notice.room_id)

    def _put_out(
        self, room_id: str, left: LeftReason, end: EndReason, concerns: Callable[[Participant], bool]
    ) -> None:
        live = self._live.get(room_id)
        if live is None:
            return
        those = [one for one in live.conference.participants.values() if concerns(one)]
        live.conference.remove_all(those, left, end)

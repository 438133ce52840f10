"""What happens to live rooms from outside: rooms, links, meetings and rights change or go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Protocol

import structlog

from switchroom.bus import Bus
from switchroom.conference.live_room import LiveRoom
from switchroom.conference.messages import EndReason, LeftReason
from switchroom.conference.room.participants import Participant
from switchroom.conference.room.waiting_room import WaitingRoom, WaitingRooms
from switchroom.errors import Exhausted, Forbidden, NotFound, Unauthenticated
from switchroom.identity.notices import AccessRevoked, OrganizationClosed
from switchroom.meetings.notices import MeetingChanged, MeetingOver
from switchroom.rooms.admission import Admission
from switchroom.rooms.notices import LinkDeleted, RoomChanged, RoomDestroyed

log = structlog.stdlib.get_logger(__name__)


class Reviews(Protocol):
    """Who may still be in a room (see `AdmissionService`)."""

    def review(
        self, token: str, room_id: str, display_name: str, since: datetime | None = None
    ) -> Awaitable[Admission]: ...


class ExternalChanges:
    """Puts out, on word from the bus, who may not be inside any more, and tells the others what is new."""

    def __init__(
        self,
        live: Mapping[str, LiveRoom],
        waiting_rooms: WaitingRooms,
        reviews: Reviews,
        bus: Bus,
        *,
        reviewed: Callable[[str], None],
    ) -> None:
        """`live` are the rooms as they are at any time. `reviewed` is called with the id of each that has
        been looked at."""
        self._live = live
        self._waiting_rooms = waiting_rooms
        self._reviews = reviews
        self._reviewed = reviewed
        bus.subscribe(RoomDestroyed, self._room_destroyed)
        bus.subscribe(RoomChanged, self._room_changed)
        bus.subscribe(LinkDeleted, self._link_deleted)
        bus.subscribe(AccessRevoked, self._access_revoked)
        bus.subscribe(OrganizationClosed, self._organization_closed)
        bus.subscribe(MeetingChanged, self._room_changed)
        bus.subscribe(MeetingOver, self._meeting_over)

    async def review(self, room_id: str) -> None:
        """Look at what a room is now, and at who may still be inside or wait."""
        live = self._live.get(room_id)
        if live is not None:
            await self._review(live, room_id)
        room = self._waiting_rooms.find(room_id)
        if room is not None:
            await self._review_waiting(room, room_id)

    async def _room_destroyed(self, notice: RoomDestroyed) -> None:
        self._put_out(notice.room_id, "removed", "room_closed", lambda _: True)
        self._waiting_rooms.send_away(notice.room_id, "room_closed")

    async def _meeting_over(self, notice: MeetingOver) -> None:
        self._put_out(notice.room_id, "meeting_over", "meeting_over", lambda _: True)
        self._waiting_rooms.send_away(notice.room_id, "meeting_over")

    async def _link_deleted(self, notice: LinkDeleted) -> None:
        self._put_out(
            notice.room_id, "removed", "revoked", lambda one: one.admission.link_id == notice.link_id
        )
        self._waiting_rooms.send_away(notice.room_id, "revoked", notice.link_id)

    async def _access_revoked(self, notice: AccessRevoked) -> None:
        for room_id, live in list(self._live.items()):
            if live.conference.room.organization_id == notice.organization_id:
                self._put_out(
                    room_id,
                    "removed",
                    "revoked",
                    lambda one: notice.subject_id in (one.user_id, one.admission.link_id),
                )
        self._waiting_rooms.revoke(notice.organization_id, notice.subject_id)

    async def _organization_closed(self, notice: OrganizationClosed) -> None:
        for room_id, live in list(self._live.items()):
            if live.conference.room.organization_id == notice.organization_id:
                self._put_out(room_id, "removed", "revoked", lambda _: True)
        self._waiting_rooms.revoke(notice.organization_id)

    async def _room_changed(self, notice: RoomChanged | MeetingChanged) -> None:
        await self.review(notice.room_id)

    def _put_out(
        self, room_id: str, left: LeftReason, end: EndReason, concerns: Callable[[Participant], bool]
    ) -> None:
        live = self._live.get(room_id)
        if live is None:
            return
        for participant in list(live.conference.participants.values()):
            if concerns(participant):
                live.conference.remove(participant, left, end)

    async def _review(self, live: LiveRoom, room_id: str) -> None:
        reviewed: dict[str, Admission] = {}
        for participant in list(live.conference.participants.values()):
            try:
                reviewed[participant.id] = await self._reviews.review(
                    participant.token, room_id, participant.display_name, participant.joined_at
                )
            except (NotFound, Forbidden, Unauthenticated) as error:
                if error.code == "meeting_over":
                    live.conference.remove(participant, "meeting_over", "meeting_over")
                else:
                    live.conference.remove(participant, "removed", "revoked")
        live.conference.review(reviewed)
        live.waiting_room.moderators_changed()
        self._reviewed(room_id)

    async def _review_waiting(self, room: WaitingRoom, room_id: str) -> None:
        """Take in what those who wait may do now; some may not have to wait any more."""
        for waiting in room.everybody:
            name = waiting.admission.display_name
            try:
                waiting.admission = await self._reviews.review(waiting.token, room_id, name)
                if not waiting.admission.waits:
                    room.let_in([waiting])
            except Exhausted:
                log.info("no place for somebody who need not wait", room=room_id)
            except (NotFound, Forbidden, Unauthenticated) as error:
                room.end([waiting], "meeting_over" if error.code == "meeting_over" else "revoked")

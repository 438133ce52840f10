"""Occupancy of the rooms that somebody may see."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from switchroom.identity.tokens import AccessToken
from switchroom.rooms.listing import MOST_ROOMS, RoomFilter, RoomListing
from switchroom.rooms.live import LiveParticipant, LiveRooms
from switchroom.rooms.models import RoomMode
from switchroom.rooms.permissions import Permission


class Occupancy:
    def __init__(self, listing: RoomListing, live: LiveRooms) -> None:
        self._listing = listing
        self._live = live

    async def of(
        self, token: AccessToken, room_ids: Sequence[str]
    ) -> Mapping[str, Sequence[LiveParticipant]]:
        """The people inside each of the named rooms, of the first 1000 when none is named.

        Rooms that the caller does not see are left out, as if they did not exist; and so are people of exams
        that the caller could not see inside.
        """
        visible = await self._listing.ids(token, RoomFilter(limit=MOST_ROOMS, room_ids=room_ids))
        inside = self._live.occupants(visible)
        hiding = await self._hiding(token, [room_id for room_id in visible if inside.get(room_id)])
        return {
            room_id: [
                one
                for one in inside.get(room_id, ())
                if room_id not in hiding or one.is_moderator or one.user_id == token.subject_id
            ]
            for room_id in visible
        }

    async def _hiding(self, token: AccessToken, room_ids: Sequence[str]) -> Collection[str]:
        """Rooms, of these, in which people are examined whom the caller does not moderate."""
        if not room_ids:
            return ()
        rooms = await self._listing.list(token, RoomFilter(limit=MOST_ROOMS, room_ids=room_ids))
        return {
            one.room.id
            for one in rooms
            if one.room.mode == RoomMode.EXAM and Permission.PROMOTE not in one.mine
        }

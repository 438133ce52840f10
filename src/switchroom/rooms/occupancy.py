"""Occupancy of the rooms that somebody may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from switchroom.identity.tokens import AccessToken
from switchroom.rooms.listing import MOST_ROOMS, RoomFilter, RoomListing
from switchroom.rooms.live import LiveParticipant, LiveRooms


class Occupancy:
    def __init__(self, listing: RoomListing, live: LiveRooms) -> None:
        self._listing = listing
        self._live = live

    async def of(
        self, token: AccessToken, room_ids: Sequence[str]
    ) -> Mapping[str, Sequence[LiveParticipant]]:
        """The people inside each of the named rooms, of the first 1000 when none is named.

        Rooms that the caller does not see are left out, as if they did not exist.
        """
        visible = await self._listing.ids(token, RoomFilter(limit=MOST_ROOMS, room_ids=room_ids))
        inside = self._live.occupants(visible)
        return {room_id: inside.get(room_id, ()) for room_id in visible}

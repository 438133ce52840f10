"""Room services: rooms, links into them, quotas, and who may come in."""

from __future__ import annotations

from datetime import timedelta

from switchroom.platform.background import Background
from switchroom.platform.identity import IdentityServices
from switchroom.platform.storage import Storage
from switchroom.rooms.admission import AdmissionService
from switchroom.rooms.attendance import RoomAttendance
from switchroom.rooms.favorites import Favorites
from switchroom.rooms.links import Links
from switchroom.rooms.listing import RoomListing
from switchroom.rooms.quotas import Quotas
from switchroom.rooms.revisions import Revisions
from switchroom.rooms.rooms import Rooms
from switchroom.rooms.tree import RoomTree
from switchroom.rooms.use import UseCounting, UseOfRooms
from switchroom.rooms.use_rankings import UseRankings
from switchroom.settings import Settings


class RoomServices:
    """Services of rooms that are not live."""

    def __init__(self, settings: Settings, storage: Storage, identity: IdentityServices) -> None:
        database = storage.database
        self.rooms = Rooms(database)
        self.attendance = RoomAttendance(database)
        self.favorites = Favorites(database)
        self.links = Links(database, settings.base_url)
        self.quotas = Quotas(database)
        self.use = UseOfRooms(database)
        self.use_rankings = UseRankings(database)
        self.use_counting = UseCounting(database, keep=timedelta(days=settings.events.keep_days))
        self.revisions = Revisions(database, storage.bus)
        self.listing = RoomListing(database, self.revisions)
        self.tree = RoomTree(database)
        self.admissions = AdmissionService(
            database, identity.signer, guest_token_lifetime=settings.security.guest_token_lifetime
        )

    def background(self) -> list[Background]:
        return [
            Background("room revisions", self.revisions.follow),
            Background("use of rooms", self.use_counting.run),
        ]

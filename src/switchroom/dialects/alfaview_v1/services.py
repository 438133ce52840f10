"""What this dialect needs of the platform."""

from __future__ import annotations

from msgspec import Struct

from switchroom.identity.authentication import Authentication
from switchroom.identity.organizations import Organizations
from switchroom.identity.people import People
from switchroom.identity.tokens import TokenSigner
from switchroom.rooms.admission import AdmissionService
from switchroom.rooms.links import Links
from switchroom.rooms.listing import RoomListing
from switchroom.rooms.occupancy import Occupancy
from switchroom.rooms.quotas import Quotas
from switchroom.rooms.revisions import Revisions
from switchroom.rooms.rooms import Rooms


class Services(Struct, frozen=True, kw_only=True):
    """The domain services behind the calls. `cookie_secure` marks the cookie `auth` for HTTPS only."""

    signer: TokenSigner
    authentication: Authentication
    organizations: Organizations
    people: People
    rooms: Rooms
    listing: RoomListing
    occupancy: Occupancy
    quotas: Quotas
    links: Links
    admissions: AdmissionService
    revisions: Revisions
    cookie_secure: bool = True

"""What the operations of the browser's API work with."""

from __future__ import annotations

from msgspec import Struct

from switchroom.conference.service import ConferenceService
from switchroom.dialects import operation
from switchroom.identity.authentication import Authentication
from switchroom.identity.password_links import PasswordLinks
from switchroom.identity.throttle import Throttle
from switchroom.identity.tokens import TokenSigner
from switchroom.meetings.admission import MeetingAdmission
from switchroom.meetings.upcoming import UpcomingMeetings
from switchroom.rooms.tree import RoomTree

Context = operation.Context[None]
"""Nobody is known by more than what their request says."""


class Services(Struct, frozen=True, kw_only=True):
    """`records` is whether anything can be recorded here, `cookie_secure` marks cookies for HTTPS only."""

    conference: ConferenceService
    signer: TokenSigner
    tree: RoomTree
    admission: MeetingAdmission
    upcoming: UpcomingMeetings
    throttle: Throttle
    authentication: Authentication
    password_links: PasswordLinks
    records: bool
    cookie_secure: bool

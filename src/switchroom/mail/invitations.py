"""The invitation that goes to a guest by mail."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Invitation(Struct, frozen=True, kw_only=True, tag="guest_link"):
    """Content of a mail that invites a guest into a room.

    `uid` and `sequence` are the calendar entry's: a later mail with the same `uid` and a higher `sequence`
    replaces the entry. `locale` is `de` or `en`; `timezone` an IANA name, empty for UTC.
    """

    uid: str
    sequence: int
    to: str
    guest_name: str
    organization_name: str
    room_name: str
    inviter_name: str
    join_link: str
    valid_from: datetime | None
    valid_until: datetime | None
    locale: str
    timezone: str

"""What the calls of this API work with."""

from __future__ import annotations

from msgspec import Struct

from switchroom.events.webhooks.hooks import WebHooks
from switchroom.identity.keys import PlatformKeys
from switchroom.meetings.accounts import Accounts
from switchroom.meetings.attendance import Attendances
from switchroom.meetings.calendars import Calendars
from switchroom.meetings.invitations import Invitations
from switchroom.meetings.meetings import Meetings
from switchroom.rooms.live import LiveRooms


class Services(Struct, frozen=True, kw_only=True):
    """`instance_id` is what meetings call the whole platform by: 24 hexadecimal characters."""

    keys: PlatformKeys
    accounts: Accounts
    meetings: Meetings
    invitations: Invitations
    attendances: Attendances
    calendars: Calendars
    webhooks: WebHooks
    live: LiveRooms
    instance_id: str
    require_api_key: bool
    user_timezone: str

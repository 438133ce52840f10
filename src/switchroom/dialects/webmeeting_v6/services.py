"""What the calls of this API work with."""

from __future__ import annotations

from msgspec import Struct

from switchroom.accounts.accounts import Accounts
from switchroom.dialects.webmeeting_v6.views import MeetingWriter
from switchroom.events.webhooks.hooks import WebHooks
from switchroom.identity.keys import PlatformKeys
from switchroom.meetings.attendance import Attendances
from switchroom.meetings.calendars import Calendars
from switchroom.meetings.meetings import Meetings
from switchroom.meetings.recordings.archive import RecordingArchive


class Services(Struct, frozen=True, kw_only=True):
    keys: PlatformKeys
    accounts: Accounts
    meetings: Meetings
    attendances: Attendances
    recordings: RecordingArchive
    calendars: Calendars
    webhooks: WebHooks
    writer: MeetingWriter
    require_api_key: bool
    user_timezone: str

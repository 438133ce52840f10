"""Every route of the API under `/api/v6`."""

from __future__ import annotations

import msgspec
from litestar.handlers import ASGIRouteHandler

from switchroom.dialects.webmeeting_v6.accounts import AccountCalls
from switchroom.dialects.webmeeting_v6.calendars import CalendarCalls
from switchroom.dialects.webmeeting_v6.callers import Callers
from switchroom.dialects.webmeeting_v6.documentation import PATH, describe
from switchroom.dialects.webmeeting_v6.meetings import MeetingCalls
from switchroom.dialects.webmeeting_v6.operations import routes
from switchroom.dialects.webmeeting_v6.services import Services
from switchroom.dialects.webmeeting_v6.webhooks import WebHookCalls


def handlers(services: Services) -> list[ASGIRouteHandler]:
    """The handler to mount, of all calls and their documentation."""
    callers = Callers(services.keys, services.accounts, require_key=services.require_api_key)
    parts = (
        AccountCalls(services, callers),
        MeetingCalls(services, callers),
        CalendarCalls(services),
        WebHookCalls(services),
    )
    calls = [call for part in parts for call in part.calls()]
    return [routes(calls, callers, {PATH: msgspec.json.encode(describe(calls))})]

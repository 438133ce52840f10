"""Every route of the API under `/api/v6`."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler

from switchroom.dialects.webmeeting_v6.accounts import AccountCalls
from switchroom.dialects.webmeeting_v6.calendars import CalendarCalls
from switchroom.dialects.webmeeting_v6.callers import Callers
from switchroom.dialects.webmeeting_v6.calls import routes
from switchroom.dialects.webmeeting_v6.documentation import documentation
from switchroom.dialects.webmeeting_v6.meetings import MeetingCalls
from switchroom.dialects.webmeeting_v6.services import Services
from switchroom.dialects.webmeeting_v6.webhooks import WebHookCalls


def handlers(services: Services) -> list[HTTPRouteHandler]:
    """The handlers to mount: the documentation, and one for everything else."""
    callers = Callers(services.keys, services.accounts, require_key=services.require_api_key)
    parts = (
        AccountCalls(services, callers),
        MeetingCalls(services, callers),
        CalendarCalls(services),
        WebHookCalls(services),
    )
    calls = [call for part in parts for call in part.calls()]
    return [documentation(calls), routes(calls, callers)]

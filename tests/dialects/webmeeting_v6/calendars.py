"""Reads calendars of mails and feeds with a library that did not write them."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any, cast

from tests.dialects.webmeeting_v6.client import Account
from tests.vobjects import read_by_vobject


def calendar_of(mail: EmailMessage) -> Any:
    """The calendar in a mail."""
    (part,) = (one for one in mail.walk() if one.get_content_type() == "text/calendar")
    return read(cast("str", part.get_content()))


def event_of(mail: EmailMessage) -> Any:
    (event,) = events_of(calendar_of(mail))
    return event


def feed_of(account: Account, meeting: dict[str, Any]) -> Any:
    """The feed of a meeting."""
    return read(account.api.send("GET", f"/meeting/calendar/meeting/{meeting['icsToken']}").text)


def events_of(calendar: Any) -> list[Any]:
    return list(calendar.vevent_list)


def read(text: str) -> Any:
    return read_by_vobject(text)

"""A meeting as a program schedules it and people come to it: by API, mail and browser, to its summary."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from switchroom.identity.keys import KeyPermission
from tests.browser.people import BOTH, Newcomer
from tests.mail.outbox import mails_to
from tests.platform import RunningPlatform

pytestmark = [pytest.mark.browser, pytest.mark.janus]


class Program:
    """Somebody's software, with a key of the instance."""

    def __init__(self, running: RunningPlatform) -> None:
        self._http = running.http
        self._key = running.run(
            running.platform.identity.keys.create("booking", KeyPermission.ACCOUNT | KeyPermission.MEETING)
        )
        self.user_id = ""

    def asks(self, method: str, path: str, message: dict[str, Any] | None = None) -> Any:
        headers = {"X-API-KEY": self._key, **({"X-USER-ID": self.user_id} if self.user_id else {})}
        reply = self._http.request(method, f"/api/v6{path}", json=message, headers=headers)
        assert reply.json()["responseCode"] == 0, reply.text
        return reply.json()["data"]


def link_in(mail: EmailMessage) -> str:
    """What somebody clicks on who reads the mail's text."""
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"http\S+/#/meeting/\S+", body.get_content())
    assert found, body.get_content()
    return found[0]


def test_scheduled_by_a_program_held_in_browsers_closed_and_summed_up(
    running: RunningPlatform, newcomer: Newcomer
) -> None:
    program = Program(running)
    organizer, nora, joerg = (f"{name}-{uuid4().hex[:8]}@example.org" for name in ("ada", "nora", "joerg"))
    account = program.asks(
        "POST",
        "/account",
        {"adminEmail": organizer, "adminFirstname": "Ada", "adminLastname": "Lovelace"},
    )
    admin = program.asks("GET", f"/account/admin/{account['id']}")[0]
    program.user_id = admin["id"]
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
    meeting = program.asks(
        "POST",
        "/meeting",
        {
            "topic": "Über die Maschine",
            "startTime": start.isoformat(),
            "invitedParticipants": [
                {"email": nora, "firstName": "Nora", "lastName": "Nilsen", "role": "moderator"},
                {"email": joerg, "firstName": "Jörg", "preferredLanguage": "de"},
            ],
        },
    )
    assert (meeting["isOpen"], meeting["isActive"], meeting["isClosed"]) == (True, False, False)

    by_mail = link_in(mails_to(running, nora)[0])
    in_german = mails_to(running, joerg)[0]
    assert "Über die Maschine" in str(in_german["Subject"])
    one = newcomer("Nora", on=BOTH).opens(by_mail)
    expect(one.the("meeting-topic")).to_have_text("Über die Maschine")
    one.joins()
    two = newcomer("Jörg", on=BOTH).opens(link_in(in_german)).joins()
    three = newcomer("Ben").opens(f"{running.base_url}/#/meeting/{meeting['meetingId']}").joins("Ben")
    one.sees("Jörg")
    two.hears("Nora Nilsen")
    three.sees("Nora Nilsen")
    one.writes("Guten Tag")
    expect(three.message("Guten Tag")).to_have_count(1)
    live = program.asks("GET", f"/meeting/{meeting['meetingId']}")
    assert (live["isOpen"], live["isActive"], live["isClosed"]) == (True, True, False)

    closed = program.asks("POST", f"/meeting/close/{meeting['id']}")
    assert (closed["isOpen"], closed["isActive"], closed["isClosed"]) == (False, False, True)
    for person in (one, two, three):
        person.is_told("over")
    participants = program.asks("GET", f"/meeting/{meeting['id']}/participants")
    assert {stay["name"] for stay in participants} == {"Nora Nilsen", "Jörg", "Ben"}
    summary = one.until(
        lambda: program.asks("GET", f"/meeting/{meeting['id']}/summary"),
        lambda told: len(told["chat"]) == 1 and all(stay["leftAt"] for stay in told["participants"]),
        "the summary",
    )
    assert (summary["chat"][0]["name"], summary["chat"][0]["text"]) == ("Nora Nilsen", "Guten Tag")
    assert summary["closedAt"] is not None

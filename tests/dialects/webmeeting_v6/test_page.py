"""Every command of the Web Meeting API's page, run by curl in a shell as the page prints it.

Its placeholders are filled in, the server is reached without TLS, and the key is sent with every command:
the page's text demands one, though its commands for meetings leave it out. Replies are compared key for key
and in order with those that the page prints; of what the server makes itself, with the form.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec import Struct

from tests.dialects.webmeeting_v6.client import instance_key, moment_of
from tests.mail.outbox import mails_to
from tests.platform import RunningPlatform

CREATE_ACCOUNT = r"""curl 'https://<DOMAIN NAME>/api/v6/account' \
  -X POST \
  -H 'X-API-KEY: <API KEY>' \
  -H 'content-type: application/json' \
  --data-binary '{"sendPassword": true,"accountType": "trial","adminFirstname": "Test","adminLastname": "User","adminEmail": "test-user@example.com", "adminPreferredLanguage": "en","paidUntil": "2020-04-19T19:03:41.203Z"}'"""  # noqa: E501

RETRIEVE_ADMIN = r"""curl 'https://<YOUR DOMAIN>/api/v6/account/admin/5e9459c5b863b82cefdddf4f' \
  -X GET \
  -H 'X-API-KEY: <API KEY>' \
  -H 'content-type: application/json'"""

CREATE_MEETING = r"""curl 'https://<YOUR DOMAIN>/api/v6/meeting' \
  -X POST \
  -H 'X-USER-ID: <USER ID>' \
  -H 'content-type: application/json' \
  --data-binary '{"topic":"My Meeting Topic","startTime":"2020-04-07T09:00:00.000Z", "endTime":"2020-04-07T10:00:00.000Z","duration":60,"type":"standard","isRecurring":false,"isRecorded":false,"isDialin":false,"invitedParticipants":[],"recurring":{},"meetingPermissionId":null}'  """  # noqa: E501

UPDATE_MEETING = r"""curl 'https://<YOUR DOMAIN>/api/v6/meeting/<Meeting ID>/false' \
  -X PUT \
  -H 'X-USER-ID: <USER ID >' \
  -H 'content-type: application/json' \
  --data-binary '{"topic":"My Updated Meeting Topic","id": "5e945c36b863b82cefdddf54","startTime":"2020-04-07T09:05:00.000Z","endTime":"2020-04-07T10:00:05.000Z","duration":60,"type":"standard","isRecurring":false,"isRecorded":false,"isDialin":false,"invitedParticipants":[],"recurring":{},"meetingPermissionId":null}'"""  # noqa: E501

PRINTED = {"account": "5e9459c5b863b82cefdddf4f", "meeting": "5e945c36b863b82cefdddf54"}
"""The ids of the page's example, where its commands have them in place of a placeholder."""

ID = "[0-9a-f]{24}"
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
MADE_BY_THE_SERVER = {
    "id": ID,
    "accountId": ID,
    "addedByUserId": ID,
    "roomId": ID,
    "whitelabelId": ID,
    "meetingId": r"\d{4}-\d{4}-\d{4}-\d{4}",
    "icsToken": f"{UUID}-{UUID}",
    "icsPath": f"/api/v6/meeting/calender/user/{UUID}-{UUID}",
    "paidUntil": TIME,
    "endsOn": TIME,
}


class Tutorial(Struct):
    """What the page's commands replied."""

    created: dict[str, Any]
    admins: dict[str, Any]
    meeting: dict[str, Any]
    updated: dict[str, Any]
    began_at: datetime
    ended_at: datetime


@pytest.fixture(scope="module")
def tutorial(running: RunningPlatform) -> Tutorial:
    """The page from its beginning to its end; its address exists once in an instance."""
    began_at = datetime.now(UTC)
    key = instance_key(running)
    created = _curl(running, CREATE_ACCOUNT, {"<API KEY>": key})
    ended_at = datetime.now(UTC)
    admins = _curl(running, RETRIEVE_ADMIN, {"<API KEY>": key, PRINTED["account"]: created["data"]["id"]})
    user = {"<USER ID>": admins["data"][0]["id"], "<USER ID >": admins["data"][0]["id"]}
    meeting = _curl(running, CREATE_MEETING, user, key=key)
    names = {"<Meeting ID>": meeting["data"]["id"], PRINTED["meeting"]: meeting["data"]["id"]}
    updated = _curl(running, UPDATE_MEETING, {**user, **names}, key=key)
    return Tutorial(created, admins, meeting, updated, began_at, ended_at)


def test_the_account_that_was_created(tutorial: Tutorial) -> None:
    _compare(tutorial.created, _printed("account"))


def test_a_trial_is_paid_for_fourteen_days_whatever_was_asked_for(tutorial: Tutorial) -> None:
    paid_until = moment_of(tutorial.created["data"]["paidUntil"])

    millisecond = timedelta(milliseconds=1)
    fourteen_days = timedelta(days=14)
    assert tutorial.began_at - millisecond <= paid_until - fourteen_days <= tutorial.ended_at


def test_the_password_was_sent(tutorial: Tutorial, running: RunningPlatform) -> None:
    (mail,) = mails_to(running, "test-user@example.com")

    assert f"{running.base_url}/#/password/" in str(mail.get_body(("plain",)))
    assert "Test User" in str(mail["To"])


def test_the_account_s_admin(tutorial: Tutorial) -> None:
    _compare(tutorial.admins, _printed("admin"))
    (admin,) = tutorial.admins["data"]
    assert admin["icsPath"] == f"/api/v6/meeting/calender/user/{admin['icsToken']}"


def test_the_meeting_that_was_scheduled(tutorial: Tutorial) -> None:
    _compare(tutorial.meeting, _printed("meeting"))
    meeting = tutorial.meeting["data"]
    assert meeting["accountId"] == tutorial.created["data"]["id"]
    assert meeting["addedByUserId"] == tutorial.admins["data"][0]["id"]


def test_the_meeting_that_was_updated(tutorial: Tutorial) -> None:
    """The page prints no reply of it: it is the meeting, changed."""
    expected = _printed("meeting")
    expected["data"].update(
        topic="My Updated Meeting Topic",
        startTime="2020-04-07T09:05:00.000Z",
        endTime="2020-04-07T10:00:05.000Z",
        duration="55",
        icalSequence="1",
    )
    # What ended long ago has perhaps been closed by itself meanwhile.
    expected["data"]["dtClosedAt"] = tutorial.updated["data"]["dtClosedAt"]
    _compare(tutorial.updated, expected)
    for name in ("id", "meetingId", "roomId", "icsToken", "whitelabelId"):
        assert tutorial.updated["data"][name] == tutorial.meeting["data"][name], name


@pytest.mark.usefixtures("tutorial")
def test_the_same_account_again(running: RunningPlatform) -> None:
    again = _curl(running, CREATE_ACCOUNT, {"<API KEY>": instance_key(running)})

    assert (again["responseCode"], again["data"]) == (-10, None)
    assert again["responseMessage"] == "There is a user with this e-mail address already."


def test_without_the_key(tutorial: Tutorial, running: RunningPlatform) -> None:
    """As the page prints it, that is."""
    user_id = tutorial.admins["data"][0]["id"]
    refused = _curl(running, CREATE_MEETING, {"<USER ID>": user_id})

    assert (refused["responseCode"], refused["data"]) == (-1, None)


def _curl(
    running: RunningPlatform, command: str, values: Mapping[str, str], *, key: str = ""
) -> dict[str, Any]:
    for name in ("<DOMAIN NAME>", "<YOUR DOMAIN>"):
        command = command.replace(f"https://{name}", running.base_url)
    for name, value in values.items():
        command = command.replace(name, value)
    assert not re.search("<[A-Z]", command)
    header = f" -H 'X-API-KEY: {key}'" if key else ""
    done = subprocess.run(
        ["sh", "-c", f"{command.strip()}{header} --silent --show-error --noproxy '*'"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


def _printed(name: str) -> dict[str, Any]:
    reply = json.loads((Path(__file__).parent / "page" / f"{name}.json").read_text())
    del reply["$comment"]
    return reply


def _compare(actual: Any, printed: Any, place: str = "reply", form: str | None = None) -> None:
    if isinstance(printed, dict):
        expected = cast("dict[str, Any]", printed)
        assert list(actual) == list(expected), place
        for key, value in expected.items():
            _compare(actual[key], value, f"{place}.{key}", MADE_BY_THE_SERVER.get(key))
    elif isinstance(printed, list):
        values = cast("list[Any]", printed)
        assert isinstance(actual, list), place
        assert len(cast("list[Any]", actual)) == len(values), place
        for number, value in enumerate(values):
            _compare(actual[number], value, f"{place}[{number}]")
    elif form is not None:
        assert re.fullmatch(form, printed), f"{place} is not printed so"
        assert re.fullmatch(form, actual), f"{place}: {actual}"
    else:
        assert type(actual) is type(printed), place
        assert actual == printed, place

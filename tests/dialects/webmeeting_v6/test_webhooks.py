"""The instance's web hooks: set by API, told to a program that listens."""

from __future__ import annotations

import asyncio
import hmac
import json
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import select, update
from websockets.sync.client import connect

from switchroom.db.base import now
from switchroom.identity.keys import KeyPermission
from switchroom.meetings.models import Meeting
from switchroom.meetings.recordings.files import RecordingFiles
from switchroom.meetings.recordings.sessions import RecordingSessions
from tests.dialects.webmeeting_v6.client import Account, Client, instance_key
from tests.events.receiver import Receiver, Request
from tests.meetings.recorded import TRACKS
from tests.plain_http import NO_CERTIFICATES, PATIENCE
from tests.platform import RunningPlatform, running_platform
from tests.postgresql import new_database

_LIMIT = 60.0
_NAMES = (
    "onMeetingScheduled",
    "onMeetingUpdated",
    "onMeetingClosed",
    "onMeetingDeleted",
    "onMeetingSummaryCreated",
    "onMeetingRecordingCreated",
    "onMeetingJoined",
    "onMeetingLeft",
)


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningPlatform]:
    """A platform of its own, for the hooks are the whole instance's, that may reach this machine."""
    url = ""
    if request.param == "postgresql":
        url = asyncio.run(new_database(request.getfixturevalue("postgresql_url")))
    with running_platform(tmp_path_factory.mktemp("data"), url, webhook_networks=["127.0.0.0/8"]) as platform:
        yield platform


class Listener:
    """A program that listens, in the platform's own loop."""

    def __init__(self, running: RunningPlatform) -> None:
        self._running = running
        self._receiver = Receiver()
        self._listening = self._receiver.listening()
        running.run(self._listening.__aenter__())

    @property
    def url(self) -> str:
        return self._receiver.url

    def got(self, count: int) -> list[Request]:
        return self._running.run(self._receiver.got(count))

    def close(self) -> None:
        self._running.run(self._listening.__aexit__(None, None, None))


@pytest.fixture
def listener(running: RunningPlatform) -> Iterator[Listener]:
    listening = Listener(running)
    yield listening
    Client(running, instance_key(running)).put("/webhook", dict.fromkeys(_NAMES))
    listening.close()


def body_of(request: Request) -> Any:
    return msgspec.json.decode(request.body)


def test_a_meeting_is_told_of_from_its_making_to_its_end(account: Account, listener: Listener) -> None:
    hooks = {
        name: {"url": f"{listener.url}/{name}", "method": "PUT", "apiKey": "a-key-of-theirs"}
        for name in _NAMES
    }
    made = account.instance.put("/webhook", hooks)
    secrets = {name: hook.pop("secret") for name, hook in made.items()}
    assert made == hooks
    # A secret is shown once, as that of a key is.
    assert account.instance.put("/webhook", hooks) == account.instance.get("/webhook") == hooks

    made = account.api.meeting("Maschine")
    scheduled = listener.got(1)[0]
    assert (scheduled.method, scheduled.path) == ("PUT", "/onMeetingScheduled")
    assert scheduled.headers["x-api-key"] == "a-key-of-theirs"
    signed = scheduled.headers["x-webhook-timestamp"].encode() + b"." + scheduled.body
    signature = hmac.digest(secrets["onMeetingScheduled"].encode(), signed, "sha256").hex()
    assert scheduled.headers["x-webhook-signature"] == f"v1={signature}"
    assert body_of(scheduled) == made

    changed = account.api.put(f"/meeting/{made['id']}/false", {"topic": "Motor"})
    assert listener.got(2)[1].path == "/onMeetingUpdated"
    assert body_of(listener.got(2)[1]) == changed

    account.api.delete(f"/meeting/{made['id']}/false")
    deleted = listener.got(3)[2]
    assert deleted.path == "/onMeetingDeleted"
    assert (body_of(deleted)["id"], body_of(deleted)["topic"]) == (made["id"], "Motor")


def test_who_comes_and_goes_and_the_end_are_told(
    running: RunningPlatform, account: Account, listener: Listener
) -> None:
    account.instance.put(
        "/webhook",
        {
            name: {"url": f"{listener.url}/{name}"}
            for name in ("onMeetingJoined", "onMeetingLeft", "onMeetingClosed", "onMeetingSummaryCreated")
        },
    )
    meeting = account.api.post("/meeting", {"topic": "Jetzt"})
    platform = running.platform
    entry = running.run(platform.meetings.admission.enter(meeting["meetingId"], "", "Jörg"))
    with connect(f"ws://127.0.0.1:{platform.settings.port}/client/socket") as socket:
        join = {"type": "join", "id": "1", "token": entry.token, "roomId": entry.visit.room_id}
        socket.send(json.dumps(join))
        assert json.loads(socket.recv(_LIMIT))["type"] == "joined"
        joined = listener.got(1)[0]
        assert (joined.method, joined.path) == ("POST", "/onMeetingJoined")
        told = body_of(joined)
        assert (told["participant"]["name"], told["participant"]["leftAt"]) == ("Jörg", None)
        assert (told["meeting"]["id"], told["meeting"]["isActive"]) == (meeting["id"], True)
        account.api.post(f"/meeting/close/{meeting['id']}")
    by_path = {request.path: body_of(request) for request in listener.got(3)}
    left = by_path["/onMeetingLeft"]["participant"]
    assert left["name"] == "Jörg"
    assert left["joinedAt"] == told["participant"]["joinedAt"] <= left["leftAt"]
    (stay,) = account.api.get(f"/meeting/{meeting['id']}/participants")
    assert (stay["joinedAt"], stay["leftAt"]) == (left["joinedAt"], left["leftAt"])
    assert by_path["/onMeetingClosed"]["isClosed"] is True

    async def minutes_later() -> None:
        async with platform.storage.database.write(None) as session:
            await session.execute(
                update(Meeting).where(Meeting.hex_id == meeting["id"]).values(summary_due_at=now())
            )
        await platform.live.meeting_lifecycle.announce_summaries()

    running.run(minutes_later())
    assert listener.got(4)[3].path == "/onMeetingSummaryCreated"


def test_what_was_told_and_what_waits_is_listed(account: Account, listener: Listener) -> None:
    account.instance.put(
        "/webhook",
        {
            "onMeetingScheduled": {"url": listener.url},
            "onMeetingUpdated": {"url": "http://127.0.0.1:1/nobody", "method": "POST", "apiKey": ""},
        },
    )
    made = account.api.meeting()
    account.api.put(f"/meeting/{made['id']}/false", {"topic": "Anders"})
    listener.got(1)

    def told() -> bool:
        listed = account.instance.get("/webhook/deliveries")
        return {(one["hook"], one["state"], one["attempts"]) for one in listed} >= {
            ("onMeetingScheduled", "delivered", 1),
            ("onMeetingUpdated", "waiting", 1),
        }

    deadline = time.monotonic() + _LIMIT
    while not told():
        assert time.monotonic() < deadline, account.instance.get("/webhook/deliveries")
        time.sleep(0.05)
    (waiting,) = account.instance.get("/webhook/deliveries", state="waiting")
    assert waiting["hook"] == "onMeetingUpdated"
    assert waiting["nextAttemptAt"] > waiting["createdAt"]
    assert len(account.instance.get("/webhook/deliveries", limit=1)) == 1


def test_leaving_a_hook_out_keeps_it_and_null_takes_it_away(account: Account, listener: Listener) -> None:
    account.instance.put(
        "/webhook",
        {"onMeetingJoined": {"url": listener.url}, "onMeetingLeft": {"url": listener.url}},
    )
    left = account.instance.put("/webhook", {"onMeetingJoined": None})
    assert left["onMeetingJoined"] is None
    assert left["onMeetingLeft"] == {"url": listener.url, "method": "POST", "apiKey": ""}


def test_two_who_make_the_same_hook_at_once(
    running: RunningPlatform, account: Account, listener: Listener
) -> None:
    hooks = {name: {"url": listener.url} for name in _NAMES}

    def put(number: int) -> int:
        with httpx.Client(
            verify=NO_CERTIFICATES, base_url=running.base_url, trust_env=False, timeout=PATIENCE
        ) as http:
            changes = hooks | {"onMeetingLeft": None} if number % 3 == 2 else hooks
            key = {"x-api-key": account.instance.key}
            return http.put("/api/v6/webhook", json=changes, headers=key).status_code

    with ThreadPoolExecutor(6) as together:
        for _ in range(3):
            account.instance.put("/webhook", dict.fromkeys(_NAMES))
            assert list(together.map(put, range(6))) == [200] * 6


@pytest.mark.parametrize(
    ("hook", "field"),
    [
        ({"url": "ftp://example.org"}, "onMeetingJoined.url"),
        ({"url": ""}, "onMeetingJoined.url"),
        ({"method": "POST"}, "onMeetingJoined.url"),
        ({"url": "https://example.org", "method": "GET"}, "onMeetingJoined.method"),
        ({"url": "https://example.org", "apiKey": "two\nlines"}, "onMeetingJoined.apiKey"),
        ("https://example.org", "onMeetingJoined"),
    ],
)
def test_a_hook_that_cannot_be_is_refused(account: Account, hook: object, field: str) -> None:
    good = {"url": "https://example.org"}
    wish = {"onMeetingScheduled": good, "onMeetingJoined": hook, "onMeetingLeft": good}
    refusal = account.instance.refused("PUT", "/webhook", wish)
    assert (refusal.code, set(refusal.fields)) == (-4, {field})
    assert account.instance.get("/webhook") == dict.fromkeys(_NAMES)


def test_the_hooks_are_for_keys_of_the_instance(running: RunningPlatform, account: Account) -> None:
    for path in ("/webhook", "/webhook/deliveries"):
        assert account.own().refused("GET", path).code == -3
        assert Client(running).refused("GET", path).code == -1
    assert account.own().refused("PUT", "/webhook", {}).code == -3
    accounts_only = Client(running, instance_key(running, KeyPermission.ACCOUNT))
    assert accounts_only.refused("GET", "/webhook").code == -3
    assert account.instance.refused("GET", "/webhook/deliveries", state="lost").fields.keys() == {"state"}


def test_a_recording_is_told_of_when_its_file_is_there(
    running: RunningPlatform, account: Account, listener: Listener
) -> None:
    account.instance.put("/webhook", {"onMeetingRecordingCreated": {"url": f"{listener.url}/recorded"}})
    meeting = account.api.post("/meeting", {"topic": "Aufnahme", "isRecorded": True})
    recording_session = running.run(recorded(running, meeting["id"]))

    told = listener.got(1)[0]
    assert (told.method, told.path) == ("POST", "/recorded")
    assert (body_of(told)["id"], body_of(told)["isRecorded"]) == (meeting["id"], True)
    (recording,) = account.api.get(f"/meeting/{meeting['id']}/summary")["recordings"]
    assert (recording["id"], recording["state"], recording["contentType"]) == (
        recording_session,
        "ready",
        "audio/mp4",
    )
    assert running.http.get(recording["url"]).headers["content-length"] == str(recording["size"])


async def recorded(running: RunningPlatform, meeting_id: str) -> str:
    """Somebody speaks in a meeting, and goes. The id of what was recorded of it."""
    platform = running.platform
    async with platform.storage.database.read(None) as session:
        meeting = await session.scalar(select(Meeting).where(Meeting.hex_id == meeting_id))
    assert meeting is not None
    recording_sessions = RecordingSessions(
        platform.storage.database, RecordingFiles(platform.media.recordings_directory, "test"), least_free=0
    )
    recording_session = await recording_sessions.begin(meeting.organization_id, meeting.room_id, meeting.id)
    assert recording_session is not None
    shutil.copyfile(
        TRACKS / "voice.mjr", Path(recording_session.directory) / "videoroom-a-user-b.1-17-audio-0.mjr"
    )
    await recording_session.end()
    return recording_session.id

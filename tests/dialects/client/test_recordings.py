"""Recordings as those see and delete them whose meetings or rooms they are of, over the wire."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from switchroom.identity.permissions import Standing
from switchroom.meetings.recordings.models import MeetingRecording, RecordingState
from tests.meetings.planning import Planned, plan
from tests.platform import Account, Tenant

START = datetime(2026, 5, 4, 10, tzinfo=UTC)


def record(
    planned: Planned,
    state: RecordingState = RecordingState.READY,
    start: datetime = START,
    content: bytes = b"",
) -> str:
    """A recording of the meeting; one that is ready has its file."""
    return _record(planned.tenant, state, start, content, meeting_id=planned.view.meeting.id)


def record_room(
    tenant: Tenant,
    room_id: str,
    state: RecordingState = RecordingState.READY,
    content: bytes = b"",
    failure: str = "",
) -> str:
    """As `record`, of a room that is no meeting's."""
    return _record(tenant, state, START, content, room_id=room_id, failure=failure)


def _record(tenant: Tenant, state: RecordingState, start: datetime, content: bytes, **columns: str) -> str:
    running = tenant.running

    async def write() -> str:
        async with running.platform.storage.database.write(tenant.organization.id) as session:
            row = MeetingRecording(
                organization_id=tenant.organization.id,
                **columns,
                state=state,
                started_at=start,
                ended_at=start + timedelta(minutes=3),
                file_name="recording.mp4",
                size=len(content),
                duration=180_000,
            )
            session.add(row)
            await session.flush()
            return row.id

    recording_id = running.run(write())
    if content:
        place = running.platform.settings.data_directory / "recordings" / recording_id
        place.mkdir(parents=True)
        place.joinpath("recording.mp4").write_bytes(content)
    return recording_id


def send(tenant: Tenant, name: str, account: Account | str | None = None, **fields: object) -> Any:
    token = account.token if isinstance(account, Account) else (account or tenant.token)
    return tenant.running.http.post(f"/client/recordings/{name}", json={"accessToken": token, **fields})


def listed(tenant: Tenant, account: Account | None = None, **fields: object) -> dict[str, Any]:
    answer = send(tenant, "list", account, **fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_recording_is_listed_watched_and_deleted(tenant: Tenant) -> None:
    planned = plan(tenant, "Über uns")
    recording_id = record(planned, content=b"film")
    failed = record(planned, RecordingState.FAILED, START - timedelta(hours=1))
    answer = listed(tenant)
    one, other = answer["recordings"]
    assert (one["title"], one["seconds"], one["bytes"], one["isOwn"]) == ("Über uns", 180, 4, True)
    assert (other["id"], other["state"], other["url"]) == (failed, "failed", "")
    assert answer["keptDays"] > 0
    http = tenant.running.http
    assert http.get(one["url"]).content == b"film"
    assert send(tenant, "delete", id=recording_id).status_code == 204
    assert http.get(one["url"]).status_code == 404
    assert send(tenant, "delete", id=recording_id).status_code == 404
    assert [one["id"] for one in listed(tenant)["recordings"]] == [failed]


def test_what_is_not_finished_is_not_deleted(tenant: Tenant) -> None:
    for state in (RecordingState.RECORDING, RecordingState.PROCESSING):
        recording_id = record(plan(tenant), state)
        assert send(tenant, "delete", id=recording_id).status_code == 409


def test_recordings_come_a_page_at_a_time(tenant: Tenant) -> None:
    planned = plan(tenant)
    ids = [record(planned, RecordingState.FAILED, START) for _ in range(3)]
    ids += [record(planned, RecordingState.FAILED, START - timedelta(days=day + 1)) for day in range(25)]
    first = listed(tenant)
    second = listed(tenant, after=first["following"])
    found = [one["id"] for page in (first, second) for one in page["recordings"]]
    assert len(first["recordings"]) == 25
    assert (sorted(found), "following" in second) == (sorted(ids), False)


def test_an_organizer_sees_their_own_and_an_administrator_all(tenant: Tenant) -> None:
    recording_id = record(plan(tenant))
    pat = tenant.person(Standing.MODERATOR)
    bob = tenant.person(Standing.ADMINISTRATOR, first_name="Bob")
    assert listed(tenant, pat)["recordings"] == []
    assert send(tenant, "list", pat, ofEverybody=True).status_code == 403
    assert send(tenant, "delete", pat, id=recording_id).status_code == 404
    assert listed(tenant, bob)["recordings"] == []
    (one,) = listed(tenant, bob, ofEverybody=True)["recordings"]
    assert (one["organizerName"], one["isOwn"]) == ("Ada Admin", False)
    assert send(tenant, "delete", bob, id=recording_id).status_code == 204


def test_nobody_reaches_another_organizations_recordings(tenant: Tenant) -> None:
    recording_id = record(plan(tenant))
    other = tenant.running.organization("Other")
    assert listed(tenant, other.administrator, ofEverybody=True)["recordings"] == []
    assert send(tenant, "delete", other.administrator, id=recording_id).status_code == 404
    assert send(tenant, "list", "nobody").status_code == 401
    assert send(tenant, "delete", "nobody", id=recording_id).status_code == 401
    assert len(listed(tenant)["recordings"]) == 1


def test_a_recording_of_a_room_is_listed_watched_and_deleted(tenant: Tenant) -> None:
    room_id = tenant.room("Aula")
    recording_id = record_room(tenant, room_id, content=b"film")
    (one,) = listed(tenant)["recordings"]
    assert (one["title"], one["roomId"], one["isOwn"], one["organizerName"]) == ("Aula", room_id, False, "")
    assert "meetingId" not in one
    http = tenant.running.http
    assert http.get(one["url"]).content == b"film"
    assert send(tenant, "delete", id=recording_id).status_code == 204
    assert http.get(one["url"]).status_code == 404
    assert listed(tenant)["recordings"] == []


def test_recordings_are_listed_by_room_and_by_meeting(tenant: Tenant) -> None:
    rooms = [tenant.room("Aula"), tenant.room("Labor")]
    of_rooms = [record_room(tenant, one) for one in rooms]
    planned = plan(tenant)
    of_meeting = record(planned)

    def ids(**wanted: Any) -> list[str]:
        return [one["id"] for one in listed(tenant, **wanted)["recordings"]]

    assert sorted(ids()) == sorted([*of_rooms, of_meeting])
    assert [ids(roomId=one) for one in rooms] == [[one] for one in of_rooms]
    assert ids(meetingId=planned.view.meeting.hex_id) == [of_meeting]
    assert ids(roomId=planned.room_id) == ids(roomId="nowhere") == ids(meetingId=rooms[0]) == []


def test_a_failed_one_says_why(tenant: Tenant) -> None:
    record_room(tenant, tenant.room(), RecordingState.FAILED, failure="disk_full")
    (one,) = listed(tenant)["recordings"]
    assert (one["state"], one["failure"], one["url"]) == ("failed", "disk_full", "")


DEFAULTS = (None, "ROLE_NO_ACCESS", "ROLE_PARTICIPANT", "ROLE_MODERATOR")
ENTRIES = (None, "ROLE_NO_ACCESS", "ROLE_PARTICIPANT", "ROLE_MODERATOR", "ROLE_ADMIN")


@pytest.mark.parametrize("standing", Standing)
def test_who_moderates_a_room_by_their_role_sees_and_deletes_its_recordings(
    tenant: Tenant, standing: Standing
) -> None:
    pat = tenant.person(standing)
    expected: list[str] = []
    recordings: dict[str, str] = {}
    for default, entry in itertools.product(DEFAULTS, ENTRIES):
        room_id = tenant.room(
            f"{default} {entry}",
            defaultPermissions={"role": default} if default else None,
            permissions={pat.id: {"role": entry}} if entry else {},
        )
        recordings[room_id] = record_room(tenant, room_id, RecordingState.FAILED)
        found = tenant.api("roomService/permissions", roomId=room_id, userId=pat.id)
        if found.get("permissions", {}).get("promote"):
            expected.append(room_id)
    shown = [one["roomId"] for one in listed(tenant, pat)["recordings"]]
    assert sorted(shown) == sorted(expected)
    for room_id, recording_id in recordings.items():
        status = send(tenant, "delete", pat, id=recording_id).status_code
        assert status == (204 if room_id in expected or standing is Standing.ADMINISTRATOR else 404)


def test_what_cannot_be_is_refused(tenant: Tenant) -> None:
    refused: list[dict[str, Any]] = [
        {"roomId": 7},
        {"roomId": "x" * 1000},
        {"meetingId": ["a"]},
        {"meetingId": "\x00"},
        {"after": {"startedAt": "yesterday", "id": "a"}},
        {"after": 7},
        {"ofEverybody": "yes"},
    ]
    for wanted in refused:
        assert send(tenant, "list", **wanted).status_code == 400
    assert send(tenant, "delete", id="x" * 1000).status_code in (400, 404)
    assert send(tenant, "delete").status_code == 400

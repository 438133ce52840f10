"""Recordings as those see and delete them whose meetings they are of, over the wire."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

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
    running = planned.tenant.running

    async def write() -> str:
        async with running.platform.storage.database.write(planned.tenant.organization.id) as session:
            row = MeetingRecording(
                organization_id=planned.tenant.organization.id,
                meeting_id=planned.view.meeting.id,
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
    assert (one["topic"], one["seconds"], one["bytes"], one["isOwn"]) == ("Über uns", 180, 4, True)
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


def test_what_cannot_be_is_refused(tenant: Tenant) -> None:
    refused: list[dict[str, Any]] = [
        {"after": {"startedAt": "yesterday", "id": "a"}},
        {"after": 7},
        {"ofEverybody": "yes"},
    ]
    for wanted in refused:
        assert send(tenant, "list", **wanted).status_code == 400
    assert send(tenant, "delete", id="x" * 1000).status_code in (400, 404)
    assert send(tenant, "delete").status_code == 400

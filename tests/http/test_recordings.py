"""The files of recordings over HTTP, on each database."""

from __future__ import annotations

from urllib.parse import unquote

import httpx
import pytest
from sqlalchemy import delete, update

from switchroom.db.base import now
from switchroom.meetings.models import Meeting
from switchroom.meetings.recordings.models import MeetingRecording, RecordingState
from tests.meetings.planning import plan
from tests.platform import RunningPlatform, Tenant

CONTENT = bytes(range(256)) * 4000
SIZE = len(CONTENT)
TOPIC = 'Käse & "Brot" / 100%'


class Saved:
    """A finished recording and its address."""

    def __init__(self, running: RunningPlatform, tenant: Tenant) -> None:
        self._running = running
        platform = running.platform
        self._database = platform.storage.database
        shown = plan(tenant, TOPIC).view
        self.row = MeetingRecording(
            organization_id=tenant.organization.id,
            meeting_id=shown.meeting.id,
            state=RecordingState.READY,
            started_at=now(),
            ended_at=now(),
            file_name="recording.mp4",
            size=SIZE,
            duration=1000,
        )
        running.run(self._add())
        self.path = platform.media.recordings_directory / self.row.id / self.row.file_name
        self.path.parent.mkdir(parents=True)
        self.path.write_bytes(CONTENT)
        self.url = f"/recordings/{self.row.id}/{self.row.access_token}"

    async def _add(self) -> None:
        async with self._database.write(None) as session:
            session.add(self.row)

    def get(self, **headers: str) -> httpx.Response:
        return self._running.http.get(self.url, headers=headers)

    async def becomes(self, state: RecordingState) -> None:
        async with self._database.write(None) as session:
            query = update(MeetingRecording).where(MeetingRecording.id == self.row.id)
            await session.execute(query.values(state=state))

    async def is_deleted(self) -> None:
        """With its meeting."""
        async with self._database.write(None) as session:
            await session.execute(delete(Meeting).where(Meeting.id == self.row.meeting_id))


@pytest.fixture
def saved(running: RunningPlatform, tenant: Tenant) -> Saved:
    return Saved(running, tenant)


def test_the_whole_file(saved: Saved) -> None:
    reply = saved.get()
    assert (reply.status_code, reply.content == CONTENT) == (200, True)
    headers = reply.headers
    assert headers["content-type"] == "video/mp4"
    assert headers["content-length"] == str(SIZE)
    assert headers["accept-ranges"] == "bytes"
    assert headers["cache-control"] == "private"
    assert headers["x-content-type-options"] == "nosniff"
    plain, _, encoded = headers["content-disposition"].partition("; filename*=UTF-8''")
    day = f"{saved.row.started_at:%Y-%m-%d}"
    assert unquote(encoded) == f"Käse & Brot 100% {day}.mp4"
    assert plain == f'inline; filename="K_se & Brot 100% {day}.mp4"'


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=100-199", 100, 199),
        ("bytes=1000000-", 1_000_000, SIZE - 1),
        ("bytes=-10", SIZE - 10, SIZE - 1),
        (f"bytes=5-{SIZE * 2}", 5, SIZE - 1),
        (f"bytes=-{SIZE * 2}", 0, SIZE - 1),
    ],
)
def test_a_range(saved: Saved, asked: str, first: int, last: int) -> None:
    reply = saved.get(range=asked)
    assert reply.status_code == 206
    assert reply.headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
    assert reply.headers["content-length"] == str(last - first + 1)
    assert reply.content == CONTENT[first : last + 1]


@pytest.mark.parametrize("asked", ["bytes=5-1", "bytes=-", "bytes=0-1,5-6", "lines=1-2", "bytes=a-b", "x"])
def test_what_is_no_range_is_the_whole_file(saved: Saved, asked: str) -> None:
    reply = saved.get(range=asked)
    assert (reply.status_code, len(reply.content)) == (200, SIZE)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE + 5}-{SIZE + 9}", "bytes=-0"])
def test_a_range_beyond_the_end(saved: Saved, asked: str) -> None:
    reply = saved.get(range=asked)
    assert (reply.status_code, reply.headers["content-range"]) == (416, f"bytes */{SIZE}")


def test_a_range_of_another_file_than_before_is_the_whole(saved: Saved) -> None:
    tag = saved.get().headers["etag"]
    assert saved.get(range="bytes=0-9", **{"if-range": tag}).status_code == 206
    assert saved.get(range="bytes=0-9", **{"if-range": '"other"'}).status_code == 200


def test_only_its_head(running: RunningPlatform, saved: Saved) -> None:
    reply = running.http.head(saved.url)
    assert (reply.status_code, reply.headers["content-length"], reply.content) == (200, str(SIZE), b"")
    assert running.http.head(saved.url[:-1]).status_code == 404
    assert running.http.post(saved.url).status_code == 405


def test_whoever_stops_halfway_harms_nobody(running: RunningPlatform, saved: Saved) -> None:
    with running.http.stream("GET", saved.url) as reply:
        next(reply.iter_bytes(1000))
    assert saved.get().status_code == 200


def test_all_that_is_not_there_is_not_there_alike(
    running: RunningPlatform, tenant: Tenant, saved: Saved, capfd: pytest.CaptureFixture[str]
) -> None:
    other = Saved(running, tenant)
    token = saved.row.access_token
    wrong = [
        running.http.get(f"/recordings/{recording_id}/{key}")
        for recording_id, key in (
            (saved.row.id, other.row.access_token),
            (other.row.id, token),
            (saved.row.id, token + "x"),
            (saved.row.id, "%00"),
            ("0" * 24, token),
            ("%00", token),
            ("0" * 23, token),
            (saved.row.id.upper(), token),
        )
    ]
    for state in (RecordingState.RECORDING, RecordingState.PROCESSING, RecordingState.FAILED):
        running.run(saved.becomes(state))
        wrong.append(saved.get())
    running.run(saved.becomes(RecordingState.READY))
    assert saved.get().status_code == 200
    saved.path.unlink()
    wrong.append(saved.get())
    running.run(other.is_deleted())
    wrong.append(other.get())
    assert {(reply.status_code, reply.content) for reply in wrong} == {(404, b"not found\n")}
    assert len({tuple(sorted(reply.headers.keys())) for reply in wrong}) == 1
    said = "".join(capfd.readouterr())
    assert token not in said
    assert other.row.access_token not in said

"""Recordings of meetings on each database: recorded, made a file, given up, removed."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which

import pytest
from sqlalchemy import delete

from switchroom.db.base import now
from switchroom.engines.ffmpeg.command import ProgramFailed, ProgramTimedOut
from switchroom.errors import NotFound, Unavailable
from switchroom.jobs.lease import Leases
from switchroom.meetings.attendance import Attendances
from switchroom.meetings.models import Meeting
from switchroom.meetings.recordings import finishing
from switchroom.meetings.recordings.files import RecordingFiles
from switchroom.meetings.recordings.models import RecordingState
from switchroom.meetings.recordings.retention import delete_old
from switchroom.meetings.recordings.sessions import RecordingSessions
from switchroom.meetings.recurrence import FrequencyType, Recurrence
from switchroom.rooms.models import Room
from tests.browser.watching import Film
from tests.meetings.own_tenant import OwnTenant, own_tenant
from tests.meetings.recorded import Studio

pytestmark = pytest.mark.janus

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
ON_ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is about files: making them takes long."""


@pytest.fixture
async def acme(database_url: str) -> AsyncGenerator[OwnTenant]:
    async with own_tenant(database_url) as opened:
        yield opened


@pytest.fixture
def studio(acme: OwnTenant, tmp_path: Path) -> Studio:
    return Studio(acme, tmp_path / "recordings")


def hold_ffmpeg(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let ffmpeg begin its work once the file that this names is there."""
    go_on = directory / "go-on"
    waiting = directory / "programs" / "ffmpeg"
    waiting.parent.mkdir()
    waiting.write_text(
        f'#!/bin/sh\nuntil [ -e "{go_on}" ]; do sleep 0.05; done\nexec {which("ffmpeg")} "$@"\n'
    )
    waiting.chmod(0o755)
    monkeypatch.setenv("PATH", f"{waiting.parent}{os.pathsep}{os.environ['PATH']}")
    return go_on


async def test_what_was_recorded_becomes_a_file_and_is_told(studio: Studio) -> None:
    planned = await studio.acme.plan("Über uns")
    recording_session = await studio.recording_session(planned, "voice", "camera")
    assert not await studio.finisher().finish_one()
    await recording_session.end()

    assert await studio.finisher().finish_one()
    row = await studio.row(recording_session)
    assert row is not None
    assert (row.state, row.due_at) == (RecordingState.READY, None)
    file = await studio.archive.find(row.id, row.access_token)
    assert (file.size, file.content_type) == (row.size, "video/mp4")
    assert file.name == f"Über uns {row.started_at:%Y-%m-%d}.mp4"
    film = Film(file.path)
    assert film.codecs() == {"h264", "aac"}
    assert film.seconds == pytest.approx(row.duration / 1000, abs=0.6) == pytest.approx(5, abs=0.6)
    assert film.loudest(0, 5) > -30
    assert film.bright(2, 0, 1) > 0.3
    (event,) = await studio.acme.events("meeting.recording_created")
    assert event.object_id == planned.meeting.id
    assert event.data["topic"] == "Über uns"
    told = {name: event.data[name] for name in ("recording_id", "url", "duration", "size")}
    assert told == {
        "recording_id": row.id,
        "url": f"https://meet.example.org/recordings/{row.id}/{row.access_token}",
        "duration": row.duration // 1000,
        "size": row.size,
    }
    assert {path.name for path in studio.files.of(row.id).iterdir()} == {"platform", "recording.mp4"}
    assert not await studio.finisher().finish_one()


@ON_ONE_DATABASE
async def test_without_a_picture_it_is_sound(studio: Studio) -> None:
    recording_session = await studio.recording_session(await studio.acme.plan(), "voice")
    await recording_session.end()
    assert await studio.finisher().finish_one()
    row = await studio.row(recording_session)
    assert row is not None
    file = await studio.archive.find(row.id, row.access_token)
    assert (file.content_type, Film(file.path).codecs()) == ("audio/mp4", {"aac"})


async def test_where_nobody_sent_anything_nothing_is_left(studio: Studio) -> None:
    recording_session = await studio.recording_session(await studio.acme.plan())
    (Path(recording_session.directory) / "videoroom-lounge.4f-user-one.1-17-audio-0.mjr").write_bytes(
        b"MJR00002"
    )
    await recording_session.end()
    assert await studio.finisher().finish_one()
    assert await studio.row(recording_session) is None
    assert not studio.files.of(recording_session.id).exists()
    assert await studio.acme.events("meeting.recording_created") == []


async def test_one_whose_process_was_killed_is_finished_with_what_there_is(studio: Studio) -> None:
    recording_session = await studio.recording_session(await studio.acme.plan(), "voice")
    studio.age(recording_session, 30)
    assert not await studio.finisher().finish_one(), "its process may still live"
    await studio.write(recording_session, due_at=now() - SECOND)
    studio.put(recording_session, "voice", 3)
    assert not await studio.finisher().finish_one(), "the media server still writes"

    await studio.abandon(recording_session)
    assert await studio.finisher().finish_one()
    assert await studio.state(recording_session) is RecordingState.READY
    row = await studio.row(recording_session)
    assert row is not None
    assert row.ended_at is not None
    assert row.ended_at < now() - 20 * SECOND
    assert not await recording_session.renew(), "who recorded it learns that it is no longer theirs"


async def test_what_is_on_another_machine_is_left_to_it(studio: Studio, tmp_path: Path) -> None:
    recording_session = await studio.recording_session(await studio.acme.plan(), "voice")
    await recording_session.end()
    elsewhere = Studio(studio.acme, tmp_path / "elsewhere")
    assert not await elsewhere.finisher().finish_one()
    assert await studio.finisher().finish_one()
    assert await studio.state(recording_session) is RecordingState.READY


async def test_a_process_killed_while_it_makes_the_file_is_followed_by_another(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = hold_ffmpeg(tmp_path, monkeypatch)
    recording_session = await studio.recording_session(await studio.acme.plan(), "voice")
    await recording_session.end()
    killed = asyncio.create_task(studio.finisher().finish_one())
    async with asyncio.timeout(60):
        while not await studio.worker(recording_session):  # noqa: ASYNC110 - what a finisher does wakes nobody here
            await asyncio.sleep(0.01)
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    assert not await studio.finisher().finish_one(), "its lease is not over"

    go_on.touch()
    await studio.write(recording_session, due_at=now() - SECOND)
    assert await studio.finisher().finish_one()
    assert await studio.state(recording_session) is RecordingState.READY
    assert len(await studio.acme.events("meeting.recording_created")) == 1


async def test_two_processes_make_one_file(studio: Studio) -> None:
    recording_session = await studio.recording_session(await studio.acme.plan(), "voice")
    await recording_session.end()
    did = await asyncio.gather(studio.finisher().finish_one(), studio.finisher().finish_one())
    assert sorted(did) == [False, True]
    assert len(await studio.acme.events("meeting.recording_created")) == 1


async def test_what_takes_longer_than_a_lease_stays_in_its_hands(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is renewed, many times before it can be over however long the machine stands still."""
    monkeypatch.setattr(Leases, "renew_every", 0.1)
    go_on = hold_ffmpeg(tmp_path, monkeypatch)
    recording_session = await studio.recording_session(await studio.acme.plan(), "voice", "camera")
    await recording_session.end()
    slow = asyncio.create_task(studio.finisher(lease=timedelta(hours=1)).finish_one())
    async with asyncio.timeout(60):
        while not await studio.worker(recording_session):  # noqa: ASYNC110 - what a finisher does wakes nobody here
            await asyncio.sleep(0.05)
        for _ in range(3):
            end = await studio.due(recording_session)
            while await studio.due(recording_session) <= end:  # noqa: ASYNC110 - as before
                await asyncio.sleep(0.05)
        assert not await studio.finisher().finish_one()
        go_on.touch()
        assert await slow
    assert await studio.state(recording_session) is RecordingState.READY


async def test_a_meeting_deleted_meanwhile_takes_its_recording_with_it(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = hold_ffmpeg(tmp_path, monkeypatch)
    planned = await studio.acme.plan()
    recording_session = await studio.recording_session(planned, "voice", "camera")
    await recording_session.end()
    working = asyncio.create_task(studio.finisher().finish_one())
    async with studio.acme.database.write(None) as session:
        await session.execute(delete(Meeting).where(Meeting.id == planned.meeting.id))
    go_on.touch()
    await working
    assert await studio.row(recording_session) is None
    assert await studio.acme.events("meeting.recording_created") == []
    studio.age(recording_session, 4000)
    await studio.finisher().tidy()
    assert not studio.files.of(recording_session.id).exists()


async def test_what_cannot_be_made_is_tried_again_then_given_up_and_kept(studio: Studio) -> None:
    planned = await studio.acme.plan()
    recording_session = await studio.recording_session(planned)
    broken = studio.put_broken(recording_session)
    await recording_session.end()
    finisher = studio.finisher(retry_delays=[timedelta(minutes=1)])
    assert await finisher.finish_one()
    assert await studio.state(recording_session) is RecordingState.PROCESSING
    assert not await finisher.finish_one(), "not before its time"

    await studio.write(recording_session, due_at=now() - SECOND)
    assert await finisher.finish_one()
    assert await studio.state(recording_session) is RecordingState.FAILED
    assert broken.exists()
    (event,) = await studio.acme.events("meeting.recording_failed")
    assert (event.object_id, event.data["recording_id"]) == (planned.meeting.id, recording_session.id)
    assert event.data["failure"] == "unreadable"
    row = await studio.row(recording_session)
    assert row is not None
    with pytest.raises(NotFound):
        await studio.archive.find(row.id, row.access_token)


@ON_ONE_DATABASE
async def test_one_broken_track_does_not_take_the_others_with_it(studio: Studio) -> None:
    recording_session = await studio.recording_session(await studio.acme.plan(), "voice")
    studio.put_broken(recording_session)
    await recording_session.end()
    assert await studio.finisher().finish_one()
    assert await studio.state(recording_session) is RecordingState.READY


async def test_without_the_programs_recordings_wait(studio: Studio) -> None:
    recording_session = await studio.recording_session(await studio.acme.plan(), "voice")
    await recording_session.end()
    waiting = asyncio.create_task(studio.finisher(programs=["no-such-program"]).run())
    await asyncio.sleep(0.3)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await studio.state(recording_session) is RecordingState.PROCESSING
    row = await studio.row(recording_session)
    assert row is not None
    assert row.attempts == 0


async def test_only_its_own_old_directories_without_a_meeting_are_removed(
    studio: Studio, tmp_path: Path
) -> None:
    planned = await studio.acme.plan()
    kept, going, fresh = [await studio.recording_session(planned, "voice") for _ in range(3)]
    other = RecordingFiles(studio.files.directory, "another platform")
    other.make("a" * 24)
    (studio.files.directory / "lost+found").mkdir()
    studio.age(kept, 4000)
    for recording_session in (going, fresh):
        await studio.write(recording_session, id=recording_session.id[::-1])
    studio.age(going, 4000)
    foreign = studio.files.directory / ("a" * 24)
    studio.age_place(foreign, 4000)
    await studio.finisher().tidy()
    assert not studio.files.of(going.id).exists()
    for place in (
        studio.files.of(kept.id),
        studio.files.of(fresh.id),
        foreign,
        studio.files.directory / "lost+found",
    ):
        assert place.exists()


async def test_nothing_is_recorded_where_there_is_no_place_for_it(studio: Studio) -> None:
    acme = studio.acme
    planned = await acme.plan()
    full = RecordingSessions(acme.database, studio.files, least_free=1 << 62)
    nowhere = RecordingSessions(acme.database, None, least_free=0)
    for one in (full, nowhere):
        assert await one.begin(acme.organization.id, planned.meeting.room_id, planned.meeting.id) is None
        with pytest.raises(Unavailable):
            await one.require_place()
    assert (full.can_record, nowhere.can_record) == (True, False)


async def test_a_meeting_that_is_called_off_takes_what_was_recorded_with_it(studio: Studio) -> None:
    acme = studio.acme
    planned, other = await acme.plan(), await acme.plan()
    recording_session, kept = (
        await studio.recording_session(planned, "voice"),
        await studio.recording_session(other, "voice"),
    )
    for one in (recording_session, kept):
        await one.end()
        assert await studio.finisher().finish_one()
    row = await studio.row(recording_session)
    assert row is not None

    await acme.meetings.cancel(acme.actor, planned.meeting.hex_id, series=True)

    with pytest.raises(NotFound):
        await studio.archive.find(row.id, row.access_token)
    for one in (recording_session, kept):
        studio.age(one, 4000)
    await studio.finisher().tidy()
    assert not studio.files.of(recording_session.id).exists()
    assert studio.files.of(kept.id).exists()


async def test_only_the_token_of_a_finished_one_opens_it(studio: Studio) -> None:
    planned = await studio.acme.plan()
    one, two = [await studio.recording_session(planned, "voice") for _ in range(2)]
    await one.end()
    assert await studio.finisher().finish_one()
    first, second = await studio.row(one), await studio.row(two)
    assert first is not None
    assert second is not None
    assert await studio.archive.find(first.id, first.access_token)
    for recording_id, token in (
        (first.id, second.access_token),
        (first.id, ""),
        (first.id, first.access_token[:-1]),
        (second.id, second.access_token),
        ("0" * 24, first.access_token),
        ("../" + first.id, first.access_token),
    ):
        with pytest.raises(NotFound):
            await studio.archive.find(recording_id, token)
    studio.files.remove(first.id)
    with pytest.raises(NotFound):
        await studio.archive.find(first.id, first.access_token)


async def test_an_occurrence_has_its_own_recordings(studio: Studio) -> None:
    acme = studio.acme
    start = datetime.now(UTC).replace(microsecond=0) - DAY
    daily = Recurrence(frequency_type=FrequencyType.DAILY)
    planned = await acme.plan("Daily", start=start, end=start + timedelta(hours=1), recurrence=daily)
    yesterday, today = [await studio.recording_session(planned) for _ in range(2)]
    await studio.write(yesterday, started_at=start + timedelta(minutes=1))
    await studio.write(today, started_at=start + DAY + timedelta(minutes=1))
    occurrences = await acme.meetings.list(acme.actor, from_=start, to=start + 2 * DAY)
    attendances = Attendances(acme.database)

    async def told(meeting_id: str) -> list[str]:
        return [one.id for one in (await attendances.summary(acme.actor, meeting_id)).recordings]

    assert await told(planned.meeting.id) == [yesterday.id, today.id]
    assert await told(occurrences[1].hex_id) == [today.id]


@ON_ONE_DATABASE
async def test_a_passing_address_leads_to_the_file_for_its_time_only(studio: Studio) -> None:
    planned = await studio.acme.plan("Standup")
    recording_session = await studio.recording_session(planned)
    await studio.write(recording_session, state=RecordingState.READY, file_name="recording.mp4")
    studio.files.of(recording_session.id).joinpath("recording.mp4").write_bytes(b"film")
    row = await studio.row(recording_session)
    assert row is not None

    def token(good_for: timedelta) -> str:
        return studio.archive.passing_url(row, good_for).rpartition("/")[2]

    good, outdated = token(timedelta(minutes=1)), token(-SECOND)
    assert (await studio.archive.find(row.id, good)).size == 4
    until, _, mac = good.partition(".")
    for wrong in (outdated, f"{int(until) + 1}.{mac}", f"{until}.", f".{mac}", ".", f"{'9' * 40}.{mac}", mac):
        with pytest.raises(NotFound):
            await studio.archive.find(row.id, wrong)


async def test_a_recording_of_a_room_is_told_without_an_address_that_stays_good(studio: Studio) -> None:
    room_id = await studio.room("Raum 4/5")
    recording_session = await studio.recording_of_room(room_id, "voice")
    await recording_session.end()
    assert await studio.finisher().finish_one()
    row = await studio.row(recording_session)
    assert row is not None
    assert (row.state, row.room_id, row.meeting_id) == (RecordingState.READY, room_id, None)
    (event,) = await studio.acme.events("room.recording_created")
    assert event.object_id == room_id
    assert event.data == {
        "display_name": "Raum 4/5",
        "recording_id": row.id,
        "duration": row.duration // 1000,
        "size": row.size,
    }
    with pytest.raises(NotFound):
        await studio.archive.find(row.id, row.access_token)
    passing = studio.archive.passing_url(row).rpartition("/")[2]
    assert (await studio.archive.find(row.id, passing)).name == f"Raum 4 5 {row.started_at:%Y-%m-%d}.m4a"


async def test_a_room_that_is_deleted_takes_its_recordings_along(studio: Studio) -> None:
    room_id = await studio.room()
    recording_session = await studio.recording_of_room(room_id, "voice")
    await recording_session.end()
    async with studio.acme.database.write(None) as session:
        await session.execute(delete(Room).where(Room.id == room_id))
    assert await studio.row(recording_session) is None
    assert not await recording_session.renew()


async def test_recordings_of_rooms_are_kept_as_long_as_meetings_are(studio: Studio) -> None:
    room_id, planned = await studio.room(), await studio.acme.plan()
    await studio.acme.agree(delete_after_days=30)
    old, young, going = [await studio.recording_of_room(room_id) for _ in range(3)]
    of_meeting = await studio.recording_session(planned)
    for one in (old, young, of_meeting):
        await studio.write(one, state=RecordingState.FAILED, ended_at=now() - 31 * DAY)
    await studio.write(young, ended_at=now() - 29 * DAY)
    assert await delete_old(studio.acme.database) == 1
    assert [await studio.row(one) is not None for one in (old, young, going, of_meeting)] == [
        False,
        True,
        True,
        True,
    ]
    assert await delete_old(studio.acme.database) == 0


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (OSError(errno.ENOSPC, "full"), "disk_full"),
        (OSError(errno.EIO, "broken"), "disk"),
        (ProgramTimedOut("ffmpeg did not end within 1 s"), "timed_out"),
        (ProgramFailed("ffmpeg ended with status 1"), "not_made"),
    ],
)
async def test_the_reason_of_a_failure_is_kept(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, error: Exception, failure: str
) -> None:
    async def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(finishing, "assemble", fails)
    room_id = await studio.room("Lounge")
    recording_session = await studio.recording_of_room(room_id, "voice")
    await recording_session.end()
    assert await studio.finisher().finish_one()
    row = await studio.row(recording_session)
    assert row is not None
    assert (row.state, row.failure) == (RecordingState.FAILED, failure)
    (event,) = await studio.acme.events("room.recording_failed")
    assert event.data == {"display_name": "Lounge", "recording_id": row.id, "failure": failure}

"""Making the files of recordings that have ended, and removing those whose meetings or rooms are gone."""

from __future__ import annotations

import asyncio
import errno
import math
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import structlog
from msgspec import structs
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.accounts.models import MeetingTerms
from switchroom.bus import Bus
from switchroom.db.base import now
from switchroom.db.clock import clock
from switchroom.db.database import Database
from switchroom.engines.ffmpeg.command import ProgramFailed, ProgramMissing, ProgramTimedOut, missing
from switchroom.engines.ffmpeg.engine import PROGRAMS, FfmpegEngine
from switchroom.errors import Unavailable
from switchroom.events.append import append
from switchroom.events.types import (
    MeetingRecordingCreated,
    MeetingRecordingFailed,
    MeetingSnapshot,
    RoomRecordingCreated,
    RoomRecordingFailed,
)
from switchroom.identity.models import Organization, Person
from switchroom.jobs.due_rows import Claim
from switchroom.jobs.metrics import FAILED
from switchroom.jobs.retry import Schedule, written
from switchroom.jobs.runner import Runner, Work
from switchroom.meetings import occurrences as occurrences
from switchroom.meetings.models import Meeting
from switchroom.meetings.recordings.archive import RecordingArchive
from switchroom.meetings.recordings.assembling import Assembled, NothingReadable, assemble
from switchroom.meetings.recordings.files import RecordingFiles
from switchroom.meetings.recordings.models import MeetingRecording, RecordingFailure, RecordingState
from switchroom.meetings.recordings.notices import RecordingEnded
from switchroom.meetings.recordings.retention import delete_old
from switchroom.meetings.recordings.sessions import LEASE, recording_rows
from switchroom.meetings.scheduling_context import SchedulingContext
from switchroom.meetings.views import MeetingView, changes_of, invitees_of, snapshot, view
from switchroom.rooms.models import Room

RETRY_DELAYS = (timedelta(minutes=1), timedelta(minutes=10))
"""Delays after a failure; after the last one a recording is given up, with what was recorded kept."""

_QUIET = 20.0
"""Seconds in which the media server writes nothing more into a recording that nobody speaks for."""

_FULL = 16 << 20
"""Bytes; a program that fails with less free than this is taken to have failed for that."""

_LOOKED_AT = 1000
_SHORTEST_REST = timedelta(seconds=1)
_BETWEEN_TIDYINGS = 600.0
_KEPT_WITHOUT_ROW = 3600.0
"""Seconds that a directory without a row is kept: it is there before its row, and perhaps a database was put
back from a copy."""

log = structlog.stdlib.get_logger(__name__)


class RecordingFinisher(Work[Claim[MeetingRecording]]):
    """Works on the database and the disk alone, so that any number of processes may run one; each makes one
    file at a time. A recording whose process died is finished with what is there."""

    kind = "recordings"
    at_once = 1
    look_every = 15.0
    finish_limit = 0.0

    def __init__(
        self,
        database: Database,
        files: RecordingFiles,
        archive: RecordingArchive,
        bus: Bus,
        *,
        lease: timedelta = LEASE,
        retry_delays: Sequence[timedelta] = RETRY_DELAYS,
        programs: Sequence[str] = PROGRAMS,
    ) -> None:
        self._database = database
        self._files = files
        self._archive = archive
        self._retries = Schedule(retry_delays)
        self._programs = programs
        self._told_missing: list[str] = []
        self.leases = self._recordings = recording_rows(
            database, RecordingState.RECORDING, RecordingState.PROCESSING, lease=lease
        )
        self._going_on = recording_rows(database, RecordingState.RECORDING)
        self._runner = Runner(self)
        bus.subscribe(RecordingEnded, self._wake)

    async def run(self) -> None:
        """Finish what is due, again and again until cancelled."""
        tidying = asyncio.create_task(self._tidy_again_and_again(), name="directories of recordings")
        try:
            await self._runner.run()
        finally:
            tidying.cancel()
            await asyncio.gather(tidying, return_exceptions=True)

    async def finish_one(self) -> bool:
        """Finish what has waited longest. False when nothing is due."""
        return await self._runner.once()

    async def claim(self, limit: int) -> Sequence[Claim[MeetingRecording]]:
        if not self._can_work():
            return ()
        for one in await self._due():
            if not await asyncio.to_thread(self._files.are_here, one.id):
                continue  # another machine has them
            silent = await asyncio.to_thread(self._files.last_written, one.id)
            if one.state == RecordingState.RECORDING and silent < _QUIET:
                continue
            ended = now() - timedelta(seconds=silent) if math.isfinite(silent) else one.started_at
            claims = await self._recordings.claim(
                limit,
                MeetingRecording.id == one.id,
                MeetingRecording.state == one.state,
                state=RecordingState.PROCESSING,
                ended_at=one.ended_at or ended,
            )
            if claims:
                return claims
        return ()

    async def do(self, job: Claim[MeetingRecording]) -> None:
        """Make the file of one recording."""
        try:
            assembled = await assemble(self._files, job.key)
        except (ProgramFailed, ProgramMissing, OSError) as error:
            failure = await asyncio.to_thread(self._failure, error)
            failed = partial(self._failed, job, failure, str(error))
            await written(failed, "failure of a recording", self.leases.lease)
        else:
            await written(partial(self._finished, job, assembled), "recording", self.leases.lease)

    async def due_in(self) -> timedelta | None:
        """Time until the next recording is due that is not yet; each that is due was passed over, for a
        while. None when none is to come."""
        query = select(func.min(MeetingRecording.due_at), clock()).where(MeetingRecording.due_at > clock())
        async with self._database.read(None) as session:
            due, moment = (await session.execute(query)).one()
        return None if due is None else max(due - moment, _SHORTEST_REST)

    async def count_waiting(self) -> int:
        return await self._recordings.count_due()

    async def tidy(self) -> None:
        """Remove the directories whose recordings are gone, and of those that are ready what only a process
        that was killed leaves behind."""
        settled = await asyncio.to_thread(self._files.settled, _KEPT_WITHOUT_ROW)
        if not settled:
            return
        async with self._database.read(None) as session:
            query = select(MeetingRecording.id, MeetingRecording.state).where(
                MeetingRecording.id.in_(settled)
            )
            states = {row.id: row.state for row in await session.execute(query)}
        for recording_id in settled:
            if recording_id not in states:
                await asyncio.to_thread(self._files.remove, recording_id)
                log.info("recording removed", recording=recording_id)
            elif states[recording_id] == RecordingState.READY:
                await asyncio.to_thread(self._files.forget_raw, recording_id)

    def _can_work(self) -> bool:
        """Whether all programs are installed; what is missing is said once."""
        lacking = missing(self._programs)
        if lacking and lacking != self._told_missing:
            log.warning(
                "recordings wait",
                missing=", ".join(lacking),
                remedy=f"sudo apt-get install {' '.join(FfmpegEngine.packages)}",
            )
        self._told_missing = lacking
        return not lacking

    async def _due(self) -> Sequence[MeetingRecording]:
        async with self._database.read(None) as session:
            query = select(MeetingRecording).where(MeetingRecording.due_at <= clock())
            return (await session.scalars(query.order_by(MeetingRecording.due_at).limit(_LOOKED_AT))).all()

    async def _finished(self, job: Claim[MeetingRecording], assembled: Assembled | None) -> None:
        async with self._database.write(None) as session:
            recording = await self._recordings.locked(session, job)
            if assembled is None:
                await session.delete(recording)
            else:
                recording.state = RecordingState.READY
                recording.due_at = None
                recording.file_name = assembled.file_name
                recording.size = assembled.size
                recording.duration = assembled.duration
                await self._tell_created(session, recording)
        if assembled is None:
            log.info("recording without content removed", recording=job.key)
            await asyncio.to_thread(self._files.remove, job.key)
            return
        log.info("recording ready", recording=job.key, size=assembled.size, milliseconds=assembled.duration)
        await asyncio.to_thread(self._files.forget_raw, job.key)

    async def _tell_created(self, session: AsyncSession, recording: MeetingRecording) -> None:
        seconds = recording.duration // 1000
        if recording.room_id is not None:
            room = await session.get_one(Room, recording.room_id)
            created = RoomRecordingCreated(
                display_name=room.display_name,
                recording_id=recording.id,
                duration=seconds,
                size=recording.size,
            )
            append(session, recording.organization_id, created, room.id)
            return
        shown = await _shown(session, recording)
        created = MeetingRecordingCreated(
            **structs.asdict(snapshot(MeetingSnapshot, shown)),
            recording_id=recording.id,
            url=self._archive.url(recording),
            duration=seconds,
            size=recording.size,
        )
        append(session, recording.organization_id, created, shown.meeting.id)

    def _failure(self, error: Exception) -> RecordingFailure:
        """Reason for the users, of an error for the operators."""
        is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        try:
            is_full = is_full or (isinstance(error, ProgramFailed) and self._files.free_space() < _FULL)
        except OSError as other:
            error = other
        if is_full:
            return RecordingFailure.DISK_FULL
        match error:
            case OSError():
                return RecordingFailure.DISK
            case NothingReadable():
                return RecordingFailure.UNREADABLE
            case ProgramTimedOut():
                return RecordingFailure.TIMED_OUT
            case _:
                return RecordingFailure.NOT_MADE

    async def _failed(self, job: Claim[MeetingRecording], failure: RecordingFailure, reason: str) -> None:
        FAILED.labels(self.kind).inc()
        delay = self._retries.after(job.attempt)
        log.error("recording not made a file", recording=job.key, final=delay is None, reason=reason)
        async with self._database.write(None) as session:
            if delay is not None:
                await self._recordings.settle(session, job, again=delay)
                return
            recording = await self._recordings.locked(session, job)
            recording.state = RecordingState.FAILED
            recording.failure = failure
            recording.due_at = None
            await _tell_failed(session, recording)

    async def _tidy_again_and_again(self) -> None:
        """Tidy up from time to time, on each machine: the directories are its own."""
        while True:
            try:
                removed = await delete_old(self._database)
                if removed:
                    log.info("old recordings deleted", recordings=removed)
                await self.tidy()
                await self._going_on.bound()
            except Unavailable as error:
                log.error("directories of recordings not tidied", reason=error.code)
            except Exception:
                log.exception("directories of recordings not tidied")
            await asyncio.sleep(_BETWEEN_TIDYINGS)

    async def _wake(self, _: RecordingEnded) -> None:
        self._runner.wake()


async def _tell_failed(session: AsyncSession, recording: MeetingRecording) -> None:
    if recording.room_id is not None:
        room = await session.get_one(Room, recording.room_id)
        failed = RoomRecordingFailed(
            display_name=room.display_name, recording_id=recording.id, failure=recording.failure
        )
        append(session, recording.organization_id, failed, room.id)
        return
    shown = await _shown(session, recording)
    failed = MeetingRecordingFailed(
        **structs.asdict(snapshot(MeetingSnapshot, shown)),
        recording_id=recording.id,
        failure=recording.failure,
    )
    append(session, recording.organization_id, failed, shown.meeting.id)


async def _shown(session: AsyncSession, recording: MeetingRecording) -> MeetingView:
    """The meeting as it was when the recording ended."""
    meeting, organization, terms, organizer = (
        await session.execute(_MEETING.where(Meeting.id == recording.meeting_id))
    ).one()
    changes = (await changes_of(session, [meeting])).get(meeting.id, {})
    invitees = (await invitees_of(session, [meeting.id])).get(meeting.id, ())
    occurrence = occurrences.last_begun(meeting, changes, recording.ended_at or recording.started_at)
    return view(meeting, occurrence, invitees, SchedulingContext(organization, terms, organizer))


_MEETING = (
    select(Meeting, Organization, MeetingTerms, Person)
    .join(Organization, Organization.id == Meeting.organization_id)
    .join(MeetingTerms, MeetingTerms.organization_id == Meeting.organization_id)
    .join(Person, Person.id == Meeting.organizer_id)
)

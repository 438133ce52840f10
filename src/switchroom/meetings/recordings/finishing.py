"""Making the files of recordings that have ended, and removing those whose meetings are gone."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import structlog
from msgspec import Struct, structs
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.accounts.models import MeetingTerms
from switchroom.bus import Bus
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.engines.ffmpeg.command import ProgramFailed, ProgramMissing, missing
from switchroom.engines.ffmpeg.engine import PROGRAMS, FfmpegEngine
from switchroom.errors import Unavailable
from switchroom.events.append import append
from switchroom.events.types import MeetingRecordingCreated, MeetingRecordingFailed, MeetingSnapshot
from switchroom.identity.models import Organization, Person
from switchroom.meetings import occurrences as occurrences
from switchroom.meetings.models import Meeting
from switchroom.meetings.recordings.archive import RecordingArchive
from switchroom.meetings.recordings.assembling import Assembled, assemble
from switchroom.meetings.recordings.files import RecordingFiles
from switchroom.meetings.recordings.models import MeetingRecording, RecordingState
from switchroom.meetings.recordings.notices import RecordingEnded
from switchroom.meetings.recordings.sessions import LEASE
from switchroom.meetings.scheduling_context import SchedulingContext
from switchroom.meetings.views import MeetingView, changes_of, invitees_of, snapshot, view

RETRY_DELAYS = (timedelta(minutes=1), timedelta(minutes=10))
"""After a failure; after the last one a recording is given up, with what was recorded kept."""

_QUIET = 20.0
"""Seconds in which the media server writes nothing more into a recording that nobody speaks for."""

_LOOKED_AT = 1000
_SHORTEST_REST = timedelta(seconds=1)
_BETWEEN_LOOKS = timedelta(seconds=15)
_BETWEEN_TIDYINGS = timedelta(minutes=10)
_KEPT_WITHOUT_ROW = 3600.0
"""Seconds; a directory is there before its row, and perhaps a database was put back from a copy."""

log = structlog.stdlib.get_logger(__name__)


class _Lost(Exception):
    """The recording is gone, or somebody else's."""


class _Claimed(Struct, frozen=True):
    """A recording in hand. `attempt` counts from 1."""

    id: str
    organization_id: int
    meeting_id: str
    attempt: int


class RecordingFinisher:
    """Works on the database and the disk alone, so that any number of processes may run one; each makes one
    file at a time. A recording whose process died is finished with what is there."""

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
        self._lease = lease
        self._retry_delays = retry_delays
        self._programs = programs
        self._worker = uuid4().hex
        self._ended = asyncio.Event()
        self._told_missing: list[str] = []
        bus.subscribe(RecordingEnded, self._wake)

    async def run(self) -> None:
        """Finish what is due, again and again until cancelled."""
        tidy_at = now()
        while True:
            self._ended.clear()
            if now() >= tidy_at:
                await self.tidy()
                tidy_at = now() + _BETWEEN_TIDYINGS
            if self._can_work():
                while await self.finish_one():
                    pass
                await self._rest()
            else:
                await asyncio.sleep(_BETWEEN_LOOKS.total_seconds())

    async def finish_one(self) -> bool:
        """Finish what has waited longest. False when nothing is due."""
        claimed = await self._claim()
        if claimed is None:
            return False
        try:
            assembled = await self._assemble(claimed)
        except (ProgramFailed, ProgramMissing, OSError) as error:
            await self._failed(claimed, str(error))
        except _Lost:
            log.info("recording given up, it is gone or in other hands", recording=claimed.id)
        else:
            await self._finished(claimed, assembled)
        return True

    async def tidy(self) -> None:
        """Remove the directories whose recordings are gone with their meetings, and of those that are ready
        what only a process that was killed leaves behind."""
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

    async def _claim(self) -> _Claimed | None:
        async with self._database.read(None) as session:
            query = select(MeetingRecording).where(MeetingRecording.due_at <= now())
            due = list(await session.scalars(query.order_by(MeetingRecording.due_at).limit(_LOOKED_AT)))
        for one in due:
            if not await asyncio.to_thread(self._files.are_here, one.id):
                continue  # another machine has them
            silent = await asyncio.to_thread(self._files.last_written, one.id)
            if one.state == RecordingState.RECORDING and silent < _QUIET:
                continue
            async with self._database.write(None) as session:
                moment = now()
                ended = moment - timedelta(seconds=silent) if math.isfinite(silent) else one.started_at
                attempt = await session.scalar(
                    update(MeetingRecording)
                    .where(
                        MeetingRecording.id == one.id,
                        MeetingRecording.state == one.state,
                        MeetingRecording.due_at == one.due_at,
                    )
                    .values(
                        state=RecordingState.PROCESSING,
                        worker=self._worker,
                        attempts=MeetingRecording.attempts + 1,
                        due_at=moment + self._lease,
                        ended_at=one.ended_at or ended,
                    )
                    .returning(MeetingRecording.attempts)
                    .execution_options(synchronize_session=False)
                )
            if attempt is not None:
                return _Claimed(one.id, one.organization_id, one.meeting_id, attempt)
        return None

    async def _assemble(self, claimed: _Claimed) -> Assembled | None:
        """Raises _Lost when the recording is gone, and as `assemble`."""
        work = asyncio.create_task(assemble(self._files, claimed.id), name=f"recording {claimed.id}")
        try:
            while True:
                done, _ = await asyncio.wait({work}, timeout=self._lease.total_seconds() / 3)
                if done:
                    return work.result()
                if not await self._renew(claimed):
                    raise _Lost
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def _renew(self, claimed: _Claimed) -> bool:
        try:
            async with self._database.write(None) as session:
                kept = await session.scalar(
                    update(MeetingRecording)
                    .where(*self._mine(claimed))
                    .values(due_at=now() + self._lease)
                    .returning(MeetingRecording.id)
                    .execution_options(synchronize_session=False)
                )
        except (SQLAlchemyError, OSError, Unavailable) as error:
            log.warning("recording not renewed", recording=claimed.id, reason=type(error).__name__)
            return True
        return kept is not None

    async def _finished(self, claimed: _Claimed, assembled: Assembled | None) -> None:
        async with self._database.write(None) as session:
            recording = await session.scalar(select(MeetingRecording).where(*self._mine(claimed)))
            if recording is None:
                return
            if assembled is None:
                await session.delete(recording)
            else:
                recording.state = RecordingState.READY
                recording.due_at = None
                recording.file_name = assembled.file_name
                recording.size = assembled.size
                recording.duration = assembled.duration
                shown = await _shown(session, recording)
                append(
                    session,
                    shown.meeting.organization_id,
                    MeetingRecordingCreated(
                        **structs.asdict(snapshot(MeetingSnapshot, shown)),
                        recording_id=recording.id,
                        url=self._archive.url(recording),
                        duration=assembled.duration // 1000,
                        size=assembled.size,
                    ),
                    shown.meeting.id,
                )
        if assembled is None:
            log.info("recording without content removed", recording=claimed.id)
            await asyncio.to_thread(self._files.remove, claimed.id)
            return
        log.info(
            "recording ready", recording=claimed.id, size=assembled.size, milliseconds=assembled.duration
        )
        await asyncio.to_thread(self._files.forget_raw, claimed.id)

    async def _failed(self, claimed: _Claimed, reason: str) -> None:
        final = claimed.attempt > len(self._retry_delays)
        log.error("recording not made a file", recording=claimed.id, final=final, reason=reason)
        async with self._database.write(None) as session:
            recording = await session.scalar(select(MeetingRecording).where(*self._mine(claimed)))
            if recording is None:
                return
            if not final:
                recording.due_at = now() + self._retry_delays[claimed.attempt - 1]
                return
            recording.state = RecordingState.FAILED
            recording.due_at = None
            shown = await _shown(session, recording)
            failed = MeetingRecordingFailed(
                **structs.asdict(snapshot(MeetingSnapshot, shown)), recording_id=recording.id
            )
            append(session, shown.meeting.organization_id, failed, shown.meeting.id)

    def _mine(self, claimed: _Claimed) -> Sequence[ColumnElement[bool]]:
        """The recording, as long as nobody else has taken it."""
        return (
            MeetingRecording.id == claimed.id,
            MeetingRecording.state == RecordingState.PROCESSING,
            MeetingRecording.worker == self._worker,
            MeetingRecording.attempts == claimed.attempt,
        )

    async def _rest(self) -> None:
        """Until something has ended, the next is due, or a while has passed."""
        async with self._database.read(None) as session:
            query = select(func.min(MeetingRecording.due_at)).where(MeetingRecording.due_at > now())
            due = await session.scalar(query)
        wait = _BETWEEN_LOOKS if due is None else min(max(due - now(), _SHORTEST_REST), _BETWEEN_LOOKS)
        try:
            async with asyncio.timeout(wait.total_seconds()):
                await self._ended.wait()
        except TimeoutError:
            pass

    async def _wake(self, _: RecordingEnded) -> None:
        self._ended.set()


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

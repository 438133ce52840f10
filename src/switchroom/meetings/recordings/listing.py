"""Lists of recordings, for the organizers of their meetings, and their deletion."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import delete, select, tuple_

from switchroom.accounts.models import MeetingTerms
from switchroom.accounts.organizers import Actor
from switchroom.db.database import Database
from switchroom.errors import Conflict, ErrorCode, Forbidden, NotFound
from switchroom.identity.models import Person
from switchroom.meetings.models import Meeting
from switchroom.meetings.recordings.models import MeetingRecording, RecordingState

AT_ONCE = 25

_FINISHED = (RecordingState.READY, RecordingState.FAILED)


class RecordingPlace(Struct, frozen=True):
    """The place of a recording among others."""

    started_at: datetime
    id: str


class ListedRecording(Struct, frozen=True):
    recording: MeetingRecording
    meeting: Meeting
    organizer: Person


class RecordingsPage(Struct, frozen=True):
    """Recordings, the newest first; `following` is what to go on behind. `kept_days` is how long they are
    kept after the end of their meeting."""

    recordings: Sequence[ListedRecording]
    following: RecordingPlace | None
    kept_days: int


class RecordingList:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, actor: Actor, *, of_everybody: bool = False, after: RecordingPlace | None = None
    ) -> RecordingsPage:
        """Page of the recordings of the actor's meetings or, for administrators, of everybody's in the
        organization."""
        if of_everybody and not actor.administers:
            raise Forbidden(ErrorCode.ADMINISTRATORS_ONLY)
        place = tuple_(MeetingRecording.started_at, MeetingRecording.id)
        query = (
            select(MeetingRecording, Meeting, Person)
            .join(Meeting, Meeting.id == MeetingRecording.meeting_id)
            .join(Person, Person.id == Meeting.organizer_id)
            .where(
                MeetingRecording.organization_id == actor.organization_id,
                Meeting.organization_id == actor.organization_id,
            )
            .order_by(MeetingRecording.started_at.desc(), MeetingRecording.id.desc())
            .limit(AT_ONCE + 1)
        )
        if not of_everybody:
            query = query.where(Meeting.organizer_id == actor.person_id)
        if after is not None:
            query = query.where(place < (after.started_at, after.id))
        terms = select(MeetingTerms.delete_after_days).where(
            MeetingTerms.organization_id == actor.organization_id
        )
        async with self._database.read(actor.organization_id) as session:
            rows = (await session.execute(query)).all()
            kept_days = await session.scalar(terms)
        found = [ListedRecording(recording, meeting, person) for recording, meeting, person in rows]
        shown = found[:AT_ONCE]
        last = shown[-1].recording if len(found) > AT_ONCE else None
        return RecordingsPage(
            shown, None if last is None else RecordingPlace(last.started_at, last.id), kept_days or 0
        )

    async def delete(self, actor: Actor, recording_id: str) -> None:
        """Delete a recording: nobody finds it any more; its files follow. Raises NotFound, for another
        organizer's too unless the actor administers, and Conflict (`recording_not_finished`)."""
        query = (
            select(MeetingRecording, Meeting.organizer_id)
            .join(Meeting, Meeting.id == MeetingRecording.meeting_id)
            .where(MeetingRecording.id == recording_id)
            .with_for_update(of=MeetingRecording)
        )
        async with self._database.write(actor.organization_id) as session:
            row = (await session.execute(query)).one_or_none()
            if row is None or not (actor.administers or row[1] == actor.person_id):
                raise NotFound(ErrorCode.RECORDING_NOT_FOUND, "id")
            if row[0].state not in _FINISHED:
                raise Conflict(ErrorCode.RECORDING_NOT_FINISHED, "id")
            await session.execute(
                delete(MeetingRecording)
                .where(MeetingRecording.id == recording_id)
                .execution_options(synchronize_session=False)
            )

"""Lists of recordings, for those who organize their meetings or moderate their rooms, and their deletion."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, CompoundSelect, Select, delete, or_, select, tuple_, union_all

from switchroom.accounts.models import MeetingTerms
from switchroom.db.database import Database
from switchroom.errors import Conflict, ErrorCode, Forbidden, NotFound
from switchroom.identity.models import Person
from switchroom.identity.tokens import AccessToken
from switchroom.meetings.agenda import actor_of
from switchroom.meetings.models import Meeting
from switchroom.meetings.recordings.models import MeetingRecording, RecordingState
from switchroom.rooms.access import Viewer, moderated
from switchroom.rooms.models import Room

AT_ONCE = 25

_FINISHED = (RecordingState.READY, RecordingState.FAILED)


class RecordingPlace(Struct, frozen=True):
    """The place of a recording among others."""

    started_at: datetime
    id: str


class RecordingFilter(Struct, frozen=True):
    """Filter of a list of recordings: those of one meeting (by its `hex_id`) or room, where one is given, and
    of everybody in the organization, not only of what one organizes or moderates."""

    of_everybody: bool = False
    meeting_id: str = ""
    room_id: str = ""


class ListedRecording(Struct, frozen=True):
    """Recording of a meeting with its organizer, or of a room."""

    recording: MeetingRecording
    meeting: Meeting | None
    organizer: Person | None
    room: Room | None

    @property
    def title(self) -> str:
        """Topic of the meeting, or name of the room."""
        if self.meeting is not None:
            return self.meeting.topic
        return self.room.display_name if self.room is not None else ""


class RecordingsPage(Struct, frozen=True):
    """Recordings, the newest first; `following` is what to go on behind. `kept_days` is how long they are
    kept after the end of their meeting, or, of a room, after their own."""

    recordings: Sequence[ListedRecording]
    following: RecordingPlace | None
    kept_days: int


class RecordingList:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, token: AccessToken, wanted: RecordingFilter, after: RecordingPlace | None = None
    ) -> RecordingsPage:
        """Page of the recordings of the person's meetings, and of the rooms that they moderate by their role
        there; or, for administrators, of everybody's in the organization. Raises Forbidden."""
        actor = actor_of(token)
        if wanted.of_everybody and not actor.administers:
            raise Forbidden(ErrorCode.ADMINISTRATORS_ONLY)
        place = tuple_(MeetingRecording.started_at, MeetingRecording.id)
        query = (
            select(MeetingRecording, Meeting, Person, Room)
            .outerjoin(Meeting, Meeting.id == MeetingRecording.meeting_id)
            .outerjoin(Person, Person.id == Meeting.organizer_id)
            .outerjoin(Room, Room.id == MeetingRecording.room_id)
            .where(MeetingRecording.organization_id == actor.organization_id)
            .order_by(MeetingRecording.started_at.desc(), MeetingRecording.id.desc())
            .limit(AT_ONCE + 1)
        )
        if wanted.meeting_id:
            query = query.where(Meeting.hex_id == wanted.meeting_id)
        if wanted.room_id:
            query = query.where(MeetingRecording.room_id == wanted.room_id)
        if after is not None:
            query = query.where(place < (after.started_at, after.id))
        terms = select(MeetingTerms.delete_after_days).where(
            MeetingTerms.organization_id == actor.organization_id
        )
        async with self._database.read(actor.organization_id) as session:
            if not wanted.of_everybody:
                query = query.where(MeetingRecording.id.in_(_first(query, await Viewer.of(session, token))))
            rows = (await session.execute(query, {"subject_id": token.subject_id})).all()
            kept_days = await session.scalar(terms)
        found = [ListedRecording(*row) for row in rows]
        shown = found[:AT_ONCE]
        last = shown[-1].recording if len(found) > AT_ONCE else None
        return RecordingsPage(
            shown, None if last is None else RecordingPlace(last.started_at, last.id), kept_days or 0
        )

    async def delete(self, token: AccessToken, recording_id: str) -> None:
        """Delete a recording: nobody finds it any more; its files follow. Raises NotFound, also for one that
        is not in the person's lists, and Conflict (`recording_not_finished`)."""
        actor = actor_of(token)
        query = (
            select(MeetingRecording)
            .outerjoin(Meeting, Meeting.id == MeetingRecording.meeting_id)
            .outerjoin(Room, Room.id == MeetingRecording.room_id)
            .where(MeetingRecording.id == recording_id)
            .with_for_update(of=MeetingRecording)
        )
        async with self._database.write(actor.organization_id) as session:
            if not actor.administers:
                query = query.where(or_(*_shown(await Viewer.of(session, token))))
            recording = await session.scalar(query, {"subject_id": token.subject_id})
            if recording is None:
                raise NotFound(ErrorCode.RECORDING_NOT_FOUND, "id")
            if recording.state not in _FINISHED:
                raise Conflict(ErrorCode.RECORDING_NOT_FINISHED, "id")
            await session.execute(
                delete(MeetingRecording)
                .where(MeetingRecording.id == recording_id)
                .execution_options(synchronize_session=False)
            )


def _shown(viewer: Viewer) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The SQL conditions that the viewer organizes the meeting, and that they moderate the room."""
    is_own = Meeting.organizer_id == viewer.token.subject_id
    return is_own, MeetingRecording.room_id.is_not(None) & moderated(viewer)


def _first(page: Select[MeetingRecording, Meeting, Person, Room], viewer: Viewer) -> CompoundSelect[Any]:
    """Ids of what may be on a page of the viewer's: for each condition the first that fulfil it, which are
    found by its own index. Of one query for both, all recordings of the organization would be looked at."""
    parts = [page.with_only_columns(MeetingRecording.id).where(one).subquery() for one in _shown(viewer)]
    return union_all(*(select(one.c.id) for one in parts))

"""Writing to the event log what no transaction causes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.db.write_behind import WriteBehind
from switchroom.events.append import append
from switchroom.events.stays import OF_MEETING, OF_ROOM, end_stays
from switchroom.events.types import DomainEvent, MeetingEmptied, MeetingOpened, RoomEmptied, RoomOpened


class _Note(Struct, frozen=True):
    organization_id: int
    event: DomainEvent
    object_id: str
    at: datetime


def _organization(note: _Note) -> int:
    return note.organization_id


class EventBuffer:
    """Logs what happens outside the database, as in a live room. Nobody waits for it to be written.

    What has not been written when the process is killed is lost, but for the ends of stays: those are written
    when the room is opened anew. While the database is away events wait, up to a number beyond which those
    that come are dropped and counted (`db.write_behind`). What must not be lost, such as the record of a
    call, does not go this way: it is written in a transaction that its cause awaits.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        group = None if database.has_one_writer else _organization
        self._writes = WriteBehind("events", self._write, group=group)
        self.run = self._writes.run
        self.finish = self._writes.finish

    def add(self, organization_id: int, event: DomainEvent, object_id: str) -> None:
        """Log an event as of now; as for `append` otherwise."""
        self._writes.add(_Note(organization_id, event, object_id, now()))

    async def _write(self, notes: Sequence[_Note]) -> None:
        async with self._database.write(None) as session:
            emptied: set[str] = set()
            for one in notes:
                if isinstance(one.event, RoomEmptied | MeetingEmptied):
                    emptied.add(one.object_id)
                elif isinstance(one.event, RoomOpened | MeetingOpened) and one.object_id not in emptied:
                    stays = OF_ROOM if isinstance(one.event, RoomOpened) else OF_MEETING
                    await end_stays(session, one.organization_id, stays, one.object_id, one.at)
                append(session, one.organization_id, one.event, one.object_id, at=one.at)

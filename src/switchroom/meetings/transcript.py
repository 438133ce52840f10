"""Keeping what is written in a meeting's chat for its summary."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from msgspec import Struct, structs
from sqlalchemy import Table, insert, select

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.db.write_behind import WriteBehind
from switchroom.meetings.models import LONGEST_SENDER_NAME, Meeting, MeetingChatMessage

_INSERT = insert(cast("Table", MeetingChatMessage.__table__))


class _Line(Struct, frozen=True):
    organization_id: int
    meeting_id: str
    sent_at: datetime
    sender_name: str
    text: str


class MeetingTranscript:
    """Chat of meetings. Nobody waits for a line to be written; a line that has not been when the process is
    killed is lost."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writes = WriteBehind("chat", self._write)
        self.run = self._writes.run
        self.finish = self._writes.finish

    def note(self, organization_id: int, meeting_id: str, sender_name: str, text: str) -> None:
        """Keep a line as of now. Of a name that is too long, its beginning is kept."""
        name = sender_name[:LONGEST_SENDER_NAME]
        self._writes.add(_Line(organization_id, meeting_id, now(), name, text))

    async def _write(self, lines: Sequence[_Line]) -> None:
        async with self._database.write(None) as session:
            # A meeting may have been deleted since, and takes its lines with it.
            wanted = {line.meeting_id for line in lines}
            present = set(await session.scalars(select(Meeting.id).where(Meeting.id.in_(wanted))))
            rows = [structs.asdict(line) for line in lines if line.meeting_id in present]
            if rows:
                await session.execute(_INSERT, rows)

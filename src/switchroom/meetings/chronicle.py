"""Keeping what is written in a meeting's chat for its summary."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import datetime
from typing import cast

import structlog
from msgspec import Struct, structs
from sqlalchemy import Table, insert, select
from sqlalchemy.exc import SQLAlchemyError

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import Unavailable
from switchroom.meetings.models import Meeting, MeetingMessage

MOST_WAITING = 100_000
"""Lines that wait while the database is away; the oldest are lost beyond that."""

_WRITTEN_AT_ONCE = 500
_RETRY_AFTER = 1.0
_INSERT = insert(cast("Table", MeetingMessage.__table__))

log = structlog.get_logger()


class _Line(Struct, frozen=True):
    organization_id: int
    meeting_id: str
    sent_at: datetime
    sender_name: str
    text: str


class MeetingChronicle:
    """Nobody waits for a line to be written; what has not been when the process is killed is lost."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[_Line] = deque(maxlen=MOST_WAITING)
        self._awake = asyncio.Event()

    def note(self, organization_id: int, meeting_id: str, sender_name: str, text: str) -> None:
        """Keep a line as of now."""
        self._waiting.append(_Line(organization_id, meeting_id, now(), sender_name, text))
        self._awake.set()

    async def run(self) -> None:
        """Write what is noted until cancelled."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            try:
                await self.finish()
            except (SQLAlchemyError, OSError, Unavailable) as error:
                log.error("chat not written", waiting=len(self._waiting), reason=type(error).__name__)
                await asyncio.sleep(_RETRY_AFTER)
                self._awake.set()

    async def finish(self) -> None:
        """Write everything noted so far."""
        while self._waiting:
            count = min(len(self._waiting), _WRITTEN_AT_ONCE)
            part = [self._waiting.popleft() for _ in range(count)]
            try:
                await self._write(part)
            except BaseException:
                self._waiting.extendleft(reversed(part))
                raise

    async def _write(self, lines: list[_Line]) -> None:
        async with self._database.write(None) as session:
            # A meeting may have been deleted since, and takes its lines with it.
            wanted = {line.meeting_id for line in lines}
            present = set(await session.scalars(select(Meeting.id).where(Meeting.id.in_(wanted))))
            rows = [structs.asdict(line) for line in lines if line.meeting_id in present]
            if rows:
                await session.execute(_INSERT, rows)

"""Retention of voicemail: messages go when their time is over, and files that no message has."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import timedelta

from sqlalchemy import select

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.telephony.voicemail.files import MessageFiles
from switchroom.telephony.voicemail.models import VoicemailMessage
from switchroom.telephony.voicemail.moving import remove

EVERY = timedelta(hours=1)
_AT_ONCE = 100
_FILES_AT_ONCE = 500
_LONGEST_CALL = 86_400.0
"""Seconds after which nobody listens to a box any more."""

_NEW_FILE = 3600.0
"""Seconds in which a file may be written whose message is not yet."""


class Retention:
    """Removes what is too old, and what a process that was killed has left."""

    def __init__(self, database: Database, files: MessageFiles, kept: timedelta) -> None:
        self._database = database
        self._files = files
        self._kept = kept

    async def tidy(self) -> None:
        await self._remove_old()
        await self._remove_orphans()
        await self._files.remove_parts(_LONGEST_CALL)

    async def _remove_old(self) -> None:
        """A part at a time, so that nobody waits long for the database."""
        old = select(VoicemailMessage).where(VoicemailMessage.received_at < now() - self._kept)
        while True:
            async with self._database.write(None) as session:
                part = (
                    await session.scalars(old.order_by(VoicemailMessage.received_at).limit(_AT_ONCE))
                ).all()
                for message in part:
                    await remove(session, message)
            for message in part:
                await self._files.remove(message.box_id, [message.file])
            if len(part) < _AT_ONCE:
                return
            await asyncio.sleep(0)

    async def _remove_orphans(self) -> None:
        found = await asyncio.to_thread(lambda: list(self._files.found(_NEW_FILE)))
        for begin in range(0, len(found), _FILES_AT_ONCE):
            part = found[begin : begin + _FILES_AT_ONCE]
            names = [name for _, name in part]
            async with self._database.read(None) as session:
                known = set(
                    await session.scalars(
                        select(VoicemailMessage.file).where(VoicemailMessage.file.in_(names))
                    )
                )
            orphans: defaultdict[int, list[str]] = defaultdict(list)
            for box_id, name in part:
                if name not in known:
                    orphans[box_id].append(name)
            for box_id, gone in orphans.items():
                await self._files.remove(box_id, gone)

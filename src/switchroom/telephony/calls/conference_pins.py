"""PINs of conferences."""

from __future__ import annotations

from sqlalchemy import select

from switchroom.db.database import Database
from switchroom.identity.secrets import Passwords
from switchroom.telephony.resources.conferences import ConferenceRow


class ConferencePins:
    """Compares what is dialled with the hashes in the database."""

    def __init__(self, database: Database, passwords: Passwords) -> None:
        self._database = database
        self._passwords = passwords

    async def fits(self, organization_id: int, conference_id: int, pin: str) -> bool:
        """Whether it is the PIN of a conference of this account. Raises Unavailable."""
        query = select(ConferenceRow.members_pin_hash).where(
            ConferenceRow.organization_id == organization_id, ConferenceRow.id == conference_id
        )
        async with self._database.read(organization_id) as session:
            found = await session.scalar(query)
        return await self._passwords.verify(found or None, pin)

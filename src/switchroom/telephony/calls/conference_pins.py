"""PINs of conferences."""

from __future__ import annotations

from sqlalchemy import select

from switchroom.db.database import Database
from switchroom.errors import Exhausted
from switchroom.identity.secrets import Passwords
from switchroom.identity.throttle import Throttle
from switchroom.telephony.resources.conferences import ConferenceRow


class ConferencePins:
    """Compares what is dialled with the hashes in the database."""

    def __init__(self, database: Database, passwords: Passwords, throttle: Throttle) -> None:
        self._database = database
        self._passwords = passwords
        self._throttle = throttle

    async def fits(self, organization_id: int, conference_id: int, pin: str, place: str) -> bool:
        """Whether it is the PIN of a conference of this account. `place` is where the caller calls from, as a
        device or a number: who has failed from there too often, or for this conference, is refused for a
        while whatever they enter, as `Throttle` has it. Raises Unavailable."""
        account = f"conference {organization_id} {conference_id}"
        place = f"conference {organization_id} {place}"
        query = select(ConferenceRow.members_pin_hash).where(
            ConferenceRow.organization_id == organization_id, ConferenceRow.id == conference_id
        )
        async with self._throttle.few_at_a_time(account, place):
            try:
                await self._throttle.check(account, place)
            except Exhausted:
                return False
            async with self._database.read(organization_id) as session:
                found = await session.scalar(query)
            if not await self._passwords.verify(found or None, pin):
                await self._throttle.failed(account, place)
                return False
            await self._throttle.succeeded(account, place)
            return True

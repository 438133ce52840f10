"""PINs of conferences."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import select

from switchroom.db.database import Database
from switchroom.errors import Exhausted
from switchroom.identity.secrets import Passwords
from switchroom.identity.throttle import Throttle
from switchroom.telephony.resources.conferences import ConferenceRow


class Role(StrEnum):
    """Role that a PIN gives to the caller who enters it."""

    MEMBER = "member"
    MODERATOR = "moderator"


class ConferencePins:
    """Compares what is dialled with the hashes in the database."""

    def __init__(self, database: Database, passwords: Passwords, throttle: Throttle) -> None:
        self._database = database
        self._passwords = passwords
        self._throttle = throttle

    async def role(self, organization_id: int, conference_id: int, pin: str, place: str) -> Role | None:
        """Role that the PIN gives a caller in a conference of this account, None for a wrong one. `place` is
        where the caller calls from, as a device or a number: a caller after too many failures from there, or
        for this conference, is refused for a while whatever they enter, as `Throttle` has it. Raises
        Unavailable."""
        account = f"conference {organization_id} {conference_id}"
        place = f"conference {organization_id} {place}"
        query = select(ConferenceRow.moderators_pin_hash, ConferenceRow.members_pin_hash).where(
            ConferenceRow.organization_id == organization_id, ConferenceRow.id == conference_id
        )
        async with self._throttle.few_at_a_time(account, place):
            try:
                await self._throttle.check(account, place)
            except Exhausted:
                return None
            async with self._database.read(organization_id) as session:
                row = (await session.execute(query)).one_or_none()
            hashes = zip((Role.MODERATOR, Role.MEMBER), row if row is not None else (), strict=False)
            there = [(role, expected) for role, expected in hashes if expected]
            found: Role | None = None
            for role, expected in there or [(None, None)]:
                if await self._passwords.verify(expected, pin):
                    found = role
                    break
            await (self._throttle.failed if found is None else self._throttle.succeeded)(account, place)
            return found

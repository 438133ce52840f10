"""Resets of forgotten passwords: a link by mail, or one to hand on."""

from __future__ import annotations

from switchroom.db.database import Database
from switchroom.identity.models import Organization, Person
from switchroom.mail.password_requests import PasswordRequests, PasswordWay

_DAYS = 1
"""So long a link is good."""


class PasswordResets:
    """The password before stays good until the link is used."""

    def __init__(self, database: Database, requests: PasswordRequests) -> None:
        self._database = database
        self._requests = requests

    async def send(self, organization: Organization, person: Person) -> None:
        """Queue a mail with a link, in the name of the organization. Raises Invalid for a person without an
        e-mail address."""
        async with self._database.write(None) as session:
            await self._requests.enqueue(session, organization, person, days=_DAYS)

    async def make(self, person: Person) -> PasswordWay:
        """A link for whoever hands it on by other means."""
        async with self._database.write(None) as session:
            return await self._requests.make(session, person, days=_DAYS)

"""Resets of forgotten passwords: a link by mail, or one to hand on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

import structlog
from cachetools import TTLCache
from sqlalchemy import func, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Exhausted
from switchroom.identity.models import Membership, Organization, PasswordLink, Person
from switchroom.identity.usernames import spellings
from switchroom.mail.password_requests import PasswordRequests, PasswordWay

_DAYS = 1
"""So long a link is good."""

_AGAIN_AFTER = timedelta(minutes=5)
"""Nobody gets a second mail before, whoever asks."""

_MOST_A_DAY = 3
"""Links of one person in a day, above which nobody has another one mailed by asking for it."""

_MOST_PEOPLE = 5
"""Who have the same e-mail address."""

_MOST_WAITING = 1000
_ASKED_WITHIN = 600
_MOST_ASKED = 20
"""Times that one address, in each process, may ask within so many seconds."""

log = structlog.get_logger()


class PasswordResets:
    """The password before stays good until the link is used.

    Who is asked for is looked up by `run`, later: whoever asks is answered the same, and as fast, whether or
    not there is anybody.
    """

    def __init__(self, database: Database, requests: PasswordRequests) -> None:
        self._database = database
        self._requests = requests
        self._asked_for: asyncio.Queue[str] = asyncio.Queue(_MOST_WAITING)
        self._asking: TTLCache[str, int] = TTLCache(10_000, ttl=_ASKED_WITHIN)

    async def send(self, organization: Organization, person: Person) -> None:
        """Queue a mail with a link, in the name of the organization. Raises Invalid for a person without an
        e-mail address."""
        async with self._database.write(None) as session:
            await self._requests.enqueue(session, organization, person, days=_DAYS)

    async def make(self, person: Person) -> PasswordWay:
        """A link for whoever hands it on by other means."""
        async with self._database.write(None) as session:
            return await self._requests.make(session, person, days=_DAYS)

    def ask_for(self, username: str, address: str) -> None:
        """Have a mail sent, soon, to whoever has the user name or e-mail address. Raises Exhausted for an
        address that asks too often, whomever it asks for."""
        network = _network(address)
        self._asking[network] = times = self._asking.get(network, 0) + 1
        if times > _MOST_ASKED:
            raise Exhausted(ErrorCode.TOO_MANY_ATTEMPTS, retry_after=_ASKED_WITHIN)
        try:
            self._asked_for.put_nowait(username)
        except asyncio.QueueFull:
            log.warning("reset of a password dropped: too many wait")

    async def run(self) -> None:
        """Send the mails that were asked for, one after the other, until cancelled."""
        while True:
            await self._send_to(await self._asked_for.get())

    async def _send_to(self, username: str) -> None:
        async with self._database.write(None) as session:
            for person, organization in await _who_can_sign_in(session, username):
                if person.email and await _may_have_another(session, person):
                    # Anybody may ask: what the person was sent or handed before stays good.
                    await self._requests.enqueue(session, organization, person, days=_DAYS, replaces=False)


async def _who_can_sign_in(session: AsyncSession, username: str) -> Sequence[tuple[Person, Organization]]:
    """People by user name or e-mail address, each with the first organization that lets them in."""
    names = spellings(username)
    # Two questions, each of which an index answers; asked as one with OR, it is the whole table.
    people = union(
        select(Person.id).where(Person.username.in_(names)),
        select(Person.id).where(func.lower(Person.email).in_(names)),
    )
    rows = await session.execute(
        select(Person, Organization)
        .join(Membership, Membership.person_id == Person.id)
        .join(Organization, Organization.id == Membership.organization_id)
        .where(Person.id.in_(people), Membership.disabled_at.is_(None), Organization.closed_at.is_(None))
        .order_by(Membership.id)
    )
    found: dict[str, tuple[Person, Organization]] = {}
    for person, organization in rows:
        found.setdefault(person.id, (person, organization))
    return list(found.values())[:_MOST_PEOPLE]


async def _may_have_another(session: AsyncSession, person: Person) -> bool:
    # Two processes that are asked at once count one after the other.
    await session.execute(select(Person.id).where(Person.id == person.id).with_for_update(key_share=True))
    moment = now()
    query = select(PasswordLink.created_at).where(
        PasswordLink.person_id == person.id, PasswordLink.created_at > moment - timedelta(days=1)
    )
    made = (await session.scalars(query)).all()
    return len(made) < _MOST_A_DAY and all(one <= moment - _AGAIN_AFTER for one in made)


def _network(address: str) -> str:
    """What counts as one asker: an IPv4 address, or a network of IPv6 as one customer gets it."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else str(parsed)

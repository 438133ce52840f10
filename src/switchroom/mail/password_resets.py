"""Resets of forgotten passwords: a link by mail, or one to hand on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog
from cachetools import TTLCache
from msgspec import Struct
from sqlalchemy import func, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Exhausted, Unavailable
from switchroom.identity.models import Membership, Organization, PasswordLink, Person
from switchroom.identity.networks import network_of
from switchroom.identity.usernames import spellings
from switchroom.jobs.retry import Backoff
from switchroom.mail.password_requests import PasswordRequests, PasswordWay

_DAYS = 1
"""Days that a link is good."""

_AGAIN_AFTER = timedelta(minutes=5)
"""Time before which nobody gets a second mail, whoever asks."""

_MOST_A_DAY = 3
"""Links of one person in a day, above which nobody has another one mailed by asking for it."""

_MOST_PEOPLE = 5
"""People with the same e-mail address who get a link, at most."""

_MOST_WAITING = 1000
_FULL_FOR = 60
"""Seconds after which to ask again, when so many wait."""

_ASKED_WITHIN = 600
MOST_ASKED = 20
"""Times that one address, in each process, may ask within so many seconds, unless it may fail to sign in more
often."""

log = structlog.get_logger()


class _Asker(Struct):
    """Count of the times that an address has asked, and since when, by the clock of the process."""

    since: float
    times: int = 0


class PasswordResets:
    """Links by which people set another password. The password before stays good until the link is used.

    The person who is asked for is looked up by `run`, later: callers are answered the same, and as fast,
    whether or not there is anybody.
    """

    def __init__(
        self,
        database: Database,
        requests: PasswordRequests,
        *,
        most_asked: int = MOST_ASKED,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._requests = requests
        self._asked_for: asyncio.Queue[tuple[str, str]] = asyncio.Queue(_MOST_WAITING)
        self._most_asked = most_asked
        self._clock = clock
        self._asking: TTLCache[str, _Asker] = TTLCache(10_000, ttl=_ASKED_WITHIN, timer=clock)

    async def send(self, organization: Organization, person: Person) -> None:
        """Queue a mail with a link, in the name of the organization. Raises Invalid for a person without an
        e-mail address."""
        async with self._database.write(None) as session:
            await self._requests.enqueue(session, organization, person, days=_DAYS)

    async def make(self, person: Person) -> PasswordWay:
        """A link for a caller who hands it on by other means."""
        async with self._database.write(None) as session:
            return await self._requests.make(session, person, days=_DAYS)

    def ask_for(self, username: str, address: str, company_id: str = "") -> None:
        """Have a mail sent, soon, to the holder of the user name or e-mail address, if they belong to the
        organization that is named, or else to any. Raises Exhausted for an
        address that asks too often, whomever it asks for, and while too many wait."""
        network, moment = network_of(address), self._clock()
        asker = self._asking.get(network)
        if asker is None:
            asker = self._asking[network] = _Asker(moment)  # once: being refused does not begin it anew
        if asker.times >= self._most_asked:
            rest = int(asker.since + _ASKED_WITHIN - moment) + 1
            raise Exhausted(ErrorCode.TOO_MANY_ATTEMPTS, retry_after=rest)
        try:
            self._asked_for.put_nowait((username, company_id))
        except asyncio.QueueFull:
            log.warning("reset of a password refused: too many wait")
            raise Exhausted(ErrorCode.TOO_MANY_ATTEMPTS, retry_after=_FULL_FOR) from None
        asker.times += 1

    async def run(self) -> None:
        """Send the mails that were asked for, one after the other, until cancelled. While the database is
        away they wait."""
        while True:
            await self._send_at_last(*await self._asked_for.get())

    async def _send_at_last(self, username: str, company_id: str) -> None:
        backoff = Backoff()
        while True:
            try:
                return await self._send_to(username, company_id)
            except Unavailable as error:
                log.error("reset of a password not written yet", reason=str(error))
                await backoff.rest()

    async def _send_to(self, username: str, company_id: str) -> None:
        async with self._database.write(None) as session:
            for person, organization in await _who_can_sign_in(session, username, company_id):
                if person.email and await _may_have_another(session, person):
                    # Who has signed up and has no password yet may be a stranger to whoever reads the mail.
                    of_signup = not person.password_hash and organization.owner_id == person.id
                    # Anybody may ask: what the person was sent or handed before stays good.
                    await self._requests.enqueue(
                        session, organization, person, days=_DAYS, replaces=False, of_signup=of_signup
                    )


async def _who_can_sign_in(
    session: AsyncSession, username: str, company_id: str
) -> Sequence[tuple[Person, Organization]]:
    """People by user name or e-mail address, each with the first organization that lets them in: of all, or
    the one named."""
    names = spellings(username)
    # Two questions, each of which an index answers; asked as one with OR, it is the whole table.
    people = union(
        select(Person.id).where(Person.username.in_(names)),
        select(Person.id).where(func.lower(Person.email).in_(names)),
    )
    query = (
        select(Person, Organization)
        .join(Membership, Membership.person_id == Person.id)
        .join(Organization, Organization.id == Membership.organization_id)
        .where(Person.id.in_(people), Membership.disabled_at.is_(None), Organization.closed_at.is_(None))
        .order_by(Membership.id)
    )
    rows = await session.execute(query.where(Organization.ulid == company_id) if company_id else query)
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

"""Links that let somebody set their password, once: making one, looking where it leads, using it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import LinkExpired, LinkNotFound
from switchroom.events.append import append
from switchroom.events.types import UserPasswordSet
from switchroom.identity.models import (
    Membership,
    Organization,
    PasswordLink,
    Person,
)
from switchroom.identity.revocation import revoke
from switchroom.identity.secrets import Passwords, key_hash, random_key
from switchroom.identity.sign_outs import end_sessions_everywhere
from switchroom.identity.throttle import Throttle

_KEPT_AFTER_EXPIRY = timedelta(days=30)
"""Time for which an expired link is said to have expired, and not to be unknown."""


class NewPasswordLink(Struct, frozen=True):
    """Password link as it goes into the mail; the key is not kept."""

    key: str
    expires_at: datetime


class PasswordLinkView(Struct, frozen=True):
    """Person whose password a link sets. The organizations are those the person belongs to, by name."""

    username: str
    display_name: str
    organization_names: Sequence[str]
    expires_at: datetime


class PasswordLinks:
    """Links of people, by key. Setting a password by one voids all of the person. Callers who try keys that
    do not exist are slowed down, by address."""

    def __init__(self, database: Database, passwords: Passwords, throttle: Throttle) -> None:
        self._database = database
        self._passwords = passwords
        self._throttle = throttle

    async def create(
        self, session: AsyncSession, person: Person, *, days: int, replaces: bool = True
    ) -> NewPasswordLink:
        """A link that is good for so many days, if the session's transaction is committed. It voids the
        person's earlier ones where it `replaces` them."""
        await session.flush()  # somebody new has no id before
        moment = now()
        obsolete = PasswordLink.expires_at <= moment - _KEPT_AFTER_EXPIRY
        if replaces:
            obsolete |= PasswordLink.person_id == person.id
        await session.execute(delete(PasswordLink).where(obsolete))
        link = NewPasswordLink(random_key(), moment + timedelta(days=days))
        session.add(
            PasswordLink(key_hash=key_hash(link.key), person_id=person.id, expires_at=link.expires_at)
        )
        return link

    async def withdraw(self, session: AsyncSession, person: Person) -> bool:
        """Void all links of the person. Returns whether one of them was still good."""
        expiries = await session.scalars(
            delete(PasswordLink)
            .where(PasswordLink.person_id == person.id)
            .returning(PasswordLink.expires_at)
            .execution_options(synchronize_session=False)
        )
        return any(expires_at > now() for expires_at in expiries)

    async def look_up(self, key: str, address: str) -> PasswordLinkView:
        """Person whom the link is for. Raises LinkNotFound for a link that was used or replaced or never was,
        LinkExpired, and Exhausted after repeated guesses."""
        async with self._throttle.few_at_a_time(None, address):
            await self._throttle.check(None, address)
            async with self._database.read(None) as session:
                row = (
                    await session.execute(
                        select(PasswordLink, Person)
                        .join(Person, Person.id == PasswordLink.person_id)
                        .where(PasswordLink.key_hash == key_hash(key))
                    )
                ).one_or_none()
                organizations = await _organizations(session, row[1].id) if row else ()
            if row is None:
                await self._throttle.failed(None, address)
                raise LinkNotFound
        link, person = row
        if link.expires_at <= now():
            raise LinkExpired(link.expires_at)
        names = [one.display_name for one in organizations if one.closed_at is None]
        return PasswordLinkView(person.username, person.display_name, names, link.expires_at)

    async def set_password(self, key: str, password: str, address: str) -> str:
        """Set the password and sign the person out everywhere. Returns the user name.

        Raises Invalid for less than 8 characters, and what `look_up` raises, also when somebody else was
        faster.
        """
        await self.look_up(key, address)
        password_hash = await self._passwords.hash_chosen(password)
        async with self._database.write(None) as session:
            person_id = await session.scalar(
                delete(PasswordLink)
                .where(PasswordLink.key_hash == key_hash(key))
                .returning(PasswordLink.person_id)
            )
            if person_id is None:
                raise LinkNotFound
            person = await session.get_one(Person, person_id)
            await write_password(session, person, password_hash)
        return person.username


async def write_password(session: AsyncSession, person: Person, password_hash: str) -> None:
    """Put a new password in the place of the one before. The person is signed out everywhere, and their links
    are void."""
    person.password_hash = password_hash
    await session.execute(delete(PasswordLink).where(PasswordLink.person_id == person.id))
    await end_sessions_everywhere(session, person.id)
    invited = select(Membership.organization_id).where(
        Membership.person_id == person.id, Membership.invited_at.is_not(None)
    )
    not_yet = set(await session.scalars(invited))
    for organization in await _organizations(session, person.id):
        revoke(session, organization.id, person.id)
        if organization.id not in not_yet:
            append(session, organization.id, UserPasswordSet(username=person.username), person.id)


async def _organizations(session: AsyncSession, person_id: str) -> Sequence[Organization]:
    return (
        await session.scalars(
            select(Organization)
            .join(Membership, Membership.organization_id == Organization.id)
            .where(Membership.person_id == person_id)
            .order_by(Organization.display_name, Organization.id)
        )
    ).all()

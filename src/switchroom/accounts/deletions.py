"""Deletion of whole organizations: asked for by who manages one, confirmed by mail, and carried out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from msgspec import Struct
from sqlalchemy import Table, delete, exists, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.accounts.closing import close_organization
from switchroom.accounts.companies import require_own
from switchroom.accounts.dependents import AccountDependents
from switchroom.accounts.people import lock_people, require_permission, require_still
from switchroom.accounts.terms import lock_terms
from switchroom.db.base import Base, OfOrganization, now
from switchroom.db.database import Database
from switchroom.errors import Conflict, ErrorCode, Exhausted, Forbidden, Invalid, LinkExpired, LinkNotFound
from switchroom.events.append import append
from switchroom.events.types import OrganizationDeleted
from switchroom.identity.authentication import require_whole
from switchroom.identity.models import Membership, Organization, OrganizationDeletion, Person
from switchroom.identity.permissions import Administration
from switchroom.identity.secrets import key_hash, random_key
from switchroom.identity.throttle import Throttle
from switchroom.identity.tokens import AccessToken, SubjectKind, TokenSigner
from switchroom.jobs.periodic import Periodic
from switchroom.mail.deletion_mails import DeletionMail
from switchroom.mail.queue import enqueue_deletion_mail
from switchroom.rooms.models import Room

_GOOD_FOR = timedelta(days=1)
_AGAIN_AFTER = timedelta(minutes=1)
_CONFIRMED_FOR = timedelta(hours=1)
_TO_DELETE = Administration.MANAGE_COMPANY
_AT_ONCE = 200
"""Rows that one transaction removes: others wait for it."""

_LOOK_EVERY = timedelta(minutes=5)
_LANGUAGES = ("de", "en")
_MEMBERSHIPS = cast("Table", Membership.__table__)
_ROOMS = cast("Table", Room.__table__)

log = structlog.get_logger()


class DeletionView(Struct, frozen=True):
    """Organization that a link would delete, with so many people and rooms."""

    organization_name: str
    people: int
    rooms: int
    expires_at: datetime


class OrganizationDeletions:
    """Deletions of organizations. A manager is mailed a link, and deletes the organization by that: on its
    page, or by the API within an hour after they have shown the link's key. Nobody gets into it from then on.
    What was in it is removed piece by piece, and people who belong to no other organization with it; a row
    without a name stays, so that no token so far is good for another. Callers who try links that do not exist
    are slowed down."""

    def __init__(
        self,
        database: Database,
        signer: TokenSigner,
        throttle: Throttle,
        dependents: AccountDependents,
        base_url: str,
    ) -> None:
        self._database = database
        self._signer = signer
        self._throttle = throttle
        self._dependents = dependents
        self._base_url = base_url

    async def ask(self, token: AccessToken) -> None:
        """Mail the caller a link that deletes their organization, in the place of one before. Raises
        Forbidden, Invalid for somebody without an e-mail address, and Exhausted a minute after another."""
        require_permission(token, _TO_DELETE)
        if token.kind is not SubjectKind.PERSON:
            raise Forbidden(ErrorCode.PEOPLE_ONLY)
        require_whole(token)
        key, moment = random_key(), now()
        async with self._database.write(token.organization_id) as session:
            await lock_people(session, token.organization_id)
            await require_still(session, token, _TO_DELETE)
            person = await session.get_one(Person, token.subject_id)
            if not person.email:
                raise Invalid(ErrorCode.PERSON_WITHOUT_ADDRESS, "email")
            organization = await session.get_one(Organization, token.organization_id)
            before = await session.get(OrganizationDeletion, organization.id)
            if before is not None:
                if before.asked_at > moment - _AGAIN_AFTER:
                    seconds = int(_AGAIN_AFTER.total_seconds())
                    raise Exhausted(ErrorCode.TOO_MANY_ATTEMPTS, retry_after=seconds)
                await session.delete(before)
                await session.flush()
            deletion = OrganizationDeletion(
                organization_id=organization.id,
                key_hash=key_hash(key),
                person_id=person.id,
                asked_at=moment,
                expires_at=moment + _GOOD_FOR,
            )
            session.add(deletion)
            language = person.locale.replace("_", "-").partition("-")[0].lower()
            mail = DeletionMail(
                uid=f"deletion:{organization.id}",
                to=person.email,
                to_name=person.display_name if person.first_name or person.last_name else "",
                organization_name=organization.display_name,
                link=f"{self._base_url}/#/company-deletion/{key}",
                valid_until=deletion.expires_at,
                locale=language if language in _LANGUAGES else "en",
                timezone=person.timezone,
            )
            await enqueue_deletion_mail(session, organization.id, mail)

    async def look_up(self, key: str, address: str) -> DeletionView:
        """Raises LinkNotFound for a link that was used or replaced or never was, LinkExpired, and Exhausted
        after repeated guesses."""
        deletion, organization = await self._find(key, address)
        async with self._database.read(organization.id) as session:
            people = await session.scalar(select(func.count(Membership.id))) or 0
            rooms = await session.scalar(select(func.count(Room.id))) or 0
        return DeletionView(organization.display_name, people, rooms, deletion.expires_at)

    async def confirm(self, key: str, own_token: str, address: str) -> AccessToken:
        """Note that the caller has shown the key: for an hour, they may delete the organization by the API.
        Returns their claims. Raises what `look_up` raises, also for the token of somebody else."""
        claims = self._signer.verify(own_token)
        deletion, organization = await self._find(key, address)
        if (claims.organization_id, claims.subject_id) != (organization.id, deletion.person_id):
            raise LinkNotFound
        require_whole(claims)
        async with self._database.write(organization.id) as session:
            found = await session.get(OrganizationDeletion, organization.id, with_for_update=True)
            if found is None or found.key_hash != key_hash(key):
                raise LinkNotFound
            found.confirmed_at = now()
        return claims

    async def delete_by_link(self, key: str, address: str) -> str:
        """Delete the organization. Returns its name. Raises what `look_up` raises, and Forbidden where who
        was mailed the link does not manage the organization any more."""
        deletion, organization = await self._find(key, address)
        member = select(Membership.administration).where(
            Membership.person_id == deletion.person_id, Membership.disabled_at.is_(None)
        )
        async with self._database.write(organization.id) as session:
            await lock_people(session, organization.id)
            found = await session.get(OrganizationDeletion, organization.id, with_for_update=True)
            if found is None or found.key_hash != key_hash(key):
                raise LinkNotFound
            if not (await session.scalar(member) or 0) & _TO_DELETE:
                raise Forbidden(ErrorCode.PERMISSION_MISSING, permission="MANAGE_COMPANY")
            return await self._delete(session, found)

    async def delete(self, token: AccessToken, company_id: str) -> None:
        """Delete the caller's organization, which they have confirmed within the hour. Raises NotFound for
        another, Forbidden, and Conflict where it is not confirmed."""
        require_permission(token, _TO_DELETE)
        require_own(token, company_id)
        require_whole(token)
        async with self._database.write(token.organization_id) as session:
            await lock_people(session, token.organization_id)
            await require_still(session, token, _TO_DELETE)
            found = await session.get(OrganizationDeletion, token.organization_id, with_for_update=True)
            since = now() - _CONFIRMED_FOR
            if (
                found is None
                or found.person_id != token.subject_id
                or found.confirmed_at is None
                or found.confirmed_at < since
            ):
                raise Conflict(ErrorCode.DELETION_UNCONFIRMED)
            await self._delete(session, found)

    async def run(self) -> None:
        """Remove what was in deleted organizations, until cancelled."""
        await Periodic(self._database, "deleted organizations", _LOOK_EVERY, self.purge).run()

    async def purge(self) -> None:
        """Remove what is left in organizations that have been deleted."""
        async with self._database.read(None) as session:
            query = select(OrganizationDeletion.organization_id).where(
                OrganizationDeletion.deleted_at.is_not(None)
            )
            deleted = (await session.scalars(query)).all()
        for organization_id in deleted:
            await self._purge(organization_id)
            log.info("organization removed", organization=organization_id)

    async def _find(self, key: str, address: str) -> tuple[OrganizationDeletion, Organization]:
        async with self._throttle.few_at_a_time(None, address):
            await self._throttle.check(None, address)
            async with self._database.read(None) as session:
                query = (
                    select(OrganizationDeletion, Organization)
                    .join(Organization, Organization.id == OrganizationDeletion.organization_id)
                    .where(OrganizationDeletion.key_hash == key_hash(key), Organization.closed_at.is_(None))
                )
                row = (await session.execute(query)).one_or_none()
            if row is None:
                await self._throttle.failed(None, address)
                raise LinkNotFound
        deletion, organization = row
        if deletion.expires_at <= now():
            raise LinkExpired(deletion.expires_at)
        return deletion, organization

    async def _delete(self, session: AsyncSession, deletion: OrganizationDeletion) -> str:
        organization = await session.get_one(Organization, deletion.organization_id)
        name = organization.display_name
        deletion.deleted_at, deletion.key_hash = now(), key_hash(random_key())
        terms = await lock_terms(session, organization.id)
        await close_organization(session, organization, terms, self._dependents)
        deleted = OrganizationDeleted(display_name=name, by=deletion.person_id)
        append(session, organization.id, deleted, organization.ulid)
        return name

    async def _purge(self, organization_id: int) -> None:
        async with self._database.write(None) as session:
            apart = update(_ROOMS).where(_ROOMS.c.organization_id == organization_id).values(parent_id=None)
            await session.execute(apart)
        for table in _tables():
            while await self._remove_some(table, organization_id):
                pass
        while await self._remove_some(_MEMBERSHIPS, organization_id):
            pass
        async with self._database.write(None) as session:
            organization = await session.get_one(Organization, organization_id)
            organization.display_name = organization.branding = ""
            organization.customer_id = organization.plan_id = ""
            organization.owner_id, organization.properties = None, {}
            deletion = await session.get(OrganizationDeletion, organization_id)
            if deletion is not None:
                await session.delete(deletion)

    async def _remove_some(self, table: Table, organization_id: int) -> bool:
        """Whether there was anything of the organization in the table."""
        keys = list(table.primary_key.columns)
        some = select(*keys).where(table.c.organization_id == organization_id).limit(_AT_ONCE)
        async with self._database.write(None) as session:
            rows = (await session.execute(some)).all()
            if not rows:
                return False
            people: set[str] = set()
            values = [tuple(row) for row in rows]
            found = keys[0].in_([one for (one,) in values]) if len(keys) == 1 else tuple_(*keys).in_(values)
            if table is _MEMBERSHIPS:
                people.update(await session.scalars(select(_MEMBERSHIPS.c.person_id).where(found)))
            await session.execute(delete(table).where(found))
            if people:
                belongs = exists().where(_MEMBERSHIPS.c.person_id == Person.id)
                gone = delete(Person).where(Person.id.in_(people), ~belongs)
                await session.execute(gone.execution_options(synchronize_session=False))
        return True


def _tables() -> list[Table]:
    """Tables with what is in organizations, before those that they refer to; people's places come last."""
    kept = (Membership, OrganizationDeletion)
    mine: list[Any] = [
        mapper.local_table
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, OfOrganization) and mapper.class_ not in kept
    ]
    return [table for table in reversed(Base.metadata.sorted_tables) if table in mine]

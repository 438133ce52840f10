"""Keys of programs with a level, the platform or one organization, and permissions."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from enum import IntFlag

from cachetools import TTLCache
from msgspec import Struct
from sqlalchemy import Select, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom import sanitize
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Forbidden, Invalid, NotFound, Unauthenticated, Unavailable
from switchroom.events.append import append
from switchroom.events.types import MeetingKeyCreated, MeetingKeyDeleted
from switchroom.identity.models import Organization, PlatformKey
from switchroom.identity.secrets import key_hash, random_key

_LENGTH = 40
_REMEMBERED = 1.0
"""Seconds for which a key that is right is not looked for again."""
_MOST_REMEMBERED = 1000
_NOTED_EVERY = timedelta(minutes=1)


class KeyPermission(IntFlag):
    """Permission of a key."""

    ACCOUNT = 1 << 0
    MEETING = 1 << 1
    EVENTS = 1 << 2
    TELEPHONY = 1 << 3


class KeyHolder(Struct, frozen=True):
    """Holder of a key. Without an `organization_id` it is one for the whole platform."""

    key_id: int
    name: str
    organization_id: int | None
    permissions: KeyPermission

    @property
    def is_of_platform(self) -> bool:
        return self.organization_id is None

    def require(self, permission: KeyPermission) -> None:
        """Raises Forbidden for a key without the permission."""
        if permission not in self.permissions:
            raise Forbidden(ErrorCode.KEY_PERMISSION_MISSING, permission=(permission.name or "").capitalize())


class PlatformKeys:
    """A key that was right is not asked for again for a second, so one that another process withdraws is good
    for as long."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._right: TTLCache[str | int, KeyHolder] = TTLCache(_MOST_REMEMBERED, ttl=_REMEMBERED)

    async def create(
        self, name: str, permissions: KeyPermission, organization: Organization | None = None
    ) -> str:
        """A new key, for everything unless an organization is given. It is shown this once."""
        async with self._database.write(None) as session:
            return await create_key(session, name, permissions, organization.id if organization else None)

    async def list(self) -> Sequence[tuple[PlatformKey, Organization | None]]:
        """All keys, oldest first, with the organization of those that have one."""
        query = (
            select(PlatformKey, Organization)
            .outerjoin(Organization, Organization.id == PlatformKey.organization_id)
            .order_by(PlatformKey.id)
        )
        async with self._database.read(None) as session:
            return [(key, organization) for key, organization in await session.execute(query)]

    async def delete(self, key_id: int) -> None:
        """Make a key good for nothing. Raises NotFound."""
        async with self._database.write(None) as session:
            found = await session.get(PlatformKey, key_id)
            if found is None:
                raise NotFound(ErrorCode.KEY_NOT_FOUND, "id", id=key_id)
            await session.delete(found)
            _append(session, MeetingKeyDeleted, found)
        self._right.clear()

    async def authenticate(self, key: str) -> KeyHolder:
        """Holder of a key. Raises Unauthenticated for one that is missing, wrong or withdrawn."""
        return await self._holder(_BY_HASH, key_hash(key) if key else "")

    async def still(self, key_id: int) -> KeyHolder:
        """Holder of a key, by the key's id, for what was given out for it. Raises Unauthenticated for a key
        that is withdrawn."""
        return await self._holder(_BY_ID, key_id)

    async def _holder(
        self, query: Select[int, str, int | None, int, datetime | None], named: str | int
    ) -> KeyHolder:
        holder = self._right.get(named)
        if holder is not None:
            return holder
        found = None
        if named:
            async with self._database.read(None) as session:
                found = (await session.execute(query, {"named": named})).one_or_none()
        if found is None:
            raise Unauthenticated(ErrorCode.KEY_INVALID)
        key_id, name, organization_id, permissions, last_used_at = found
        holder = KeyHolder(key_id, name, organization_id, KeyPermission(permissions))
        self._right[named] = holder
        if last_used_at is None or last_used_at <= now() - _NOTED_EVERY:
            await self._note_use(key_id)
        return holder

    async def _note_use(self, key_id: int) -> None:
        """Note the use of a key, once a minute, in whichever process is first. A note that cannot be written
        keeps nobody out."""
        moment = now()
        is_old = or_(PlatformKey.last_used_at.is_(None), PlatformKey.last_used_at <= moment - _NOTED_EVERY)
        noting = update(PlatformKey).where(PlatformKey.id == key_id, is_old).values(last_used_at=moment)
        with suppress(Unavailable):
            async with self._database.write(None) as session:
                await session.execute(noting.execution_options(synchronize_session=False))


async def create_key(
    session: AsyncSession, name: str, permissions: KeyPermission, organization_id: int | None
) -> str:
    """As `PlatformKeys.create`, in the caller's transaction."""
    alias = sanitize.name(name)
    if not alias or len(alias) > 100:
        raise Invalid(ErrorCode.LENGTH_OUT_OF_RANGE, "name", least=1, most=100)
    key = random_key(_LENGTH)
    made = PlatformKey(
        name=alias, key_hash=key_hash(key), organization_id=organization_id, permissions=permissions
    )
    session.add(made)
    await session.flush()
    _append(session, MeetingKeyCreated, made)
    return key


def _append(
    session: AsyncSession, kind: type[MeetingKeyCreated | MeetingKeyDeleted], key: PlatformKey
) -> None:
    """A key of the whole platform belongs to no organization, and is in no log."""
    if key.organization_id is None:
        return
    permissions = [
        one.name.lower() for one in KeyPermission if one in KeyPermission(key.permissions) and one.name
    ]
    append(session, key.organization_id, kind(name=key.name, permissions=permissions), str(key.id))


_KEY = select(
    PlatformKey.id,
    PlatformKey.name,
    PlatformKey.organization_id,
    PlatformKey.permissions,
    PlatformKey.last_used_at,
)
_BY_HASH = _KEY.where(PlatformKey.key_hash == bindparam("named"))
_BY_ID = _KEY.where(PlatformKey.id == bindparam("named"))

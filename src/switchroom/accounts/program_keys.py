"""Keys of programs, as managers of an organization see, make and withdraw them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.accounts.people import require_all, require_permission, require_still
from switchroom.accounts.terms import lock_organization
from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Invalid, NotFound
from switchroom.events.models import Event
from switchroom.events.types import ApiKeySignedIn
from switchroom.identity.api_keys import ApiKeys, create_api_key
from switchroom.identity.authentication import require_whole
from switchroom.identity.keys import KeyPermission, PlatformKeys, create_key
from switchroom.identity.models import ApiKey, Organization, PlatformKey
from switchroom.identity.permissions import ALL_ADMINISTRATION, Administration
from switchroom.identity.tokens import AccessToken

MOST_KEYS = 100
"""Keys of one kind, in one organization."""


class ListedApiKey(Struct, frozen=True, kw_only=True):
    """An API key without its code. `last_used_at` is when it signed in last, None for longer ago than the
    event log is kept."""

    client_id: str
    administration: Administration
    created_at: datetime
    last_used_at: datetime | None


class ListedMeetingKey(Struct, frozen=True, kw_only=True):
    """A key of the Web Meeting and Telephony APIs, without the key itself. `last_used_at` is right to the
    minute."""

    id: int
    name: str
    permissions: KeyPermission
    created_at: datetime
    last_used_at: datetime | None


class ProgramKeys:
    """Keys of programs. Managers of the organization give a key no more than they may do themselves; with a
    token that may do less than its holder, they make none."""

    def __init__(self, database: Database, api_keys: ApiKeys, keys: PlatformKeys) -> None:
        self._database = database
        self._api_keys = api_keys
        self._keys = keys

    async def api_keys(self, token: AccessToken) -> Sequence[ListedApiKey]:
        """Oldest first. Raises Forbidden."""
        require_permission(token, Administration.MANAGE_COMPANY)
        used = (
            select(func.max(Event.occurred_at))
            .where(
                Event.organization_id == token.organization_id,
                Event.object_id == ApiKey.id,
                Event.type == ApiKeySignedIn.event_type,
            )
            .correlate(ApiKey)
            .scalar_subquery()
        )
        query = select(ApiKey, used).order_by(ApiKey.created_at, ApiKey.id).limit(MOST_KEYS)
        async with self._database.read(token.organization_id) as session:
            return [
                ListedApiKey(
                    client_id=key.client_id,
                    administration=Administration(key.administration),
                    created_at=key.created_at,
                    last_used_at=last_used_at,
                )
                for key, last_used_at in await session.execute(query)
            ]

    async def create_api_key(self, token: AccessToken, client_id: str, administration: Administration) -> str:
        """Returns the code, which is shown this once. Raises Forbidden, Invalid, and Conflict for a name that
        another key has."""
        async with self._making(token, administration) as session:
            _require_fewer(await session.scalar(select(func.count()).select_from(ApiKey)))
            return await create_api_key(session, token.organization_id, client_id, administration)

    async def revoke_api_key(self, token: AccessToken, client_id: str) -> None:
        """Raises Forbidden, NotFound."""
        require_permission(token, Administration.MANAGE_COMPANY)
        await self._api_keys.revoke(await self._organization(token), client_id)

    async def meeting_keys(self, token: AccessToken) -> Sequence[ListedMeetingKey]:
        """Oldest first. Raises Forbidden."""
        require_permission(token, Administration.MANAGE_COMPANY)
        query = select(PlatformKey).where(PlatformKey.organization_id == token.organization_id)
        async with self._database.read(None) as session:
            rows = await session.scalars(query.order_by(PlatformKey.id).limit(MOST_KEYS))
            return [
                ListedMeetingKey(
                    id=key.id,
                    name=key.name,
                    permissions=KeyPermission(key.permissions),
                    created_at=key.created_at,
                    last_used_at=key.last_used_at,
                )
                for key in rows
            ]

    async def create_meeting_key(self, token: AccessToken, name: str, permissions: KeyPermission) -> str:
        """Returns the key, which is shown this once. It is an administrator to the APIs that it opens, and so
        for callers with every permission to make. Raises Forbidden, and Invalid for one without
        permissions."""
        query = select(func.count()).where(PlatformKey.organization_id == token.organization_id)
        async with self._making(token, ALL_ADMINISTRATION) as session:
            if not permissions:
                raise Invalid(ErrorCode.REQUIRED, "permissions")
            _require_fewer(await session.scalar(query))
            return await create_key(session, name, permissions, token.organization_id)

    async def delete_meeting_key(self, token: AccessToken, key_id: int) -> None:
        """Raises Forbidden, NotFound: also for a key of another organization or of the platform."""
        require_permission(token, Administration.MANAGE_COMPANY)
        query = select(PlatformKey.id).where(
            PlatformKey.id == key_id, PlatformKey.organization_id == token.organization_id
        )
        async with self._database.read(None) as session:
            if await session.scalar(query) is None:
                raise NotFound(ErrorCode.KEY_NOT_FOUND, "id", id=key_id)
        await self._keys.delete(key_id)

    @asynccontextmanager
    async def _making(
        self, token: AccessToken, administration: Administration
    ) -> AsyncGenerator[AsyncSession]:
        """A transaction that makes a key of these permissions, one after the other in an organization. Raises
        Forbidden for a caller who manages it no more, or may do less."""
        require_permission(token, Administration.MANAGE_COMPANY)
        require_whole(token)
        async with self._database.write(token.organization_id) as session:
            await lock_organization(session, token.organization_id)
            require_all(await require_still(session, token, Administration.MANAGE_COMPANY), administration)
            yield session

    async def _organization(self, token: AccessToken) -> Organization:
        async with self._database.read(None) as session:
            return await session.get_one(Organization, token.organization_id)


def _require_fewer(present: int | None) -> None:
    if (present or 0) >= MOST_KEYS:
        raise Invalid(ErrorCode.TOO_MANY_ENTRIES, "name", most=MOST_KEYS)

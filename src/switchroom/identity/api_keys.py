"""API keys: a program's credentials in one organization, by which it gets access tokens."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom import sanitize
from switchroom.db.database import Database
from switchroom.errors import Conflict, ErrorCode, Invalid, NotFound
from switchroom.events.append import append
from switchroom.events.types import ApiKeyCreated, ApiKeyRevoked, ApiKeyRotated
from switchroom.identity.models import ApiKey, Organization, RefreshToken, new_id
from switchroom.identity.permissions import ALL_ADMINISTRATION, Administration
from switchroom.identity.revocation import revoke
from switchroom.identity.secrets import key_hash, random_key

_LENGTH = 40


class ApiKeys:
    """The keys of organizations, each named by its client id there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(
        self,
        organization: Organization,
        client_id: str,
        administration: Administration = ALL_ADMINISTRATION,
    ) -> str:
        """A key with these permissions, or every one of the organization. Returns its code, which is
        shown this once. Raises Invalid, and Conflict for a name that another key has."""
        async with self._database.write(organization.id) as session:
            return await create_api_key(session, organization.id, client_id, administration)

    async def list(self, organization: Organization) -> Sequence[ApiKey]:
        """The organization's keys, oldest first."""
        async with self._database.read(organization.id) as session:
            return (await session.scalars(select(ApiKey).order_by(ApiKey.created_at, ApiKey.id))).all()

    async def rotate(self, organization: Organization, client_id: str) -> str:
        """A new code in place of the one before, which is void with all tokens that it brought. Returns the
        code, which is shown this once. Raises NotFound."""
        code = random_key(_LENGTH)
        async with self._database.write(organization.id) as session:
            key = await _require(session, client_id)
            key.code_hash = key_hash(code)
            await session.flush()  # who is just signing in with the old code goes first, or not at all
            await session.execute(delete(RefreshToken).where(RefreshToken.api_key_id == key.id))
            revoke(session, organization.id, key.id)
            append(session, organization.id, ApiKeyRotated(client_id=key.client_id), key.id)
        return code

    async def revoke(self, organization: Organization, client_id: str) -> None:
        """Remove a key, and void all tokens that it brought. Raises NotFound."""
        async with self._database.write(organization.id) as session:
            key = await _require(session, client_id)
            await session.delete(key)  # its refresh tokens go with it
            await session.flush()
            revoke(session, organization.id, key.id)
            append(session, organization.id, ApiKeyRevoked(client_id=key.client_id), key.id)


async def create_api_key(
    session: AsyncSession, organization_id: int, client_id: str, administration: Administration
) -> str:
    """As `ApiKeys.create`, in the caller's transaction."""
    alias = sanitize.name(client_id)
    if not alias or len(alias) > 100:
        raise Invalid(ErrorCode.LENGTH_OUT_OF_RANGE, "client_id", least=1, most=100)
    if await _find(session, alias) is not None:
        raise Conflict(ErrorCode.KEY_EXISTS, "client_id", name=alias)
    code = random_key(_LENGTH)
    key = ApiKey(id=new_id(), client_id=alias, code_hash=key_hash(code), administration=administration)
    session.add(key)
    try:
        await session.flush()
    except IntegrityError as error:
        # Somebody else was faster than the look before.
        raise Conflict(ErrorCode.KEY_EXISTS, "client_id", name=alias) from error
    append(session, organization_id, ApiKeyCreated(client_id=alias), key.id)
    return code


async def _find(session: AsyncSession, client_id: str) -> ApiKey | None:
    return await session.scalar(select(ApiKey).where(ApiKey.client_id == client_id))


async def _require(session: AsyncSession, client_id: str) -> ApiKey:
    key = await _find(session, client_id.strip())
    if key is None:
        raise NotFound(ErrorCode.API_KEY_NOT_FOUND, "client_id", name=client_id.strip()[:100])
    return key

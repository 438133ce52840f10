"""Ends what somebody is signed in by: refresh tokens, and magic tokens that nobody has used yet."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Table, delete
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.identity.models import MagicToken, RefreshToken

_TABLES = tuple(cast("Table", one.__table__) for one in (RefreshToken, MagicToken))


async def end_sessions(session: AsyncSession, organization_id: int, person_id: str) -> None:
    """End the person's sessions in the organization. Access tokens stay good: see `revoke`."""
    for table in _TABLES:
        of_person = table.c.person_id == person_id, table.c.organization_id == organization_id
        await session.execute(delete(table).where(*of_person))


async def end_sessions_everywhere(session: AsyncSession, person_id: str, *, but: str = "") -> None:
    """End the person's sessions in all organizations, whosever the database session is. `but` is the hash of
    a refresh token that stays, empty for none; magic tokens end all the same."""
    # Of the tables, not the classes: all organizations count.
    for table in _TABLES:
        ended = delete(table).where(table.c.person_id == person_id)
        if but and "token_hash" in table.c:
            ended = ended.where(table.c.token_hash != but)
        await session.execute(ended)

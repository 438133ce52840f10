"""The order of the log: ids grow as transactions are committed, in each organization by a lock, and for
readers of all organizations up to a watermark. SQLite has one writer at a time, and needs neither."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ARRAY, BigInteger, Integer, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from switchroom.events.models import Event

_LOCKS = 7302178
"""The advisory locks of organizations (this, and the organization's id) and of writers (this in the upper 24
bits, and in the lower 40 an id that is smaller than all that they write)."""

_IDS = 40

_TAKE_TURN = text(
    """
    WITH turns AS MATERIALIZED (
        SELECT pg_advisory_xact_lock(:locks, organization) AS taken
        FROM unnest(:organizations) AS organization
    )
    SELECT
        pg_advisory_xact_lock_shared(:writers + last_value - CASE WHEN is_called THEN 0 ELSE 1 END),
        set_config('idle_in_transaction_session_timeout', :patience, true)
    FROM events_id_seq WHERE (SELECT count(taken) FROM turns) > 0
    """
).bindparams(
    bindparam("locks", _LOCKS, type_=Integer),
    bindparam("writers", _LOCKS << _IDS, type_=BigInteger),
    bindparam("patience", "30s"),
    bindparam("organizations", type_=ARRAY(Integer)),
)
"""Organizations are taken in the order given. What comes after it in the transaction is to write the events
and to commit: a process that does neither is gone, and must not keep its organizations from writing."""

_WATERMARK = text(
    """
    SELECT least(given.id, writing.id)
    FROM (SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END AS id FROM events_id_seq) AS given
    CROSS JOIN LATERAL (
        SELECT min((classid::bigint << 32 | objid::bigint) - :writers) AS id
        FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 1 AND given.id IS NOT NULL
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND (classid::bigint << 32 | objid::bigint) BETWEEN :writers AND :writers + :most
    ) AS writing
    """
).bindparams(
    bindparam("writers", _LOCKS << _IDS, type_=BigInteger),
    bindparam("most", (1 << _IDS) - 1, type_=BigInteger),
)
"""Ids are looked at before writers are (`given.id IS NOT NULL` makes that so): whoever was given one of them
and is not found writing any more has been committed, or never will be."""


def take_turn(session: Session, organization_ids: Collection[int]) -> None:
    """Wait until nobody else writes events of these organizations, and keep others from it until the end of
    the transaction, in which only events are still written."""
    if session.get_bind().dialect.name == "postgresql":
        # Sorted, so that no two wait for each other; by the type of the lock, which has 32 bits.
        turns = sorted({one & 0x7FFFFFFF for one in organization_ids})
        session.execute(_TAKE_TURN, {"organizations": turns})


async def watermark(session: AsyncSession) -> int:
    """The id up to which the log of all organizations is complete: a statement that is begun after this one
    sees every event up to it that there will ever be, whichever organization it is of."""
    if session.get_bind().dialect.name == "postgresql":
        return await session.scalar(_WATERMARK) or 0
    return await session.scalar(select(func.max(Event.id))) or 0

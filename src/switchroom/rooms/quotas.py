"""Named sizes of rooms, and how many rooms have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Exhausted, Forbidden, Invalid
from switchroom.identity.models import Organization
from switchroom.identity.tokens import AccessToken
from switchroom.rooms.drafts import QuotaWish
from switchroom.rooms.models import IS_ROOM, QuotaSet, Room

_FIRST_SETS = (("standard", 50, 200), ("small", 12, 50), ("large", 200, 1000))
_DEFAULT = "standard"
_BREAKOUT_ROOMS = 50


class Quotas:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, token: AccessToken) -> tuple[Sequence[QuotaSet], Mapping[str, int]]:
        """The organization's quota sets in order of size, and how many rooms have each that not all may
        have, by name."""
        if token.is_guest:
            raise Forbidden(ErrorCode.NOT_FOR_GUESTS)
        async with self._database.read(token.organization_id) as session:
            sets = (
                await session.scalars(select(QuotaSet).order_by(QuotaSet.active_limit, QuotaSet.name))
            ).all()
            used = {
                quota.name: await _rooms_of(session, quota.name, quota.room_limit)
                for quota in sets
                if quota.room_limit is not None
            }
            return sets, used


def add_first_sets(session: AsyncSession, organization: Organization) -> None:
    """Give a new organization its quota sets: small, standard and large, each for any number of rooms."""
    for name, active, passive in _FIRST_SETS:
        session.add(
            QuotaSet(
                organization_id=organization.id,
                name=name,
                active_limit=active,
                passive_limit=passive,
                breakout_limit=_BREAKOUT_ROOMS,
            )
        )


class Size(NamedTuple):
    """A room's places, and the name of the quota set that says so, if one does."""

    name: str | None
    active: int
    passive: int


def with_standard_size(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """The statement, which is about organizations, asking for what makes `standard_size` too, as the last
    columns of its rows."""
    return statement.add_columns(QuotaSet.name, QuotaSet.active_limit, QuotaSet.passive_limit).outerjoin(
        QuotaSet, and_(QuotaSet.organization_id == Organization.id, QuotaSet.name == _DEFAULT)
    )


def standard_size(name: str | None, active: int | None, passive: int | None) -> Size:
    """The size of a room about which nothing is said, of an organization's standard set if it has one."""
    if active is None or passive is None:
        return Size(None, *_FIRST_SETS[0][1:])
    return Size(name, active, passive)


async def resolve(session: AsyncSession, wish: QuotaWish, present: tuple[int, int] | None = None) -> Size:
    """The size for a wish by name or by numbers.

    A number that the wish leaves out is the `present` one, or for a new room that of the standard set.

    Raises Invalid for an unknown name.
    """
    base = await _named(session, wish.name or _DEFAULT, required=bool(wish.name))
    if wish.name and base is not None:
        return Size(base.name, base.active_limit, base.passive_limit)
    if wish.active is None and wish.passive is None and base is not None:
        return Size(base.name, base.active_limit, base.passive_limit)
    standard = (base.active_limit, base.passive_limit) if base else _FIRST_SETS[0][1:]
    active, passive = present or standard
    active = active if wish.active is None else wish.active
    passive = passive if wish.passive is None else wish.passive
    return Size(None, active, passive)


async def require_place(session: AsyncSession, quota_name: str | None) -> None:
    """Raises Exhausted when no further room may have this quota."""
    if quota_name is None:
        return
    quota = await _named(session, quota_name, required=True)
    if quota is None or quota.room_limit is None:
        return
    if await _rooms_of(session, quota_name, quota.room_limit) >= quota.room_limit:
        raise Exhausted(ErrorCode.QUOTA_EXCEEDED, "quota.name", name=quota_name, most=quota.room_limit)


class _Quota(NamedTuple):
    name: str
    active_limit: int
    passive_limit: int
    room_limit: int | None


_BY_NAME = select(QuotaSet.name, QuotaSet.active_limit, QuotaSet.passive_limit, QuotaSet.room_limit).where(
    QuotaSet.name == bindparam("quota_name")
)


async def _named(session: AsyncSession, name: str, *, required: bool) -> _Quota | None:
    row = (await session.execute(_BY_NAME, {"quota_name": name})).one_or_none()
    quota = _Quota(*row) if row is not None else None
    if quota is None and required:
        raise Invalid(ErrorCode.QUOTA_NOT_FOUND, "quota.name", name=name[:100])
    return quota


async def _rooms_of(session: AsyncSession, name: str, most: int) -> int:
    """Number of rooms that have the quota, counted no further than to `most`."""
    return await session.scalar(_ROOMS_OF, {"quota_name": name, "most": most}) or 0


_COUNTED = (
    select(Room.quota_name)
    .where(Room.quota_name == bindparam("quota_name"), IS_ROOM)
    .limit(bindparam("most"))
)
_ROOMS_OF = select(func.count()).select_from(_COUNTED.subquery())

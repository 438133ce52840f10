"""Rankings by use: the rooms and the people of an organization that were most in use in a day, week or month.

Each order is that of an index, so a page costs the same however many there are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Forbidden, Invalid
from switchroom.identity.models import Membership, Person
from switchroom.identity.permissions import Administration
from switchroom.identity.tokens import AccessToken
from switchroom.rooms.models import UseByPerson, UseByRoom
from switchroom.rooms.use_ranking_counting import GUESTS, names_of_rooms
from switchroom.rooms.use_times import Span, begin_of_span, end_of_span

MOST_RANKED = 500
"""Rows of one page."""

_FIRST_DAY = date(2000, 1, 1)

_Row = TypeVar("_Row", UseByRoom, UseByPerson)
_Ranked = TypeVar("_Ranked")


class RankedBy(StrEnum):
    """Count by which a ranking is ordered: time, of a room that in which it was open, or stays."""

    TIME = "time"
    STAYS = "stays"


class RankingPlace(Struct, frozen=True):
    """Place of the last row of a page: its count, and its number among those that have the same."""

    count: int
    id: int


class RankingFilter(Struct, frozen=True, kw_only=True):
    """Filter of a ranking: the span of time that a day is in, that of today without one."""

    span: Span = Span.MONTH
    day: date | None = None
    ranked_by: RankedBy = RankedBy.TIME
    after: RankingPlace | None = None
    limit: int = 50


class RankedRoom(Struct, frozen=True, kw_only=True):
    """Room, or meeting, with the seconds that it was open and that people were inside, together, and their
    stays. A room that is gone has its last name."""

    id: str
    display_name: str
    is_meeting: bool
    is_gone: bool
    open_seconds: int
    person_seconds: int
    stays: int


class RankedPerson(Struct, frozen=True, kw_only=True):
    """Person with the seconds of their stays. Guests are one without an id and a name; somebody who is no
    member any more has their last name."""

    id: str
    display_name: str
    email: str
    is_gone: bool
    seconds: int
    stays: int

    @property
    def is_guests(self) -> bool:
        return self.id == GUESTS


class Ranking(Struct, Generic[_Ranked], frozen=True, kw_only=True):
    """Page of a ranking for the time from `begin` to `end`; `following` is None on the last page.
    `earliest` is the begin of the first span that there is, None without any."""

    begin: datetime
    end: datetime
    earliest: datetime | None
    rows: Sequence[_Ranked]
    following: RankingPlace | None


class UseRankings:
    """Rankings for those who manage the organization. What lasts still is counted when it is over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rooms(self, token: AccessToken, wanted: RankingFilter) -> Ranking[RankedRoom]:
        """Raises Forbidden without the permission to manage the organization, and Invalid."""
        _require(token, Administration.MANAGE_COMPANY)
        by_time = wanted.ranked_by is RankedBy.TIME
        count = UseByRoom.open_seconds if by_time else UseByRoom.stays
        async with self._database.read(token.organization_id) as session:
            page = await _page(session, UseByRoom, count, wanted)
            names = await names_of_rooms(session, [one.room_id for one in page.rows])
        rows = [
            RankedRoom(
                id=one.room_id,
                display_name=names.get(one.room_id, one.display_name),
                is_meeting=one.is_meeting,
                is_gone=one.room_id not in names,
                open_seconds=one.open_seconds,
                person_seconds=one.person_seconds,
                stays=one.stays,
            )
            for one in page.rows
        ]
        return _with_rows(page, rows)

    async def people(self, token: AccessToken, wanted: RankingFilter) -> Ranking[RankedPerson]:
        """Raises as `rooms`, and Forbidden also without the permission to list people."""
        _require(token, Administration.MANAGE_COMPANY)
        _require(token, Administration.USER_LIST | Administration.USER_ADMIN)
        count = UseByPerson.seconds if wanted.ranked_by is RankedBy.TIME else UseByPerson.stays
        async with self._database.read(token.organization_id) as session:
            page = await _page(session, UseByPerson, count, wanted)
            people = await _members(session, [one.person_id for one in page.rows])
        rows: list[RankedPerson] = []
        for one in page.rows:
            person = people.get(one.person_id)
            rows.append(
                RankedPerson(
                    id=one.person_id,
                    display_name=one.display_name if person is None else person.display_name,
                    email="" if person is None else person.email,
                    is_gone=person is None and one.person_id != GUESTS,
                    seconds=one.seconds,
                    stays=one.stays,
                )
            )
        return _with_rows(page, rows)


def _require(token: AccessToken, permissions: Administration) -> None:
    if token.is_guest or not token.may(permissions):
        first = next(iter(permissions))
        raise Forbidden(ErrorCode.PERMISSION_MISSING, permission=first.name or "")


async def _page(
    session: AsyncSession, table: type[_Row], count: InstrumentedAttribute[int], wanted: RankingFilter
) -> Ranking[_Row]:
    today = now().date()
    day = wanted.day or today
    if not _FIRST_DAY <= day <= today + timedelta(days=1):  # it is tomorrow already in the east
        raise Invalid(ErrorCode.TIME_OUT_OF_RANGE, "day")
    begin = begin_of_span(wanted.span, day)
    query = select(table).where(table.span == wanted.span.value, table.begins == begin)
    limit = max(1, min(wanted.limit, MOST_RANKED))
    after = wanted.after
    found: list[_Row] = []
    if after is not None:
        # By itself, for SQLite passes over all that are equal when both are compared at once.
        equal = query.where(count == after.count, table.id < after.id).order_by(table.id.desc())
        found += await session.scalars(equal.limit(limit + 1))
        query = query.where(count < after.count)
    if len(found) <= limit:
        query = query.order_by(count.desc(), table.id.desc()).limit(limit + 1 - len(found))
        found += await session.scalars(query)
    rows = found[:limit]
    last = rows[-1] if len(found) > limit else None
    return Ranking(
        begin=begin,
        end=end_of_span(wanted.span, begin),
        earliest=await session.scalar(select(func.min(table.begins)).where(table.span == wanted.span.value)),
        rows=rows,
        following=None if last is None else RankingPlace(getattr(last, count.key), last.id),
    )


def _with_rows(page: Ranking[_Row], rows: Sequence[_Ranked]) -> Ranking[_Ranked]:
    return Ranking(
        begin=page.begin, end=page.end, earliest=page.earliest, rows=rows, following=page.following
    )


async def _members(session: AsyncSession, person_ids: Collection[str]) -> Mapping[str, Person]:
    query = (
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .where(Person.id.in_(person_ids), Membership.invited_at.is_(None))
    )
    return {one.id: one for one in await session.scalars(query)}

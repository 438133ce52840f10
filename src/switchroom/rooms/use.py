"""Use of rooms: how long they were open, who came, how many at once; counted by the hour out of the log."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs
from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Forbidden, Problems
from switchroom.events.models import Event
from switchroom.identity.permissions import Administration
from switchroom.identity.tokens import AccessToken
from switchroom.jobs.periodic import Periodic
from switchroom.rooms.models import OpenRoom, RoomUse
from switchroom.rooms.use_log import EMPTIED, JOINED, LEFT, OPENED, Reader, begin_of, uncounted
from switchroom.rooms.use_ranking_counting import UseRankingCounting
from switchroom.rooms.use_times import HOUR, LONGEST, by_hour, hour_of

FARTHEST = timedelta(days=62)
"""Time that use is told of back from now."""

_COUNTED_EVERY = timedelta(seconds=30)
_EVENTS_AT_ONCE = 200
_TYPES = (*OPENED, *EMPTIED, *JOINED, *LEFT)


class Use(Struct, frozen=True, kw_only=True):
    """Use of rooms, or of meetings, in a time. A session is one unbroken stay of somebody, who is a
    participant or a spectator. `most_rooms` is how many were open at once."""

    room_seconds: int = 0
    person_seconds: int = 0
    participants: int = 0
    spectators: int = 0
    most_rooms: int = 0

    @property
    def sessions(self) -> int:
        return self.participants + self.spectators


_COUNTS = Use.__struct_fields__
_COUNTED = select(RoomUse.is_meeting, RoomUse.hour, *(getattr(RoomUse, name) for name in _COUNTS))


class UsePeriod(Struct, frozen=True, kw_only=True):
    start: datetime
    end: datetime
    rooms: Use
    meetings: Use


class UseOfRooms:
    """Use of an organization's rooms: what has been counted, and what is open at the moment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def periods(
        self, token: AccessToken, start: datetime, end: datetime, step: timedelta
    ) -> Sequence[UsePeriod]:
        """The use in periods of so many hours from the hour of `start`, at most 62 days ago; the last ends at
        `end`. Raises Invalid, and Forbidden without the permission to manage the organization."""
        if token.is_guest or not token.may(Administration.MANAGE_COMPANY):
            raise Forbidden(ErrorCode.PERMISSION_MISSING, permission="MANAGE_COMPANY")
        _require_span(start, end)
        start = hour_of(start)
        async with self._database.read(token.organization_id) as session:
            # Both kinds are named for the index, which has the hour behind them.
            of_both = RoomUse.is_meeting.in_((False, True))
            query = _COUNTED.where(of_both, RoomUse.hour >= start, RoomUse.hour < end)
            hours: dict[tuple[bool, datetime], Use] = {}
            for is_meeting, hour, *counts in await session.execute(query):
                hours[is_meeting, hour] = Use(**dict(zip(_COUNTS, counts, strict=True)))
            await _add_open(session, hours, start, min(end, now()))
        periods: list[UsePeriod] = []
        while start < end:
            until = min(start + step, end)
            rooms, meetings = (_together(hours, start, until, is_meeting=one) for one in (False, True))
            periods.append(UsePeriod(start=start, end=until, rooms=rooms, meetings=meetings))
            start = until
        return periods


class UseCounting:
    """Counts what has happened since the last time. Where it is in the log is written in the transaction
    that counts: nothing is counted twice, whichever process counts."""

    def __init__(self, database: Database, *, keep: timedelta) -> None:
        """`keep` is for how long the log is kept, and use by room and by person with it."""
        self._database = database
        self._rankings = UseRankingCounting(database, keep)
        self._periodic = Periodic(database, "use of rooms", _COUNTED_EVERY, self.count)

    async def run(self) -> None:
        """Count from time to time until cancelled."""
        await self._periodic.run()

    async def count(self) -> None:
        """Count all that there is."""
        has_more = True
        while has_more:
            has_more = await self._count_some()
            await asyncio.sleep(0)  # the others' turn
        await self._rankings.count()

    async def _count_some(self) -> bool:
        """Whether there is more."""
        async with self._database.write(None) as session:
            events, has_more = await uncounted(session, Reader.HOURS, _TYPES, _EVENTS_AT_ONCE)
            if events:
                await _Counter.count(session, events)
            return has_more


_Key = tuple[int, bool, datetime]
"""An organization, whether it is of meetings, and the hour."""


class _Counter:
    """The hours and the open rooms that some events concern."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._hours: dict[_Key, RoomUse] = {}
        self._open: dict[str, OpenRoom] = {}
        self._counts: dict[tuple[int, bool], int] = {}
        self._last: dict[tuple[int, bool], datetime] = {}

    @classmethod
    async def count(cls, session: AsyncSession, events: Sequence[Event]) -> None:
        counter = cls(session)
        await counter._load(events)
        for event in events:
            counter._note(event)

    async def _load(self, events: Sequence[Event]) -> None:
        organizations = {one.organization_id for one in events}
        objects = {one.object_id for one in events}
        # Of a process that was killed, the end is told when the room is opened again: of some, never.
        lost = OpenRoom.opened_at < min(one.occurred_at for one in events) - LONGEST
        await self._session.execute(delete(OpenRoom).where(OpenRoom.organization_id.in_(organizations), lost))
        open_rooms = select(OpenRoom).where(OpenRoom.object_id.in_(objects))
        self._open = {one.object_id: one for one in await self._session.scalars(open_rooms)}
        of_organizations = OpenRoom.organization_id.in_(organizations)
        counts = select(OpenRoom.organization_id, OpenRoom.is_meeting, func.count()).where(of_organizations)
        for organization_id, is_meeting, count in await self._session.execute(
            counts.group_by(OpenRoom.organization_id, OpenRoom.is_meeting)
        ):
            self._counts[organization_id, is_meeting] = count
        for organization_id in organizations:
            for is_meeting in (False, True):
                of_kind = (RoomUse.organization_id == organization_id, RoomUse.is_meeting == is_meeting)
                last = await self._session.scalar(select(func.max(RoomUse.hour)).where(*of_kind))
                if last is not None:
                    self._last[organization_id, is_meeting] = last
        begin = min(min(one.occurred_at for one in events), *(begin_of(one) for one in events))
        begin = min([begin, *self._last.values(), *(one.opened_at for one in self._open.values())])
        known: list[ColumnElement[bool]] = [
            RoomUse.organization_id.in_(organizations),
            RoomUse.is_meeting.in_((False, True)),
            RoomUse.hour >= hour_of(begin),
        ]
        for one in await self._session.scalars(select(RoomUse).where(*known)):
            self._hours[one.organization_id, one.is_meeting, one.hour] = one

    def _note(self, event: Event) -> None:
        organization_id, at = event.organization_id, event.occurred_at
        if (is_meeting := OPENED.get(event.type)) is not None:
            self._pass_to(organization_id, is_meeting, at)
            self._opened(event, is_meeting)
        elif (is_meeting := EMPTIED.get(event.type)) is not None:
            self._pass_to(organization_id, is_meeting, at)
            self._emptied(event)
        elif (is_meeting := JOINED.get(event.type)) is not None:
            hour = self._hour(organization_id, is_meeting, at)
            if event.data.get("is_spectator"):
                hour.spectators += 1
            else:
                hour.participants += 1
        elif (is_meeting := LEFT.get(event.type)) is not None:
            for begun, seconds in by_hour(begin_of(event), at):
                self._hour(organization_id, is_meeting, begun).person_seconds += seconds

    def _opened(self, event: Event, is_meeting: bool) -> None:
        key = event.organization_id, is_meeting
        if event.object_id not in self._open:
            room = OpenRoom(
                object_id=event.object_id,
                organization_id=event.organization_id,
                is_meeting=is_meeting,
                opened_at=event.occurred_at,
            )
            self._session.add(room)
            self._open[event.object_id] = room
            self._counts[key] = self._counts.get(key, 0) + 1
        hour = self._hour(*key, event.occurred_at)
        hour.most_rooms = max(hour.most_rooms, self._counts[key])

    def _emptied(self, event: Event) -> None:
        room = self._open.pop(event.object_id, None)
        if room is None:
            return
        self._counts[room.organization_id, room.is_meeting] -= 1
        for begun, seconds in by_hour(room.opened_at, event.occurred_at):
            self._hour(room.organization_id, room.is_meeting, begun).room_seconds += seconds
        if room in self._session.new:
            self._session.expunge(room)
        else:
            self._session.sync_session.delete(room)

    def _pass_to(self, organization_id: int, is_meeting: bool, at: datetime) -> None:
        """Count the open rooms as open since the last hour that was counted, and until now."""
        key, until = (organization_id, is_meeting), hour_of(at)
        count, last = self._counts.get(key, 0), self._last.get(key)
        if count and last is not None:
            hour = max(last, until - LONGEST)
            while hour < at:
                row = self._hour(organization_id, is_meeting, hour)
                row.most_rooms = max(row.most_rooms, count)
                hour += HOUR
        self._last[key] = max(until, last) if last is not None else until

    def _hour(self, organization_id: int, is_meeting: bool, at: datetime) -> RoomUse:
        key = organization_id, is_meeting, hour_of(at)
        if key not in self._hours:
            row = RoomUse(
                organization_id=organization_id,
                is_meeting=is_meeting,
                hour=key[2],
                room_seconds=0,
                person_seconds=0,
                participants=0,
                spectators=0,
                most_rooms=0,
            )
            self._session.add(row)
            self._hours[key] = row
        return self._hours[key]


async def _add_open(
    session: AsyncSession, hours: dict[tuple[bool, datetime], Use], start: datetime, until: datetime
) -> None:
    """Add the use of rooms that are open at the moment, since they were opened."""
    opened = select(OpenRoom).where(OpenRoom.opened_at > now() - LONGEST)
    at_once: dict[tuple[bool, datetime], int] = {}
    for room in await session.scalars(opened):
        for begun, seconds in by_hour(room.opened_at, until):
            if begun < start:
                continue
            key = room.is_meeting, begun
            use = hours.get(key, Use())
            at_once[key] = at_once.get(key, 0) + 1
            hours[key] = structs.replace(
                use,
                room_seconds=use.room_seconds + seconds,
                most_rooms=max(use.most_rooms, at_once[key]),
            )


def _together(
    hours: dict[tuple[bool, datetime], Use], start: datetime, end: datetime, *, is_meeting: bool
) -> Use:
    found: list[Use] = []
    hour = start
    while hour < end:
        if (is_meeting, hour) in hours:
            found.append(hours[is_meeting, hour])
        hour += HOUR
    return Use(
        room_seconds=sum(one.room_seconds for one in found),
        person_seconds=sum(one.person_seconds for one in found),
        participants=sum(one.participants for one in found),
        spectators=sum(one.spectators for one in found),
        most_rooms=max((one.most_rooms for one in found), default=0),
    )


def _require_span(start: datetime, end: datetime) -> None:
    problems = Problems()
    if start < now() - FARTHEST - HOUR:
        problems.add(ErrorCode.TIME_OUT_OF_RANGE, "start_time")
    if end <= start:
        problems.add(ErrorCode.RANGE_REVERSED, "stop_time")
    elif end - start > FARTHEST + HOUR:
        problems.add(ErrorCode.TIME_OUT_OF_RANGE, "stop_time")
    problems.require_none()

"""Lifecycle of meetings: they end, their summary is announced, they are deleted."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import BigInteger, Select, bindparam, delete, func, literal, select, tuple_, type_coerce

from switchroom.accounts.models import MeetingTerms
from switchroom.bus import Bus
from switchroom.db.base import Instant, now
from switchroom.db.database import Database, notify
from switchroom.events.append import append
from switchroom.events.stays import OF_MEETING, end_stays
from switchroom.events.types import MeetingDeleted, MeetingSummaryCreated
from switchroom.identity.models import Organization, Person
from switchroom.meetings import occurrences as occurrences
from switchroom.meetings.closing_rules import SUMMARY_AFTER, close_occurrence
from switchroom.meetings.lookup import Found
from switchroom.meetings.models import Meeting
from switchroom.meetings.notices import MeetingChanged, MeetingOver
from switchroom.meetings.occurrences import Changes, Occurrence
from switchroom.meetings.scheduling_context import SchedulingContext
from switchroom.meetings.views import MeetingView, changes_of, invitees_of, snapshot, view
from switchroom.rooms.live import LiveRooms
from switchroom.rooms.models import Room
from switchroom.rooms.notices import RoomDestroyed
from switchroom.tasks import set_within

_AT_ONCE = 100
_BETWEEN_LOOKS = timedelta(seconds=10)
_SECONDS_BETWEEN_DELETIONS = 3600.0

log = structlog.get_logger()


class MeetingLifecycle:
    """Works on the database alone, so that any number of processes may run one."""

    def __init__(self, database: Database, live: LiveRooms, bus: Bus) -> None:
        self._database = database
        self._live = live
        self._changed = asyncio.Event()
        self._next = now()
        bus.subscribe(MeetingChanged, self._wake)

    async def run(self) -> None:
        """Do what is due, again and again until cancelled."""
        delete_at = now()
        while True:
            self._changed.clear()
            await self.close_ended()
            await self.announce_summaries()
            if now() >= delete_at:
                removed = await self.delete_old()
                if removed:
                    log.info("old meetings deleted", meetings=removed)
                delete_at = now() + timedelta(seconds=_SECONDS_BETWEEN_DELETIONS)
            await self._wait()

    async def _is_due(self, query: Select[str]) -> bool:
        """Whether the query finds something: read without the write lock, and in a query that PostgreSQL need
        not plan for the moment each time."""
        async with self._database.read(None) as session:
            return await session.scalar(query, {"moment": now()}) is not None

    async def close_ended(self) -> int:
        """Close what is past its end; not what is extended while people are inside. Returns how many."""
        if not await self._is_due(_ENDED):
            return 0
        closed = 0
        after = (datetime.min.replace(tzinfo=UTC), "")
        while True:
            async with self._database.write(None) as session:
                rows = (
                    await session.execute(
                        _MEETINGS.where(
                            Meeting.next_end_at <= now(), tuple_(Meeting.next_end_at, Meeting.id) > after
                        )
                        .order_by(Meeting.next_end_at, Meeting.id)
                        .limit(_AT_ONCE)
                        .with_for_update(of=Meeting, skip_locked=True)
                    )
                ).all()
                if rows:  # closing one moves its end
                    after = (rows[-1][0].next_end_at or now(), rows[-1][0].id)
                inside = self._live.occupants([row[0].room_id for row in rows])
                changes = await changes_of(session, [row[0] for row in rows])
                invitees = await invitees_of(session, [row[0].id for row in rows])
                for meeting, organization, terms, organizer in rows:
                    if terms.auto_extend and inside.get(meeting.room_id):
                        continue
                    of_meeting = changes.get(meeting.id, {})
                    ended = _ended(meeting, of_meeting)
                    context = SchedulingContext(organization, terms, organizer)
                    shown = view(meeting, ended, invitees.get(meeting.id, ()), context)
                    await close_occurrence(session, Found(meeting, of_meeting, ended), shown, early=False)
                    notify(session, MeetingOver(meeting.organization_id, meeting.room_id))
                    closed += 1
            if len(rows) < _AT_ONCE:
                return closed

    async def announce_summaries(self) -> None:
        """Log that the summaries are there of what was closed some minutes ago."""
        if not await self._is_due(_SUMMARY_DUE):
            return
        while await self._announce_some() == _AT_ONCE:
            pass

    async def _announce_some(self) -> int:
        async with self._database.write(None) as session:
            rows = (
                await session.execute(
                    _MEETINGS.where(Meeting.summary_due_at <= now())
                    .order_by(Meeting.summary_due_at)
                    .limit(_AT_ONCE)
                    .with_for_update(of=Meeting, skip_locked=True)
                )
            ).all()
            changes = await changes_of(session, [row[0] for row in rows])
            inside = self._live.occupants([row[0].room_id for row in rows])
            for meeting, organization, terms, organizer in rows:
                if not inside.get(meeting.room_id):
                    await end_stays(
                        session, meeting.organization_id, OF_MEETING, meeting.id, _closed(meeting)
                    )
                shown = _just_closed(
                    meeting, changes.get(meeting.id, {}), SchedulingContext(organization, terms, organizer)
                )
                meeting.summary_due_at = None
                event = snapshot(MeetingSummaryCreated, shown)
                append(session, meeting.organization_id, event, meeting.id)
            return len(rows)

    async def delete_old(self) -> int:
        """Delete meetings that ended as long ago as their organization keeps them. Returns how many."""
        async with self._database.read(None) as session:
            with_old = (await session.scalars(_WITH_OLD, {"microseconds": _microseconds()})).all()
        return sum([await self._delete_old_of(organization_id) for organization_id in with_old])

    async def _delete_old_of(self, organization_id: int) -> int:
        removed = 0
        while True:
            async with self._database.write(None) as session:
                wanted = {"organization_id": organization_id, "microseconds": _microseconds()}
                rows = (await session.execute(_OLD, wanted)).all()
                for meeting, organization, terms, organizer in rows:
                    shown = _just_closed(meeting, {}, SchedulingContext(organization, terms, organizer))
                    append(session, meeting.organization_id, snapshot(MeetingDeleted, shown), meeting.id)
                    notify(session, RoomDestroyed(meeting.organization_id, meeting.room_id))
                    await session.execute(
                        delete(Room)
                        .where(Room.id == meeting.room_id)
                        .execution_options(synchronize_session=False)
                    )
            removed += len(rows)
            if len(rows) < _AT_ONCE:
                return removed

    async def _wait(self) -> None:
        """Wait until the next meeting ends, one is made that ends earlier, or a while has passed."""
        async with self._database.read(None) as session:
            next_end = await session.scalar(_NEXT_END, {"moment": now()})
        longest = now() + _BETWEEN_LOOKS
        self._next = min(next_end, longest) if next_end is not None else longest
        seconds = max((self._next - now()).total_seconds(), 0.0) + 0.01
        await set_within(self._changed, seconds)

    async def _wake(self, notice: MeetingChanged) -> None:
        if notice.next_end_at is not None and notice.next_end_at < self._next:
            self._changed.set()


_WITH_CANCELED = (
    select(Meeting, Organization, MeetingTerms, Person)
    .join(Organization, Organization.id == Meeting.organization_id)
    .join(MeetingTerms, MeetingTerms.organization_id == Meeting.organization_id)
    .join(Person, Person.id == Meeting.organizer_id)
)
_ENDED = select(Meeting.id).where(Meeting.next_end_at <= bindparam("moment", type_=Instant())).limit(1)
_SUMMARY_DUE = (
    select(Meeting.id).where(Meeting.summary_due_at <= bindparam("moment", type_=Instant())).limit(1)
)
_NEXT_END = select(func.min(Meeting.next_end_at)).where(
    Meeting.next_end_at > bindparam("moment", type_=Instant())
)
_OVER_SINCE = type_coerce(func.coalesce(Meeting.canceled_at, Meeting.closed_at), BigInteger)
_KEPT_SINCE = bindparam("microseconds", type_=BigInteger) - MeetingTerms.delete_after_days * literal(
    86_400_000_000, BigInteger
)
# One look into the index for each organization; as a join, it can become one at every meeting there is.
_LONGEST_OVER = (
    select(_OVER_SINCE)
    .where(Meeting.organization_id == MeetingTerms.organization_id, _OVER_SINCE.is_not(None))
    .order_by(_OVER_SINCE)
    .limit(1)
    .correlate(MeetingTerms)
    .scalar_subquery()
)
_WITH_OLD = select(MeetingTerms.organization_id).where(_LONGEST_OVER < _KEPT_SINCE)
_OLD = (
    _WITH_CANCELED.where(
        Meeting.organization_id == bindparam("organization_id"),
        MeetingTerms.organization_id == bindparam("organization_id"),
        _OVER_SINCE < _KEPT_SINCE,
    )
    .order_by(_OVER_SINCE)
    .limit(_AT_ONCE)
    .with_for_update(of=Meeting, skip_locked=True)
)
_MEETINGS = _WITH_CANCELED.where(Meeting.canceled_at.is_(None))


def _microseconds() -> int:
    return round(now().timestamp() * 1_000_000)


def _ended(meeting: Meeting, changes: Changes) -> Occurrence:
    """The one whose end has come."""
    end = meeting.next_end_at or meeting.end_at
    return occurrences.shown(meeting, changes, end - timedelta(microseconds=1))


def _just_closed(meeting: Meeting, changes: Changes, context: SchedulingContext) -> MeetingView:
    """View of the occurrence that the summary is of: the last that had begun when it was closed."""
    return view(meeting, occurrences.last_begun(meeting, changes, _closed(meeting)), (), context)


def _closed(meeting: Meeting) -> datetime:
    """Time at which the occurrence was closed that the summary is of."""
    return (meeting.summary_due_at or now()) - SUMMARY_AFTER

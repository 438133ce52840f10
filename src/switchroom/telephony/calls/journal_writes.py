"""Writes of the journal: what calls have changed to, in one transaction of few statements."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import structlog
from cachetools import TTLCache
from msgspec import Struct, structs, to_builtins
from sqlalchemy import Insert, Table, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import Database, execute_many, insert_numbered, insert_values, upsert_of
from switchroom.events.append import append
from switchroom.events.types import CallEnded, DomainEvent
from switchroom.identity.models import Membership, Person
from switchroom.telephony.calls.live_rows import CallWorkerRow, LiveCallRow
from switchroom.telephony.calls.records import (
    NOBODY,
    Record,
    detected,
    left_record,
    main_record,
    records_of,
)
from switchroom.telephony.calls.snapshot import CallSnapshot
from switchroom.telephony.resources.calls_history import CallRecord, view_of
from switchroom.telephony.routing.hangup_causes import HangupCause

_REMEMBERED = 60.0
"""Seconds for which a user's names are kept."""
_MOST_REMEMBERED = 10_000

MACHINE_LENGTH = 16
"""Characters of a machine's id."""

_snapshots = msgspec.msgpack.Decoder(CallSnapshot)

log = structlog.stdlib.get_logger(__name__)


class Change:
    """Change of a call that is to be written: the last snapshot, the function that gives the state if the
    snapshot does not have it, the events for the log, and the time of the call's end."""

    __slots__ = ("ended", "events", "is_second_try", "save", "snapshot")

    def __init__(self, snapshot: CallSnapshot) -> None:
        self.snapshot = snapshot
        self.save: Callable[[], bytes] | None = None
        self.events: list[tuple[DomainEvent, datetime]] = []
        self.ended: datetime | None = None
        self.is_second_try = False

    def take(self, later: Change) -> None:
        """Add what has come later."""
        self.snapshot, self.save = later.snapshot, later.save
        self.events += later.events
        self.ended = later.ended or self.ended


Changes = dict[str, Change]
"""Changes by the ids of their calls."""


class Written(Struct, frozen=True):
    """Records in the database of a call that is up: their ids by their keys, and the records themselves,
    where this process has written them."""

    ids: Mapping[str, int]
    records: Mapping[str, Record] = {}


class LeftCall(Struct, frozen=True, kw_only=True):
    """A call that a worker has left, last seen at `seen_at`. `is_ours` tells those of this worker's number
    from those of workers that are no more."""

    snapshot: CallSnapshot
    written: Written
    is_ours: bool
    seen_at: datetime


class _Name(Struct, frozen=True):
    first: str
    last: str


class _Plan(Struct, frozen=True):
    """Records of a call as they are to be. `ids` has those that there are."""

    change: Change
    is_new: bool
    records: Mapping[str, Record]
    ids: dict[str, int]
    before: Mapping[str, Record]


class WorkerElsewhere(Exception):
    """Another machine over the same database has a worker of this number."""


class JournalWrites:
    """Writes of one process. It counts them, so that it can find out whether one whose answer was lost has
    been committed."""

    def __init__(self, database: Database, worker: int, machine: str) -> None:
        self._database = database
        self._worker = worker
        self._machine = machine
        self._process = f"{machine}{secrets.token_hex(MACHINE_LENGTH // 2)}"
        self._batch = 0
        self._in_doubt: tuple[Changes, dict[str, Written]] | None = None
        self._names: TTLCache[int, _Name | None] = TTLCache(_MOST_REMEMBERED, ttl=_REMEMBERED)

    async def begin(self, gone_after: timedelta) -> Sequence[LeftCall]:
        """Take the worker's place. The calls that the process before has left, and those of workers that were
        not seen for so long, which are this one's now. Raises WorkerElsewhere."""
        async with self._database.write(None) as session:
            workers = {one.number: one for one in await session.scalars(select(CallWorkerRow))}
            own = workers.get(self._worker)
            moment = now()
            is_elsewhere = own is not None and not own.process.startswith(self._machine)
            if own is not None and is_elsewhere and own.seen_at >= moment - gone_after:
                raise WorkerElsewhere(
                    f"worker {self._worker} runs on another machine over this database, or did until "
                    f"{own.seen_at:%H:%M:%S} UTC: one machine controls calls, the next one a minute later"
                )
            unmarked = set(await session.scalars(select(LiveCallRow.worker).distinct())) - workers.keys()
            stale = {number for number, one in workers.items() if one.seen_at < moment - gone_after}
            gone = (unmarked | stale) - {self._worker}
            found = await session.scalars(
                select(LiveCallRow).where(LiveCallRow.worker.in_([self._worker, *gone])).with_for_update()
            )
            # The media of calls of another machine are not here.
            ours = None if is_elsewhere else self._worker
            left = [_left(row, ours, workers, moment) for row in found]
            await session.execute(
                update(LiveCallRow).where(LiveCallRow.worker.in_(gone)).values(worker=self._worker)
            )
            await session.execute(delete(CallWorkerRow).where(CallWorkerRow.number.in_(gone)))
            if own is None:
                own = CallWorkerRow(number=self._worker)
                session.add(own)
            own.process, own.batch, own.seen_at = self._process, 0, moment
            await session.flush()
            await self._close_unreadable(session, [one for one in left if isinstance(one, LiveCallRow)])
        return [one for one in left if isinstance(one, LeftCall)]

    async def leave(self) -> None:
        """Give the worker's place up: another machine may take it at once."""
        async with self._database.write(None) as session:
            own = (CallWorkerRow.number == self._worker, CallWorkerRow.process == self._process)
            await session.execute(delete(CallWorkerRow).where(*own))

    def forget_names(self) -> None:
        self._names.clear()

    async def say_that_it_is_there(self) -> None:
        async with self._database.write(None) as session:
            await self._mark(session)

    async def write(self, changes: Changes, known: Mapping[str, Written]) -> dict[str, Written]:
        """Write all, or nothing. What is in the database afterwards of the calls that are still up."""
        self._in_doubt = None
        self._batch += 1
        plans = {call_id: _plan(change, known.get(call_id)) for call_id, change in changes.items()}
        async with self._database.write(None) as session:
            await self._look_up_names(session, plans.values())
            await self._write_records(session, plans.values())
            await self._write_live_calls(session, plans)
            for call_id, plan in plans.items():
                self._append_events(session, call_id, plan)
            await self._mark(session)
            written = {
                call_id: Written(plan.ids, plan.records)
                for call_id, plan in plans.items()
                if plan.change.ended is None
            }
            self._in_doubt = changes, written
        self._in_doubt = None
        return written

    async def in_doubt_and_done(self) -> tuple[Changes, dict[str, Written]] | None:
        """The changes of a write that seemed to have failed and was committed all the same, with its
        result."""
        doubted, self._in_doubt = self._in_doubt, self._in_doubt
        if doubted is None:
            return None
        async with self._database.read(None) as session:
            batch = await session.scalar(
                select(CallWorkerRow.batch).where(
                    CallWorkerRow.number == self._worker, CallWorkerRow.process == self._process
                )
            )
        self._in_doubt = None
        return doubted if batch == self._batch else None

    async def _mark(self, session: AsyncSession) -> None:
        """Say that this process is there and what it has written, also where its row has been taken for that
        of one that is no more; a process that has come after it keeps its place."""
        values = {"number": self._worker, "process": self._process, "batch": self._batch, "seen_at": now()}
        await execute_many(session, _mark(session.get_bind().dialect.name), [values])

    async def _look_up_names(self, session: AsyncSession, plans: Collection[_Plan]) -> None:
        wanted = {
            user_id
            for plan in plans
            for record in plan.records.values()
            for user_id in (record.owner_id, record.caller_user_id)
            if user_id is not None and user_id not in self._names
        }
        if not wanted:
            return
        self._names.update(dict.fromkeys(wanted))
        for user_id, first, last in await session.execute(_NAMES, {"ids": sorted(wanted)}):
            self._names[user_id] = _Name(first, last)

    async def _write_records(self, session: AsyncSession, plans: Collection[_Plan]) -> None:
        new: list[tuple[_Plan, str]] = []
        changed: list[dict[str, Any]] = []
        for plan in plans:
            for key, record in plan.records.items():
                if key not in plan.ids:
                    new.append((plan, key))
                elif record != plan.before.get(key):
                    changed.append({"this_record": plan.ids[key], **self._values(plan, record)})
        if new:
            rows = [
                {
                    "organization_id": plan.change.snapshot.organization_id,
                    **self._values(plan, plan.records[key]),
                }
                for plan, key in new
            ]
            ids = await session.run_sync(insert_numbered, CallRecord, rows)
            for (plan, key), record_id in zip(new, ids, strict=True):
                plan.ids[key] = record_id
        await execute_many(session, _CHANGE_RECORD, changed)
        lost = [
            {"this_record": record_id, "is_live": False, "hangup_cause": plan.change.snapshot.hangup_cause}
            for plan in plans
            if plan.change.ended is not None
            for key, record_id in plan.ids.items()
            if key not in plan.records
        ]
        await execute_many(session, _CHANGE_RECORD, lost)

    async def _write_live_calls(self, session: AsyncSession, plans: Mapping[str, _Plan]) -> None:
        new: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        over: list[dict[str, Any]] = []
        for call_id, plan in plans.items():
            if plan.change.ended is not None:
                if not plan.is_new:
                    over.append({"this_call": call_id})
                continue
            snapshot, save = plan.change.snapshot, plan.change.save
            if save is not None:
                snapshot = structs.replace(snapshot, state=save())
            state = {"snapshot": msgspec.msgpack.encode(snapshot), "records": plan.ids}
            if plan.is_new:
                new.append(
                    {
                        "id": call_id,
                        "organization_id": snapshot.organization_id,
                        "worker": self._worker,
                        "started_at": snapshot.started_at,
                        **state,
                    }
                )
            else:
                changed.append({"this_call": call_id, **state})
        await insert_values(session, LiveCallRow, new)
        await execute_many(session, _CHANGE_LIVE_CALL, changed)
        await execute_many(session, _END_LIVE_CALL, over)

    def _append_events(self, session: AsyncSession, call_id: str, plan: _Plan) -> None:
        organization_id = plan.change.snapshot.organization_id
        for event, moment in plan.change.events:
            append(session, organization_id, event, call_id, at=moment)
        if plan.change.ended is None:
            return
        views = {
            key: to_builtins(view_of(_row(plan.ids[key], self._values(plan, record))))
            for key, record in plan.records.items()
        }
        main = views.pop(main_record(plan.records))
        ended = CallEnded(record=main, other_records=list(views.values()))
        append(session, organization_id, ended, call_id, at=plan.change.ended)

    def _values(self, plan: _Plan, record: Record) -> dict[str, Any]:
        """The columns of a record. Users who are not there any more are left out."""
        owner = self._name(record.owner_id)
        values = record.columns()
        values["owner_id"] = record.owner_id if owner is not None else None
        values["first_name"] = owner.first if owner is not None else None
        values["last_name"] = owner.last if owner is not None else None
        if self._name(record.caller_user_id) is None:
            values["caller_user_id"] = None
        number = {} if record.is_live else detected(record)
        values["details"] = {"interaction_id": plan.change.snapshot.id, **number}
        return values

    def _name(self, user_id: int | None) -> _Name | None:
        return self._names.get(user_id) if user_id is not None else None

    async def _close_unreadable(self, session: AsyncSession, rows: Collection[LiveCallRow]) -> None:
        """Close the records of calls whose snapshot another version has written."""
        for row in rows:
            log.error("a call that was left cannot be read, and is closed", call=row.id)
            await session.execute(
                update(CallRecord)
                .where(CallRecord.id.in_(row.records.values()), CallRecord.is_live)
                .values(is_live=False, hangup_cause=HangupCause.CRASH.value)
            )
            await session.delete(row)


_NAMES = (
    select(Membership.id, Person.first_name, Person.last_name)
    .join(Person, Person.id == Membership.person_id)
    .where(Membership.id.in_(bindparam("ids", expanding=True)))
)
_records, _live_calls = (cast("Table", one.__table__) for one in (CallRecord, LiveCallRow))
_CHANGE_RECORD = update(_records).where(_records.c.id == bindparam("this_record"))
_CHANGE_LIVE_CALL = update(_live_calls).where(_live_calls.c.id == bindparam("this_call"))
_END_LIVE_CALL = delete(_live_calls).where(_live_calls.c.id == bindparam("this_call"))


def _row(record_id: int, values: Mapping[str, Any]) -> CallRecord:
    """A row to be looked at alone: one of the mapping takes as long to make as to write."""
    return cast("CallRecord", SimpleNamespace(id=record_id, **values))


@cache
def _mark(dialect: str) -> Insert:
    """Says that a worker is there, unless another process has its number."""
    row = upsert_of(dialect, CallWorkerRow)
    return row.on_conflict_do_update(
        index_elements=[CallWorkerRow.number],
        set_={"batch": row.excluded.batch, "seen_at": row.excluded.seen_at},
        where=CallWorkerRow.process == row.excluded.process,
    )


def _plan(change: Change, written: Written | None) -> _Plan:
    """Plan of the records of a changed call. The first party that is rung takes over the record of the call
    that had rung nobody. A party that has gone over to another call keeps the record."""
    records = records_of(change.snapshot)
    ids = dict(written.ids) if written is not None else {}
    before: Mapping[str, Record] = written.records if written is not None else {}
    gone = {
        key: left_record(record, change.snapshot)
        for key, record in before.items()
        if key not in records and key != NOBODY
    }
    if gone:
        records.pop(NOBODY, None)
        records = gone | records
    if NOBODY in ids and NOBODY not in records:
        taken = ids.pop(NOBODY)
        ids.setdefault(next(iter(records)), taken)
    return _Plan(change, written is None, records, ids, before)


def _left(
    row: LiveCallRow, worker: int | None, workers: Mapping[int, CallWorkerRow], moment: datetime
) -> LeftCall | LiveCallRow:
    """The row itself where it cannot be read."""
    try:
        snapshot = _snapshots.decode(row.snapshot)
    except msgspec.MsgspecError:
        return row
    seen = workers.get(row.worker)
    return LeftCall(
        snapshot=snapshot,
        written=Written(row.records),
        is_ours=row.worker == worker,
        seen_at=seen.seen_at if seen is not None else moment,
    )

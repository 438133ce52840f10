"""The journal: records, events and states of calls as they are in the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from switchroom.bus import Bus
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Unavailable
from switchroom.events.models import Event
from switchroom.events.notices import EventsAppended
from switchroom.identity.models import Membership, Organization, Person
from switchroom.telephony.calls import journal
from switchroom.telephony.calls.call_metrics import CallMetrics
from switchroom.telephony.calls.journal import CallJournal
from switchroom.telephony.calls.journal_writes import JournalWrites, WorkerElsewhere
from switchroom.telephony.calls.live_rows import CallWorkerRow, LiveCallRow
from switchroom.telephony.resources.actor import Actor, Level
from switchroom.telephony.resources.calls_history import CallHistory, CallRecord, CallRecordView, HistoryQuery
from tests.telephony.calls.told import Told

MACHINE = "a" * 16


class Place:
    """A database with an account, two people, and a journal."""

    def __init__(self, url: str) -> None:
        self.bus = Bus()
        self.notices: list[EventsAppended] = []
        self.noticed = asyncio.Event()
        self.bus.subscribe(EventsAppended, self._notice)
        self.database = Database(url, self.bus)
        self.journal = CallJournal(self.database, 1, MACHINE)

    async def _notice(self, notice: EventsAppended) -> None:
        self.notices.append(notice)
        self.noticed.set()

    async def prepare(self) -> None:
        async with self.database.write(None) as session:
            organization = Organization(ulid="0" * 26, display_name="Acme")
            people = [
                Person(
                    username=f"{name}@example.org", password_hash="", first_name=name.title(), last_name="X"
                )
                for name in ("anna", "bert")
            ]
            session.add_all([organization, *people])
            await session.flush()
            members = [
                Membership(organization_id=organization.id, person_id=one.id, standing="participant")
                for one in people
            ]
            session.add_all(members)
            await session.flush()
            self.organization_id = organization.id
            self.anna, self.bert = (one.id for one in members)
        await self.journal.left_behind()

    def call(self, **fields: Any) -> Told:
        caller = {"number": "100", "name": "Anna", "user_id": self.anna}
        return Told(self.organization_id, self.journal, caller=caller, **fields)

    async def all(self, table: type[Any]) -> list[Any]:
        async with self.database.read(None) as session:
            return list(await session.scalars(select(table).order_by(table.id)))

    async def workers(self) -> list[int]:
        async with self.database.read(None) as session:
            return list(await session.scalars(select(CallWorkerRow.number)))

    async def records(self) -> list[CallRecord]:
        return await self.all(CallRecord)

    async def events(self) -> list[Event]:
        return [one for one in await self.all(Event) if one.type.startswith("call.")]

    async def listed(self, user: int | None = None) -> list[CallRecordView]:
        level = Level.ADMIN if user is None else Level.USER
        actor = Actor(self.organization_id, level, user)
        return list((await CallHistory(self.database).page(actor, HistoryQuery())).records)

    async def another_process(self, worker: int = 1, machine: str = MACHINE) -> tuple[CallJournal, list[str]]:
        """A journal that takes the place of a process that has died, and the ids of calls it can take up."""
        journal = CallJournal(self.database, worker, machine)
        left = await journal.left_behind()
        await journal.finish()
        return journal, [one.id for one in left]


@pytest.fixture
async def place(database_url: str) -> AsyncIterator[Place]:
    place = Place(database_url)
    await place.prepare()
    yield place
    await place.database.close()


async def test_a_call_is_recorded_from_its_first_moment(place: Place) -> None:
    told = place.call()
    await place.journal.finish()
    (record,) = await place.records()
    assert (record.is_live, record.owner_id, record.hangup_cause) == (True, place.anna, "")
    assert await place.listed() == []

    told.rings("bert", user_id=place.bert, name="Bert", number="101").wait(4)
    await place.journal.finish()
    (record,) = await place.records()  # it is Bert's now
    assert (record.owner_id, record.first_name, record.is_live) == (place.bert, "Bert", True)
    (live,) = await place.all(LiveCallRow)
    assert (live.id, live.worker, live.records) == (told.snapshot.id, 1, {f"user:{place.bert}": record.id})

    told.answers("bert").wait(10)
    await place.journal.finish()
    assert await place.listed() == []
    told.ends()
    await place.journal.finish()
    assert await place.all(LiveCallRow) == []
    (view,) = await place.listed()
    assert (view.id, view.interaction_id) == (record.id, told.snapshot.id)
    assert (view.first_name, view.last_name, view.owner_id) == ("Bert", "X", place.bert)
    assert (view.ringing_seconds, view.billing_seconds, view.duration_seconds) == (4, 10, 14)
    assert view.hangup_cause == "NORMAL_CLEARING"
    assert [one.id for one in await place.listed(place.anna)] == [view.id]
    assert [one.id for one in await place.listed(place.bert)] == [view.id]


async def test_what_happens_is_in_the_log_in_order(place: Place) -> None:
    told = place.call().rings("bert", user_id=place.bert, name="Bert", number="101").wait(1)
    told.answers("bert").holds("bert").ends()
    await place.journal.finish()
    events = await place.events()
    assert [one.type for one in events] == [
        "call.created",
        "call.ringing",
        "call.answered",
        "call.held",
        "call.ended",
    ]
    assert {one.object_id for one in events} == {told.snapshot.id}
    ringing = events[1].data
    assert (ringing["channel"], ringing["user_id"]) == (told.leg("bert").uuid, place.bert)
    assert (ringing["name"], ringing["caller_id_name"], ringing["dialled"]) == ("Bert", "Anna", "101")
    (view,) = await place.listed()
    assert events[-1].data["record"]["id"] == view.id
    assert events[-1].data["record"]["hangup_cause"] == view.hangup_cause
    assert events[-1].data["other_records"] == []
    assert [one.last for one in place.notices] == [events[-1].id]


async def test_a_call_that_is_refused_at_once_is_recorded(place: Place) -> None:
    told = Told(place.organization_id, dialled="999")
    told.journal = place.journal
    told.ends("UNALLOCATED_NUMBER")
    await place.journal.finish()
    assert [one.type for one in await place.events()] == ["call.created", "call.ended"]
    assert [one.hangup_cause for one in await place.listed()] == ["UNALLOCATED_NUMBER"]
    told.ends("UNALLOCATED_NUMBER")
    await place.journal.finish()
    assert len(await place.events()) == 2


async def test_changes_of_all_calls_are_written_together(place: Place) -> None:
    running = asyncio.create_task(place.journal.run())
    try:
        calls = [place.call().rings("bert", user_id=place.bert) for _ in range(20)]
        async with asyncio.timeout(60):
            await place.noticed.wait()
        (notice,) = place.notices
        assert notice.last - notice.first == 39
        place.noticed.clear()
        for told in calls:
            told.ends("NO_ANSWER")
        async with asyncio.timeout(60):
            await place.noticed.wait()
        assert len(await place.listed()) == 20
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_nothing_is_lost_while_the_database_is_away(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = place.call()
    with monkeypatch.context() as away:
        away.setattr(JournalWrites, "write", _away)
        with pytest.raises(Unavailable):
            await place.journal.finish()
        told.rings("bert", user_id=place.bert)
        with pytest.raises(Unavailable):
            await place.journal.finish()
        told.wait(20).ends("NO_ANSWER")
        assert place.journal.waiting == 1
    await place.journal.finish()
    assert [one.type for one in await place.events()] == ["call.created", "call.ringing", "call.ended"]
    assert [one.hangup_cause for one in await place.listed()] == ["NO ANSWER"]
    assert place.journal.waiting == 0


async def test_events_that_are_too_many_are_counted_and_logged_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "MOST_EVENTS", 4)
    metrics = CallMetrics(
        place.journal, unwritten=lambda: place.journal.waiting, dropped=lambda: place.journal.dropped
    )
    told = place.call().rings("bert", user_id=place.bert).answers("bert")
    with capture_logs() as logs:
        told.holds("bert").holds("bert").holds("bert").ends()
    lines = [one for one in logs if one["event"] == "events of calls dropped"]
    assert [(one["log_level"], one["dropped"]) for one in lines] == [("error", 1)]
    counted = {sample.name: sample.value for family in metrics.families([]) for sample in family.samples}
    assert counted["switchroom_call_events_dropped_total"] == place.journal.dropped == 2
    await place.journal.finish()
    assert [one.type for one in await place.events()] == [
        "call.created",
        "call.ringing",
        "call.answered",
        "call.held",
        "call.ended",
    ]
    assert len(await place.listed()) == 1


async def _away(*_: object) -> None:
    raise Unavailable(ErrorCode.DATABASE_UNAVAILABLE)


@pytest.mark.parametrize("committed", [True, False])
async def test_a_lost_answer_writes_nothing_twice(
    place: Place, monkeypatch: pytest.MonkeyPatch, *, committed: bool
) -> None:
    """The connection goes while the transaction is committed."""
    from sqlalchemy.orm import Session

    real = Session.commit

    def commit(session: Session) -> None:
        if committed:
            real(session)
        raise OperationalError("COMMIT", None, ConnectionError())

    told = place.call().rings("bert", user_id=place.bert)
    with monkeypatch.context() as lost:
        lost.setattr(Session, "commit", commit)
        with pytest.raises((Unavailable, OperationalError)):
            await place.journal.finish()
    told.answers("bert").wait(1).ends()
    await place.journal.finish()
    assert [one.type for one in await place.events()] == [
        "call.created",
        "call.ringing",
        "call.answered",
        "call.ended",
    ]
    assert [one.is_live for one in await place.records()] == [False]
    assert await place.all(LiveCallRow) == []


async def test_one_that_cannot_be_written_holds_up_nobody(place: Place) -> None:
    good = place.call()
    bad = Told(place.organization_id + 1000, place.journal)
    also = place.call()
    for told in (good, bad, also):
        told.ends()
    await place.journal.finish()
    assert len(await place.listed()) == 2
    assert place.journal.waiting == 0


async def test_a_user_who_goes_meanwhile_keeps_no_call_from_its_record(place: Place) -> None:
    told = place.call().rings("bert", user_id=place.bert)
    await place.journal.finish()
    async with place.database.write(None) as session:
        await session.execute(delete(Membership).where(Membership.id == place.bert))
    told.wait(1).hangs_up("bert", "USER_BUSY").ends("USER_BUSY")
    await place.journal.finish()
    (view,) = await place.listed()
    assert (view.owner_id, view.first_name, view.hangup_cause) == (None, None, "USER_BUSY")


async def test_calls_of_a_dead_process_are_taken_up_or_closed(place: Place) -> None:
    up = place.call().rings("bert", user_id=place.bert).wait(1).answers("bert")
    lost = place.call(state=b"")
    await place.journal.finish()
    journal, left = await place.another_process()
    assert left == [up.snapshot.id]
    (view,) = await place.listed()
    assert (view.interaction_id, view.hangup_cause) == (lost.snapshot.id, "CRASH")
    assert [one.type for one in await place.events()][-1] == "call.ended"

    up.journal = journal
    up.wait(30).ends()
    await journal.finish()
    views = await place.listed()
    assert [one.hangup_cause for one in views] == ["NORMAL_CLEARING", "CRASH"]
    assert (views[0].billing_seconds, len(await place.records())) == (30, 2)
    assert await place.all(LiveCallRow) == []


async def test_what_cannot_be_taken_up_after_all_is_closed(place: Place) -> None:
    told = place.call().rings("bert", user_id=place.bert).wait(1).answers("bert")
    await place.journal.finish()
    journal, _ = await place.another_process()
    journal.close(told.snapshot)
    journal.close(told.snapshot)
    await journal.finish()
    journal.close(told.snapshot)
    await journal.finish()
    assert [one.hangup_cause for one in await place.listed()] == ["CRASH"]
    assert [one.type for one in await place.events()].count("call.ended") == 1


async def test_calls_of_a_worker_that_is_no_more_are_closed(place: Place) -> None:
    told = place.call()
    await place.journal.finish()
    other, left = await place.another_process(2)
    assert (left, await place.listed()) == ([], [])  # it may still be there

    async with place.database.write(None) as session:
        seen = now() - timedelta(minutes=2)
        await session.execute(update(CallWorkerRow).where(CallWorkerRow.number == 1).values(seen_at=seen))
    _, left = await place.another_process(2)
    assert left == []
    assert [one.hangup_cause for one in await place.listed()] == ["CRASH"]
    assert other.waiting == 0
    assert told.snapshot.ended_at is None


async def test_two_machines_do_not_have_the_same_worker(place: Place) -> None:
    """The second one is refused while the first is there, and closes its calls, whose media are not here,
    when that is gone; one that has been stopped is gone at once."""
    place.call()
    await place.journal.finish()
    with pytest.raises(WorkerElsewhere, match="worker 1 runs on another machine"):
        await place.another_process(machine="b" * 16)
    assert await place.listed() == []

    async with place.database.write(None) as session:
        seen = now() - timedelta(minutes=2)
        await session.execute(update(CallWorkerRow).values(seen_at=seen))
    other, left = await place.another_process(machine="b" * 16)
    assert left == []
    assert [one.hangup_cause for one in await place.listed()] == ["CRASH"]

    await other.leave()
    await place.another_process()


async def test_a_worker_without_calls_is_there(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after another has taken it for gone."""
    async with place.database.write(None) as session:
        await session.execute(delete(CallWorkerRow))
    monkeypatch.setattr(journal, "SEEN_EVERY", 0.01)
    running = asyncio.create_task(place.journal.run())
    async with asyncio.timeout(60):
        while not await place.workers():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_calls_of_a_worker_without_a_mark_are_closed(place: Place) -> None:
    place.call()
    await place.journal.finish()
    async with place.database.write(None) as session:
        await session.execute(delete(CallWorkerRow))
    await place.another_process(2)
    assert [one.hangup_cause for one in await place.listed()] == ["CRASH"]


async def test_one_that_another_version_has_written_is_closed(place: Place) -> None:
    place.call()
    await place.journal.finish()
    async with place.database.write(None) as session:
        await session.execute(update(LiveCallRow).values(snapshot=b"\xc1"))
    _, left = await place.another_process()
    assert left == []
    assert [one.hangup_cause for one in await place.listed()] == ["CRASH"]
    assert await place.all(LiveCallRow) == []


async def test_who_goes_over_to_another_call_keeps_the_record(place: Place) -> None:
    told = place.call().rings("bert", user_id=place.bert, name="Bert", number="101").wait(3).answers("bert")
    await place.journal.finish()
    told.gives_away("bert")
    await place.journal.finish()
    told.wait(10).ends("ATTENDED_TRANSFER")
    await place.journal.finish()
    (view,) = await place.listed()
    assert (view.hangup_cause, view.callee_id_number) == ("ATTENDED_TRANSFER", "101")
    assert (view.ringing_seconds, view.billing_seconds, view.duration_seconds) == (3, 10, 13)


async def test_what_is_wrong_with_a_change_is_not_raised(place: Place) -> None:
    place.journal.note(None, None)  # type: ignore[arg-type]
    place.call().ends()
    await place.journal.finish()
    assert len(await place.listed()) == 1

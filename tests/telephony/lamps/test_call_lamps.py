"""Lamps of calls: phones that watch an extension or a device see its calls ring, begin and end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from msgspec import structs
from structlog.testing import capture_logs

from switchroom.db.base import now
from switchroom.telephony.calls import call_lamps
from switchroom.telephony.calls.call_lamps import CallLamps
from switchroom.telephony.calls.journal import CallJournal
from switchroom.telephony.calls.snapshot import (
    CallDirection,
    CallSnapshot,
    ChangeKind,
    Happened,
    LegDirection,
    LegSnapshot,
    LegStatus,
)
from tests.engines.waiting import until
from tests.telephony.lamps.house import NAMES, House, states

pytestmark = pytest.mark.kamailio


@pytest.fixture
async def lamps(house: House) -> AsyncIterator[CallLamps]:
    lamps = CallLamps(house.database, house.bus, house.publisher(), lambda _: True)
    keeping = asyncio.create_task(lamps.run())
    yield lamps
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping


class Call:
    """A call to 100, as the worker tells of it: from 101 or, where a journal writes it down, from somebody
    outside."""

    def __init__(
        self, house: House, lamps: CallLamps, name: str = "call-1", journal: CallJournal | None = None
    ) -> None:
        self._lamps = lamps
        self._journal = journal
        legs = (
            _leg(f"{name}-a", LegDirection.INBOUND, 101 if journal is None else None),
            _leg(f"{name}-b", LegDirection.OUTBOUND, 100),
        )
        self.snapshot = CallSnapshot(
            id=name,
            organization_id=house.organization_id,
            direction=CallDirection.INTERNAL,
            started_at=now(),
            legs=legs,
        )

    def rings(self) -> None:
        self._tell(ChangeKind.RINGING)

    def answered(self) -> None:
        legs = tuple(structs.replace(one, state=LegStatus.ANSWERED) for one in self.snapshot.legs)
        self.snapshot = structs.replace(self.snapshot, legs=legs)
        self._tell(ChangeKind.ANSWERED)

    def ends(self) -> None:
        legs = tuple(structs.replace(one, ended_at=now()) for one in self.snapshot.legs)
        self.snapshot = structs.replace(self.snapshot, legs=legs, ended_at=now())
        self._tell(ChangeKind.ENDED)

    def _tell(self, kind: ChangeKind) -> None:
        if self._journal is not None:
            self._journal.note(self.snapshot, Happened(kind))
        self._lamps.note(self.snapshot, Happened(kind))


def _leg(uuid: str, direction: LegDirection, extension: int | None) -> LegSnapshot:
    return LegSnapshot(
        uuid=uuid,
        direction=direction,
        sip_call_id=uuid,
        device_id=extension,
        user_id=extension,
        started_at=now(),
    )


async def test_a_busy_lamp_blinks_lights_and_goes_out(house: House, lamps: CallLamps) -> None:
    call = Call(house, lamps)
    async with house.phone(101) as lamp:
        await lamp.watch("100", "dialog")
        call.rings()
        ringing = await lamp.told_until(">early<")
        assert 'direction="recipient"' in ringing.body
        assert ringing.header("Event") == "dialog"
        assert ringing.header("Content-Type") == "application/dialog-info+xml"
        assert 'entity="sip:100@acme.example.org"' in ringing.body
        call.answered()
        assert states(await lamp.told_until(">confirmed<")) == ["confirmed"]
        call.ends()
        assert "confirmed" not in (await lamp.told_until(">terminated<")).body


async def test_of_two_calls_the_one_that_is_up_counts(house: House, lamps: CallLamps) -> None:
    first, second = Call(house, lamps, "first"), Call(house, lamps, "second")
    async with house.phone(101) as lamp:
        await lamp.watch("100", "dialog")
        first.rings()
        first.answered()
        await lamp.told_until(">confirmed<")
        second.rings()
        second.ends()
        first.ends()
        told = await lamp.told_until(">terminated<")
        assert "confirmed" not in told.body


@pytest.mark.parametrize("name", [NAMES[100], f"acme.{NAMES[100]}"])
async def test_who_begins_to_watch_sees_the_call_that_is_up(
    house: House, lamps: CallLamps, name: str
) -> None:
    call = Call(house, lamps)
    call.rings()
    call.answered()
    async with house.phone(101) as lamp:
        await lamp.watch_until(name, "dialog", ">confirmed<")
        call.ends()
        await lamp.told_until(">terminated<")


@pytest.fixture
def found_anew_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """All watchers are looked for at every look."""
    monkeypatch.setattr(call_lamps, "_FIND_ALL_EVERY", 0.0)


@pytest.mark.usefixtures("found_anew_each_time")
async def test_lamps_go_on_while_the_database_is_away(house: House, lamps: CallLamps) -> None:
    call = Call(house, lamps)
    async with house.phone(101) as lamp:
        await lamp.watch("100", "dialog")
        call.rings()
        await lamp.told_until(">early<")
        with capture_logs() as logged:
            async with house.database_away():
                await until(lambda: any(one["event"] == "watchers not known" for one in logged))
                call.answered()
                assert states(await lamp.told_until(">confirmed<")) == ["confirmed"]


@pytest.mark.parametrize("name", ["100", NAMES[100]])
async def test_presence_tells_who_can_be_called(house: House, lamps: CallLamps, name: str) -> None:
    """An extension whose user has a phone that is registered, or a device that is."""
    async with house.phone(101) as lamp:
        await lamp.watch_until(name, "presence", "<basic>closed</basic>")
        await house.register(100)
        told = await lamp.told_until("<basic>open</basic>")
        assert "on-the-phone" not in told.body
        await house.unregister(100)
        await lamp.told_until("<basic>closed</basic>")


async def test_the_presence_of_another_workers_accounts_is_left_to_that_one(house: House) -> None:
    publisher = house.publisher()
    lamps = CallLamps(house.database, house.bus, publisher, lambda _: False)
    keeping = asyncio.create_task(lamps.run())
    async with house.phone(101) as lamp:
        await lamp.watch("100", "presence")
        async with asyncio.timeout(60):
            while not publisher.watched:  # noqa: ASYNC110 - another task does it
                await asyncio.sleep(0.02)
        Call(house, lamps).rings()
        told = await lamp.told_until("<basic>")
        assert "closed" not in told.body, "who is not registered has a call, and nothing was told before it"
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping


async def test_presence_tells_who_is_on_the_telephone(house: House, lamps: CallLamps) -> None:
    call = Call(house, lamps)
    await house.register(100)
    async with house.phone(101) as lamp:
        await lamp.watch("100", "presence")
        call.rings()
        call.answered()
        told = await lamp.told_until("on-the-phone")
        assert "<basic>open</basic>" in told.body
        call.ends()
        told = await lamp.told_until("<basic>open</basic>")
        assert "on-the-phone" not in told.body


async def test_another_worker_goes_on_with_the_lamps(house: House, lamps: CallLamps) -> None:
    """A worker that is killed leaves its lamps; the one that takes its calls up changes those very lamps."""
    call = Call(house, lamps)
    async with house.phone(101) as lamp:
        await lamp.watch("100", "dialog")
        call.rings()
        call.answered()
        await lamp.told_until(">confirmed<")
        other = CallLamps(house.database, house.bus, house.publisher(), lambda _: True)
        keeping = asyncio.create_task(other.run())
        Call(house, other).ends()
        told = await lamp.told_until(">terminated<")
        assert "confirmed" not in told.body
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping


@asynccontextmanager
async def worker(
    house: House, number: int, *, has_account: bool
) -> AsyncGenerator[tuple[CallLamps, CallJournal]]:
    """The lamps and the journal of one worker of two."""
    journal = CallJournal(house.database, number, "a" * 16)
    await journal.left_behind()
    lamps = CallLamps(house.database, house.bus, house.publisher(), lambda _: has_account, number=number)
    keeping = asyncio.create_task(lamps.run())
    try:
        yield lamps, journal
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping


async def looked(house: House) -> None:
    """Until the worker that has the account has looked who watches, and has told what it had to tell then."""
    for user in ("101", NAMES[101]):
        async with house.phone(101) as later:
            await later.watch_until(user, "presence", "<basic>closed</basic>")


async def test_who_comes_back_leaves_the_lamps_of_calls_that_are_elsewhere(house: House) -> None:
    """While a worker was away another one took its accounts' calls. These end there."""
    await house.register(100)
    async with (
        house.phone(101) as lamp,
        house.phone(101) as key,
        worker(house, 2, has_account=False) as (lamps, journal),
    ):
        call = Call(house, lamps, journal=journal)
        await lamp.watch("100", "presence")
        await key.watch("100", "dialog")
        call.rings()
        call.answered()
        await journal.finish()
        await lamp.told_until("on-the-phone")
        await key.told_until(">confirmed<")
        async with worker(house, 1, has_account=True):
            await looked(house)
            assert await lamp.phone.silent()
            assert await key.phone.silent()
            call.ends()
            await journal.finish()
            assert "confirmed" not in (await key.told_until(">terminated<")).body
            while "on-the-phone" in (await lamp.told()).body:
                pass
            # The one that the account's calls come to tells of the presence again.
            await house.unregister(100)
            await lamp.told_until("<basic>closed</basic>")
            await house.register(100)
            await lamp.told_until("<basic>open</basic>")


async def test_a_call_that_ends_elsewhere_does_not_hide_the_one_that_is_here(house: House) -> None:
    async with (
        house.phone(101) as key,
        worker(house, 1, has_account=True) as (lamps, journal),
        worker(house, 2, has_account=False) as (lamps_elsewhere, journal_elsewhere),
    ):
        here = Call(house, lamps, "here", journal)
        there = Call(house, lamps_elsewhere, "there", journal_elsewhere)
        await key.watch("100", "dialog")
        for call, name, book in ((here, "here", journal), (there, "there", journal_elsewhere)):
            call.rings()
            call.answered()
            await book.finish()
            while states(await key.told_until(f'id="{name}-b"')) != ["confirmed"]:
                pass
        await looked(house)
        there.ends()
        await journal_elsewhere.finish()
        assert states(await key.told_until('id="here-b"')) == ["confirmed"]
        here.ends()
        await journal.finish()
        assert "confirmed" not in (await key.told_until(">terminated<")).body

"""Calendars of an account, however many and however heavy, hold up nobody else's calls."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import structs

from switchroom.telephony.calls.calendar_hours import CalendarHours
from switchroom.telephony.calls.loaded import LoadedFlow
from switchroom.telephony.calls.loader import Loader
from switchroom.telephony.resources.calendars import Calendar, CalendarRow
from switchroom.telephony.routing import configuration
from switchroom.telephony.routing.actions import Hangup, Ring
from switchroom.telephony.routing.call import Call
from switchroom.telephony.routing.flow import DEEPEST
from tests.platform import Tenant
from tests.steps import allowed, uncollected
from tests.telephony.calls.office import ALWAYS, Office


def longest_hold() -> float:
    """Seconds of processor time for which the loop may be taken at once on a machine as slow as this is."""
    return max(0.05, allowed())


def heavy(number: int) -> str:
    """A calendar that is open now, and takes the time of hundreds of rules to know it."""
    rule = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=0,6,12,18"
    event = f"DTSTART:20200101T000000\r\nDURATION:PT6H\r\nRRULE:{rule}"
    events = "".join(f"BEGIN:VEVENT\r\nUID:{number}-{one}\r\n{event}\r\nEND:VEVENT\r\n" for one in range(300))
    return f"BEGIN:VCALENDAR\r\n{events}END:VCALENDAR\r\n"


def nested(office: Office, texts: Sequence[str]) -> int:
    """A callflow that asks one calendar after the other, and rings Anna where all are open."""

    async def store() -> list[int]:
        async with office.running.platform.storage.database.write(office.organization.id) as session:
            rows = [
                CalendarRow(name="Zeiten", details=structs.asdict(Calendar(name="Zeiten", ics=text)))
                for text in texts
            ]
            session.add_all(rows)
            await session.flush()
            return [row.id for row in rows]

    flow: dict[str, Any] = {"module": "user", "data": {"id": office.anna}, "children": {}}
    for id_ in office.running.run(store()):
        flow = {"module": "calendar", "data": {"id": id_}, "children": {"open": flow}}
    return office.stored(flow)


async def held_up(loader: Loader, office: Office, flow: int) -> tuple[LoadedFlow | None, float]:
    """The flow, and the longest time that loading it has taken the loop for at once."""
    longest = 0.0

    async def beat() -> None:
        nonlocal longest
        while True:
            before = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - before)

    beating = asyncio.create_task(beat())
    try:
        with uncollected():
            loaded = await loader.flow(office.organization.id, flow, Call())
            await asyncio.sleep(0)  # what was last counts too
        return loaded, longest
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


@pytest.fixture
def office(tenant: Tenant) -> Office:
    return Office(tenant.running, tenant.organization, f"+493017{tenant.organization.id:05}")


def test_heavy_calendars_do_not_take_the_loop(office: Office) -> None:
    flow = nested(office, [heavy(number) for number in range(DEEPEST - 1)])

    loaded, longest = office.running.run(held_up(office.loader, office, flow))

    assert loaded is not None
    assert any(one.spans for one in loaded.flow.calendars.values())
    assert not all(one.spans for one in loaded.flow.calendars.values()), "there is a budget"
    assert longest < longest_hold()
    call = office.comes_to(flow, Call())
    began = time.thread_time()
    call.begins()
    took = time.thread_time() - began
    assert took < longest_hold()


def test_what_was_beyond_the_budget_is_there_for_the_next_calls() -> None:
    texts = {number: heavy(number) for number in range(3)}
    calendars = {number: configuration.Calendar(id=number) for number in texts}

    async def read(ids: Sequence[int]) -> dict[int, str]:
        return {id_: texts[id_] for id_ in ids}

    async def rounds() -> list[int]:
        hours = CalendarHours(budget=1e-6)
        found = [await hours.filled(1, calendars, "UTC", read, datetime.now(UTC)) for _ in range(4)]
        return [sum(bool(one.spans) for one in each.values()) for each in found]

    assert asyncio.run(rounds()) == [1, 2, 3, 3]


def test_a_calendar_counts_as_it_was_changed_last(office: Office) -> None:
    office.register(office.phone)
    assert isinstance(office.comes_to(office.to_main, Call()).begins(), Ring)
    office.api(
        "POST", f"/calendars/{office.calendar}", {"ics": ALWAYS.replace("FREQ=DAILY", "FREQ=DAILY;COUNT=1")}
    )

    assert isinstance(office.comes_to(office.to_main, Call()).begins(), Hangup)

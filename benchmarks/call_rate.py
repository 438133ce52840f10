"""Calls at an offered rate: how long until it rings, how many fail, what two workers carry over one; and what
a worker holds in memory after a thousand calls and after ten thousand."""

from __future__ import annotations

import asyncio
from pathlib import Path

from msgspec import Struct

from benchmarks.figures import Direction, Result, Series, Target
from benchmarks.memory import memory_of
from benchmarks.phone_load import (
    RELAY,
    SIP_SERVER,
    WORKER,
    Called,
    Load,
    loaded,
    percentile,
    phone_that_answers,
    processes,
    processor_seconds,
)

OFFERED = 100
"""Calls a second that are wanted, for `SECONDS`."""

SECONDS = 60
MOST_DELAY = 100.0
TWO_OVER_ONE = 1.8
GROWTH_BELOW = 1.1

ACCOUNTS = 150
"""The edge lets a phone make 100 calls a minute, and an account 200."""

STEPS = (40, 60, 80, 100, 120, 140, 170, 200, 240)
"""Rates that are offered, from the lowest until calls fail."""

STEP_SECONDS = 6
_COST_RATE, _COST_CALLS = 40, 600
_WARM_UP, _FIRST, _LAST = 200, 1_000, 10_000
_WARM_UP_RATE = 80
_REST = 35.0
"""Seconds."""


class _Carried(Struct, frozen=True):
    """The highest rate at which no call failed, and how many calls it took to find it."""

    rate: float
    calls: int


async def measure(directory: Path) -> Result:
    async with (
        loaded(directory / "one", accounts=ACCOUNTS) as load,
        phone_that_answers(load.place, load.called),
    ):
        await load.call(_FIRST, _WARM_UP_RATE)
        first = await _memory()
        cost_of_one = await _cost(load, _COST_RATE)
        one = await _carried(load)
        whole = await _offered(load)
        made = _FIRST + _COST_CALLS + one.calls + OFFERED * SECONDS
        if made < _LAST:
            await load.call(_LAST - made, _WARM_UP_RATE)
        last = await _memory()
    async with (
        loaded(directory / "two", accounts=ACCOUNTS, workers=2) as load,
        phone_that_answers(load.place, load.called),
    ):
        await load.call(_WARM_UP, _WARM_UP_RATE)
        cost_of_two = await _cost(load, 2 * _COST_RATE)
        two = await _carried(load)
    delay = Series(
        name=f"from the first INVITE to the 180, p99 at {OFFERED} calls a second",
        unit="ms",
        values=[percentile(whole.called.delays, 0.99)],
    )
    middle = Series(name="the same, median", unit="ms", values=[percentile(whole.called.delays, 0.5)])
    failed = Series(
        name=f"calls that failed of {OFFERED * SECONDS:,}, {OFFERED} a second",
        unit="",
        values=[float(whole.called.failed)],
    )
    carried = Series(
        name="calls a second without a failure, one worker", unit="", values=[one.rate], is_yardstick=True
    )
    by_two = Series(name="calls a second without a failure, two workers", unit="", values=[two.rate])
    ratio = Series(name="two workers over one", unit="", values=[two.rate / one.rate if one.rate else 0.0])
    at = f"{_COST_RATE} calls a second for each"
    cost = Series(name=f"processor time of a call, one worker, {at}", unit="ms", values=[cost_of_one])
    of_two = Series(name=f"processor time of a call, two workers, {at}", unit="ms", values=[cost_of_two])
    by_processor = Series(
        name="two workers over one, with a core for each", unit="", values=[2 * cost_of_one / cost_of_two]
    )
    early = Series(
        name="memory of the worker (PSS) after 1,000 calls", unit="MiB", values=[first], is_yardstick=True
    )
    late = Series(name="memory of the worker (PSS) after 10,000 calls", unit="MiB", values=[last])
    growth = late.over(early, "memory after 10,000 calls over that after 1,000")
    return Result(
        title="Telephone calls at a rate",
        series=[
            delay,
            middle,
            failed,
            carried,
            by_two,
            ratio,
            cost,
            of_two,
            by_processor,
            early,
            late,
            growth,
        ],
        targets=[
            Target(delay, Direction.AT_MOST, MOST_DELAY),
            Target(failed, Direction.AT_MOST, 0),
            Target(ratio, Direction.AT_LEAST, TWO_OVER_ONE),
            Target(by_processor, Direction.AT_LEAST, TWO_OVER_ONE),
            Target(growth, Direction.AT_MOST, GROWTH_BELOW),
        ],
        notes=[
            f"Offered for {SECONDS} s, after rates of {', '.join(map(str, STEPS))} a second for "
            f"{STEP_SECONDS} s each until calls fail: the highest without a failure is what is carried. All "
            "of the load is on the same machine: of a processor, at the rate wanted, "
            + _shares(whole.shares)
            + ". Together that is what all cores carry, whatever the number of workers; what two workers "
            "would carry with a core for each follows from the processor time of a call."
        ],
    )


class _Offered(Struct, frozen=True):
    """What came of the rate that is wanted, and the processors that it took by program."""

    called: Called
    shares: dict[str, float]


async def _offered(load: Load) -> _Offered:
    programs = {"the worker": WORKER, "Kamailio": SIP_SERVER, "the relay": RELAY, "sipp": "sipp"}
    before = {name: processor_seconds(processes(word)) for name, word in programs.items()}
    called = await load.call(OFFERED * SECONDS, OFFERED)
    shares = {
        name: max(processor_seconds(processes(word)) - before[name], 0.0) / SECONDS
        for name, word in programs.items()
    }
    return _Offered(called, shares)


async def _cost(load: Load, rate: float) -> float:
    """Milliseconds of processor time of a call, all workers together. It is less where more come: they share
    transactions."""
    before = processor_seconds(processes(WORKER))
    await load.call(_COST_CALLS, rate)
    return (processor_seconds(processes(WORKER)) - before) / _COST_CALLS * 1000


async def _carried(load: Load) -> _Carried:
    best, calls = 0.0, 0
    for rate in STEPS:
        workers = processes(WORKER)
        called = await load.call(rate * STEP_SECONDS, rate)
        calls += rate * STEP_SECONDS
        # One that does not answer for seconds has been started anew.
        if called.failed or not all(one.is_running() for one in workers):
            break
        best = float(rate)
    return _Carried(best, calls)


async def _memory() -> float:
    """In MiB, once what has to be known of the last calls is forgotten (RFC 3261, timers H and J)."""
    await asyncio.sleep(_REST)
    return sum(memory_of(one.pid).proportional for one in processes(WORKER)[:1])


def _shares(shares: dict[str, float]) -> str:
    return ", ".join(f"{name} {share:.0%}" for name, share in shares.items())

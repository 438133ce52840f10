"""When a job is tried again."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from switchroom.jobs.retry import Backoff, Schedule, exponential

SECOND = timedelta(seconds=1)


def test_a_schedule_has_a_delay_for_each_attempt_but_the_last() -> None:
    schedule = Schedule([SECOND, 5 * SECOND])
    assert [schedule.after(attempt) for attempt in (1, 2, 3, 4)] == [SECOND, 5 * SECOND, None, None]


def test_fewer_retries_than_it_has_delays() -> None:
    schedule = Schedule([SECOND, 5 * SECOND])
    assert [schedule.after(attempt, retries=1) for attempt in (1, 2)] == [SECOND, None]
    assert schedule.after(1, retries=0) is None
    assert [schedule.after(attempt, retries=9) for attempt in (2, 3)] == [5 * SECOND, None]


def test_delays_double_up_to_the_longest() -> None:
    schedule = exponential(SECOND, 10 * SECOND, 6, jitter=0.0)
    assert [schedule.after(attempt) for attempt in range(1, 8)] == [
        SECOND,
        2 * SECOND,
        4 * SECOND,
        8 * SECOND,
        10 * SECOND,
        10 * SECOND,
        None,
    ]


def test_many_retries_are_no_number_too_large() -> None:
    schedule = exponential(SECOND, 60 * SECOND, 2000, factor=10.0, jitter=0.0)
    assert (schedule.after(2000), schedule.after(2001)) == (60 * SECOND, None)


def test_jitter_spreads_what_failed_together() -> None:
    schedule = exponential(100 * SECOND, 1000 * SECOND, 1, jitter=0.1)
    delays = {schedule.after(1) for _ in range(100)}
    assert len(delays) > 50
    assert all(delay is not None and 90 * SECOND <= delay <= 110 * SECOND for delay in delays)


async def test_a_backoff_grows_until_it_succeeds(monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []

    async def rested(seconds: float) -> None:
        rests.append(seconds)

    backoff = Backoff(timedelta(seconds=1), timedelta(seconds=4), jitter=0.0)
    with monkeypatch.context() as patched:
        patched.setattr(asyncio, "sleep", rested)
        for _ in range(4):
            await backoff.rest()
        backoff.reset()
        await backoff.rest()
    assert rests == [1, 2, 4, 4, 1]

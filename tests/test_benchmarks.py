"""Runs of several benchmarks, of which one fails."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
from benchmarks import report
from benchmarks.figures import Direction, Result, Series, Target
from benchmarks.sequence import measure_all


async def fails(_: Path) -> Result:
    raise ConnectionResetError("/a/path/of/this/machine")


async def hangs(_: Path) -> Result:
    await asyncio.sleep(3600)
    raise AssertionError


async def succeeds(_: Path) -> Result:
    series = Series(name="so many", unit="", values=[1.0])
    return Result(title="Good", series=[series], targets=[Target(series, Direction.AT_LEAST, 1.0)])


async def test_what_fails_and_what_hangs_is_told_of_beside_the_others() -> None:
    written: list[list[Result]] = []

    def write(results: Sequence[Result]) -> None:
        written.append(list(results))

    results = await measure_all({"bad": fails, "slow": hangs, "good": succeeds}, write, 0.2)

    assert [(one.title, one.failure, one.met) for one in results] == [
        ("bad", "ConnectionResetError", False),
        ("slow", "TimeoutError", False),
        ("Good", "", True),
    ]
    assert [len(one) for one in written] == [1, 2, 3]
    text = report.as_markdown("today", {}, {}, results)
    assert "## bad\n\n**FAILED**: ConnectionResetError\n" in text
    assert "| so many |" in text
    assert "machine/" not in text
    told = msgspec.json.decode(report.as_json("today", {}, {}, results))
    assert [one["failure"] for one in told["results"]] == ["ConnectionResetError", "TimeoutError", ""]

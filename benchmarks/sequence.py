"""Benchmarks one after the other. One that fails does not keep the others from being measured."""

from __future__ import annotations

import asyncio
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from benchmarks import report
from benchmarks.figures import Result

Benchmark = Callable[[Path], Awaitable[Result]]
"""Measures, in a directory of its own."""


async def measure_all(
    benchmarks: Mapping[str, Benchmark],
    write: Callable[[Sequence[Result]], None],
    limit: float | None,
) -> list[Result]:
    """Measure one after the other, each for at most so many seconds, and write after each what there is by
    then."""
    results: list[Result] = []
    for name, benchmark in benchmarks.items():
        print(f"== {name}", flush=True)
        began = time.monotonic()
        result = await _measure(name, benchmark, limit)
        for target in result.targets:
            print(report.verdict(target), flush=True)
        print(f"{time.monotonic() - began:.0f} s", flush=True)
        results.append(result)
        write(results)
    return results


async def _measure(name: str, benchmark: Benchmark, limit: float | None) -> Result:
    try:
        with tempfile.TemporaryDirectory(prefix="switchroom-bench-", ignore_cleanup_errors=True) as directory:
            async with asyncio.timeout(limit):
                return await benchmark(Path(directory))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told of
        traceback.print_exc()
        print(f"FAILED {name}", flush=True)
        return Result(title=name, series=[], targets=[], failure=type(error).__name__)

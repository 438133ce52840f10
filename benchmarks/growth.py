"""The same questions to platforms with a hundred, ten thousand and a million rows, on both databases."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import quantiles

from msgspec import Struct
from tests.postgresql import new_database, postgresql_server

from benchmarks.figures import Direction, Result, Series, Target
from benchmarks.growth_questions import QUESTIONS, Question
from benchmarks.growth_rows import Size
from benchmarks.growth_tenant import Tenant, filled_tenant

SIZES = (100, 10_000, 1_000_000)
GROWTH_BELOW = 1.2
_LEAST_ROUNDS = 5
_WARM_UP = 5
_SECONDS = 10.0
"""For one question to all sizes. What cannot be asked `rounds` times in it is asked less often."""


class Measured(Struct, frozen=True):
    """Seconds of each asking, by the size of the organization; of one round in the same place."""

    question: Question
    seconds: dict[int, list[float]]


async def measure(directory: Path, *, rounds: int, largest: int) -> Result:
    """A `largest` organization of fewer rows takes less time to fill."""
    sizes = [*(size for size in SIZES if size < largest), largest]
    series: list[Series] = []
    targets: list[Target] = []
    with postgresql_server() as server:
        for kind in ("SQLite", "PostgreSQL"):
            async with AsyncExitStack() as stack:
                tenants: list[Tenant] = []
                for rows in sizes:
                    url = await new_database(f"postgresql+asyncpg://{server}") if kind != "SQLite" else ""
                    place = directory / f"{kind}{rows}"
                    tenants.append(await stack.enter_async_context(filled_tenant(place, Size(rows), url)))
                for question in QUESTIONS:
                    own, grown = figures(kind, await ask(question, tenants, rounds))
                    series += own
                    targets += grown
    return Result(title="Growth", series=series, targets=targets, notes=[_NOTE])


async def ask(question: Question, tenants: Sequence[Tenant], rounds: int) -> Measured:
    """Ask the tenants in turn, in an order that moves on by one."""
    seconds: dict[int, list[float]] = {one.size.rows: [] for one in tenants}
    order = list(tenants)
    if question.prepare is not None:
        for one in order:
            await question.prepare(one)
    for one in order * _WARM_UP:
        await question.ask(one)
    gc.collect()
    gc.freeze()
    end = time.perf_counter() + _SECONDS
    for number in range(rounds):
        if time.perf_counter() > end and number >= _LEAST_ROUNDS:
            break
        for one in order:
            started = time.perf_counter()
            await question.ask(one)
            seconds[one.size.rows].append(time.perf_counter() - started)
        order.append(order.pop(0))
    return Measured(question, seconds)


def quarter(seconds: Sequence[float]) -> float:
    """What a quarter of the rounds took less than: those that other programs disturbed least, which a median
    is not spared on a machine that has more to do."""
    return quantiles(seconds, n=4, method="inclusive")[0]


def figures(
    kind: str, measured: Measured, named: Callable[[int], str] = "{:,}".format
) -> tuple[list[Series], list[Target]]:
    """The times in organizations of each size, and what they have grown by. `named` gives sizes names."""
    question, seconds = measured.question, measured.seconds
    sizes = [rows for rows in seconds if rows >= question.from_rows]
    title = f"{kind}: {question.title}"
    series = [
        Series(
            name=f"{title}, {named(rows)}",
            unit="ms",
            values=[1000 * value for value in seconds[rows]],
            is_yardstick=rows == sizes[0],
        )
        for rows in sizes
    ]
    targets: list[Target] = []
    for rows in sizes[1:]:
        grown = quarter(seconds[rows]) / quarter(seconds[sizes[0]])
        against = f"{named(rows)} against {named(sizes[0])}"
        growth = Series(name=f"{title}, {against}", unit="×", values=[grown])
        targets.append(Target(growth, Direction.AT_MOST, GROWTH_BELOW))
    return series, targets


_NOTE = (
    "Asked in the process itself, everything but the socket: organizations of all sizes in turn, so that "
    "whatever else the machine does meets all of them. The numbers say how many links, events and deliveries "
    "there are; of rooms, people and meetings it is a tenth, but never fewer than 100. Lists that answer up "
    "to 1,000 are held against the smallest organization that has so many. Growth is of what a quarter of "
    "the rounds took less than."
)

"""Events to web hooks, on SQLite, beside as many bare requests by the same HTTP client."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator, Generator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from statistics import median

import msgspec
from msgspec import Struct

from benchmarks import receivers
from benchmarks.deliverer import Work
from benchmarks.figures import Direction, Result, Series, Target
from benchmarks.programs import Program, running
from switchroom.engines.engine import find_program
from switchroom.engines.nats.configuration import NatsConfiguration

EVENTS = 10_000
RECEIVERS = 20
DEAD = 5
SHARE_OF_YARDSTICK = 0.5
WORKERS_AT_LEAST = 1.6
_SILENT = 3
_OBJECTS = 1_000
_POSTS = 2_000
_LIMIT = 600.0
_LOOK_EVERY = 0.25


class OrderError(Exception):
    """Events about one object have not arrived in the order of the log."""


class _Run(Struct, frozen=True):
    """From the first event's being written to the last delivery's arrival. The shares are of a processor."""

    seconds: float
    deliveries: int
    repeats: int
    share: float
    receivers_share: float


async def measure(directory: Path, *, rounds: int) -> Result:
    posts: list[float] = []
    every: list[_Run] = []
    some_dead: list[_Run] = []
    two_workers: list[_Run] = []
    spread: list[_Run] = []
    for number in range(rounds):
        place = directory / str(number)
        for run in ("spread", "every", "dead", "workers"):
            (place / run).mkdir(parents=True)
        posts.append(await _posts(place))
        spread.append(await _deliveries(place / "spread", dead=0, spread=True))
        every.append(await _deliveries(place / "every", dead=0))
        two_workers.append(await _deliveries(place / "workers", dead=0, workers=2))
        some_dead.append(await _deliveries(place / "dead", dead=DEAD))
    rate, rate_of_two = (
        Series(name=name, unit="a second", values=[one.deliveries / one.seconds for one in runs])
        for name, runs in (("deliveries", every), ("deliveries by two workers", two_workers))
    )
    bare = Series(name="bare requests", unit="a second", values=posts, is_yardstick=True)
    to_all = _seconds(f"{EVENTS:,} events to each of {RECEIVERS} receivers", every)
    to_living = _seconds(f"the same to the other {RECEIVERS - DEAD} when {DEAD} are dead", some_dead)
    to_one = _seconds(f"{EVENTS:,} events, each to one of {RECEIVERS} receivers", spread)
    share = rate.over(bare, "deliveries over bare requests")
    more = rate_of_two.over(rate, "two workers over one")
    return Result(
        title="Web hooks",
        series=[bare, rate, rate_of_two, to_all, to_living, to_one, share, more],
        targets=[
            Target(share, Direction.AT_LEAST, SHARE_OF_YARDSTICK),
            Target(more, Direction.AT_LEAST, WORKERS_AT_LEAST),
        ],
        notes=[
            f"{EVENTS:,} events about {_OBJECTS:,} objects in turn, on SQLite, one process; from the first "
            "event's being written to the last arrival. That every event arrived, and that those about one "
            f"object did in the order of the log, is checked. {_SILENT} of the dead receivers never answer, "
            f"{DEAD - _SILENT} refuse the connection.",
            f"The platform had {_share(one.share for one in every)} of a processor, the receivers "
            f"{_share(one.receivers_share for one in every)}. Arrived more than once: "
            f"{sum(one.repeats for one in (*every, *two_workers, *some_dead, *spread))}.",
        ],
    )


def _seconds(name: str, runs: list[_Run]) -> Series:
    return Series(name=name, unit="s", values=[one.seconds for one in runs])


def _share(shares: Iterable[float]) -> str:
    return f"{median(shares):.0%}"


async def _posts(place: Path) -> float:
    """Bare requests a second."""
    async with _receivers(place, RECEIVERS, 0) as (_, ports):
        work = Work(urls=_urls(ports.live), events=_POSTS, objects=1, posts=True)
        async with _deliverer(place, work) as program:
            return float(program.first_line)


async def _deliveries(place: Path, *, dead: int, spread: bool = False, workers: int = 1) -> _Run:
    """One run; with two workers, the other one is there before the events are."""
    silent = min(dead, _SILENT)
    async with AsyncExitStack() as stack:
        refusing = [stack.enter_context(_refusing_port()) for _ in range(dead - silent)]
        receiving, ports = await stack.enter_async_context(_receivers(place, RECEIVERS - dead, silent))
        nats = await stack.enter_async_context(_nats(place)) if workers > 1 else ""
        for number in range(1, workers):
            other = Work(urls=[], events=0, objects=1, nats=nats)
            await stack.enter_async_context(_deliverer(place, other, log=f"worker-{number}"))
        work = Work(
            urls=_urls([*ports.silent, *refusing, *ports.live]),
            events=EVENTS,
            objects=_OBJECTS,
            spread=spread,
            nats=nats,
        )
        expected = EVENTS if spread else EVENTS * len(ports.live)
        before = receiving.processor_seconds()
        async with _deliverer(place, work) as program:
            started = float(program.first_line)
            report = await _arrived(ports.report, expected)
            elapsed = report.last_at - started
            return _Run(
                seconds=elapsed,
                deliveries=expected,
                repeats=_repeats(report, expected),
                share=program.processor_seconds() / elapsed,
                receivers_share=(receiving.processor_seconds() - before) / elapsed,
            )


async def _arrived(port: int, expected: int) -> receivers.Report:
    """What the receivers got, once it is everything."""
    async with asyncio.timeout(_LIMIT):
        while True:
            if await receivers.count(port) >= expected:
                report = await receivers.report(port)
                if sum(len(set(ids)) for ids in report.received) >= expected:
                    return report
            await asyncio.sleep(_LOOK_EVERY)


def _repeats(report: receivers.Report, expected: int) -> int:
    """How many deliveries were repeats. Raises OrderError. Event ids are consecutive: the object of each
    follows from its place."""
    first = min(min(ids) for ids in report.received)
    for ids in report.received:
        latest: dict[int, int] = {}
        for number in dict.fromkeys(ids):
            if latest.get((number - first) % _OBJECTS, 0) > number:
                raise OrderError(f"event {number} came late")
            latest[(number - first) % _OBJECTS] = number
    return sum(map(len, report.received)) - expected


@contextmanager
def _refusing_port() -> Generator[int]:
    """A port that refuses connections, and that nobody else gets meanwhile: bound, and not listened on."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def _urls(ports: Sequence[int]) -> list[str]:
    return [f"http://127.0.0.1:{port}/events" for port in ports]


@asynccontextmanager
async def _receivers(place: Path, live: int, silent: int) -> AsyncGenerator[tuple[Program, receivers.Ports]]:
    command = [sys.executable, "-m", "benchmarks.receivers", str(live), str(silent)]
    async with running(command, log=place.with_suffix(".receivers.log")) as program:
        yield program, msgspec.json.decode(program.first_line, type=receivers.Ports)


@asynccontextmanager
async def _deliverer(place: Path, work: Work, *, log: str = "worker") -> AsyncGenerator[Program]:
    command = [sys.executable, "-m", "benchmarks.deliverer", str(place), msgspec.json.encode(work).decode()]
    async with running(command, log=place.with_suffix(f".{log}.log")) as program:
        yield program


@asynccontextmanager
async def _nats(place: Path) -> AsyncGenerator[str]:
    """The address of a message server of its own."""
    configuration = NatsConfiguration()
    path = configuration.write(place / "nats")
    command = [find_program("nats-server") or "nats-server", "-c", str(path)]
    async with running(command, ready=configuration.port, log=place.with_suffix(".nats.log")):
        yield configuration.url

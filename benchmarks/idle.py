"""`switchroom up --demo` on a fresh directory: how soon it is ready, and what it holds when nobody asks."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from benchmarks.figures import Direction, Result, Series, Target
from benchmarks.memory import Memory
from benchmarks.programs import free_port, running, switchroom
from switchroom.engines.janus.configuration import JanusConfiguration

READY_AT_MOST = 3.0
MEMORY_AT_MOST = 2.5
_IDLE_SECONDS = 5.0


class _Seen(Struct, frozen=True):
    seconds: float
    memory: Memory


async def measure(directory: Path, *, rounds: int) -> Result:
    platform: list[_Seen] = []
    hello: list[_Seen] = []
    janus: list[_Seen] = []
    for number in range(rounds):
        place = directory / f"round-{number}"
        place.mkdir()
        hello.append(await _hello(place))
        platform.append(await _platform(place))
        janus.append(await _janus(place))
    seconds = Series(name="switchroom up --demo: ready after", unit="s", values=[s.seconds for s in platform])
    held = Series(
        name="switchroom up --demo: memory (PSS)",
        unit="MiB",
        values=[s.memory.proportional for s in platform],
    )
    bare_seconds = _sum(
        "hello on Litestar, and bare Janus: ready after", "s", _seconds(hello), _seconds(janus)
    )
    bare_held = _sum("hello on Litestar, and bare Janus: memory (PSS)", "MiB", _held(hello), _held(janus))
    later = seconds.over(bare_seconds, "ready after, over the yardstick")
    more = held.over(bare_held, "memory (PSS), over the yardstick")
    return Result(
        title="Start and idle memory",
        series=[
            seconds,
            bare_seconds,
            held,
            Series(
                name="switchroom up --demo: memory (RSS)",
                unit="MiB",
                values=[s.memory.resident for s in platform],
            ),
            bare_held,
            later,
            more,
        ],
        targets=[
            Target(later, Direction.AT_MOST, READY_AT_MOST),
            Target(more, Direction.AT_MOST, MEMORY_AT_MOST),
        ],
        notes=[
            f"Held after {_IDLE_SECONDS:g} s of rest by each process of the last round (PSS): "
            + ", ".join(f"{one.name} {one.proportional:.0f} MiB" for one in platform[-1].memory.processes)
            + f"; the yardstick: hello {_held(hello)[-1]:.0f} MiB, Janus {_held(janus)[-1]:.0f} MiB."
        ],
    )


async def _platform(place: Path) -> _Seen:
    port = free_port()
    command = [switchroom(), "up", "--demo", "--data", str(place / "data"), "--port", str(port)]
    return await _see(command, f"http://127.0.0.1:{port}/health/ready", place / "switchroom.log")


async def _hello(place: Path) -> _Seen:
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.hello", str(port)]
    return await _see(command, f"http://127.0.0.1:{port}/", place / "hello.log")


async def _janus(place: Path) -> _Seen:
    """With the configuration that the platform gives its own."""
    configuration = JanusConfiguration(ice_enforce=["lo"])
    configuration.write(place / "janus")
    command = ["janus", "--configs-folder", str(place / "janus")]
    return await _see(command, configuration.port, place / "janus.log")


async def _see(command: Sequence[str], ready: str | int, log: Path) -> _Seen:
    async with running(command, ready=ready, log=log) as program:
        await asyncio.sleep(_IDLE_SECONDS)
        return _Seen(program.ready_after, program.memory())


def _seconds(seen: Sequence[_Seen]) -> list[float]:
    return [one.seconds for one in seen]


def _held(seen: Sequence[_Seen]) -> list[float]:
    return [one.memory.proportional for one in seen]


def _sum(name: str, unit: str, one: Sequence[float], other: Sequence[float]) -> Series:
    values = [a + b for a, b in zip(one, other, strict=True)]
    return Series(name=name, unit=unit, values=values, is_yardstick=True)

"""`switchroom up --demo` on a fresh directory: how soon it is ready, and what it holds when nobody asks.

Without telephones it is seen beside one server and Janus, with them beside two servers and all engines."""

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
from switchroom.engines.kamailio.configuration import KamailioConfiguration
from switchroom.engines.kamailio.engine import KamailioEngine
from switchroom.engines.rtpengine.configuration import RtpengineConfiguration

READY_AT_MOST = 3.0
MEMORY_AT_MOST = 2.5
_IDLE_SECONDS = 5.0


class _Seen(Struct, frozen=True):
    seconds: float
    memory: Memory


async def measure(directory: Path, *, rounds: int) -> Result:
    rooms: list[_Seen] = []
    phones: list[_Seen] = []
    hello: list[_Seen] = []
    engines: list[tuple[_Seen, ...]] = []
    for number in range(rounds):
        place = directory / f"round-{number}"
        place.mkdir()
        hello.append(await _hello(place))
        rooms.append(await _platform(place, telephones=False))
        phones.append(await _platform(place, telephones=True))
        engines.append((await _janus(place), await _relay(place), await _sip_server(place)))
    without = _beside(
        "switchroom up --demo without telephones",
        rooms,
        "hello on Litestar, and bare Janus",
        [(one, janus) for one, (janus, *_) in zip(hello, engines, strict=True)],
    )
    # The process that controls calls is started when the engines are ready.
    with_all = _beside(
        "switchroom up --demo",
        phones,
        "hello on Litestar twice, and the bare engines",
        [(one, one, *others) for one, others in zip(hello, engines, strict=True)],
    )
    return Result(
        title="Start and idle memory",
        series=[*without.series, *with_all.series],
        targets=[*without.targets, *with_all.targets],
        notes=[
            f"Held after {_IDLE_SECONDS:g} s of rest by each process of the last round (PSS): "
            + ", ".join(f"{one.name} {one.proportional:.0f} MiB" for one in phones[-1].memory.processes)
            + f"; the yardstick: hello {hello[-1].memory.proportional:.0f} MiB, "
            + ", ".join(
                f"{name} {engine.memory.proportional:.0f} MiB"
                for name, engine in zip(("Janus", "rtpengine", "Kamailio"), engines[-1], strict=True)
            )
            + "."
        ],
    )


class _Compared(Struct, frozen=True):
    series: list[Series]
    targets: list[Target]


def _beside(name: str, seen: Sequence[_Seen], yardstick: str, bare: Sequence[tuple[_Seen, ...]]) -> _Compared:
    """What a platform takes, beside the sum of what bare programs take in the same rounds."""
    seconds = Series(name=f"{name}: ready after", unit="s", values=[one.seconds for one in seen])
    held = Series(name=f"{name}: memory (PSS)", unit="MiB", values=[one.memory.proportional for one in seen])
    bare_seconds = Series(
        name=f"{yardstick}: ready after",
        unit="s",
        values=[sum(one.seconds for one in all_) for all_ in bare],
        is_yardstick=True,
    )
    bare_held = Series(
        name=f"{yardstick}: memory (PSS)",
        unit="MiB",
        values=[sum(one.memory.proportional for one in all_) for all_ in bare],
        is_yardstick=True,
    )
    later = seconds.over(bare_seconds, f"{name}: ready after, over the yardstick")
    more = held.over(bare_held, f"{name}: memory (PSS), over the yardstick")
    resident = Series(name=f"{name}: memory (RSS)", unit="MiB", values=[one.memory.resident for one in seen])
    return _Compared(
        [seconds, bare_seconds, held, resident, bare_held, later, more],
        [Target(later, Direction.AT_MOST, READY_AT_MOST), Target(more, Direction.AT_MOST, MEMORY_AT_MOST)],
    )


async def _platform(place: Path, *, telephones: bool) -> _Seen:
    port, name = free_port(), "with-telephones" if telephones else "without-telephones"
    command = [switchroom(), "up", "--demo", "--data", str(place / name), "--port", str(port)]
    environment = {
        "SWITCHROOM_TELEPHONY_ENABLED": str(telephones).lower(),
        "SWITCHROOM_TELEPHONY_SIP_PORT": str(free_port()),
    }
    return await _see(command, f"http://127.0.0.1:{port}/health/ready", place / f"{name}.log", environment)


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


async def _relay(place: Path) -> _Seen:
    configuration = RtpengineConfiguration()
    directory = place / "rtpengine"
    configuration.write(directory)
    command = ["rtpengine", *configuration.arguments(directory)]
    return await _see(command, configuration.event_port, place / "rtpengine.log")


async def _sip_server(place: Path) -> _Seen:
    """With the script that the platform gives its own, and an empty database."""
    database = place / "empty.db"
    database.touch()
    configuration = KamailioConfiguration(database_url=f"sqlite:///{database}", port=free_port())
    engine = KamailioEngine(place / "kamailio", configuration)
    await asyncio.to_thread(engine.configure)
    return await _see(engine.command(), configuration.web_port, place / "kamailio.log")


async def _see(
    command: Sequence[str], ready: str | int, log: Path, environment: dict[str, str] | None = None
) -> _Seen:
    async with running(command, ready=ready, log=log, environment=environment) as program:
        await asyncio.sleep(_IDLE_SECONDS)
        return _Seen(program.ready_after, program.memory())

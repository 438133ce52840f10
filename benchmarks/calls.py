"""Two-leg calls of sipp: processor time of a call in our worker, in our user agent alone, in Sippy's simple
B2BUA, and in Kamailio."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
from msgspec import Struct

from benchmarks.figures import Direction, Result, Series, Target
from benchmarks.phone_load import (
    SCENARIOS,
    SIP_SERVER,
    WORKER,
    call,
    loaded,
    phone_that_answers,
    processes,
    processor_seconds,
)
from switchroom.engines.ports import free_port

MOST_MILLISECONDS = 4.0
MOST_OF_SIPPY = 0.5

ACCOUNTS = 40
"""Each with a phone that calls and one that is called: the edge lets a phone make 100 calls a minute."""

WARM_UP = 120
"""Calls before the measured ones."""

SIPPY = Path(__file__).parents[1] / ".make" / "sippy-environment" / "bin" / "b2bua_simple"
"""Sippy's simple B2BUA, which `make bench` installs."""


class _Loaded(Struct, frozen=True):
    """Milliseconds of processor time of one call, in the platform's SIP server too, and the calls that
    failed."""

    milliseconds: float
    failed: int
    at_edge: float = 0.0


async def measure(directory: Path, *, rounds: int, calls: int, rate: int) -> Result:
    ours: list[_Loaded] = []
    alone: list[_Loaded] = []
    sippy: list[_Loaded] = []
    kamailio: list[_Loaded] = []
    for number in range(rounds):
        place = directory / f"calls-{number}"
        ours.append(await _ours(place, calls, rate))
        alone.append(await _alone(place, calls, rate))
        sippy.append(await _sippy(place, calls, rate))
        kamailio.append(await _kamailio(place, calls // 2, rate))
    a_call = Series(name="processor time of a call in the worker", unit="ms", values=_milliseconds(ours))
    edge = Series(
        name="processor time of a call in the platform's Kamailio, passwords checked",
        unit="ms",
        values=[one.at_edge for one in ours],
    )
    without_media = Series(
        name="processor time of a call in the user agent alone, without media, records and events",
        unit="ms",
        values=_milliseconds(alone),
    )
    yardstick = Series(
        name="processor time of a call in Sippy's simple B2BUA, without media",
        unit="ms",
        values=_milliseconds(sippy),
        is_yardstick=True,
    )
    proxied = Series(
        name="processor time of a call in Kamailio alone, which only passes it on",
        unit="ms",
        values=_milliseconds(kamailio),
        is_yardstick=True,
    )
    share = a_call.over(yardstick, "with media, records and events, over Sippy without")
    like_for_like = without_media.over(yardstick, "without media, records and events, over Sippy without")
    of_proxied = a_call.over(proxied, "with media, records and events, over Kamailio alone")
    failed = Series(name="calls that failed", unit="", values=[float(one.failed) for one in ours])
    return Result(
        title="Telephone calls",
        series=[
            a_call,
            edge,
            without_media,
            yardstick,
            proxied,
            share,
            like_for_like,
            of_proxied,
            failed,
        ],
        targets=[
            Target(a_call, Direction.AT_MOST, MOST_MILLISECONDS),
            Target(share, Direction.AT_MOST, MOST_OF_SIPPY),
            Target(like_for_like, Direction.AT_MOST, MOST_OF_SIPPY),
            Target(failed, Direction.AT_MOST, 0),
        ],
        notes=[
            f"{calls} calls, {rate} a second, of half a second each, between phones of {ACCOUNTS} accounts "
            "that prove who they are; two legs with media at the relay, records and events written. Kamailio "
            "alone gets half as many."
        ],
    )


async def _ours(place: Path, calls: int, rate: int) -> _Loaded:
    async with loaded(place, accounts=ACCOUNTS) as load, phone_that_answers(place, load.called):
        await load.call(WARM_UP, rate)
        worker, server = processes(WORKER), processes(SIP_SERVER)
        before, before_at_edge = processor_seconds(worker), processor_seconds(server)
        failed = (await load.call(calls, rate)).failed
        used, at_edge = processor_seconds(worker) - before, processor_seconds(server) - before_at_edge
    return _Loaded(used / calls * 1000, failed, at_edge / calls * 1000)


async def _alone(place: Path, calls: int, rate: int) -> _Loaded:
    port, called = free_port(), free_port()
    command = [sys.executable, str(Path(__file__).with_name("b2bua.py")), str(port), str(called)]
    return await _yardstick(place, command, port, called, calls, rate)


async def _sippy(place: Path, calls: int, rate: int) -> _Loaded:
    port, called = free_port(), free_port()
    command = [str(SIPPY), "-f", "-l", "127.0.0.1", "-p", str(port), "-n", f"127.0.0.1:{called}"]
    return await _yardstick(place, command, port, called, calls, rate)


async def _kamailio(place: Path, calls: int, rate: int) -> _Loaded:
    port, called = free_port(), free_port()
    script = place / "kamailio.cfg"
    written = (SCENARIOS / "kamailio.cfg").read_text()
    script.write_text(written.replace("CALLED_PORT", str(called)))
    command = ["kamailio", "-DD", "-E", *("-f", str(script)), *("-Y", str(place)), *("-m", "256")]
    return await _yardstick(place, [*command, *("-l", f"udp:127.0.0.1:{port}")], port, called, calls, rate)


async def _yardstick(
    place: Path, command: Sequence[str], port: int, called: int, calls: int, rate: int
) -> _Loaded:
    """The same calls through another program at the port, which takes them to the port that is called."""
    with (place / "yardstick.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log, cwd=place)
    try:
        await asyncio.sleep(2)
        server = ("127.0.0.1", port)
        async with phone_that_answers(place, called):
            scenario = [*("-sf", str(SCENARIOS / "uac.xml")), *("-s", "201")]
            await call(place, server, scenario, WARM_UP, rate)
            main = psutil.Process(process.pid)
            measured = [main, *main.children(recursive=True)]
            before = processor_seconds(measured)
            failed = (await call(place, server, scenario, calls, rate)).failed
            used = processor_seconds(measured) - before
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
    return _Loaded(used / calls * 1000, failed)


def _milliseconds(seen: Sequence[_Loaded]) -> list[float]:
    return [one.milliseconds for one in seen]

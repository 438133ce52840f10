"""Ten thousand phones: how many register in a second, what that holds in memory, and whether calls then take
longer to set up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, to_builtins
from sqlalchemy import func, select

from benchmarks.figures import Direction, Result, Series, Target
from benchmarks.memory import memory_of
from benchmarks.phone_load import (
    PASSWORD,
    SCENARIOS,
    SIP_SERVER,
    WORKER,
    Load,
    loaded,
    percentile,
    phone_that_answers,
    processes,
    processor_seconds,
    succeeded,
    timed_calls,
)
from switchroom.db.base import now
from switchroom.db.database import insert_values
from switchroom.engines.ports import free_port
from switchroom.platform.build import Platform
from switchroom.telephony.resources.devices import Device, DeviceDraft, Registration
from switchroom.telephony.resources.realms import account_of, ha1, prefix_of

PHONES = 10_000
GROWTH_BELOW = 1.1

ACCOUNTS = 200
"""Among which the phones are shared out: the edge takes 100 registrations a minute of each."""

ADDRESSES = 8
"""From which they register: the edge takes 250 a second of each."""

_CALLERS, _CALLS, _RATE = 10, 200, 15
_SUFFIX = "bench.example"


class _Phone(Struct, frozen=True):
    username: str
    realm: str


class _Registered(Struct, frozen=True):
    """How long it took, in seconds, how many were refused, and processor seconds of the SIP server."""

    seconds: float
    failed: int
    processor: float


async def measure(directory: Path) -> Result:
    async with (
        loaded(directory / "phones", accounts=_CALLERS) as load,
        phone_that_answers(load.place, load.called),
    ):
        await timed_calls(load, _CALLS // 3, _RATE)
        before = await timed_calls(load, _CALLS, _RATE)
        phones = await _phones(load.platform)
        server, worker = _memory(SIP_SERVER), _memory(WORKER)
        registered = await _register(load, phones)
        mirrored = await _mirrored(load.platform, PHONES - registered.failed)
        grown = [_memory(SIP_SERVER) - server, _memory(WORKER) - worker]
        await timed_calls(load, _CALLS // 3, _RATE)
        after = await timed_calls(load, _CALLS, _RATE)
    few, many = (
        Series(
            name=f"from the first INVITE to the 180, median, {count} phones registered",
            unit="ms",
            values=[percentile(called.delays, 0.5)],
            is_yardstick=called is before,
        )
        for count, called in ((f"{2 * _CALLERS}", before), (f"{PHONES:,}", after))
    )
    growth = many.over(few, f"{PHONES:,} phones over {2 * _CALLERS}")
    rate = Series(name="registrations a second", unit="", values=[PHONES / registered.seconds])
    cost = Series(
        name="processor time of a registration in Kamailio",
        unit="ms",
        values=[1000 * registered.processor / PHONES],
    )
    delay = Series(
        name="until all were in the platform's database, after the last", unit="s", values=[mirrored]
    )
    memory = [
        Series(name=f"memory of {PHONES:,} phones (PSS), {name}", unit="MiB", values=[value])
        for name, value in zip(("Kamailio", "the worker"), grown, strict=True)
    ]
    failed = Series(
        name="registrations and calls that failed",
        unit="",
        values=[float(registered.failed + before.failed + after.failed)],
    )
    return Result(
        title="Telephones registered",
        series=[rate, cost, delay, *memory, few, many, growth, failed],
        targets=[
            Target(growth, Direction.AT_MOST, GROWTH_BELOW),
            Target(failed, Direction.AT_MOST, 0),
        ],
        notes=[
            f"{PHONES:,} phones of {ACCOUNTS} accounts register with their passwords from {ADDRESSES} "
            f"addresses, as fast as they are answered. {_CALLS} calls, {_RATE} a second, before and after, "
            "timed to the microsecond; what is loaded for calls is loaded before each."
        ],
    )


async def _phones(platform: Platform) -> list[_Phone]:
    """Phones, written straight into the database; those of all accounts in turn, as they register."""
    phones: list[list[_Phone]] = []
    details = to_builtins(DeviceDraft(name="Bench"))
    for number in range(ACCOUNTS):
        organization = await platform.found_organization(f"Phones {number}")
        async with platform.storage.database.write(None) as session:
            realm = (await account_of(session, organization.id, _SUFFIX)).realm
            names = [f"phone{number}x{index}" for index in range(PHONES // ACCOUNTS)]
            rows = [_row(organization.id, name, realm, details) for name in names]
            await insert_values(session, Device, rows)
        phones.append([_Phone(name, realm) for name in names])
    return [phone for of_all in zip(*phones, strict=True) for phone in of_all]


def _row(organization_id: int, name: str, realm: str, details: dict[str, Any]) -> dict[str, Any]:
    return {
        "organization_id": organization_id,
        "name": name,
        "search_text": name,
        "details": details,
        "created_at": now(),
        "owner_id": None,
        "username": name,
        "realm": realm,
        "ha1": ha1(name, realm, PASSWORD),
        "ha1_prefixed": ha1(f"{prefix_of(realm)}.{name}", realm, PASSWORD),
    }


async def _register(load: Load, phones: Sequence[_Phone]) -> _Registered:
    """Register all of them, from several addresses at once, two at a time from each."""
    server = processes(SIP_SERVER)
    used, began = processor_seconds(server), time.monotonic()
    failed = await asyncio.gather(
        *(_register_from(load, number, phones[number::ADDRESSES]) for number in range(ADDRESSES))
    )
    return _Registered(time.monotonic() - began, sum(failed), processor_seconds(server) - used)


async def _register_from(load: Load, number: int, phones: Sequence[_Phone]) -> int:
    names = load.place / f"phones{number}.csv"
    secret = f"password={PASSWORD}]"
    rows = [f"{one.username};[authentication username={one.username} {secret};{one.realm}" for one in phones]
    names.write_text("\n".join(["SEQUENTIAL", *rows, ""]))
    statistics = load.place / f"phones{number}.stat"
    command = [
        "sipp", *("-sf", str(SCENARIOS / "register.xml")), *("-inf", str(names)),
        *("-i", f"127.0.0.{11 + number}"), *("-p", str(free_port())), *("-r", "200"), *("-l", "2"),
        *("-m", str(len(phones))), "-nostdin", "-trace_stat", *("-stf", str(statistics)), *("-fd", "1"),
        f"{load.server[0]}:{load.server[1]}",
    ]  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, cwd=load.place
    )
    async with asyncio.timeout(300):
        await process.wait()
    return len(phones) - succeeded(statistics)


async def _mirrored(platform: Platform, phones: int) -> float:
    """Seconds until the platform's database has so many registrations."""
    began = time.monotonic()
    async with asyncio.timeout(120):
        while True:
            async with platform.storage.database.read(None) as session:
                count = await session.scalar(select(func.count()).select_from(Registration))
            if count is not None and count >= phones:
                return time.monotonic() - began
            await asyncio.sleep(0.2)


def _memory(of: str) -> float:
    return sum(memory.proportional for one in processes(of) for memory in memory_of(one.pid).processes[:1])

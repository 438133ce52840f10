"""Two-leg calls of sipp: processor time of a call in our worker, and in Sippy's simple B2BUA."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
from msgspec import Struct

from benchmarks.figures import Direction, Result, Series, Target
from switchroom.engines.ports import free_port
from switchroom.engines.sip.address import NameAddr
from switchroom.engines.sip.core import AgentOptions
from switchroom.engines.sip.digest import Credentials
from switchroom.engines.sip.incoming import IncomingCall
from switchroom.engines.sip.message import Request
from switchroom.engines.sip.uri import parse_uri
from switchroom.engines.sip.user_agent import UserAgent
from switchroom.identity.keys import KeyPermission
from switchroom.platform.build import Platform
from switchroom.platform.call_control import TelephonyWorkerEngine
from switchroom.platform.telephony import TelephonyServices
from switchroom.settings import Settings, TelephonySettings
from switchroom.telephony.resources.actor import Actor, Level
from switchroom.telephony.resources.drafts import draft_of

MOST_MILLISECONDS = 4.0
MOST_OF_SIPPY = 0.5
SCENARIOS = Path(__file__).with_name("sipp")
PASSWORD = "a-password-of-phones"

ACCOUNTS = 40
"""Each with a phone that calls and one that is called: the edge lets a phone make 100 calls a minute."""

WARM_UP = 120
"""Calls before the measured ones."""


class _Loaded(Struct, frozen=True):
    """Processor seconds of one call, and the calls that failed."""

    milliseconds: float
    failed: int


SIPPY = Path(__file__).parents[1] / ".make" / "sippy-environment" / "bin" / "b2bua_simple"
"""Sippy's simple B2BUA, which `make bench` installs."""


async def measure(directory: Path, *, rounds: int, calls: int, rate: int) -> Result:
    ours: list[_Loaded] = []
    theirs: list[_Loaded] = []
    for number in range(rounds):
        place = directory / f"calls-{number}"
        place.mkdir()
        ours.append(await _ours(place, calls, rate))
        theirs.append(await _sippy(place, calls, rate))
    a_call = Series(name="processor time of a call in the worker", unit="ms", values=_milliseconds(ours))
    yardstick = Series(
        name="processor time of a call in Sippy's simple B2BUA, without media",
        unit="ms",
        values=_milliseconds(theirs),
        is_yardstick=True,
    )
    share = a_call.over(yardstick, "with media, records and events, over Sippy without")
    failed = Series(name="calls that failed", unit="", values=[float(one.failed) for one in ours])
    return Result(
        title="Telephone calls",
        series=[a_call, yardstick, share, failed],
        targets=[
            Target(a_call, Direction.AT_MOST, MOST_MILLISECONDS),
            Target(share, Direction.AT_MOST, MOST_OF_SIPPY),
            Target(failed, Direction.AT_MOST, 0),
        ],
        notes=[
            f"{calls} calls, {rate} a second, of half a second each, between phones of {ACCOUNTS} accounts "
            "that prove who they are; two legs with media at the relay, records and events written."
        ],
    )


async def _ours(place: Path, calls: int, rate: int) -> _Loaded:
    telephony = TelephonySettings(sip_port=free_port(), media_port_min=40000, media_port_max=48000)
    settings = Settings(host="127.0.0.1", port=free_port(), data=str(place / "data"), telephony=telephony)
    platform = Platform(settings, engines=True)
    async with platform.running(), platform.online():
        called = free_port()
        users = await _accounts(platform, called)
        worker = platform.engines.find(TelephonyWorkerEngine)
        assert worker is not None
        assert worker.pid is not None
        names = place / "users.csv"
        _write(names, users)
        server = ("127.0.0.1", telephony.sip_port)
        async with _phone_that_answers(place, called):
            scenario = [*("-sf", str(SCENARIOS / "uac_with_password.xml")), *("-inf", str(names))]
            await _call(place, server, scenario, WARM_UP, rate)
            before = _processor_seconds(worker.pid)
            failed = await _call(place, server, scenario, calls, rate)
            used = _processor_seconds(worker.pid) - before
    return _Loaded(used / calls * 1000, failed)


async def _sippy(place: Path, calls: int, rate: int) -> _Loaded:
    port, called = free_port(), free_port()
    command = [str(SIPPY), "-f", "-l", "127.0.0.1", "-p", str(port), "-n", f"127.0.0.1:{called}"]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, cwd=place
    )
    try:
        await asyncio.sleep(2)
        server = ("127.0.0.1", port)
        async with _phone_that_answers(place, called):
            scenario = [*("-sf", str(SCENARIOS / "uac.xml")), *("-s", "201")]
            await _call(place, server, scenario, WARM_UP, rate)
            before = _processor_seconds(process.pid)
            failed = await _call(place, server, scenario, calls, rate)
            used = _processor_seconds(process.pid) - before
    finally:
        process.terminate()
        await process.wait()
    return _Loaded(used / calls * 1000, failed)


async def _accounts(platform: Platform, called: int) -> list[tuple[str, str, str]]:
    """Accounts whose number 201 rings a phone at the port; the names and realms of those that call."""
    users: list[tuple[str, str, str]] = []
    telephony = platform.telephony
    server = ("127.0.0.1", platform.settings.telephony.sip_port)
    agent = await UserAgent.open(("127.0.0.1", called), AgentOptions(next_hop=server), _Nobody())
    for number in range(ACCOUNTS):
        organization = await platform.found_organization(f"Bench {number}")
        await platform.identity.keys.create("bench", KeyPermission.TELEPHONY, organization)
        actor = Actor(organization.id, Level.ADMIN)
        caller = await _make(telephony, actor, "devices", {"name": "Caller", "password": PASSWORD})
        answering = await _make(telephony, actor, "devices", {"name": "Answers", "password": PASSWORD})
        flow = {"module": "device", "data": {"id": answering["id"]}, "children": {}}
        await _make(telephony, actor, "callflows", {"name": "201", "numbers": ["201"], "flow": flow})
        accounts = telephony.resources.kinds["accounts"]
        realm = (await telephony.resources.read(actor, accounts, organization.id))["realm"]
        await _register(agent, answering["username"], realm)
        name = str(caller["username"])
        users.append((name, f"[authentication username={name} password={PASSWORD}]", str(realm)))
    agent.close()
    return users


async def _make(
    telephony: TelephonyServices, actor: Actor, kind: str, values: dict[str, object]
) -> dict[str, object]:
    one = telephony.resources.kinds[kind]
    made = await telephony.resources.make(actor, one, draft_of(values, one.draft))
    return await telephony.resources.read(actor, one, int(str(made["id"])))


class _Nobody:
    def on_call(self, call: IncomingCall) -> None:
        call.refuse()

    def on_message(self, request: Request) -> int:
        return 405


async def _register(agent: UserAgent, username: object, realm: str) -> None:
    """Register a phone at the agent's port: calls go to where a phone has registered from."""
    address = NameAddr(parse_uri(f"sip:{username}@{realm}"))
    await agent.request(
        "REGISTER",
        f"sip:{realm}",
        from_=address,
        to=address,
        headers=[("Contact", f"<sip:{username}@127.0.0.1:{agent.local[1]}>"), ("Expires", "3600")],
        credentials=Credentials(str(username), PASSWORD),
    )


@asynccontextmanager
async def _phone_that_answers(place: Path, port: int) -> AsyncGenerator[None]:
    command = ["sipp", "-sf", str(SCENARIOS / "uas.xml"), "-i", "127.0.0.1", "-p", str(port), "-nostdin"]
    # The SIP server asks phones from time to time whether they are there.
    command += ["-aa", "-l", "5000"]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, cwd=place
    )
    try:
        yield
    finally:
        process.kill()
        await process.wait()


async def _call(place: Path, server: tuple[str, int], scenario: Sequence[str], calls: int, rate: int) -> int:
    """Make the calls; how many of them failed."""
    statistics = place / "calls.csv"
    statistics.unlink(missing_ok=True)
    command = [
        "sipp", *scenario, *("-i", "127.0.0.1"), *("-p", str(free_port())), *("-r", str(rate)),
        *("-m", str(calls)), *("-recv_timeout", "10000"), "-nostdin",
        "-trace_stat", *("-stf", str(statistics)), *("-fd", "1"), f"{server[0]}:{server[1]}",
    ]  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, cwd=place
    )
    async with asyncio.timeout(60 + 3 * calls / rate):
        await process.wait()
    with statistics.open() as file:
        last = list(csv.DictReader(file, delimiter=";"))[-1]
    return calls - int(last["SuccessfulCall(C)"])


def _processor_seconds(pid: int) -> float:
    """Of a process and its children, so far."""
    process = psutil.Process(pid)
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def _milliseconds(seen: Sequence[_Loaded]) -> list[float]:
    return [one.milliseconds for one in seen]


def _write(file: Path, users: Sequence[tuple[str, str, str]]) -> None:
    file.write_text("\n".join(["SEQUENTIAL", *(";".join(one) for one in users), ""]))

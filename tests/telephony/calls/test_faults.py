"""Engines that are killed while phones talk."""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from switchroom.engines import supervisor
from switchroom.engines.engine import Engine
from switchroom.engines.kamailio.engine import KamailioEngine
from switchroom.engines.rtpengine.engine import RtpengineEngine
from switchroom.engines.sip.events import Cancelled, Progress
from switchroom.engines.supervisor import ProcessState
from switchroom.platform.call_control import TelephonyWorkerEngine
from tests.platform import RunningPlatform
from tests.telephony.calls.switchboards import Account
from tests.telephony.calls.test_calls import connected, until
from tests.telephony.calls.test_live_calls import records

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine, pytest.mark.slow, pytest.mark.timeout(600)]

TIMES = 10
AT_MOST = 30.0
"""Seconds that half of the times may take. A second or two is usual; it is ten where all cores are busy."""

Recorder = Callable[[str, object], None]


def recorded(record_property: Recorder, name: str, seconds: list[float]) -> None:
    """Keep the median with the results of the tests; it is not worse than it may be."""
    median = statistics.median(seconds)
    record_property(name, round(median, 2))
    assert median <= AT_MOST, seconds


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """What dies often is not started again at once, and a test has no time for that."""
    monkeypatch.setattr(supervisor, "STEADY_AFTER", 0.0)


async def restarted(engine: Engine, before: int) -> float:
    """Wait until an engine that had been restarted so often has been once more; the seconds that it took."""
    began = time.monotonic()
    await until(lambda: engine.restarts > before and engine.state is ProcessState.READY, 90)
    return time.monotonic() - began


def people(record: Mapping[str, Any]) -> tuple[str, str, str]:
    """Who has called whom, and why it ended."""
    return record["caller_id_number"], record["callee_id_number"], record["hangup_cause"]


async def known(account: Account, extension: str, state: str) -> None:
    """Wait until it is in the database what a phone does: another process takes up what is written there."""
    device = str(account.devices[extension])
    async with asyncio.timeout(60):
        while True:
            found = await asyncio.to_thread(account.api, "GET", "/devices/status")
            if found[device]["state"] == state:
                return
            await asyncio.sleep(0.02)


async def killed(exchange: RunningPlatform, meanwhile: Callable[[], None] | None = None) -> None:
    """Kill the worker, and wait until there is another one."""
    worker = exchange.platform.engines.find(TelephonyWorkerEngine)
    assert worker is not None
    await until(lambda: worker.state is ProcessState.READY, 60)
    assert worker.pid is not None
    before = worker.restarts
    os.kill(worker.pid, signal.SIGKILL)
    if meanwhile is not None:
        meanwhile()
    await restarted(worker, before)


async def test_a_worker_is_killed(
    exchange: RunningPlatform, account: Account, record_property: Recorder
) -> None:
    """Those who talk go on, and can hold, transfer and hang up; records end right; new calls go on."""
    for extension in ("201", "202", "203"):
        account.person(extension)
    worker = exchange.platform.engines.find(TelephonyWorkerEngine)
    assert worker is not None
    taken_up: list[float] = []
    across: list[float] = []
    async with account.phones("201", "202", "203") as (ada, grace, mary):
        for turn in range(TIMES):
            await until(lambda: worker.state is ProcessState.READY, 60)
            call, other = await connected(ada, "202", grace)
            talked = time.monotonic()
            if turn % 2:
                await other.hold()
            await known(account, "202", "held" if turn % 2 else "answered")
            assert worker.pid is not None
            before = worker.restarts
            killed_at = time.monotonic()
            os.kill(worker.pid, signal.SIGKILL)
            if not turn % 2:
                await call.talker.hears(550)
                await other.talker.hears(400)
            await restarted(worker, before)
            if turn % 2:
                await other.resume()
                # In the other turns sound was listened to meanwhile.
                taken_up.append(time.monotonic() - killed_at)
                await call.talker.hears(550)
                across.append(time.monotonic() - talked)
                call.hang_up()
                await other.ended()
            else:
                await other.transfer("203")
                third = await mary.rung()
                third.answer()
                await call.talker.hears(700)
                await other.ended()
                third.hang_up()
                await call.ended()
    recorded(record_property, "median of seconds until calls can be controlled again", taken_up)
    found = await records(account, TIMES // 2 * 3)
    ended = [("201", "202", "NORMAL_CLEARING")]
    transferred = [("201", "202", "BLIND_TRANSFER"), ("201", "203", "NORMAL_CLEARING")]
    assert sorted(people(one) for one in found) == sorted([*ended, *transferred] * (TIMES // 2))
    assert all(one["duration_seconds"] >= one["billing_seconds"] for one in found)
    # The time in which there was no worker is paid as well.
    billed = sorted(one["billing_seconds"] for one in found if people(one) in ended)
    for paid, seconds in zip(billed, sorted(across), strict=True):
        assert paid >= int(seconds)


async def test_a_worker_is_killed_while_phones_ring(exchange: RunningPlatform, account: Account) -> None:
    """They ring no longer, and their caller is told; who answers meanwhile is not left with nobody."""
    account.person("201")
    account.person("202")
    async with account.phones("201", "202") as (ada, grace):
        for turn in range(TIMES):
            call = await ada.call("202")
            ringing = await grace.rung()
            ringing.ring()
            await call.until(Progress)
            await known(account, "202", "ringing")
            await killed(exchange, ringing.answer if turn % 2 else None)
            assert await call.failed() == 503
            if turn % 2:
                await ringing.ended()
            else:
                await ringing.until(Cancelled)
        call, other = await connected(ada, "202", grace)
        call.hang_up()
        await other.ended()
    found = await records(account, TIMES + 1)
    crashed = [("201", "202", "CRASH")] * TIMES
    assert sorted(people(one) for one in found) == [*crashed, ("201", "202", "NORMAL_CLEARING")]
    assert all(one["billing_seconds"] == 0 for one in found if one["hangup_cause"] == "CRASH")


async def test_a_worker_is_killed_while_a_phone_rings_for_who_is_answered(
    exchange: RunningPlatform, account: Account
) -> None:
    """It rings anew, and only once."""
    for extension in ("201", "202", "203"):
        account.person(extension)
    async with account.phones("201", "202", "203") as (ada, grace, mary):
        call, other = await connected(ada, "202", grace)
        await other.transfer("203")
        first = await mary.rung()
        first.ring()
        await known(account, "203", "ringing")
        await killed(exchange)
        await first.until(Cancelled)
        third = await mary.rung()
        third.answer()
        await call.talker.hears(mary.tone)
        await other.ended()
        third.hang_up()
        await call.ended()


async def test_the_sip_server_is_killed(
    exchange: RunningPlatform, account: Account, record_property: Recorder
) -> None:
    """Who is registered can be called, and calls that are up can be ended."""
    account.person("201")
    account.person("202")
    server = exchange.platform.engines.find(KamailioEngine)
    assert server is not None
    controlled: list[float] = []
    set_up: list[float] = []
    async with account.phones("201", "202") as (ada, grace):
        for _ in range(TIMES):
            await until(lambda: server.state is ProcessState.READY, 60)
            call, other = await connected(ada, "202", grace)
            await known(account, "202", "answered")
            assert server.pid is not None
            before = server.restarts
            os.kill(server.pid, signal.SIGKILL)
            killed_at = time.monotonic()
            await restarted(server, before)
            await call.talker.hears(550)
            await other.hold()
            controlled.append(time.monotonic() - killed_at)
            await other.resume()
            call.hang_up()
            await other.ended()
            began = time.monotonic()
            call, other = await connected(ada, "202", grace)
            set_up.append(time.monotonic() - began)
            call.hang_up()
            await other.ended()
    recorded(record_property, "median of seconds until Kamailio lets calls be controlled again", controlled)
    recorded(record_property, "median of seconds until a call is set up after Kamailio was killed", set_up)
    found = await records(account, 2 * TIMES)
    assert [people(one) for one in found] == [("201", "202", "NORMAL_CLEARING")] * 2 * TIMES


async def test_the_relay_is_killed(exchange: RunningPlatform, account: Account) -> None:
    """Its calls end with their reason, and new ones go on."""
    account.person("201")
    account.person("202")
    relay = exchange.platform.engines.find(RtpengineEngine)
    assert relay is not None
    async with account.phones("201", "202") as (ada, grace):
        for _ in range(TIMES):
            await until(lambda: relay.state is ProcessState.READY, 60)
            call, other = await connected(ada, "202", grace)
            assert relay.pid is not None
            before = relay.restarts
            os.kill(relay.pid, signal.SIGKILL)
            await call.ended()
            await other.ended()
            await restarted(relay, before)
    found = await records(account, TIMES)
    assert [people(one) for one in found] == [("201", "202", "MEDIA_TIMEOUT")] * TIMES

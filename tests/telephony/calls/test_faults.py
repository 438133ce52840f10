"""Engines that are killed while phones talk."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable

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

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine, pytest.mark.slow]

TIMES = 10


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """What dies often is not started again at once, and a test has no time for that."""
    monkeypatch.setattr(supervisor, "STEADY_AFTER", 0.0)


async def restarted(engine: Engine, before: int) -> float:
    """Wait until an engine that had been restarted so often has been once more; the seconds that it took."""
    began = time.monotonic()
    await until(lambda: engine.restarts > before and engine.state is ProcessState.READY, 40)
    return time.monotonic() - began


async def known_to_ring(account: Account, extension: str) -> None:
    """Wait until it is in the database that a phone rings."""
    device = str(account.devices[extension])
    async with asyncio.timeout(20):
        while True:
            found = await asyncio.to_thread(account.api, "GET", "/devices/status")
            if found[device]["state"] == "ringing":
                return
            await asyncio.sleep(0.02)


async def killed(exchange: RunningPlatform, meanwhile: Callable[[], None] | None = None) -> None:
    """Kill the worker, and wait until there is another one."""
    worker = exchange.platform.engines.find(TelephonyWorkerEngine)
    assert worker is not None
    await until(lambda: worker.state is ProcessState.READY, 20)
    assert worker.pid is not None
    before = worker.restarts
    os.kill(worker.pid, signal.SIGKILL)
    if meanwhile is not None:
        meanwhile()
    await restarted(worker, before)


async def test_a_worker_is_killed(
    exchange: RunningPlatform, account: Account, record_property: Callable[[str, object], None]
) -> None:
    """Those who talk go on, and can hold, transfer and hang up; records end right; new calls go on."""
    for extension in ("201", "202", "203"):
        account.person(extension)
    worker = exchange.platform.engines.find(TelephonyWorkerEngine)
    assert worker is not None
    async with account.phones("201", "202", "203") as (ada, grace, mary):
        for turn in range(TIMES):
            await until(lambda: worker.state is ProcessState.READY, 20)
            call, other = await connected(ada, "202", grace)
            if turn % 2:
                await other.hold()
            assert worker.pid is not None
            before = worker.restarts
            os.kill(worker.pid, signal.SIGKILL)
            if not turn % 2:
                await call.talker.hears(550)
                await other.talker.hears(400)
            seconds = await restarted(worker, before)
            if turn % 2:  # in the other turns sound was listened to meanwhile
                record_property("seconds until calls are taken up", round(seconds, 2))
            if turn % 2:
                await other.resume()
                await call.talker.hears(550)
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
    records = account.api("GET", "/calls_history/all", limit=100)
    assert len(records) >= TIMES
    assert {one["hangup_cause"] for one in records} <= {"NORMAL_CLEARING", "BLIND_TRANSFER"}
    assert all(one["duration_seconds"] >= one["billing_seconds"] for one in records)


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
            await known_to_ring(account, "202")
            await killed(exchange, ringing.answer if turn % 2 else None)
            assert await call.failed(20) == 503
            if turn % 2:
                await ringing.ended()
            else:
                await ringing.until(Cancelled)
        call, other = await connected(ada, "202", grace)
        call.hang_up()
        await other.ended()
    causes = [one["hangup_cause"] for one in await records(account, TIMES + 1)]
    assert sorted(causes) == ["CRASH"] * TIMES + ["NORMAL_CLEARING"]


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
        await known_to_ring(account, "203")
        await killed(exchange)
        await first.until(Cancelled)
        third = await mary.rung()
        third.answer()
        await call.talker.hears(mary.tone)
        await other.ended()
        third.hang_up()
        await call.ended()


async def test_the_sip_server_is_killed(
    exchange: RunningPlatform, account: Account, record_property: Callable[[str, object], None]
) -> None:
    """Who is registered can be called, and calls that are up can be ended."""
    account.person("201")
    account.person("202")
    server = exchange.platform.engines.find(KamailioEngine)
    assert server is not None
    async with account.phones("201", "202") as (ada, grace):
        for _ in range(TIMES):
            await until(lambda: server.state is ProcessState.READY, 20)
            call, other = await connected(ada, "202", grace)
            assert server.pid is not None
            before = server.restarts
            os.kill(server.pid, signal.SIGKILL)
            record_property("seconds until Kamailio is back", round(await restarted(server, before), 2))
            await call.talker.hears(550)
            await other.hold()
            await other.resume()
            call.hang_up()
            await other.ended()


async def test_the_relay_is_killed(exchange: RunningPlatform, account: Account) -> None:
    """Its calls end with their reason, and new ones go on."""
    account.person("201")
    account.person("202")
    relay = exchange.platform.engines.find(RtpengineEngine)
    assert relay is not None
    async with account.phones("201", "202") as (ada, grace):
        for _ in range(TIMES):
            await until(lambda: relay.state is ProcessState.READY, 20)
            call, other = await connected(ada, "202", grace)
            assert relay.pid is not None
            os.kill(relay.pid, signal.SIGKILL)
            await call.ended()
            await other.ended()
        await until(lambda: relay.state is ProcessState.READY, 20)
    causes = [one["hangup_cause"] for one in await records(account, TIMES)]
    assert causes == ["MEDIA_TIMEOUT"] * TIMES

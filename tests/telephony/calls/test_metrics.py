"""Metrics of telephony as Prometheus reads them, and what devices are said to do, with real phones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.platform import RunningPlatform
from tests.telephony.calls.switchboards import Account

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]

LIMIT = 60.0


def value(platform: RunningPlatform, name: str, **labels: str) -> float:
    """The sum of a metric's samples that have these labels."""
    samples = [one for one in whole(platform) if one.name == name]
    return sum(one.value for one in samples if one.labels.items() >= labels.items())


def whole(platform: RunningPlatform) -> list[Sample]:
    """All samples, once the worker and the relay have told theirs: the metrics of one that does not answer
    within a second are left out."""
    deadline = time.monotonic() + LIMIT
    while True:
        answer = platform.http.get("/metrics")
        assert answer.status_code == 200, answer.text
        families = text_string_to_metric_families(answer.text)
        samples = [one for family in families for one in family.samples]
        if {"switchroom_calls", "switchroom_media_sessions"} <= {one.name for one in samples}:
            return samples
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.05)


async def until(look: Callable[[], Any], wanted: Any, limit: float = LIMIT) -> None:
    deadline = time.monotonic() + limit
    while (found := await asyncio.to_thread(look)) != wanted:
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.02)


async def test_calls_are_counted(exchange: RunningPlatform, account: Account) -> None:
    def ended(cause: str, answered: str) -> float:
        return value(exchange, "switchroom_calls_ended_total", cause=cause, answered=answered)

    def set_up() -> tuple[float, float]:
        name = "switchroom_call_setup_seconds"
        return value(exchange, f"{name}_count"), value(exchange, f"{name}_sum")

    def up(state: str) -> float:
        return value(exchange, "switchroom_calls", state=state)

    account.person("201")
    account.person("202")
    async with account.phones("201", "202") as (ada, grace):
        assert await asyncio.to_thread(value, exchange, "switchroom_telephony_worker_up", worker="1") == 1
        assert await asyncio.to_thread(value, exchange, "switchroom_registered_devices") >= 2
        # Calls that another test has left end when their phones are missed.
        await until(lambda: (up("ringing"), up("answered")), (0, 0), 2 * LIMIT)
        answered, busy = ended("NORMAL_CLEARING", "true"), ended("USER_BUSY", "false")
        before = set_up()

        call = await ada.call("202")
        ringing = await grace.rung()
        await until(lambda: up("ringing"), 1)
        await asyncio.sleep(0.3)
        ringing.ring()
        await until(lambda: set_up()[0], before[0] + 1)
        assert 0.3 <= set_up()[1] - before[1] < 2 * LIMIT
        ringing.answer()
        await call.answered()
        await until(lambda: (up("ringing"), up("answered")), (0, 1))
        assert value(exchange, "switchroom_media_sessions") >= 2
        assert value(exchange, "switchroom_media_ports", interface="phones", state="used") >= 4
        packets = value(exchange, "switchroom_media_packets_total")
        await call.talker.hears(grace.tone)
        await until(lambda: value(exchange, "switchroom_media_packets_total") > packets, True)
        call.hang_up()
        await ringing.ended()
        await until(lambda: (up("answered"), ended("NORMAL_CLEARING", "true")), (0, answered + 1))

        refused = await ada.call("202")
        (await grace.rung()).refuse(486)
        assert await refused.failed() == 486
        await until(lambda: ended("USER_BUSY", "false"), busy + 1)
        await until(lambda: value(exchange, "switchroom_calls_unwritten"), 0)


async def test_a_device_says_what_it_does(account: Account) -> None:
    account.person("201")
    account.person("202")
    mine, theirs = (account.devices[one] for one in ("201", "202"))

    def states() -> tuple[str, str]:
        found = account.api("GET", "/devices/status")
        assert all(found[str(one)]["registered"] for one in (mine, theirs))
        return found[str(mine)]["state"], found[str(theirs)]["state"]

    async with account.phones("201", "202") as (ada, grace):
        await until(states, ("idle", "idle"))
        call = await ada.call("202")
        other = await grace.rung()
        other.ring()
        await until(states, ("ringing", "ringing"))
        other.answer()
        await call.answered()
        await until(states, ("answered", "answered"))
        device = await asyncio.to_thread(account.api, "GET", f"/devices/{mine}")
        assert device["status"] == {"registered": True, "state": "answered"}
        await other.hold()
        await until(states, ("answered", "held"))
        stranger = await asyncio.to_thread(Account, account.platform, "Other")
        assert await asyncio.to_thread(stranger.api, "GET", "/devices/status") == {}
        call.hang_up()
        await other.ended()
        await until(states, ("idle", "idle"))

"""A telephony worker that is killed while phones talk: calls go on, and their records end right."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import signal

import pytest

from switchroom.engines import supervisor
from switchroom.engines.supervisor import ProcessState
from switchroom.platform.call_control import TelephonyWorkerEngine
from tests.platform import RunningPlatform
from tests.telephony.calls.carriers import TONE, add_number, carrier
from tests.telephony.calls.switchboards import Account
from tests.telephony.calls.test_calls import until
from tests.telephony.calls.test_faults import known
from tests.telephony.calls.test_live_calls import act, ask, channels, connected, records

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine, pytest.mark.slow]

TIMES = 2


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """What dies often is not started again at once, and a test has no time for that."""
    monkeypatch.setattr(supervisor, "STEADY_AFTER", 0.0)


async def killed(exchange: RunningPlatform, account: Account) -> None:
    """Kill the worker, and wait until its calls can be asked for again."""
    worker = exchange.platform.engines.find(TelephonyWorkerEngine)
    assert worker is not None
    await until(lambda: worker.state is ProcessState.READY)
    before = worker.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    await until(lambda: worker.state is ProcessState.READY and worker.pid not in (None, before))

    def answers() -> bool:
        return account.api.send("GET", "/channels").status_code == 200

    async with asyncio.timeout(60):
        while not await asyncio.to_thread(answers):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)


async def test_calls_are_taken_up(exchange: RunningPlatform, account: Account) -> None:
    """They keep their sound, can be transferred and ended, and have one record for each who was reached."""
    for extension in ("201", "202", "203"):
        account.person(extension, f"Person{extension}")
    async with account.phones("201", "202", "203") as (ada, grace, mary):
        for turn in range(TIMES):
            call, other = await connected(ada, "202", grace)
            shown = await channels(account, 2)
            await known(account, "202", "answered")
            await killed(exchange, account)
            await call.talker.hears(grace.tone)
            await other.talker.hears(ada.tone)
            assert {one["uuid"] for one in await channels(account, 2)} == {one["uuid"] for one in shown}
            assert all(one["answered"] for one in await channels(account, 2))
            if turn % 2:
                _, theirs = await channels(account, 2)
                await act(account, theirs, "transfer", target="203")
                third = await mary.rung()
                third.answer()
                await other.ended()
                await call.talker.hears(mary.tone)
                third.hang_up()
            else:
                other.hang_up()
            await call.ended()
            await channels(account, 0)
    ended = await records(account, TIMES + TIMES // 2)
    assert {one["hangup_cause"] for one in ended} == {"NORMAL_CLEARING", "BLIND_TRANSFER"}
    assert len({one["interaction_id"] for one in ended}) == TIMES
    assert all(one["billing_seconds"] >= 1 for one in ended)


async def test_carriers_that_ask_within_a_call_are_answered(
    exchange: RunningPlatform, account: Account
) -> None:
    """The process that goes on with the call knows the trunk's credentials."""
    account.person("201")
    async with carrier(account) as far, account.phones("201") as (ada,):
        far.asks = True
        draft = {"name": "C", "server": "127.0.0.1", "port": far.port, "username": "us", "password": "secret"}
        add_number(account, account.api("PUT", "/trunks", draft)["id"])
        call = await ada.call("+3226660177")
        other = await far.rung()
        other.answer()
        await call.answered()
        far.ask_within(other)
        async with asyncio.timeout(60):
            while not await ask(account.api, "GET", "/events", type="call.answered"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # what is written of a call is with its events
        await killed(exchange, account)
        await call.talker.hears(TONE)
        far.answers.clear()
        call.hang_up()
        await other.ended()
        (answer,) = far.answers
        said = dict(re.findall(r'(\w+)="?([^",]+)"?', answer))
        first, second = _md5("us:carrier.example:secret"), _md5(f"BYE:{said['uri']}")
        assert said["response"] == _md5(f"{first}:1:{said['nc']}:{said['cnonce']}:auth:{second}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


async def test_what_cannot_be_taken_up_is_recorded_as_such(
    exchange: RunningPlatform, account: Account
) -> None:
    """A phone that still rings has lost its caller."""
    account.person("201")
    account.person("202", "Grace")
    async with account.phones("201", "202") as (ada, grace):
        await ada.call("202")
        ringing = await grace.rung()
        ringing.ring()
        await channels(account, 2)
        await known(account, "202", "ringing")
        await killed(exchange, account)
        (record,) = await records(account)
        assert (record["hangup_cause"], record["first_name"]) == ("CRASH", "Grace")
        assert (record["billing_seconds"], record["call_direction"]) == (0, "internal")
        assert await ask(account.api, "GET", "/channels") == []
        ended = await ask(account.api, "GET", "/events", type="call.ended")
        assert [one["data"]["record"]["hangup_cause"] for one in ended] == ["CRASH"]

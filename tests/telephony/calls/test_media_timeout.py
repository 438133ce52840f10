"""Calls whose phones fall silent: they end, and say why."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from switchroom.engines.rtpengine.engine import RtpengineEngine
from switchroom.engines.sip.events import Ended
from switchroom.engines.supervisor import ProcessState
from tests.platform import RunningPlatform, running_platform
from tests.ports import telephones
from tests.telephony.calls.phones import Conversation
from tests.telephony.calls.switchboards import Account
from tests.telephony.calls.test_calls import connected, until
from tests.telephony.calls.test_live_calls import records

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine, pytest.mark.slow]

SECONDS = 10
REASON = "Q.850;cause=102"
"""Recovery on timer expiry."""


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    """A platform on which a phone is gone that was silent for a moment."""
    data = tmp_path_factory.mktemp("impatient")
    with (
        telephones(media_timeout=SECONDS) as telephony,
        running_platform(data, engines=True, telephony=telephony) as platform,
    ):
        yield platform


@pytest.fixture
def account(impatient: RunningPlatform) -> Account:
    account = Account(impatient)
    account.person("201")
    account.person("202")
    return account


async def reason(conversation: Conversation) -> str:
    """Why a call was ended by the other side."""
    ended: Ended = await conversation.until(Ended, SECONDS + 60)
    return ended.reason


@pytest.mark.parametrize("silent", ["caller", "called"])
async def test_a_phone_is_gone(account: Account, silent: str) -> None:
    async with account.phones("201", "202") as phones:
        call, other = await connected(phones[0], "202", phones[1])
        gone = call if silent == "caller" else other
        gone.talker.talking = False
        assert [await reason(one) for one in (call, other)] == [REASON, REASON]
        (record,) = await records(account)
        assert record["hangup_cause"] == "MEDIA_TIMEOUT"
        assert record["billing_seconds"] >= SECONDS


async def test_a_phone_that_holds_is_not_gone(account: Account) -> None:
    async with account.phones("201", "202") as (ada, grace):
        call, other = await connected(ada, "202", grace)
        await other.hold()
        other.talker.talking = False
        await asyncio.sleep(SECONDS * 2)
        other.talker.talking = True
        await other.resume()
        await call.talker.hears(grace.tone)
        other.hang_up()
        await call.ended()


async def test_a_phone_is_gone_that_listens_to_the_platform(account: Account) -> None:
    media = account.tone(700, 60)
    account.flow("300", {"module": "play", "data": {"id": media}})
    async with account.phones("201") as (ada,):
        call = await ada.call("300")
        await call.answered()
        await call.talker.hears(700)
        call.talker.talking = False
        assert await reason(call) == REASON
        (record,) = await records(account)
        assert record["hangup_cause"] == "MEDIA_TIMEOUT"


async def test_the_relay_dies(impatient: RunningPlatform, account: Account) -> None:
    relay = impatient.platform.engines.find(RtpengineEngine)
    assert relay is not None
    async with account.phones("201", "202") as (ada, grace):
        call, other = await connected(ada, "202", grace)
        before = relay.pid
        assert before is not None
        os.kill(before, signal.SIGKILL)
        assert [await reason(one) for one in (call, other)] == [REASON, REASON]
        (record,) = await records(account)
        assert record["hangup_cause"] == "MEDIA_TIMEOUT"
        await until(lambda: relay.pid not in (None, before) and relay.state is ProcessState.READY)

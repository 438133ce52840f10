"""Engines that are killed while phones talk."""

from __future__ import annotations

import os
import signal

import pytest

from switchroom.engines.rtpengine.engine import RtpengineEngine
from switchroom.engines.supervisor import ProcessState
from tests.platform import RunningPlatform
from tests.telephony.calls.switchboards import Account
from tests.telephony.calls.test_calls import connected, until

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine, pytest.mark.slow]

TIMES = 10


async def test_the_relay_is_killed(exchange: RunningPlatform, account: Account) -> None:
    """Its calls end, and new ones go on."""
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

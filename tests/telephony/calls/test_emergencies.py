"""Emergency calls of phones: who is told of them, and by which number the service knows where help is
needed."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.dialects.telephony_v3.client import Api
from tests.telephony.calls.carriers import add_number, add_trunk, carrier
from tests.telephony.calls.switchboards import Account

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]

LIMIT = 60.0


async def told(account: Account, number: int) -> list[dict[str, Any]]:
    """The data of the events of emergency calls, once there are so many."""
    deadline = time.monotonic() + LIMIT
    while True:
        found = await asyncio.to_thread(account.api, "GET", "/events", type="call.emergency")
        if len(found) >= number:
            assert len(found) == number
            return [one["data"] for one in found]
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.02)


async def test_an_emergency_call_is_told_of(account: Account) -> None:
    account.person("201", "Ada", "Lovelace")
    async with carrier(account) as first, carrier(account) as second, account.phones("201") as (ada,):
        add_trunk(account, first.port, trunk_order=1)
        number = add_number(account, add_trunk(account, second.port, trunk_order=2))
        call = await ada.call("112")
        (await first.rung()).refuse(503)
        other = await second.rung()
        other.answer()
        await call.answered()
        (event,) = await told(account, 1)
        assert event["emergency_number"] == event["dialled"] == "112"
        assert (event["emergency_caller_id"], event["is_configured"], event["cause"]) == (number, False, "")
        assert (event["caller_id_name"], event["device_id"]) == ("Ada Lovelace", account.devices["201"])
        call.hang_up()
        await other.ended()

        emergency = {"caller_id": {"emergency": {"number": number}}}
        account.api("POST", "/accounts", emergency)
        call = await ada.call("112")
        (await first.rung()).refuse(503)
        (await second.rung()).refuse(503)
        assert await call.failed() >= 500
        _, dialled, failed = await told(account, 3)
        assert (dialled["is_configured"], dialled["cause"]) == (True, "")
        assert (failed["is_configured"], failed["cause"]) == (True, "NORMAL_TEMPORARY_FAILURE")


async def test_without_a_caller_id_it_may_be_refused(account: Account) -> None:
    """Only where the platform says so: an administrator keeps nobody from calling for help."""
    account.person("201")
    required = {"emergency_caller_id_required": True}
    assert account.api.refused("POST", "/accounts", required)[0] == 403
    platform = Api.of(account.platform, None, account_id=account.api("GET", "/accounts")["id"])
    platform("POST", "/accounts", required)
    async with carrier(account) as far, account.phones("201") as (ada,):
        number = add_number(account, add_trunk(account, far.port))
        call = await ada.call("112")
        await call.answered()
        await call.ended()
        assert await far.is_left_alone()
        (event,) = await told(account, 1)
        assert (event["is_configured"], event["cause"]) == (False, "OUTGOING_CALL_BARRED")

        device = {"caller_id": {"emergency": {"number": number}}}
        account.api("POST", f"/devices/{account.devices['201']}", device)
        call = await ada.call("112")
        other = await far.rung()
        other.answer()
        await call.answered()
        assert [one["cause"] for one in await told(account, 2)] == ["OUTGOING_CALL_BARRED", ""]
        call.hang_up()
        await other.ended()

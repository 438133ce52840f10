"""Calls over trunks by programs, and what is kept of calls over trunks."""

from __future__ import annotations

import asyncio
import math
import time

import pytest

from tests.telephony.calls.carriers import CALLER, TONE, add_number, add_trunk, carrier
from tests.telephony.calls.switchboards import Account
from tests.telephony.calls.test_live_calls import act, ask, channels, records

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]

FAR = "+32475123456"
PREMIUM = "+3290012345"


async def test_records_of_calls_over_trunks(account: Account) -> None:
    user = account.person("201", "Ada", "Lovelace")
    async with carrier(account) as far, account.phones("201") as (ada,):
        trunk = add_trunk(account, far.port)
        number = add_number(account, trunk)
        account.flow(number, {"module": "user", "data": {"id": user}}, "Reception")

        began = time.monotonic()
        call = await ada.call(FAR)
        other = await far.rung()
        other.ring()
        _, theirs = await channels(account, 2)
        assert (theirs["authorizing_type"], theirs["authorizing_id"]) == ("trunk", trunk)
        assert (theirs["owner_id"], theirs["callee_id_number"]) == (None, FAR)
        other.answer()
        await call.answered()
        call.hang_up()
        await other.ended()
        (record,) = await records(account)
        assert (record["call_direction"], record["owner_id"], record["first_name"]) == (
            "outgoing",
            user,
            "Ada",
        )
        assert (record["callee_id_number"], record["caller_id_number"]) == (FAR, "201")
        assert (record["detected_country"], record["detected_type"]) == ("BE", "mobile")
        assert record["hangup_cause"] == "NORMAL_CLEARING"
        assert 1 <= record["billing_seconds"] <= math.ceil(time.monotonic() - began)

        await far.bring(number.removeprefix("+"))
        incoming = await ada.rung()
        incoming.refuse(486)
        record = (await records(account, 2))[1]
        assert (record["call_direction"], record["owner_id"]) == ("incoming", user)
        assert (record["caller_id_name"], record["caller_id_number"]) == ("Bob", CALLER)
        assert (record["callee_id_name"], record["callee_id_number"]) == ("Reception", number)
        assert (record["hangup_cause"], record["detected_country"]) == ("USER_BUSY", "BE")
        for direction, count in (("outgoing", 1), ("incoming", 1), ("internal", 0)):
            assert len(await ask(account.api, "GET", f"/calls_history/{direction}")) == count


async def test_programs_reach_nothing_that_is_denied(account: Account) -> None:
    account.api("POST", "/accounts", {"restriction": {"kinds": {"premium": "deny"}}})
    user = account.person("201")
    async with carrier(account) as far, account.phones("201") as (ada,):
        number = add_number(account, add_trunk(account, far.port))
        account.flow(number, {"module": "user", "data": {"id": user}})
        path = f"/devices/{account.devices['201']}/quickcall"

        asking = asyncio.create_task(ask(account.api, "PUT", f"{path}/{PREMIUM}"))
        own = await ada.rung()
        own.answer()
        await asking
        await own.ended()
        assert await far.is_left_alone()

        asking = asyncio.create_task(ask(account.api, "PUT", f"{path}/{FAR}"))
        own = await ada.rung()
        own.answer()
        await asking
        other = await far.rung()
        other.answer()
        await own.talker.hears(TONE)
        mine, theirs = await channels(account, 2)
        for channel in (mine, theirs):
            answer = await asyncio.to_thread(
                account.api.send,
                "POST",
                f"/channels/{channel['uuid']}",
                {"action": "transfer", "target": PREMIUM},
            )
            if answer.status_code == 200:
                break
        await other.ended()
        assert await far.is_left_alone(1)


async def test_a_carriers_channel_is_transferred(account: Account) -> None:
    """At the cost of the phone that it talks to."""
    user = account.person("201")
    account.person("202")
    async with carrier(account) as far, account.phones("201", "202") as (ada, grace):
        number = add_number(account, add_trunk(account, far.port))
        account.flow(number, {"module": "user", "data": {"id": user}})
        call = await far.bring(number.removeprefix("+"))
        first = await ada.rung()
        first.answer()
        await call.answered()
        (theirs,) = [one for one in await channels(account, 2) if one["authorizing_type"] == "trunk"]
        await act(account, theirs, "transfer", target="202")
        second = await grace.rung()
        await first.ended()
        second.answer()
        await call.talker.hears(grace.tone)
        call.hang_up()
        await second.ended()
        assert [one["hangup_cause"] for one in await records(account, 2)] == [
            "BLIND_TRANSFER",
            "NORMAL_CLEARING",
        ]

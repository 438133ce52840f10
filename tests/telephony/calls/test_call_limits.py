"""Limits of an account's calls with the public network, with phones and a carrier."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.dialects.telephony_v3.client import Api
from tests.telephony.calls.carriers import add_number, add_trunk, carrier
from tests.telephony.calls.phones import Conversation
from tests.telephony.calls.switchboards import Account

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]

FAR = "+3226660177"


def limit(account: Account, **limits: int) -> None:
    """Give the account these limits, which only the platform may."""
    platform = Api.of(account.platform, None, account_id=account.api("GET", "/accounts")["id"])
    platform("POST", "/accounts", {"billing": {f"max_number_{name}_calls": n for name, n in limits.items()}})


async def ended(*pairs: tuple[Conversation, Conversation]) -> None:
    for call, other in pairs:
        call.hang_up()
        await other.ended()


async def test_outgoing_calls_and_emergencies(account: Account) -> None:
    account.person("201")
    account.person("202")
    account.person("203")
    await asyncio.to_thread(limit, account, outgoing=1)
    async with carrier(account) as far, account.phones("201", "202", "203") as (ada, grace, edsger):
        add_number(account, add_trunk(account, far.port))
        first = await ada.call(FAR)
        other = await far.rung()
        other.answer()
        await first.answered()
        assert await (await grace.call(FAR)).failed() >= 500
        assert await far.is_left_alone()
        inside = await grace.call("203")
        called = await edsger.rung()
        called.answer()
        await inside.answered()
        emergency = await grace.call("112")
        service = await far.rung()
        service.answer()
        await emergency.answered()
        await ended((first, other), (inside, called), (emergency, service))
        again = await grace.call(FAR)
        other = await far.rung()
        other.answer()
        await again.answered()
        await ended((again, other))


@pytest.mark.parametrize("limits", [{"incoming": 1}, {"sim": 1}])
async def test_incoming_calls(account: Account, limits: dict[str, Any]) -> None:
    account.person("201")
    await asyncio.to_thread(limit, account, **limits)
    async with carrier(account) as far, account.phones("201") as (ada,):
        number = add_number(account, add_trunk(account, far.port))
        account.flow(number, {"module": "user", "data": {"id": account.people["201"]}})
        first = await far.bring(number)
        (ringing := await ada.rung()).answer()
        await first.answered()
        assert await (await far.bring(number)).failed() == 486
        await ended((first, ringing))
        again = await far.bring(number)
        (ringing := await ada.rung()).answer()
        await again.answered()
        await ended((again, ringing))


async def test_forwards(account: Account) -> None:
    account.person("201")
    account.person("202")
    forward = {"enabled": True, "number": FAR, "require_key_press": False}
    account.api("POST", f"/users/{account.people['202']}", {"call_forward": forward})
    await asyncio.to_thread(limit, account, fwd=1)
    async with carrier(account) as far, account.phones("201") as (ada,):
        add_number(account, add_trunk(account, far.port))
        first = await ada.call("202")
        forwarded = await far.rung()
        forwarded.answer()
        await first.answered()
        assert await (await ada.call("202")).failed() >= 400
        assert await far.is_left_alone()
        direct = await ada.call(FAR)
        other = await far.rung()
        other.answer()
        await direct.answered()
        await ended((direct, other), (first, forwarded))

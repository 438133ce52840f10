"""Calls between real phones on a running platform: who is called, who hears whom, how they end."""

from __future__ import annotations

import pytest

from tests.telephony.calls.switchboards import Account

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]


async def test_two_phones_talk_until_one_hangs_up(account: Account) -> None:
    account.person("110", "Ada", "Lovelace")
    account.person("111", "Grace", "Hopper")
    async with account.phones("110", "111") as (ada, grace):
        call = await ada.call("111")
        ringing = await grace.rung()
        assert ringing.invite.from_.display_name == "Ada Lovelace"
        assert ringing.invite.from_.uri.username == "110"
        ringing.ring()
        ringing.answer()
        await call.answered()
        await call.talker.hears(550)
        await ringing.talker.hears(400)
        ringing.hang_up()
        await call.ended()

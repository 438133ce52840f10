"""Two real phones: who hears whom, and who hears music or nothing."""

from __future__ import annotations

import pytest

from tests.telephony.baresip.conftest import MUSIC_ON_HOLD
from tests.telephony.baresip.phone import baresips, connected
from tests.telephony.calls.switchboards import Account

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]


@pytest.mark.parametrize("ends", [0, 1])
async def test_two_phones_talk_until_one_hangs_up(account: Account, ends: int) -> None:
    account.person("201", "Ada", "Lovelace")
    account.person("202", "Grace", "Hopper")
    async with baresips(account, "201", "202") as phones:
        await connected(phones[0], "202", phones[1])
        await phones[ends].hang_up()
        await phones[1 - ends].over()


@pytest.mark.parametrize("holding", [0, 1])
async def test_hold_with_music_and_back(account: Account, holding: int) -> None:
    account.person("201")
    account.person("202")
    async with baresips(account, "201", "202") as phones:
        await connected(phones[0], "202", phones[1])
        holds, waits = phones[holding], phones[1 - holding]
        await holds.hold()
        await waits.hears(MUSIC_ON_HOLD)
        await holds.hears()
        await holds.resume()
        await waits.hears(holds.tone)
        await holds.receives()
        await waits.hang_up()
        await holds.over()


async def test_a_busy_phone_and_one_that_does_not_answer(account: Account) -> None:
    account.person("201")
    account.person("202")
    async with baresips(account, "201", "202") as (ada, grace):
        await ada.dial("202")
        await grace.refuse()
        assert (await ada.over()).startswith("486")
        await grace.over()
        await ada.dial("202")
        await grace.rung()
        await ada.until("CALL_RINGING")
        await ada.command("hangup")
        await grace.over()
        await ada.over()
        await ada.dial("999")
        assert (await ada.over()).startswith("404")

"""A phone in a browser calls a SIP phone and is called, is held and comes back."""

from __future__ import annotations

import asyncio

import pytest

from switchroom.engines.sip.events import Ended
from tests.telephony.calls.switchboards import Account

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine, pytest.mark.browser]


@pytest.mark.parametrize("place", [0, 1])
async def test_a_program_has_a_browser_call_beside_a_desk_phone(account: Account, place: int) -> None:
    """Whichever of the two devices is first, each is offered what it can take."""
    user = account.person("201")
    account.device("301", user)
    account.person("202")
    desk_of, web_of = ("301", "201") if place == 0 else ("201", "301")
    async with account.phones("202", desk_of) as (grace, desk), account.web_phone(web_of) as web:
        draft = {"user_id": user, "number": "202"}
        asking = asyncio.create_task(asyncio.to_thread(account.api, "PUT", "/quickcall", draft))
        await web.until("ringing")
        await desk.rung()
        await web.answer()
        await asking
        call = await grace.rung()
        call.answer()
        await web.hears(grace.tone)
        call.hang_up()
        await web.until("over")


async def test_a_browser_calls_a_phone_that_holds_and_comes_back(account: Account) -> None:
    account.person("201")
    account.person("202")
    async with account.phones("202") as (grace,), account.web_phone("201") as ada:
        await ada.call(f"sip:202@{account.realm}")
        call = await grace.rung()
        call.ring()
        call.answer()
        await ada.until("talking")
        await ada.hears(grace.tone)
        assert call.talker.received
        for _ in range(2):
            await call.hold()
            await ada.hears_music(grace.tone)
            await call.resume()
            await ada.hears(grace.tone)
        await ada.hang_up()
        await call.until(Ended)


async def test_a_phone_calls_a_browser_that_holds_and_comes_back(account: Account) -> None:
    account.person("201")
    account.person("202")
    async with account.phones("202") as (grace,), account.web_phone("201") as ada:
        call = await grace.call("201")
        await ada.until("ringing")
        await ada.answer()
        await call.answered()
        await ada.hears(grace.tone)
        await ada.hold()
        before = call.talker.received
        await ada.unhold()
        await ada.hears(grace.tone)
        assert call.talker.received > before
        call.hang_up()
        await ada.until("over")

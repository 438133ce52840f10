"""The demo organization: what it prints for softphones rings, and its numbers lead where they say."""

from __future__ import annotations

import pytest

from tests.platform import RunningPlatform
from tests.telephony.calls.phones import phone
from tests.telephony.demo import Demo

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]


@pytest.fixture(scope="module")
def demo(exchange: RunningPlatform) -> Demo:
    return Demo(exchange)


async def test_the_two_phones_call_each_other(demo: Demo) -> None:
    async with demo.phones(phone) as (ada, emil):
        call = await ada.call("101")
        ringing = await emil.rung()
        assert ringing.invite.from_.display_name == "Ada Lovelace"
        ringing.answer()
        await call.answered()
        await call.talker.hears(550)
        await ringing.talker.hears(400)
        call.hang_up()
        await ringing.ended()


async def test_the_menu_puts_through_and_the_group_rings(demo: Demo) -> None:
    async with demo.phones(phone) as (ada, emil):
        call = await ada.call("200")
        await call.answered()
        call.talker.press("2")
        ringing = await emil.rung()
        ringing.answer()
        await call.talker.hears(550)
        call.hang_up()
        await ringing.ended()

        call = await emil.call("300")
        ringing = await ada.rung()
        ringing.answer()
        await call.answered()
        call.hang_up()
        await ringing.ended()


def test_the_menu_speaks_two_languages(demo: Demo) -> None:
    api = demo.api
    (media,) = api("GET", "/medias")
    assert media["duration"] > 10
    (menu,) = api("GET", "/menus")
    assert menu["media_id"] == media["id"]
    numbers = sorted(number for flow in api("GET", "/callflows") for number in flow["numbers"])
    assert numbers == ["100", "101", "200", "300", "400", "500"]

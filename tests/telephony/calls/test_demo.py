"""The demo organization: what it prints for softphones rings, and its numbers lead where they say."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from switchroom.platform.demo import ensure_demo
from switchroom.platform.demo_telephony import DemoTelephony
from tests.dialects.telephony_v3.client import Api, sign_in
from tests.platform import RunningPlatform
from tests.telephony.calls.phones import SoftPhone, phone

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]


@pytest.fixture(scope="module")
def demo(exchange: RunningPlatform) -> DemoTelephony:
    made = exchange.run(ensure_demo(exchange.platform)).telephony
    assert made is not None
    return made


@pytest.fixture
def api(exchange: RunningPlatform, demo: DemoTelephony) -> Api:
    return Api(exchange, sign_in(exchange, demo.api_key)["auth_token"])


@asynccontextmanager
async def phones(demo: DemoTelephony, api: Api) -> AsyncGenerator[Sequence[SoftPhone]]:
    """Softphones with what is printed, known to be registered."""
    async with AsyncExitStack() as stack:
        found = [
            await stack.enter_async_context(
                phone(one.username, one.password, demo.realm, ("127.0.0.1", demo.sip_port), tone)
            )
            for one, tone in zip(demo.devices, (400, 550), strict=True)
        ]
        await asyncio.to_thread(_until_registered, api, len(found))
        yield found


def _until_registered(api: Api, count: int, limit: float = 8.0) -> None:
    deadline = time.monotonic() + limit
    while len(api("GET", "/devices/registrations")) < count:
        assert time.monotonic() < deadline
        time.sleep(0.05)


async def test_the_two_phones_call_each_other(demo: DemoTelephony, api: Api) -> None:
    async with phones(demo, api) as (ada, emil):
        call = await ada.call("101")
        ringing = await emil.rung()
        assert ringing.invite.from_.display_name == "Ada Lovelace"
        ringing.answer()
        await call.answered()
        await call.talker.hears(550)
        await ringing.talker.hears(400)
        call.hang_up()
        await ringing.ended()


async def test_the_menu_puts_through_and_the_group_rings(demo: DemoTelephony, api: Api) -> None:
    async with phones(demo, api) as (ada, emil):
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


def test_the_menu_speaks_two_languages(api: Api) -> None:
    (media,) = api("GET", "/medias")
    assert media["duration"] > 10
    (menu,) = api("GET", "/menus")
    assert menu["media_id"] == media["id"]
    numbers = sorted(number for flow in api("GET", "/callflows") for number in flow["numbers"])
    assert numbers == ["100", "101", "200", "300", "400", "500"]

"""The demo organization, called with what it prints for softphones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from switchroom.platform.demo import ensure_demo
from switchroom.platform.demo_telephony import BOX_PIN, CONFERENCE_PIN, DemoTelephony
from tests.dialects.telephony_v3.client import Api, sign_in
from tests.platform import RunningPlatform
from tests.telephony.baresip.phone import HOST, Baresip, baresip
from tests.telephony.calls.boxes import recorded

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]


@pytest.fixture(scope="module")
def demo(house: RunningPlatform) -> DemoTelephony:
    made = house.run(ensure_demo(house.platform)).telephony
    assert made is not None
    return made


@pytest.fixture
def api(house: RunningPlatform, demo: DemoTelephony) -> Api:
    return Api(house, sign_in(house, demo.api_key)["auth_token"])


@asynccontextmanager
async def phones(demo: DemoTelephony, api: Api) -> AsyncGenerator[Sequence[Baresip]]:
    """The phones of Ada (100) and Emil (101), known to be registered."""
    async with AsyncExitStack() as stack:
        found = [
            await stack.enter_async_context(
                baresip(one.username, one.password, demo.realm, (HOST, demo.sip_port), tone)
            )
            for one, tone in zip(demo.devices, (400, 550), strict=True)
        ]
        await asyncio.to_thread(_until_registered, api, len(found))
        yield found


def _until_registered(api: Api, number: int, limit: float = 8.0) -> None:
    deadline = time.monotonic() + limit
    while len(api("GET", "/devices/registrations")) != number:
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.janus
async def test_the_conference(demo: DemoTelephony, api: Api) -> None:
    async with phones(demo, api) as (ada, emil):
        for phone in (ada, emil):
            await phone.call("400")
            await phone.press(CONFERENCE_PIN, "#")
        await ada.hears(emil.tone, limit=15)
        await emil.hears(ada.tone, limit=15)


async def test_opening_hours_and_the_mailbox(house: RunningPlatform, demo: DemoTelephony, api: Api) -> None:
    """Open they lead to the menu, closed to the mailbox, where Ada hears what was left."""
    (calendar,) = api("GET", "/calendars")
    (box,) = api("GET", "/vmboxes")
    async with phones(demo, api) as (ada, emil):
        api("POST", f"/calendars/{calendar['id']}", {"forced": "open"})
        await ada.call("500")
        await ada.press("2")
        await emil.answer()
        await ada.hears(emil.tone)
        await emil.hears(ada.tone)
        await ada.hang_up()
        await emil.over()

        api("POST", f"/calendars/{calendar['id']}", {"forced": "closed"})
        await emil.call("500")
        await emil.press("1")
        await recorded(house, 3)
        await emil.hang_up()
        await asyncio.to_thread(_until_left, api, f"/vmboxes/{box['id']}/messages")

        await ada.call("*98")
        for place in (1, 2):  # the first visit: her greeting, and her name
            await recorded(house, 0.5, place)
            await ada.press("#")
        await ada.press(BOX_PIN, "#")
        await ada.press("1")
        await ada.hears(emil.tone)


def _until_left(api: Api, path: str, limit: float = 5.0) -> None:
    deadline = time.monotonic() + limit
    while not api("GET", path):
        assert time.monotonic() < deadline
        time.sleep(0.05)

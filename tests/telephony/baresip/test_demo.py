"""The demo organization, called with what it prints for softphones."""

from __future__ import annotations

import asyncio
import time

import pytest

from switchroom.platform.demo_telephony import BOX_PIN, CONFERENCE_PIN
from tests.dialects.telephony_v3.client import Api
from tests.platform import RunningPlatform
from tests.telephony.baresip.phone import baresip
from tests.telephony.calls.boxes import recorded, visits
from tests.telephony.demo import Demo

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]


@pytest.fixture(scope="module")
def demo(house: RunningPlatform) -> Demo:
    return Demo(house)


@pytest.mark.janus
async def test_the_conference(demo: Demo) -> None:
    async with demo.phones(baresip) as (ada, emil):
        for phone in (ada, emil):
            await phone.call("400")
            await phone.press(CONFERENCE_PIN, "#")
        await ada.hears(emil.tone)
        await emil.hears(ada.tone)


async def test_opening_hours_and_the_mailbox(house: RunningPlatform, demo: Demo) -> None:
    """Open they lead to the menu, closed to the mailbox, where Ada hears what was left."""
    api = demo.api
    (calendar,) = api("GET", "/calendars")
    (box,) = api("GET", "/vmboxes")
    async with demo.phones(baresip) as (ada, emil):
        api("POST", f"/calendars/{calendar['id']}", {"forced": "open"})
        await ada.call("500")
        await ada.press("2")
        await emil.answer()
        await ada.hears(emil.tone)
        await emil.hears(ada.tone)
        await ada.hang_up()
        await emil.over()

        api("POST", f"/calendars/{calendar['id']}", {"forced": "closed"})
        before = visits(house)
        await emil.call("500")
        await emil.press("1")
        await recorded(house, 3, besides=before)
        await emil.hang_up()
        await asyncio.to_thread(_until_left, api, f"/vmboxes/{box['id']}/messages")

        before = visits(house)
        await ada.call("*98")
        for place in (1, 2):  # the first visit: her greeting, and her name
            await recorded(house, 0.5, place, besides=before)
            await ada.press("#")
        await ada.press(BOX_PIN, "#")
        await ada.press("1")
        await ada.hears(emil.tone)


def _until_left(api: Api, path: str, limit: float = 60.0) -> None:
    deadline = time.monotonic() + limit
    while not api("GET", path):
        assert time.monotonic() < deadline
        time.sleep(0.05)

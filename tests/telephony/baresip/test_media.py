"""Real phones that share no codec, that take nothing but SRTP, and that are beside a browser."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.telephony.baresip.phone import Kind, baresips, connected
from tests.telephony.calls.switchboards import Account

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]

OPUS, G722, ALAW, ULAW = "opus/48000/2", "G722/16000/1", "PCMA/8000/1", "PCMU/8000/1"


@pytest.fixture
def office(account: Account) -> Account:
    account.person("201")
    account.person("202")
    return account


@pytest.mark.parametrize(
    ("first", "second"),
    [(OPUS, ALAW), (ULAW, OPUS), (OPUS, G722), (G722, ULAW), (ALAW, G722), (ALAW, ULAW), (OPUS, OPUS)],
)
async def test_codecs(office: Account, first: str, second: str) -> None:
    kinds = (Kind((first,)), Kind((second,)))
    async with baresips(office, "201", "202", kinds=kinds) as (ada, grace):
        await connected(ada, "202", grace)
        await ada.hang_up()
        await grace.over()


@pytest.mark.parametrize("encrypted", [(True, False), (False, True), (True, True)])
async def test_phones_that_take_nothing_but_srtp(office: Account, encrypted: tuple[bool, bool]) -> None:
    kinds = [Kind(encryption="srtp-mand" if one else "") for one in encrypted]
    async with baresips(office, "201", "202", kinds=kinds) as (ada, grace):
        await connected(ada, "202", grace)
        for phone, is_encrypted in zip((ada, grace), encrypted, strict=True):
            assert ("SRTP is Enabled" in phone.log()) is is_encrypted
        await grace.hang_up()
        await ada.over()


@pytest.mark.browser
async def test_a_device_at_a_desk_and_in_a_browser(office: Account) -> None:
    """The browser comes after a call; both ring then, and whichever answers talks."""
    async with baresips(office, "201", "202") as (ada, desk):
        await ada.dial("202")
        await desk.refuse()
        await ada.over()
        await desk.over()
        async with office.web_phone("202") as web:
            await asyncio.to_thread(_until_registrations, office, 3)
            await ada.dial("202")
            await desk.rung()
            await web.until("ringing")
            await web.answer()
            await ada.until("CALL_ESTABLISHED")
            await web.hears(ada.tone)
            await desk.over()
            await web.hang_up()
            await ada.over()
            await ada.dial("202")
            await web.until("ringing")
            await desk.answer()
            await ada.hears(desk.tone)
            await desk.hears(ada.tone)
            await web.until("over")


def _until_registrations(account: Account, number: int, limit: float = 60.0) -> None:
    deadline = time.monotonic() + limit
    while len(account.api("GET", "/devices/registrations")) != number:
        assert time.monotonic() < deadline
        time.sleep(0.02)

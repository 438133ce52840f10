"""Real phones transfer: blind, and to whom they have called before, whatever that call has come to."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.telephony.baresip.conftest import MUSIC_ON_HOLD
from tests.telephony.baresip.phone import Baresip, Event, baresips, connected
from tests.telephony.calls.boxes import Box
from tests.telephony.calls.switchboards import Account
from tests.telephony.voicemail.tones import share_of

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]

PEOPLE = ("201", "202", "203")


@pytest.fixture
def office(account: Account) -> Account:
    """Three people with a phone each."""
    for extension in PEOPLE:
        account.person(extension, f"Person {extension}")
    return account


@pytest.mark.parametrize("which", [0, 1])
async def test_blind(office: Account, which: int) -> None:
    async with baresips(office, *PEOPLE) as (ada, grace, mary):
        await connected(ada, "202", grace)
        leaves, stays = (ada, grace) if which == 0 else (grace, ada)
        await leaves.transfer("203")
        await mary.answer()
        await mary.hears(stays.tone)
        await stays.hears(mary.tone)
        await leaves.over()
        await mary.hang_up()
        await stays.over()


async def called_aside(ada: Baresip, grace: Baresip, number: str, extension: str = "202") -> Event:
    """Grace, who is called by Ada, holds and calls a number. Returns the first call of hers."""
    await ada.dial(extension)
    first = await grace.answer()
    await ada.hears(grace.tone)
    await grace.hold()
    await ada.hears(MUSIC_ON_HOLD)
    await grace.dial(number)
    return first


async def test_attended_to_a_phone_that_has_answered(office: Account) -> None:
    async with baresips(office, *PEOPLE) as (ada, grace, mary):
        first = await called_aside(ada, grace, "203")
        await mary.answer()
        await mary.hears(grace.tone)
        await ada.hears(MUSIC_ON_HOLD)
        await grace.transfer_to_other(first)
        await ada.hears(mary.tone)
        await mary.hears(ada.tone)
        await grace.over()
        await grace.over()
        await ada.hang_up()
        await mary.over()


async def test_attended_to_a_phone_that_rings(office: Account) -> None:
    async with baresips(office, *PEOPLE) as (ada, grace, mary):
        first = await called_aside(ada, grace, "203")
        await mary.rung()
        await grace.until("CALL_RINGING")
        await grace.transfer_to_other(first)
        await mary.over()
        assert "201@" in (await mary.answer()).peer, "who is transferred is shown"
        await ada.hears(mary.tone)
        await mary.hears(ada.tone)
        await grace.over()
        await grace.over()


@pytest.mark.janus
async def test_attended_to_a_conference(office: Account) -> None:
    draft = {"name": "Daily", "members_pin": "4711", "members_announce_join_leave": False}
    conference = office.api("PUT", "/conferences", draft)["id"]
    office.flow("400", {"module": "conference", "data": {"id": conference}})
    async with baresips(office, *PEOPLE) as (ada, grace, mary):
        await mary.call("400")
        await mary.press("4711#")
        await mary.hears(MUSIC_ON_HOLD)
        first = await called_aside(ada, grace, "400")
        await grace.until("CALL_ESTABLISHED")
        await grace.press("4711#")
        await mary.hears(grace.tone)
        await grace.transfer_to_other(first)
        await ada.hears(mary.tone)
        await mary.hears(ada.tone)
        await grace.over()
        await grace.over()


async def test_attended_to_a_mailbox(account: Account, tmp_path: Path) -> None:
    box = Box(account, tmp_path)
    account.person("203")
    async with baresips(account, "201", "203") as (ada, mary):
        first = await called_aside(ada, mary, "302", "203")
        await mary.until("CALL_ESTABLISHED")
        await mary.transfer_to_other(first)
        await mary.over()
        await mary.over()
        await ada.press("1")
        await box.recorded(1.5)
        await ada.hang_up()
        (message,) = await asyncio.to_thread(box.messages)
        assert message["caller_id_number"] == "201"
        assert share_of(box.sound(message["id"]), ada.tone) > 0.8

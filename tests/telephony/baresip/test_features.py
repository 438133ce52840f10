"""Real phones dial feature codes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.telephony.baresip.phone import Baresip, baresips
from tests.telephony.calls.boxes import Box
from tests.telephony.calls.switchboards import Account
from tests.telephony.voicemail.tones import share_of

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]

CODES = {
    "72": "call_forward[action=activate]",
    "73": "call_forward[action=deactivate]",
    "74": "call_forward[action=toggle]",
    "56": "call_forward[action=update]",
    "67": "privacy[mode=full]",
    "0": "intercom",
    "*": 'voicemail[action="direct"]',
}


def codes(account: Account) -> None:
    """All of them, at their usual numbers."""
    for number, name in CODES.items():
        draft: dict[str, Any] = {"name": name, "featurecode": {"name": name, "number": number}}
        account.api("PUT", "/callflows", {**draft, "flow": {"module": "hangup", "data": {}, "children": {}}})


@pytest.fixture
def office(account: Account) -> Account:
    """Three people with a phone each, and all codes."""
    for extension in ("201", "202", "203"):
        account.person(extension, f"Person {extension}")
    codes(account)
    return account


async def reaches(ada: Baresip, called: Baresip) -> None:
    """A call to 202 rings at a phone."""
    await ada.dial("202")
    await called.refuse()
    await ada.over()
    await called.over()


async def done(phone: Baresip, number: str, keys: str = "") -> None:
    """A code is dialled, and its prompts are heard to their end."""
    await phone.call(number)
    if keys:
        await phone.press(keys)
    await phone.over()


async def test_forwarding_on_and_off(office: Account) -> None:
    async with baresips(office, "201", "202", "203") as (ada, grace, mary):
        await done(grace, "*72203")
        await reaches(ada, mary)
        await done(grace, "*73")
        await reaches(ada, grace)
        await done(grace, "*72", "203#")
        await reaches(ada, mary)


async def test_forwarding_is_turned_over_and_its_number_changed(office: Account) -> None:
    async with baresips(office, "201", "202", "203") as (ada, grace, mary):
        await done(grace, "*74203")
        await reaches(ada, mary)
        await done(grace, "*74")
        await reaches(ada, grace)
        await done(grace, "*56", "201#")
        forward = office.api("GET", f"/users/{office.people['202']}")["call_forward"]
        assert (forward["enabled"], forward["number"]) == (True, "201")
        await done(grace, "*56", "203#")
        await reaches(ada, mary)


async def test_a_number_is_withheld(office: Account) -> None:
    async with baresips(office, "201", "202") as (ada, grace):
        await ada.dial("*67202")
        ringing = await grace.answer()
        assert ringing.peer == "sip:anonymous@anonymous.invalid"
        await ada.hears(grace.tone)
        await grace.hears(ada.tone)
        assert "Person 201" not in grace.log()


async def test_a_phone_is_to_answer_by_itself(office: Account) -> None:
    async with baresips(office, "201", "202") as (ada, grace):
        await ada.dial("*0202")
        await grace.answer()
        assert "answer-after=0" in grace.log()
        await ada.hears(grace.tone)


@pytest.mark.parametrize("number", ["*97", "*97202", "*98", "*98202"])
async def test_a_message_is_left_and_heard_by_its_owner(
    account: Account, tmp_path: Path, number: str
) -> None:
    box = Box(account, tmp_path)
    codes(account)
    async with baresips(account, "201", "202") as (ada, grace):
        await ada.call("**202")
        await ada.press("1")
        await box.recorded(2)
        await ada.hang_up()
        (message,) = await asyncio.to_thread(box.messages)
        assert message["caller_id_number"] == "201"
        assert share_of(box.sound(message["id"]), ada.tone) > 0.8
        await grace.call(number)
        await grace.press("1")
        await grace.hears(ada.tone)
        await grace.press("1")
        await asyncio.to_thread(box.messages, "saved")


async def test_a_message_of_who_withholds_the_number(account: Account, tmp_path: Path) -> None:
    box = Box(account, tmp_path)
    codes(account)
    async with baresips(account, "201") as (ada,):
        await ada.call("*67302")
        await ada.press("1")
        await box.recorded(1.5)
        await ada.hang_up()
        (message,) = await asyncio.to_thread(box.messages)
    assert (message["caller_id_name"], message["caller_id_number"]) == ("", "")


async def test_others_are_asked_for_the_pin(account: Account, tmp_path: Path) -> None:
    box = Box(account, tmp_path)
    async with baresips(account, "201") as (ada,):
        await ada.call("302")
        await ada.press("1")
        await box.recorded(2)
        await ada.hang_up()
        await asyncio.to_thread(box.messages)
        await ada.call("*97")
        await ada.press("202#1234#")
        await ada.press("1")
        await ada.hears(ada.tone)

"""Voicemail by telephone: messages that real phones leave, and owners who listen to them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from switchroom.telephony.routing.voicemail.box import MOST_MESSAGES
from switchroom.telephony.voicemail.models import VoicemailMessage
from tests.mail.outbox import mails_to
from tests.telephony.calls.boxes import GREETING, Box
from tests.telephony.calls.phones import Conversation, SoftPhone
from tests.telephony.calls.switchboards import Account
from tests.telephony.calls.test_faults import killed
from tests.telephony.voicemail.tones import share_of

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]


@pytest.fixture
def box(account: Account, tmp_path: Path) -> Box:
    return Box(account, tmp_path)


async def test_a_message_is_left_heard_and_mailed(box: Box) -> None:
    began = time.monotonic()
    async with box.caller() as call:
        call.talker.press("1")
        await box.recorded(1.5)
        call.talker.press("#")
        call.talker.press("1")
        await call.ended()

    (message,) = await asyncio.to_thread(box.messages)
    assert (message["caller_id_name"], message["caller_id_number"]) == ("Ada Lovelace", "201")
    assert message["to"] == "302"
    assert 1400 < message["length"] < 2000 * (time.monotonic() - began)
    assert share_of(box.sound(message["id"]), 400) > 0.8
    assert box.api("GET", "/events", type="voicemail.left")[0]["data"]["message_id"] == message["id"]
    address = box.api("GET", f"/users/{box.owner}")["email"]
    mails = await asyncio.to_thread(mails_to, box.account.platform, address, count=2)
    (mail,) = (one for one in mails if "voicemail" in str(one["Subject"]))
    assert mail["Subject"] == "New voicemail from Ada Lovelace (201)"
    (sound,) = mail.iter_attachments()
    assert len(sound.get_content()) > 1000


async def test_who_hangs_up_has_left_a_message(box: Box) -> None:
    began = time.monotonic()
    message = await box.leave(1.5)
    assert 1400 < message["length"] < 2000 * (time.monotonic() - began)
    assert share_of(box.sound(message["id"]), 400) > 0.8


async def test_what_is_too_short_is_not_kept(box: Box) -> None:
    async with box.caller() as call:
        call.talker.talking = False
        call.talker.press("1")
        await box.recorded(0)
        call.hang_up()
    async with box.caller() as call:
        call.hang_up()
    await box.leave(1.0)
    assert len(box.api("GET", box.path)) == 1


async def test_the_operator_is_a_key_away(box: Box) -> None:
    async with box.account.phones("201", "202") as (ada, grace):
        call = await ada.call("302")
        await call.answered()
        await call.talker.hears(GREETING)
        call.talker.press("0")
        other = await grace.rung()
        other.answer()
        await call.talker.hears(550)
        await other.talker.hears(400)
        call.hang_up()
        await other.ended()


async def test_the_owner_hears_and_deletes(box: Box) -> None:
    message = await box.leave()
    async with box.account.phones("202") as (grace,):
        call = await _listen(grace, "*98")
        call.talker.press("1")
        await call.talker.hears(400)
        call.talker.press("7")
        (deleted,) = await asyncio.to_thread(box.messages, "deleted")
        assert deleted["id"] == message["id"]
        call.hang_up()


async def _listen(phone: SoftPhone, number: str) -> Conversation:
    call = await phone.call(number)
    await call.answered()
    return call


async def test_back_and_forward_in_a_message(box: Box) -> None:
    await box.leave(8)
    async with box.account.phones("202") as (grace,):
        call = await _listen(grace, "*98")
        call.talker.press("1")
        await call.talker.hears(400)
        call.talker.press("5")
        await call.talker.hears(400)
        call.talker.press("8")  # ten seconds on, which is beyond its end: the menu
        await call.talker.hears_other_than(400)
        call.talker.press("5")
        await call.talker.hears(400)
        call.talker.press("1")
        await asyncio.to_thread(box.messages, "saved")
        call.hang_up()


async def test_from_another_phone_with_the_pin(box: Box) -> None:
    await box.leave()
    async with box.account.phones("201") as (ada,):
        call = await _listen(ada, "*97")
        for key in "202#1234#1":
            call.talker.press(key)
            await asyncio.sleep(0.3)
        await call.talker.hears(400, limit=60)
        call.talker.press("1")
        await asyncio.to_thread(box.messages, "saved")
        call.hang_up()


async def test_three_wrong_pins_end_the_call(box: Box) -> None:
    async with box.account.phones("201") as (ada,):
        call = await _listen(ada, "*97202")
        for key in "1111#2222#3333#":
            call.talker.press(key)
            await asyncio.sleep(0.3)
        await call.ended()


async def test_whom_the_owner_transfers_needs_the_pin(box: Box) -> None:
    message = await box.leave(1.0)
    box.account.flow("304", {"module": "check_voicemail", "data": {"id": box.id}})
    async with box.account.phones("201", "202") as (ada, grace):
        call = await ada.call("202")
        other = await grace.rung()
        other.answer()
        await call.answered()
        await call.talker.hears(grace.tone)
        await other.transfer("304")
        await call.talker.hears_other_than(grace.tone)
        for key in "11#11#11#":
            call.talker.press(key)
            await asyncio.sleep(0.5)
        await call.talker.hears(grace.tone, limit=60)  # who has transferred has the call back
        (kept,) = await asyncio.to_thread(box.messages)
        assert kept["id"] == message["id"]


async def test_the_first_visit_sets_a_box_up(box: Box) -> None:
    """Greeting, name and PIN; callers hear the greeting from then on."""
    fresh = box.api.make("vmboxes", name="New", mailbox="203", owner_id=box.owner)
    box.account.flow("303", {"module": "voicemail", "data": {"id": fresh}})
    listening = {"module": "check_voicemail", "data": {"id": fresh}}
    box.account.flow("304", listening)
    async with box.account.phones("202", "201") as (grace, ada):
        call = await _listen(grace, "304")
        for place in (1, 2):
            await box.recorded(1.0, place)
            call.talker.press("#")
        for key in "471147#":
            call.talker.press(key)
            await asyncio.sleep(0.3)
        pins = box.account.platform.platform.telephony.mailboxes

        def opened() -> bool:
            found = box.account.platform.run(pins.log_in(box.organization_id, "203", "471147", "test"))
            return found is not None and found.is_set_up

        async with asyncio.timeout(60):
            while not await asyncio.to_thread(opened):  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(1.1)  # guesses are slowed down
        call.hang_up()
        other = await _listen(ada, "303")
        await other.talker.hears(grace.tone)
        other.hang_up()


async def test_the_owner_calls_back(box: Box) -> None:
    await box.leave(1.0)
    async with box.account.phones("202", "201") as (grace, ada):
        call = await _listen(grace, "*98")
        call.talker.press("1")
        await asyncio.sleep(1)
        call.talker.press("9")
        other = await ada.rung()
        other.answer()
        await call.talker.hears(ada.tone)
        await other.talker.hears(grace.tone)
        call.hang_up()
        await other.ended()


@pytest.mark.parametrize("number", ["*72201", "302"])
async def test_nobody_is_called_back_at_what_is_no_persons_number(box: Box, number: str) -> None:
    box.account.feature("call_forward[action=activate]", "72")
    message = await box.leave(1.0)
    before = box.api("GET", f"/users/{box.owner}")["call_forward"]

    async def claim() -> None:
        async with box.account.platform.platform.storage.database.write(box.organization_id) as session:
            row = await session.get_one(VoicemailMessage, message["id"])
            row.caller_number = number

    box.account.platform.run(claim())
    async with box.account.phones("202") as (grace,):
        call = await _listen(grace, "*98")
        call.talker.press("1")
        await asyncio.sleep(1)
        call.talker.press("9")
        await call.ended()
    assert box.api("GET", f"/users/{box.owner}")["call_forward"] == before
    assert len(box.messages()) == 1


async def test_a_full_box_says_so(box: Box) -> None:
    async def fill() -> None:
        async with box.account.platform.platform.storage.database.write(box.organization_id) as session:
            for number in range(MOST_MESSAGES):
                fields = {"milliseconds": 1000, "file": f"{number}", "size": 1}
                message = VoicemailMessage(organization_id=box.organization_id, box_id=box.id, **fields)
                session.add(message)

    box.account.platform.run(fill())
    async with box.account.phones("201") as (ada,):
        call = await _listen(ada, "302")
        await call.ended()
    assert len(box.api("GET", box.path, limit=1000)) == MOST_MESSAGES


@pytest.mark.slow
async def test_what_was_recorded_when_the_worker_is_killed_is_kept(box: Box) -> None:
    """The owner is told of it; the caller hears the greeting again, and need not say more."""
    began = time.monotonic()
    async with box.caller() as call:
        call.talker.press("1")
        await box.recorded(3.0)
        await killed(box.account.platform)
        (message,) = await asyncio.to_thread(box.messages)
        assert 2400 < message["length"] < 2000 * (time.monotonic() - began)
        assert share_of(box.sound(message["id"]), 400) > 0.8
        assert box.api("GET", "/events", type="voicemail.left")[0]["data"]["message_id"] == message["id"]
        await call.talker.hears(GREETING)
        call.hang_up()
        await asyncio.to_thread(_until_gone, box.account.platform.platform.telephony.message_files.parts)
    address = box.api("GET", f"/users/{box.owner}")["email"]
    mails = await asyncio.to_thread(mails_to, box.account.platform, address, count=2)
    assert [one["Subject"] for one in mails if "voicemail" in str(one["Subject"])] == [
        "New voicemail from Ada Lovelace (201)"
    ]
    assert len(box.api("GET", box.path)) == 1


def _until_gone(parts: Path, limit: float = 60.0) -> None:
    """Wait until nothing is being recorded any more."""
    deadline = time.monotonic() + limit
    while list(parts.glob("call-*")):
        assert time.monotonic() < deadline
        time.sleep(0.02)

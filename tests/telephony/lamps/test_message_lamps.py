"""Lamps of messages that wait: phones and keys are told of messages that come, are heard and go."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from switchroom.db.base import now
from switchroom.events.log import EventLog
from switchroom.events.tail import EventTail
from switchroom.identity.secrets import Passwords
from switchroom.identity.throttle import Throttle
from switchroom.telephony.lamps.message_lamps import MessageLamps
from switchroom.telephony.resources.devices import Registration
from switchroom.telephony.resources.sounds import SoundFiles
from switchroom.telephony.routing.voicemail.box import Folder
from switchroom.telephony.voicemail.files import MessageFiles
from switchroom.telephony.voicemail.mailboxes import LeftMessage, Mailboxes
from tests.telephony.lamps.house import NAMES, House
from tests.telephony.voicemail.tones import write_tone

pytestmark = pytest.mark.kamailio


class Box:
    """The box 100, with callers."""

    def __init__(self, house: House, directory: Path) -> None:
        self._house, self._directory = house, directory
        throttle = Throttle(house.database, account_attempts=5, address_attempts=5)
        files, sounds = MessageFiles(directory / "voicemail"), SoundFiles(directory / "sounds", 1 << 30)
        self.mailboxes = Mailboxes(
            house.database, Passwords(), throttle, files, sounds, most_bytes=1_000_000_000
        )

    async def leave(self) -> int:
        recorded = write_tone(self._directory / "recorded.wav", seconds=0.6)
        message = LeftMessage(caller_number="200", milliseconds=600)
        saved = await self.mailboxes.save_message(self._house.organization_id, 100, recorded, message)
        return int(saved.id)

    async def hear(self, message_id: int) -> None:
        await self.mailboxes.move_message(self._house.organization_id, 100, message_id, Folder.SAVED)


@pytest.fixture
async def box(house: House, tmp_path: Path) -> AsyncIterator[Box]:
    """With the lamps being kept."""
    log = EventLog(house.database, keep=timedelta(days=30))
    tail = EventTail(log, house.bus)
    lamps = MessageLamps(house.database, house.bus, log, tail, house.publisher())
    keeping = [asyncio.create_task(tail.run()), asyncio.create_task(lamps.run())]
    yield Box(house, tmp_path)
    for task in keeping:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.parametrize(
    ("extension", "watched"), [(100, NAMES[100]), (100, f"acme.{NAMES[100]}"), (101, "*98100"), (101, "100")]
)
async def test_a_lamp_of_messages(house: House, box: Box, extension: int, watched: str) -> None:
    await box.leave()
    async with house.phone(extension) as lamp:
        told = await lamp.watch_until(watched, "message-summary", "Voice-Message: 1/0 (0/0)")
        assert told.header("Content-Type") == "application/simple-message-summary"
        assert told.header("Event") == "message-summary"
        assert "Messages-Waiting: yes\r\n" in told.body
        second = await box.leave()
        await lamp.told_until("Voice-Message: 2/0 (0/0)")
        await box.hear(second)
        await lamp.told_until("Voice-Message: 1/1 (0/0)")


async def test_the_lamp_goes_out(house: House, box: Box) -> None:
    message = await box.leave()
    async with house.phone(101) as lamp:
        await lamp.watch_until("*98100", "message-summary", "Messages-Waiting: yes")
        await box.hear(message)
        await lamp.told_until("Messages-Waiting: no")


async def test_a_phone_that_does_not_ask_is_told(house: House, box: Box) -> None:
    async with house.phone(100) as lamp:
        assert (await lamp.phone.register()).status == 200
        async with house.database.write(house.organization_id) as session:
            contact = f"sip:phone@127.0.0.1:{lamp.phone.wire.address[1]}"
            expires = now() + timedelta(hours=1)
            session.add(Registration(device_id=100, contact=contact, expires_at=expires))
        await box.leave()
        told = await lamp.told_until("Voice-Message: 1/0 (0/0)")
        assert told.header("Event") == "message-summary"
        assert told.all("X-SR-Device") == []


@pytest.mark.parametrize("own", [True, False])
async def test_only_the_watcher_ends_a_subscription(house: House, box: Box, own: bool) -> None:
    async with house.phone(100) as lamp, house.phone(101) as other:
        told = await lamp.watch_until(NAMES[100], "message-summary", "Messages-Waiting: no")
        ending = lamp if own else other
        ended = await ending.end(told)
        assert ended.status == (200 if own else 481)
        if own:
            await lamp.told_state("terminated")
        else:
            await box.leave()
            await lamp.told_until("Voice-Message: 1/0 (0/0)")
            assert (await lamp.end(told)).status == 200

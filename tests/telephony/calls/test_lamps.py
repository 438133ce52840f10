"""Lamps of real phones on a running platform: a colleague's call, messages that wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.engines.kamailio.phones import Phone, udp
from tests.telephony.calls.switchboards import PASSWORD, Account
from tests.telephony.calls.test_voicemail import Box
from tests.telephony.lamps.house import Lamp

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]


@asynccontextmanager
async def lamp_of(account: Account, extension: str) -> AsyncGenerator[Lamp]:
    """A key of the phone of an extension."""
    async with udp(account.server) as wire:
        yield Lamp(Phone(wire, account.usernames[extension], PASSWORD, account.realm))


async def test_a_colleagues_call_lights_a_lamp(account: Account) -> None:
    for extension in ("201", "202", "203"):
        account.person(extension)
    async with account.phones("201", "202") as (ada, grace), lamp_of(account, "203") as lamp:
        await lamp.watch("202", "dialog")
        call = await ada.call("202")
        other = await grace.rung()
        other.ring()
        await lamp.told_until(">early<")
        other.answer()
        await lamp.told_until(">confirmed<")
        await call.answered()
        call.hang_up()
        await lamp.told_until(">terminated<")


async def test_a_colleague_who_can_be_called_is_open(account: Account) -> None:
    for extension in ("202", "203"):
        account.person(extension)
    async with lamp_of(account, "203") as lamp:
        await lamp.watch_until("202", "presence", "<basic>closed</basic>")
        async with account.phones("202") as (grace,):
            await lamp.told_until("<basic>open</basic>")
            await grace.register(expires=0)
            await lamp.told_until("<basic>closed</basic>")


async def test_a_message_that_is_left_lights_a_lamp_until_it_is_heard(
    account: Account, tmp_path: Path
) -> None:
    box = Box(account, tmp_path)
    async with lamp_of(account, "202") as lamp, lamp_of(account, "201") as key:
        await lamp.watch(account.usernames["202"], "message-summary")
        await key.watch("*98202", "message-summary")
        message = await box.leave(1.0)
        for one in (lamp, key):
            assert "Messages-Waiting: yes" in (await one.told_until("Voice-Message: 1/0")).body
        await asyncio.to_thread(box.api, "POST", f"{box.path}/{message['id']}", {"folder": "saved"})
        for one in (lamp, key):
            assert "Messages-Waiting: no" in (await one.told_until("Voice-Message: 0/1")).body


async def test_a_phone_that_registers_is_told_of_messages(account: Account, tmp_path: Path) -> None:
    box = Box(account, tmp_path)
    await box.leave(1.0)
    async with lamp_of(account, "202") as lamp:
        assert (await lamp.phone.register()).status == 200
        await lamp.told_until("Voice-Message: 1/0")

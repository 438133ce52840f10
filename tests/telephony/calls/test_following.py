"""What happens on telephones, followed as it happens on one WebSocket of events."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.dialects.telephony_v3.client import Reader
from tests.telephony.calls.boxes import Box
from tests.telephony.calls.switchboards import Account

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine, pytest.mark.janus]

KEYS = ("call.*", "device.*", "voicemail.*", "conference.*")
HAPPENS = {
    "device.registered",
    "call.created",
    "call.answered",
    "call.ended",
    "voicemail.left",
    "voicemail.moved",
    "conference.joined",
    "conference.left",
}


async def test_calls_phones_boxes_and_conferences_are_followed(account: Account, tmp_path: Path) -> None:
    box = Box(account, tmp_path)
    conference = account.api.make("conferences", name="Besprechung")
    account.flow("400", {"module": "conference", "data": {"id": conference}})
    reader = Reader.of(account.platform, account.organization)
    with reader.socket() as follower:
        assert follower.subscribe(*KEYS)["status"] == "success"
        message = await box.leave(1.0)
        await asyncio.to_thread(box.api, "POST", f"{box.path}/{message['id']}", {"folder": "saved"})
        async with account.phones("202") as (grace,):
            call = await grace.call("400")
            await call.answered()
            path = f"/conferences/{conference}/participants"
            await asyncio.to_thread(until_there, account, path)
            call.hang_up()
            found: set[str] = set()
            while not found >= HAPPENS:
                told = await asyncio.to_thread(follower.next)
                assert told["subscribed_key"] == f"{told['name'].partition('.')[0]}.*"
                found.add(told["name"])


def until_there(account: Account, path: str) -> None:
    """Wait until a list of the API has something in it."""
    deadline = time.monotonic() + 60
    while not account.api("GET", path):
        assert time.monotonic() < deadline
        time.sleep(0.05)

"""A waiting room for people whose sockets are at different processes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from switchroom.meetings.notices import MeetingOver
from switchroom.rooms.permissions import MODERATOR
from tests.conference.room import Client
from tests.conference.test_waiting import MEETING, is_let_in, knock, names
from tests.workers.houses import Wing, Wings, open_wings


@pytest.fixture
async def wings(tmp_path: Path, database_url: str) -> AsyncIterator[Wings]:
    async with open_wings(tmp_path, database_url) as opened:
        yield opened


async def moderator(wing: Wing, name: str) -> Client:
    return await wing.enter(name, MODERATOR, meeting_id=MEETING)


async def test_who_waits_is_let_in_by_a_moderator_at_another_process(wings: Wings) -> None:
    here, there = await wings.open(), await wings.open()
    ben = await knock(here, "Ben")
    mia = await moderator(there, "Mia")
    assert names(mia.joined) == ["Ben"]
    assert (await ben.hears("waiting"))["moderatorPresent"] is True
    cleo = await knock(there, "Cleo")
    await mia.does("admit-all")
    for one in (ben, cleo):
        await is_let_in(one)
    await ben.does("chat", text="Thank you")
    await cleo.hears("chat")


async def test_a_meeting_closed_at_another_process_is_over(wings: Wings) -> None:
    here, there = await wings.open(), await wings.open()
    mia, ben = await moderator(here, "Mia"), await knock(there, "Ben")
    await there.bus.publish(MeetingOver(1, "lounge"))
    for one in (mia, ben):
        assert (await one.hears("ended"))["reason"] == "meeting_over"


async def test_who_was_let_in_comes_back_without_waiting_when_the_process_is_gone(wings: Wings) -> None:
    here, there = await wings.open(), await wings.open()
    mia, ben = await moderator(here, "Mia"), await knock(there, "Ben")
    await mia.does("admit", participantId=ben.id)
    joined = await is_let_in(ben)
    await here.vanish()
    assert await ben.closed() == 1012
    while True:
        again = await there.connect()
        answer = await again.ask(
            "join", token="Ben", roomId="lounge", resume=joined["resume"], letIn=joined["letIn"]
        )
        if answer["type"] != "error":
            break
        assert answer["code"] == "media_unavailable", answer
    assert answer["type"] == "joined"

"""A waiting room for people whose sockets are at different processes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from switchroom.meetings.notices import MeetingOver
from switchroom.rooms.permissions import MODERATOR
from tests.conference.room import Client
from tests.conference.test_waiting import MEETING, is_let_in, join_waiting, names
from tests.workers.servers import WorkerServer, WorkerServers, worker_servers

pytestmark = pytest.mark.slow


@pytest.fixture
async def servers(tmp_path: Path, database_url: str) -> AsyncIterator[WorkerServers]:
    async with worker_servers(tmp_path, database_url) as opened:
        yield opened


async def moderator(server: WorkerServer, name: str) -> Client:
    return await server.enter(name, MODERATOR, meeting_id=MEETING)


async def test_who_waits_is_let_in_by_a_moderator_at_another_process(servers: WorkerServers) -> None:
    here, there = await servers.open(), await servers.open()
    ben = await join_waiting(here, "Ben")
    mia = await moderator(there, "Mia")
    assert names(mia.joined) == ["Ben"]
    assert (await ben.hears("waiting"))["moderatorPresent"] is True
    cleo = await join_waiting(there, "Cleo")
    await mia.does("admit-all")
    for one in (ben, cleo):
        await is_let_in(one)
    await ben.does("chat", text="Thank you")
    await cleo.hears("chat")


async def test_a_meeting_closed_at_another_process_is_over(servers: WorkerServers) -> None:
    here, there = await servers.open(), await servers.open()
    mia, ben = await moderator(here, "Mia"), await join_waiting(there, "Ben")
    await there.bus.publish(MeetingOver(1, "lounge"))
    for one in (mia, ben):
        assert (await one.hears("ended"))["reason"] == "meeting_over"


async def test_who_was_let_in_comes_back_without_waiting_when_the_process_is_gone(
    servers: WorkerServers,
) -> None:
    here, there = await servers.open(), await servers.open()
    mia, ben = await moderator(here, "Mia"), await join_waiting(there, "Ben")
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

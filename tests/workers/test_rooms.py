"""One room for people whose sockets are at different processes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from switchroom.conference.cluster import membership, presence
from switchroom.conference.cluster.relay import NearEnd
from switchroom.conference.signalling import socket
from switchroom.identity.notices import AccessRevoked
from switchroom.rooms.live import LiveState
from switchroom.rooms.notices import RoomDestroyed
from switchroom.rooms.permissions import MODERATOR, PARTICIPANT, Permission
from tests.conference.room import Client
from tests.conference.test_recording import Reels
from tests.engines.waiting import until
from tests.workers.servers import WorkerServer, WorkerServers, worker_servers

pytestmark = pytest.mark.slow

PATIENCE = 60.0
"""Seconds in which people of a process that is gone are back on any machine; the goal is 5."""

Record = Callable[[str, object], None]


@pytest.fixture
async def servers(tmp_path: Path, database_url: str) -> AsyncIterator[WorkerServers]:
    async with worker_servers(tmp_path, database_url) as opened:
        yield opened


async def back(client: Client, server: WorkerServer, name: str, **fields: str) -> Client:
    """Reconnect as a browser does, until the room lets one in."""
    while True:
        again = await server.connect()
        answer = await again.ask(
            "join", token=name, roomId="lounge", resume=client.joined["resume"], **fields
        )
        if answer["type"] == "joined":
            again.joined = answer
            return again
        assert answer["code"] == "media_unavailable", answer
        await again.closed()


async def test_people_at_different_processes_are_in_one_room(servers: WorkerServers) -> None:
    here, there = await servers.open(), await servers.open()
    ada = await here.enter("Ada", MODERATOR)
    ben = await there.enter("Ben")
    assert here.has()
    assert not there.has()
    assert [one["displayName"] for one in ben.joined["participants"]] == ["Ada"]
    assert (await ada.hears("participant.joined"))["participant"]["id"] == ben.id

    await ben.does("chat", text="Grüße from there")
    assert (await ada.hears("chat"))["message"]["text"] == "Grüße from there"
    await ada.does("chat", text="and from here", to=ben.id)
    await ben.hears(lambda one: one["type"] == "chat" and one["message"]["kind"] == "private")
    await ben.does("hand", raised=True)
    await ada.hears(lambda one: one["type"] == "participant.updated" and "handRaisedAt" in one["participant"])
    await ada.does("permit", participantId=ben.id, permissions={"chat": False})
    assert await ben.is_refused("chat", text="not any more") == "not_allowed"

    await ada.does("moderate", participantId=ben.id, action="remove")
    await ben.hears("ended", reason="removed")
    assert await ben.closed() == 4001


async def test_whoever_talks_too_fast_is_refused_before_the_way_to_the_room(
    servers: WorkerServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = await servers.open(), await servers.open()
    await here.enter("Ada")
    monkeypatch.setattr(socket, "RATE", 0.001)
    monkeypatch.setattr(socket, "BURST", 5)
    monkeypatch.setattr(socket, "MOST_REFUSED", 20)
    passed_on: list[str] = []
    send = NearEnd.send

    async def watched(end: NearEnd, text: str) -> None:
        passed_on.append(text)
        await send(end, text)

    monkeypatch.setattr(NearEnd, "send", watched)
    ben = await there.enter("Ben")
    for _ in range(40):
        await ben.send("hand", raised=True)
    assert (await ben.hears("error"))["code"] == "too_many"
    assert await ben.closed() == 1008
    assert len(passed_on) <= 5


async def test_errors_and_closes_come_through(servers: WorkerServers) -> None:
    here, there = await servers.open(), await servers.open()
    ada = await here.enter("Ada", active_limit=2)
    ben = await there.enter("Ben", active_limit=2)
    here.admit("Cleo", active_limit=2)
    assert (await there.refused("Cleo"))["code"] == "room_full"
    assert (await there.refused("nobody"))["code"] == "token_invalid"
    assert await ben.is_refused("hand") == "bad_request"

    await ben.send("leave")
    assert await ben.closed() == 1000
    await ada.hears("participant.left", reason="left")
    again = await there.enter("Ben", active_limit=2)
    second = await here.enter("Ben", active_limit=2)
    await again.hears("ended", reason="replaced")
    assert await again.closed() == 4002
    await there.bus.publish(RoomDestroyed(1, "lounge"))
    for client in (ada, second):
        await client.hears("ended", reason="room_closed")
        assert await client.closed() == 4003


async def test_a_long_text_is_cut_and_put_together(servers: WorkerServers) -> None:
    here, there = await servers.open(), await servers.open()
    ada, ben = await here.enter("Ada"), await there.enter("Ben")
    text = "🦜" * 3900
    for _ in range(9):
        await ada.does("chat", text=text)
    for _ in range(9):
        assert (await ben.hears("chat"))["message"]["text"] == text
    # More than one payload of the message server holds.
    await ben.connection.send('{"type":"chat","text":"' + "x" * (256 * 1024) + '"}')
    assert await ben.closed() == 1009
    await ada.hears(
        lambda one: one["type"] == "participant.updated" and one["participant"]["state"] != "connected"
    )


async def test_two_that_ask_at_once_get_one_room(servers: WorkerServers) -> None:
    several = [await servers.open() for _ in range(3)]
    for number in range(10):
        room = f"room-{number}"
        names = [several[0].admit(f"{server}-{room}", room=room) for server in range(3)]
        people = await asyncio.gather(
            *(server.join(name, room) for server, name in zip(several, names, strict=True))
        )
        await asyncio.gather(*(person.does("chat", text="here") for person in people))
        for person in people:
            for _ in people:
                await person.hears("chat")
        assert sum(server.has(room) for server in several) == 1


async def test_a_lost_connection_is_resumed_over_another_process(servers: WorkerServers) -> None:
    here, there, elsewhere = await servers.open(), await servers.open(), await servers.open()
    ada, ben = await here.enter("Ada"), await there.enter("Ben")
    await ben.does("hand", raised=True)
    await ben.drop()
    await ada.hears(
        lambda one: one["type"] == "participant.updated" and one["participant"]["state"] != "connected"
    )
    again = await back(ben, elsewhere, "Ben")
    assert again.joined["resumed"]
    assert again.id == ben.id
    assert "handRaisedAt" in again.joined["self"]


async def test_whoever_came_over_a_process_that_is_gone_resumes_over_another(
    servers: WorkerServers, record_property: Record
) -> None:
    here, there, elsewhere = await servers.open(), await servers.open(), await servers.open()
    ada, ben = await here.enter("Ada"), await there.enter("Ben")
    await ben.does("hand", raised=True)
    await there.vanish()
    started = time.monotonic()
    again = await back(ben, elsewhere, "Ben")
    record_property("seconds", time.monotonic() - started)
    assert again.joined["resumed"]
    assert "handRaisedAt" in again.joined["self"]
    await again.does("chat", text="back")
    await ada.hears("chat")


async def test_the_room_of_a_process_that_is_gone_is_another_process_at_once(
    servers: WorkerServers, record_property: Record
) -> None:
    gone, here, there = await servers.open(), await servers.open(), await servers.open()
    ada = await gone.enter("Ada")
    ben, cleo = await here.enter("Ben"), await there.enter("Cleo")
    assert gone.has()
    await gone.vanish()
    started = time.monotonic()
    # The browser of who was at the process itself finds its socket broken; the others are told.
    codes = await asyncio.gather(ben.closed(PATIENCE), cleo.closed(PATIENCE))
    assert codes == [1012, 1012]
    told = time.monotonic() - started
    again = await asyncio.gather(back(ben, here, "Ben"), back(cleo, there, "Cleo"), back(ada, there, "Ada"))
    await again[0].does("chat", text="all back")
    for one in again:
        await one.hears("chat")
    seconds = time.monotonic() - started
    record_property("told after", told)
    record_property("seconds", seconds)
    print(f"told after {told:.2f} s, all back after {seconds:.2f} s")
    assert here.has() != there.has()


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody notices the silence of a process."""
    monkeypatch.setattr(membership, "SUSPECT_AFTER", 3600.0)
    monkeypatch.setattr(membership, "GONE_AFTER", 3600.0)


@pytest.mark.usefixtures("silent")
async def test_whoever_finds_a_process_gone_tells_the_others(servers: WorkerServers) -> None:
    gone, here, there = await servers.open(), await servers.open(), await servers.open()
    ada = await gone.enter("Ada")
    ben, cleo = await here.enter("Ben"), await there.enter("Cleo")
    await gone.vanish()
    again = await back(ada, here, "Ada")
    assert [await ben.closed(PATIENCE), await cleo.closed(PATIENCE)] == [1012, 1012]
    cleo_again = await back(cleo, there, "Cleo")
    await cleo_again.does("chat", text="here as well")
    await again.hears("chat")
    assert here.has()
    assert not there.has()


@pytest.mark.usefixtures("silent")
async def test_a_process_that_is_told_to_look_finds_who_is_gone_and_nobody_else(
    servers: WorkerServers,
) -> None:
    gone, here, there = await servers.open(), await servers.open(), await servers.open()
    await gone.enter("Ada")
    ben = await here.enter("Ben")
    await there.enter("Dee", room="cellar")
    cleo = await here.enter("Cleo", room="cellar")
    here.cluster.look()
    await gone.vanish()
    told = asyncio.create_task(ben.closed(PATIENCE))
    while not told.done():
        here.cluster.look()
        await asyncio.wait({told}, timeout=0.05)
    assert told.result() == 1012
    await cleo.does("chat", text="still here")
    assert there.has("cellar")


async def test_what_moderators_decided_holds_when_the_process_is_gone(servers: WorkerServers) -> None:
    gone, here = await servers.open(), await servers.open()
    mod = await gone.enter("Mod", MODERATOR)
    ada, ben = await here.enter("Ada"), await here.enter("Ben", PARTICIPANT & ~Permission.CHAT)
    await mod.does("permit", participantId=ada.id, permissions={"voice": False})
    await mod.does("permit", participantId=ben.id, permissions={"chat": True})
    await servers.written(2)
    await gone.vanish()
    again = await back(ada, here, "Ada")
    assert not again.joined["resumed"]
    assert not again.joined["permissions"]["voice"]
    assert (await back(ben, here, "Ben")).joined["permissions"]["chat"]


async def test_a_process_that_comes_back_late_gives_its_rooms_up(servers: WorkerServers) -> None:
    late, here = await servers.open(), await servers.open()
    ada, ben = await late.enter("Ada"), await here.enter("Ben")
    await late.vanish()
    assert await ben.closed() == 1012
    again = await back(ben, here, "Ben")
    assert here.has()
    # It still has Ada's socket, and knows of nothing until it looks.
    late.connection.start()
    assert await ada.closed() == 1012
    await until(lambda: not late.has())
    # Whoever has the room has logged the end of the stays when it took it.
    assert not [kind for kind, _, _ in late.notes.kept if kind in ("room.left", "room.emptied")]
    ada_again = await back(ada, late, "Ada")
    await ada_again.does("chat", text="one room again")
    await again.hears("chat")
    assert here.has()
    assert not late.has()


async def test_a_join_on_its_way_opens_no_room_that_another_process_has_taken(servers: WorkerServers) -> None:
    late, here = await servers.open(), await servers.open()
    late.admit("Ada")
    hold = late.gate.hold("Ada")
    ada = await late.connect()
    await ada.send("join", id="first", token="Ada", roomId="lounge")
    await hold.reached.wait()
    await late.vanish()
    ben = await here.enter("Ben")
    late.connection.start()
    await until(lambda: not late.cluster.ownership.is_mine("lounge"))
    hold.released.set()
    answer = await ada.hears(lambda one: one.get("id") == "first")
    assert answer.get("code") == "media_unavailable"
    assert await ada.closed() == 4000
    assert not late.has()
    again = await late.join("Ada")
    assert not late.has()
    await again.does("chat", text="one room")
    await ben.hears("chat")


async def test_rooms_go_on_by_themselves_while_nats_is_away_and_together_afterwards(
    servers: WorkerServers,
) -> None:
    here, there = await servers.open(), await servers.open()
    ada, ben = await here.enter("Ada"), await there.enter("Ben")
    assert servers.nats.pid is not None
    psutil.Process(servers.nats.pid).kill()
    assert await ben.closed() == 1012
    await ada.does("chat", text="still here")
    again = await back(ben, there, "Ben")
    assert again.joined["resumed"]
    assert [one["text"] for one in again.joined["chat"]] == ["still here"]
    assert here.has()
    assert not there.has()


async def test_every_process_knows_who_is_inside(
    servers: WorkerServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "REMEMBER_GONE", 12.0)  # longer than the machine stands still
    here, there = await servers.open(), await servers.open()

    def inside(server: WorkerServer) -> dict[str, LiveState]:
        people = server.service.occupants(["lounge"]).get("lounge", ())
        return {one.display_name: one.state for one in people}

    await here.enter("Ada")
    ben = await there.enter("Ben")
    both = {"Ada": LiveState.CONNECTED, "Ben": LiveState.CONNECTED}
    await until(lambda: inside(here) == inside(there) == both)
    late = await servers.open()
    await until(lambda: inside(late) == both)
    await ben.drop()
    await until(lambda: inside(late)["Ben"] is LiveState.TIMED_OUT)
    await here.vanish()
    await until(lambda: inside(late)["Ada"] is LiveState.TIMED_OUT)
    await until(lambda: inside(late) == inside(there) == {})


async def test_who_is_shut_out_goes_wherever_their_room_is(servers: WorkerServers) -> None:
    here, there = await servers.open(), await servers.open()
    await here.enter("Ada")
    ben = await there.enter("Ben")
    await there.bus.publish(AccessRevoked(1, "user-Ben"))
    await ben.hears("ended", reason="revoked")
    assert await ben.closed() == 4004


async def test_what_was_missed_is_looked_at_afterwards(servers: WorkerServers) -> None:
    here = await servers.open()
    ben = await here.enter("Ben")
    await here.vanish()
    del here.gate.admissions["Ben"]  # revoked at another process, which nobody hears of here
    here.connection.start()
    await ben.hears("ended", reason="revoked")


async def test_a_process_that_ends_in_order_hands_its_rooms_over(servers: WorkerServers) -> None:
    here = await servers.open()
    ada = await here.enter("Ada", MODERATOR)
    there = await servers.open()
    ben = await there.enter("Ben")
    await ada.does("permit", participantId=ben.id, permissions={"chat": False})
    await here.service.stop()
    assert await ada.closed() == await ben.closed() == 1012
    left = [data["display_name"] for kind, _, data in here.notes.kept if kind == "room.left"]
    assert left == ["Ada", "Ben"]
    await here.overrides.finish()
    await here.cluster.stop()
    again = await back(ben, there, "Ben")
    assert there.has()
    assert not again.joined["permissions"]["chat"]


async def test_what_is_done_to_everybody_reaches_those_at_other_processes_and_outlives_one(
    servers: WorkerServers,
) -> None:
    here, there = await servers.open(), await servers.open()
    ada, ben = await here.enter("Ada", MODERATOR), await there.enter("Ben")
    await ben.does("media", microphone=True, camera=False, screen=False)
    await ada.does("moderate-all", action="mute")
    await ben.hears("everybody", action="mute")
    await ada.does("permit-all", permissions={"voice": False})
    await ada.does("lock", locked=True)
    cleo = await there.connect()
    here.admit("Cleo")
    refused = await cleo.ask("join", token="Cleo", roomId="lounge")
    assert refused["code"] == "room_locked"

    await servers.rules_written(1)
    await here.vanish()
    assert await ben.closed() == 1012
    again = (await back(ben, there, "Ben", letIn=ben.joined["letIn"])).joined
    assert (again["room"]["locked"], again["room"]["forbidden"]) == (True, ["voice"])
    assert not again["permissions"]["voice"]


async def test_a_recording_is_begun_over_another_process_and_goes_on_when_the_rooms_is_gone(
    servers: WorkerServers, tmp_path: Path
) -> None:
    reels = Reels(tmp_path)
    gone, here = [await servers.open(recording_sessions=reels) for _ in range(2)]
    ada, mod = await gone.enter("Ada"), await here.enter("Mod", MODERATOR)
    assert mod.joined["canRecord"]
    await mod.does("recording.start")
    assert (await ada.hears("room.updated", byName="Mod"))["room"]["toBeRecorded"]
    await until(lambda: len(reels.given) == 1)
    await servers.rules_written(1)
    await gone.vanish()
    assert await mod.closed() == 1012
    again = await back(mod, here, "Mod")
    assert again.joined["room"]["toBeRecorded"]
    await until(lambda: len(reels.given) == 2)
    await again.does("recording.stop")
    assert not (await again.hears("room.updated", byName="Mod"))["room"]["toBeRecorded"]
    await servers.rules_written(0)

"""What moderators have granted and revoked outlives the process, but not the conference; that they have put
somebody out outlives both."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import select

from switchroom.conference.cluster.ownership import RoomOwnership
from switchroom.conference.room.participants import Overrides
from switchroom.conference.room.permission_overrides import OverrideRecords, RoomOverride
from switchroom.db import schema, write_behind
from switchroom.db.database import Database
from switchroom.rooms.models import RoomMode
from switchroom.rooms.permissions import MODERATOR, SPECTATOR, Permission
from tests.conference.room import Client, RoomServer, room_server
from tests.conference.test_waiting import MEETING, is_let_in, join_waiting, moderator
from tests.platform import Tenant

SPECTATORS = RoomMode.SPECTATOR
VOICE_ON = {"microphone": True, "camera": False, "screen": False}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    await schema.upgrade(opened)
    yield opened
    await opened.close()


@asynccontextmanager
async def server_with(database: Database) -> AsyncGenerator[RoomServer]:
    """A server that stops in order. Nobody writes before, so that whoever takes it for done is found out."""
    records = OverrideRecords(database)
    async with room_server(overrides=records) as server:
        yield server
    await records.finish()


async def written(database: Database) -> list[str]:
    """The user ids of those for whom something is written."""
    async with database.read(None) as session:
        return sorted(await session.scalars(select(RoomOverride.user_id)))


async def enters(server: RoomServer, name: str, **fields: Any) -> Client:
    return await server.join(server.admit(name, mode=SPECTATORS), **fields)


async def watches(server: RoomServer, name: str, **fields: Any) -> Client:
    return await server.join(server.admit(name, SPECTATOR, mode=SPECTATORS), **fields)


async def leaves(*clients: Client) -> None:
    for client in clients:
        await client.send("leave")
        assert await client.closed() == 1000


async def test_it_holds_after_a_restart(database: Database) -> None:
    async with server_with(database) as server:
        mod = await server.enter("Mod", MODERATOR, mode=SPECTATORS)
        ada, ben = await enters(server, "Ada"), await watches(server, "Ben")
        await mod.does("permit", participantId=ada.id, permissions={"voice": False, "chat": False})
        await mod.does("permit", participantId=ada.id, permissions={"chat": True})
        await mod.does("permit", participantId=ben.id, permissions={"voice": True})
    async with server_with(database) as server:
        ada = await enters(server, "Ada", media=VOICE_ON)
        ben = await watches(server, "Ben", media=VOICE_ON)
        assert not ada.joined["resumed"]
        assert not ada.joined["permissions"]["voice"]
        assert not ada.joined["self"]["microphone"]
        assert ada.joined["permissions"]["chat"]
        assert await ada.is_refused("media", **VOICE_ON) == "not_allowed"
        assert ben.joined["permissions"]["voice"]
        assert ben.joined["self"]["microphone"]
        assert not ben.joined["self"]["isSpectator"]


async def test_a_room_that_all_have_left_begins_anew(database: Database) -> None:
    async with server_with(database) as server:
        mod, ada = await server.enter("Mod", MODERATOR), await server.enter("Ada")
        await mod.does("permit", participantId=ada.id, permissions={"voice": False})
        await leaves(ada)
        ada = await server.join("Ada")
        assert not ada.joined["permissions"]["voice"], "somebody was in the room"
        await leaves(ada, mod)
        ada = await server.join("Ada")
        assert ada.joined["permissions"]["voice"]
        await leaves(ada)
    assert await written(database) == []


async def test_it_begins_anew_too_where_somebody_waits_meanwhile(database: Database) -> None:
    async with server_with(database) as server:
        mod = await server.enter("Mod", MODERATOR, meeting_id=MEETING)
        await join_waiting(server, "Ada")
        await mod.does("permit", participantId=mod.id, permissions={"video": False})
        await leaves(mod)
        assert (await server.join("Mod")).joined["permissions"]["video"]


@pytest.mark.parametrize("how", ["left", "given up"])
async def test_who_has_a_room_again_looks_anew(database: Database, how: str) -> None:
    async with server_with(database) as server:
        ada = await server.enter("Ada")
        if how == "left":
            await leaves(ada)
        else:
            server.service.give_up("lounge")
        async with server_with(database) as other:
            mod, ada = await other.enter("Mod", MODERATOR), await other.enter("Ada")
            await mod.does("permit", participantId=ada.id, permissions={"voice": False})
        assert not (await server.join("Ada")).joined["permissions"]["voice"]


async def test_after_a_restart_too_it_ends_with_the_conference(database: Database) -> None:
    async with server_with(database) as server:
        mod, ada = await server.enter("Mod", MODERATOR), await server.enter("Ada")
        await mod.does("permit", participantId=ada.id, permissions={"voice": False})
    async with server_with(database) as server:
        await leaves(await server.enter("Mod", MODERATOR))
        assert (await server.enter("Ada")).joined["permissions"]["voice"]
    assert await written(database) == []


async def test_who_is_not_let_in_ends_no_conference(database: Database) -> None:
    async with server_with(database) as server:
        mod, ada = await server.enter("Mod", MODERATOR), await server.enter("Ada")
        await mod.does("permit", participantId=ada.id, permissions={"voice": False})
    async with server_with(database) as server:
        server.admit("Sam", SPECTATOR)
        assert (await server.refused("Sam"))["code"] == "spectators_not_allowed"
        assert not (await server.enter("Ada")).joined["permissions"]["voice"]


async def put_out(server: RoomServer) -> str:
    """Ben is let in, and put out again. The pass that he has kept."""
    mia, ben = await moderator(server), await join_waiting(server, "Ben")
    await mia.does("admit", participantId=ben.id)
    joined = await is_let_in(ben)
    await mia.does("moderate", participantId=joined["participantId"], action="remove")
    await ben.closed()
    await leaves(mia)
    return joined["letIn"]


async def comes_back(server: RoomServer, let_in: str) -> Client:
    token = server.admit("Ben", waits=True, meeting_id=MEETING)
    client = await server.connect()
    client.joined = await client.ask("join", token=token, roomId="lounge", letIn=let_in)
    return client


async def test_whoever_was_put_out_waits_again_though_the_room_was_empty(database: Database) -> None:
    async with server_with(database) as server:
        let_in = await put_out(server)
        first = await comes_back(server, let_in)
        assert first.joined["type"] == "waiting"
        await leaves(first)
        assert (await comes_back(server, let_in)).joined["type"] == "waiting"


async def test_whoever_was_put_out_waits_again_after_a_restart_until_let_in(database: Database) -> None:
    async with server_with(database) as server:
        let_in = await put_out(server)
    async with server_with(database) as server:
        ben = await comes_back(server, let_in)
        assert ben.joined["type"] == "waiting"
        mia = await moderator(server)
        await mia.does("permit", participantId=mia.id, permissions={"video": False})
        await leaves(mia)
    async with server_with(database) as server:
        mia, ben = await moderator(server), await comes_back(server, let_in)
        assert ben.joined["type"] == "waiting"
        assert mia.joined["permissions"]["video"]
        await mia.does("admit", participantId=ben.joined["participantId"])
        let_in = (await is_let_in(ben))["letIn"]
    async with server_with(database) as server:
        assert (await comes_back(server, let_in)).joined["type"] == "joined"
    assert await written(database) == []


async def test_it_is_forgotten_when_no_pass_from_before_is_good_any_more(database: Database) -> None:
    records = OverrideRecords(database)
    for user_id, until in (("user-Ada", int(time.time()) + 60), ("user-Ben", int(time.time()) - 60)):
        records.note("lounge", user_id, Overrides(removed_until=until))
    await records.finish()
    assert [one.is_removed for one in (await records.load("lounge")).values()] == [True, False]
    records.forget("lounge")
    await records.finish()
    assert await written(database) == ["user-Ada"]


async def test_what_comes_late_from_a_process_that_has_the_room_no_longer_is_not_written(
    database: Database,
) -> None:
    late, now = OverrideRecords(database), OverrideRecords(database)
    owns = {name: RoomOwnership(database, name) for name in ("late", "now")}
    late.ownership, now.ownership = owns["late"], owns["now"]
    assert await owns["late"].acquire("lounge") == "late"
    late.note("lounge", "user-Ada", Overrides(revoked=Permission.VOICE))
    await late.finish()
    assert await owns["now"].acquire("lounge", instead_of="late") == "now"
    late.forget("lounge")
    late.note("lounge", "user-Ben", Overrides(granted=Permission.VOICE))
    await late.finish()
    assert await now.load("lounge") == {"user-Ada": Overrides(revoked=Permission.VOICE)}


async def test_however_many_changes_wait_what_holds_last_is_written(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_behind, "MOST_WAITING", 2)
    records = OverrideRecords(database)
    for held in (Overrides(revoked=Permission.VOICE), Overrides(), Overrides(granted=Permission.VIDEO)):
        for user_id in ("user-Ada", "user-Ben"):
            records.note("lounge", user_id, held)
    assert await records.load("lounge") == {
        "user-Ada": Overrides(granted=Permission.VIDEO),
        "user-Ben": Overrides(granted=Permission.VIDEO),
    }


def test_rooms_that_were_deleted_while_nobody_had_them_leave_nothing_behind(tenant: Tenant) -> None:
    running, room = tenant.running, tenant.room()
    records = running.platform.live.overrides

    async def revoke() -> None:
        records.note(room, "user-Ada", Overrides(revoked=Permission.VOICE))
        await records.finish()

    running.run(revoke())
    running.run(records.tidy())
    assert running.run(records.load(room))
    tenant.api("roomService/destroy", roomId=room)
    running.run(records.tidy())
    assert not running.run(records.load(room))

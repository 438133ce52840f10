"""What moderators have granted, revoked and forbidden outlives the process, but not the conference; that they
have put somebody out outlives both."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from switchroom.conference.cluster.ownership import RoomOwnership
from switchroom.conference.room import override_records
from switchroom.conference.room.override_records import OverrideRecords, OverrideRow, RuleRow
from switchroom.conference.room.permission_overrides import Overrides, Removal, Rules
from switchroom.db import write_behind
from switchroom.db.database import Database
from switchroom.rooms.models import RoomMode
from switchroom.rooms.permissions import MODERATOR, SPECTATOR, Permission
from tests.conference.room import Client, RoomServer, room_server
from tests.conference.test_recording import Reels
from tests.conference.test_waiting import MEETING, join_waiting
from tests.platform import Tenant

SPECTATORS = RoomMode.SPECTATOR
VOICE_ON = {"microphone": True, "camera": False, "screen": False}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(database_url)
    yield opened
    await opened.close()


@asynccontextmanager
async def server_with(database: Database, reels: Reels | None = None) -> AsyncGenerator[RoomServer]:
    """A server that stops in order. Nobody writes before, so that whoever takes it for done is found out."""
    records = OverrideRecords(database)
    async with room_server(overrides=records, recording_sessions=reels) as server:
        yield server
    await records.finish()


async def written(database: Database) -> list[str]:
    """The user ids of those for whom something is written."""
    async with database.read(None) as session:
        return sorted(await session.scalars(select(OverrideRow.user_id)))


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


async def put_out(server: RoomServer) -> None:
    """Ben comes in, and is put out."""
    mia, ben = await server.enter("Mia", MODERATOR), await server.enter("Ben")
    await mia.does("moderate", participantId=ben.id, action="remove")
    await ben.closed()
    await leaves(mia)


async def test_whoever_was_put_out_stays_out_though_the_room_was_empty(database: Database) -> None:
    async with server_with(database) as server:
        await put_out(server)
        assert (await server.refused("Ben"))["code"] == "removed_from_room"
        await leaves(await server.join("Mia"))
        assert (await server.refused("Ben"))["code"] == "removed_from_room"


async def test_whoever_was_put_out_stays_out_after_a_restart_until_let_back(database: Database) -> None:
    async with server_with(database) as server:
        await put_out(server)
    async with server_with(database) as server:
        server.admit("Ben")
        assert (await server.refused("Ben"))["code"] == "removed_from_room"
        mia = await server.enter("Mia", MODERATOR)
        await mia.does("permit", participantId=mia.id, permissions={"video": False})
        await leaves(mia)
    async with server_with(database) as server:
        server.admit("Ben")
        assert (await server.refused("Ben"))["code"] == "removed_from_room"
        mia = await server.enter("Mia", MODERATOR)
        assert mia.joined["permissions"]["video"]
        (ben,) = (await mia.ask("removed"))["people"]
        assert (ben["displayName"], ben["byName"]) == ("Ben", "Mia")
        await mia.does("readmit", userId=ben["userId"])
        await server.join("Ben")
    assert await written(database) == []


async def test_who_was_put_out_is_forgotten_in_time(database: Database) -> None:
    records, moment = OverrideRecords(database), int(time.time())
    for user_id, until in (("user-Ada", moment + 60), ("user-Ben", moment - 60)):
        removal = Removal(until=until, display_name=user_id, is_guest=True, browser="b", by_name="Mia")
        records.note_person("lounge", user_id, Overrides(), removal)
    await records.finish()
    loaded = await records.load("lounge")
    assert list(loaded.removals) == ["user-Ben", "user-Ada"]
    assert list(loaded.removed()) == ["user-Ada"]
    assert loaded.removals["user-Ada"] == Removal(
        until=moment + 60, display_name="user-Ada", is_guest=True, browser="b", by_name="Mia"
    )
    records.forget("lounge")
    await records.finish()
    assert await written(database) == ["user-Ada"]


async def test_rules_hold_after_a_restart_and_end_with_the_conference(database: Database) -> None:
    async with server_with(database) as server:
        mod, ada = await server.enter("Mod", MODERATOR), await server.enter("Ada")
        await mod.does("permit-all", permissions={"voice": False, "screen": False})
        await mod.does("permit-all", permissions={"screen": True})
        await mod.does("lock", locked=True)
        let_in = ada.joined["letIn"]
    async with server_with(database) as server:
        server.admit("Ben")
        assert (await server.refused("Ben"))["code"] == "room_locked"
        server.admit("Ada")
        ada = await server.join("Ada", letIn=let_in, media=VOICE_ON)
        assert (ada.joined["room"]["locked"], ada.joined["room"]["forbidden"]) == (True, ["voice"])
        assert not ada.joined["self"]["microphone"]
        await leaves(ada)
        assert (await server.join("Ben")).joined["permissions"]["voice"]
    async with server_with(database) as server:
        ben = await server.enter("Ben")
        assert (ben.joined["room"]["locked"], ben.joined["room"]["forbidden"]) == (False, [])


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_locked_room_keeps_out_who_was_inside_an_earlier_session(
    database: Database, restarted: bool
) -> None:
    async with server_with(database) as server:
        ada = await server.enter("Ada")
        await leaves(ada)
        mod, ben = await server.enter("Mod", MODERATOR), await server.enter("Ben")
        await mod.does("lock", locked=True)
        await leaves(ben)
        if not restarted:
            assert (await server.refused("Ada", letIn=ada.joined["letIn"]))["code"] == "room_locked"
            await server.join("Ben", letIn=ben.joined["letIn"])
    if restarted:
        async with server_with(database) as server:
            server.admit("Ada")
            server.admit("Ben")
            assert (await server.refused("Ada", letIn=ada.joined["letIn"]))["code"] == "room_locked"
            await server.join("Ben", letIn=ben.joined["letIn"])


async def test_a_lock_that_nobody_keeps_up_is_over_in_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(override_records, "LOCKED_FOR", -1)
    records = OverrideRecords(database)
    records.note_rules("lounge", Rules(Permission.VOICE, locked=True), "a session")
    await records.finish()
    assert (await records.load("lounge")).rules == Rules()
    await records.tidy()
    async with database.read(None) as session:
        assert not (await session.scalars(select(RuleRow))).all()


async def test_a_recording_goes_on_after_a_restart_unless_that_takes_long(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reels = Reels(tmp_path)
    async with server_with(database, reels) as server:
        mod = await server.enter("Mod", MODERATOR)
        await mod.does("recording.start")
    async with server_with(database, reels) as server:
        assert (await server.enter("Ada")).joined["room"]["toBeRecorded"] is True
        monkeypatch.setattr(override_records, "RECORDED_FOR", -1)
        live = server.service.find("lounge")
        assert live is not None
        live.conference.overrides.keep_up()
    async with server_with(database, reels) as server:
        assert (await server.enter("Ada")).joined["room"]["toBeRecorded"] is False


async def test_a_recording_that_was_stopped_stays_so_after_a_restart(
    database: Database, tmp_path: Path
) -> None:
    async with server_with(database, Reels(tmp_path)) as server:
        mod = await server.enter("Mod", MODERATOR, meeting_id=MEETING, recorded=True)
        assert mod.joined["room"]["toBeRecorded"] is True
        await mod.does("recording.stop")
    async with server_with(database, Reels(tmp_path)) as server:
        mod = await server.enter("Mod", MODERATOR, meeting_id=MEETING, recorded=True)
        assert mod.joined["room"]["toBeRecorded"] is False
        await leaves(mod)
        mod = await server.enter("Mod", MODERATOR, meeting_id=MEETING, recorded=True)
        assert mod.joined["room"]["toBeRecorded"] is True


async def test_who_was_made_a_moderator_is_one_after_a_restart(database: Database) -> None:
    async with server_with(database) as server:
        mod, ada = await server.enter("Mod", MODERATOR), await server.enter("Ada")
        await mod.does("promote", participantId=ada.id, moderator=True)
    async with server_with(database) as server:
        ada, ben = await server.enter("Ada"), await server.enter("Ben")
        assert ada.joined["permissions"]["promote"]
        await ada.does("moderate", participantId=ben.id, action="mute")
        await leaves(ada, ben)
        assert not (await server.join("Ada")).joined["permissions"]["promote"]


async def test_what_comes_late_from_a_process_that_has_the_room_no_longer_is_not_written(
    database: Database,
) -> None:
    late, now = OverrideRecords(database), OverrideRecords(database)
    owns = {name: RoomOwnership(database, name) for name in ("late", "now")}
    late.ownership, now.ownership = owns["late"], owns["now"]
    assert await owns["late"].acquire("lounge") == "late"
    late.note_person("lounge", "user-Ada", Overrides(revoked=Permission.VOICE), None)
    await late.finish()
    assert await owns["now"].acquire("lounge", instead_of="late") == "now"
    late.forget("lounge")
    late.note_person("lounge", "user-Ben", Overrides(granted=Permission.VOICE), None)
    late.note_rules("lounge", Rules(locked=True), "a session")
    await late.finish()
    loaded = await now.load("lounge")
    assert (loaded.people, loaded.rules) == ({"user-Ada": Overrides(revoked=Permission.VOICE)}, Rules())


async def test_however_many_changes_wait_what_holds_last_is_written(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_behind, "MOST_WAITING", 2)
    records = OverrideRecords(database)
    for held in (Overrides(revoked=Permission.VOICE), Overrides(), Overrides(granted=Permission.VIDEO)):
        for user_id in ("user-Ada", "user-Ben"):
            records.note_person("lounge", user_id, held, None)
    assert (await records.load("lounge")).people == {
        "user-Ada": Overrides(granted=Permission.VIDEO),
        "user-Ben": Overrides(granted=Permission.VIDEO),
    }


def test_rooms_that_were_deleted_while_nobody_had_them_leave_nothing_behind(tenant: Tenant) -> None:
    running, room = tenant.running, tenant.room()
    records = running.platform.live.overrides

    async def revoke() -> None:
        records.note_person(room, "user-Ada", Overrides(revoked=Permission.VOICE), None)
        records.note_rules(room, Rules(locked=True), "a session")
        await records.finish()

    running.run(revoke())
    running.run(records.tidy())
    assert running.run(records.load(room)).people
    tenant.api("roomService/destroy", roomId=room)
    running.run(records.tidy())
    loaded = running.run(records.load(room))
    assert (loaded.people, loaded.rules) == ({}, Rules())

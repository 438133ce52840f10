"""Losing the connection, coming back, leaving, being put out from outside."""

from __future__ import annotations

from datetime import timedelta

import pytest

from switchroom.conference.signalling import socket
from switchroom.db.base import now
from switchroom.errors import ErrorCode, Forbidden, TokenExpired, Unauthenticated
from switchroom.identity.notices import AccessRevoked
from switchroom.rooms.live import LiveState
from switchroom.rooms.models import RoomMode
from switchroom.rooms.notices import LinkDestroyed, RoomChanged, RoomDestroyed
from switchroom.rooms.permissions import MODERATOR, PARTICIPANT, SPECTATOR, Permission
from tests.conference.room import RoomServer, room_server


async def test_who_comes_back_in_time_is_who_they_were(server: RoomServer) -> None:
    ada = await server.enter("Ada", active_limit=2)
    ben = await server.enter("Ben", active_limit=2)
    await ada.does("media", microphone=True, camera=True, screen=False)
    await ada.does("hand", raised=True)
    await ada.drop()
    told = await ben.hears(lambda one: one.get("participant", {}).get("state") == "reconnecting")
    assert told["participant"]["id"] == ada.id
    assert (await server.refused(server.admit("Cem", active_limit=2)))["code"] == "room_full"

    back = await server.join("Ada", resume=ada.joined["resume"])
    assert back.joined["resumed"] is True
    assert back.id == ada.id
    assert back.joined["self"]["microphone"] is True
    assert back.joined["self"]["handRaisedAt"]
    assert back.joined["resume"] != ada.joined["resume"]
    told = await ben.hears(
        lambda one: one["type"] == "participant.updated" and one["participant"]["state"] == "connected"
    )
    assert told["participant"]["camera"] is True


async def test_what_was_switched_off_meanwhile_stays_off(server: RoomServer) -> None:
    mod = await server.enter("Mod", MODERATOR)
    ada = await server.enter("Ada")
    await ada.does("media", microphone=True, camera=True, screen=True)
    await ada.drop()
    await mod.hears(lambda one: one.get("participant", {}).get("state") == "reconnecting")
    await mod.does("moderate", participantId=ada.id, action="mute")
    wish = {"microphone": True, "camera": False, "screen": True}
    back = await server.join("Ada", resume=ada.joined["resume"], media=wish)
    seen = back.joined["self"]
    assert (seen["microphone"], seen["camera"], seen["screen"]) == (False, False, True)


async def test_who_does_not_come_back_is_lost() -> None:
    async with room_server(grace=0.2) as server:
        ada, ben = await server.enter("Ada"), await server.enter("Ben")
        await ada.drop()
        left = await ben.hears("participant.left")
        assert (left["participantId"], left["reason"]) == (ada.id, "lost")
        again = await server.join("Ada", resume=ada.joined["resume"])
        assert again.joined["resumed"] is False
        assert again.id != ada.id


async def test_a_resume_secret_is_good_once_and_in_its_room_only(server: RoomServer) -> None:
    ada = await server.enter("Ada")
    await server.enter("Ben")
    other = await server.join(server.admit("Eve", room="other"), "other", resume=ada.joined["resume"])
    assert other.joined["resumed"] is False
    back = await server.join("Ada", resume=ada.joined["resume"])
    assert back.joined["resumed"] is True
    third = await server.join("Ada", resume=ada.joined["resume"])
    assert third.joined["resumed"] is False


async def test_a_resume_secret_is_good_with_a_good_token_of_the_same_person_only(server: RoomServer) -> None:
    ada = await server.enter("Ada")
    assert (await server.refused("nobody", resume=ada.joined["resume"]))["code"] == "token_invalid"
    eve = await server.join(server.admit("Eve"), resume=ada.joined["resume"])
    assert (eve.joined["resumed"], eve.joined["self"]["displayName"]) == (False, "Eve")
    for error, code in (
        (TokenExpired(), "token_expired"),
        (Unauthenticated(ErrorCode.TOKEN_REVOKED), "token_invalid"),
    ):
        server.gate.admissions["stale"] = error
        assert (await server.refused("stale", resume=ada.joined["resume"]))["code"] == code
    await ada.does("hand", raised=True)
    server.gate.admissions["renewed"] = server.gate.admissions["Ada"]
    back = await server.join("renewed", resume=ada.joined["resume"])
    assert back.joined["resumed"] is True


async def test_a_resume_secret_is_good_with_a_token_of_the_same_organization_and_room_only(
    server: RoomServer,
) -> None:
    ada, gil = await server.enter("Ada"), await server.enter("Gil", link_id="link-1")
    abroad = server.admit("abroad", user_id="user-Ada", organization_id=2)
    elsewhere = server.admit("elsewhere", user_id="user-Gil", link_id="link-1", room="other")
    for token, secret in ((abroad, ada.joined["resume"]), (elsewhere, gil.joined["resume"])):
        client = await server.connect()
        answer = await client.ask("join", token=token, roomId="lounge", resume=secret)
        assert answer["resumed"] is False
    back = await server.join("Gil", resume=gil.joined["resume"])
    assert back.joined["resumed"] is True


async def test_a_second_connection_with_the_secret_takes_the_first_ones_place(server: RoomServer) -> None:
    ada = await server.enter("Ada")
    back = await server.join("Ada", resume=ada.joined["resume"])
    assert back.id == ada.id
    assert await ada.closed() == 4002
    await back.does("hand", raised=True)


async def test_a_silent_connection_is_lost(server: RoomServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "SILENCE_LIMIT", 0.3)
    ada, ben = await server.enter("Ada"), await server.enter("Ben")
    assert await ada.closed() == 1011
    # Ben's own silence ends his connection as well; what counts is that the server noticed Ada's.
    assert await ben.closed() == 1011


async def test_who_is_only_to_come_back_is_not_waited_for(
    server: RoomServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "LINGER", 3600.0)
    ada = await server.enter("Ada")
    for number in range(100):
        await ada.send("chat", text=f"still saying {number}")
    server.service.give_up("lounge")
    assert await ada.closed() == 1012


async def test_who_leaves_is_gone_at_once(server: RoomServer) -> None:
    ada, ben = await server.enter("Ada"), await server.enter("Ben")
    await ada.send("leave")
    assert await ada.closed() == 1000
    assert (await ben.hears("participant.left"))["reason"] == "left"
    assert server.service.occupants(["lounge"])["lounge"][0].display_name == "Ben"


async def test_the_last_to_leave_ends_the_conference(server: RoomServer) -> None:
    ada = await server.enter("Ada")
    await ada.does("chat", text="anyone here?")
    await ada.send("leave")
    await ada.closed()
    assert server.service.occupants(["lounge"]) == {}
    assert (await server.enter("Ben")).joined["chat"] == []


async def test_status_tells_who_is_inside(server: RoomServer) -> None:
    stage = RoomMode.SPECTATOR
    ada = await server.enter("Ada", room="stage", mode=stage)
    sam = await server.enter("Sam", SPECTATOR, room="stage", mode=stage, link_id="link")
    await ada.drop()
    await sam.hears(lambda one: one.get("participant", {}).get("state") == "reconnecting")
    inside = server.service.occupants(["stage", "lounge"])
    assert list(inside) == ["stage"]
    first, second = inside["stage"]
    assert (first.user_id, first.is_guest, first.is_spectator, first.state) == (
        "user-Ada",
        False,
        False,
        LiveState.TIMED_OUT,
    )
    assert (second.display_name, second.is_guest, second.is_spectator) == ("Sam", True, True)


async def test_a_destroyed_room_puts_everybody_out(server: RoomServer) -> None:
    ada, ben = await server.enter("Ada"), await server.enter("Ben")
    await server.bus.publish(RoomDestroyed(1, "lounge"))
    for client in (ada, ben):
        assert (await client.hears("ended"))["reason"] == "room_closed"
        assert await client.closed() == 4003


async def test_a_deleted_link_puts_its_guests_out(server: RoomServer) -> None:
    ada = await server.enter("Ada")
    guest = await server.enter("Gil", link_id="link-1")
    other = await server.enter("Kim", link_id="link-2")
    await server.bus.publish(LinkDestroyed(1, "lounge", "link-1"))
    assert (await guest.hears("ended"))["reason"] == "revoked"
    assert await guest.closed() == 4004
    assert (await ada.hears("participant.left"))["participantId"] == guest.id
    await other.does("hand", raised=True)


@pytest.mark.parametrize("subject", ["user-Gil", "link-1"])
async def test_revoked_access_ends_the_stay(server: RoomServer, subject: str) -> None:
    guest = await server.enter("Gil", link_id="link-1")
    await server.bus.publish(AccessRevoked(2, subject))
    await guest.does("hand", raised=True)
    await server.bus.publish(AccessRevoked(1, subject))
    assert await guest.closed() == 4004


async def test_revoked_access_leaves_those_who_have_signed_in_since(server: RoomServer) -> None:
    """The notice may come late: who came in meanwhile has another token."""
    revoked_at = now()
    moment = revoked_at.timestamp()
    before = await server.enter("Ada", user_id="a", issued_at=moment - 1)
    after = await server.enter("Ben", user_id="b", issued_at=moment + 0.5)
    for subject in "ab":
        await server.bus.publish(AccessRevoked(1, subject, revoked_at))
    assert await before.closed() == 4004
    await after.does("hand", raised=True)
    await server.bus.publish(AccessRevoked(1, "b", revoked_at + timedelta(seconds=1)))
    assert await after.closed() == 4004


async def test_a_changed_room_is_told_and_what_people_may_do_is_looked_at_again(server: RoomServer) -> None:
    ada = await server.enter("Ada")
    ben = await server.enter("Ben")
    cem = await server.enter("Cem")
    dee = await server.enter("Dee")
    await ben.does("media", microphone=True, camera=True, screen=False)
    server.admit("Ada", MODERATOR, mode=RoomMode.EXAM)
    server.admit("Ben", PARTICIPANT & ~Permission.VOICE, mode=RoomMode.EXAM)
    server.gate.admissions["Cem"] = Forbidden(ErrorCode.PERSON_LEFT)
    server.admit("Dee", mode=RoomMode.EXAM)
    await server.bus.publish(RoomChanged(1, "lounge"))

    assert await cem.closed() == 4004
    assert (await ada.hears("room.updated"))["room"]["mode"] == "exam"
    told = await ada.hears("self.updated")
    assert told["permissions"]["promote"] is True
    muted = await ben.hears(lambda one: one["type"] == "self.updated" and not one["permissions"]["voice"])
    assert (muted["self"]["microphone"], muted["self"]["camera"]) == (False, True)
    # In the exam, Ben and Dee no longer see each other; the new moderator sees both, with permissions.
    assert (await ben.hears("participant.left", participantId=dee.id))["reason"] == "left"
    shown = await ada.hears(
        lambda one: one["type"] == "participant.updated" and one["participant"]["id"] == dee.id
    )
    assert shown["participant"]["permissions"]["voice"] is True


async def test_people_are_told_to_reconnect_when_the_server_stops() -> None:
    async with room_server() as server:
        ada, outside = await server.enter("Ada"), await server.connect()
        await server.service.stop()
        for client in (ada, outside):
            assert await client.closed() == 1012
        happened = [(kind, data.get("reason")) for kind, _, data in server.notes.kept]
        assert happened[-2:] == [("room.left", "lost"), ("room.emptied", None)]

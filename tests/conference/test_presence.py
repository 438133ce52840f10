"""Losing the connection, coming back, leaving, being put out from outside."""

from __future__ import annotations

import pytest

from switchroom.conference.signalling import socket
from switchroom.errors import ErrorCode, Forbidden
from switchroom.identity.notices import AccessRevoked
from switchroom.rooms.live import LiveState
from switchroom.rooms.models import RoomMode
from switchroom.rooms.notices import LinkDeleted, RoomChanged, RoomDestroyed
from switchroom.rooms.permissions import MODERATOR, PARTICIPANT, SPECTATOR, Permission
from tests.conference.room import House, open_house


async def test_who_comes_back_in_time_is_who_they_were(house: House) -> None:
    ada = await house.enter("Ada", active_limit=2)
    ben = await house.enter("Ben", active_limit=2)
    await ada.does("media", microphone=True, camera=True, screen=False)
    await ada.does("hand", raised=True)
    await ada.drop()
    told = await ben.hears(lambda one: one.get("participant", {}).get("state") == "reconnecting")
    assert told["participant"]["id"] == ada.id
    assert (await house.refused(house.admit("Cem", active_limit=2)))["code"] == "room_full"

    back = await house.join("Ada", resume=ada.joined["resume"])
    assert back.joined["resumed"] is True
    assert back.id == ada.id
    assert back.joined["self"]["microphone"] is True
    assert back.joined["self"]["handRaisedAt"]
    assert back.joined["resume"] != ada.joined["resume"]
    told = await ben.hears(
        lambda one: one["type"] == "participant.updated" and one["participant"]["state"] == "connected"
    )
    assert told["participant"]["camera"] is True


async def test_what_was_switched_off_meanwhile_stays_off(house: House) -> None:
    mod = await house.enter("Mod", MODERATOR)
    ada = await house.enter("Ada")
    await ada.does("media", microphone=True, camera=True, screen=True)
    await ada.drop()
    await mod.hears(lambda one: one.get("participant", {}).get("state") == "reconnecting")
    await mod.does("moderate", participantId=ada.id, action="mute")
    wish = {"microphone": True, "camera": False, "screen": True}
    back = await house.join("Ada", resume=ada.joined["resume"], media=wish)
    seen = back.joined["self"]
    assert (seen["microphone"], seen["camera"], seen["screen"]) == (False, False, True)


async def test_who_does_not_come_back_is_lost() -> None:
    async with open_house(grace=0.2) as house:
        ada, ben = await house.enter("Ada"), await house.enter("Ben")
        await ada.drop()
        left = await ben.hears("participant.left")
        assert (left["participantId"], left["reason"]) == (ada.id, "lost")
        again = await house.join("Ada", resume=ada.joined["resume"])
        assert again.joined["resumed"] is False
        assert again.id != ada.id


async def test_a_resume_secret_is_good_once_and_in_its_room_only(house: House) -> None:
    ada = await house.enter("Ada")
    await house.enter("Ben")
    other = await house.join(house.admit("Eve", room="other"), "other", resume=ada.joined["resume"])
    assert other.joined["resumed"] is False
    back = await house.join("Ada", resume=ada.joined["resume"])
    assert back.joined["resumed"] is True
    third = await house.join("Ada", resume=ada.joined["resume"])
    assert third.joined["resumed"] is False


async def test_a_second_connection_with_the_secret_takes_the_first_ones_place(house: House) -> None:
    ada = await house.enter("Ada")
    back = await house.join("Ada", resume=ada.joined["resume"])
    assert back.id == ada.id
    assert await ada.closed() == 4002
    await back.does("hand", raised=True)


async def test_a_silent_connection_is_lost(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "SILENCE_LIMIT", 0.3)
    ada, ben = await house.enter("Ada"), await house.enter("Ben")
    assert await ada.closed() == 1011
    # Ben's own silence ends his connection as well; what counts is that the server noticed Ada's.
    assert await ben.closed() == 1011


async def test_who_leaves_is_gone_at_once(house: House) -> None:
    ada, ben = await house.enter("Ada"), await house.enter("Ben")
    await ada.send("leave")
    assert await ada.closed() == 1000
    assert (await ben.hears("participant.left"))["reason"] == "left"
    assert house.service.occupants(["lounge"])["lounge"][0].display_name == "Ben"


async def test_the_last_to_leave_ends_the_conference(house: House) -> None:
    ada = await house.enter("Ada")
    await ada.does("chat", text="anyone here?")
    await ada.send("leave")
    await ada.closed()
    assert house.service.occupants(["lounge"]) == {}
    assert (await house.enter("Ben")).joined["chat"] == []


async def test_status_tells_who_is_inside(house: House) -> None:
    stage = RoomMode.SPECTATOR
    ada = await house.enter("Ada", room="stage", mode=stage)
    sam = await house.enter("Sam", SPECTATOR, room="stage", mode=stage, link_id="link")
    await ada.drop()
    await sam.hears(lambda one: one.get("participant", {}).get("state") == "reconnecting")
    inside = house.service.occupants(["stage", "lounge"])
    assert list(inside) == ["stage"]
    first, second = inside["stage"]
    assert (first.user_id, first.is_guest, first.is_spectator, first.state) == (
        "user-Ada",
        False,
        False,
        LiveState.TIMED_OUT,
    )
    assert (second.display_name, second.is_guest, second.is_spectator) == ("Sam", True, True)


async def test_a_destroyed_room_puts_everybody_out(house: House) -> None:
    ada, ben = await house.enter("Ada"), await house.enter("Ben")
    await house.bus.publish(RoomDestroyed(1, "lounge"))
    for client in (ada, ben):
        assert (await client.hears("ended"))["reason"] == "room_closed"
        assert await client.closed() == 4003


async def test_a_deleted_link_puts_its_guests_out(house: House) -> None:
    ada = await house.enter("Ada")
    guest = await house.enter("Gil", link_id="link-1")
    other = await house.enter("Kim", link_id="link-2")
    await house.bus.publish(LinkDeleted(1, "lounge", "link-1"))
    assert (await guest.hears("ended"))["reason"] == "revoked"
    assert await guest.closed() == 4004
    assert (await ada.hears("participant.left"))["participantId"] == guest.id
    await other.does("hand", raised=True)


@pytest.mark.parametrize("subject", ["user-Gil", "link-1"])
async def test_revoked_access_ends_the_stay(house: House, subject: str) -> None:
    guest = await house.enter("Gil", link_id="link-1")
    await house.bus.publish(AccessRevoked(2, subject))
    await guest.does("hand", raised=True)
    await house.bus.publish(AccessRevoked(1, subject))
    assert await guest.closed() == 4004


async def test_a_changed_room_is_told_and_what_people_may_do_is_looked_at_again(house: House) -> None:
    ada = await house.enter("Ada")
    ben = await house.enter("Ben")
    cem = await house.enter("Cem")
    dee = await house.enter("Dee")
    await ben.does("media", microphone=True, camera=True, screen=False)
    house.admit("Ada", MODERATOR, mode=RoomMode.EXAM)
    house.admit("Ben", PARTICIPANT & ~Permission.VOICE, mode=RoomMode.EXAM)
    house.gate.admissions["Cem"] = Forbidden(ErrorCode.PERSON_LEFT)
    house.admit("Dee", mode=RoomMode.EXAM)
    await house.bus.publish(RoomChanged(1, "lounge"))

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
    async with open_house() as house:
        ada, outside = await house.enter("Ada"), await house.connect()
        await house.service.stop()
        for client in (ada, outside):
            assert await client.closed(limit=1) == 1012
        happened = [(kind, data.get("reason")) for kind, _, data in house.notes.kept]
        assert happened[-2:] == [("room.left", "lost"), ("room.emptied", None)]

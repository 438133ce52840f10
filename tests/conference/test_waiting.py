"""The waiting room before meetings whose people are let in one by one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from switchroom.conference.messages import LeftReason
from switchroom.db.base import now
from switchroom.identity.notices import AccessRevoked, OrganizationClosed
from switchroom.meetings.notices import MeetingChanged, MeetingOver
from switchroom.rooms.notices import RoomDestroyed
from switchroom.rooms.permissions import MODERATOR, PARTICIPANT
from tests.conference.room import Client, Message, RoomServer, room_server

MEETING = "5f2c8d6a-0000-4000-8000-000000000001"


async def join_waiting(
    server: RoomServer, name: str, *, user_id: str | None = None, limit: int | None = None, **admission: Any
) -> Client:
    """Somebody who has to be let in, and waits."""
    token = server.admit(
        name, waits=True, meeting_id=MEETING, user_id=user_id, active_limit=limit, **admission
    )
    client = await server.connect()
    answer = await client.ask("join", token=token, roomId="lounge")
    assert answer["type"] == "waiting", answer
    client.joined = answer
    return client


async def moderator(server: RoomServer, name: str = "Mia", *, limit: int | None = None) -> Client:
    return await server.enter(name, MODERATOR, meeting_id=MEETING, active_limit=limit)


async def is_let_in(client: Client) -> Message:
    client.joined = await client.hears("joined")
    return client.joined


def names(message: Message) -> list[str]:
    return [one["displayName"] for one in message["waiting"]]


async def test_who_waits_takes_no_part_until_a_moderator_lets_them_in(server: RoomServer) -> None:
    mia = await moderator(server, limit=2)
    ben = await join_waiting(server, "Ben", limit=2)
    assert ben.joined["room"]["displayName"] == "Lounge"
    assert ben.joined["moderatorPresent"] is True
    (told,) = (await mia.hears("waiting.updated"))["waiting"]
    assert {**told, "since": ""} == {"id": ben.id, "displayName": "Ben", "isGuest": False, "since": ""}
    assert await ben.is_refused("chat", text="hello") == "waiting"
    assert await ben.is_refused("media", microphone=True, camera=False, screen=False) == "waiting"
    assert not [one for one in await mia.everything() if one["type"] == "participant.joined"]
    assert [one.display_name for one in server.service.occupants(["lounge"])["lounge"]] == ["Mia"]
    await mia.does("admit", participantId=ben.id)
    joined = await is_let_in(ben)
    assert [one["displayName"] for one in joined["participants"]] == ["Mia"]
    assert "waiting" not in joined
    assert (await mia.hears("participant.joined"))["participant"]["displayName"] == "Ben"
    assert names(await mia.hears("waiting.updated", waiting=[])) == []
    await ben.does("chat", text="hello")


async def test_without_a_moderator_people_wait_and_are_told(server: RoomServer) -> None:
    ben = await join_waiting(server, "Ben")
    assert ben.joined["moderatorPresent"] is False
    assert server.service.find("lounge") is None
    mia = await moderator(server)
    assert names(mia.joined) == ["Ben"]
    assert (await ben.hears("waiting"))["moderatorPresent"] is True
    await mia.send("leave")
    assert (await ben.hears("waiting"))["moderatorPresent"] is False
    assert server.service.find("lounge") is None


async def test_only_moderators_see_who_waits_and_let_them_in(server: RoomServer) -> None:
    mia, anna = await moderator(server), await server.enter("Anna", meeting_id=MEETING)
    assert mia.joined["waiting"] == []
    assert "waiting" not in anna.joined
    ben = await join_waiting(server, "Ben")
    for request in ("admit", "deny"):
        assert await anna.is_refused(request, participantId=ben.id) == "not_allowed"
    assert await anna.is_refused("admit-all") == "not_allowed"
    assert await mia.is_refused("admit", participantId="x") == "participant_not_found"
    assert not [one for one in await anna.everything() if one["type"].startswith("waiting")]


async def test_all_are_let_in_at_once_as_far_as_there_is_place(server: RoomServer) -> None:
    mia = await moderator(server, limit=3)
    waiting = [await join_waiting(server, name, limit=3) for name in ("Ben", "Cleo", "Dan")]
    assert await mia.is_refused("admit-all") == "room_full"
    await is_let_in(waiting[0])
    await is_let_in(waiting[1])
    await mia.hears(lambda one: one["type"] == "waiting.updated" and names(one) == ["Dan"])
    await waiting[0].send("leave")
    await mia.hears("participant.left")
    await mia.does("admit-all")
    await is_let_in(waiting[2])


@pytest.mark.parametrize("reason", ["removed", "left"])
async def test_nobody_is_let_in_by_a_moderator_who_is_no_longer_inside(
    server: RoomServer, monkeypatch: pytest.MonkeyPatch, reason: LeftReason
) -> None:
    mia, max_ = await moderator(server), await moderator(server, "Max")
    _, cleo, _ = [await join_waiting(server, name) for name in ("Ben", "Cleo", "Dan")]
    live = server.service.find("lounge")
    assert live is not None
    conference = live.conference
    add = server.notes.add

    def go_after_the_first(*event: Any) -> None:
        if mia.id in conference.participants:
            asyncio.get_running_loop().call_soon(
                conference.remove, conference.find(mia.id), reason, "removed"
            )
        add(*event)

    monkeypatch.setattr("switchroom.conference.room.waiting_room.AT_ONCE", 0.0)
    monkeypatch.setattr(server.notes, "add", go_after_the_first)
    await mia.send("admit-all")
    await mia.closed()
    await max_.hears("participant.left", participantId=mia.id)
    lists = [names(one) for one in await max_.everything() if one["type"] == "waiting.updated"]
    assert lists[-1] == ["Cleo", "Dan"]
    assert not [one for one in await cleo.everything() if one["type"] == "joined"]


async def test_who_is_turned_away_is_told(server: RoomServer) -> None:
    mia, ben = await moderator(server), await join_waiting(server, "Ben")
    await mia.does("deny", participantId=ben.id)
    assert (await ben.hears("ended"))["reason"] == "denied"
    assert await ben.closed() == 4005
    await mia.hears("waiting.updated", waiting=[])


@pytest.mark.parametrize("goes", ["leaves", "is lost"])
async def test_who_goes_is_off_the_list(server: RoomServer, goes: str) -> None:
    mia, ben = await moderator(server), await join_waiting(server, "Ben")
    await mia.hears(lambda one: one["type"] == "waiting.updated" and names(one) == ["Ben"])
    if goes == "leaves":
        await ben.send("leave")
        assert await ben.closed() == 1000
    else:
        await ben.drop()
    await mia.hears("waiting.updated", waiting=[])
    assert await mia.is_refused("admit", participantId=ben.id) == "participant_not_found"


async def test_who_was_let_in_need_not_wait_again(server: RoomServer) -> None:
    mia, ben = await moderator(server), await join_waiting(server, "Ben")
    await mia.does("admit", participantId=ben.id)
    await is_let_in(ben)
    await ben.drop()
    resumed = await server.join("Ben", resume=ben.joined["resume"])
    assert resumed.joined["resumed"] is True
    again = await server.join("Ben")
    assert (await resumed.hears("ended"))["reason"] == "replaced"
    await again.send("leave")
    await again.closed()
    await server.join("Ben")


async def test_who_was_let_in_has_a_reentry_token_for_a_server_that_knows_nothing_of_it(
    server: RoomServer,
) -> None:
    mia, ben = await moderator(server), await join_waiting(server, "Ben")
    await mia.does("admit", participantId=ben.id)
    let_in = (await is_let_in(ben))["letIn"]
    async with room_server() as other:
        assert (await _asks(other, "Ben", let_in))["type"] == "joined"
        assert (await _asks(other, "Cleo", let_in))["type"] == "waiting"
        for forged in ("", ".", "9" * 10 + ".", "99999999999." + let_in.partition(".")[2], "²."):
            assert (await _asks(other, "Dan", forged))["type"] == "waiting"


async def test_who_was_put_out_is_not_there_to_be_let_in(server: RoomServer) -> None:
    mia, ben = await moderator(server), await join_waiting(server, "Ben")
    await mia.does("admit", participantId=ben.id)
    joined = await is_let_in(ben)
    await mia.does("moderate", participantId=joined["participantId"], action="remove")
    await ben.closed()
    refused = await server.refused("Ben", letIn=joined["letIn"])
    assert refused["code"] == "removed_from_room"
    assert not [one for one in await mia.everything() if _only(one, ben.id)]


async def test_whose_access_was_revoked_need_not_wait_again(server: RoomServer) -> None:
    mia, ben = await moderator(server), await join_waiting(server, "Ben")
    await mia.does("admit", participantId=ben.id)
    joined = await is_let_in(ben)
    await server.bus.publish(AccessRevoked(1, "user-Ben"))
    assert (await ben.hears("ended"))["reason"] == "revoked"
    assert (await _asks(server, "Ben", joined["letIn"]))["type"] == "joined"


async def test_the_same_person_waits_once(server: RoomServer) -> None:
    mia, first = await moderator(server), await join_waiting(server, "Ben", user_id="b")
    second = await join_waiting(server, "Ben", user_id="b")
    assert (await first.hears("ended"))["reason"] == "replaced"
    (told,) = (await mia.hears(lambda one: _only(one, second.id)))["waiting"]
    assert told["id"] == second.id


async def test_what_comes_right_after_being_let_in_is_the_participants(server: RoomServer) -> None:
    mia, ben = await moderator(server), await join_waiting(server, "Ben")
    await mia.send("admit", participantId=ben.id)
    await is_let_in(ben)
    await ben.does("hand", raised=True)
    await mia.hears(lambda one: one["type"] == "participant.updated" and "handRaisedAt" in one["participant"])


async def test_a_meeting_that_is_over_puts_everybody_out(server: RoomServer) -> None:
    mia, anna = await moderator(server), await server.enter("Anna", meeting_id=MEETING)
    ben = await join_waiting(server, "Ben")
    await server.bus.publish(MeetingOver(1, "lounge"))
    for one in (mia, anna, ben):
        assert (await one.hears("ended"))["reason"] == "meeting_over"
        assert await one.closed() == 4006
    left = [data["reason"] for kind, _, data in server.notes.kept if kind == "meeting.left"]
    assert left == ["meeting_over", "meeting_over"]
    assert server.service.find("lounge") is None


async def test_those_who_wait_go_with_the_room_or_their_invitation(server: RoomServer) -> None:
    ben, cleo = await join_waiting(server, "Ben"), await join_waiting(server, "Cleo")
    await server.bus.publish(AccessRevoked(2, "user-Ben"))
    await server.bus.publish(AccessRevoked(1, "user-Ben"))
    assert (await ben.hears("ended"))["reason"] == "revoked"
    dee = await join_waiting(server, "Dee", issued_at=now().timestamp())
    await server.bus.publish(AccessRevoked(1, "user-Dee", now() - timedelta(seconds=1)))
    await server.bus.publish(OrganizationClosed(2))
    await server.bus.publish(RoomDestroyed(1, "lounge"))
    for one in (cleo, dee):
        assert (await one.hears("ended"))["reason"] == "room_closed"


async def test_who_need_not_wait_any_more_comes_in(server: RoomServer) -> None:
    ben, cleo = await join_waiting(server, "Ben"), await join_waiting(server, "Cleo")
    server.admit("Ben", PARTICIPANT, meeting_id=MEETING)
    await server.bus.publish(MeetingChanged(1, "lounge", None))
    await is_let_in(ben)
    assert not [one for one in await cleo.everything() if one["type"] == "joined"]


async def test_a_flood_of_people_is_refused(server: RoomServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("switchroom.conference.room.waiting_room.MOST_WAITING", 1)
    await join_waiting(server, "Ben")
    cleo = server.admit("Cleo", waits=True, meeting_id=MEETING)
    assert (await server.refused(cleo))["code"] == "room_full"


async def test_what_happens_in_a_meeting_is_logged_of_the_meeting(server: RoomServer) -> None:
    mia, ben = await moderator(server), await join_waiting(server, "Ben")
    assert "meeting.joined" not in [
        kind for kind, _, data in server.notes.kept if data.get("user_id") == "user-Ben"
    ]
    await mia.does("admit", participantId=ben.id)
    inside = await is_let_in(ben)
    await mia.does("moderate", participantId=inside["participantId"], action="remove")
    await mia.send("leave")
    await asyncio.gather(mia.closed(), ben.closed())
    assert [kind for kind, _, _ in server.notes.kept] == [
        "meeting.opened",
        "meeting.joined",
        "meeting.joined",
        "meeting.moderated",
        "meeting.left",
        "meeting.left",
        "meeting.emptied",
    ]
    assert {(about, data["room_id"]) for _, about, data in server.notes.kept} == {(MEETING, "lounge")}


async def test_what_is_written_to_everybody_in_a_meeting_is_kept(server: RoomServer) -> None:
    mia, ben = await moderator(server), await server.enter("Ben", meeting_id=MEETING)
    await mia.does("chat", text="Welcome")
    await mia.does("chat", text="A secret", to=ben.id)
    await mia.does("chat", text="Everybody!", broadcast=True)
    other = await server.enter("Otto", room="other")
    await other.does("chat", text="No meeting")
    assert server.transcript.kept == [(MEETING, "Mia", "Welcome"), (MEETING, "Mia", "Everybody!")]


async def _asks(server: RoomServer, name: str, let_in: str) -> Message:
    """The answer to somebody who shows a reentry token."""
    token = server.admit(name, waits=True, meeting_id=MEETING)
    client = await server.connect()
    return await client.ask("join", token=token, roomId="lounge", letIn=let_in)


def _only(message: Message, participant_id: str) -> bool:
    return message["type"] == "waiting.updated" and [one["id"] for one in message["waiting"]] == [
        participant_id
    ]

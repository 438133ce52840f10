"""What moderators do to everybody at once, and whom they make moderators."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from switchroom.conference.room import moderation_of_all
from switchroom.conference.room.participants import Participant
from switchroom.rooms.models import RoomMode
from switchroom.rooms.permissions import ADMINISTRATOR, MODERATOR, PARTICIPANT, SPECTATOR, Permission
from tests.conference.room import LIMIT, Client, RoomServer

ALL_ON = {"microphone": True, "camera": True, "screen": True}
VOICE_ON = {"microphone": True, "camera": False, "screen": False}
LINK = "a link"


def updated(name: str, **fields: Any) -> Any:
    """Whether a message shows somebody so."""

    def fits(message: dict[str, Any]) -> bool:
        told = [*message.get("participants", []), message.get("participant")]
        return message["type"].startswith("participant") and any(
            one and one["displayName"] == name and fields.items() <= one.items() for one in told
        )

    return fits


async def test_all_are_muted_but_moderators(server: RoomServer) -> None:
    mod, other = await server.enter("Mod", MODERATOR), await server.enter("Other", MODERATOR)
    ada, ben = await server.enter("Ada"), await server.enter("Ben")
    for one in (mod, other, ada, ben):
        await one.does("media", **ALL_ON)
    await mod.does("moderate-all", action="mute")
    for one in (mod, other, ada, ben):
        assert await one.hears("everybody") == {"type": "everybody", "action": "mute", "byName": "Mod"}
    late = await server.enter("Late")
    shown = {one["displayName"]: one["microphone"] for one in late.joined["participants"]}
    assert shown == {"Mod": True, "Other": True, "Ada": False, "Ben": False}
    assert all(one["camera"] and one["screen"] for one in late.joined["participants"])
    await ada.does("media", **ALL_ON)
    assert await late.hears(updated("Ada", microphone=True))


async def test_all_hands_are_lowered(server: RoomServer) -> None:
    mod, ada, ben = await server.enter("Mod", MODERATOR), await server.enter("Ada"), await server.enter("Ben")
    for one in (mod, ada, ben):
        await one.does("hand", raised=True)
    await mod.does("moderate-all", action="lower-hand")
    assert (await ben.hears("everybody"))["action"] == "lower-hand"
    late = await server.enter("Late")
    assert not [one for one in late.joined["participants"] if "handRaisedAt" in one]
    await ada.does("hand", raised=True)
    assert await ben.hears(lambda one: updated("Ada")(one) and "handRaisedAt" in one["participant"])


@pytest.mark.parametrize(
    ("permission", "source"), [("voice", "microphone"), ("video", "camera"), ("screen", "screen")]
)
async def test_what_is_forbidden_is_off_for_all_and_for_those_who_come_later(
    server: RoomServer, permission: str, source: str
) -> None:
    mod, ada = await server.enter("Mod", MODERATOR), await server.enter("Ada")
    for one in (mod, ada):
        await one.does("media", **ALL_ON)
    await mod.does("permit-all", permissions={permission: False})
    told = await ada.hears("room.updated")
    assert (told["room"]["forbidden"], told["byName"]) == ([permission], "Mod")
    own = await ada.hears("self.updated", permissions={**_may(ada), permission: False})
    assert own["self"] == {**own["self"], **ALL_ON, source: False}
    assert await mod.hears(updated("Ada", **{**ALL_ON, source: False}))
    assert await ada.is_refused("media", **ALL_ON) == "not_allowed"
    await mod.does("media", **ALL_ON)
    late = await server.enter("Late")
    assert late.joined["permissions"][permission] is False
    assert late.joined["room"]["forbidden"] == [permission]

    await mod.does("permit-all", permissions={permission: True})
    assert await ada.hears(
        lambda one: (
            one["type"] == "self.updated" and one["permissions"][permission] and not one["self"][source]
        )
    )
    await late.hears(lambda one: one["type"] == "self.updated" and one["permissions"][permission])
    await ada.does("media", **ALL_ON)


async def test_forbidden_chat_is_for_moderators_only(server: RoomServer) -> None:
    mod = await server.enter("Mod", MODERATOR)
    ada = await server.enter("Ada", PARTICIPANT | Permission.CHAT_BROADCAST)
    await mod.does("permit-all", permissions={"chat": False})
    assert await ada.is_refused("chat", text="Hello") == "not_allowed"
    assert await ada.is_refused("chat", text="Hello", to=mod.id) == "not_allowed"
    assert await ada.is_refused("chat", text="Hello", broadcast=True) == "not_allowed"
    await mod.does("chat", text="Only I")
    await mod.does("permit-all", permissions={"chat": True})
    await ada.does("chat", text="Hello", broadcast=True)


async def test_somebody_may_by_name_what_is_forbidden_to_all(server: RoomServer) -> None:
    mod, ada, ben = await server.enter("Mod", MODERATOR), await server.enter("Ada"), await server.enter("Ben")
    await mod.does("permit-all", permissions={"voice": False})
    await mod.does("permit", participantId=ada.id, permissions={"voice": True})
    await ada.does("media", **VOICE_ON)
    assert await ben.is_refused("media", **VOICE_ON) == "not_allowed"
    await mod.does("permit-all", permissions={"voice": False})
    assert await ada.is_refused("media", **VOICE_ON) == "not_allowed"
    await mod.does("permit", participantId=ben.id, permissions={"voice": False})
    await mod.does("permit-all", permissions={"voice": True})
    await ada.does("media", **VOICE_ON)
    assert await ben.is_refused("media", **VOICE_ON) == "not_allowed"


async def test_a_locked_room_takes_moderators_and_those_who_were_inside(server: RoomServer) -> None:
    mod, ada = await server.enter("Mod", MODERATOR), await server.enter("Ada")
    await mod.does("lock", locked=True)
    told = await ada.hears("room.updated")
    assert (told["room"]["locked"], told["byName"]) == (True, "Mod")
    server.admit("Ben")
    assert (await server.refused("Ben"))["code"] == "room_locked"
    server.admit("Waits", waits=True, meeting_id="m")
    assert (await server.refused("Waits"))["code"] == "room_locked"
    await server.enter("Admin", ADMINISTRATOR)
    await ada.send("leave")
    await ada.closed()
    await server.join("Ada")
    await mod.does("lock", locked=False)
    assert not (await server.join("Ben")).joined["room"]["locked"]


async def test_a_room_that_all_have_left_is_not_locked(server: RoomServer) -> None:
    mod = await server.enter("Mod", MODERATOR)
    await mod.does("lock", locked=True)
    await mod.send("leave")
    await mod.closed()
    assert not (await server.enter("Ben")).joined["room"]["locked"]


async def test_the_session_ends_for_everybody(server: RoomServer) -> None:
    mod, ada = await server.enter("Mod", MODERATOR), await server.enter("Ada")
    waiting = await server.connect()
    token = server.admit("Waits", waits=True)
    assert (await waiting.ask("join", token=token, roomId="lounge"))["type"] == "waiting"
    await mod.send("end")
    for one in (mod, ada, waiting):
        assert (await one.hears("ended"))["reason"] == "session_over"
        assert await one.closed() == 4007
    async with asyncio.timeout(LIMIT):
        while server.service.find("lounge") is not None:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    left = [data["reason"] for kind, _, data in server.notes.kept if kind == "room.left"]
    assert left == ["session_over", "session_over"]
    await server.join("Ada")


async def test_somebody_is_made_a_moderator_for_the_session(server: RoomServer) -> None:
    mod, ada, ben = await server.enter("Mod", MODERATOR), await server.enter("Ada"), await server.enter("Ben")
    waiting = await server.connect()
    await waiting.ask("join", token=server.admit("Waits", waits=True), roomId="lounge")
    await mod.does("promote", participantId=ada.id, moderator=True)
    own = await ada.hears("self.updated")
    assert (own["self"]["isModerator"], own["permissions"]["promote"]) == (True, True)
    assert await ada.hears(lambda one: updated("Ben")(one) and "permissions" in one["participant"])
    assert [one["displayName"] for one in (await ada.hears("waiting.updated"))["waiting"]] == ["Waits"]
    assert await ben.hears(updated("Ada", isModerator=True))
    await ada.does("moderate-all", action="mute")

    await ada.send("leave")
    await ada.closed()
    ada = await server.join("Ada")
    assert ada.joined["permissions"]["promote"]
    await mod.does("promote", participantId=ada.id, moderator=False)
    own = await ada.hears(lambda one: one["type"] == "self.updated" and not one["permissions"]["promote"])
    assert own["self"]["isModerator"] is False
    assert own["permissions"]["voice"] is True
    assert await ada.is_refused("moderate-all", action="mute") == "not_allowed"
    actions = [data["action"] for kind, _, data in server.notes.kept if kind == "room.moderated"]
    assert actions == ["promote", "demote"]


async def test_a_spectator_who_is_made_a_moderator_takes_a_place(server: RoomServer) -> None:
    mode = RoomMode.SPECTATOR
    mod = await server.enter("Mod", MODERATOR, mode=mode, active_limit=2, passive_limit=2)
    sam = await server.enter("Sam", SPECTATOR, mode=mode, active_limit=2, passive_limit=2)
    sue = await server.enter("Sue", SPECTATOR, mode=mode, active_limit=2, passive_limit=2)
    await mod.does("promote", participantId=sam.id, moderator=True)
    await mod.hears("spectators", count=1, left=[sam.id])
    assert await sam.hears(lambda one: one["type"] == "spectators" and "list" in one)
    assert (await mod.ask("promote", participantId=sue.id, moderator=True))["code"] == "room_full"
    assert not [one for one in await sue.everything() if one["type"] == "self.updated"]


async def test_in_an_exam_a_new_moderator_sees_everybody(server: RoomServer) -> None:
    mode = RoomMode.EXAM
    mod = await server.enter("Mod", MODERATOR, mode=mode)
    ada, ben = await server.enter("Ada", mode=mode), await server.enter("Ben", mode=mode)
    await mod.does("promote", participantId=ada.id, moderator=True)
    assert (await ada.hears("participant.joined"))["participant"]["displayName"] == "Ben"
    assert await ben.hears(updated("Ada", isModerator=True))
    await mod.does("promote", participantId=ada.id, moderator=False)
    assert (await ben.hears("participant.left"))["participantId"] == ada.id
    assert (await ada.hears("participant.left"))["participantId"] == ben.id


async def test_who_moderates_by_role_stays_above_who_does_for_the_session(server: RoomServer) -> None:
    mod, ada, ben = await server.enter("Mod", MODERATOR), await server.enter("Ada"), await server.enter("Ben")
    await mod.does("promote", participantId=ada.id, moderator=True)
    assert await ada.is_refused("moderate", participantId=mod.id, action="remove") == "not_allowed"
    assert await ada.is_refused("permit", participantId=mod.id, permissions={"voice": False}) == "not_allowed"
    assert await ada.is_refused("promote", participantId=mod.id, moderator=False) == "not_allowed"
    await ada.does("moderate", participantId=ben.id, action="remove")
    await mod.does("moderate", participantId=ada.id, action="remove")
    await mod.does("readmit", userId="user-Ada")
    assert not (await server.join("Ada")).joined["permissions"]["promote"]


REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("moderate-all", {"action": "mute"}),
    ("moderate-all", {"action": "lower-hand"}),
    ("permit-all", {"permissions": {"voice": False}}),
    ("permit-all", {"permissions": {"voice": True, "chat": True}}),
    ("lock", {"locked": True}),
    ("lock", {"locked": False}),
    ("end", {}),
    ("removed", {}),
    ("readmit", {"userId": "user-Mod"}),
]


@pytest.mark.parametrize("link_id", [None, LINK])
async def test_a_participant_and_a_guest_are_refused(server: RoomServer, link_id: str | None) -> None:
    mod, eve = await server.enter("Mod", MODERATOR), await server.enter("Eve", link_id=link_id)
    await mod.does("media", **ALL_ON)
    for kind, fields in REQUESTS:
        assert await eve.is_refused(kind, **fields) == "not_allowed", kind
    for one in (eve.id, mod.id):
        assert await eve.is_refused("promote", participantId=one, moderator=True) == "not_allowed"
    heard = {one["type"] for one in await mod.everything()}
    assert not heard & {"everybody", "room.updated", "ended", "moderated", "participants.updated"}
    late = await server.enter("Late")
    assert late.joined["participants"][0]["microphone"] is True


async def test_who_waits_is_refused(server: RoomServer) -> None:
    await server.enter("Mod", MODERATOR)
    waiting = await server.connect()
    await waiting.ask("join", token=server.admit("Waits", waits=True), roomId="lounge")
    for kind, fields in REQUESTS:
        assert await waiting.is_refused(kind, **fields) == "waiting", kind


async def test_bad_requests_are_refused(server: RoomServer) -> None:
    mod = await server.enter("Mod", MODERATOR)
    bad: list[tuple[str, dict[str, Any]]] = [
        ("moderate-all", {"action": "remove"}),
        ("permit-all", {"permissions": {}}),
        ("permit-all", {"permissions": {"promote": True}}),
        ("permit-all", {"permissions": {"voice": 1}}),
        ("lock", {}),
        ("promote", {"participantId": mod.id}),
        ("readmit", {"userId": "x" * 129}),
    ]
    for kind, fields in bad:
        assert await mod.is_refused(kind, **fields) == "bad_request", (kind, fields)
    assert await mod.is_refused("promote", participantId="x", moderator=True) == "participant_not_found"


async def test_what_is_done_to_all_is_logged(server: RoomServer) -> None:
    mod = await server.enter("Mod", MODERATOR)
    await mod.does("moderate-all", action="mute")
    await mod.does("permit-all", permissions={"voice": False})
    await mod.does("lock", locked=True)
    await mod.does("lock", locked=True)
    await mod.does("lock", locked=False)
    logged = [data for kind, _, data in server.notes.kept if kind == "room.moderated_all"]
    assert [one["action"] for one in logged] == ["mute", "permissions", "lock", "unlock"]
    assert {one["by"] for one in logged} == {"user-Mod"}


async def test_everybody_is_told_also_when_the_moderator_is_gone(
    server: RoomServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mod = await server.enter("Mod", MODERATOR)
    crowd = [await server.enter(f"Ada {number}") for number in range(30)]
    live = server.service.find("lounge")
    assert live is not None
    connection, told = live.conference.find(mod.id).connection, moderation_of_all.tell_self
    assert connection is not None

    def tell_self(participant: Participant) -> None:
        connection.end(4002)
        told(participant)

    monkeypatch.setattr(moderation_of_all, "AT_ONCE", 0.0)
    monkeypatch.setattr(moderation_of_all, "tell_self", tell_self)
    await mod.send("permit-all", permissions={"voice": False})
    assert await mod.closed() == 4002
    for one in crowd:
        await one.hears("self.updated", permissions={**_may(one), "voice": False})


async def test_two_moderators_at_once_leave_what_came_last(
    server: RoomServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[list[Participant]] = []

    def piece(rest: list[Participant]) -> Iterator[Participant]:
        """One person of those who may speak again, all of those who may not, which overtakes."""
        if not any(rest is one for one in begun):
            begun.append(rest)
        is_slow = [rest is one for one in begun].index(True) % 2
        for _ in range(1 if is_slow else len(rest)):
            yield rest.pop()

    monkeypatch.setattr(moderation_of_all, "piece", piece)
    mod, other = await server.enter("Mod", MODERATOR), await server.enter("Other", MODERATOR)
    crowd = [await server.enter(f"Ada {number}") for number in range(20)]
    for allowed in (True, False, True, False):
        for one in (mod, other):
            await one.send("permit-all", permissions={"voice": allowed})
    for one in (mod, other):
        await one.everything()
    async with asyncio.timeout(LIMIT):
        while any(one.get_name() == "permissions of everybody" for one in asyncio.all_tasks()):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    for one in crowd:
        told = [message for message in await one.everything() if message["type"] == "self.updated"]
        assert told[-1]["permissions"]["voice"] is False
        assert await one.is_refused("media", **VOICE_ON) == "not_allowed"


def _may(client: Client) -> dict[str, Any]:
    return client.joined["permissions"]

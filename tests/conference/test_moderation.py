"""What moderators can do, and others cannot."""

from __future__ import annotations

import pytest

from switchroom.rooms.models import RoomMode
from switchroom.rooms.permissions import ADMINISTRATOR, MODERATOR, SPECTATOR
from tests.conference.room import RoomServer

ALL_ON = {"microphone": True, "camera": True, "screen": True}


@pytest.mark.parametrize(
    ("action", "source"), [("mute", "microphone"), ("stop-video", "camera"), ("stop-screen", "screen")]
)
async def test_a_source_is_switched_off_and_may_be_switched_on_again(
    server: RoomServer, action: str, source: str
) -> None:
    mod, ada, ben = await server.enter("Mod", MODERATOR), await server.enter("Ada"), await server.enter("Ben")
    await ada.does("media", **ALL_ON)
    await mod.does("moderate", participantId=ada.id, action=action)
    assert await ada.hears("moderated") == {"type": "moderated", "action": action, "byName": "Mod"}
    assert await ada.hears(lambda one: one["type"] == "self.updated" and not one["self"][source])
    told = await ben.hears(
        lambda one: one["type"] == "participant.updated" and not one["participant"][source]
    )
    others = {"microphone", "camera", "screen"} - {source}
    assert all(told["participant"][other] for other in others)
    await ada.does("media", **ALL_ON)


async def test_a_hand_is_raised_and_lowered(server: RoomServer) -> None:
    mod, ada = await server.enter("Mod", MODERATOR), await server.enter("Ada")
    await ada.does("hand", raised=True)
    told = await mod.hears("participant.updated")
    assert told["participant"]["handRaisedAt"].endswith("Z")
    await mod.does("moderate", participantId=ada.id, action="lower-hand")
    assert "handRaisedAt" not in (await mod.hears("participant.updated"))["participant"]


async def test_somebody_is_put_out(server: RoomServer) -> None:
    mod, ada, ben = await server.enter("Mod", MODERATOR), await server.enter("Ada"), await server.enter("Ben")
    await mod.does("moderate", participantId=ada.id, action="remove")
    assert (await ada.hears("ended"))["reason"] == "removed"
    assert await ada.closed() == 4001
    left = await ben.hears("participant.left")
    assert (left["participantId"], left["reason"]) == (ada.id, "removed")
    refused = await server.refused("Ada", resume=ada.joined["resume"], letIn=ada.joined["letIn"])
    assert refused["code"] == "removed_from_room"


async def test_a_revoked_permission_switches_off_and_keeps_off(server: RoomServer) -> None:
    mod, ada = await server.enter("Mod", MODERATOR), await server.enter("Ada")
    await ada.does("media", **ALL_ON)
    await mod.does("permit", participantId=ada.id, permissions={"voice": False, "chat": False})
    told = await ada.hears(lambda one: one["type"] == "self.updated" and not one["permissions"]["voice"])
    assert (told["self"]["microphone"], told["self"]["camera"]) == (False, True)
    assert (await ada.hears("moderated"))["action"] == "permissions"
    assert await ada.is_refused("media", **ALL_ON) == "not_allowed"
    assert await ada.is_refused("chat", text="hello") == "not_allowed"
    shown = await mod.hears(
        lambda one: one["type"] == "participant.updated" and not one["participant"]["permissions"]["voice"]
    )
    assert shown["participant"]["permissions"]["video"] is True


async def test_granting_a_permission_again_does_not_switch_on(server: RoomServer) -> None:
    mod, ada = await server.enter("Mod", MODERATOR), await server.enter("Ada")
    await ada.does("media", **ALL_ON)
    await mod.does("permit", participantId=ada.id, permissions={"voice": False})
    await mod.does("permit", participantId=ada.id, permissions={"voice": True})
    told = [one for one in await ada.everything() if one["type"] == "self.updated"][-1]
    assert (told["permissions"]["voice"], told["self"]["microphone"]) == (True, False)


async def test_what_was_revoked_stays_revoked_when_the_person_returns(server: RoomServer) -> None:
    mod, ada = await server.enter("Mod", MODERATOR), await server.enter("Ada")
    await mod.does("permit", participantId=ada.id, permissions={"voice": False})
    await ada.send("leave")
    await ada.closed()
    back = await server.join("Ada", media=ALL_ON)
    assert back.joined["permissions"]["voice"] is False
    assert back.joined["self"]["microphone"] is False
    assert back.joined["self"]["camera"] is True


async def test_somebody_silenced_in_everything_stays_a_participant(server: RoomServer) -> None:
    mod, ada = await server.enter("Mod", MODERATOR), await server.enter("Ada")
    nothing = {"voice": False, "video": False, "screen": False}
    await mod.does("permit", participantId=ada.id, permissions=nothing)
    await ada.send("leave")
    await ada.closed()
    assert (await server.join("Ada")).joined["self"]["isSpectator"] is False


async def test_a_spectator_who_is_granted_voice_takes_a_place(server: RoomServer) -> None:
    stage = RoomMode.SPECTATOR
    mod = await server.enter("Mod", MODERATOR, mode=stage, active_limit=2, passive_limit=2)
    sam = await server.enter("Sam", SPECTATOR, mode=stage, active_limit=2, passive_limit=2)
    sue = await server.enter("Sue", SPECTATOR, mode=stage, active_limit=2, passive_limit=2)
    await mod.does("permit", participantId=sam.id, permissions={"voice": True})
    assert (await mod.hears("participant.joined"))["participant"]["id"] == sam.id
    await mod.hears("spectators", count=1, left=[sam.id])
    told = await sam.hears("self.updated")
    assert (told["self"]["isSpectator"], told["permissions"]["voice"]) == (False, True)
    await sam.does("media", microphone=True, camera=False, screen=False)
    refused = await mod.ask("permit", participantId=sue.id, permissions={"voice": True})
    assert refused["code"] == "room_full"
    assert (await sue.everything())[-1]["type"] != "self.updated"


async def test_only_moderators_moderate(server: RoomServer) -> None:
    ada, ben = await server.enter("Ada"), await server.enter("Ben")
    for action in ("mute", "stop-video", "stop-screen", "lower-hand", "remove"):
        assert await ada.is_refused("moderate", participantId=ben.id, action=action) == "not_allowed"
    assert await ada.is_refused("permit", participantId=ada.id, permissions={"voice": True}) == "not_allowed"
    assert not [one for one in await ben.everything() if one["type"] in ("moderated", "self.updated")]


async def test_an_administrator_is_put_out_by_administrators_only(server: RoomServer) -> None:
    mod, admin = await server.enter("Mod", MODERATOR), await server.enter("Ada", ADMINISTRATOR)
    assert await mod.is_refused("moderate", participantId=admin.id, action="remove") == "not_allowed"
    revoke = {"voice": False}
    assert await mod.is_refused("permit", participantId=admin.id, permissions=revoke) == "not_allowed"
    await admin.does("moderate", participantId=mod.id, action="remove")


async def test_moderating_nobody(server: RoomServer) -> None:
    mod = await server.enter("Mod", MODERATOR)
    assert await mod.is_refused("moderate", participantId="x", action="mute") == "participant_not_found"
    assert await mod.is_refused("permit", participantId=mod.id, permissions={}) == "bad_request"


async def test_in_an_exam_participants_know_of_moderators_only(server: RoomServer) -> None:
    exam = RoomMode.EXAM
    ada = await server.enter("Ada", mode=exam)
    ben = await server.enter("Ben", mode=exam)
    mod = await server.enter("Mod", MODERATOR, mode=exam)
    assert ben.joined["participants"] == []
    assert {one["displayName"] for one in mod.joined["participants"]} == {"Ada", "Ben"}
    assert (await ada.hears("participant.joined"))["participant"]["displayName"] == "Mod"
    await ben.does("hand", raised=True)
    await ben.send("leave")
    await mod.hears("participant.left")
    assert ben.id not in str(await ada.everything())


async def test_what_moderators_do_is_logged(server: RoomServer) -> None:
    mod, ben = await server.enter("Mod", MODERATOR), await server.enter("Ben")
    await mod.does("moderate", participantId=ben.id, action="mute")
    await mod.is_refused("moderate", participantId="x", action="mute")
    await mod.does("permit", participantId=ben.id, permissions={"voice": False})
    await mod.does("moderate", participantId=ben.id, action="remove")
    about_ben = [(kind, data) for kind, _, data in server.notes.kept if data.get("participant_id") == ben.id]
    assert [kind for kind, _ in about_ben] == [
        "room.joined",
        "room.moderated",
        "room.moderated",
        "room.moderated",
        "room.left",
    ]
    assert [data.get("action") for _, data in about_ben[1:4]] == ["mute", "permissions", "remove"]
    assert about_ben[1][1]["by"] == next(
        data["user_id"] for _, _, data in server.notes.kept if data.get("participant_id") == mod.id
    )
    assert about_ben[4][1]["reason"] == "removed"

"""Coming in: what is told, who is refused, how many fit."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from switchroom.errors import (
    ErrorCode,
    Forbidden,
    LinkExpired,
    LinkNotFound,
    LinkNotYetValid,
    NotFound,
    TokenExpired,
)
from switchroom.identity.notices import AccessRevoked, OrganizationClosed
from switchroom.rooms.models import RoomMode
from switchroom.rooms.permissions import MODERATOR, PARTICIPANT, SPECTATOR, Permission
from tests.conference.room import LIMIT, RoomServer


async def test_two_people_see_each_other(server: RoomServer) -> None:
    ada = await server.enter("Ada", MODERATOR)
    ben = await server.enter("Ben")
    assert ada.joined["room"] == {
        "id": "lounge",
        "displayName": "Lounge",
        "companyName": "Acme",
        "mode": "normal",
        "recording": False,
        "toBeRecorded": False,
        "locked": False,
        "forbidden": [],
    }
    assert ada.joined["participants"] == []
    assert ada.joined["resumed"] is False
    assert ada.joined["mediaAvailable"] is False
    assert ada.joined["permissions"] == {
        "voice": True,
        "video": True,
        "screen": True,
        "chat": True,
        "chatBroadcast": True,
        "promote": True,
    }
    (seen,) = ben.joined["participants"]
    assert seen["displayName"] == "Ada"
    assert seen["isModerator"] is True
    assert "permissions" not in seen
    told = (await ada.hears("participant.joined"))["participant"]
    assert (told["id"], told["displayName"], told["state"]) == (ben.id, "Ben", "connected")
    assert told["permissions"]["promote"] is False


async def test_what_is_wanted_on_is_on_where_permitted(server: RoomServer) -> None:
    token = server.admit("Ada", PARTICIPANT & ~Permission.VIDEO)
    ada = await server.join(token, media={"microphone": True, "camera": True, "screen": False})
    assert (ada.joined["self"]["microphone"], ada.joined["self"]["camera"]) == (True, False)


@pytest.mark.parametrize(
    ("error", "code", "details"),
    [
        (TokenExpired(), "token_expired", None),
        (NotFound(ErrorCode.ROOM_NOT_FOUND), "room_not_found", None),
        (LinkNotFound(), "link_deleted", None),
        (
            LinkNotYetValid(datetime(2030, 1, 1, tzinfo=UTC)),
            "link_not_yet_valid",
            {"validFrom": "2030-01-01T00:00:00Z"},
        ),
        (
            LinkExpired(datetime(2020, 1, 1, tzinfo=UTC)),
            "link_expired",
            {"validUntil": "2020-01-01T00:00:00Z"},
        ),
        (Forbidden(ErrorCode.PERSON_LEFT), "not_allowed", None),
    ],
)
async def test_refusals_of_admission(
    server: RoomServer, error: Exception, code: str, details: dict[str, str] | None
) -> None:
    server.gate.admissions["token"] = error
    answer = await server.refused("token")
    assert (answer["code"], answer.get("details")) == (code, details)


async def test_an_unknown_token_is_invalid(server: RoomServer) -> None:
    assert (await server.refused("nobody"))["code"] == "token_invalid"


async def test_the_active_places_are_counted(server: RoomServer) -> None:
    await server.enter("Ada", active_limit=1)
    assert (await server.refused(server.admit("Ben", active_limit=1)))["code"] == "room_full"


async def test_of_many_who_come_at_once_only_as_many_as_there_are_places_get_in(server: RoomServer) -> None:
    clients = await asyncio.gather(*(server.connect() for _ in range(20)))
    answers = await asyncio.gather(
        *(
            client.ask("join", token=server.admit(f"P{n}", active_limit=7), roomId="lounge")
            for n, client in enumerate(clients)
        )
    )
    assert sum(answer["type"] == "joined" for answer in answers) == 7
    assert {answer.get("code") for answer in answers if answer["type"] == "error"} == {"room_full"}


async def test_a_place_is_free_again_when_somebody_leaves(server: RoomServer) -> None:
    ada = await server.enter("Ada", active_limit=1)
    await ada.send("leave")
    assert await ada.closed() == 1000
    await server.enter("Ben", active_limit=1)


async def test_spectators_come_into_rooms_that_take_them(server: RoomServer) -> None:
    assert (await server.refused(server.admit("Sam", SPECTATOR)))["code"] == "spectators_not_allowed"
    exam = server.admit("Sue", SPECTATOR, mode=RoomMode.EXAM, room="exam")
    assert (await server.refused(exam, "exam"))["code"] == "spectators_not_allowed"
    sam = await server.enter("Sam", SPECTATOR, room="stage", mode=RoomMode.SPECTATOR)
    assert sam.joined["self"]["isSpectator"] is True


async def test_the_places_of_spectators_are_counted_apart(server: RoomServer) -> None:
    stage: dict[str, Any] = {
        "room": "stage",
        "mode": RoomMode.SPECTATOR,
        "active_limit": 1,
        "passive_limit": 1,
    }
    await server.enter("Ada", **stage)
    await server.enter("Sam", SPECTATOR, **stage)
    assert (await server.refused(server.admit("Sue", SPECTATOR, **stage), "stage"))["code"] == (
        "spectators_full"
    )


async def test_spectators_are_counted_for_all_and_listed_for_moderators(server: RoomServer) -> None:
    stage: dict[str, Any] = {"room": "stage", "mode": RoomMode.SPECTATOR}
    ada = await server.enter("Ada", MODERATOR, **stage)
    ben = await server.enter("Ben", **stage)
    sam = await server.enter("Sam", SPECTATOR, **stage)
    assert [one["displayName"] for one in sam.joined["participants"]] == ["Ada", "Ben"]
    assert await ada.hears("spectators", count=1) == {
        "type": "spectators",
        "count": 1,
        "joined": [{"id": sam.id, "displayName": "Sam"}],
    }
    assert await ben.hears("spectators") == {"type": "spectators", "count": 1}
    assert not [one for one in await ben.everything() if one["type"] == "participant.joined"]


async def test_moderators_are_told_who_has_come_to_watch_and_not_who_watched_before(
    server: RoomServer,
) -> None:
    stage: dict[str, Any] = {"room": "stage", "mode": RoomMode.SPECTATOR}
    ada = await server.enter("Ada", MODERATOR, **stage)
    watching = [await server.enter(f"Sam {number:02}", SPECTATOR, **stage) for number in range(30)]
    told = [one for one in await ada.everything() if one["type"] == "spectators"]
    assert [one["count"] for one in told] == list(range(1, 31))
    assert [one["joined"] for one in told] == [
        [{"id": one.id, "displayName": one.joined["self"]["displayName"]}] for one in watching
    ]
    assert not [one for one in told if "list" in one or "left" in one]
    ada.heard.clear()
    await watching[7].send("leave")
    assert await ada.hears("spectators", count=29) == {
        "type": "spectators",
        "count": 29,
        "left": [watching[7].id],
    }
    eve = await server.enter("Eve", MODERATOR, **stage)
    listed = [one["id"] for one in eve.joined["spectators"]["list"]]
    assert listed == [one.id for one in watching if one is not watching[7]]


async def test_the_same_person_again_puts_out_the_first(server: RoomServer) -> None:
    ada = await server.enter("Ada", active_limit=2)
    ben = await server.enter("Ben", active_limit=2)
    again = await server.join("Ada")
    assert await ada.hears("ended") == {"type": "ended", "reason": "replaced"}
    assert await ada.closed() == 4002
    left = await ben.hears("participant.left")
    assert (left["participantId"], left["reason"]) == (ada.id, "replaced")
    assert (await ben.hears("participant.joined"))["participant"]["id"] == again.id
    assert not [one for one in await again.everything() if one["type"] == "participant.left"]


async def test_what_happens_in_another_organization_holds_up_no_join(server: RoomServer) -> None:
    """Somewhere access is revoked, or an organization closed, all the time."""
    token, another = server.admit("Ada"), 2
    hold = server.gate.hold(token)
    joining = asyncio.create_task(server.join(token))
    async with asyncio.timeout(LIMIT):
        await hold.reached.wait()
    await server.bus.publish(AccessRevoked(another, "user-Eve"))
    await server.bus.publish(OrganizationClosed(another))
    hold.released.set()
    await joining
    assert server.gate.asked == 1

"""Whoever is put out stays out, by whatever they are known, until they are let back or time is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from switchroom.conference.room import moderation, permission_overrides
from switchroom.rooms.permissions import MODERATOR
from tests.conference.room import Client, RoomServer

HIS, OTHER = "the browser of Ben", "the browser of somebody else"
LINK = "a link"


async def puts_out(moderator: Client, somebody: Client) -> None:
    await moderator.does("moderate", participantId=somebody.id, action="remove")
    assert await somebody.closed() == 4001


async def test_an_account_stays_out_whatever_its_browser(server: RoomServer) -> None:
    mia, ben = await server.enter("Mia", MODERATOR), await server.enter("Ben")
    await puts_out(mia, ben)
    refused = await server.refused("Ben", browser=OTHER)
    assert refused["code"] == "removed_from_room"
    until = datetime.fromisoformat(refused["details"]["until"])
    assert timedelta(hours=11.9) < until - datetime.now(UTC) < timedelta(hours=12.1)


async def test_a_guest_of_a_group_link_is_known_by_the_browser(server: RoomServer) -> None:
    mia = await server.enter("Mia", MODERATOR)
    token = server.admit("Ben", user_id="first", link_id=LINK)
    await puts_out(mia, await server.join(token, browser=HIS))
    server.admit("Benno", user_id="second", link_id=LINK)
    assert (await server.refused("Benno", browser=HIS))["code"] == "removed_from_room"
    await server.join("Benno", browser=OTHER)


async def test_the_guest_of_a_guest_link_is_known_by_the_link(server: RoomServer) -> None:
    mia = await server.enter("Mia", MODERATOR)
    token = server.admit("Ben", user_id=LINK, link_id=LINK)
    await puts_out(mia, await server.join(token, browser=HIS))
    assert (await server.refused(token, browser=OTHER))["code"] == "removed_from_room"


async def test_whose_account_was_put_out_does_not_come_as_a_guest(server: RoomServer) -> None:
    mia, token = await server.enter("Mia", MODERATOR), server.admit("Ben")
    await puts_out(mia, await server.join(token, browser=HIS))
    server.admit("A guest", link_id=LINK)
    assert (await server.refused("A guest", browser=HIS))["code"] == "removed_from_room"


async def test_others_with_an_account_or_who_moderate_come_in_at_the_same_browser(server: RoomServer) -> None:
    mia, token = await server.enter("Mia", MODERATOR), server.admit("Ben", link_id=LINK)
    await puts_out(mia, await server.join(token, browser=HIS))
    server.admit("Ada")
    await server.join("Ada", browser=HIS)
    server.admit("Teacher", MODERATOR, link_id=LINK)
    await server.join("Teacher", browser=HIS)


async def test_a_browser_is_known_in_its_room_only(server: RoomServer) -> None:
    mia, token = await server.enter("Mia", MODERATOR), server.admit("Ben", link_id=LINK)
    await puts_out(mia, await server.join(token, browser=HIS))
    server.admit("Guest", room="other", link_id=LINK)
    await server.join("Guest", "other", browser=HIS)


async def test_moderators_see_who_is_kept_out_and_let_them_back(server: RoomServer) -> None:
    mia, ben = await server.enter("Mia", MODERATOR), await server.enter("Ben")
    cleo = await server.enter("Cleo", user_id="c", link_id=LINK)
    await puts_out(mia, ben)
    await puts_out(mia, cleo)
    told = (await mia.ask("removed"))["people"]
    assert [(one["displayName"], one["isGuest"], one["byName"]) for one in told] == [
        ("Cleo", True, "Mia"),
        ("Ben", False, "Mia"),
    ]
    await mia.does("readmit", userId="user-Ben")
    assert await mia.is_refused("readmit", userId="user-Ben") == "participant_not_found"
    assert [one["displayName"] for one in (await mia.ask("removed"))["people"]] == ["Cleo"]
    await server.join("Ben")
    assert (await server.refused("Cleo"))["code"] == "removed_from_room"
    logged = [data for kind, _, data in server.notes.kept if kind == "room.readmitted"]
    assert [(one["user_id"], one["display_name"], one["by"]) for one in logged] == [
        ("user-Ben", "Ben", "user-Mia")
    ]


async def test_others_neither_see_nor_let_back(server: RoomServer) -> None:
    mia, ben, ada = await server.enter("Mia", MODERATOR), await server.enter("Ben"), await server.enter("Ada")
    await puts_out(mia, ben)
    assert await ada.is_refused("removed") == "not_allowed"
    assert await ada.is_refused("readmit", userId="user-Ben") == "not_allowed"
    assert (await server.refused("Ben"))["code"] == "removed_from_room"


async def test_it_is_over_in_time(server: RoomServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moderation, "REMOVED_FOR", -1)
    mia, ben = await server.enter("Mia", MODERATOR), await server.enter("Ben")
    await puts_out(mia, ben)
    assert (await mia.ask("removed"))["people"] == []
    await server.join("Ben")


async def test_the_first_of_too_many_may_come_again(
    server: RoomServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(permission_overrides, "MOST_REMOVED", 1)
    mia, ben, cleo = (
        await server.enter("Mia", MODERATOR),
        await server.enter("Ben"),
        await server.enter("Cleo"),
    )
    await puts_out(mia, ben)
    await puts_out(mia, cleo)
    assert [one["displayName"] for one in (await mia.ask("removed"))["people"]] == ["Cleo"]
    await server.join("Ben")


async def test_a_bad_name_of_a_browser_is_no_message(server: RoomServer) -> None:
    server.admit("Ben")
    for bad in ("short", "x" * 129, 7):
        client = await server.connect()
        answer = await client.ask("join", token="Ben", roomId="lounge", browser=bad)
        assert (answer["code"], answer["details"]["field"]) == ("bad_request", "browser")

"""The tree of rooms, as much of it as the portal shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from switchroom.identity.permissions import Standing
from tests.meetings.planning import plan, soon
from tests.platform import Tenant

TOP: dict[str, object] = {}
NO_ACCESS = {"role": "ROLE_NO_ACCESS"}
MANY = 151
"""Rooms of a tree that is not shown whole any more."""


def look(tenant: Tenant, token: str | None = None, **wanted: object) -> dict[str, Any]:
    answer = send(tenant, token, **wanted)
    assert answer.status_code == 200, answer.text
    return answer.json()


def send(tenant: Tenant, token: str | None = None, **wanted: object) -> Any:
    body = {"accessToken": tenant.token if token is None else token, **wanted}
    return tenant.running.http.post("/client/rooms", json=body)


def names(tenant: Tenant, page: Mapping[str, Any]) -> list[str]:
    """What the rooms of a page are called, in the order of the page."""
    ids: list[str] = page["roomIds"]
    rooms = tenant.api("roomService/list", filterRoomIds=ids, limit=1000).get("rooms", {})
    return [rooms[one]["displayName"] for one in ids]


def fill(tenant: Tenant, department: str, number: int = MANY) -> list[str]:
    return [tenant.room(f"Room {one}", parentId=department) for one in range(number)]


def test_a_small_tree_is_shown_whole(tenant: Tenant) -> None:
    assert look(tenant) == {"roomIds": [], "following": {}, "isWhole": True, "hasMore": False}
    sales = tenant.department("Sales")
    tenant.room("Weekly", parentId=sales)
    tenant.room("Lobby")
    plan(tenant, "A meeting", start=soon(days=1))
    page = look(tenant, term="Nothing of this name")
    assert sorted(names(tenant, page)) == ["Lobby", "Sales", "Weekly"]
    assert page["isWhole"]


def test_a_member_is_shown_what_is_open_and_what_holds_it(tenant: Tenant) -> None:
    sales = tenant.department("Sales")
    north = tenant.department("North", parentId=sales)
    tenant.room("Weekly", parentId=north)
    tenant.room("Vault", defaultPermissions=NO_ACCESS)
    closed = tenant.department("Board")
    tenant.room("Secrets", parentId=closed, defaultPermissions=NO_ACCESS)
    tenant.department("Empty")
    pat = tenant.person(Standing.PARTICIPANT)
    mine = tenant.department("Mine", permissions={pat.id: {"role": "ROLE_ADMIN"}})
    inner = tenant.department("Around mine")
    tenant.department("Also mine", parentId=inner, permissions={pat.id: {"role": "ROLE_ADMIN"}})

    page = look(tenant, pat.token)
    assert sorted(names(tenant, page)) == ["Also mine", "Around mine", "Mine", "North", "Sales", "Weekly"]
    level = look(tenant, pat.token, levels=[TOP, {"parentId": sales}, {"parentId": mine}])
    assert names(tenant, level) == ["Sales", "Mine", "Around mine", "North"]
    everything = look(tenant)
    assert set(names(tenant, everything)) - set(names(tenant, page)) == {"Vault", "Board", "Secrets", "Empty"}


def test_a_large_tree_is_shown_by_levels_and_pages(tenant: Tenant) -> None:
    lobby = tenant.room("Lobby")
    sales = tenant.department("Sales")
    rooms = fill(tenant, sales)
    top = look(tenant)
    assert (top["roomIds"], top["following"], top["isWhole"]) == ([lobby, sales], {}, False)

    first = look(tenant, levels=[TOP, {"parentId": sales}])
    assert first["roomIds"] == [lobby, sales, *rooms[:100]]
    assert set(first["following"]) == {sales}
    for gone in (rooms[99], rooms[100]):
        tenant.api("roomService/destroy", roomId=gone)
    second = look(tenant, levels=[{"parentId": sales, "after": first["following"][sales]}])
    assert (second["roomIds"], second["following"]) == (rooms[101:], {})


def test_nothing_is_shown_of_a_level_that_is_gone(tenant: Tenant) -> None:
    sales = tenant.department("Sales")
    tenant.api("roomService/destroy", roomId=sales)
    assert look(tenant, levels=[{"parentId": sales}, {"parentId": "never-there"}])["roomIds"] == []


def test_rooms_are_found_by_their_names_with_what_is_around_them(tenant: Tenant) -> None:
    sales = tenant.department("Sales")
    fill(tenant, sales)
    halls = tenant.department("Übungsräume")
    hall = tenant.room("100 % Große Halle", parentId=halls)
    assert sorted(names(tenant, look(tenant, term="ROOM 15"))) == ["Room 15", "Room 150", "Sales"]
    assert sorted(look(tenant, term="große")["roomIds"]) == sorted([halls, hall])
    assert sorted(look(tenant, term="100 %")["roomIds"]) == sorted([halls, hall])
    assert look(tenant, term="1_0")["roomIds"] == []
    assert sorted(look(tenant, term="übungs")["roomIds"]) == sorted([halls, hall])
    assert look(tenant, term="nothing")["roomIds"] == []

    many = look(tenant, term="room")
    assert (len(many["roomIds"]), many["hasMore"]) == (101, True)
    assert not look(tenant, term="room 15")["hasMore"]


def test_nobody_finds_a_room_that_is_not_open_to_them(tenant: Tenant) -> None:
    fill(tenant, tenant.department("Sales"))
    tenant.room("Vault", defaultPermissions=NO_ACCESS)
    pat = tenant.person(Standing.PARTICIPANT)
    assert look(tenant, pat.token, term="Vault")["roomIds"] == []
    assert names(tenant, look(tenant, term="Vault")) == ["Vault"]


def test_departments_are_shown_without_their_rooms(tenant: Tenant) -> None:
    sales = tenant.department("Sales")
    north = tenant.department("North", parentId=sales)
    fill(tenant, north)
    page = look(tenant, departmentsOnly=True)
    assert (sorted(page["roomIds"]), page["isWhole"]) == (sorted([sales, north]), True)


def test_somebody_else_is_shown_nothing(tenant: Tenant) -> None:
    room = tenant.room("Lounge")
    other = tenant.running.organization("Other")
    assert look(tenant, other.token, levels=[TOP])["roomIds"] == []
    assert look(tenant, other.token)["roomIds"] == []
    assert send(tenant, "nobody").status_code == 401
    link = tenant.group_link(room)
    guest = tenant.api(
        "guestService.v2/authenticate",
        token="",
        companyId=tenant.company_id,
        roomId=room,
        accessKey=link["accessKey"],
        displayName="Gil",
    )
    assert send(tenant, guest["accessToken"]).status_code == 403


@pytest.mark.parametrize(
    "wanted",
    [
        {"levels": [TOP] * 101},
        {"levels": [{"after": {"position": 1 << 63, "roomId": "a"}}]},
        {"levels": [{"after": {"position": "1", "roomId": "a"}}]},
        {"term": "x" * 201},
        {"term": 7},
    ],
)
def test_what_cannot_be_looked_for_is_refused(tenant: Tenant, wanted: dict[str, Any]) -> None:
    assert send(tenant, **wanted).status_code == 400

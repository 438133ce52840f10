"""Rooms and departments: made, changed, listed, sorted, destroyed."""

from __future__ import annotations

import itertools
import json
import time
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.sync.client import connect

from switchroom.identity.permissions import Standing
from tests.platform import Account, RunningPlatform, Tenant

PARTICIPANT = {"voice": True, "video": True, "join": True, "screen": True, "chat": True}
MODERATOR = {**PARTICIPANT, "promote": True, "chatBroadcast": True}
EVERYTHING = {**MODERATOR, "admin": True}
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def names(tenant: Tenant, **fields: Any) -> list[str]:
    """The names of the listed rooms, in the order of `sort`."""
    rooms = tenant.api("roomService/list", **fields).get("rooms", {}).values()
    return [room["displayName"] for room in sorted(rooms, key=lambda room: int(room.get("sort", 0)))]


def test_a_room_is_created_as_wished(tenant: Tenant):
    person = tenant.person()
    department = tenant.department("Sales")

    reply = tenant.api(
        "roomService/create",
        room={
            "displayName": "Conference Room 1",
            "mode": "ROOM_MODE_SPECTATOR",
            "type": "ROOM_TYPE_ROOM",
            "parentId": department,
            "quotas": {"activeParticipants": 12, "passiveParticipants": 30},
            "permissions": {person.id: MODERATOR},
            "defaultPermissions": {"role": "ROLE_PARTICIPANT"},
            "metadata": {"colour": "blue"},
            "subRooms": {"a": {"displayName": "Group 1", "sort": 1}},
            "features": [{"id": "RAISE_HANDS", "state": "ENABLED"}],
        },
    )

    assert set(reply) == {"replyInfo", "roomId", "room"}
    room = reply["room"]
    created_at, sort, (part,) = room.pop("createdAt"), room.pop("sort"), room.pop("subRooms").values()
    assert created_at.endswith("Z")
    assert isinstance(sort, str)
    assert part.pop("id")
    assert part == {"displayName": "Group 1", "sort": 1}
    assert room == {
        "displayName": "Conference Room 1",
        "mode": "ROOM_MODE_SPECTATOR",
        "type": "ROOM_TYPE_ROOM",
        "quotas": {"activeParticipants": 12, "passiveParticipants": 30},
        "metadata": {"colour": "blue"},
        "permissions": {person.id: MODERATOR},
        "defaultPermissions": {"role": "ROLE_PARTICIPANT", **PARTICIPANT},
        "features": [{"id": "RAISE_HANDS", "state": "ENABLED"}],
        "parentId": department,
        "allowSpectators": True,
        "myPermissions": EVERYTHING,
        "createdBy": tenant.administrator.id,
    }
    listed = tenant.api("roomService/list", filterRoomIds=[reply["roomId"]])["rooms"][reply["roomId"]]
    assert {**listed, "createdAt": "", "sort": "", "subRooms": ""} == {
        **room,
        "createdAt": "",
        "sort": "",
        "subRooms": "",
    }


def test_a_quota_by_name(tenant: Tenant):
    room_id = tenant.room(quotas={"name": "small"})

    room = tenant.api("roomService/list")["rooms"][room_id]
    assert room["quotas"] == {"name": "small", "activeParticipants": 12, "passiveParticipants": 50}


def test_an_unknown_quota_is_refused_and_nothing_is_made(tenant: Tenant):
    answer = tenant.api.refused(
        "roomService/create", room={"displayName": "X", "quotas": {"name": "gigantic"}}
    )

    assert answer["code"] == 3
    assert "quotas.name" in answer["message"]
    assert names(tenant) == []


def test_a_change_changes_what_it_names_and_nothing_else(tenant: Tenant):
    person = tenant.person()
    room_id = tenant.room(
        "Before",
        quotas={"activeParticipants": 5, "passiveParticipants": 7},
        metadata={"a": "1", "b": "2"},
        permissions={person.id: {"role": "ROLE_MODERATOR"}},
    )
    before = tenant.api("roomService/list")["rooms"][room_id]

    after = tenant.api(
        "roomService/update",
        roomId=room_id,
        room={"displayName": "After", "quotas": {"activeParticipants": 6}, "metadata": {"b": "", "c": "3"}},
    )["room"]

    assert after == {
        **before,
        "displayName": "After",
        "quotas": {"activeParticipants": 6, "passiveParticipants": 7},
        "metadata": {"a": "1", "c": "3"},
    }
    assert tenant.api("roomService/list")["rooms"][room_id] == after


def test_permissions_are_taken_away(tenant: Tenant):
    person = tenant.person()
    room_id = tenant.room(permissions={person.id: {"role": "ROLE_MODERATOR"}})

    tenant.api("roomService/update", roomId=room_id, room={"permissions": {person.id: {"remove": True}}})
    assert "permissions" not in tenant.api("roomService/list")["rooms"][room_id]

    room = tenant.api("roomService/update", roomId=room_id, removeDefaultPermissions=True)["room"]
    assert "defaultPermissions" not in room
    assert "rooms" not in tenant.api("roomService/list", token=person.token)


def test_modes(tenant: Tenant):
    for number, mode in enumerate(("ROOM_MODE_NORMAL", "ROOM_MODE_EXAM", "ROOM_MODE_SPECTATOR"), start=1):
        by_name, by_number = tenant.room(mode=mode), tenant.room(mode=number)
        rooms = tenant.api("roomService/list")["rooms"]
        for room_id in (by_name, by_number):
            assert rooms[room_id]["mode"] == mode
            assert rooms[room_id].get("allowSpectators", False) == (mode == "ROOM_MODE_SPECTATOR")


def test_pages(tenant: Tenant):
    for number in range(5):
        tenant.room(f"Room {number}")

    assert names(tenant, limit=2) == ["Room 0", "Room 1"]
    assert names(tenant, limit=2, offset=2) == ["Room 2", "Room 3"]
    assert names(tenant, limit="2", offset="4") == ["Room 4"]
    assert names(tenant, offset=5) == []
    assert names(tenant, limit=0, offset=0) == [f"Room {number}" for number in range(5)]


def test_the_default_page_has_100_rooms(tenant: Tenant):
    for number in range(103):
        tenant.room(f"Room {number}")

    assert len(names(tenant)) == 100
    assert len(names(tenant, limit=1000)) == 103
    assert tenant.api.refused("roomService/list", limit=1001)["code"] == 3


def test_filters_and_skip_flags(tenant: Tenant):
    person = tenant.person()
    department = tenant.department("Sales")
    room_id = tenant.room(
        "Lounge",
        metadata={"a": "1"},
        subRooms={"1": {"displayName": "Part"}},
        permissions={person.id: {"role": "ROLE_MODERATOR"}, tenant.administrator.id: {"join": True}},
    )
    closed = tenant.room("Closed", permissions={tenant.administrator.id: {"role": "ROLE_NO_ACCESS"}})

    assert names(tenant, filterRoomIds=[room_id, UNKNOWN]) == ["Lounge"]
    assert names(tenant, filterRoomTypes=["ROOM_TYPE_DEPARTMENT"]) == ["Sales"]
    assert names(tenant, filterRoomTypes=[1, 2]) == ["Sales", "Lounge", "Closed"]
    assert names(tenant, skipFlags=["SKIP_UNJOINABLE"]) == ["Sales", "Lounge"]
    skipped = tenant.api(
        "roomService/list", skipFlags=["SKIP_OTHER_PERMISSIONS", "SKIP_METADATA", "SKIP_SUBROOMS"]
    )["rooms"]
    assert set(skipped) == {department, room_id, closed}
    assert skipped[room_id]["permissions"] == {tenant.administrator.id: {"join": True}}
    assert not {"metadata", "subRooms"} & set(skipped[room_id])


def test_only_ids(tenant: Tenant):
    room_id = tenant.room()
    access = {"accessToken": tenant.token, "returnObjectIdsOnly": True}

    assert tenant.api.post("roomService/list", {"accessInfo": access}).json()["rooms"] == {room_id: {}}


def test_a_participant_sees_what_is_open_and_the_departments_around(tenant: Tenant):
    person = tenant.person()
    department, empty = (
        tenant.department("Sales", defaultPermissions=None),
        tenant.department("Empty", defaultPermissions=None),
    )
    open_room = tenant.room("Open", parentId=department, permissions={tenant.person().id: MODERATOR})
    own_room = tenant.room(
        "Own", defaultPermissions=None, permissions={person.id: {"role": "ROLE_MODERATOR"}}
    )
    tenant.room("Closed", defaultPermissions=None)

    rooms = tenant.api("roomService/list", token=person.token)["rooms"]

    assert set(rooms) == {department, open_room, own_room}
    assert empty not in rooms
    assert rooms[open_room]["myPermissions"] == PARTICIPANT
    assert "permissions" not in rooms[open_room]
    assert rooms[own_room]["myPermissions"] == {"role": "ROLE_MODERATOR", **MODERATOR}
    assert rooms[own_room]["permissions"] == {person.id: {"role": "ROLE_MODERATOR", **MODERATOR}}


def test_everybody_sees_the_same_rooms_with_their_own_permissions(tenant: Tenant):
    standings = [Standing.ADMINISTRATOR, Standing.MODERATOR, Standing.PARTICIPANT, Standing.PARTICIPANT]
    administrator, *_, named = people = [tenant.person(standing) for standing in standings]
    role = {"role": "ROLE_MODERATOR"}
    room_id = tenant.room("Common", permissions={named.id: role})
    expected = [EVERYTHING, MODERATOR, PARTICIPANT, role | MODERATOR]

    for name, skip in itertools.product(("Common", "Renamed"), ([], ["SKIP_OTHER_PERMISSIONS"])):
        tenant.api("roomService/update", roomId=room_id, room={"displayName": name})
        for person, permissions in zip(people, expected, strict=True):
            room = tenant.api("roomService/list", token=person.token, skipFlags=skip)["rooms"][room_id]
            sees_entry = person is named or (person is administrator and not skip)
            assert room["displayName"] == name
            assert room["myPermissions"] == permissions
            assert room.get("permissions", {}) == ({named.id: role | MODERATOR} if sees_entry else {})


def test_the_list_is_never_old(tenant: Tenant):
    person = tenant.person()
    for number in range(5):
        room_id = tenant.room(f"Room {number}")
        assert f"Room {number}" in names(tenant)
        assert f"Room {number}" in names(tenant, token=person.token)
        tenant.api("roomService/update", roomId=room_id, room={"displayName": f"Renamed {number}"})
        assert f"Renamed {number}" in names(tenant)
        tenant.api("roomService/destroy", roomId=room_id)
        assert names(tenant) == names(tenant, token=person.token) == []


def test_rooms_are_destroyed_with_their_links(tenant: Tenant):
    room_id = tenant.room()
    link = tenant.group_link(room_id)

    assert set(tenant.api("roomService/destroy", roomId=room_id)) == {"replyInfo"}

    assert names(tenant) == []
    assert tenant.api.refused("guestService.v2/getLink", id=link["id"])["code"] == 5
    answer = tenant.api.refused("roomService/destroy", roomId=room_id)
    assert answer["code"] == 5
    assert answer["details"][0]["statusCode"] == "ROOM_NOT_FOUND"


def test_a_department_with_rooms_stays(tenant: Tenant):
    department = tenant.department()
    room_id = tenant.room(parentId=department)

    answer = tenant.api.refused("roomService/destroy", roomId=department)
    assert answer["code"] == 9
    tenant.api("roomService/destroy", roomId=room_id)
    tenant.api("roomService/destroy", roomId=department)


def test_sorting(tenant: Tenant):
    first, second, third = (tenant.room(name) for name in ("1", "2", "3"))

    tenant.api(
        "roomService/sort",
        roomMoves=[{"roomId": third}, {"roomId": first, "moveAfterRoomId": second}],
    )

    assert names(tenant) == ["3", "2", "1"]


def test_moving_into_a_department(tenant: Tenant):
    department, room_id = tenant.department(), tenant.room()

    tenant.api("roomService/sort", roomMoves=[{"roomId": room_id, "parentId": department}])
    assert tenant.api("roomService/list")["rooms"][room_id]["parentId"] == department

    for parent in (department, room_id):
        answer = tenant.api.refused(
            "roomService/sort", roomMoves=[{"roomId": department, "parentId": parent}]
        )
        assert answer["code"] == 3


def test_a_sort_is_done_whole_or_not_at_all(tenant: Tenant):
    first, second = tenant.room("1"), tenant.room("2")

    answer = tenant.api.refused(
        "roomService/sort", roomMoves=[{"roomId": second}, {"roomId": first, "moveAfterRoomId": UNKNOWN}]
    )

    assert answer["code"] == 5
    assert answer["details"][0]["statusCode"] == "ROOM_PREDECESSOR_NOT_FOUND"
    assert names(tenant) == ["1", "2"]


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (Standing.ADMINISTRATOR, EVERYTHING),
        (Standing.MODERATOR, MODERATOR),
        (Standing.PARTICIPANT, PARTICIPANT),
    ],
)
def test_permissions_in_a_room(tenant: Tenant, standing: Standing, expected: dict[str, bool]):
    room_id, person = tenant.room(), tenant.person(standing)

    own = tenant.api("roomService/permissions", token=person.token, roomId=room_id)
    assert own["permissions"] == expected
    seen = tenant.api("roomService/permissions", roomId=room_id, userId=person.id)
    assert seen["permissions"] == expected


def test_permissions_of_others_are_for_administrators(tenant: Tenant):
    room_id, person, other = tenant.room(), tenant.person(), tenant.person()

    answer = tenant.api.refused(
        "roomService/permissions", token=person.token, roomId=room_id, userId=other.id
    )
    assert answer["code"] == 7
    assert tenant.api.refused("roomService/permissions", roomId=room_id, userId=UNKNOWN)["code"] == 5


def test_status_of_empty_rooms(tenant: Tenant):
    room_id, department = tenant.room(), tenant.department()

    everything = tenant.api("roomService/status")["rooms"]
    assert everything == {room_id: {}, department: {}}
    assert tenant.api("roomService/status", roomIds=[room_id, UNKNOWN])["rooms"] == {room_id: {}}
    assert "rooms" not in tenant.api("roomService/status", roomIds=[UNKNOWN], groupBySubroom=True)


def test_status_tells_who_is_examined_to_moderators_only(tenant: Tenant):
    room_id = tenant.room(mode="ROOM_MODE_EXAM")
    teacher = tenant.person(Standing.MODERATOR, first_name="Mia")
    ada, ben = tenant.person(first_name="Ada"), tenant.person(first_name="Ben")
    address = tenant.running.base_url.replace("http", "ws") + "/client/socket"

    def seen_by(account: Account) -> set[str]:
        status = tenant.api("roomService/status", token=account.token, roomIds=[room_id])
        return set(status["rooms"][room_id]["users"])

    with ExitStack() as stack:
        for one in (teacher, ada, ben):
            socket = stack.enter_context(connect(address, proxy=None))
            socket.send(json.dumps({"type": "join", "token": one.token, "roomId": room_id}))
            assert json.loads(socket.recv(10))["type"] == "joined"
        assert seen_by(ada) == {teacher.id, ada.id}
        assert seen_by(teacher) == seen_by(tenant.administrator) == {teacher.id, ada.id, ben.id}
        tenant.api("roomService/update", roomId=room_id, room={"mode": "ROOM_MODE_NORMAL"})
        assert seen_by(ada) == {teacher.id, ada.id, ben.id}


def test_available_types(tenant: Tenant):
    types = tenant.api("roomService/availableTypes")["roomTypes"]

    assert types[0] == {
        "limit": "2147483647",
        "available": "2147483647",
        "quota": {"name": "small", "activeParticipants": 12, "passiveParticipants": 50, "subRooms": 50},
    }
    assert tenant.api("roomService/availableTypes", type="ROOM_TYPE_ROOM")["roomTypes"] == types
    assert "roomTypes" not in tenant.api("roomService/availableTypes", type="ROOM_TYPE_DEPARTMENT")


def test_a_join_link_lets_anybody_in_until_it_expires(tenant: Tenant):
    room_id = tenant.room()
    expires_at = int(time.time()) + 600

    for given in (expires_at, str(expires_at)):
        link = tenant.api("roomService/createJoinLink", roomId=room_id, expiresAt=given)["joinLink"]
        *_, company_id, linked_room, access_key, version = link.split("/")
        assert (company_id, linked_room, version) == (tenant.company_id, room_id, "v2")
        guest = tenant.api.post(
            "guestService.v2/authenticate",
            {
                "companyId": company_id,
                "roomId": room_id,
                "accessKey": access_key,
                "displayName": "Grace",
            },
        ).json()
        assert guest["linkInfo"]["type"] == "TYPE_GROUP_LINK"
        assert guest["linkInfo"]["validUntil"].endswith("Z")
    assert tenant.api.refused("roomService/createJoinLink", roomId=room_id, expiresAt=1)["code"] == 3
    assert tenant.api.refused("roomService/createJoinLink", roomId=room_id, expiresAt=1 << 62)["code"] == 3


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("create", {"room": {"displayName": "X"}}),
        ("update", {"room": {"displayName": "X"}}),
        ("destroy", {}),
        ("sort", {"roomMoves": []}),
        ("createJoinLink", {}),
    ],
)
def test_changes_take_the_permission(tenant: Tenant, path: str, fields: dict[str, Any]):
    room_id, person = tenant.room("Lounge"), tenant.person(Standing.MODERATOR)

    answer = tenant.api.refused(f"roomService/{path}", token=person.token, **{"roomId": room_id, **fields})

    assert answer["code"] == 7
    assert names(tenant) == ["Lounge"]


def test_rooms_of_another_company_are_unknown(tenant: Tenant, running: RunningPlatform):
    stranger = running.organization()
    theirs, mine = stranger.room("Theirs"), tenant.room("Mine")

    attempts: list[tuple[str, dict[str, Any]]] = [
        ("update", {"roomId": theirs, "room": {"displayName": "X"}}),
        ("destroy", {"roomId": theirs}),
        ("permissions", {"roomId": theirs}),
        ("createJoinLink", {"roomId": theirs}),
        ("create", {"room": {"displayName": "X", "parentId": theirs}}),
        (
            "create",
            {"room": {"displayName": "X", "permissions": {stranger.administrator.id: {"join": True}}}},
        ),
        ("update", {"roomId": mine, "room": {"parentId": theirs}}),
        ("sort", {"roomMoves": [{"roomId": theirs}]}),
        ("sort", {"roomMoves": [{"roomId": mine, "moveAfterRoomId": theirs}]}),
    ]
    for path, fields in attempts:
        assert tenant.api.refused(f"roomService/{path}", **fields)["code"] == 5, path
    assert names(tenant, filterRoomIds=[theirs, mine]) == ["Mine"]
    assert names(stranger) == ["Theirs"]

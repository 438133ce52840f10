"""Favorites: rooms that people have marked for themselves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from switchroom.rooms.favorites import MOST_FAVORITES
from tests.platform import RunningPlatform, Tenant

LIST, UPDATE = "businessLogicService/favorites/list", "businessLogicService/favorites/update"


def favorites(tenant: Tenant, **fields: Any) -> list[str]:
    return tenant.api(LIST, **fields).get("roomIds", [])


def test_rooms_are_marked_and_unmarked_in_the_order_in_which_they_come(tenant: Tenant) -> None:
    lounge, garden, cellar = (tenant.room(name) for name in ("Lounge", "Garden", "Cellar"))
    assert set(tenant.api(LIST)) == {"replyInfo"}

    assert set(tenant.api(UPDATE, roomIds={garden: True})) == {"replyInfo"}
    tenant.api(UPDATE, roomIds={lounge: True, cellar: True})
    tenant.api(UPDATE, roomIds={garden: True, cellar: False, "never-was": False})

    assert favorites(tenant) == [garden, lounge]
    assert favorites(tenant, userId=tenant.administrator.id) == [garden, lounge]


def test_everybody_has_their_own(tenant: Tenant) -> None:
    person, room = tenant.person(), tenant.room()
    tenant.api(UPDATE, token=person.token, roomIds={room: True})

    assert favorites(tenant, token=person.token) == [room]
    assert favorites(tenant) == []


def test_a_room_that_is_gone_or_closed_to_somebody_is_in_their_list_no_more(tenant: Tenant) -> None:
    person = tenant.person()
    gone, closed, stays = tenant.room(), tenant.room(), tenant.room()
    tenant.api(UPDATE, token=person.token, roomIds={gone: True, closed: True, stays: True})

    tenant.api("roomService/destroy", roomId=gone)
    tenant.api("roomService/update", roomId=closed, removeDefaultPermissions=True)

    assert favorites(tenant, token=person.token) == [stays]
    tenant.api("roomService/update", roomId=closed, room={"defaultPermissions": {"role": "ROLE_PARTICIPANT"}})
    assert favorites(tenant, token=person.token) == [closed, stays]


def test_a_room_that_is_not_there_for_somebody_cannot_be_marked(
    tenant: Tenant, running: RunningPlatform
) -> None:
    person, open_room = tenant.person(), tenant.room()
    closed = tenant.room(defaultPermissions={"role": "ROLE_NO_ACCESS"})
    theirs = running.organization().room()

    for room_id in (closed, theirs, "nope", "x" * 300):
        refused = tenant.api.refused(UPDATE, token=person.token, roomIds={open_room: True, room_id: True})
        assert (refused["code"], refused["details"][0]["statusCode"]) == (5, "ROOM_NOT_FOUND"), room_id
        assert refused["message"].startswith(f"roomIds.{room_id[:100]}")
    assert favorites(tenant, token=person.token) == []
    tenant.api(UPDATE, roomIds={closed: True})


def test_whoever_administers_people_sees_and_changes_those_of_others(
    tenant: Tenant, running: RunningPlatform
) -> None:
    person, other, room = tenant.person(), tenant.person(), tenant.room()
    hidden = tenant.room(defaultPermissions={"role": "ROLE_NO_ACCESS"})

    tenant.api(UPDATE, userId=person.id, roomIds={room: True})
    assert favorites(tenant, userId=person.id) == favorites(tenant, token=person.token) == [room]
    assert tenant.api.refused(UPDATE, userId=person.id, roomIds={hidden: True})["code"] == 5
    for path in (LIST, UPDATE):
        assert tenant.api.refused(path, token=other.token, userId=person.id)["code"] == 7
        assert tenant.api.refused(path, userId="nobody")["code"] == 5
        assert tenant.api.refused(path, userId=running.organization().administrator.id)["code"] == 5


def test_a_program_says_whose(tenant: Tenant) -> None:
    credentials = {
        "clientId": tenant.api_key.client_id,
        "code": tenant.api_key.code,
        "companyId": tenant.company_id,
    }
    signed_in = tenant.api.post(
        "authenticationService/authenticate", {"authorizationCodeCredentials": credentials}
    ).json()
    person, room = tenant.person(), tenant.room()

    refused = tenant.api.refused(LIST, token=signed_in["accessToken"])
    assert (refused["code"], refused["message"]) == (3, "userId is required")
    tenant.api(UPDATE, token=signed_in["accessToken"], userId=person.id, roomIds={room: True})
    assert favorites(tenant, token=person.token) == [room]


def test_they_go_with_whoever_is_taken_out(tenant: Tenant) -> None:
    person, room = tenant.person(), tenant.room()
    tenant.api(UPDATE, token=person.token, roomIds={room: True})

    assert tenant.api.send("userService/destroy", userId=person.id).status_code == 200
    assert tenant.api.refused(LIST, userId=person.id)["code"] == 5


def test_marking_the_same_at_once_marks_it_once(tenant: Tenant) -> None:
    room = tenant.room()
    assert tenant.token
    with ThreadPoolExecutor(4) as threads:
        made = [threads.submit(tenant.api, UPDATE, roomIds={room: True}) for _ in range(8)]
        assert all(one.result() for one in made)
    assert favorites(tenant) == [room]


@pytest.mark.parametrize("is_marked", [True, False])
def test_too_many_at_once_are_refused(tenant: Tenant, is_marked: bool) -> None:
    changes = {f"room-{number}": is_marked for number in range(MOST_FAVORITES + 1)}
    refused = tenant.api.refused(UPDATE, roomIds=changes)
    assert refused["code"] == 3
    assert "roomIds" in refused["message"]
    assert "1000" in refused["message"]

"""Lists of an organization in which there is more than a list shows."""

from __future__ import annotations

from datetime import datetime

from switchroom.identity.models import Membership, Person, new_id
from switchroom.identity.permissions import Standing
from tests.platform import Tenant

MOST = 1000


def test_of_more_links_the_newest_are_listed_oldest_first(tenant: Tenant):
    room_id, group = tenant.room(), tenant.permission_group()
    wishes = [{"permissionGroupId": group, "description": f"{number}"} for number in range(MOST)]
    create = "guestService.v2/createGroupLinks"
    oldest = tenant.api(create, roomId=room_id, groupLinkCreations=wishes[:2])["groupLinks"]
    tenant.api(create, roomId=room_id, groupLinkCreations=wishes[2:])
    newest = tenant.api(create, roomId=room_id, groupLinkCreations=wishes[:1])["groupLinks"]

    of_room = tenant.api("guestService.v2/listGroupLinks", roomId=room_id)["groupLinks"]
    of_all = tenant.api("guestService.v2/listGroupLinks")["groupLinks"]

    assert len(of_room) == MOST
    assert of_room[-1]["id"] == newest[0]["id"]
    created = [datetime.fromisoformat(link["createdAt"]) for link in of_room]
    assert created == sorted(created)
    gone = {link["id"] for link in oldest} - {link["id"] for link in of_room}
    assert len(gone) == 1
    assert of_all == of_room


def test_of_more_people_those_who_came_first_are_listed(tenant: Tenant):
    first = tenant.administrator
    ids = [new_id() for _ in range(MOST)]
    people = [Person(id=one, username=f"{one}@example.org", password_hash="-", last_name="A") for one in ids]

    async def write() -> None:
        async with tenant.running.platform.storage.database.write(tenant.organization.id) as session:
            session.add_all(people)
            await session.flush()
            session.add_all(Membership(person_id=one, standing=Standing.PARTICIPANT) for one in ids)

    tenant.running.run(write())

    listed = tenant.api("userService/list")

    assert len(listed["users"]) == len(listed["userIdList"]) == MOST
    assert first.id in listed["users"]
    named = tenant.api("userService/list", userIdList=ids)
    assert set(named["users"]) == set(ids)


def test_pages_of_rooms_follow_each_other_while_nothing_changes_and_after(tenant: Tenant):
    made = [tenant.room(f"Room {number}") for number in range(9)]

    assert _pages(tenant) == made
    assert _pages(tenant, "ROOM_TYPE_ROOM") == made
    tenant.api("roomService/sort", roomMoves=[{"roomId": made[-1]}])
    tenant.api("roomService/destroy", roomId=made[4])
    assert _pages(tenant) == [made[-1], *made[:4], *made[5:-1]]


def test_pages_of_a_participant_are_their_own(tenant: Tenant):
    made = [tenant.room(f"Room {number}") for number in range(6)]
    closed = tenant.room("Closed", defaultPermissions=None)
    person = tenant.person()

    assert _pages(tenant) == [*made, closed]
    assert _pages(tenant, token=person.token) == made


def test_a_participant_sees_the_departments_above_what_is_open_to_them(tenant: Tenant):
    top = tenant.department("Top", defaultPermissions=None)
    middle = tenant.department("Middle", defaultPermissions=None, parentId=top)
    inside = tenant.room("Inside", parentId=middle)
    empty = tenant.department("Empty", defaultPermissions=None)
    closed = tenant.room("Closed", defaultPermissions=None, parentId=empty)

    seen = tenant.api("roomService/list", token=tenant.person().token)["rooms"]

    assert set(seen) == {top, middle, inside}
    assert {empty, closed}.isdisjoint(seen)


def _pages(tenant: Tenant, kind: str = "", token: str | None = None) -> list[str]:
    """All rooms, asked for two at a time."""
    found: list[str] = []
    types = {"filterRoomTypes": [kind]} if kind else {}
    while True:
        page = tenant.api("roomService/list", token=token, limit=2, offset=len(found), **types)
        found += page.get("rooms", {})
        if len(page.get("rooms", {})) < 2:
            return found

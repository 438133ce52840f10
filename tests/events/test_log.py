"""What happens is in the log, once, in order, and for its organization only."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import update
from websockets.asyncio.client import connect

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.events.append import append
from switchroom.events.buffer import EventBuffer
from switchroom.events.log import EventFilter, EventLog, LoggedEvent
from switchroom.events.models import Event
from switchroom.events.searching import matches
from switchroom.identity.keys import KeyPermission
from switchroom.identity.permissions import Standing
from tests.happened import happened
from tests.platform import RunningPlatform, Tenant

T = TypeVar("T")
LIMIT = 60


def read(tenant: Tenant, after: int = 0, limit: int = 1000, **wanted: Any) -> list[LoggedEvent]:
    log = tenant.running.platform.events.log
    return within(tenant, log.read(tenant.organization.id, EventFilter(**wanted), after=after, limit=limit))


def within(tenant: Tenant, work: Coroutine[Any, Any, T]) -> T:
    return tenant.running.run(work)


def test_what_happens_to_people_rooms_and_links_is_logged(tenant: Tenant) -> None:
    room = tenant.room("Küche")
    link = tenant.group_link(room)
    tenant.api("roomService/update", roomId=room, room={"displayName": "Küche 2"})
    tenant.api("roomService/sort", roomMoves=[{"roomId": room}])
    tenant.api("guestService.v2/updateGroupLink", groupLink={"id": link["id"], "description": "X"})
    tenant.api("guestService.v2/deleteLink", id=link["id"], roomId=room)
    tenant.api("roomService/destroy", roomId=room)

    events = read(tenant)

    assert [event.type for event in events] == [
        "organization.created",
        "api_key.created",
        "user.created",
        "user.signed_in",
        "room.created",
        "link.created",
        "room.updated",
        "room.moved",
        "link.updated",
        "link.deleted",
        "room.deleted",
    ]
    by = tenant.administrator.id
    about_room = [event for event in events if event.object_id == room]
    assert [event.data.get("display_name") for event in about_room] == ["Küche", "Küche 2", None, "Küche 2"]
    assert {event.data["by"] for event in about_room} == {by}
    assert events[5].data == {"kind": "group", "room_id": room, "by": by}
    assert events[5].object_id == link["id"]
    secrets = (tenant.api_key.code, tenant.administrator.password, link["joinLink"].split("/")[-2])
    assert not [secret for secret in secrets if secret in str(events)]


def test_programs_that_sign_in_are_logged(tenant: Tenant) -> None:
    credentials = {
        "companyId": tenant.company_id,
        "clientId": tenant.api_key.client_id,
        "code": tenant.api_key.code,
    }
    tenant.api(
        "authenticationService/authenticate",
        token="",
        requestId="1",
        authorizationCodeCredentials=credentials,
    )
    (signed_in,) = read(tenant, types=["api_key.signed_in"])
    assert signed_in.data == {"client_id": tenant.api_key.client_id}


def test_changing_over_is_in_the_log_of_the_other_organization_and_refreshing_in_none(
    running: RunningPlatform, tenant: Tenant
) -> None:
    person, second, third = tenant.person(), running.organization("Second"), running.organization("Third")
    for other in (second, third):
        added = running.platform.identity.organizations.add_person(
            other.organization, username=person.username, password=None, standing=Standing.PARTICIPANT
        )
        running.run(added)
    path = "authenticationService/authenticate"
    credentials = {"username": person.username, "password": person.password}
    first = tenant.api.post(path, {"usernamePasswordCredentials": credentials})
    cookie = {"cookie": f"auth={first.cookies['auth']}"}
    switch = {"accessToken": first.json()["accessToken"], "companyId": third.company_id}
    for body in (
        {"refreshTokenCredentials": {"companyId": tenant.company_id}},
        {"refreshTokenCredentials": {"companyId": second.company_id}},
        {"companySwitchCredentials": switch},
    ):
        assert tenant.api.post(path, body, headers=cookie).status_code == 200

    logged = [read(one, types=["user.signed_in"]) for one in (tenant, second, third)]
    times = [[event.object_id for event in events].count(person.id) for events in logged]
    assert times == [2, 1, 1]  # the first of them when the person was made


def test_who_signs_out_and_keys_of_an_account_are_logged(tenant: Tenant) -> None:
    credentials = {"username": tenant.administrator.username, "password": tenant.administrator.password}
    reply = tenant.api.post(
        "authenticationService/authenticate", {"usernamePasswordCredentials": credentials}
    )
    for _ in range(2):
        tenant.running.http.post(
            "/client/sign-out", headers={"cookie": f"auth={reply.cookies['auth']}"}
        ).raise_for_status()
    keys = tenant.running.platform.identity.keys
    key = tenant.running.run(
        keys.create("Küche", KeyPermission.MEETING | KeyPermission.EVENTS, tenant.organization)
    )
    tenant.running.run(keys.create("Instance", KeyPermission.MEETING))
    number = tenant.running.run(keys.authenticate(key)).key_id
    tenant.running.run(keys.delete(number))

    out, made, gone = read(tenant, types=["user.signed_out", "meeting_key.*"])

    assert (out.object_id, out.data) == (
        tenant.administrator.id,
        {"username": tenant.administrator.username},
    )
    assert [(one.type, one.object_id) for one in (made, gone)] == [
        ("meeting_key.created", str(number)),
        ("meeting_key.deleted", str(number)),
    ]
    assert made.data == gone.data == {"name": "Küche", "permissions": ["meeting", "events"]}
    assert key not in str(read(tenant))


def test_a_refused_call_leaves_nothing(tenant: Tenant) -> None:
    room = tenant.room()
    before = read(tenant)
    wish = {"permissionGroupId": "nonsense"}
    tenant.api.refused("guestService.v2/createGroupLinks", roomId=room, groupLinkCreations=[wish])
    tenant.api.refused("roomService/update", roomId=room, room={"parentId": room, "displayName": "New"})
    assert read(tenant) == before


def test_no_organization_reads_of_another(tenant: Tenant, running: RunningPlatform) -> None:
    room = tenant.room()
    other = running.organization("Other")
    other.room()
    assert {event.organization_id for event in read(other)} == {other.organization.id}
    assert read(other, object_id=room) == []
    everything = within(tenant, running.platform.events.log.read(None, EventFilter(object_id=room)))
    assert [event.type for event in everything] == ["room.created"]


def test_parts_of_the_log(tenant: Tenant) -> None:
    rooms = [tenant.room(f"Room {number}") for number in range(3)]
    tenant.group_link(rooms[0])
    created = read(tenant, types=["room.*"])
    assert [event.object_id for event in created] == rooms
    assert read(tenant, types=["room.created", "link.*"])[-1].type == "link.created"
    assert read(tenant, types=["room"]) == read(tenant, types=["r_om.*"]) == []
    assert read(tenant, object_id=rooms[1]) == [created[1]]
    middle = created[1].occurred_at
    assert read(tenant, types=["room.*"], since=middle, until=created[2].occurred_at) == [created[1]]
    assert read(tenant, types=["room.*"], after=created[0].id, limit=1) == [created[1]]
    assert read(tenant, after=created[2].id + 1) == []


@pytest.mark.parametrize(
    ("types", "kind", "fits"),
    [
        ([], "room.created", True),
        (["*"], "room.created", True),
        (["room.*"], "room.created", True),
        (["room.*"], "rooms.created", False),
        (["link.*", "room.created"], "room.created", True),
        (["room.create"], "room.created", False),
    ],
)
def test_types_match_whole_or_by_their_beginning(types: list[str], kind: str, fits: bool) -> None:
    assert matches(types, kind) is fits


def test_a_follower_hears_what_there_is_and_then_what_comes(tenant: Tenant) -> None:
    first = tenant.room("First")
    elsewhere = Database(tenant.running.platform.settings.database_url)
    organization_id = tenant.organization.id

    async def follow() -> list[LoggedEvent]:
        heard: list[LoggedEvent] = []
        tail = tenant.running.platform.events.tail
        follower = tail.follow(organization_id, EventFilter(types=["room.*", "test.*"]), after=0)
        async with asyncio.timeout(LIMIT), contextlib.aclosing(follower):
            async for event in follower:
                heard.append(event)
                if event.type == "room.created":
                    # Another process, which this one does not hear of.
                    async with elsewhere.write(None) as session:
                        append(session, organization_id, happened("test.elsewhere"), "x")
                elif event.type == "test.elsewhere":
                    async with tenant.running.platform.storage.database.write(None) as session:
                        append(session, organization_id, happened("test.here"), "x")
                else:
                    break
        await elsewhere.close()
        return heard

    heard = within(tenant, follow())
    assert [event.type for event in heard] == ["room.created", "test.elsewhere", "test.here"]
    assert heard[0].object_id == first


def test_many_writers_and_a_reader_that_misses_nothing(tenant: Tenant) -> None:
    """A transaction that began to write first may be committed last: its events must not be passed over."""
    platform, organization_id = tenant.running.platform, tenant.organization.id
    elsewhere = Database(platform.settings.database_url)
    writers, each = 8, 15

    async def write(database: Database, name: int) -> None:
        for number in range(each):
            async with database.write(None) as session:
                for _ in range(2):
                    append(session, organization_id, happened("test.written", number=number), f"{name}")
                await asyncio.sleep(0)

    async def follow() -> list[LoggedEvent]:
        heard: list[LoggedEvent] = []
        follower = platform.events.tail.follow(organization_id, EventFilter(types=["test.written"]), after=0)
        async with asyncio.timeout(60), contextlib.aclosing(follower):
            async for event in follower:
                heard.append(event)
                if len(heard) == writers * each * 2:
                    break
        return heard

    async def together() -> list[LoggedEvent]:
        writing = [
            write(platform.storage.database if name % 2 else elsewhere, name) for name in range(writers)
        ]
        following = asyncio.create_task(follow())
        await asyncio.gather(*writing)
        heard = await following
        await elsewhere.close()
        return heard

    heard = within(tenant, together())
    assert [event.id for event in heard] == sorted({event.id for event in heard})
    for name in range(writers):
        numbers = [event.data["number"] for event in heard if event.object_id == f"{name}"]
        assert numbers == sorted([*range(each), *range(each)])


def test_old_events_go_and_their_ids_do_not_come_back(tenant: Tenant) -> None:
    platform = tenant.running.platform
    tenant.room()
    newest = read(tenant)[-1]
    log = EventLog(platform.storage.database, keep=timedelta(days=30))

    async def age() -> int:
        async with platform.storage.database.write(None) as session:
            mine = Event.organization_id == tenant.organization.id
            await session.execute(update(Event).where(mine).values(occurred_at=now() - timedelta(days=31)))
        return await log.remove_old()

    kept = tenant.running.organization("Kept")
    assert within(tenant, age()) >= 5
    assert read(tenant) == []
    assert [event.type for event in read(kept)] == ["organization.created", "api_key.created"]
    tenant.room()
    assert read(tenant)[0].id > newest.id


def test_who_comes_into_a_room_and_leaves_is_logged(tenant: Tenant) -> None:
    room = tenant.room("Lounge")
    person = tenant.person(first_name="Jürgen", last_name="Groß")

    async def visit() -> None:
        address = tenant.running.base_url.replace("http", "ws") + "/client/socket"
        async with asyncio.timeout(LIMIT), connect(address, proxy=None) as socket:
            await socket.send(json.dumps({"type": "join", "token": person.token, "roomId": room, "id": "1"}))
            while json.loads(await socket.recv())["type"] != "joined":
                pass
            await socket.send(json.dumps({"type": "leave"}))
            await socket.wait_closed()

    async def logged() -> list[LoggedEvent]:
        tail = tenant.running.platform.events.tail
        follower = tail.follow(tenant.organization.id, EventFilter(object_id=room), after=0)
        events: list[LoggedEvent] = []
        async with asyncio.timeout(LIMIT), contextlib.aclosing(follower):
            async for event in follower:
                events.append(event)
                if event.type == "room.emptied":
                    break
        return events

    within(tenant, visit())
    events = within(tenant, logged())
    assert [event.type for event in events[1:]] == ["room.opened", "room.joined", "room.left", "room.emptied"]
    joined, left = events[2], events[3]
    assert joined.data["user_id"] == person.id
    assert joined.data["display_name"] == "Jürgen Groß"
    assert left.data["reason"] == "left"
    assert left.data["participant_id"] == joined.data["participant_id"]


def test_notes_wait_while_the_database_is_away(tenant: Tenant) -> None:
    platform, organization_id = tenant.running.platform, tenant.organization.id
    away = Database("postgresql+asyncpg://nobody@127.0.0.1:1/nothing")
    buffer = EventBuffer(away)
    buffer.add(organization_id, happened("test.noted", number=1), "x")
    buffer.add(organization_id, happened("test.noted", number=2), "x")

    async def write() -> None:
        with pytest.raises(Exception, match=r"."):
            await buffer.finish()
        await away.close()
        buffer._database = platform.storage.database  # pyright: ignore[reportPrivateUsage]
        await buffer.finish()
        await buffer.finish()

    within(tenant, write())
    assert [event.data["number"] for event in read(tenant, types=["test.noted"])] == [1, 2]

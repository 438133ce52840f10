"""What is asked of an organization of each size, as its users ask it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from benchmarks.growth_filling import AGENT_TOKEN, RARELY, TO_COME
from benchmarks.growth_tenant import LISTED, MEMBER, PASSWORD, Tenant
from switchroom.events.log import EventFilter, EventLog
from switchroom.events.webhooks import retention
from switchroom.events.webhooks.leases import HookLeases
from switchroom.events.webhooks.models import DeliveryState


class Question(Struct, frozen=True):
    """`ask` is done once a round by each tenant, `prepare` once before them all. `from_rows` is the least
    size of one that answers as much as all larger ones do: the one that they are held against."""

    title: str
    ask: Callable[[Tenant], Awaitable[Any]]
    from_rows: int = 100
    prepare: Callable[[Tenant], Awaitable[Any]] | None = None


FEW = 10_000 // RARELY

_numbers = itertools.count()


def another(most: int) -> int:
    """A number below `most`, another one each time."""
    return next(_numbers) * 7_919 % most


# Lists of the v1 API.


async def first_rooms(tenant: Tenant) -> Any:
    return await tenant.v1("roomService/list", tenant.token(), limit=LISTED)


async def last_rooms(tenant: Tenant) -> Any:
    return await tenant.v1("roomService/list", tenant.token(), limit=LISTED, offset=_last_page(tenant))


async def rooms_before_the_last(tenant: Tenant) -> Any:
    """Whoever reads the last page has read the one before."""
    offset = max(_last_page(tenant) - LISTED, 0)
    return await tenant.v1("roomService/list", tenant.token(), limit=LISTED, offset=offset)


def _last_page(tenant: Tenant) -> int:
    return max(tenant.size.rooms - 2 * LISTED, 0)


async def rooms_open_to_a_member(tenant: Tenant) -> Any:
    token = tenant.token(MEMBER + another(LISTED - MEMBER))
    await tenant.forget_lists()
    return await tenant.v1("roomService/list", token, limit=50)


async def status_of_rooms(tenant: Tenant) -> Any:
    rooms = [tenant.room_id(number) for number in range(LISTED)]
    return await tenant.v1("roomService/status", tenant.token(), roomIds=rooms)


async def kinds_of_rooms(tenant: Tenant) -> Any:
    return await tenant.v1("roomService/availableTypes", tenant.token(), type="ROOM_TYPE_ROOM")


async def quotas(tenant: Tenant) -> Any:
    return await tenant.v1("quotaService/info", tenant.token())


async def people(tenant: Tenant) -> Any:
    return await tenant.v1("userService/list", tenant.token())


async def people_named(tenant: Tenant) -> Any:
    named = [tenant.person_id(another(tenant.size.rooms)) for _ in range(LISTED)]
    return await tenant.v1("userService/list", tenant.token(), userIdList=named)


async def links(tenant: Tenant) -> Any:
    return await tenant.v1("guestService.v2/listGroupLinks", tenant.token())


async def links_of_the_lobby(tenant: Tenant) -> Any:
    return await tenant.v1("guestService.v2/listGuestLinks", tenant.token(), roomId=tenant.room_id(1))


async def links_of_a_room(tenant: Tenant) -> Any:
    return await tenant.v1("guestService.v2/listGroupLinks", tenant.token(), roomId=tenant.room_id(17))


async def companies(tenant: Tenant) -> Any:
    return await tenant.v1("companyService/list", tenant.token(agent=True), limit=LISTED)


# Creations.


async def make_room(tenant: Tenant) -> Any:
    room = {"displayName": "Bench", "type": "ROOM_TYPE_ROOM", "parentId": tenant.room_id(0)}
    return await tenant.v1("roomService/create", tenant.token(0), room=room)


async def make_room_at_the_top(tenant: Tenant) -> Any:
    room = {"displayName": "Bench", "type": "ROOM_TYPE_ROOM"}
    return await tenant.v1("roomService/create", tenant.token(0), room=room)


async def make_link(tenant: Tenant) -> Any:
    wish = {"permissionGroupId": tenant.permission_group_id, "description": "Bench"}
    return await tenant.v1(
        "guestService.v2/createGroupLinks",
        tenant.token(0),
        roomId=tenant.room_id(1),
        groupLinkCreations=[wish],
    )


async def make_meeting(tenant: Tenant) -> Any:
    start = datetime.now(UTC) + timedelta(days=400)
    body = {
        "topic": "Bench",
        "startTime": start.isoformat().replace("+00:00", "Z"),
        "endTime": (start + timedelta(hours=1)).isoformat().replace("+00:00", "Z"),
        "invitedParticipants": [{"email": "person@bench.example"}],
    }
    return await tenant.v6("POST", "/meeting", body)


async def make_organizer(tenant: Tenant) -> Any:
    email = f"{time.time_ns()}@bench.example"
    body = {"firstName": "Bench", "lastName": "Bench", "email": email}
    return await tenant.v6(
        "POST", f"/account/{tenant.organization.hex_id}/organizer", body, of_organizer=False
    )


# Ways in.


async def sign_in_by_password(tenant: Tenant) -> Any:
    return await tenant.v1(
        "authenticationService/authenticate",
        usernamePasswordCredentials={
            "username": f"person{another(tenant.size.rooms)}@bench.example",
            "password": PASSWORD,
            "companyId": tenant.organization.ulid,
        },
    )


async def sign_in_by_key(tenant: Tenant) -> Any:
    code = {"clientId": tenant.client_id, "code": tenant.api_key, "companyId": tenant.organization.ulid}
    return await tenant.v1("authenticationService/authenticate", authorizationCodeCredentials=code)


async def sign_in_by_refresh_token(tenant: Tenant) -> Any:
    return await tenant.v1(
        "authenticationService/authenticate", refreshTokenCredentials={"refreshToken": AGENT_TOKEN}
    )


async def guest(tenant: Tenant) -> Any:
    number = another(tenant.size.rows)
    return await tenant.v1(
        "guestService.v2/authenticate",
        companyId=tenant.organization.ulid,
        roomId=tenant.link_room(number),
        accessKey=tenant.link_key(number),
        displayName="Bench",
    )


async def admission(tenant: Tenant) -> Any:
    room = tenant.room_id(another(tenant.size.rooms // 10) * 10 + 1)
    return await tenant.platform.meetings.admission.admit(tenant.token(0), room, None)


# Meetings.


async def meetings(tenant: Tenant) -> Any:
    return await tenant.v6("GET", "/meeting", query="limit=100")


async def meetings_of_a_window(tenant: Tenant) -> Any:
    first = tenant.moment // 1_000_000 + (TO_COME - LISTED) * 1800
    begin = datetime.fromtimestamp(first, UTC)
    return await tenant.v6("GET", "/meeting", query=f"limit=50&from={begin:%Y-%m-%dT%H:%M:%SZ}")


async def accounts(tenant: Tenant) -> Any:
    return await tenant.v6("GET", "/account", of_organizer=False, query="limit=100")


async def organizers(tenant: Tenant) -> Any:
    path = f"/account/{tenant.organization.hex_id}/organizer"
    return await tenant.v6("GET", path, of_organizer=False, query="limit=10")


# Use.


async def most_used_rooms(tenant: Tenant) -> Any:
    return await tenant.client("statistics/rooms", tenant.token(0))


async def people_most_often_in_rooms(tenant: Tenant) -> Any:
    """The page after the first, among very many who were there as often."""
    after = {"count": 50, "id": tenant.size.rows}
    return await tenant.client("statistics/people", tenant.token(0), rankedBy="stays", after=after)


# Events and deliveries.


async def events(tenant: Tenant) -> Any:
    log: EventLog = tenant.platform.events.log
    return await log.read(tenant.organization.id, after=await log.newest(tenant.organization.id) - LISTED)


async def events_of_a_rare_type(tenant: Tenant) -> Any:
    log: EventLog = tenant.platform.events.log
    return await log.read(tenant.organization.id, EventFilter(types=["room.created"]), limit=FEW)


async def events_of_types(tenant: Tenant) -> Any:
    log: EventLog = tenant.platform.events.log
    wanted = EventFilter(types=["room.created", "meeting.*", "user.*"])
    return await log.read(tenant.organization.id, wanted, limit=FEW)


async def events_from_a_time_on(tenant: Tenant) -> Any:
    log: EventLog = tenant.platform.events.log
    since = datetime.fromtimestamp(tenant.moment // 1_000_000 - LISTED, UTC)
    return await log.read(tenant.organization.id, EventFilter(since=since), limit=LISTED)


async def events_before_a_time(tenant: Tenant) -> Any:
    """Who has read the log up to there asks whether there is more."""
    log: EventLog = tenant.platform.events.log
    until = datetime.fromtimestamp(tenant.moment // 1_000_000 - tenant.size.rows, UTC)
    return await log.read(tenant.organization.id, EventFilter(until=until), limit=LISTED)


async def deliveries(tenant: Tenant) -> Any:
    return await tenant.platform.events.webhooks.deliveries(tenant.organization.id, limit=LISTED)


async def dead_deliveries(tenant: Tenant) -> Any:
    hooks = tenant.platform.events.webhooks
    return await hooks.deliveries(tenant.organization.id, state=DeliveryState.DEAD, limit=LISTED)


async def leasing(tenant: Tenant) -> Any:
    return await HookLeases(tenant.platform.storage.database).take_some(4)


async def cleaning(tenant: Tenant) -> Any:
    await retention.remove_old(tenant.platform.storage.database)
    return await tenant.platform.events.log.remove_old()


# What goes on by itself, and the portal.


async def lifecycle(tenant: Tenant) -> None:
    going_on = tenant.platform.live.meeting_lifecycle
    await going_on.close_ended()
    await going_on.announce_summaries()


async def deletion(tenant: Tenant) -> Any:
    """Once an hour, organization by organization, of which there are ten times as many in the largest."""
    return await tenant.platform.live.meeting_lifecycle.delete_old()


async def portal_start(tenant: Tenant) -> None:
    token = tenant.token(MEMBER + another(LISTED - MEMBER))
    await tenant.v1("authenticationService/accessTokenInformation", token)
    await tenant.client("meetings", token)
    await rooms_shown(tenant, token)


async def portal_with_a_department(tenant: Tenant) -> None:
    token = tenant.token(MEMBER + another(LISTED - MEMBER))
    await rooms_shown(tenant, token, levels=[{}, {"parentId": tenant.room_id(0)}])


async def portal_search(tenant: Tenant) -> None:
    await rooms_shown(tenant, tenant.token(MEMBER + another(LISTED - MEMBER)), term="Room 1")


async def rooms_shown(tenant: Tenant, token: str, **wanted: object) -> list[str]:
    """The ids of the rooms that the portal shows, which are loaded as it loads them."""
    page = msgspec.json.decode(await tenant.client("rooms", token, **wanted), type=_RoomIds)
    await tenant.v1("roomService/list", token, filterRoomIds=page.roomIds, limit=1000)
    return page.roomIds


class _RoomIds(Struct):
    roomIds: list[str]


QUESTIONS = (
    Question("roomService/list, first 100, composed anew", first_rooms),
    Question("roomService/list, last 100, composed anew", last_rooms, prepare=rooms_before_the_last),
    Question("roomService/list, 50 open to a member", rooms_open_to_a_member),
    Question("roomService/status of 100", status_of_rooms),
    Question("roomService/availableTypes", kinds_of_rooms),
    Question("quotaService/info", quotas),
    Question("userService/list, the first 1,000", people, 10_000),
    Question("userService/list of 100 named", people_named),
    Question("listGroupLinks of all rooms, the first 1,000", links, 10_000),
    Question("listGuestLinks of a room that has half of them", links_of_the_lobby, 10_000),
    Question("listGroupLinks of a room that has a few", links_of_a_room),
    Question("companyService/list, 100", companies),
    Question("roomService/create in a department", make_room),
    Question("roomService/create at the top", make_room_at_the_top),
    Question("createGroupLinks", make_link),
    Question("POST /meeting", make_meeting),
    Question("POST /account/organizer", make_organizer),
    Question("sign in by password", sign_in_by_password),
    Question("sign in by key", sign_in_by_key),
    Question("sign in by refresh token, of every company", sign_in_by_refresh_token, 100_000),
    Question("guest authentication", guest),
    Question("admission of a member", admission),
    Question("GET /meeting", meetings),
    Question("GET /meeting from a time on", meetings_of_a_window),
    Question("GET /account", accounts),
    Question("GET /account/organizer", organizers),
    Question("the rooms most in use in a month", most_used_rooms),
    Question("a page of the people most often in rooms in a month", people_most_often_in_rooms),
    Question("the last 100 events", events),
    Question("10 events of a rare type", events_of_a_rare_type, 10_000),
    Question("10 events of several types", events_of_types, 10_000),
    Question("events from a time on", events_from_a_time_on, 10_000),
    Question("events before a time, none", events_before_a_time, 10_000),
    Question("the last 100 deliveries", deliveries),
    Question("deliveries given up, none", dead_deliveries),
    Question("leasing of web hooks", leasing),
    Question("retention of events and deliveries, none due", cleaning),
    Question("lifecycle of meetings, none due", lifecycle),
    Question("deletion of old meetings of all organizations, none due", deletion),
    Question("start of the portal", portal_start),
    Question("the portal with a department open", portal_with_a_department, 10_000),
    Question("a search of the portal", portal_search, 10_000),
)

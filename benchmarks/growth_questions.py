"""What is asked of a house of each size, as its users ask it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from benchmarks.growth_house import LISTED, MEMBER, PASSWORD, TO_COME, House
from switchroom.events.log import EventLog
from switchroom.events.webhooks import retention
from switchroom.events.webhooks.leases import Leases
from switchroom.events.webhooks.models import DeliveryState


class Question(Struct, frozen=True):
    """`ask` is done once a round in each house, `prepare` once before them all. `from_rows` is the least size
    of a house that answers as much as all larger ones do: the one that they are held against."""

    title: str
    ask: Callable[[House], Awaitable[Any]]
    from_rows: int = 100
    prepare: Callable[[House], Awaitable[Any]] | None = None


_numbers = itertools.count()


def _next(most: int) -> int:
    """A number below `most`, another one each time."""
    return next(_numbers) * 7_919 % most


# Lists of the v1 API.


async def first_rooms(house: House) -> Any:
    return await house.v1("roomService/list", house.token(), limit=LISTED)


async def last_rooms(house: House) -> Any:
    return await house.v1("roomService/list", house.token(), limit=LISTED, offset=_last_page(house))


async def rooms_before_the_last(house: House) -> Any:
    """Whoever reads the last page has read the one before."""
    offset = max(_last_page(house) - LISTED, 0)
    return await house.v1("roomService/list", house.token(), limit=LISTED, offset=offset)


def _last_page(house: House) -> int:
    return max(house.size.rooms - 2 * LISTED, 0)


async def rooms_open_to_a_member(house: House) -> Any:
    token = house.token(MEMBER + _next(LISTED - MEMBER))
    await house.forget_lists()
    return await house.v1("roomService/list", token, limit=50)


async def status_of_rooms(house: House) -> Any:
    rooms = [house.room_id(number) for number in range(LISTED)]
    return await house.v1("roomService/status", house.token(), roomIds=rooms)


async def kinds_of_rooms(house: House) -> Any:
    return await house.v1("roomService/availableTypes", house.token(), type="ROOM_TYPE_ROOM")


async def quotas(house: House) -> Any:
    return await house.v1("quotaService/info", house.token())


async def people(house: House) -> Any:
    return await house.v1("userService/list", house.token())


async def people_named(house: House) -> Any:
    named = [house.person_id(_next(house.size.rooms)) for _ in range(LISTED)]
    return await house.v1("userService/list", house.token(), userIdList=named)


async def links(house: House) -> Any:
    return await house.v1("guestService.v2/listGroupLinks", house.token())


async def links_of_the_lobby(house: House) -> Any:
    return await house.v1("guestService.v2/listGuestLinks", house.token(), roomId=house.room_id(1))


async def links_of_a_room(house: House) -> Any:
    return await house.v1("guestService.v2/listGroupLinks", house.token(), roomId=house.room_id(17))


async def companies(house: House) -> Any:
    return await house.v1("companyService/list", house.token(agent=True), limit=LISTED)


# Creations.


async def make_room(house: House) -> Any:
    room = {"displayName": "Bench", "type": "ROOM_TYPE_ROOM", "parentId": house.room_id(0)}
    return await house.v1("roomService/create", house.token(0), room=room)


async def make_room_at_the_top(house: House) -> Any:
    room = {"displayName": "Bench", "type": "ROOM_TYPE_ROOM"}
    return await house.v1("roomService/create", house.token(0), room=room)


async def make_link(house: House) -> Any:
    wish = {"permissionGroupId": house.permission_group_id, "description": "Bench"}
    return await house.v1(
        "guestService.v2/createGroupLinks", house.token(0), roomId=house.room_id(1), groupLinkCreations=[wish]
    )


async def make_meeting(house: House) -> Any:
    start = datetime.now(UTC) + timedelta(days=400)
    body = {
        "topic": "Bench",
        "startTime": start.isoformat().replace("+00:00", "Z"),
        "endTime": (start + timedelta(hours=1)).isoformat().replace("+00:00", "Z"),
        "invitedParticipants": [{"email": "person@bench.example"}],
    }
    return await house.v6("POST", "/meeting", body)


async def make_organizer(house: House) -> Any:
    email = f"{time.time_ns()}@bench.example"
    body = {"firstName": "Bench", "lastName": "Bench", "email": email}
    return await house.v6("POST", f"/account/{house.organization.hex_id}/organizer", body, of_organizer=False)


# Ways in.


async def sign_in_by_password(house: House) -> Any:
    return await house.v1(
        "authenticationService/authenticate",
        usernamePasswordCredentials={
            "username": f"person{_next(house.size.rooms)}@bench.example",
            "password": PASSWORD,
            "companyId": house.organization.ulid,
        },
    )


async def sign_in_by_key(house: House) -> Any:
    code = {"clientId": house.client_id, "code": house.api_key, "companyId": house.organization.ulid}
    return await house.v1("authenticationService/authenticate", authorizationCodeCredentials=code)


async def sign_in_by_refresh_token(house: House) -> Any:
    return await house.v1(
        "authenticationService/authenticate", refreshTokenCredentials={"refreshToken": "agent"}
    )


async def guest(house: House) -> Any:
    number = _next(house.size.rows)
    return await house.v1(
        "guestService.v2/authenticate",
        companyId=house.organization.ulid,
        roomId=house.link_room(number),
        accessKey=house.link_key(number),
        displayName="Bench",
    )


async def admission(house: House) -> Any:
    room = house.room_id(_next(house.size.rooms // 10) * 10 + 1)
    return await house.platform.meetings.admission.admit(house.token(0), room, None)


# Meetings.


async def meetings(house: House) -> Any:
    return await house.v6("GET", "/meeting", query="limit=100")


async def meetings_of_a_window(house: House) -> Any:
    first = house.moment // 1_000_000 + (TO_COME - LISTED) * 1800
    begin = datetime.fromtimestamp(first, UTC)
    return await house.v6("GET", "/meeting", query=f"limit=50&from={begin:%Y-%m-%dT%H:%M:%SZ}")


async def accounts(house: House) -> Any:
    return await house.v6("GET", "/account", of_organizer=False, query="limit=100")


async def organizers(house: House) -> Any:
    path = f"/account/{house.organization.hex_id}/organizer"
    return await house.v6("GET", path, of_organizer=False, query="limit=10")


# Events and deliveries.


async def events(house: House) -> Any:
    log: EventLog = house.platform.events.log
    return await log.read(house.organization.id, after=await log.newest(house.organization.id) - LISTED)


async def deliveries(house: House) -> Any:
    return await house.platform.events.webhooks.deliveries(house.organization.id, limit=LISTED)


async def dead_deliveries(house: House) -> Any:
    hooks = house.platform.events.webhooks
    return await hooks.deliveries(house.organization.id, state=DeliveryState.DEAD, limit=LISTED)


async def leasing(house: House) -> Any:
    return await Leases(house.platform.storage.database).take()


async def cleaning(house: House) -> Any:
    await retention.remove_old(house.platform.storage.database)
    return await house.platform.events.log.remove_old()


# What goes on by itself, and the portal.


async def lifecycle(house: House) -> Any:
    going_on = house.platform.live.meeting_lifecycle
    await going_on.close_ended()
    await going_on.announce_summaries()
    return await going_on.delete_old()


async def portal_start(house: House) -> None:
    token = house.token(MEMBER + _next(LISTED - MEMBER))
    await house.v1("authenticationService/accessTokenInformation", token)
    await house.ask("POST", "/client/meetings", {"accessToken": token})
    await house.forget_lists()
    await house.v1("roomService/list", token, limit=50)


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
    Question("the last 100 events", events),
    Question("the last 100 deliveries", deliveries),
    Question("deliveries given up, none", dead_deliveries),
    Question("leasing of web hooks", leasing),
    Question("retention of events and deliveries, none due", cleaning),
    Question("lifecycle of meetings, none due", lifecycle),
    Question("start of the portal", portal_start),
)

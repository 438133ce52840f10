"""Who was in a room or a meeting and when, for those who may know it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from switchroom.db.base import now
from switchroom.events.models import Event
from switchroom.identity.permissions import ALL_ADMINISTRATION
from switchroom.identity.tokens import AccessToken, SubjectKind
from switchroom.rooms.attendance import AttendancePage, RoomAttendance, StayFilter
from switchroom.rooms.models import Room, RoomMode, RoomType
from tests.db.work import Ask, Steps, rows_passed
from tests.dialects.client.test_people import ask, clerk, send
from tests.events.source import Source, organizations, source
from tests.meetings.planning import plan
from tests.platform import Tenant
from tests.postgresql import new_database

NOON = (now() - timedelta(days=7)).replace(hour=12, minute=0, second=0, microsecond=0)
"""Of a day not long ago: events are kept for so long only."""


def minutes(number: float) -> str:
    """So long after noon, on the wire."""
    return (NOON + timedelta(minutes=number)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def row(
    kind: str, object_id: str, organization_id: int, at: float, name: str = "", **data: Any
) -> dict[str, Any]:
    """An event so many minutes after noon. `joined` is when they came."""
    stay = {
        "participant_id": name,
        "user_id": name,
        "display_name": name,
        "is_guest": True,
        "is_spectator": False,
        **data,
    }
    return {
        "organization_id": organization_id,
        "type": kind,
        "object_id": object_id,
        "occurred_at": NOON + timedelta(minutes=at),
        "data": stay if name else data,
    }


def write(tenant: Tenant, *rows: dict[str, Any]) -> None:
    async def added() -> None:
        async with tenant.running.platform.storage.database.write(None) as session:
            await session.execute(insert(Event), rows)

    tenant.running.run(added())


def lesson(tenant: Tenant, room: str) -> None:
    """Ada from 0 to 45, Ben, who has an account, from 5 to 10; later Eve from 61 to 63, Ben and Cem still."""
    of = tenant.organization.id
    write(
        tenant,
        row("room.opened", room, of, 0),
        row("room.joined", room, of, 0, "Ada", joined_at=minutes(0)),
        row("room.joined", room, of, 5, "Ben", joined_at=minutes(5), is_guest=False),
        row("room.left", room, of, 10, "Ben", joined_at=minutes(5), is_guest=False, reason="left"),
        row("room.moderated", room, of, 20, "Ada", action="mute", by="x"),
        row("room.left", room, of, 45, "Ada", joined_at=minutes(0), reason="left"),
        row("room.emptied", room, of, 45),
        row("room.opened", room, of, 60),
        row("room.joined", room, of, 60, "Ben", joined_at=minutes(60), is_guest=False),
        row("room.joined", room, of, 61, "Eve", joined_at=minutes(61), is_spectator=True),
        row("room.joined", room, of, 62, "Cem", joined_at=minutes(62)),
        row("room.left", room, of, 63, "Eve", joined_at=minutes(61), is_spectator=True, reason="lost"),
    )


def names(page: Mapping[str, Any], part: str = "stays") -> list[str]:
    return [one["name"] for one in page[part]]


def test_a_room_tells_who_was_there_and_who_is(tenant: Tenant) -> None:
    room = tenant.room("Aula")
    lesson(tenant, room)
    page = ask(tenant, "rooms/attendance", roomId=room)
    assert page["roomName"] == "Aula"
    assert names(page, "inside") == ["Cem", "Ben"]
    assert names(page) == ["Eve", "Ada", "Ben"]
    assert "following" not in page
    assert page["stays"][2] == {
        "name": "Ben",
        "isGuest": False,
        "isSpectator": False,
        "joinedAt": minutes(5),
        "leftAt": minutes(10),
    }
    assert page["inside"][0]["leftAt"] is None
    assert page["stays"][0]["isSpectator"] is True
    assert names(ask(tenant, "rooms/attendance", roomId=room, isOldestFirst=True)) == ["Ben", "Ada", "Eve"]
    empty = ask(tenant, "rooms/attendance", roomId=tenant.room("Empty"))
    assert (empty["inside"], empty["stays"]) == ([], [])


@pytest.mark.parametrize("oldest_first", [False, True])
def test_a_page_follows_another(tenant: Tenant, *, oldest_first: bool) -> None:
    room, of = tenant.room(), tenant.organization.id
    write(tenant, *(row("room.left", room, of, one, f"N{one}", joined_at=minutes(0)) for one in range(7)))
    found: list[str] = []
    wish: dict[str, Any] = {"roomId": room, "limit": 3, "isOldestFirst": oldest_first}
    sizes: list[int] = []
    while True:
        page = ask(tenant, "rooms/attendance", **wish)
        sizes.append(len(page["stays"]))
        found += names(page)
        # What happens meanwhile moves nothing.
        write(tenant, row("room.left", tenant.room(), of, 8, "Other", joined_at=minutes(0)))
        if "following" not in page:
            break
        wish["after"] = page["following"]
    assert sizes == [3, 3, 1]
    in_order = [f"N{one}" for one in range(7)]
    assert found == (in_order if oldest_first else in_order[::-1])


def test_a_time_may_be_said_in_any_zone(tenant: Tenant) -> None:
    room = tenant.room()
    lesson(tenant, room)
    day = NOON.date().isoformat()
    for since in (minutes(45), f"{day}T21:45:00+09:00", f"{day}T05:15:00-07:30"):
        assert names(ask(tenant, "rooms/attendance", roomId=room, since=since)) == ["Eve", "Ada"]
    assert names(ask(tenant, "rooms/attendance", roomId=room, since=minutes(64))) == []


def test_only_those_who_administer_a_room_see_who_was_there(tenant: Tenant) -> None:
    room, other = tenant.room(), tenant.running.organization("Other")
    lesson(tenant, room)
    pat = tenant.person()
    for token, status in (("", 401), ("nonsense", 401), (pat.token, 403), (other.token, 404)):
        answer = send(tenant, "rooms/attendance", token=token, roomId=room)
        assert answer.status_code == status
        assert "Ada" not in answer.text
    rooms, people = clerk(tenant, "ROOM_ADMIN"), clerk(tenant, "USER_ADMIN")
    assert names(ask(tenant, "rooms/attendance", token=rooms.token, roomId=room))
    assert send(tenant, "rooms/attendance", token=people.token, roomId=room).status_code == 403
    # An event of another organization about an object of the same id is nobody's here.
    write(tenant, row("room.left", room, other.organization.id, 90, "Spy", joined_at=minutes(80)))
    assert "Spy" not in names(ask(tenant, "rooms/attendance", roomId=room))


@pytest.mark.parametrize(
    "wrong",
    [
        {"roomId": ""},
        {"roomId": 3},
        {"roomId": "x" * 200},
        {"limit": 0},
        {"limit": 501},
        {"after": -1},
        {"after": 1 << 63},
        {"after": "x"},
        {"since": "yesterday"},
        {"since": "2026-11-20T12:00:00"},
        {"isOldestFirst": "yes"},
    ],
)
def test_a_wrong_wish_is_refused(tenant: Tenant, wrong: dict[str, Any]) -> None:
    wish = {"roomId": tenant.room(), **wrong}
    assert send(tenant, "rooms/attendance", **wish).status_code in (400, 404)


def test_times_at_the_end_of_the_calendar_are_times(tenant: Tenant) -> None:
    room = tenant.room()
    lesson(tenant, room)
    for since in ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"):
        answer = send(tenant, "rooms/attendance", roomId=room, since=since, until="9999-12-31T23:59:59-12:00")
        assert answer.status_code in (200, 400), answer.text


def test_a_stay_of_long_ago_that_lacks_a_part_is_told(tenant: Tenant) -> None:
    room = tenant.room()
    old = row("room.left", room, tenant.organization.id, 3, "Old")
    del old["data"]["is_spectator"]
    write(tenant, old)
    (stay,) = ask(tenant, "rooms/attendance", roomId=room)["stays"]
    assert (stay["joinedAt"], stay["leftAt"]) == (minutes(3), minutes(3))


def test_a_meeting_tells_its_organizer_who_was_there(tenant: Tenant) -> None:
    planned = plan(tenant)
    meeting, of = planned.view.meeting, tenant.organization.id
    stay = {"room_id": planned.room_id, "joined_at": minutes(0)}
    write(
        tenant,
        row("meeting.joined", meeting.id, of, 0, "Nora", **stay),
        row("meeting.left", meeting.id, of, 30, "Nora", reason="left", **stay),
        row("meeting.joined", meeting.id, of, 5, "Nils", **{**stay, "joined_at": minutes(5)}),
    )
    found = ask(tenant, "meetings/attendance", id=meeting.hex_id)
    assert found["peopleInAll"] == 2
    assert [(one["name"], one["joinedAt"], one["leftAt"]) for one in found["people"]] == [
        ("Nora", minutes(0), minutes(30)),
        ("Nils", minutes(5), None),
    ]
    assert names(ask(tenant, "meetings/attendance", id=meeting.hex_id, offset=1), "people") == ["Nils"]
    other = tenant.running.organization("Other")
    for token, status in (("", 401), (tenant.person().token, 404), (other.token, 404)):
        assert send(tenant, "meetings/attendance", token=token, id=meeting.hex_id).status_code == status


SMALL, LARGE = 1_000, 6_000
"""Stays in a room; as many in others of the organization, and of another."""


class Busy:
    """A room that very many have been in, and that is open now."""

    def __init__(self, events: Source, other: int) -> None:
        self._database = events.database
        self._of, self._other = events.organization_id, other
        self._attendance = RoomAttendance(events.database)
        self._token = AccessToken(
            organization_id=events.organization_id,
            company_id="01FHHEX2VQQ378MV7Z5NAGHESK",
            subject_id="key",
            kind=SubjectKind.API_KEY,
            issued_at=0,
            expires_at=1 << 40,
            administration=ALL_ADMINISTRATION,
            display_name="Key",
        )
        wishes = {
            "newest": StayFilter(),
            "oldest": StayFilter(oldest_first=True),
            "following": StayFilter(after=1000),
            "following oldest": StayFilter(after=1000, oldest_first=True),
            "first day": StayFilter(until=NOON + timedelta(minutes=100)),
            "an hour": StayFilter(
                since=NOON + timedelta(minutes=500), until=NOON + timedelta(minutes=560), oldest_first=True
            ),
        }
        self.asks: Mapping[str, Ask] = {
            name: partial(self._attendance.page, self._token, "busy", wish) for name, wish in wishes.items()
        }

    async def page(self, **wish: Any) -> AttendancePage:
        return await self._attendance.page(self._token, "busy", StayFilter(**wish))

    async def fill(self, number: int) -> None:
        rows = [row("room.opened", "busy", self._of, 0)]
        for one in range(number):
            name = f"N{one}"
            rows.append(row("room.joined", "busy", self._of, one, name, joined_at=minutes(one)))
            rows.append(row("room.left", "busy", self._of, one + 0.5, name, joined_at=minutes(one)))
            rows.append(row("room.left", f"room {one}", self._of, one + 0.6, name, joined_at=minutes(one)))
            rows.append(row("room.left", "elsewhere", self._other, one + 0.7, name, joined_at=minutes(one)))
        async with self._database.write(None) as session:
            room = Room(id="busy", organization_id=self._of, display_name="Busy", created_by="")
            room.type, room.mode, room.active_limit, room.passive_limit = RoomType.ROOM, RoomMode.NORMAL, 0, 0
            session.add(room)
            await session.flush()
            await session.execute(insert(Event), rows)


async def busy(events: Source, number: int) -> Busy:
    (other,) = await organizations(events.database, 1)
    made = Busy(events, other)
    await made.fill(number)
    return made


async def test_a_time_is_chosen_by_when_they_left(database_url: str) -> None:
    async with source(database_url) as events:
        room = await busy(events, 200)
        found = await room.page(since=NOON + timedelta(minutes=20.5), until=NOON + timedelta(minutes=22.5))
        assert [one.display_name for one in found.stays] == ["N21", "N20"]
        before = await room.page(until=NOON + timedelta(minutes=2), oldest_first=True)
        assert [one.display_name for one in before.stays] == ["N0", "N1"]
        after = await room.page(since=NOON + timedelta(minutes=198.5), oldest_first=True)
        assert [one.display_name for one in after.stays] == ["N198", "N199"]


async def test_a_page_takes_sqlite_as_much_work_of_many_as_of_few(tmp_path: Path) -> None:
    steps: list[Mapping[str, int]] = []
    for number in (SMALL, LARGE):
        async with source(f"sqlite+aiosqlite:///{tmp_path / str(number)}") as events:
            room = await busy(events, number)
            await events.database.engine.dispose()
            counted = Steps(events.database.engine)
            steps.append({name: await counted.of(ask) for name, ask in room.asks.items()})
    small, large = steps
    assert not {name: (small[name], many) for name, many in large.items() if many > 1.2 * small[name] + 200}


async def test_a_page_takes_postgresql_no_more_than_its_rows(postgresql_url: str) -> None:
    async with source(await new_database(postgresql_url)) as events:
        room = await busy(events, LARGE)
        async with events.database.write(None) as session:
            await session.execute(text("ANALYZE events"))
        passed = {name: await rows_passed(events.database.engine, ask) for name, ask in room.asks.items()}
    assert not {name: found for name, found in passed.items() if found[0] > 1_000}

"""Which rooms and people were most in use, counted out of the log by day, week and month."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update

from switchroom.db.base import now, time_of
from switchroom.db.database import Database
from switchroom.events.append import append
from switchroom.events.types import (
    DomainEvent,
    MeetingEmptied,
    MeetingLeft,
    MeetingOpened,
    RoomEmptied,
    RoomLeft,
    RoomOpened,
)
from switchroom.identity.models import Organization, new_id
from switchroom.identity.permissions import ALL_ADMINISTRATION, Administration
from switchroom.identity.tokens import AccessToken, SubjectKind
from switchroom.rooms.models import RoomUsePosition, UseByPerson, UseByRoom
from switchroom.rooms.use_log import Reader
from switchroom.rooms.use_ranking_counting import UseRankingCounting
from switchroom.rooms.use_rankings import RankedBy, RankingFilter, RankingPlace, UseRankings
from switchroom.rooms.use_times import Span, begin_of_span, end_of_span
from tests.databases import with_tables
from tests.db.work import Ask, Steps, rows_passed
from tests.dialects.client.test_people import ask, send
from tests.platform import RunningPlatform, Tenant
from tests.postgresql import new_database

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
DAY = (now() - timedelta(days=10)).replace(hour=0, minute=0, second=0, microsecond=0)
"""The beginning of a day that is over."""

Happening = tuple[datetime, DomainEvent, str]


def happen(tenant: Tenant, events: Sequence[Happening]) -> None:
    """Write events into the log, and have them counted."""
    tenant.running.run(_write(tenant, events))
    tenant.running.run(tenant.running.platform.rooms.use_counting.count())


async def _write(tenant: Tenant, events: Sequence[Happening]) -> None:
    async with tenant.running.platform.storage.database.write(None) as session:
        for at, event, object_id in sorted(events, key=lambda one: one[0]):
            append(session, tenant.organization.id, event, object_id, at=at)


def stay(room: str, start: datetime, length: timedelta, user_id: str = "", name: str = "Guest") -> Happening:
    """A stay that ends; of a guest without the id of a person."""
    left = RoomLeft(
        participant_id=new_id(),
        user_id=user_id or new_id(),
        display_name=name,
        is_guest=not user_id,
        is_spectator=False,
        joined_at=time_of(start),
        reason="left",
    )
    return start + length, left, room


def opened(room: str, start: datetime, length: timedelta, name: str = "Room") -> list[Happening]:
    return [(start, RoomOpened(display_name=name), room), (start + length, RoomEmptied(), room)]


def ranking(tenant: Tenant, of: str, day: datetime = DAY, **wanted: Any) -> dict[str, Any]:
    return ask(tenant, f"statistics/{of}", **{"span": "day", "day": day.date().isoformat(), **wanted})


def rooms(tenant: Tenant, **wanted: Any) -> list[tuple[str, int, int, int]]:
    return [
        (one["name"], one["openSeconds"], one["personSeconds"], one["stays"])
        for one in ranking(tenant, "rooms", **wanted)["rooms"]
    ]


def people(tenant: Tenant, **wanted: Any) -> list[tuple[str, int, int]]:
    return [
        (one["name"], one["seconds"], one["stays"]) for one in ranking(tenant, "people", **wanted)["people"]
    ]


def test_rooms_are_ranked_by_how_long_they_were_open_and_by_how_many_came(tenant: Tenant) -> None:
    aula, lab = tenant.room("Aula"), tenant.room("Lab")
    at = DAY + 8 * HOUR
    happen(
        tenant,
        [
            *opened(aula, at, 2 * HOUR),
            stay(aula, at, 2 * HOUR),
            *opened(lab, at, HOUR),
            *(stay(lab, at, HOUR / 2) for _ in range(3)),
        ],
    )
    of_aula, of_lab = ("Aula", 7200, 7200, 1), ("Lab", 3600, 5400, 3)
    assert rooms(tenant) == [of_aula, of_lab]
    assert rooms(tenant, rankedBy="stays") == [of_lab, of_aula]
    for span in ("week", "month"):
        assert rooms(tenant, span=span) == [of_aula, of_lab]
    assert rooms(tenant, day=DAY - timedelta(days=1)) == []
    page = ranking(tenant, "rooms", span="week")
    monday = DAY - timedelta(days=DAY.weekday())
    assert page["begin"] == page["earliest"] == monday.date().isoformat()
    assert page["end"] == (monday + timedelta(days=7)).date().isoformat()
    assert "following" not in page


def test_people_are_ranked_and_guests_are_one(tenant: Tenant) -> None:
    room, pat = tenant.room(), tenant.person(first_name="Pat", last_name="Person")
    ada = tenant.administrator
    happen(
        tenant,
        [
            stay(room, DAY + HOUR, HOUR, pat.id, "Pat as she was"),
            stay(room, DAY + 3 * HOUR, HOUR, pat.id, "Pat"),
            stay(room, DAY + HOUR, 3 * HOUR, ada.id, "Ada"),
            *(stay(room, DAY + HOUR, 10 * MINUTE, name=f"Guest {one}") for one in range(4)),
        ],
    )
    assert people(tenant) == [("Ada Admin", 10800, 1), ("Pat Person", 7200, 2), ("", 2400, 4)]
    assert [one[2] for one in people(tenant, rankedBy="stays")] == [4, 2, 1]
    first, second, guests = ranking(tenant, "people")["people"]
    assert (first["id"], first["email"]) == (ada.id, ada.username)
    assert (second["id"], second["isGuests"], second["isGone"]) == (pat.id, False, False)
    assert (guests["id"], guests["isGuests"], guests["isGone"]) == ("", True, False)


def test_a_night_is_two_days_and_a_stay_counts_where_it_began(tenant: Tenant) -> None:
    room, pat = tenant.room("Night"), tenant.person()
    at = DAY + 23 * HOUR
    happen(tenant, [*opened(room, at, 3 * HOUR), stay(room, at, 3 * HOUR, pat.id, "Pat")])
    assert rooms(tenant) == [("Night", 3600, 3600, 1)]
    assert rooms(tenant, day=DAY + timedelta(days=1)) == [("Night", 7200, 7200, 0)]
    assert people(tenant, day=DAY + timedelta(days=1)) == [("Pat Person", 7200, 0)]


def test_what_lasts_is_counted_when_it_is_over_whoever_counts_then(tenant: Tenant) -> None:
    room = tenant.room("Long")
    begin, end = opened(room, DAY, 4 * HOUR)
    happen(tenant, [begin])
    assert rooms(tenant) == []
    happen(tenant, [end])
    assert rooms(tenant) == [("Long", 14400, 0, 0)]
    happen(tenant, [end])  # nobody has opened it since
    assert rooms(tenant) == [("Long", 14400, 0, 0)]


def test_a_meeting_has_the_name_of_its_room(tenant: Tenant) -> None:
    room, meeting = new_id(), new_id()
    left = MeetingLeft(
        participant_id=new_id(),
        user_id=new_id(),
        display_name="Guest",
        is_guest=True,
        is_spectator=False,
        joined_at=time_of(DAY),
        reason="left",
        room_id=room,
    )
    happen(
        tenant,
        [
            (DAY, MeetingOpened(display_name="Board", room_id=room), meeting),
            (DAY + HOUR, left, meeting),
            (DAY + HOUR, MeetingEmptied(room_id=room), meeting),
            (DAY + HOUR, MeetingEmptied(room_id=new_id()), new_id()),
        ],
    )
    (found,) = ranking(tenant, "rooms")["rooms"]
    assert (found["id"], found["name"], found["isMeeting"], found["isGone"]) == (room, "Board", True, True)
    assert (found["openSeconds"], found["personSeconds"]) == (3600, 3600)


def test_what_is_gone_keeps_its_line_with_its_last_name(tenant: Tenant) -> None:
    room, pat = tenant.room("Old name"), tenant.person()
    happen(tenant, [*opened(room, DAY, HOUR, "Older"), stay(room, DAY, HOUR, pat.id, "Pat P.")])
    tenant.api("roomService/update", roomId=room, room={"displayName": "New name"})
    assert rooms(tenant)[0][0] == "New name"
    tenant.api("roomService/destroy", roomId=room)
    assert tenant.api.send("userService/destroy", userId=pat.id).status_code == 200
    (found,) = ranking(tenant, "rooms")["rooms"]
    assert (found["name"], found["isGone"]) == ("Old name", True)
    (found,) = ranking(tenant, "people")["people"]
    assert (found["name"], found["isGone"], found["email"]) == ("Pat P.", True, "")


def test_a_page_follows_another_also_among_equals(tenant: Tenant) -> None:
    happen(tenant, [stay(new_id(), DAY, HOUR, new_id(), f"N{one}") for one in range(7)])
    for of in ("rooms", "people"):
        for ranked_by in ("time", "stays"):
            found: list[str] = []
            wish: dict[str, Any] = {"limit": 3, "rankedBy": ranked_by}
            sizes: list[int] = []
            while True:
                page = ranking(tenant, of, **wish)
                sizes.append(len(page[of]))
                found += [one["id"] for one in page[of]]
                if "following" not in page:
                    break
                wish["after"] = page["following"]
            assert sizes == [3, 3, 1]
            assert len(set(found)) == 7


def test_several_who_count_at_once_count_once(tenant: Tenant) -> None:
    room, counting = tenant.room("Once"), tenant.running.platform.rooms.use_counting

    async def write_and_count() -> None:
        await _write(tenant, [stay(room, DAY, HOUR)])
        await asyncio.gather(*(counting.count() for _ in range(4)))

    for _ in range(5):
        tenant.running.run(write_and_count())
    assert rooms(tenant) == [("Once", 0, 5 * 3600, 5)]


def test_another_organization_is_not_told(tenant: Tenant, running: RunningPlatform) -> None:
    other = running.organization("Other")
    happen(other, [stay(new_id(), DAY, HOUR, new_id(), "Spy")])
    assert (rooms(tenant), people(tenant)) == ([], [])
    assert "earliest" not in ranking(tenant, "rooms")
    assert people(other) == [("Spy", 3600, 1)]


def test_only_those_who_manage_the_organization_see_it_and_people_only_who_may_list_them(
    tenant: Tenant,
) -> None:
    room, pat = tenant.room(), tenant.person()
    happen(tenant, [stay(room, DAY, HOUR, new_id(), "Geheim")])
    manager = _signed(tenant, Administration.MANAGE_COMPANY)
    lister = _signed(tenant, Administration.USER_ADMIN | Administration.ROOM_ADMIN)
    both = _signed(tenant, Administration.MANAGE_COMPANY | Administration.USER_LIST)
    wish = {"span": "day", "day": DAY.date().isoformat()}
    for token, of_rooms, of_people in (
        ("", 401, 401),
        ("nonsense", 401, 401),
        (pat.token, 403, 403),
        (lister, 403, 403),
        (manager, 200, 403),
        (both, 200, 200),
    ):
        asked = send(tenant, "statistics/rooms", token=token, **wish)
        answered = send(tenant, "statistics/people", token=token, **wish)
        assert (asked.status_code, answered.status_code) == (of_rooms, of_people)
        assert ("Geheim" in answered.text) == (of_people == 200)


def _signed(tenant: Tenant, administration: Administration) -> str:
    return tenant.running.platform.identity.signer.sign(_claims(tenant.organization.id, administration))


def _claims(organization_id: int, administration: Administration = ALL_ADMINISTRATION) -> AccessToken:
    return AccessToken(
        organization_id=organization_id,
        company_id="01FHHEX2VQQ378MV7Z5NAGHESK",
        subject_id="key",
        kind=SubjectKind.API_KEY,
        issued_at=0,
        expires_at=1 << 40,
        administration=administration,
        display_name="Key",
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"span": "year"},
        {"span": 1},
        {"day": "yesterday"},
        {"day": "2026-02-30"},
        {"day": "0001-01-01"},
        {"day": "1999-12-31"},
        {"day": "9999-12-31"},
        {"day": 20261128},
        {"rankedBy": "name"},
        {"limit": 0},
        {"limit": 501},
        {"limit": "5"},
        {"after": 1},
        {"after": {"count": 1}},
        {"after": {"count": -1, "id": 1}},
        {"after": {"count": 1 << 63, "id": 1}},
        {"after": {"count": "1", "id": 1}},
    ],
)
def test_a_wrong_wish_is_refused(tenant: Tenant, wrong: dict[str, Any]) -> None:
    for of in ("rooms", "people"):
        assert send(tenant, f"statistics/{of}", **wrong).status_code == 400


def test_the_largest_places_are_places(tenant: Tenant) -> None:
    happen(tenant, [stay(new_id(), DAY, HOUR)])
    last = {"count": (1 << 63) - 1, "id": (1 << 63) - 1}
    for of in ("rooms", "people"):
        for ranked_by in ("time", "stays"):
            assert len(ranking(tenant, of, rankedBy=ranked_by, after=last)[of]) == 1
            nothing = ranking(tenant, of, rankedBy=ranked_by, after={"count": 0, "id": 0})
            assert nothing[of] == []


def test_what_was_before_it_was_counted_is_counted_and_once(tenant: Tenant) -> None:
    """As after an upgrade: the log is there, and nothing has been counted by room and person."""
    room = tenant.room("Before")
    happen(tenant, [*opened(room, DAY, HOUR), stay(room, DAY, HOUR)])
    of_all = {"span": "month", "day": DAY}
    before = rooms(tenant, **of_all), people(tenant, **of_all)

    async def forget() -> None:
        async with tenant.running.platform.storage.database.write(None) as session:
            await session.execute(delete(UseByRoom))
            await session.execute(delete(UseByPerson))
            await session.execute(delete(RoomUsePosition).where(RoomUsePosition.id == Reader.RANKINGS))

    tenant.running.run(forget())
    happen(tenant, [])
    assert (rooms(tenant, **of_all), people(tenant, **of_all)) == before


def test_spans_begin_and_end_in_utc() -> None:
    assert begin_of_span(Span.WEEK, date(2027, 1, 3)) == datetime(2026, 12, 28, tzinfo=UTC)
    for month in range(1, 13):
        begin = begin_of_span(Span.MONTH, date(2028, month, 28))
        assert begin == datetime(2028, month, 1, tzinfo=UTC)
        assert end_of_span(Span.MONTH, begin) == datetime(2028 + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    for span in Span:
        begin = begin_of_span(span, date(2028, 2, 29))
        assert begin_of_span(span, end_of_span(span, begin).date() - timedelta(days=1)) == begin


async def _organization(database: Database) -> int:
    organization = Organization(ulid="01FHHEX2VQQ378MV7Z5NAGHESK", display_name="School")
    async with database.write(None) as session:
        session.add(organization)
    return organization.id


async def test_it_is_forgotten_with_the_log(database_url: str) -> None:
    """And of what the log keeps for longer, as long as there is a meeting, nothing is counted anew."""
    async with with_tables(database_url) as (database, _):
        of = await _organization(database)
        counting = UseRankingCounting(database, timedelta(days=90))
        old = (now() - timedelta(days=85)).replace(hour=12)  # no midnight is in a stay
        async with database.write(None) as session:
            for at, event, object_id in (stay("room", old, MINUTE), stay("room", old - 90 * HOUR, MINUTE)):
                append(session, of, event, object_id, at=at)
        await counting.count()
        assert {one.span for one in await _all(database)} == {"day", "week", "month"}
        days = [one for one in await _all(database) if one.span == "day"]
        assert len(days) == 2
        # A part of the rows is moved to where it has been over for longer than that.
        async with database.write(None) as session:
            moved = update(UseByRoom).where(UseByRoom.id == days[0].id)
            await session.execute(moved.values(begins=days[0].begins - timedelta(days=30)))
        await counting.count()
        assert days[0].id not in {one.id for one in await _all(database)}
        assert days[1].id in {one.id for one in await _all(database)}
        async with database.write(None) as session:
            at, event, object_id = stay("other", now() - timedelta(days=200), MINUTE)
            append(session, of, event, object_id, at=at)
        await counting.count()
        assert {one.room_id for one in await _all(database)} == {"room"}


async def _all(database: Database) -> Sequence[UseByRoom]:
    async with database.read(None) as session:
        return (await session.scalars(select(UseByRoom).order_by(UseByRoom.id))).all()


SMALL, LARGE = 1_000, 6_000
"""Rooms and people that were in use in a month, and as many in the one before."""


async def _fill(database: Database, number: int) -> dict[str, Ask]:
    of = await _organization(database)
    begin = begin_of_span(Span.MONTH, now().date())
    months = begin, begin_of_span(Span.MONTH, (begin - timedelta(days=1)).date())
    rooms: list[dict[str, Any]] = []
    people: list[dict[str, Any]] = []
    for month in months:
        for one in range(number):
            seconds = one * 7_919 % number
            of_month = {"organization_id": of, "span": Span.MONTH.value, "begins": month, "stays": one % 50}
            named = {**of_month, "display_name": "N"}
            open_seconds = {"is_meeting": False, "open_seconds": seconds, "person_seconds": seconds}
            rooms.append({**named, **open_seconds, "room_id": f"{one}"})
            people.append({**named, "seconds": seconds, "person_id": f"{one}"})
    async with database.write(None) as session:
        await session.execute(insert(UseByRoom), rooms)
        await session.execute(insert(UseByPerson), people)
    rankings, token = UseRankings(database), _claims(of)
    wishes = {
        f"{ranked_by}, {place}": RankingFilter(ranked_by=ranked_by, after=after)
        for ranked_by in RankedBy
        for place, after in (("first", None), ("following", RankingPlace(25, 100)))
    }
    asks: dict[str, Ask] = {}
    for name, wish in wishes.items():
        asks[f"rooms by {name}"] = partial(rankings.rooms, token, wish)
        asks[f"people by {name}"] = partial(rankings.people, token, wish)
    return asks


async def test_a_page_takes_sqlite_as_much_work_of_many_as_of_few(tmp_path: Path) -> None:
    steps: list[dict[str, int]] = []
    for number in (SMALL, LARGE):
        async with with_tables(f"sqlite+aiosqlite:///{tmp_path / str(number)}") as (database, _):
            asks = await _fill(database, number)
            await database.engine.dispose()
            counted = Steps(database.engine)
            steps.append({name: await counted.of(ask) for name, ask in asks.items()})
    small, large = steps
    assert not {name: (small[name], many) for name, many in large.items() if many > 1.2 * small[name] + 200}


async def test_a_page_takes_postgresql_no_more_than_its_rows(postgresql_url: str) -> None:
    async with with_tables(await new_database(postgresql_url)) as (database, _):
        asks = await _fill(database, LARGE)
        async with database.write(None) as session:
            for table in ("use_by_room", "use_by_person"):
                await session.execute(text(f"ANALYZE {table}"))
        passed = {name: await rows_passed(database.engine, ask) for name, ask in asks.items()}
    assert not {name: found for name, found in passed.items() if found[0] > 1_000}

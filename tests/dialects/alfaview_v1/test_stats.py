"""What has been used: `quotaService/stats`, counted out of the log."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from switchroom.db.base import now, time_of
from switchroom.events.append import append
from switchroom.events.types import (
    DomainEvent,
    MeetingEmptied,
    MeetingOpened,
    RoomEmptied,
    RoomJoined,
    RoomLeft,
    RoomOpened,
)
from switchroom.identity.models import new_id
from tests.platform import RunningPlatform, Tenant

STATS = "quotaService/stats"
HOUR = timedelta(hours=1)
MIDNIGHT = (datetime.now(UTC) - timedelta(days=3)).replace(hour=0, minute=0, second=0, microsecond=0)
"""The beginning of a day that is over."""


def wire(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def happen(tenant: Tenant, events: Sequence[tuple[datetime, DomainEvent, str]]) -> None:
    """Write events into the log, and have them counted."""

    async def write() -> None:
        async with tenant.running.platform.storage.database.write(None) as session:
            for at, event, object_id in events:
                append(session, tenant.organization.id, event, object_id, at=at)

    tenant.running.run(write())
    tenant.running.run(tenant.running.platform.rooms.use_counting.count())


def stay(room: str, start: datetime, end: datetime, *, is_spectator: bool = False) -> list[Any]:
    who: dict[str, Any] = {
        "participant_id": new_id(),
        "user_id": new_id(),
        "display_name": "Ada",
        "is_guest": False,
        "is_spectator": is_spectator,
        "joined_at": time_of(start),
    }
    return [
        (start, RoomJoined(**who, link_id=None), room),
        (end, RoomLeft(**who, reason="left"), room),
    ]


def used(tenant: Tenant, resource: str, start: datetime, end: datetime, **more: Any) -> dict[str, int]:
    """The values that are not zero, by the begin of their period."""
    span = {"startTime": wire(start), "stopTime": wire(end)}
    stats = tenant.api(STATS, resource=resource, **span, **more)["Stats"]
    assert stats[0]["startTime"] == wire(start)
    assert stats[-1]["stopTime"] == wire(end)
    assert [one["stopTime"] for one in stats[:-1]] == [one["startTime"] for one in stats[1:]]
    return {one["startTime"]: int(one["value"]) for one in stats if "value" in one}


def test_a_lesson_is_counted_by_the_hour_and_by_the_day(tenant: Tenant) -> None:
    room, start = new_id(), MIDNIGHT + timedelta(hours=8, minutes=30)
    end = start + 2 * HOUR
    happen(
        tenant,
        [
            (start, RoomOpened(display_name="Lesson"), room),
            *stay(room, start, end),
            *stay(room, start, start + HOUR),
            *stay(room, start + HOUR, end, is_spectator=True),
            (end, RoomEmptied(), room),
        ],
    )

    eight, nine, ten = (wire(MIDNIGHT + hours * HOUR) for hours in (8, 9, 10))
    day = MIDNIGHT, MIDNIGHT + timedelta(days=1)
    assert used(tenant, "ROOM_ONLINE_SECONDS", *day) == {eight: 1800, nine: 3600, ten: 1800}
    assert used(tenant, "ROOM_CONCURRENT_LIMIT", *day) == {eight: 1, nine: 1, ten: 1}
    assert used(tenant, "ROOM_PARTICIPANTS", *day) == {eight: 2}
    assert used(tenant, "ROOM_SPECTATORS", *day) == {nine: 1}
    week = MIDNIGHT - timedelta(days=3), MIDNIGHT + timedelta(days=2)
    assert used(tenant, "ROOM_ONLINE_SECONDS", *week) == {wire(MIDNIGHT): 7200}


def test_how_many_are_open_at_once_is_counted_over_hours_in_which_nothing_happens(tenant: Tenant) -> None:
    one, other, meeting = new_id(), new_id(), new_id()
    at = [MIDNIGHT + hours * HOUR for hours in range(8)]
    opened, minute = RoomOpened(display_name="x"), timedelta(minutes=1)
    happen(tenant, [(at[1], opened, one), (at[1] + minute, opened, other)])
    happen(tenant, [(at[4], RoomEmptied(), other)])
    met = MeetingOpened(display_name="x", room_id=new_id())
    happen(tenant, [(at[5], met, meeting), (at[6], MeetingEmptied(room_id=new_id()), meeting)])
    happen(tenant, [(at[6] + minute, RoomEmptied(), one)])

    found = used(tenant, "ROOM_CONCURRENT_LIMIT", MIDNIGHT, MIDNIGHT + 24 * HOUR)

    assert list(found.values()) == [2, 2, 2, 1, 2, 1]
    assert list(found) == [wire(one) for one in at[1:7]]


def test_what_is_open_now_counts_until_now(tenant: Tenant) -> None:
    room, start = new_id(), now() - timedelta(minutes=90)
    happen(tenant, [(start, RoomOpened(display_name="x"), room)])

    seconds = sum(int(one.get("value", 0)) for one in day_of(tenant, "ROOM_ONLINE_SECONDS"))
    assert 5400 <= seconds < 5400 + 600
    assert {one.get("value") for one in day_of(tenant, "ROOM_CONCURRENT_LIMIT")} == {None, "1"}


def day_of(tenant: Tenant, resource: str) -> list[dict[str, Any]]:
    return tenant.api(STATS, resource=resource, startTime=wire(now() - timedelta(days=1)))["Stats"]


def test_several_who_count_at_once_count_once(tenant: Tenant) -> None:
    room, start = new_id(), MIDNIGHT + HOUR

    async def write_and_count() -> None:
        platform = tenant.running.platform
        async with platform.storage.database.write(None) as session:
            for at, event, object_id in stay(room, start, start + HOUR):
                append(session, tenant.organization.id, event, object_id, at=at)
        await asyncio.gather(*(platform.rooms.use_counting.count() for _ in range(4)))

    for _ in range(5):
        tenant.running.run(write_and_count())

    assert used(tenant, "ROOM_PARTICIPANTS", MIDNIGHT, MIDNIGHT + 24 * HOUR) == {wire(start): 5}


def test_another_companys_use_is_not_told(tenant: Tenant, running: RunningPlatform) -> None:
    start = MIDNIGHT + HOUR
    happen(running.organization(), stay(new_id(), start, start + HOUR))

    assert used(tenant, "ROOM_PARTICIPANTS", MIDNIGHT, MIDNIGHT + 24 * HOUR) == {}


def test_the_last_thirty_days_are_told_of_unless_said(tenant: Tenant) -> None:
    stats = tenant.api(STATS, resource="ROOM_ONLINE_SECONDS")["Stats"]
    assert len(stats) == 31
    assert stats[0]["startTime"].endswith("T00:00:00Z")
    assert {tuple(one) for one in stats} == {("startTime", "stopTime")}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, "resource"),
        ({"resource": "DIAL_IN_LINES"}, "resource"),
        ({"resource": "ROOM_PARTICIPANTS", "startTime": "2020-01-01T00:00:00Z"}, "startTime"),
        ({"resource": "ROOM_PARTICIPANTS", "stopTime": "2020-01-01T00:00:00Z"}, "startTime"),
        ({"resource": "ROOM_PARTICIPANTS", "stopTime": "9999-12-31T23:59:59Z"}, "stopTime"),
        ({"resource": "ROOM_PARTICIPANTS", "stopTime": "0001-01-01T00:00:00Z"}, "startTime"),
        ({"resource": "ROOM_PARTICIPANTS", "startTime": "9999-12-31T23:59:59Z"}, "stopTime"),
    ],
)
def test_what_cannot_be_told(tenant: Tenant, fields: dict[str, Any], named: str) -> None:
    if fields.get("stopTime", "").startswith("9999"):
        fields["startTime"] = wire(now() - timedelta(days=1))
    refused = tenant.api.refused(STATS, **fields)
    assert refused["code"] == 3
    assert named in refused["message"]


def test_only_who_manages_the_company_sees_what_is_used(tenant: Tenant) -> None:
    refused = tenant.api.refused(STATS, token=tenant.person().token, resource="ROOM_PARTICIPANTS")
    assert refused["code"] == 7


def test_a_room_whose_end_was_lost_is_open_no_longer_than_a_week(tenant: Tenant) -> None:
    """Of a process that was killed: that of one that is never opened again is not told."""
    lost, later = new_id(), MIDNIGHT - timedelta(days=8)
    happen(tenant, [(later, RoomOpened(display_name="Lost"), lost)])
    room, start = new_id(), MIDNIGHT + timedelta(hours=8, minutes=30)
    happen(
        tenant,
        [(start, RoomOpened(display_name="Lesson"), room), (start + HOUR / 4, RoomEmptied(), room)],
    )

    day = MIDNIGHT, MIDNIGHT + timedelta(days=1)
    assert used(tenant, "ROOM_CONCURRENT_LIMIT", *day) == {wire(MIDNIGHT + 8 * HOUR): 1}

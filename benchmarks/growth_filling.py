"""What a platform is filled with: people, rooms, links, meetings, events and deliveries of one organization,
and other organizations beside it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from enum import IntEnum

from msgspec import Struct
from sqlalchemy import update

from benchmarks.growth_rows import Rows, Size, analyze, fast
from switchroom.accounts.models import MeetingTerms
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.db.statistics import assume_many_rows
from switchroom.events.models import Event
from switchroom.events.webhooks.models import Delivery, LogPosition, Message, WebHook
from switchroom.events.webhooks.queueing import READER
from switchroom.identity.models import Membership, Organization, Person, RefreshToken
from switchroom.identity.permissions import Role, Standing
from switchroom.identity.secrets import key_hash
from switchroom.meetings.models import Invitee, Meeting
from switchroom.rooms.models import (
    Link,
    QuotaSet,
    Room,
    RoomMode,
    RoomPermission,
    RoomType,
    UseByPerson,
    UseByRoom,
)
from switchroom.rooms.use_times import Span, begin_of_span

RARELY = 1000
"""Of so many events one is of a rare type."""

TO_COME = 50
"""Meetings, besides what the series bring."""

AGENT_TOKEN = "agent"
"""The refresh token of the agent, who belongs to all the other organizations."""

SECOND = 1_000_000
"""In microseconds, as all times of rows."""

_HALF_HOUR = 1800 * SECOND
_WEEK = 7 * 24 * 3600 * SECOND
_DAY = 24 * 3600 * SECOND
_OCCURRENCES = 20


class Kind(IntEnum):
    """The kinds of things whose ids and keys are made of their numbers."""

    PERSON = 1
    ROOM = 2
    MEETING_ROOM = 3
    MEETING = 4
    LINK = 5
    INVITEE = 6
    OTHER = 7
    AGENT = 8


class Filling(Struct, frozen=True):
    """What goes into a platform, and to which of its organizations. `moment` is the time of it all, in
    microseconds. What is not `whole` goes without links, events and deliveries, of which there are most."""

    size: Size
    organization_id: int
    permission_group_id: str
    password_hash: str
    moment: int
    whole: bool = True


async def fill(database: Database, filling: Filling) -> None:
    async with database.engine.connect() as connection:
        await connection.run_sync(fast)
        async with connection.begin():
            await connection.run_sync(lambda one: _write_all(Rows(one, filling.moment), filling))
        async with connection.begin():
            await connection.run_sync(assume_many_rows)  # with an index goes what is said of it
    await database.engine.dispose()
    async with database.write(None) as session:
        await session.execute(update(MeetingTerms).values(delete_after_days=100_000))
        await session.execute(update(QuotaSet).where(QuotaSet.name == "small").values(room_limit=1000))
    await analyze(database)


def room_of_link(number: int, size: Size) -> int:
    """The number of a link's room. Half of the links are of one room."""
    return 1 if number % 4 < 2 else (number * 7 % (size.rooms // 10)) * 10 + 1 + number % 9


def _write_all(rows: Rows, filling: Filling) -> None:
    organization, size = {"organization_id": str(filling.organization_id)}, filling.size
    with rows.without_indexes():
        _write_people(rows, organization, size, filling.password_hash)
        _write_rooms(rows, organization, size)
        _write_meetings(rows, organization, size, filling.moment)
        _write_organizations(rows, size)
        if filling.whole:
            _write_links(rows, organization, size, filling.permission_group_id)
            _write_events(rows, organization, size, filling.moment)
            _write_use(rows, organization, size)


def _write_people(rows: Rows, organization: Mapping[str, str], size: Size, password_hash: str) -> None:
    person_id = rows.id_of(Kind.PERSON, "i")
    rows.write(
        Person,
        size.rooms,
        {
            "id": person_id,
            "hex_id": rows.key_of(Kind.PERSON, "i", 24),
            "username": "'person' || i || '@bench.example'",
            "email": "'person' || i || '@bench.example'",
            "first_name": "'First'",
            "last_name": f"'Last ' || {rows.hexadecimal('i * 7919 % 65536', 4)}",
            "password_hash": f"'{password_hash}'",
            "calendar_token": rows.key_of(Kind.PERSON, "i", 64),
        },
    )
    everything = int(Standing.ADMINISTRATOR.administration)
    rows.write(
        Membership,
        size.rooms,
        {
            **organization,
            "person_id": person_id,
            "standing": "CASE WHEN i = 0 THEN 'administrator' WHEN i % 10 = 2 THEN 'moderator' "
            "ELSE 'participant' END",
            "administration": f"CASE WHEN i = 0 THEN {everything} ELSE 0 END",
            "calendar_token": rows.key_of(Kind.OTHER, "i", 64),
        },
    )
    rows.write(
        RefreshToken,
        size.rooms,
        {
            **organization,
            "token_hash": rows.key_of(Kind.PERSON, "i", 64),
            "person_id": person_id,
            "expires_at": f"{int(time.time()) * SECOND + _DAY} + i",
        },
    )


def _write_rooms(rows: Rows, organization: Mapping[str, str], size: Size) -> None:
    participant = int(Role.PARTICIPANT.permissions)
    rows.write(
        Room,
        size.rooms,
        {
            **organization,
            "id": rows.id_of(Kind.ROOM, "i"),
            "parent_id": f"CASE WHEN i % 10 = 0 THEN NULL ELSE {rows.id_of(Kind.ROOM, 'i - i % 10')} END",
            "type": f"CASE WHEN i % 10 = 0 THEN {int(RoomType.DEPARTMENT)} ELSE {int(RoomType.ROOM)} END",
            "mode": str(int(RoomMode.SPECTATOR)),
            "display_name": "'Room ' || i",
            "position": "(i + 1) * 1024",
            "quota_name": "CASE WHEN i % 10 = 0 THEN NULL ELSE 'standard' END",
            "active_limit": "50",
            "passive_limit": "100",
            "default_permissions": f"CASE WHEN i % 4 = 3 THEN NULL ELSE {participant} END",
            "default_role": str(int(Role.PARTICIPANT)),
            "created_by": rows.id_of(Kind.PERSON, "0"),
        },
    )
    rows.write(
        RoomPermission,
        size.rooms,
        {
            **organization,
            "room_id": rows.id_of(Kind.ROOM, "i"),
            "person_id": rows.id_of(Kind.PERSON, "i"),
            "role": str(int(Role.MODERATOR)),
            "permissions": str(int(Role.MODERATOR.permissions)),
        },
    )


def _write_links(rows: Rows, organization: Mapping[str, str], size: Size, group_id: str) -> None:
    room = f"CASE WHEN i % 4 < 2 THEN 1 ELSE (i * 7 % {size.rooms // 10}) * 10 + 1 + i % 9 END"
    rows.write(
        Link,
        size.rows,
        {
            **organization,
            "id": rows.id_of(Kind.LINK, "i"),
            "room_id": rows.id_of(Kind.ROOM, room),
            "kind": "CASE WHEN i % 2 = 0 THEN 'group' ELSE 'guest' END",
            "access_key": rows.key_of(Kind.LINK, "i", 32),
            "permission_group_id": f"'{group_id}'",
            "display_name": "CASE WHEN i % 2 = 0 THEN '' ELSE 'Guest ' || i END",
            "created_by": rows.id_of(Kind.PERSON, "0"),
        },
    )


def _write_meetings(rows: Rows, organization: Mapping[str, str], size: Size, moment: int) -> None:
    """All of one organizer, half an hour each, one after the other until some time from now. One in a hundred
    recurs weekly, most of these twenty times, and one in ten of them for ever."""
    count, every = size.rooms, size.rooms // size.series
    start = f"{moment // SECOND * SECOND} + (i - {count - TO_COME}) * {_HALF_HOUR}"
    recurs, for_ever = f"i % {every} = 0", f"i % {every * 10} = 0"
    last_end = (
        f"CASE WHEN {for_ever} THEN NULL WHEN {recurs} "
        f"THEN {start} + {_HALF_HOUR} + {(_OCCURRENCES - 1) * _WEEK} ELSE {start} + {_HALF_HOUR} END"
    )
    # Of what has begun, the next in the same week as now.
    weeks = f"(({moment} - ({start})) / {_WEEK})"
    next_end = (
        f"CASE WHEN i >= {count - TO_COME} THEN {start} + {_HALF_HOUR} "
        f"WHEN {for_ever} OR {recurs} AND {weeks} + 1 < {_OCCURRENCES} "
        f"THEN {start} + {_HALF_HOUR} + ({weeks} + 1) * {_WEEK} ELSE NULL END"
    )
    after = (
        '\'{"frequency_type": "weekly", "frequency": 1, "monthly_pattern": "day_of_month", '
        f'"ends_type": "after", "ends_on": null, "ends_after": {_OCCURRENCES}}}\''
    )
    never = after.replace('"after"', '"never"').replace(f'"ends_after": {_OCCURRENCES}', '"ends_after": 0')
    recurrence = f"CASE WHEN {for_ever} THEN {never} WHEN {recurs} THEN {after} ELSE NULL END"
    rows.write(
        Room,
        count,
        {
            **organization,
            "id": rows.id_of(Kind.MEETING_ROOM, "i"),
            "type": str(int(RoomType.MEETING)),
            "mode": str(int(RoomMode.SPECTATOR)),
            "display_name": "'Meeting ' || i",
            "quota_name": "'standard'",
            "active_limit": "50",
            "passive_limit": "100",
            "managed": "TRUE",
            "created_by": rows.id_of(Kind.PERSON, "0"),
        },
    )
    rows.write(
        Meeting,
        count,
        {
            **organization,
            "id": rows.id_of(Kind.MEETING, "i"),
            "hex_id": rows.key_of(Kind.MEETING, "i", 24),
            "number": f"substr(CAST(1000000000000000 + i * {7_919_000_003} AS VARCHAR(16)), 1, 16)",
            "calendar_token": rows.key_of(Kind.MEETING, "i", 64),
            "room_id": rows.id_of(Kind.MEETING_ROOM, "i"),
            "organizer_id": rows.id_of(Kind.PERSON, "0"),
            "organizer_key": rows.key_of(Kind.MEETING, "i", 32),
            "topic": "'Meeting ' || i",
            "agenda": "''",
            "start_at": start,
            "end_at": f"{start} + {_HALF_HOUR}",
            "timezone": "'Europe/Berlin'",
            "recurrence": f"CAST({recurrence} AS JSON)" if rows.is_postgresql else recurrence,
            "last_end_at": last_end,
            "next_end_at": next_end,
            "closed_at": f"CASE WHEN ({next_end}) IS NULL THEN {last_end} ELSE NULL END",
        },
    )
    rows.write(
        Invitee,
        count,
        {
            **organization,
            "id": rows.id_of(Kind.INVITEE, "i"),
            "meeting_id": rows.id_of(Kind.MEETING, "i"),
            "email": "'guest@bench.example'",
            "role": "'participant'",
            "access_key": rows.key_of(Kind.INVITEE, "i", 32),
            "position": "0",
        },
    )


def _write_events(rows: Rows, organization: Mapping[str, str], size: Size, moment: int) -> None:
    rows.write(
        Event,
        size.rows,
        {
            **organization,
            "type": f"CASE WHEN i % {RARELY} = 0 THEN 'room.created' ELSE 'room.updated' END",
            "object_id": rows.id_of(Kind.ROOM, f"i % {size.rooms}"),
            "occurred_at": f"{moment - size.rows * 1_000_000} + i * 1000000",
            "data": "'{}'",
        },
    )
    rows.write(
        WebHook,
        1,
        {
            **organization,
            "name": "'bench'",
            "url": "'https://bench.example/'",
            "secret": "'correct horse battery staple'",
            "after_event": "0",
        },
    )
    rows.write(LogPosition, 1, {"reader": f"'{READER}'", "event_id": str(size.rows)})
    of_event = {
        "event_id": "i + 1",
        "event_type": "'room.updated'",
        "object_id": rows.id_of(Kind.ROOM, f"i % {size.rooms}"),
    }
    rows.write(Message, size.rows, {**of_event, "body": "'{}'"})
    rows.write(
        Delivery,
        size.rows,
        {
            **organization,
            **of_event,
            "hook_id": "1",
            "message_id": "i + 1",
            "state": "'delivered'",
            "next_attempt_at": str(moment),
            "finished_at": str(moment),
        },
    )


def _write_use(rows: Rows, organization: Mapping[str, str], size: Size) -> None:
    """Use of this month, of rooms and people of whom most are gone."""
    of_month = {
        **organization,
        "span": f"'{Span.MONTH.value}'",
        "begins": str(int(begin_of_span(Span.MONTH, now().date()).timestamp()) * SECOND),
        "display_name": "'Bench'",
        "stays": "i % 100",
    }
    seconds = f"i * 7919 % {size.rows}"
    of_room = {"is_meeting": "FALSE", "open_seconds": seconds, "person_seconds": seconds}
    rows.write(UseByRoom, size.rows, {**of_month, **of_room, "room_id": rows.id_of(Kind.ROOM, "i")})
    person_id = rows.id_of(Kind.PERSON, "i")
    rows.write(UseByPerson, size.rows, {**of_month, "seconds": seconds, "person_id": person_id})


def _write_organizations(rows: Rows, size: Size) -> None:
    """Others, and somebody who belongs to all of them."""
    rows.write(
        Organization,
        size.organizations,
        {
            "id": "i + 1000",
            "ulid": rows.key_of(Kind.OTHER, "i", 26),
            "hex_id": rows.key_of(Kind.OTHER, "i", 24),
            "display_name": f"'Other ' || {rows.hexadecimal('i * 7919 % 65536', 4)}",
        },
    )
    rows.write(MeetingTerms, size.organizations, {"organization_id": "i + 1000"})
    rows.write(
        Person,
        1,
        {
            "id": rows.id_of(Kind.AGENT, "i"),
            "hex_id": rows.key_of(Kind.AGENT, "i", 24),
            "username": "'agent@bench.example'",
            "password_hash": "'-'",
            "calendar_token": rows.key_of(Kind.AGENT, "i", 64),
        },
    )
    rows.write(
        Membership,
        size.organizations,
        {
            "organization_id": "i + 1000",
            "person_id": rows.id_of(Kind.AGENT, "0"),
            "standing": "'participant'",
            "calendar_token": rows.key_of(Kind.AGENT, "i", 64),
        },
    )
    rows.write(
        RefreshToken,
        1,
        {
            "organization_id": "1000",
            "token_hash": f"'{key_hash(AGENT_TOKEN)}'",
            "person_id": rows.id_of(Kind.AGENT, "0"),
            "expires_at": str(int(time.time()) * SECOND + _DAY),
        },
    )

"""A platform in this process, on a database with so much in it, and what asks it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from litestar.types import ASGIApp
from msgspec import Struct
from sqlalchemy import select, update

from benchmarks.growth_rows import Rows, Size, analyze, fast, id_of, key_of
from switchroom.accounts.models import MeetingTerms
from switchroom.db import schema
from switchroom.db.statistics import assume_many_rows
from switchroom.events.models import Event
from switchroom.events.webhooks.models import Delivery, LogPosition, Message, WebHook
from switchroom.events.webhooks.queueing import READER
from switchroom.identity.keys import KeyPermission
from switchroom.identity.models import Membership, Organization, Person, RefreshToken
from switchroom.identity.permissions import Role, Standing
from switchroom.identity.secrets import key_hash
from switchroom.identity.tokens import AccessToken, SubjectKind
from switchroom.meetings.models import Invitee, Meeting
from switchroom.platform.build import Platform
from switchroom.rooms.models import Link, QuotaSet, Room, RoomMode, RoomPermission, RoomType
from switchroom.rooms.notices import RoomsChanged
from switchroom.settings import DatabaseSettings, Settings

PASSWORD = "correct horse battery"
MEMBER = 1
"""The number of a person without any administration."""
TO_COME = 50
"""Meetings, besides what the series bring."""
LISTED = 100
_PEOPLE, _ROOMS, _MEETING_ROOMS, _MEETINGS, _LINKS, _INVITEES, _OTHERS, _AGENT = range(1, 9)
_SECOND = 1_000_000
_HALF_HOUR = 1800 * _SECOND
_WEEK = 7 * 24 * 3600 * _SECOND
_HOUR = 3600
_OCCURRENCES = 20


_NAME = "The one that grew"


class AnswerError(Exception):
    """A request was refused."""


class House(Struct, frozen=True):
    """One platform. `moment` is, in microseconds, when it was filled."""

    platform: Platform
    app: ASGIApp
    size: Size
    organization: Organization
    permission_group_id: str
    client_id: str
    api_key: str
    meeting_key: str
    moment: int

    def token(self, person: int | None = None, *, agent: bool = False) -> str:
        """Of the person with this number, or of the agent; without one, of a program nobody has seen before,
        which may do everything."""
        subject = id_of(_PEOPLE, person) if person is not None else id_of(_OTHERS, time.perf_counter_ns())
        administers = person in (None, 0) and not agent
        now = time.time()
        claims = AccessToken(
            organization_id=self.organization.id,
            company_id=self.organization.ulid,
            subject_id=id_of(_AGENT, 0) if agent else subject,
            kind=SubjectKind.API_KEY if person is None and not agent else SubjectKind.PERSON,
            issued_at=now,
            expires_at=int(now) + 4 * _HOUR,
            administration=int(Standing.ADMINISTRATOR.administration) if administers else 0,
            display_name="Bench",
        )
        return self.platform.identity.signer.sign(claims)

    async def forget_lists(self) -> None:
        """As after any change of a room."""
        await self.platform.storage.bus.publish(RoomsChanged(self.organization.id))

    def person_id(self, number: int) -> str:
        return id_of(_PEOPLE, number)

    def room_id(self, number: int) -> str:
        """Of the number-th room; one in ten, beginning with 0, is a department."""
        return id_of(_ROOMS, number)

    def link_key(self, number: int) -> str:
        return key_of(_LINKS, number, 32)

    def link_room(self, number: int) -> str:
        return self.room_id(_room_of_link(number, self.size))

    async def v1(self, path: str, token: str = "", **fields: object) -> Any:
        """A call of the v1 API."""
        access = {"accessInfo": {"accessToken": token}} if token else {}
        return await self.ask("POST", f"/json/v1/{path}", {**access, **fields})

    async def v6(
        self, method: str, path: str, body: object = None, *, of_organizer: bool = True, query: str = ""
    ) -> Any:
        """A call of the Web Meeting API, in the organizer's name."""
        headers = {"x-api-key": self.meeting_key}
        if of_organizer:
            headers["x-user-id"] = key_of(_PEOPLE, 0, 24)
        return await self.ask(method, f"/api/v6{path}", body, headers, query)

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        query: str = "",
    ) -> Any:
        """What the platform answers, in this process: everything but the socket. Raises AnswerError."""
        content = b"" if body is None else msgspec.json.encode(body)
        scope: Any = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": quote(path).encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(content)).encode()),
                *((name.encode(), value.encode()) for name, value in (headers or {}).items()),
            ],
            "client": ("192.0.2.1", 0),
            "server": ("127.0.0.1", 80),
            "extensions": {},
        }
        status, received = 0, b""

        async def receive() -> Any:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status, received
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                received += message.get("body", b"")

        await self.app(scope, receive, send)
        if not 200 <= status < 300:
            raise AnswerError(f"{method} {path}: {status} {received[:500]!r}")
        return received


@asynccontextmanager
async def house(directory: Path, size: Size, url: str = "") -> AsyncGenerator[House]:
    """A platform on the database at `url`, without one on SQLite in `directory`, which is filled when it is
    empty. No background work is going on."""
    settings = Settings(data=str(directory), database=DatabaseSettings(url=url))
    platform = Platform(settings)
    try:
        await schema.upgrade(platform.storage.database)
        async with platform.storage.database.read(None) as session:
            is_empty = await session.scalar(select(Organization.id).limit(1)) is None
        if is_empty:
            await platform.found_organization(_NAME)
        organization = await platform.identity.organizations.find(_NAME)
        client_id = f"bench {time.time_ns()}"
        found = House(
            platform=platform,
            app=platform.asgi(),
            size=size,
            organization=organization,
            permission_group_id=await _participants(platform, organization),
            client_id=client_id,
            api_key=await platform.identity.organizations.create_api_key(organization, client_id),
            meeting_key=await platform.identity.keys.create(
                "bench", KeyPermission.ACCOUNT | KeyPermission.MEETING
            ),
            moment=int(organization.created_at.timestamp()) * _SECOND,
        )
        if is_empty:
            await _fill(found)
        yield found
    finally:
        platform.identity.passwords.close()
        await platform.storage.database.close()


async def _participants(platform: Platform, organization: Organization) -> str:
    claims = AccessToken(organization.id, organization.ulid, "", SubjectKind.API_KEY, 0, 0, 0, "")
    groups = await platform.identity.organizations.permission_groups(claims)
    return next(group.id for group in groups if group.role == Role.PARTICIPANT)


async def _fill(house: House) -> None:
    database = house.platform.storage.database
    password = await house.platform.identity.passwords.hash_chosen(PASSWORD)
    async with database.engine.connect() as connection:
        await connection.run_sync(fast)
        async with connection.begin():
            await connection.run_sync(lambda one: _write_all(house, Rows(one, house.moment), password))
        async with connection.begin():
            await connection.run_sync(assume_many_rows)  # with an index goes what is said of it
    await database.engine.dispose()
    async with database.write(None) as session:
        await session.execute(update(MeetingTerms).values(delete_after_days=100_000))
        await session.execute(update(QuotaSet).where(QuotaSet.name == "small").values(room_limit=1000))
    await analyze(database)


def _room_of_link(number: int, size: Size) -> int:
    """Half of the links are of one room."""
    return 1 if number % 4 < 2 else (number * 7 % (size.rooms // 10)) * 10 + 1 + number % 9


def _write_all(house: House, rows: Rows, password: str) -> None:
    organization, size = {"organization_id": str(house.organization.id)}, house.size
    with rows.without_indexes():
        _write_people(rows, organization, size, password)
        _write_rooms(rows, organization, size)
        _write_links(rows, organization, size, house.permission_group_id)
        _write_meetings(rows, organization, size, house.moment)
        _write_events(rows, organization, size, house.moment)
        _write_organizations(rows, size)


def _write_people(rows: Rows, organization: dict[str, str], size: Size, password: str) -> None:
    person_id = rows.id_of(_PEOPLE, "i")
    rows.write(
        Person,
        size.rooms,
        {
            "id": person_id,
            "hex_id": rows.key_of(_PEOPLE, "i", 24),
            "username": "'person' || i || '@bench.example'",
            "email": "'person' || i || '@bench.example'",
            "first_name": "'First'",
            "last_name": f"'Last ' || {rows.hexadecimal('i * 7919 % 65536', 4)}",
            "password_hash": f"'{password}'",
            "calendar_token": rows.key_of(_PEOPLE, "i", 64),
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
            "calendar_token": rows.key_of(_OTHERS, "i", 64),
        },
    )
    rows.write(
        RefreshToken,
        size.rooms,
        {
            **organization,
            "token_hash": rows.key_of(_PEOPLE, "i", 64),
            "person_id": person_id,
            "expires_at": f"{(int(time.time()) + _HOUR * 24) * _SECOND} + i",
        },
    )


def _write_rooms(rows: Rows, organization: dict[str, str], size: Size) -> None:
    participant = int(Role.PARTICIPANT.permissions)
    rows.write(
        Room,
        size.rooms,
        {
            **organization,
            "id": rows.id_of(_ROOMS, "i"),
            "parent_id": f"CASE WHEN i % 10 = 0 THEN NULL ELSE {rows.id_of(_ROOMS, 'i - i % 10')} END",
            "type": f"CASE WHEN i % 10 = 0 THEN {int(RoomType.DEPARTMENT)} ELSE {int(RoomType.ROOM)} END",
            "mode": str(int(RoomMode.SPECTATOR)),
            "display_name": "'Room ' || i",
            "position": "(i + 1) * 1024",
            "quota_name": "CASE WHEN i % 10 = 0 THEN NULL ELSE 'standard' END",
            "active_limit": "50",
            "passive_limit": "100",
            "default_permissions": f"CASE WHEN i % 4 = 3 THEN NULL ELSE {participant} END",
            "default_role": str(int(Role.PARTICIPANT)),
            "created_by": rows.id_of(_PEOPLE, "0"),
        },
    )
    rows.write(
        RoomPermission,
        size.rooms,
        {
            **organization,
            "room_id": rows.id_of(_ROOMS, "i"),
            "person_id": rows.id_of(_PEOPLE, "i"),
            "role": str(int(Role.MODERATOR)),
            "permissions": str(int(Role.MODERATOR.permissions)),
        },
    )


def _write_links(rows: Rows, organization: dict[str, str], size: Size, group_id: str) -> None:
    room = f"CASE WHEN i % 4 < 2 THEN 1 ELSE (i * 7 % {size.rooms // 10}) * 10 + 1 + i % 9 END"
    rows.write(
        Link,
        size.rows,
        {
            **organization,
            "id": rows.id_of(_LINKS, "i"),
            "room_id": rows.id_of(_ROOMS, room),
            "kind": "CASE WHEN i % 2 = 0 THEN 'group' ELSE 'guest' END",
            "access_key": rows.key_of(_LINKS, "i", 32),
            "permission_group_id": f"'{group_id}'",
            "display_name": "CASE WHEN i % 2 = 0 THEN '' ELSE 'Guest ' || i END",
            "created_by": rows.id_of(_PEOPLE, "0"),
        },
    )


def _write_meetings(rows: Rows, organization: dict[str, str], size: Size, moment: int) -> None:
    """All of one organizer, half an hour each, one after the other until some time from now. One in a hundred
    recurs weekly, most of these twenty times, and one in ten of them for ever."""
    count, every = size.rooms, size.rooms // size.series
    start = f"{moment // _SECOND * _SECOND} + (i - {count - TO_COME}) * {_HALF_HOUR}"
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
            "id": rows.id_of(_MEETING_ROOMS, "i"),
            "type": str(int(RoomType.MEETING)),
            "mode": str(int(RoomMode.SPECTATOR)),
            "display_name": "'Meeting ' || i",
            "quota_name": "'standard'",
            "active_limit": "50",
            "passive_limit": "100",
            "managed": "TRUE",
            "created_by": rows.id_of(_PEOPLE, "0"),
        },
    )
    rows.write(
        Meeting,
        count,
        {
            **organization,
            "id": rows.id_of(_MEETINGS, "i"),
            "hex_id": rows.key_of(_MEETINGS, "i", 24),
            "number": f"substr(CAST(1000000000000000 + i * {7_919_000_003} AS VARCHAR(16)), 1, 16)",
            "calendar_token": rows.key_of(_MEETINGS, "i", 64),
            "room_id": rows.id_of(_MEETING_ROOMS, "i"),
            "organizer_id": rows.id_of(_PEOPLE, "0"),
            "organizer_key": rows.key_of(_MEETINGS, "i", 32),
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
            "id": rows.id_of(_INVITEES, "i"),
            "meeting_id": rows.id_of(_MEETINGS, "i"),
            "email": "'guest@bench.example'",
            "role": "'participant'",
            "access_key": rows.key_of(_INVITEES, "i", 32),
            "position": "0",
        },
    )


def _write_events(rows: Rows, organization: dict[str, str], size: Size, moment: int) -> None:
    rows.write(
        Event,
        size.rows,
        {
            **organization,
            "type": "'room.updated'",
            "object_id": rows.id_of(_ROOMS, f"i % {size.rooms}"),
            "occurred_at": f"{moment - size.rows} + i",
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
        "object_id": rows.id_of(_ROOMS, f"i % {size.rooms}"),
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


def _write_organizations(rows: Rows, size: Size) -> None:
    """Others, and somebody who belongs to all of them."""
    rows.write(
        Organization,
        size.organizations,
        {
            "id": "i + 1000",
            "ulid": rows.key_of(_OTHERS, "i", 26),
            "hex_id": rows.key_of(_OTHERS, "i", 24),
            "display_name": f"'Other ' || {rows.hexadecimal('i * 7919 % 65536', 4)}",
        },
    )
    rows.write(MeetingTerms, size.organizations, {"organization_id": "i + 1000"})
    rows.write(
        Person,
        1,
        {
            "id": rows.id_of(_AGENT, "i"),
            "hex_id": rows.key_of(_AGENT, "i", 24),
            "username": "'agent@bench.example'",
            "password_hash": "'-'",
            "calendar_token": rows.key_of(_AGENT, "i", 64),
        },
    )
    rows.write(
        Membership,
        size.organizations,
        {
            "organization_id": "i + 1000",
            "person_id": rows.id_of(_AGENT, "0"),
            "standing": "'participant'",
            "calendar_token": rows.key_of(_AGENT, "i", 64),
        },
    )
    rows.write(
        RefreshToken,
        1,
        {
            "organization_id": "1000",
            "token_hash": f"'{key_hash('agent')}'",
            "person_id": rows.id_of(_AGENT, "0"),
            "expires_at": str((int(time.time()) + _HOUR * 24) * _SECOND),
        },
    )

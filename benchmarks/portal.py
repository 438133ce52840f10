"""The portal's start and its lists in organizations of a hundred, a thousand and a hundred thousand people
and rooms; and its search for somebody among a hundred thousand, beside SQLite itself."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import AsyncExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from benchmarks.figures import Direction, Result, Series, Target
from benchmarks.growth import SIZES, ask, figures
from benchmarks.growth_questions import Question, portal_search, portal_with_a_department, rooms_shown
from benchmarks.growth_rows import Size
from benchmarks.growth_tenant import MEMBER, Tenant, filled_tenant
from switchroom.db.base import now
from switchroom.identity.models import RefreshToken
from switchroom.identity.secrets import key_hash

SEARCH_AT_MOST = 4.0

ADMINISTRATOR = 0
"""The number of the person who administers the organization."""

_COOKIE = "portal"
"""The refresh token of a member who has been there before."""

_STATUS_ROOMS = 200
"""Most rooms of which the portal asks at once who is inside."""

_TERM = "person77@"
"""In the address of one person."""


async def measure(directory: Path, *, rounds: int, largest: int) -> Result:
    """`largest` is as `growth` has it: ten times the people and rooms."""
    series: list[Series] = []
    targets: list[Target] = []
    async with AsyncExitStack() as stack:
        tenants: list[Tenant] = []
        for rows in [*(size for size in SIZES if size < largest), largest]:
            place = directory / str(rows)
            tenants.append(await stack.enter_async_context(filled_tenant(place, Size(rows), whole=False)))
        for one in tenants:
            await _keep_signed_in(one)
        for question in QUESTIONS:
            own, grown = figures("the portal", await ask(question, tenants, rounds), _named)
            series += own
            targets += grown
        of_all, searched = await _search(tenants[-1], rounds)
    return Result(
        title="Portal",
        series=[*series, *of_all],
        targets=[*targets, searched],
        notes=[
            "Requests of the page, in the process itself: everything but the socket, on SQLite. The numbers "
            "are of people, rooms and meetings each, and organizations of all sizes are asked in turn. Lists "
            "of people, who are counted up to 1,000, are held against an organization that has so many. "
            "Growth is of what a quarter of the rounds took less than. A search for somebody looks at all "
            "people twice, for its page and for their number; the yardstick does so once.",
        ],
    )


def _named(rows: int) -> str:
    return f"{Size(rows).rooms:,}"


async def _keep_signed_in(tenant: Tenant) -> None:
    async with tenant.platform.storage.database.write(tenant.organization.id) as session:
        person_id, expires_at = tenant.person_id(MEMBER), now() + timedelta(days=1)
        session.add(RefreshToken(token_hash=key_hash(_COOKIE), person_id=person_id, expires_at=expires_at))


class _SignedIn(Struct):
    accessToken: str


async def start(tenant: Tenant) -> None:
    """All requests of a start by somebody who has been there before."""
    credentials = {"refreshToken": _COOKIE, "companyId": tenant.organization.ulid}
    reply = await tenant.v1("authenticationService/authenticate", refreshTokenCredentials=credentials)
    token = msgspec.json.decode(reply, type=_SignedIn).accessToken
    await tenant.ask("POST", "/client/branding", {"companyId": tenant.organization.ulid})
    await tenant.v1("userService/list", token, userIdList=[tenant.person_id(MEMBER)])
    await tenant.client("meetings", token)
    rooms = await rooms_shown(tenant, token)
    await tenant.v1("roomService/status", token, roomIds=rooms[:_STATUS_ROOMS])


async def rooms(tenant: Tenant) -> Any:
    return await rooms_shown(tenant, tenant.token(ADMINISTRATOR))


async def people(tenant: Tenant) -> Any:
    return await tenant.client("people", tenant.token(ADMINISTRATOR))


async def people_from_the_middle(tenant: Tenant) -> Any:
    return await tenant.client("people", tenant.token(ADMINISTRATOR), after=tenant.size.rooms // 2)


QUESTIONS = (
    Question("start", start),
    Question("rooms, as an administrator sees them", rooms),
    Question("rooms with a department open", portal_with_a_department, 10_000),
    Question("a search for rooms", portal_search, 10_000),
    Question("people, the first 50", people, 10_000),
    Question("people, 50 from the middle", people_from_the_middle, 10_000),
)


async def _search(tenant: Tenant, rounds: int) -> tuple[list[Series], Target]:
    """The search for one person among all; a first round only warms up."""
    database = tenant.platform.settings.data_directory / "switchroom.db"
    bare: list[float] = []
    found: list[float] = []
    for number in range(rounds + 1):
        scanned = await asyncio.to_thread(_scan, database, tenant.organization.id)
        began = time.perf_counter()
        await tenant.client("people", tenant.token(ADMINISTRATOR), term=_TERM)
        if number:
            bare.append(1000 * scanned)
            found.append(1000 * (time.perf_counter() - began))
    among = f"one person among {tenant.size.rooms:,}"
    yardstick = Series(name=f"{among}, bare sqlite3", unit="ms", values=bare, is_yardstick=True)
    ours = Series(name=f"a search for {among}", unit="ms", values=found)
    share = ours.over(yardstick, f"{ours.name}, over bare sqlite3")
    return [yardstick, ours, share], Target(share, Direction.AT_MOST, SEARCH_AT_MOST)


_COLUMNS = ("first_name", "last_name", "email", "username")


def _scan(database: Path, organization_id: int) -> float:
    """Seconds that Python's own module takes for a page of the people whose name or address has the term."""
    fits = " OR ".join(f"lower(people.{column}) LIKE ?" for column in _COLUMNS)
    query = (
        "SELECT people.*, memberships.* FROM memberships JOIN people ON people.id = memberships.person_id "
        f"WHERE memberships.organization_id = ? AND ({fits}) ORDER BY memberships.id DESC LIMIT 51"
    )
    with closing(sqlite3.connect(database)) as connection:
        began = time.perf_counter()
        rows = connection.execute(query, (organization_id, *[f"%{_TERM}%"] * len(_COLUMNS))).fetchall()
        elapsed = time.perf_counter() - began
    assert len(rows) == 1
    return elapsed

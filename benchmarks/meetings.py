"""Scheduling a meeting with ten people invited, and listing one that recurs for ten years, on SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import msgspec

from benchmarks.api_server import ApiServer, serving
from benchmarks.figures import Direction, Result, Series, Target

SHARE_OF_YARDSTICK = 0.60
SERIES_AT_MOST = 1.5
_CONNECTIONS = 16
_INVITED = 10
_PATH = "/api/v6/meeting"
_Rows = dict[str, list[dict[str, object]]]
_MEETING = {
    "topic": "Bench",
    "startTime": "2030-01-07T09:00:00.000Z",
    "endTime": "2030-01-07T10:00:00.000Z",
    "invitedParticipants": [{"email": f"person{number}@bench.example"} for number in range(_INVITED)],
}
_DAILY = {
    **_MEETING,
    "isRecurring": True,
    "recurring": {"frequencyType": "daily", "endsType": "onDate", "endsOn": "2040-01-07T00:00:00.000Z"},
}
_YEAR = {
    **_DAILY,
    "startTime": "2028-01-07T09:00:00.000Z",
    "endTime": "2028-01-07T10:00:00.000Z",
    "recurring": {"frequencyType": "daily", "endsType": "onDate", "endsOn": "2029-01-07T00:00:00.000Z"},
}
_YEAR_PAGE = "daily for a year, first page"
_WINDOWS = {
    _YEAR_PAGE: "from=2028-01-01T00:00:00Z&to=2029-02-01T00:00:00Z",
    "daily for 10 years, first page": "from=2030-01-01T00:00:00Z&to=2041-01-01T00:00:00Z",
    "daily for 10 years, first page of the tenth": "from=2039-01-08T00:00:00Z&to=2041-01-01T00:00:00Z",
}


async def measure(directory: Path, *, rounds: int, seconds: int) -> Result:
    async with serving(directory) as server:
        headers = {"X-API-KEY": server.seeded.meeting_key, "X-USER-ID": server.seeded.organizer_id}
        await server.ask(_PATH, _YEAR, headers)
        await server.ask(_PATH, _DAILY, headers)
        pages = await _pages(server, headers, rounds)
        first = msgspec.json.decode(await server.ask(_PATH, _MEETING, headers))["data"]["id"]
        bodies = server.bodies("meetings", [_MEETING])
        await server.load(_PATH, bodies, connections=_CONNECTIONS, seconds=1, headers=headers)
        meetings: list[float] = []
        slowest: list[float] = []
        rows: list[float] = []
        for _ in range(rounds):
            rows.append(await asyncio.to_thread(_rows_a_second, server.database, first, seconds))
            report = await server.load(
                _PATH, bodies, connections=_CONNECTIONS, seconds=seconds, headers=headers
            )
            meetings.append(report.per_second)
            slowest.append(report.p99)
    bare = Series(
        name="the same rows into the same tables, bare sqlite3",
        unit="requests/s",
        values=rows,
        is_yardstick=True,
    )
    made = Series(name="a meeting with 10 people invited, mail queued", unit="requests/s", values=meetings)
    share = made.over(bare, "share of the yardstick")
    year, *lists = (
        Series(name=name, unit="ms", values=values, is_yardstick=name == _YEAR_PAGE)
        for name, values in pages.items()
    )
    longer = [one.over(year, f"{one.name}, over that of a year") for one in lists]
    return Result(
        title="Meetings",
        series=[
            bare,
            made,
            share,
            Series(name=f"p99 at {_CONNECTIONS} connections", unit="ms", values=slowest),
            year,
            *lists,
            *longer,
        ],
        targets=[
            Target(share, Direction.AT_LEAST, SHARE_OF_YARDSTICK),
            *(Target(one, Direction.AT_MOST, SERIES_AT_MOST) for one in longer),
        ],
        notes=[
            f"{_CONNECTIONS} connections; every meeting is a transaction of its own, with a room, {_INVITED} "
            f"invitations and {_INVITED} mails that the same process delivers to files meanwhile.",
            "A page is 100 occurrences, asked for over one connection; its figures are medians of a run.",
        ],
    )


async def _pages(server: ApiServer, headers: Mapping[str, str], rounds: int) -> dict[str, list[float]]:
    """Milliseconds that each page takes, the pages in turn; a first round only warms up."""
    pages: dict[str, list[float]] = {name: [] for name in _WINDOWS}
    for number in range(rounds + 1):
        for name, query in _WINDOWS.items():
            path = f"{_PATH}?{query}"
            report = await server.load(path, None, connections=1, seconds=1, headers=headers)
            if number:
                pages[name].append(report.p50)
    return pages


def _rows_a_second(database: Path, hex_id: str, seconds: int) -> float:
    """Copies of a meeting and what belongs to it, written by Python's own module, with the settings that the
    platform uses."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        for pragma in ("synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")
        rows = _rows_of(connection, hex_id)
        statements = {
            table: f"INSERT INTO {table} ({', '.join(of_table[0])}) "
            f"VALUES ({', '.join(f':{name}' for name in of_table[0])})"
            for table, of_table in rows.items()
        }
        count = 0
        started = time.perf_counter()
        while (elapsed := time.perf_counter() - started) < seconds:
            renamed = _renamed(rows)
            connection.execute("BEGIN IMMEDIATE")
            for table, statement in statements.items():
                connection.executemany(statement, renamed[table])
            connection.execute("COMMIT")
            count += 1
        return count / elapsed


def _rows_of(connection: sqlite3.Connection, hex_id: str) -> _Rows:
    """The meeting's rows by table, in the order in which they can be written."""
    meeting_id, room_id = connection.execute(
        "SELECT id, room_id FROM meetings WHERE hex_id = ?", (hex_id,)
    ).fetchone()
    conditions = {
        "rooms": ("id = ?", room_id),
        "meetings": ("id = ?", meeting_id),
        "meeting_invitees": ("meeting_id = ?", meeting_id),
        "queued_mails": ("calendar_uid LIKE ?", f"{hex_id}@%"),
        "events": ("object_id = ?", meeting_id),
    }
    return {
        table: [dict(row) for row in connection.execute(f"SELECT * FROM {table} WHERE {condition}", (value,))]
        for table, (condition, value) in conditions.items()
    }


def _renamed(rows: _Rows) -> _Rows:
    """The same rows by other names. The mails are as good as sent."""
    room, meeting, key = str(uuid4()), str(uuid4()), uuid4().hex
    new: dict[str, Callable[[], dict[str, object]]] = {
        "rooms": lambda: {"id": room},
        "meetings": lambda: {
            "id": meeting,
            "room_id": room,
            "hex_id": key[:24],
            "number": key[:16],
            "calendar_token": key,
        },
        "meeting_invitees": lambda: {"id": str(uuid4()), "meeting_id": meeting},
        "queued_mails": lambda: {"id": str(uuid4()), "calendar_uid": key, "state": "sent"},
        "events": lambda: {"id": None, "object_id": meeting},
    }
    return {table: [{**row, **new[table]()} for row in of_table] for table, of_table in rows.items()}

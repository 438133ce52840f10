"""`createGroupLinks` with one link, on SQLite, beside SQLite itself."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import msgspec

from benchmarks.api_server import serving, token
from benchmarks.figures import Direction, Result, Series, Target

SHARE_OF_YARDSTICK = 0.15
_CONNECTIONS = 16
_PATH = "/json/v1/guestService.v2/createGroupLinks"


async def measure(directory: Path, *, rounds: int, seconds: int) -> Result:
    async with serving(directory) as server:
        message = {
            **token(server.seeded.few),
            "roomId": server.seeded.room_id,
            "groupLinkCreations": [
                {"permissionGroupId": server.seeded.permission_group_id, "description": "Bench"}
            ],
        }
        first = msgspec.json.decode(await server.ask(_PATH, message))["groupLinks"][0]["id"]
        bodies = server.bodies("links", [message])
        await server.load(_PATH, bodies, connections=_CONNECTIONS, seconds=1)
        links: list[float] = []
        slowest: list[float] = []
        rows: list[float] = []
        for _ in range(rounds):
            rows.append(await asyncio.to_thread(_rows_a_second, server.database, first, seconds))
            report = await server.load(_PATH, bodies, connections=_CONNECTIONS, seconds=seconds)
            links.append(report.per_second)
            slowest.append(report.p99)
    made = Series(name="createGroupLinks, one link", unit="requests/s", values=links)
    bare = Series(
        name="the same row into the same table, bare sqlite3",
        unit="requests/s",
        values=rows,
        is_yardstick=True,
    )
    share = made.over(bare, "share of the yardstick")
    return Result(
        title="createGroupLinks",
        series=[
            bare,
            made,
            share,
            Series(name=f"p99 at {_CONNECTIONS} connections", unit="ms", values=slowest),
        ],
        targets=[Target(share, Direction.AT_LEAST, SHARE_OF_YARDSTICK)],
        notes=[f"{_CONNECTIONS} connections; every link and every row is a transaction of its own."],
    )


def _rows_a_second(database: Path, link_id: str, seconds: int) -> float:
    """Copies of the link written by Python's own module, with the settings that the platform uses."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for pragma in ("synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")
        columns = [str(row[1]) for row in connection.execute("PRAGMA table_info(links)")]
        new = {"id": ":id", "access_key": ":access_key"}
        chosen = ", ".join(new.get(column, column) for column in columns)
        statement = f"INSERT INTO links ({', '.join(columns)}) SELECT {chosen} FROM links WHERE id = :link_id"
        count = 0
        started = time.perf_counter()
        while (elapsed := time.perf_counter() - started) < seconds:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(statement, {"id": str(uuid4()), "access_key": uuid4().hex, "link_id": link_id})
            connection.execute("COMMIT")
            count += 1
        return count / elapsed

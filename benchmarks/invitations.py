"""An invitation of ten thousand people at once until all their mails are queued, on SQLite, beside SQLite
itself; and how long others wait for their turn of the event loop meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import msgspec
from tests.steps import allowed

from benchmarks.api_server import ApiServer, serving, token
from benchmarks.figures import Direction, Result, Series, Target

SHARE_OF_YARDSTICK = 0.10
TURN_AT_MOST = 1.0
_TOGETHER = 25
"""People in one transaction, as in a batch."""

_PATH = "/json/v1/businessLogicService/inviteUsers"
_AT_REST = 3.0
_LIMIT = 600.0
_LOOK = 0.02
_PAYLOAD = "x" * 400
"""About as long as what an invitation says, which is forgotten once it is sent."""

_Rows = dict[str, list[dict[str, object]]]


class InvitationError(Exception):
    """Some have not been invited."""


async def measure(directory: Path, *, people: int) -> Result:
    async with serving(directory) as server:
        await _invite(server, "first", _TOGETHER)
        rows = await asyncio.to_thread(_rows_a_second, server.database, people)
        await server.rest()
        await server.watch()
        await asyncio.sleep(_AT_REST)
        quiet = await server.watched()
        await server.watch()
        elapsed = await _invite(server, "guest", people)
        busy = await server.watched()
    bare = Series(
        name=f"the same rows into the same tables, {_TOGETHER} people a transaction, bare sqlite3",
        unit="people/s",
        values=[rows],
        is_yardstick=True,
    )
    invited = Series(name="people invited, mails queued", unit="people/s", values=[people / elapsed])
    seconds = Series(name=f"{people:,} people until all mails are queued", unit="s", values=[elapsed])
    share = invited.over(bare, "share of the yardstick")
    at_rest = Series(
        name="longest turn of the event loop at rest",
        unit="ms",
        values=[1000 * quiet.seconds],
        is_yardstick=True,
    )
    longest = Series(name="longest turn of the event loop meanwhile", unit="ms", values=[1000 * busy.seconds])
    step = Series(
        name="what a turn may take of a processor: 50 ms on a machine of the speed it was set for",
        unit="ms",
        values=[1000 * allowed()],
        is_yardstick=True,
    )
    turn = Series(
        name="longest turn of the event loop meanwhile, processor time",
        unit="ms",
        values=[1000 * busy.processor_seconds],
    )
    over = turn.over(step, "longest turn over what one may take")
    return Result(
        title="Invitations",
        series=[bare, invited, seconds, share, at_rest, longest, step, turn, over],
        targets=[
            Target(share, Direction.AT_LEAST, SHARE_OF_YARDSTICK),
            Target(over, Direction.AT_MOST, TURN_AT_MOST),
        ],
        notes=[
            f"{people:,} people in one request, from the request on; the same process delivers the mails to "
            "files meanwhile. By the clock a turn is also long when another program has the processor: for "
            "that, see how long one is at rest. What a turn may take is twice what `json.dumps` of 200,000 "
            "numbers takes, as in the tests of stalls."
        ],
    )


async def _invite(server: ApiServer, name: str, people: int) -> float:
    """The seconds until so many people are invited and their mails are queued. Raises InvitationError."""
    body = {
        **token(server.seeded.few),
        "userInvitations": [
            {
                "user": {
                    "email": f"{name}{number}@bench.example",
                    "userProfile": {"firstname": "First", "lastname": f"Last {number}"},
                }
            }
            for number in range(people)
        ],
    }
    began = time.perf_counter()
    reply = msgspec.json.decode(await server.ask(_PATH, body))
    with closing(sqlite3.connect(server.database)) as connection:
        await _done(connection, reply["trackingInfo"]["taskId"])
        elapsed = time.perf_counter() - began
        mails = "SELECT count(*) FROM queued_mails WHERE recipient LIKE ?"
        queued = connection.execute(mails, (f"{name}%@bench.example",)).fetchone()[0]
    if queued != people:
        raise InvitationError(f"{queued} mails for {people} people")
    return elapsed


async def _done(connection: sqlite3.Connection, batch_id: str) -> None:
    query = "SELECT state = 'done', failed FROM batches WHERE id = ?"
    async with asyncio.timeout(_LIMIT):
        while True:
            done, failed = connection.execute(query, (batch_id,)).fetchone()
            if failed:
                raise InvitationError(f"{failed} were not invited")
            if done:
                return
            await asyncio.sleep(_LOOK)


def _rows_a_second(database: Path, people: int) -> float:
    """People a second, copies of those who are invited already, written by Python's own module with the
    settings that the platform uses."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        for pragma in ("synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")
        rows = _rows(connection)
        statements = {
            table: f"INSERT INTO {table} ({', '.join(of_table[0])}) "
            f"VALUES ({', '.join(f':{name}' for name in of_table[0])})"
            for table, of_table in rows.items()
        }
        began = time.perf_counter()
        for _ in range(0, people, _TOGETHER):
            renamed = _renamed(rows)
            connection.execute("BEGIN IMMEDIATE")
            for table, statement in statements.items():
                connection.executemany(statement, renamed[table])
            connection.execute("COMMIT")
        return people / (time.perf_counter() - began)


_OF_INVITED = "SELECT person_id FROM member_invitations"
_CONDITIONS = {
    "people": f"id IN ({_OF_INVITED})",
    "memberships": f"person_id IN ({_OF_INVITED})",
    "member_invitations": "TRUE",
    "queued_mails": "recipient IN (SELECT email FROM member_invitations)",
    "events": f"object_id IN ({_OF_INVITED})",
}


def _rows(connection: sqlite3.Connection) -> _Rows:
    """The rows of those who are invited by table, in the order in which they can be written."""
    return {
        table: [dict(row) for row in connection.execute(f"SELECT * FROM {table} WHERE {condition}")]
        for table, condition in _CONDITIONS.items()
    }


def _renamed(rows: _Rows) -> _Rows:
    """The same rows by other names. The mails are as good as sent."""
    ids = {row["id"]: str(uuid4()) for row in rows["people"]}
    new: dict[str, Callable[[dict[str, object]], dict[str, object]]] = {
        "people": lambda row: {
            "id": ids[row["id"]],
            "hex_id": uuid4().hex[:24],
            "username": (key := uuid4().hex),
            "email": key,
            "calendar_token": key,
        },
        "memberships": lambda row: {
            "id": None,
            "person_id": ids[row["person_id"]],
            "calendar_token": uuid4().hex,
        },
        "member_invitations": lambda row: {
            "id": str(uuid4()),
            "person_id": ids[row["person_id"]],
            "key_hash": uuid4().hex,
        },
        "queued_mails": lambda _: {
            "id": str(uuid4()),
            "calendar_uid": uuid4().hex,
            "payload": _PAYLOAD,
            "state": "sent",
        },
        "events": lambda row: {"id": None, "object_id": ids[row["object_id"]]},
    }
    return {table: [{**row, **new[table](row)} for row in of_table] for table, of_table in rows.items()}

"""What the connection to SQLite does in place and what it leaves to its thread."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from switchroom.db import sqlite
from switchroom.db.database import Database
from switchroom.db.sqlite import CHECKPOINT_EVERY
from tests.engines.waiting import until

_INSERT = text("INSERT INTO notes (body) VALUES (:body)")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'notes.db'}")
    async with opened.write(None) as session:
        await session.execute(text("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)"))
    yield opened
    await opened.close()


async def _write(database: Database, body: str) -> None:
    async with database.write(None) as session:
        await session.execute(_INSERT, {"body": body})


async def _count(database: Database) -> int:
    async with database.read(None) as session:
        return int(await session.scalar(text("SELECT count(*) FROM notes")) or 0)


async def test_the_log_begins_anew_again_and_again(database: Database, tmp_path: Path) -> None:
    """How long the disk takes for a copy is not what is tested: who writes waits for it."""
    checkpoints = database.checkpoints
    assert checkpoints is not None

    async def write(times: int) -> None:
        for _ in range(times):
            await _write(database, "x" * 500)
        await until(lambda: not checkpoints.is_copying, limit=30.0)

    log = tmp_path / "notes.db-wal"
    await write(CHECKPOINT_EVERY + 1)
    size = log.stat().st_size
    for _ in range(4):
        await write(CHECKPOINT_EVERY)
    assert log.stat().st_size < 1.5 * size
    assert await _count(database) == 5 * CHECKPOINT_EVERY + 1


async def test_a_write_waits_for_another_process_and_holds_up_nobody(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LOCK_LIMIT", 60_000)  # longer than the machine stands still
    other = sqlite3.connect(tmp_path / "notes.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(_write(database, "later"))
    for _ in range(20):  # were the loop blocked, this would take until the lock is given up
        assert await _count(database) == 0
        # Reading is done in place: only here does the writer come to try.
        ended, _ = await asyncio.wait({waiting}, timeout=0.02)
        assert not ended
    other.execute("COMMIT")
    other.close()
    async with asyncio.timeout(60):
        await waiting
    assert await _count(database) == 1


async def test_a_write_that_fails_leaves_nothing_and_the_connection_usable(database: Database) -> None:
    async def fail() -> None:
        async with database.write(None) as session:
            await session.execute(_INSERT, {"body": "half"})
            await session.execute(text("INSERT INTO nothing VALUES (1)"))

    with pytest.raises(OperationalError):
        await fail()
    assert await _count(database) == 0
    await _write(database, "whole")
    assert await _count(database) == 1


async def test_a_write_cancelled_in_the_middle_leaves_nothing(database: Database) -> None:
    begun = asyncio.Event()

    async def write() -> None:
        async with database.write(None) as session:
            await session.execute(_INSERT, {"body": "half"})
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await begun.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await _count(database) == 0
    await _write(database, "whole")
    assert await _count(database) == 1

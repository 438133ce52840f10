"""Builders: a database with the tables of background work, one of what was done, and processes that work."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from multiprocessing.process import BaseProcess
from typing import Any

from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from switchroom.bus import Bus
from switchroom.db.database import Database
from switchroom.errors import Unavailable
from tests.forking import forkserver

LIMIT = 60.0

DONE = Table(
    "work_done",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("work", String(64)),
    Column("worker", String(64)),
)


class Place:
    """A database in which workers note what they have done."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bus = Bus()
        self.database = Database(url, self.bus)
        self._processes: list[BaseProcess] = []

    async def done(self) -> Sequence[tuple[str, str]]:
        """Work and worker, in the order in which it was done."""
        async with self.database.read(None) as session:
            rows = await session.execute(select(DONE.c.work, DONE.c.worker).order_by(DONE.c.id))
            return [(work, worker) for work, worker in rows]

    async def count(self) -> Counter[str]:
        """How much each worker has done."""
        return Counter(worker for _, worker in await self.done())

    async def until(self, holds: Callable[[Counter[str]], bool]) -> Counter[str]:
        """What each worker has done, once that `holds`."""
        deadline = time.monotonic() + LIMIT
        while not holds(count := await self.count()):
            if time.monotonic() > deadline:
                raise AssertionError(count)
            await asyncio.sleep(0.02)
        return count

    async def reached(self, worker: str, number: int = 1) -> None:
        """Wait until a worker has done so much in all."""
        await self.until(lambda count: count[worker] >= number)

    async def more(self, worker: str, number: int = 3) -> None:
        """Wait until a worker has done so much more."""
        before = (await self.count())[worker]
        await self.until(lambda count: count[worker] >= before + number)

    async def eventually(self, holds: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(LIMIT):
            while not await holds():  # noqa: ASYNC110 - what another process does wakes nobody here
                await asyncio.sleep(0.02)

    async def execute(self, statement: str, **values: Any) -> None:
        async with self.database.write(None) as session:
            await session.execute(text(statement), values)

    @asynccontextmanager
    async def away(self, table: str) -> AsyncGenerator[None]:
        """The database is not there while the block runs: PostgreSQL ends all connections and takes no new
        ones, SQLite does not find the table."""
        if self.url.startswith("sqlite"):
            await self.execute(f"ALTER TABLE {table} RENAME TO away")
            yield
            await self.execute(f"ALTER TABLE away RENAME TO {table}")
            return
        server, _, name = self.url.rpartition("/")
        engine = create_async_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
            await connection.execute(text(ended), {"name": name})
            yield
            await connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
        await engine.dispose()

    def process(self, target: Callable[..., None], *arguments: Any) -> Process:
        """A process that works until the test ends."""
        begun = forkserver().Process(target=target, args=(self.url, *arguments), daemon=True)
        begun.start()
        self._processes.append(begun)
        return Process(begun)

    async def freeze(self, process: Process) -> None:
        """Have it stand still, but not in the middle of a transaction: SQLite would be locked for all."""
        while True:
            process.freeze()
            try:
                return await self.execute("SELECT 1")
            except Unavailable:
                process.thaw()

    async def close(self) -> None:
        for process in self._processes:
            process.kill()
            await asyncio.to_thread(process.join)
        await self.database.close()


class Process:
    """A process at work."""

    def __init__(self, process: BaseProcess) -> None:
        self._process = process

    async def kill(self) -> None:
        self._process.kill()
        await asyncio.to_thread(self._process.join)

    def freeze(self) -> None:
        """It stands still, as when its machine is overloaded, and does not know."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, number)


@asynccontextmanager
async def place(url: str) -> AsyncGenerator[Place]:
    """In a database with the tables of the platform, with one more."""
    opened = Place(url)
    try:
        async with opened.database.engine.begin() as connection:
            await connection.run_sync(DONE.metadata.create_all)
        yield opened
    finally:
        await opened.close()


async def note(session: AsyncSession, work: str, worker: str) -> None:
    """Write down that a worker has done something."""
    await session.execute(insert(DONE).values(work=work, worker=worker))


async def end(*tasks: asyncio.Task[None]) -> None:
    """End workers of this process."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

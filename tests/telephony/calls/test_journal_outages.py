"""A journal whose database comes and goes: nothing is lost, and nothing is written twice."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import pytest
from sqlalchemy.engine import make_url

from switchroom.telephony.calls import journal
from tests.postgresql import new_database
from tests.telephony.calls.test_journal import Place
from tests.telephony.calls.told import Told

CALLS = 60
_COMMITTED = b"COMMIT\0"
"""The server's answer to it."""


class Line:
    """The network to a server, which can be cut: at once, or when the next transaction is committed, of which
    nobody hears then."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._open: set[asyncio.StreamWriter] = set()
        self.is_up = True
        self.loses_commit = False
        self.lost = 0
        self.port = 0

    @asynccontextmanager
    async def held(self) -> AsyncGenerator[Line]:
        server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()

    def cut(self) -> None:
        self.is_up = False
        for writer in self._open:
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.is_up:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection(*self._target)
        ends = {writer, back}
        self._open |= ends
        try:
            await asyncio.gather(self._copy(reader, back), self._copy(there, writer))
        finally:
            self._open -= ends
            for one in ends:
                one.transport.abort()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if self.loses_commit and _COMMITTED in data:
                    self.loses_commit = False
                    self.lost += 1
                    break
                writer.write(data)
                await writer.drain()
        writer.transport.abort()


async def test_the_network_is_cut_again_and_again(
    postgresql_url: str, postgresql_tables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "RETRY_AFTER", 0.02)
    address = make_url(await new_database(postgresql_url, postgresql_tables))
    chance = random.Random(7)
    async with Line(address.host or "127.0.0.1", address.port or 5432).held() as line:
        through = address.set(host="127.0.0.1", port=line.port)
        place = Place(through.render_as_string(hide_password=False))
        await place.prepare()
        running = asyncio.create_task(place.journal.run())

        async def call() -> Told:
            told = place.call().rings("bert", user_id=place.bert)
            await asyncio.sleep(chance.random() / 10)
            told.wait(1).answers("bert")
            await asyncio.sleep(chance.random() / 10)
            return told.wait(9).ends()

        async def fail() -> None:
            while True:
                await asyncio.sleep(chance.random() / 10)
                line.loses_commit = True
                await asyncio.sleep(chance.random() / 10)
                line.cut()
                await asyncio.sleep(chance.random() / 20)
                line.is_up = True

        failing = asyncio.create_task(fail())
        calls: list[Told] = []
        for _ in range(CALLS // 10):
            calls += await asyncio.gather(*(call() for _ in range(10)))
        failing.cancel()
        line.is_up = True
        async with asyncio.timeout(60):
            while place.journal.waiting:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.gather(running, failing, return_exceptions=True)

        assert line.lost
        views = await place.listed()
        assert Counter(one.interaction_id for one in views) == {one.snapshot.id: 1 for one in calls}
        assert {(one.hangup_cause, one.billing_seconds) for one in views} == {("NORMAL_CLEARING", 9)}
        counted = Counter((one.object_id, one.type) for one in await place.events())
        kinds = ("call.created", "call.ringing", "call.answered", "call.ended")
        assert counted == {(one.snapshot.id, kind): 1 for one in calls for kind in kinds}
        await place.database.close()

"""Builders: servers of one platform, each with its sockets and its rooms, over one database and one NATS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from switchroom.bus import SharedBus
from switchroom.conference.cluster import cluster, membership, relay
from switchroom.conference.cluster.cluster import Cluster
from switchroom.conference.media.recording import RecordingSessions
from switchroom.conference.room.override_records import OverrideRecords, OverrideRow, RuleRow
from switchroom.conference.service import ConferenceService
from switchroom.db.base import Base
from switchroom.db.database import Database
from switchroom.engines.janus.server import JanusPool, JanusServer
from switchroom.engines.nats.connection import NatsConnection
from switchroom.engines.nats.engine import NatsEngine
from switchroom.http.server import serving
from switchroom.settings import IceSettings
from tests.conference.room import LIMIT, Gate, Notes, RoomServer, Transcript, application_of
from tests.engines.nats.server import connected, nats_server
from tests.ports import free_port


class WorkerServer(RoomServer):
    """One of the servers, as a worker process is one."""

    def __init__(
        self,
        gate: Gate,
        service: ConferenceService,
        bus: SharedBus,
        notes: Notes,
        transcript: Transcript,
        port: int,
        cluster: Cluster,
        connection: NatsConnection,
        overrides: OverrideRecords,
    ) -> None:
        super().__init__(gate, service, bus, notes, transcript, port)
        self.cluster = cluster
        self.connection = connection
        self.overrides = overrides

    def has(self, room: str = "lounge") -> bool:
        """Whether the room is here."""
        return self.service.find(room) is not None

    async def vanish(self) -> None:
        """Be gone for the others without a word, as a process that is killed."""
        await self.connection.stop()


class WorkerServers:
    """Several servers over one database and one NATS."""

    def __init__(self, database_url: str, nats: NatsEngine, stack: AsyncExitStack) -> None:
        self.nats = nats
        self._database_url = database_url
        self._stack = stack
        self._gate = Gate()

    async def open(
        self,
        janus: JanusServer | None = None,
        *,
        grace: float = 60.0,
        recording_sessions: RecordingSessions | None = None,
    ) -> WorkerServer:
        """One more."""
        return await self._stack.enter_async_context(self._opened(janus, grace, recording_sessions))

    async def written(self, count: int) -> None:
        """Wait until what moderators decided is written for so many people."""
        await self._written(OverrideRow, count)

    async def rules_written(self, count: int) -> None:
        """Wait until what moderators forbid everybody is written for so many rooms."""
        await self._written(RuleRow, count)

    async def _written(self, table: type[Base], count: int) -> None:
        database = Database(self._database_url)
        try:
            async with asyncio.timeout(LIMIT):
                while await _rows(database, table) != count:  # noqa: ASYNC110 - another process writes
                    await asyncio.sleep(0.01)
        finally:
            await database.close()

    @asynccontextmanager
    async def _opened(
        self, janus: JanusServer | None, grace: float, recording_sessions: RecordingSessions | None
    ) -> AsyncGenerator[WorkerServer]:
        connection = NatsConnection(self.nats.configuration.url)
        bus, notes, port = SharedBus(connection, "test"), Notes(), free_port()
        database = Database(self._database_url, bus)
        overrides = OverrideRecords(database)
        pool = JanusPool([janus] if janus else [])
        service = ConferenceService(
            self._gate,
            pool,
            bus,
            notes,
            ice=IceSettings(),
            grace=grace,
            recording_sessions=recording_sessions,
            overrides=overrides,
            secret=b"a secret of all servers",
        )
        cluster = Cluster(service, database, connection, "test", lambda token: token)
        overrides.ownership = cluster.ownership
        application = application_of(service, cluster)
        server = WorkerServer(
            self._gate, service, bus, notes, Transcript(), port, cluster, connection, overrides
        )
        async with connected(connection), serving(application, "127.0.0.1", port):
            await service.start()
            cluster.start()
            writer = asyncio.create_task(overrides.run())
            try:
                yield server
            finally:
                await server.close()
                await service.stop()
                writer.cancel()
                await asyncio.gather(writer, return_exceptions=True)
                await overrides.finish()
                await cluster.stop()
                await database.close()


async def _rows(database: Database, table: type[Base]) -> int:
    async with database.read(None) as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


@asynccontextmanager
async def worker_servers(directory: Path, database_url: str) -> AsyncGenerator[WorkerServers]:
    """None yet, while the block runs."""
    with pytest.MonkeyPatch.context() as patched:
        _be_patient(patched)
        async with nats_server(directory) as nats, AsyncExitStack() as stack:
            yield WorkerServers(database_url, nats, stack)


def _be_patient(patched: pytest.MonkeyPatch) -> None:
    """Nobody who stands still for a while is gone, and no way to a room is given up. Who has gone is found
    by asking all the same: the message server knows."""
    patched.setattr(membership, "GONE_AFTER", max(LIMIT, membership.GONE_AFTER))
    patched.setattr(relay, "OPEN_LIMIT", LIMIT / 4)
    patched.setattr(cluster, "SEARCH_LIMIT", LIMIT / 2)

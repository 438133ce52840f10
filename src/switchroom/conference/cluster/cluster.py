"""Rooms over several processes: each room is one process' at a time, and all the others lead there.

A process that wants a room nobody has acquires it (`ownership`); one that wants a room of another relays the
browser's socket (`relay`). When a process is gone (`membership`), whoever is asked for one of its rooms next
takes it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError

from switchroom.conference.cluster.membership import ClusterMembership
from switchroom.conference.cluster.ownership import RoomOwnership
from switchroom.conference.cluster.presence import Presence
from switchroom.conference.cluster.relay import FarEnd, NearEnd, Relays
from switchroom.conference.messages import Join
from switchroom.conference.service import ConferenceService
from switchroom.conference.signalling import socket as signalling
from switchroom.conference.signalling.connection import QueuedConnection
from switchroom.db.database import Database
from switchroom.engines.nats.connection import NatsConnection, NatsError, NobodyThere
from switchroom.errors import ErrorCode, Unavailable
from switchroom.tasks import Tasks, set_within

log = structlog.stdlib.get_logger(__name__)

SEARCH_LIMIT = 3.0
"""Seconds until somebody whose room cannot be found is told to try again."""

PAUSE = 0.05
"""Seconds before looking again for a room that is just changing hands."""

RELEASE_IDLE_EVERY = 30.0
REVIEW_EVERY = 60.0
ALONE_LOOK = 1.0
"""Seconds between two looks at who has the rooms while the other processes cannot be heard."""

_DATABASE_ERRORS = (SQLAlchemyError, OSError, Unavailable)

SETTLE = 1.0
SETTLE_LIMIT = 3.0


class Cluster:
    """This process among the others that have rooms; the `RoomRouter` of its sockets."""

    def __init__(
        self,
        service: ConferenceService,
        database: Database,
        connection: NatsConnection,
        prefix: str,
        verify: Callable[[str], object],
    ) -> None:
        """`verify` raises Unauthenticated for a token that this platform has not given, or that is over: its
        holder makes no process acquire rooms."""
        name = secrets.token_hex(6)
        self._service = service
        self._verify = verify
        self._connection = connection
        self._members = ClusterMembership(connection, prefix, name)
        self.ownership = RoomOwnership(database, name)
        service.owns = self.ownership.is_mine
        self._presence = Presence(service, connection, self._members)
        self._relays = Relays(connection, self._members, self.ownership, self._serve)
        self._tasks = Tasks()
        self._doubt = asyncio.Event()
        self._review_due = asyncio.Event()
        self._members.on_doubt(self._doubt.set)
        connection.on_change(self._connection_changed)

    def route(
        self, request: Join, connection: QueuedConnection
    ) -> AbstractAsyncContextManager[signalling.Route | None]:
        return self._route(request, connection)

    async def settled(self) -> None:
        """Wait until the other processes have had the time to say who is inside their rooms."""
        try:
            async with asyncio.timeout(SETTLE_LIMIT):
                await self._connection.wait_connected()
        except TimeoutError:
            return
        await asyncio.sleep(SETTLE)

    def start(self) -> None:
        self._members.start()
        self._presence.start()
        self._tasks.keep(self._give_up_lost, "rooms of this process")
        self._tasks.keep(self._release_idle, "idle rooms")
        self._tasks.keep(self._review, "reviews of rooms")

    def look(self) -> None:
        """Find out now which processes are gone, as one has ended, rather than by their silence."""
        self._members.look()

    async def stop(self) -> None:
        """Let go of everything, after the service has stopped."""
        await self._relays.stop()
        await self._tasks.close()
        await self._presence.stop()
        await self._members.stop()
        try:
            await self.ownership.release_all()
        except _DATABASE_ERRORS as error:
            log.warning("rooms not released", reason=type(error).__name__)

    @asynccontextmanager
    async def _route(
        self, request: Join, connection: QueuedConnection
    ) -> AsyncGenerator[signalling.Route | None]:
        self._verify(request.token)
        self.ownership.pin(request.room_id)
        try:
            end = await self._find(request, connection)
            if end is None:
                yield None
                return
            try:
                yield end
            finally:
                await self._relays.close(end, opened=True)
        finally:
            self.ownership.unpin(request.room_id)

    async def _find(self, request: Join, connection: QueuedConnection) -> NearEnd | None:
        """The way to a room, None when it is here."""
        gone: str | None = None
        owner = self._presence.owner_of(request.room_id)
        try:
            async with asyncio.timeout(SEARCH_LIMIT):
                while True:
                    if owner is None or not self._members.is_there(owner):
                        owner = await self.ownership.acquire(request.room_id, instead_of=gone)
                    if owner == self._members.name:
                        return None
                    if self._members.knows_all and not self._members.is_there(owner):
                        gone, owner = owner, None
                        continue
                    try:
                        end = await self._relays.open(owner, request, connection)
                    except NobodyThere:
                        await self._members.missing(owner)
                        gone, owner = owner, None
                    except NatsError as error:
                        log.info("no way to a room", room=request.room_id, reason=str(error))
                        if self._connection.connected and not await self._members.ask(owner):
                            gone = owner
                        else:
                            await asyncio.sleep(PAUSE)
                        owner = None
                    else:
                        if end is not None:
                            return end
                        owner = None
                        await asyncio.sleep(PAUSE)
        except TimeoutError:
            raise Unavailable(ErrorCode.ROOM_CHANGES_HANDS) from None

    async def _serve(self, end: FarEnd) -> None:
        await signalling.serve(end, self._service, signalling.SingleProcess(), lingers=False)

    async def _give_up_lost(self) -> None:
        """Give up the rooms that others have taken, whenever they may have."""
        while True:
            await set_within(self._doubt, None if self._connection.connected else ALONE_LOOK)
            self._doubt.clear()
            try:
                lost = await self.ownership.drop_lost()
            except _DATABASE_ERRORS:
                await asyncio.sleep(ALONE_LOOK)
                self._doubt.set()
                continue
            for room_id in lost:
                log.warning("room taken by another process", room=room_id)
                self._service.give_up(room_id)

    async def _release_idle(self) -> None:
        while True:
            await asyncio.sleep(RELEASE_IDLE_EVERY)
            try:
                await self.ownership.release_idle(self._service.room_ids)
                for name in await self.ownership.owners():
                    if not self._members.is_there(name) and not await self._members.ask(name):
                        await self.ownership.release_of(name)
            except _DATABASE_ERRORS as error:
                log.warning("idle rooms not released", reason=type(error).__name__)

    async def _review(self) -> None:
        """Look at all rooms from time to time: what others have changed may not have been heard here."""
        while True:
            await set_within(self._review_due, REVIEW_EVERY)
            self._review_due.clear()
            for room_id in list(self._service.room_ids):
                self._service.review(room_id)

    def _connection_changed(self, connected: bool) -> None:
        (self._review_due if connected else self._doubt).set()

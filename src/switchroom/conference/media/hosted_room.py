"""One conference's room at a media server."""

from __future__ import annotations

import asyncio
import secrets
from typing import Protocol

import structlog

from switchroom.engines.janus.client import JanusError
from switchroom.engines.janus.server import JanusPool, JanusServer
from switchroom.engines.janus.videoroom import RoomOptions, VideoRoom
from switchroom.errors import ErrorCode, Unavailable

log = structlog.stdlib.get_logger(__name__)

ROOM_LIMIT = 3.0
"""Seconds that somebody who publishes waits for the room to exist at the media server."""

PAUSE_AFTER_FAILURE = 0.5


class HostFollower(Protocol):
    """Follower of the room at the media server: acts on what becomes of it."""

    def room_made(self) -> None:
        """The room is there, for the first time or anew and empty."""
        ...

    def room_lost(self) -> None:
        """The media server has lost the room and everything in it."""
        ...


class HostedRoom:
    """Keeps a room alive at one of the media servers, through the loss of any of them."""

    def __init__(self, room_id: str, pool: JanusPool, options: RoomOptions) -> None:
        self.options = options
        self.current: VideoRoom | None = None
        """The room, while it exists."""
        self._room_id = room_id
        self._pool = pool
        self._ready = asyncio.Event()

    @property
    def available(self) -> bool:
        """Whether media can be had now, or in the moment it takes to make the room."""
        return self._pool.available

    async def wait(self) -> VideoRoom:
        """The room, at the latest after `ROOM_LIMIT` seconds. Raises Unavailable."""
        try:
            async with asyncio.timeout(ROOM_LIMIT):
                while self.current is None:
                    await self._ready.wait()
                return self.current
        except TimeoutError:
            raise Unavailable(ErrorCode.MEDIA_UNAVAILABLE) from None

    async def run(self, follower: HostFollower) -> None:
        """Keep the room until cancelled, and tell `follower` what becomes of it."""
        while True:
            server = await self._pool.wait_for_server()
            try:
                room = await self._make(server)
            except JanusError as error:
                log.warning("room not made", room=self._room_id, reason=str(error))
                await asyncio.sleep(PAUSE_AFTER_FAILURE)
                continue
            server.load += 1
            self.current = room
            self._ready.set()
            follower.room_made()
            try:
                await room.client.lost.wait()
            finally:
                server.load -= 1
                self.current = None
                self._ready.clear()
                await room.destroy()
            follower.room_lost()

    async def _make(self, server: JanusServer) -> VideoRoom:
        client = server.client
        if client is None:
            raise JanusError("the media server has gone again")
        return await VideoRoom.create(client, f"{self._room_id}.{secrets.token_hex(4)}", self.options)

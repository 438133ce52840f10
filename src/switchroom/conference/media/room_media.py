"""The media of one conference: its room at a media server, and everybody's feeds in it."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

import structlog

from switchroom.conference.media.publisher import Publishing
from switchroom.conference.media.recording import RecordingSessions, RoomRecording
from switchroom.conference.media.simulcast import Demand
from switchroom.conference.media.subscriber import Subscribing
from switchroom.conference.messages import Layer, MediaAvailable, MediaReset, PublishLayer
from switchroom.conference.room.conference import Conference
from switchroom.conference.room.participants import Feed, Participant
from switchroom.engines.janus.client import JanusError
from switchroom.engines.janus.server import JanusPool, JanusServer
from switchroom.engines.janus.videoroom import Room, RoomOptions
from switchroom.errors import Unavailable
from switchroom.tasks import Tasks

log = structlog.stdlib.get_logger(__name__)

ROOM_LIMIT = 3.0
"""Seconds that somebody who publishes waits for the room to exist at the media server."""

PAUSE_AFTER_FAILURE = 0.5


@dataclass(frozen=True)
class _Served:
    publishing: Publishing
    subscribing: Subscribing
    tasks: tuple[asyncio.Task[None], asyncio.Task[None]]

    async def end(self) -> None:
        await asyncio.gather(self.publishing.close(), self.subscribing.close())
        for task in self.tasks:
            task.cancel()


class Media:
    """Keeps the conference's room alive at one of the media servers, through the loss of any of them."""

    def __init__(
        self,
        conference: Conference,
        pool: JanusPool,
        options: RoomOptions,
        recording_sessions: RecordingSessions | None = None,
    ) -> None:
        self.conference = conference
        self.options = options
        self.room: Room | None = None
        self.feeds: dict[str, Feed] = {}
        self._pool = pool
        self._ready = asyncio.Event()
        self._served: dict[str, _Served] = {}
        self._sharing: set[str] = set()
        self._demand = Demand(self._tell_layer)
        self._reviewing: asyncio.Handle | None = None
        self._tasks = Tasks()
        self._leaving = Tasks()
        self.recording = RoomRecording(self, recording_sessions)
        if recording_sessions is not None and conference.room.meeting_id is not None:
            self._tasks.spawn(self.recording.run(), f"recording of {conference.room.room_id}")
        self._lifecycle = self._tasks.spawn(self._keep_room(), f"room {conference.room.room_id}")

    @property
    def available(self) -> bool:
        """Whether media can be had now, or in the moment it takes to make the room."""
        return self._pool.available

    def publishing(self, participant: Participant) -> Publishing:
        return self._served[participant.id].publishing

    def subscribing(self, participant: Participant) -> Subscribing:
        return self._served[participant.id].subscribing

    def enter(self, participant: Participant) -> None:
        """Begin to serve a participant."""
        publishing, subscribing = Publishing(participant, self), Subscribing(participant, self)
        self._served[participant.id] = _Served(
            publishing,
            subscribing,
            (
                self._tasks.spawn(publishing.run(), f"publishing {participant.id}"),
                self._tasks.spawn(subscribing.run(), f"subscribing {participant.id}"),
            ),
        )
        subscribing.wake()
        self.recording.wake()

    def leave(self, participant: Participant) -> None:
        """Give up what a participant sends and receives."""
        served = self._served.pop(participant.id, None)
        self._sharing.discard(participant.id)
        if served is not None:
            self._leaving.spawn(served.end(), f"end media of {participant.id}")
        self.wishes_changed()

    def resumed(self, participant: Participant) -> None:
        """A participant's signalling is back; the last messages before may not have arrived."""
        self.subscribing(participant).resumed()
        self._demand.repeat(participant.id)

    def changed(self, participant: Participant) -> None:
        """A participant's permissions, switches or view are different, perhaps because the room is."""
        self.recording.wake()
        served = self._served.get(participant.id)
        if served is not None:
            served.publishing.media_changed()
            served.subscribing.wake()
        # The sound of a screen is subscribed to with the screen; for all else others' lines stay as they are.
        shares = participant.media.screen
        if shares != (participant.id in self._sharing):
            (self._sharing.add if shares else self._sharing.discard)(participant.id)
            self.feeds_changed()

    def feed_changed(self, participant: Participant, feed: Feed | None) -> None:
        """A participant's feed is up, has other lines, or is gone."""
        if feed is None:
            if self.feeds.pop(participant.id, None) is None:
                return
            self.conference.speaking(participant, speaking=False)
        else:
            self.feeds[participant.id] = feed
        self.feeds_changed()
        self.wishes_changed()

    def feed(self, feed_id: str) -> Feed | None:
        """The feed of this name, while it is up."""
        feed = self.feeds.get(feed_id.partition(".")[0])
        return feed if feed is not None and feed.id == feed_id else None

    def feeds_changed(self) -> None:
        for served in self._served.values():
            served.subscribing.wake()

    def wishes_changed(self) -> None:
        """What is wanted of senders may be different: they are told, once for all that changes now."""
        if self._reviewing is None:
            self._reviewing = asyncio.get_running_loop().call_soon(self._review)

    async def wait_for_room(self) -> Room:
        """The room at the media server. Raises Unavailable."""
        try:
            async with asyncio.timeout(ROOM_LIMIT):
                while self.room is None:
                    await self._ready.wait()
                return self.room
        except TimeoutError:
            raise Unavailable("the media server is away", code="media_unavailable") from None

    async def close(self) -> None:
        """End the room and everything in it."""
        for served in self._served.values():
            self._leaving.spawn(served.end(), "end media")
        self._served.clear()
        if self._reviewing is not None:
            self._reviewing.cancel()
        self._demand.close()
        await self._leaving.finish()
        await self._tasks.close()
        await self.recording.end()

    async def _keep_room(self) -> None:
        present = self._pool.available
        lost = False
        while True:
            server = await self._pool.wait_for_server()
            try:
                room = await self._make_room(server)
            except JanusError as error:
                log.warning("room not made", room=self.conference.room.room_id, reason=str(error))
                await asyncio.sleep(PAUSE_AFTER_FAILURE)
                continue
            server.load += 1
            self.room = room
            self._ready.set()
            self.recording.wake()
            if lost:
                self._tell_reset()
            if lost or not present:
                self.conference.tell_all(MediaAvailable(True))
            self.feeds_changed()
            try:
                await room.client.lost.wait()
            finally:
                server.load -= 1
                self.room = None
                self._ready.clear()
                await room.destroy()
            lost = True
            self._forget_feeds()
            self.conference.tell_all(MediaAvailable(False))

    async def _make_room(self, server: JanusServer) -> Room:
        client = server.client
        if client is None:
            raise JanusError("the media server has gone again")
        return await Room.create(
            client, f"{self.conference.room.room_id}.{secrets.token_hex(4)}", self.options
        )

    def _review(self) -> None:
        self._reviewing = None
        wishes = [served.subscribing.wishes for served in self._served.values()]
        self._demand.review(self.feeds, wishes, at_least="medium" if self.conference.recording else "low")

    def _tell_layer(self, participant_id: str, layer: Layer) -> None:
        participant = self.conference.participants.get(participant_id)
        if participant is not None:
            participant.send(PublishLayer("camera", layer))

    def _forget_feeds(self) -> None:
        self.feeds.clear()
        self.wishes_changed()
        for served in self._served.values():
            served.publishing.server_lost()
            served.subscribing.server_lost()
        for participant in self.conference.participants.values():
            self.conference.speaking(participant, speaking=False)

    def _tell_reset(self) -> None:
        self.conference.tell_all(MediaReset("the media server was restarted"))

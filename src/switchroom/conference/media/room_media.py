"""The media of one conference: what everybody in it sends and receives, and its recording."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from switchroom.conference.media.feeds import Feed, Feeds
from switchroom.conference.media.hosted_room import HostedRoom
from switchroom.conference.media.publisher import Publishing
from switchroom.conference.media.recording import RecordingSessions, RoomRecording
from switchroom.conference.media.simulcast import PublishLayers, WantedLayers, Wishes
from switchroom.conference.media.subscriber import Subscribing
from switchroom.conference.messages import Layer, MediaAvailable, MediaReset, PublishLayer
from switchroom.conference.room.conference import Conference
from switchroom.conference.room.participants import Participant
from switchroom.conference.room.recording import review_consents
from switchroom.engines.janus.server import JanusPool
from switchroom.engines.janus.videoroom import RoomOptions
from switchroom.tasks import Tasks


@dataclass(frozen=True)
class _Served:
    publishing: Publishing
    subscribing: Subscribing
    tasks: tuple[asyncio.Task[None], asyncio.Task[None]]

    async def end(self) -> None:
        await asyncio.gather(self.publishing.close(), self.subscribing.close())
        for task in self.tasks:
            task.cancel()


class RoomMedia:
    """The sending and receiving sides of everybody in one conference, and its recording."""

    def __init__(
        self,
        conference: Conference,
        pool: JanusPool,
        options: RoomOptions,
        recording_sessions: RecordingSessions | None = None,
    ) -> None:
        room_id = conference.room.room_id
        self._conference = conference
        self._hosted = HostedRoom(room_id, pool, options)
        self._feeds = Feeds(self._feed_changed)
        self._served: dict[str, _Served] = {}
        self._sharing: set[str] = set()
        self._wanted_layers = WantedLayers()
        self._publish_layers = PublishLayers(self._tell_layer)
        self._reviewing: asyncio.Handle | None = None
        self._lost = False
        self._told_available = pool.available
        self._tasks = Tasks()
        self._leaving = Tasks()
        self.recording = RoomRecording(conference, self._hosted, recording_sessions, self._settled)
        self._records = False
        conference.can_record = self.recording.can_record
        self.room_changed()
        self._tasks.spawn(self._hosted.run(self), f"room {room_id}")

    @property
    def available(self) -> bool:
        """Whether media can be had now, or in the moment it takes to make the room."""
        return self._hosted.available

    def publishing(self, participant: Participant) -> Publishing:
        return self._served[participant.id].publishing

    def subscribing(self, participant: Participant) -> Subscribing:
        return self._served[participant.id].subscribing

    def enter(self, participant: Participant) -> None:
        """Begin to serve a participant."""
        conference, hosted, feeds = self._conference, self._hosted, self._feeds
        publishing = Publishing(participant, conference, hosted, feeds, self.recording)
        subscribing = Subscribing(participant, conference, hosted, feeds, self._wishes_changed)
        self._served[participant.id] = _Served(
            publishing,
            subscribing,
            (
                self._tasks.spawn(publishing.run(), f"publishing {participant.id}"),
                self._tasks.spawn(subscribing.run(), f"subscribing {participant.id}"),
            ),
        )
        subscribing.wake()

    def leave(self, participant: Participant) -> None:
        """Give up what a participant sends and receives."""
        served = self._served.pop(participant.id, None)
        self._sharing.discard(participant.id)
        self.recording.leaves(participant)
        if served is not None:
            served.subscribing.forget_wishes()
            self._leaving.spawn(served.end(), f"end media of {participant.id}")

    def resumed(self, participant: Participant) -> None:
        """A participant's signalling is back; the last messages before may not have arrived."""
        self.subscribing(participant).resumed()
        self._publish_layers.repeat(participant.id)

    def changed(self, participant: Participant) -> None:
        """A participant's permissions, switches or view are different."""
        self.many_changed([participant])

    def many_changed(self, participants: Sequence[Participant]) -> None:
        """As `changed`, of several at once."""
        before = set(self._sharing)
        for participant in participants:
            served = self._served.get(participant.id)
            if served is not None:
                served.publishing.media_changed()
                served.subscribing.wake()
            shares = participant.media.screen
            (self._sharing.add if shares else self._sharing.discard)(participant.id)
        # The sound of a screen is subscribed to with the screen; for all else others' lines stay as they are.
        if self._sharing != before:
            self._feeds_changed()

    def room_changed(self) -> None:
        """The facts of the room are different: it may be one to record, or one not to record."""
        review_consents(self._conference)
        self.recording_wish_changed()

    def recording_wish_changed(self) -> None:
        """The room is to be recorded, or no longer."""
        if self._conference.to_be_recorded and not self._records:
            self._records = True
            self._tasks.spawn(self.recording.run(), f"recording of {self._conference.room.room_id}")
        self.recording.wake()

    def _feed_changed(self, participant: Participant, feed: Feed | None) -> None:
        if feed is None:
            self._conference.speaking(participant, speaking=False)
        self._feeds_changed()
        self.wishes_changed()

    def _feeds_changed(self) -> None:
        for served in self._served.values():
            served.subscribing.wake()

    def _wishes_changed(self, before: Wishes, after: Wishes) -> None:
        self._wanted_layers.replace(before, after)
        self.wishes_changed()

    def wishes_changed(self) -> None:
        """Tell senders soon what is wanted of them, which may be different: once for all that changes now."""
        if self._reviewing is None:
            self._reviewing = asyncio.get_running_loop().call_soon(self._review)

    async def close(self) -> None:
        """End the room and everything in it."""
        for served in self._served.values():
            self._leaving.spawn(served.end(), "end media")
        self._served.clear()
        if self._reviewing is not None:
            self._reviewing.cancel()
        self._publish_layers.close()
        await self._leaving.finish()
        await self._tasks.close()
        await self.recording.end()

    async def _settled(self) -> None:
        """Wait until of everybody is relayed what should be, and nothing else."""
        await asyncio.gather(*(served.publishing.settled() for served in list(self._served.values())))

    def room_made(self) -> None:
        """As of `HostFollower`."""
        self.recording.wake()
        if self._lost:
            self._conference.tell_all(MediaReset("the media server was restarted"))
        if not self._told_available:
            self._told_available = True
            self._conference.tell_all(MediaAvailable(True))
        self._feeds_changed()

    def room_lost(self) -> None:
        """As of `HostFollower`."""
        self._lost = True
        self._forget_feeds()
        self._told_available = False
        self._conference.tell_all(MediaAvailable(False))

    def _review(self) -> None:
        self._reviewing = None
        self._publish_layers.review(
            self._feeds.by_participant,
            self._wanted_layers,
            at_least="medium" if self._conference.recording else "low",
        )

    def _tell_layer(self, participant_id: str, layer: Layer) -> None:
        participant = self._conference.participants.get(participant_id)
        if participant is not None:
            participant.send(PublishLayer("camera", layer))

    def _forget_feeds(self) -> None:
        self._feeds.clear()
        self.wishes_changed()
        for served in self._served.values():
            served.publishing.server_lost()
            served.subscribing.server_lost()
        for participant in self._conference.participants.values():
            self._conference.speaking(participant, speaking=False)

"""One participant's receiving side: a single peer connection that carries everyone they hear and see.

What should be received follows from who is visible, what they publish and what the browser wants on its
screen; this brings the subscription there, one negotiation at a time. Video is switched on, off and between
simulcast layers without negotiation.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
import structlog

from switchroom.conference.media.feeds import Feeds
from switchroom.conference.media.hosted_room import HostedRoom
from switchroom.conference.media.sdp import begun_by_server
from switchroom.conference.media.simulcast import SUBSTREAMS, Wishes
from switchroom.conference.messages import (
    Candidate,
    IceCandidate,
    Layer,
    SubscribeAnswer,
    SubscribedLine,
    SubscribeOffer,
    Want,
)
from switchroom.conference.room.conference import Conference
from switchroom.conference.room.participants import Participant, Source
from switchroom.engines.janus.client import JanusError, JanusRefused
from switchroom.engines.janus.videoroom import (
    ConfigureStream,
    Subscriber,
    SubscribeStream,
    SubscriptionOffer,
    VideoRoom,
)

log = structlog.stdlib.get_logger(__name__)

ANSWER_LIMIT = 12.0
"""Seconds that a connected browser may take to answer; then its connection is made anew."""

RETRY_AFTER = 0.3
"""Seconds until a step that failed is tried again."""

MOST_WAITING = 200
"""Requests of one client that may wait; more are dropped."""

CHASE_AFTER = (0.35, 0.7, 1.5, 3.0, 6.0)
"""Seconds after which a simulcast layer that has not come is asked for again, each time.

The server moves a viewer to another layer at that layer's next keyframe, and asks for it once. A browser
makes none that is asked for too soon after the one before, and a request can be lost.
"""


@dataclass(frozen=True)
class _Restart:
    """The browser, or the server, has given the connection up."""

    generation: int


@dataclass(frozen=True)
class _Line:
    """One media line of one feed."""

    feed: str
    mid: str


@dataclass(frozen=True)
class _Setting:
    """Setting of a line: whether it is sent, and the best simulcast layer of it."""

    send: bool
    substream: int


ON = _Setting(True, 2)


@dataclass(frozen=True)
class _Chase:
    """A layer that has been asked for and has not come yet."""

    tries: int
    due: float


class Subscribing:
    """Serves one participant's subscribe connection, one step after the other."""

    def __init__(
        self,
        participant: Participant,
        conference: Conference,
        hosted: HostedRoom,
        feeds: Feeds,
        wishes_changed: Callable[[Wishes, Wishes], None],
    ) -> None:
        """`wishes_changed` is called with what the browser wanted before, and wants now."""
        self._participant = participant
        self._conference = conference
        self._hosted = hosted
        self._feeds = feeds
        self._wishes_changed = wishes_changed
        self._waiting: deque[SubscribeAnswer | Candidate | _Restart] = deque()
        self._awake = asyncio.Event()
        self._busy = asyncio.Lock()
        self._closed = False
        self._wanted: dict[tuple[str, Source], Layer] = {}
        self._subscriber: Subscriber | None = None
        self._room: VideoRoom | None = None
        self._generation = 0
        self._negotiation = 0
        self._offered: SubscriptionOffer | None = None
        self._offered_at = 0.0
        self._fresh_video: list[str] = []
        self._lines: dict[str, _Line] = {}
        self._settings: dict[str, _Setting] = {}
        self._layers: dict[str, int] = {}
        self._chases: dict[str, _Chase] = {}
        self._retry_at: float | None = None

    def wake(self) -> None:
        """Something that decides what is received may be different."""
        self._awake.set()

    def want(self, request: Want) -> None:
        """The browser's whole wish for video."""
        self._wish(
            {
                (one.participant_id, Source(one.source)): one.layer
                for one in request.streams
                if one.layer != "off"
            }
        )

    def want_cameras(self, participant_ids: Sequence[str], layer: Layer) -> None:
        """Note the cameras that a join wants before the browser has drawn its tiles."""
        self._wish({(participant_id, Source.CAMERA): layer for participant_id in participant_ids})

    def answer(self, request: SubscribeAnswer) -> None:
        # One at most, for answers are large: to another offer than the last it is none that will be taken.
        answered = any(isinstance(one, SubscribeAnswer) for one in self._waiting)
        if request.negotiation == self._negotiation and not answered and len(self._waiting) < MOST_WAITING:
            self._put(request)

    def trickle(self, request: Candidate) -> None:
        if len(self._waiting) < MOST_WAITING:
            self._put(request)

    def restart(self) -> None:
        """The browser's connection has failed: make a new one."""
        if len(self._waiting) < MOST_WAITING:
            self._put(_Restart(self._generation))

    def resumed(self) -> None:
        """The participant's signalling is back: repeat the offer whose answer may be lost."""
        if self._offered is not None:
            self._send_offer(self._offered)
        self._awake.set()

    def server_lost(self) -> None:
        """The media server has lost everything."""
        self._forget()

    async def run(self) -> None:
        while True:
            await self._wait()
            async with self._busy:
                while self._waiting:
                    await self._serve(self._waiting.popleft())
                try:
                    await self._settle()
                except JanusError as error:
                    log.info("subscription not settled", participant=self._participant.id, reason=str(error))
                    self._retry_at = self._now() + RETRY_AFTER

    def forget_wishes(self) -> None:
        """The browser is gone, or about to be."""
        self._wish({})

    async def close(self) -> None:
        """Stop receiving for good."""
        self._closed = True
        async with self._busy:
            await self._drop()

    def _wish(self, wanted: dict[tuple[str, Source], Layer]) -> None:
        before, self._wanted = self._wanted, wanted
        if not self._closed:
            self._wishes_changed(before, wanted)
            self._awake.set()

    def _put(self, request: SubscribeAnswer | Candidate | _Restart) -> None:
        if not self._closed:
            self._waiting.append(request)
            self._awake.set()

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout_at(self._due()):
                await self._awake.wait()
        except TimeoutError:
            pass
        self._awake.clear()

    def _due(self) -> float | None:
        """When to settle though nothing has happened: None where nothing would be done then. A time that has
        passed and stays would be waited for without an end, and without a pause."""
        if self._retry_at is not None:
            return self._retry_at
        if self._closed or self._participant.connection is None:
            return None
        if self._offered is not None:
            return self._offered_at + ANSWER_LIMIT
        if self._hosted.current is None:
            return None
        return min((chase.due for chase in self._chases.values()), default=None)

    async def _serve(self, request: SubscribeAnswer | Candidate | _Restart) -> None:
        try:
            match request:
                case SubscribeAnswer():
                    await self._take_answer(request)
                case Candidate():
                    await self._take_candidate(request.generation, request.candidate)
                case _Restart(generation):
                    if generation == self._generation:
                        await self._drop()
        except JanusRefused as error:
            log.info("not taken by janus", participant=self._participant.id, reason=str(error))
            if isinstance(request, SubscribeAnswer):
                await self._drop()
        except JanusError as error:
            log.info("not told to janus", participant=self._participant.id, reason=str(error))

    async def _take_answer(self, answer: SubscribeAnswer) -> None:
        subscriber = self._subscriber
        if subscriber is None or self._offered is None or answer.negotiation != self._negotiation:
            return
        self._offered = None
        await subscriber.start(answer.sdp)
        # Janus asks for keyframes when the connection comes up; for lines added later it is asked to.
        fresh = [ConfigureStream(mid, send=True) for mid in self._fresh_video if self._settings[mid].send]
        self._fresh_video = []
        for mid in self._lines:
            self._chase(mid)
        if fresh:
            await subscriber.configure(fresh)

    async def _take_candidate(self, generation: int | None, candidate: IceCandidate | None) -> None:
        if self._subscriber is None or generation not in (None, self._generation):
            return
        await self._subscriber.trickle(None if candidate is None else msgspec.to_builtins(candidate))

    async def _settle(self) -> None:
        now = self._now()
        if self._retry_at is not None and now < self._retry_at:
            return
        self._retry_at = None
        if self._closed or self._participant.connection is None:
            return
        if self._offered is not None and now >= self._offered_at + ANSWER_LIMIT:
            log.warning("no answer to the offer", participant=self._participant.id)
            await self._drop()
        room = self._hosted.current
        if room is None:
            return
        wished = self._wished()
        if self._subscriber is None:
            if wished:
                await self._subscribe(room, wished)
            return
        await self._configure(wished)
        if self._offered is None:
            await self._update(wished)
            await self._ask_again()

    def _wished(self) -> dict[_Line, _Setting]:
        """The lines to be received; video no longer wanted keeps its line, switched off."""
        conference, viewer = self._conference, self._participant
        kept = set(self._lines.values())
        wished: dict[_Line, _Setting] = {}
        for feed in self._feeds.all():
            sender = feed.participant
            if sender is viewer or not conference.sees(viewer, sender):
                continue
            for source, mid in feed.lines.items():
                line = _Line(feed.id, mid)
                setting = self._setting(sender, source)
                if setting.send or line in kept:
                    wished[line] = setting
        return wished

    def _setting(self, sender: Participant, source: Source) -> _Setting:
        match source:
            case Source.MICROPHONE:
                return ON
            case Source.SCREEN_AUDIO:
                return _Setting(sender.media.screen, 2)
            case Source.CAMERA | Source.SCREEN:
                layer = self._wanted.get((sender.id, source))
                return _Setting(layer is not None, SUBSTREAMS[layer or "low"])

    async def _subscribe(self, room: VideoRoom, wished: dict[_Line, _Setting]) -> None:
        self._generation += 1
        generation = self._generation
        subscriber, offer = await room.subscriber(
            [_wish(line, setting) for line, setting in wished.items()],
            on_down=lambda reason: self._is_down(generation, reason),
            on_substream=lambda mid, layer: self._is_at_layer(generation, mid, layer),
        )
        self._subscriber, self._room = subscriber, room
        self._offer(offer, wished)

    async def _update(self, wished: dict[_Line, _Setting]) -> None:
        subscriber = self._subscriber
        assert subscriber is not None
        have = {line: mid for mid, line in self._lines.items()}
        added = {line: setting for line, setting in wished.items() if line not in have}
        live = {feed.id for feed in self._feeds.all()}
        # Lines of feeds that have gone were emptied by Janus already.
        removed = [mid for line, mid in have.items() if line not in wished and line.feed in live]
        if not added and not removed:
            return
        offer = await subscriber.update([_wish(line, setting) for line, setting in added.items()], removed)
        if offer is not None:
            self._offer(offer, wished)
            self._fresh_video = [
                mid for mid, line in self._lines.items() if line in added and self._is_video(line)
            ]

    async def _configure(self, wished: dict[_Line, _Setting]) -> None:
        subscriber = self._subscriber
        assert subscriber is not None
        changes: list[ConfigureStream] = []
        settings = dict(self._settings)
        for mid, line in self._lines.items():
            setting, before = wished.get(line), self._settings[mid]
            if setting is None or setting == before:
                continue
            changes.append(
                ConfigureStream(
                    mid,
                    send=setting.send if setting.send != before.send else msgspec.UNSET,
                    substream=setting.substream if setting.send and self._is_video(line) else msgspec.UNSET,
                )
            )
            settings[mid] = setting
        if changes:
            await subscriber.configure(changes)
            if self._subscriber is subscriber:
                self._settings = settings
                for change in changes:
                    self._chase(change.mid)

    def _chase(self, mid: str) -> None:
        """Watch whether the layer that is to be received on a line comes."""
        setting = self._settings[mid]
        is_camera = self._source_of(self._lines[mid]) is Source.CAMERA
        if setting.send and is_camera and self._layers.get(mid) != setting.substream:
            self._chases[mid] = _Chase(0, self._now() + CHASE_AFTER[0])
        else:
            self._chases.pop(mid, None)

    async def _ask_again(self) -> None:
        subscriber, now = self._subscriber, self._now()
        assert subscriber is not None
        missing: list[ConfigureStream] = []
        for mid, chase in list(self._chases.items()):
            if chase.due > now:
                continue
            missing.append(ConfigureStream(mid, substream=self._settings[mid].substream))
            tries = chase.tries + 1
            if tries < len(CHASE_AFTER):
                self._chases[mid] = _Chase(tries, now + CHASE_AFTER[tries])
            else:
                del self._chases[mid]
        if missing:
            await subscriber.configure(missing)

    def _offer(self, offer: SubscriptionOffer, settings: dict[_Line, _Setting]) -> None:
        before = self._lines
        self._lines = {
            stream.mid: _Line(stream.feed_id, stream.feed_mid)
            for stream in offer.streams
            if stream.active and stream.feed_id is not None and stream.feed_mid is not None
        }
        self._settings = {mid: settings.get(line, ON) for mid, line in self._lines.items()}
        self._layers = {
            mid: layer for mid, layer in self._layers.items() if before.get(mid) == self._lines.get(mid)
        }
        self._chases = {mid: chase for mid, chase in self._chases.items() if mid in self._lines}
        self._fresh_video = []
        self._offered = offer
        self._send_offer(offer)

    def _send_offer(self, offer: SubscriptionOffer) -> None:
        self._negotiation += 1
        self._offered_at = self._now()
        streams: list[SubscribedLine] = []
        for mid, line in self._lines.items():
            feed, source = self._feeds.find(line.feed), self._source_of(line)
            if feed is not None and source is not None:
                streams.append(SubscribedLine(mid, feed.participant.id, source.value))
        sdp = begun_by_server(offer.sdp)
        self._participant.send(SubscribeOffer(self._negotiation, self._generation, sdp, streams))

    def _source_of(self, line: _Line) -> Source | None:
        """Source of the media on a line; None when its feed is gone."""
        feed = self._feeds.find(line.feed)
        if feed is None:
            return None
        return next((source for source, mid in feed.lines.items() if mid == line.mid), None)

    def _is_video(self, line: _Line) -> bool:
        source = self._source_of(line)
        return source is not None and not source.is_audio

    async def _drop(self) -> None:
        subscriber = self._subscriber
        self._forget()
        if subscriber is not None:
            await subscriber.close()

    def _forget(self) -> None:
        self._subscriber = self._room = self._offered = None
        self._lines, self._settings, self._fresh_video = {}, {}, []
        self._layers, self._chases = {}, {}

    def _is_at_layer(self, generation: int, mid: str, layer: int) -> None:
        if generation != self._generation:
            return
        self._layers[mid] = layer
        setting = self._settings.get(mid)
        if setting is not None and setting.substream == layer:
            self._chases.pop(mid, None)

    def _is_down(self, generation: int, reason: str) -> None:
        log.info("subscribe connection down", participant=self._participant.id, reason=reason)
        self._put(_Restart(generation))

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _wish(line: _Line, setting: _Setting) -> SubscribeStream:
    return SubscribeStream(line.feed, line.mid, send=setting.send, substream=setting.substream)

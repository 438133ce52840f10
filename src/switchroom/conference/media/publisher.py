"""One participant's sending side: which lines the browser may use, and which of them are relayed.

The rule that holds at every moment: the media server relays a source if, and only if, the participant is
permitted to send it and has it switched on. A line is muted at the server (`moderate`) before the browser
gets the answer without which it cannot send anything; where a line cannot be muted, the connection is ended.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

import msgspec
import structlog

from switchroom.conference.media.feeds import Feed, Feeds
from switchroom.conference.media.hosted_room import HostedRoom
from switchroom.conference.media.recording import RoomRecording
from switchroom.conference.media.sdp import PublishOffer, read_publish_offer, require_size
from switchroom.conference.messages import Error, IceCandidate, Publish, Published
from switchroom.conference.refusals import refusal
from switchroom.conference.room.conference import Conference
from switchroom.conference.room.participants import Participant, Source
from switchroom.engines.janus.client import JanusError, JanusRefused
from switchroom.engines.janus.videoroom import BAD_SDP, Publisher, VideoRoom
from switchroom.errors import DomainError, ErrorCode, Exhausted, Forbidden, Invalid, Unavailable
from switchroom.rooms.permissions import ACTIVE

log = structlog.stdlib.get_logger(__name__)

SECOND_KEYFRAME_AFTER = 1.0
"""Seconds; a viewer who could not use the first keyframe after an unmute gets another."""

MOST_WAITING = 200
"""Requests of one client that may wait; more are dropped."""

MOST_OFFERS = 4
"""Offers among these, which are large; browsers wait for the answer to one before they make another."""


@dataclass(frozen=True)
class _Trickle:
    candidate: IceCandidate | None


@dataclass(frozen=True)
class _Keyframe:
    mid: str


@dataclass(frozen=True)
class _Down:
    """The peer connection of a generation is over."""

    generation: int


_Request = Publish | _Trickle | _Keyframe | _Down


class Publishing:
    """Serves one participant's publish connection, one request after the other."""

    def __init__(
        self,
        participant: Participant,
        conference: Conference,
        hosted: HostedRoom,
        feeds: Feeds,
        recording: RoomRecording,
    ) -> None:
        self._participant = participant
        self._conference = conference
        self._hosted = hosted
        self._feeds = feeds
        self._recording = recording
        self._waiting: deque[_Request] = deque()
        self._awake = asyncio.Event()
        self._busy = asyncio.Lock()
        self._closed = False
        self._publisher: Publisher | None = None
        self._room: VideoRoom | None = None
        self._offer: PublishOffer | None = None
        self._accepted: list[Source] = []
        self._up = False
        self._relayed: dict[Source, bool] = {}
        self._generation = 0

    def publish(self, request: Publish) -> None:
        """Negotiate; the participant is sent the answer or an error. Raises Invalid for an offer that is too
        large, and Exhausted."""
        require_size(request.sdp)
        offers = sum(isinstance(one, Publish) for one in self._waiting)
        if len(self._waiting) >= MOST_WAITING or offers >= MOST_OFFERS:
            raise Exhausted(ErrorCode.TOO_MANY_REQUESTS)
        self._put(request)

    def trickle(self, candidate: IceCandidate | None) -> None:
        if len(self._waiting) < MOST_WAITING:
            self._put(_Trickle(candidate))

    def media_changed(self) -> None:
        """Make the server relay what is permitted and on, and nothing else."""
        self._awake.set()

    async def settled(self) -> None:
        """Wait until the server relays what is permitted and on now, and nothing else."""
        async with self._busy:
            await self._settle()

    def server_lost(self) -> None:
        """The media server has lost everything."""
        self._forget()

    async def run(self) -> None:
        while True:
            await self._awake.wait()
            self._awake.clear()
            while self._waiting:
                async with self._busy:
                    await self._serve(self._waiting.popleft())
            async with self._busy:
                await self._settle()

    async def close(self) -> None:
        """Stop sending for good."""
        self._closed = True
        self._waiting.clear()
        async with self._busy:
            await self._drop()

    def _put(self, request: _Request) -> None:
        if not self._closed:
            self._waiting.append(request)
            self._awake.set()

    async def _serve(self, request: _Request) -> None:
        match request:
            case Publish():
                await self._answer(request)
            case _Trickle(candidate):
                await self._trickle(candidate)
            case _Keyframe(mid):
                await self._request_keyframe(mid)
            case _Down(generation):
                if generation == self._generation:
                    await self._drop()

    async def _answer(self, request: Publish) -> None:
        try:
            sdp = await self._publish(request)
        except DomainError as error:
            self._participant.send(refusal(error, request.id))
        except JanusError as error:
            await self._drop()
            self._participant.send(self._failure(error, request.id))
        else:
            self._participant.send(Published(sdp=sdp, id=request.id))

    def _failure(self, error: JanusError, request_id: str | None) -> Error:
        if isinstance(error, JanusRefused) and error.code in BAD_SDP:
            return refusal(Invalid(ErrorCode.OFFER_NOT_UNDERSTOOD, "sdp", problem=error.reason), request_id)
        log.warning("publish failed", participant=self._participant.id, reason=str(error))
        return refusal(Unavailable(ErrorCode.MEDIA_NOT_TAKEN), request_id)

    async def _publish(self, request: Publish) -> str:
        if not self._participant.permissions & ACTIVE:
            raise Forbidden(ErrorCode.PERMISSION_MISSING, permission="voice, video, screen")
        offer = read_publish_offer(request.sdp, request.streams)
        room = await self._hosted.wait()
        current = self._offer
        is_new = (
            request.restart
            or current is None
            or self._publisher is None
            or current.session != offer.session
            or self._room is not room
        )
        if is_new:
            await self._drop()
            publisher = await self._enter(room)
            answer = await publisher.publish(offer.for_server())
        else:
            assert self._publisher is not None
            if current is not None and current.mids != offer.mids:
                raise Invalid(ErrorCode.SDP_MIDS_CHANGED, "sdp")
            publisher = self._publisher
            answer = await publisher.renegotiate(offer.for_server())
        self._offer = offer
        # Whether the server still has the lines it had, only it knows (it forgets what was muted when the
        # connection breaks), so each line is muted or not anew.
        self._relayed = {}
        await self._settle(fail=True)
        permissions = self._participant.permissions
        self._accepted = [one for one in Source if one.permission in permissions and offer.offers(one)]
        self._tell_feed()
        return offer.for_client(answer, self._accepted, self._hosted.options.bitrate)

    async def _enter(self, room: VideoRoom) -> Publisher:
        self._generation += 1
        generation = self._generation
        publisher = await room.publisher(
            f"{self._participant.id}.{generation}",
            on_up=lambda: self._is_up(generation),
            on_down=lambda reason: self._is_down(generation, reason),
            on_talking=lambda mid, talking: self._is_talking(generation, mid, talking),
        )
        self._publisher, self._room = publisher, room
        self._recording.appears(self._participant, publisher.feed)
        return publisher

    async def _settle(self, *, fail: bool = False) -> None:
        """Mute and unmute at the server until it relays what it should; end the connection if that fails."""
        publisher, room, offer = self._publisher, self._room, self._offer
        if publisher is None or room is None or offer is None:
            return
        try:
            for _ in range(len(Source)):
                media = self._participant.media
                differing = [one for one in Source if self._relayed.get(one) is not media.has(one)]
                if not differing:
                    break
                await asyncio.gather(
                    *(self._relay(room, publisher, offer, one, relay=media.has(one)) for one in differing)
                )
        except JanusError as error:
            log.warning("not muted, so ended", participant=self._participant.id, reason=str(error))
            await self._drop()
            if fail:
                raise

    async def _relay(
        self, room: VideoRoom, publisher: Publisher, offer: PublishOffer, source: Source, *, relay: bool
    ) -> None:
        mid = offer.lines_of[source]
        await room.moderate(publisher.feed, mid, mute=not relay)
        was_muted = self._relayed.get(source) is False
        self._relayed[source] = relay
        if relay and was_muted and not source.is_audio and self._up:
            await publisher.request_keyframe(mid)
            asyncio.get_running_loop().call_later(SECOND_KEYFRAME_AFTER, self._put, _Keyframe(mid))

    async def _trickle(self, candidate: IceCandidate | None) -> None:
        if self._publisher is None:
            return
        try:
            await self._publisher.trickle(None if candidate is None else msgspec.to_builtins(candidate))
        except JanusError as error:
            log.info("candidate not taken", participant=self._participant.id, reason=str(error))

    async def _request_keyframe(self, mid: str) -> None:
        if self._publisher is None or not self._up:
            return
        try:
            await self._publisher.request_keyframe(mid)
        except JanusError as error:
            log.info("no keyframe", participant=self._participant.id, reason=str(error))

    async def _drop(self) -> None:
        publisher = self._publisher
        self._forget()
        if publisher is not None:
            await publisher.close()

    def _forget(self) -> None:
        self._publisher = self._room = self._offer = None
        self._up = False
        self._feeds.remove(self._participant)

    def _tell_feed(self) -> None:
        if self._up and self._publisher is not None and self._offer is not None and not self._closed:
            mids = self._offer.lines_of
            lines = {source: mids[source] for source in self._accepted}
            self._feeds.put(Feed(self._publisher.feed, self._participant, lines))

    def _is_up(self, generation: int) -> None:
        if generation == self._generation:
            self._up = True
            self._tell_feed()

    def _is_down(self, generation: int, reason: str) -> None:
        if generation == self._generation:
            log.info("publish connection down", participant=self._participant.id, reason=reason)
            self._up = False
            self._feeds.remove(self._participant)
            # The next offer is for a new connection.
            self._put(_Down(generation))

    def _is_talking(self, generation: int, mid: str, talking: bool) -> None:
        if generation != self._generation or self._offer is None:
            return
        if mid == self._offer.lines_of[Source.MICROPHONE]:
            self._conference.speaking(self._participant, speaking=talking)

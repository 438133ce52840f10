"""The VideoRoom plugin: rooms, publishers, subscribers.

Follows the page "VideoRoom plugin documentation" of Janus 1.1. The plugin must run with `string_ids`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from switchroom.engines.janus.client import (
    Detached,
    Handle,
    HandleEvent,
    Hangup,
    JanusClient,
    JanusError,
    JanusRefused,
    Jsep,
    PluginEvent,
    WebrtcUp,
)

PLUGIN = "janus.plugin.videoroom"

NO_SUCH_ROOM = 426
NO_SUCH_FEED = 428
BAD_SDP = frozenset({431, 437, 464, 465})
"""Codes, the plugin's and the server's, for a session description that is none."""


RECORDED_KEYFRAMES_EVERY = 60
"""Seconds between two keyframes asked of each publisher in a room that is recorded: who looks into the middle
of the file has to decode from the one before."""


class RoomOptions(Struct, frozen=True):
    """Settings of a room; names and units are the plugin's.

    `bitrate` is bits a second for each publisher. With `audio_active_packets` packets of 20 ms whose average
    level is below `audio_level_average` (0 is loudest, 127 silence), somebody is talking.
    """

    bitrate: int = 2_500_000
    audiocodec: str = "opus"
    # H.264 for what cannot send VP8; every browser decodes both (RFC 7742, section 5).
    videocodec: str = "vp8,h264"
    publishers: int = 100_000
    fir_freq: int = 0
    opus_fec: bool = True
    opus_dtx: bool = True
    audiolevel_ext: bool = True
    audiolevel_event: bool = True
    audio_active_packets: int = 10
    audio_level_average: int = 55
    videoorient_ext: bool = True
    playoutdelay_ext: bool = False
    transport_wide_cc_ext: bool = True
    notify_joining: bool = False


class SubscribeStream(Struct, frozen=True, omit_defaults=True):
    """A wish for one media line of one publisher; `substream` is the simulcast layer, 0 the smallest."""

    feed: str
    mid: str
    send: bool | UnsetType = UNSET
    substream: int | UnsetType = UNSET


class ConfigureStream(Struct, frozen=True, omit_defaults=True):
    """A change of one line of a subscription, without negotiation."""

    mid: str
    send: bool | UnsetType = UNSET
    substream: int | UnsetType = UNSET


class SubscribedStream(Struct, frozen=True):
    """A line of a subscription as the plugin tells it; without `feed_id` nobody feeds it."""

    mid: str
    mindex: int
    active: bool
    feed_id: str | None = None
    feed_mid: str | None = None


class SubscriptionOffer(Struct, frozen=True):
    """Offer of the subscriber's peer connection: the SDP and what its lines carry."""

    sdp: str
    streams: list[SubscribedStream]


class VideoRoom:
    """One room of the plugin. Only this process can change or enter it: it alone knows the secret and PIN."""

    def __init__(self, client: JanusClient, handle: Handle, room_id: str, secret: str, pin: str) -> None:
        self.client = client
        self.id = room_id
        self._handle = handle
        self._secret = secret
        self._pin = pin

    @classmethod
    async def create(cls, client: JanusClient, room_id: str, options: RoomOptions) -> VideoRoom:
        """Make a room. Raises JanusRefused when there is one of this name."""
        secret, pin = secrets.token_urlsafe(18), secrets.token_urlsafe(18)
        handle = await client.attach(PLUGIN, _ignore)
        body: dict[str, Any] = {
            "request": "create",
            "room": room_id,
            "secret": secret,
            "pin": pin,
            "is_private": True,
            **msgspec.to_builtins(options),
        }
        try:
            await handle.request(body)
        except BaseException:
            await handle.detach()
            raise
        return cls(client, handle, room_id, secret, pin)

    async def destroy(self) -> None:
        """End the room and everything in it. Silent when the server or the room is gone."""
        try:
            await self._handle.request({"request": "destroy", "room": self.id, "secret": self._secret})
        except JanusRefused as error:
            if error.code != NO_SUCH_ROOM:
                raise
        except JanusError:
            return
        await self._handle.detach()

    async def record(self, directory: str) -> None:
        """Write what everybody sends into files of a directory, from now on: what is muted is not in them,
        and of a simulcast camera the best layer there is."""
        await self._change(
            {"request": "edit", "new_rec_dir": directory, "new_fir_freq": RECORDED_KEYFRAMES_EVERY}
        )
        await self._change({"request": "enable_recording", "record": True})

    async def stop_recording(self) -> None:
        """Write nothing more, and close the files."""
        await self._change({"request": "enable_recording", "record": False})
        await self._change({"request": "edit", "new_fir_freq": 0})

    async def _change(self, request: dict[str, Any]) -> None:
        await self._handle.request({**request, "room": self.id, "secret": self._secret})

    async def moderate(self, feed: str, mid: str, *, mute: bool) -> None:
        """Let a publisher's line be relayed, or relay nothing of it whatever its client sends."""
        await self._handle.request(
            {
                "request": "moderate",
                "room": self.id,
                "secret": self._secret,
                "id": feed,
                "mid": mid,
                "mute": mute,
            }
        )

    async def kick(self, feed: str) -> None:
        """Put a publisher out."""
        await self._handle.request({"request": "kick", "room": self.id, "secret": self._secret, "id": feed})

    async def feeds(self) -> list[str]:
        """The publishers that can be subscribed to now."""
        reply = await self._handle.request({"request": "listparticipants", "room": self.id})
        return [str(one["id"]) for one in reply.data.get("participants", []) if one.get("publisher")]

    async def publisher(
        self,
        feed: str,
        *,
        on_up: Callable[[], None],
        on_down: Callable[[str], None],
        on_talking: Callable[[str, bool], None],
    ) -> Publisher:
        """Enter as somebody who may publish under the name `feed`."""
        publisher = Publisher(feed, on_up, on_down, on_talking)
        publisher.handle = await self.client.attach(PLUGIN, publisher.receive)
        try:
            await publisher.handle.request(
                {"request": "join", "ptype": "publisher", "room": self.id, "pin": self._pin, "id": feed}
            )
        except BaseException:
            await publisher.close()
            raise
        return publisher

    async def subscriber(
        self,
        streams: Sequence[SubscribeStream],
        *,
        on_down: Callable[[str], None],
        on_substream: Callable[[str, int], None],
    ) -> tuple[Subscriber, SubscriptionOffer]:
        """A new subscription to at least one line of a publisher that is up.

        `on_substream` is told the mid of a line and the simulcast layer that is relayed on it from now on.
        Raises JanusRefused with NO_SUCH_FEED when one of them is not.
        """
        subscriber = Subscriber(on_down, on_substream)
        subscriber.handle = await self.client.attach(PLUGIN, subscriber.receive)
        try:
            reply = await subscriber.handle.request(
                {
                    "request": "join",
                    "ptype": "subscriber",
                    "room": self.id,
                    "pin": self._pin,
                    "autoupdate": False,
                    "streams": msgspec.to_builtins(streams),
                }
            )
            return subscriber, _offer(reply.data, reply.jsep)
        except BaseException:
            await subscriber.close()
            raise


class Publisher:
    """One participant's sending side."""

    handle: Handle

    def __init__(
        self,
        feed: str,
        on_up: Callable[[], None],
        on_down: Callable[[str], None],
        on_talking: Callable[[str, bool], None],
    ) -> None:
        self.feed = feed
        self._on_up = on_up
        self._on_down = on_down
        self._on_talking = on_talking

    async def publish(self, offer: str) -> str:
        """The answer to the first offer of a peer connection.

        Nothing can be sent before the peer has the answer: lines that must be silent are muted by `moderate`
        between this and giving the answer away.
        """
        return await self._negotiate("publish", offer)

    async def renegotiate(self, offer: str) -> str:
        """The answer to a further offer of the same peer connection; what was muted stays muted."""
        return await self._negotiate("configure", offer)

    async def request_keyframe(self, mid: str) -> None:
        """Ask the publisher's encoders for a keyframe on a video line."""
        await self.handle.request({"request": "configure", "streams": [{"mid": mid, "keyframe": True}]})

    async def trickle(self, candidate: dict[str, Any] | None) -> None:
        await self.handle.trickle(candidate)

    async def close(self) -> None:
        """Leave the room; the name is free a moment later. Silent when the server is gone."""
        await self.handle.detach()

    def receive(self, event: HandleEvent) -> None:
        match event:
            case WebrtcUp():
                self._on_up()
            case Hangup(reason=reason):
                self._on_down(reason)
            case Detached():
                self._on_down("detached")
            case PluginEvent(data=data):
                kind = data.get("videoroom")
                if kind in ("talking", "stopped-talking") and data.get("id") == self.feed:
                    self._on_talking(str(data.get("mid", "")), kind == "talking")

    async def _negotiate(self, request: str, offer: str) -> str:
        reply = await self.handle.request({"request": request}, Jsep("offer", offer))
        if reply.jsep is None:
            raise JanusRefused(0, "no answer to the offer")
        return reply.jsep.sdp


class Subscriber:
    """One participant's receiving side: a peer connection that Janus offers and the browser answers."""

    handle: Handle

    def __init__(self, on_down: Callable[[str], None], on_substream: Callable[[str, int], None]) -> None:
        self._on_down = on_down
        self._on_substream = on_substream

    async def update(
        self, subscribe: Sequence[SubscribeStream], unsubscribe: Sequence[str]
    ) -> SubscriptionOffer | None:
        """Take lines in, and give lines up by their mids in the subscription.

        Only when the offer before has been answered. `None` when nothing needs to be negotiated.
        Raises JanusRefused with NO_SUCH_FEED when a publisher is not there; nothing is changed then.
        """
        body: dict[str, Any] = {"request": "update"}
        if subscribe:
            body["subscribe"] = msgspec.to_builtins(subscribe)
        if unsubscribe:
            body["unsubscribe"] = [{"sub_mid": mid} for mid in unsubscribe]
        reply = await self.handle.request(body)
        return _offer(reply.data, reply.jsep) if reply.jsep is not None else None

    async def start(self, answer: str) -> None:
        """Give Janus the browser's answer to the offer before."""
        await self.handle.request({"request": "start"}, Jsep("answer", answer))

    async def configure(self, streams: Sequence[ConfigureStream]) -> None:
        """Switch lines on, off, or to another simulcast layer."""
        await self.handle.request({"request": "configure", "streams": msgspec.to_builtins(streams)})

    async def trickle(self, candidate: dict[str, Any] | None) -> None:
        await self.handle.trickle(candidate)

    async def close(self) -> None:
        """Give the subscription up. Silent when the server is gone."""
        await self.handle.detach()

    def receive(self, event: HandleEvent) -> None:
        match event:
            case Hangup(reason=reason):
                self._on_down(reason)
            case Detached():
                self._on_down("detached")
            case PluginEvent(data={"mid": str(mid), "substream": int(substream)}):
                self._on_substream(mid, substream)
            case PluginEvent() | WebrtcUp():
                pass


def _offer(data: dict[str, Any], jsep: Jsep | None) -> SubscriptionOffer:
    if jsep is None:
        raise JanusRefused(0, "no offer with the subscription")
    return SubscriptionOffer(jsep.sdp, msgspec.convert(data.get("streams", []), list[SubscribedStream]))


def _ignore(event: HandleEvent) -> None:
    pass

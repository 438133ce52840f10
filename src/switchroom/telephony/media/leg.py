"""The media of one leg: a call at rtpengine with two sides, `p` (phone) and `c` (core).

The phone is negotiated once. What it hears, and who hears it, is where the core side points: the core port of
another leg, a port of the mixer, or nobody. Pointing elsewhere is an offer and an answer from the core side
with the phone's description as it is kept; the phone's port stays (`port-latching`) and it is told nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

import msgspec

from switchroom.engines.rtpengine.client import NgClient, NgUnknownCall
from switchroom.engines.rtpengine.commands import (
    Answer,
    BlockDtmf,
    BlockMedia,
    CodecRules,
    Delete,
    Offer,
    PlayDtmf,
    Quality,
    Query,
    QueryReply,
    Reply,
    SdpReply,
    StreamStatus,
    UnblockDtmf,
    UnblockMedia,
)
from switchroom.engines.rtpengine.configuration import CORE, PHONES
from switchroom.telephony.media import sdp as descriptions
from switchroom.telephony.media.codecs import (
    CHEAPEST,
    G722,
    PCMA,
    SPEECH,
    Codec,
    best,
    between,
    events_for,
    events_of,
    known,
    placeholders,
)
from switchroom.telephony.media.sdp import Audio, Direction, SdpError
from switchroom.telephony.media.state import LegKind, LegState, Target, sink

PHONE = "p"
CORE_TAG = "c"
_PLAIN = "RTP/AVP"

_WEAK = ("F8_128_HMAC_SHA1_80", "F8_128_HMAC_SHA1_32", "NULL_HMAC_SHA1_80", "NULL_HMAC_SHA1_32")
_SDES = ("pad", *(f"no-{suite}" for suite in _WEAK))
"""Keys in descriptions: padded, as phones want them (RFC 4568, section 9.2), and never for no encryption."""


class NoCommonCodec(SdpError):
    """The phone has no codec that can be spoken with it."""


class NotEncrypted(SdpError):
    """The other side describes media without encryption, and must not, or without keys for it."""


class LegMedia:
    """Media of a leg; its methods are called one after the other, by the one that has the call.

    All raise NgError when rtpengine cannot do it; NgUnknownCall says that the media are gone for good.
    """

    def __init__(self, ng: NgClient, state: LegState | None = None) -> None:
        """A new leg, or one that another process has had, from its state."""
        self._ng = ng
        self.on_source: Callable[[], None] = _nothing
        """Called when the phone is about to hear another source. It must not block or raise."""
        self.state = state or LegState(id=secrets.token_urlsafe(12))
        # The process before may have done more than it could tell.
        self._is_taken_up = state is not None

    async def phone_offered(self, sdp: str) -> list[Codec]:
        """Take in the phone's offer, first or in a re-INVITE. Returns the codecs that it has and that can be
        spoken, in its order, and its telephone-events.

        Raises SdpError, NoCommonCodec, NotEncrypted.
        """
        audio = descriptions.read(sdp)
        self._require_encryption(audio)
        codecs = known(audio.codecs)
        if not codecs:
            raise NoCommonCodec("no codec that can be spoken")
        state = self.state
        state.kind = _kind(audio)
        state.located = False
        reply = await self._offer(sdp, PHONE, CodecRules(transcode=_others(codecs)), self._towards_core())
        state.core_port = descriptions.read(reply).port
        state.offered = sdp
        await self._turn(audio.direction)
        return [*codecs, *events_of(audio.codecs)]

    async def answer_phone(self, target: Target | None = None) -> str:
        """The answer to the phone's offer, final or early; what it sends goes to the target, to nobody when
        there is none. It may be asked for again with another target while the offer stands."""
        state = self.state
        audio = descriptions.read(state.offered)
        chosen = target or sink(best(audio.codecs, CHEAPEST if audio.is_browser else SPEECH) or SPEECH[0])
        events = _shared(events_of(audio.codecs), chosen.events)
        speech = next((one for one in audio.codecs if one.same(chosen.codec)), chosen.codec)
        described = descriptions.core(
            chosen.address, chosen.port, [speech, *events], direction=audio.direction.mirrored
        )
        reply = await self._answer(described, PHONE, self._towards_phone_in_answer())
        state.target = chosen
        self._agreed(state.offered, reply)
        state.sent_sdp = reply
        if state.is_named:
            state.is_named, state.heard = False, ()
        self.on_source()
        if chosen.packet_time or not chosen.takes_keys or chosen.events not in (None, events):
            await self.point_at(chosen)  # an answer cannot say it
        return reply

    async def offer_phone(
        self, kind: LegKind = LegKind.PLAIN, target: Target | None = None, codecs: Sequence[Codec] = ()
    ) -> str:
        """An offer for the phone. `codecs` are those of the far side with its telephone-events, as
        `phone_offered` gives them. They come first and under their payload types, so that nothing is
        translated where the phone has one of them; all others follow."""
        state = self.state
        state.kind = kind
        state.is_dtls_server = kind is LegKind.BROWSER
        state.target = target or sink()
        speech = known(codecs) or list(SPEECH)
        events = events_of(codecs) or events_for(speech)
        described = descriptions.core(state.target.address, state.target.port, [*speech, *events])
        rules = CodecRules(transcode=_others(speech))
        state.sent_sdp = await self._offer(described, CORE_TAG, rules, self._towards_phone())
        return state.sent_sdp

    async def phone_answered(self, sdp: str) -> Codec:
        """Take in the phone's answer, final or early, to an offer or a re-INVITE. Returns the codec that the
        core side speaks from now on, which the far side is to be pointed at with.

        Raises SdpError, NoCommonCodec, NotEncrypted.
        """
        audio = descriptions.read(sdp)
        self._require_encryption(audio)
        if not known(audio.codecs):
            raise NoCommonCodec("no codec that can be spoken")
        state = self.state
        state.located = False
        if state.kind is LegKind.SDES and not audio.is_encrypted:
            state.kind = LegKind.PLAIN  # not as RFC 3264 has it, and done
        reply = await self._answer(sdp, CORE_TAG, self._towards_core())
        core = descriptions.read(reply)
        state.core_port = core.port
        await self._turn(audio.direction)
        self._agreed(sdp, sdp)
        spoken = known(core.codecs)
        codec = spoken[0] if spoken else state.target.codec
        state.target = msgspec.structs.replace(state.target, codec=codec)
        if _is_renumbered(codec, descriptions.read(state.sent_sdp)):
            codec = PCMA  # the far side has it under the number of the offer
            await self.point_at(sink(codec))
        return codec

    async def point_at(self, target: Target) -> None:
        """Let the phone hear another target, and be heard by it alone. The phone is told nothing."""
        state = self.state
        if not state.phone_sdp or state.codec is None:
            raise SdpError("nothing has been agreed with the phone yet")
        described = descriptions.core(
            target.address,
            target.port,
            self._understood(target),
            direction=state.direction.mirrored,
        )
        rules = CodecRules(transcode=_others([target.codec], [state.codec]))
        if await self._learn():
            # From here on the address is certain. Otherwise a stranger's packet between the two commands
            # that follow would make it the stranger's.
            await self._answer(state.phone_sdp, CORE_TAG, self._towards_core())
        await self._offer(described, CORE_TAG, rules, self._towards_phone(), target.packet_time)
        await self._answer(state.phone_sdp, CORE_TAG, self._towards_core())
        if target.takes_keys == state.keys_blocked:
            block = UnblockDtmf if target.takes_keys else BlockDtmf
            await self._ng.request(block(state.id, PHONE), Reply)
            state.keys_blocked = not target.takes_keys
        state.target = target
        self.on_source()

    async def let_nobody_hear(self) -> None:
        """Point the leg at nobody, as it is while it hears a prompt or music."""
        await self.point_at(sink(self.state.codec or SPEECH[0]))

    def as_target(self, codec: Codec | None = None) -> Target:
        """This leg, for another to be pointed at, in the codec that it is pointed elsewhere with."""
        state = self.state
        return Target(state.core_port, codec or state.codec or SPEECH[0], events=state.events)

    async def mute(self) -> None:
        """Let nobody hear the phone; its keys are still told."""
        await self._ng.request(BlockMedia(self.state.id, PHONE), Reply)
        self.state.muted = True

    async def unmute(self) -> None:
        """Let the phone be heard again."""
        await self._ng.request(UnblockMedia(self.state.id, PHONE), Reply)
        self.state.muted = False

    async def deafen(self) -> None:
        """Let the phone hear nobody; what it is played is heard all the same."""
        await self._ng.request(BlockMedia(self.state.id, CORE_TAG), Reply)
        self.state.deaf = True

    async def undeafen(self) -> None:
        """Let the phone hear again whom it is pointed at."""
        if self.state.direction.receives:
            await self._ng.request(UnblockMedia(self.state.id, CORE_TAG), Reply)
        self.state.deaf = False

    async def send_key(self, key: str, milliseconds: int = 200) -> None:
        """Send a key to the phone, which must hear somebody: by RFC 4733, or as a tone to one that has no
        telephone-event at the clock rate of its codec. The first one of a leg takes a negotiation with
        rtpengine, from which on all its sound is translated."""
        if not self.state.injects:
            self.state.injects = True
            await self.point_at(self.state.target)
        await self._ng.request(PlayDtmf(self.state.id, CORE_TAG, key, milliseconds), Reply)

    async def streams_of_phone(self) -> Sequence[StreamStatus]:
        """RTP and RTCP of the phone's side as they are now."""
        return _streams(await self._status(), PHONE)

    async def streams_of_core(self) -> Sequence[StreamStatus]:
        """RTP and RTCP of the core side as they are now."""
        return _streams(await self._status(), CORE_TAG)

    async def phone_status(self) -> PhoneStatus:
        """Status of the phone: the streams that it sends, and the reported quality of the leg's media."""
        reply = await self._status()
        reported = (one.average for one in reply.sources.values() if one.average.samples)
        return PhoneStatus(_streams(reply, PHONE), tuple(reported))

    async def close(self) -> None:
        """Forget the call at rtpengine. Silent when it is gone already."""
        try:
            await self._ng.request(Delete(self.state.id), Reply)
        except NgUnknownCall:
            pass

    def _require_encryption(self, audio: Audio) -> None:
        if self.state.must_encrypt and not audio.is_encrypted:
            raise NotEncrypted("media without encryption are not taken here")
        if audio.has_no_keys:
            raise NotEncrypted("media with encryption, and no key for it that can be used")

    async def _status(self) -> QueryReply:
        return await self._ng.request(Query(self.state.id), QueryReply)

    async def _learn(self) -> bool:
        """Keep where the phone's RTP comes from, once rtpengine is certain of it: with every further
        description it would learn it anew, from the first sender. Encrypted media need no such care.
        Returns whether the address has just been learned."""
        state = self.state
        if state.located or state.kind is not LegKind.PLAIN:
            return False
        for stream in await self.streams_of_phone():
            if "RTP" in stream.flags and "confirmed" in stream.flags and stream.endpoint is not None:
                end = stream.endpoint
                state.phone_sdp = descriptions.at(state.phone_sdp, end.address, end.port)
                state.located = True
        return state.located

    async def _turn(self, direction: Direction) -> None:
        """Send nothing to a phone that says it receives nothing; rtpengine would all the same."""
        is_other = self._is_taken_up or direction.receives != self.state.direction.receives
        self._is_taken_up = False
        if is_other and not self.state.deaf:
            block = UnblockMedia if direction.receives else BlockMedia
            await self._ng.request(block(self.state.id, CORE_TAG), Reply)
        self.state.direction = direction

    def _agreed(self, phone: str, answer: str) -> None:
        """Keep what has been agreed: of the phone's description, what the answer has."""
        audio = descriptions.read(phone)
        chosen = next((codec for codec in known(descriptions.read(answer).codecs)), None)
        codec = next((one for one in audio.codecs if chosen is not None and one.same(chosen)), None)
        if codec is None:
            raise NoCommonCodec("nothing of what was offered has been answered")
        answered = {one.payload for one in descriptions.read(answer).codecs}
        others = [one for one in audio.codecs if not one.is_speech and one.payload in answered]
        self.state.codec = codec
        self.state.events = events_of(others)
        self.state.phone_sdp = descriptions.only(phone, [codec.payload, *(one.payload for one in others)])

    def _understood(self, target: Target) -> list[Codec]:
        """The codecs of the core side: that of the target, with what makes rtpengine find the phone's own
        under its payload type, and the telephone-events of both. The target's come first: rtpengine takes the
        first for its own, and gives keys that come under it the phone's payload type. Those that the phone
        has are passed on as they are. Where both have one payload type for two clock rates, keys from there
        are lost."""
        own = self.state.codec
        events = list(self.state.events)
        if target.events == () and not self.state.injects:
            events = []  # keys of the phone become tones
        if self.state.kind is not LegKind.BROWSER:  # no page hears keys; and its sources stay what they are
            taken = {one.payload for one in events}
            events = [*(one for one in target.events or () if one.payload not in taken), *events]
        if own is None or own.same(target.codec):
            return [target.codec, *events]
        return [target.codec, *placeholders(own.payload, [target.codec, *events]), *events]

    async def _offer(self, sdp: str, tag: str, rules: CodecRules, way: _Way, packet_time: int = 0) -> str:
        other = CORE_TAG if tag == PHONE else PHONE
        command = Offer(
            call_id=self.state.id,
            from_tag=tag,
            to_tag=other if self.state.core_port else "",
            sdp=sdp,
            flags=self._flags(tag),
            replace=("origin", "session-connection"),
            direction=(PHONES, CORE) if tag == PHONE else (CORE, PHONES),
            codec=rules,
            transport_protocol=way.transport,
            ice=way.ice,
            dtls=self._dtls,
            sdes=way.sdes,
            rtcp_mux=way.rtcp_mux,
            ptime_reverse=packet_time,
            # Between legs it is always loopback's; rtpengine would take that of the description.
            address_family="IP4" if tag == PHONE else self._ng.phones_family,
        )
        return (await self._ng.request(command, SdpReply)).sdp

    async def _answer(self, sdp: str, offered_by: str, way: _Way) -> str:
        answered_by = CORE_TAG if offered_by == PHONE else PHONE
        command = Answer(
            call_id=self.state.id,
            from_tag=offered_by,
            to_tag=answered_by,
            sdp=sdp,
            flags=self._flags(answered_by),
            replace=("origin", "session-connection"),
            transport_protocol=way.transport,
            ice=way.ice,
            dtls=self._dtls,
            sdes=way.sdes,
            rtcp_mux=way.rtcp_mux,
        )
        return (await self._ng.request(command, SdpReply)).sdp

    @property
    def _dtls(self) -> str:
        """Role of rtpengine towards a browser, which must stay what it is (RFC 8842): a browser that is
        called takes the active one, and rtpengine would take it too with the browser's second offer. Phones
        with keys in their descriptions have no DTLS."""
        if self.state.kind is LegKind.SDES:
            return "off"
        return "passive" if self.state.is_dtls_server else ""

    def _flags(self, tag: str) -> list[str]:
        flags = ["trust-address", "port-latching", "strict-source"]
        # An address that is certain is not to be learned anew: it would be that of the first sender, on
        # the core side of the last peer. (`endpoint-learning-off` has no effect in an answer.)
        if tag == CORE_TAG or self.state.located:
            flags.append("asymmetric")
        if self.state.injects:
            flags.append("inject-DTMF")
        return flags

    def _towards_core(self) -> _Way:
        return _Way(transport=_PLAIN, ice="remove", rtcp_mux=("demux",))

    def _towards_phone(self) -> _Way:
        match self.state.kind:
            case LegKind.BROWSER:
                return _Way(
                    transport="UDP/TLS/RTP/SAVPF", ice="force", rtcp_mux=("offer", "require"), sdes=("off",)
                )
            case LegKind.SDES:
                return _Way(transport="RTP/SAVP", ice="remove", rtcp_mux=("demux",), sdes=_SDES)
            case LegKind.PLAIN:
                return _Way(transport=_PLAIN, ice="remove", rtcp_mux=("demux",))

    def _towards_phone_in_answer(self) -> _Way:
        if self.state.kind is LegKind.BROWSER:
            return _Way(ice="force", rtcp_mux=("accept",))
        return _Way(ice="remove", sdes=_SDES)


class _Way(msgspec.Struct, frozen=True):
    """Way of speaking to a side, in rtpengine's words."""

    transport: str = ""
    ice: str = ""
    rtcp_mux: Sequence[str] = ()
    sdes: Sequence[str] = ()


class PhoneStatus(msgspec.Struct, frozen=True):
    """RTP and RTCP of a phone, and the quality of the sources that were reported on, of both directions."""

    streams: Sequence[StreamStatus]
    qualities: Sequence[Quality]


async def bridge(first: LegMedia, second: LegMedia) -> None:
    """Let the phones of two legs hear each other, translated on one side at most. What a browser hears is not
    translated on its side, or its source would be unknown (see `sources`)."""
    codec = between(first.state.codec or SPEECH[0], second.state.codec or SPEECH[0])
    browsers = [leg for leg in (first, second) if leg.state.kind is LegKind.BROWSER]
    if len(browsers) == 1:
        codec = browsers[0].state.codec or codec
    elif codec.rate != G722.rate and len({_has_events_at(codec.rate, leg) for leg in (first, second)}) > 1:
        codec = G722  # keys of the one would be at a clock rate that the other does not know
    await first.point_at(second.as_target(codec))
    await second.point_at(first.as_target(codec))


def _streams(reply: QueryReply, tag: str) -> Sequence[StreamStatus]:
    side = reply.tags.get(tag)
    return [stream for media in side.medias for stream in media.streams] if side else ()


def _nothing() -> None:
    """Do nothing: the default of a callback."""


def _has_events_at(rate: int, leg: LegMedia) -> bool:
    return any(one.rate == rate for one in leg.state.events)


def _shared(own: tuple[Codec, ...], theirs: Sequence[Codec] | None) -> tuple[Codec, ...]:
    """The telephone-events at clock rates that the other side has too; all where it has none of them."""
    rates = {one.rate for one in theirs or ()}
    return tuple(one for one in own if one.rate in rates) or own


def _kind(audio: Audio) -> LegKind:
    if audio.is_browser:
        return LegKind.BROWSER
    return LegKind.SDES if audio.is_encrypted else LegKind.PLAIN


def _others(codecs: Sequence[Codec], among: Sequence[Codec] = SPEECH) -> list[str]:
    """The names of the codecs that are not there."""
    return [codec.name for codec in among if not any(codec.same(one) for one in codecs)]


def _is_renumbered(codec: Codec, offered: Audio) -> bool:
    """Whether an answer has a codec under another payload type than the offer had it, which RFC 3264 allows
    and advises against."""
    payloads = [one.payload for one in offered.codecs if one.same(codec)]
    return bool(payloads) and codec.payload not in payloads

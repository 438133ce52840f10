"""Audio codecs of telephone calls: which there are, in what order, and which two legs speak between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

TELEPHONE_EVENT = "telephone-event"
"""The name under which keys are negotiated (RFC 4733)."""


class Codec(Struct, frozen=True):
    """A codec with the payload type of one description (RFC 8866, section 6.6)."""

    name: str
    rate: int
    """Clock rate of the RTP timestamps; that of G.722 is 8000 by an old mistake (RFC 3551, section 4.5.2)."""

    payload: int
    channels: int = 1
    parameters: str = ""
    """Parameters of its `fmtp` line."""

    @property
    def encoding(self) -> str:
        """Encoding as in an `rtpmap` line: `opus/48000/2`."""
        return f"{self.name}/{self.rate}" + (f"/{self.channels}" if self.channels > 1 else "")

    @property
    def is_speech(self) -> bool:
        """Whether it carries voice, which keys and comfort noise do not."""
        return self.name.lower() not in (TELEPHONE_EVENT, "cn", "red")

    def same(self, other: Codec) -> bool:
        """Whether the two are one codec, whatever the payload types."""
        return self.name.lower() == other.name.lower() and self.rate == other.rate


OPUS = Codec("opus", 48000, 96, 2, "useinbandfec=1")
G722 = Codec("G722", 8000, 9)
PCMA = Codec("PCMA", 8000, 8)
PCMU = Codec("PCMU", 8000, 0)
G729 = Codec("G729", 8000, 18, parameters="annexb=no")
EVENTS = Codec(TELEPHONE_EVENT, 8000, 101, parameters="0-16")
EVENTS_OPUS = Codec(TELEPHONE_EVENT, 48000, 102, parameters="0-16")
_FOR_EVENTS = (101, 102, 103, 104)

STATIC = {codec.payload: codec for codec in (PCMU, PCMA, G722, G729)}
"""Codecs whose payload types need no `rtpmap` line (RFC 3551)."""

SPEECH = (G722, PCMA, PCMU, OPUS, G729)
"""Codecs that legs are taken in with, by what they give for their cost. Between two legs that both have it
Opus passes unchanged; to translate it costs five times what G.722 does. G.729 is for peers that have nothing
else."""


def known(codecs: Iterable[Codec]) -> list[Codec]:
    """The codecs among these that can be translated into others, in their order."""
    return [codec for codec in codecs if any(codec.same(one) for one in SPEECH)]


CHEAPEST = (PCMA, PCMU, G722, G729, OPUS)
"""All of them, by what it costs to translate into them."""


def best(codecs: Sequence[Codec], order: Sequence[Codec] = SPEECH) -> Codec | None:
    """The codec to take of those that a phone offers when nobody is at the other end yet."""
    for one in order:
        for codec in codecs:
            if codec.same(one):
                return codec
    return None


def between(first: Codec, second: Codec) -> Codec:
    """The codec on the way between two legs that have agreed on these with their phones: the same where they
    are the same, so that nothing is translated, else that of the two which costs less, so that only one side
    translates. One codec under two payload types is two: rtpengine does not give packets another number
    without translating them, which for Opus costs more than G.722 does."""
    if first.same(second) and first.payload != second.payload:
        return G722
    order = {codec.name.lower(): place for place, codec in enumerate(CHEAPEST)}
    return min((first, second), key=lambda codec: order.get(codec.name.lower(), len(order)))


def events_of(codecs: Iterable[Codec]) -> tuple[Codec, ...]:
    """The telephone-events among these."""
    return tuple(codec for codec in codecs if codec.name.lower() == TELEPHONE_EVENT)


def events_for(codecs: Iterable[Codec]) -> tuple[Codec, ...]:
    """The telephone-events that go with codecs, at their clock rates (RFC 4733, section 2.4.1), under payload
    types of ours that none of them has."""
    taken = {codec.payload for codec in codecs}
    rates = {codec.rate for codec in codecs}
    free = (payload for payload in _FOR_EVENTS if payload not in taken)
    return tuple(
        msgspec.structs.replace(one, payload=next(free)) for one in (EVENTS, EVENTS_OPUS) if one.rate in rates
    )


def placeholders(payload: int, codecs: Iterable[Codec]) -> list[Codec]:
    """Codecs that nobody has, under all dynamic payload types below `payload` that these leave free.

    rtpengine translates into a codec under the lowest number that is free in the offer, and loses it when it
    is answered under another.
    """
    taken = {codec.payload for codec in codecs}
    return [Codec("x-none", 8000, number) for number in range(96, payload) if number not in taken]

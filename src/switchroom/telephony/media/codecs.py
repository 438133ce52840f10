"""Audio codecs of telephone calls: which there are, in what order, and which two legs speak between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    """What its `fmtp` line says."""

    @property
    def encoding(self) -> str:
        """As in an `rtpmap` line: `opus/48000/2`."""
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

STATIC = {codec.payload: codec for codec in (PCMU, PCMA, G722, G729)}
"""Codecs whose payload types need no `rtpmap` line (RFC 3551)."""

SPEECH = (G722, PCMA, PCMU, OPUS, G729)
"""Those that legs are taken in with, by what they give for their cost. Between two legs that both have it
Opus passes unchanged; to translate it costs five times what G.722 does. G.729 is for those who have nothing
else."""


def known(codecs: Iterable[Codec]) -> list[Codec]:
    """The codecs among these that can be translated into others, in their order."""
    return [codec for codec in codecs if any(codec.same(one) for one in SPEECH)]


def best(codecs: Sequence[Codec]) -> Codec | None:
    """The codec to take of those that a phone offers when nobody is at the other end yet."""
    for one in SPEECH:
        for codec in codecs:
            if codec.same(one):
                return codec
    return None


def between(first: Codec, second: Codec) -> Codec:
    """The codec on the way between two legs that have agreed on these with their phones: the same where they
    are the same, so that nothing is translated, else that of the two which costs less, so that only one side
    translates."""
    order = {codec.name.lower(): place for place, codec in enumerate((PCMA, PCMU, G722, G729, OPUS))}
    return min((first, second), key=lambda codec: order.get(codec.name.lower(), len(order)))


def on_core(codec: Codec) -> Codec:
    """The codec under the payload type that it has between legs."""
    return next((one for one in SPEECH if one.same(codec)), codec)


def events_for(codec: Codec) -> Codec:
    """The telephone-event that goes with a codec, at its clock rate (RFC 4733, section 2.4.1)."""
    return EVENTS_OPUS if codec.rate == EVENTS_OPUS.rate else EVENTS

"""State of a leg's media: what another process needs to take it up."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from msgspec import Struct

from switchroom.telephony.media.codecs import PCMA, Codec
from switchroom.telephony.media.sdp import Direction

LOOPBACK = "127.0.0.1"

DISCARD_PORT = 9
"""The port where a leg points that nobody is to hear (RFC 863): below 1024, so that no other leg gets it."""


class LegKind(StrEnum):
    """Kind of media that a phone wants."""

    PLAIN = "plain"
    SDES = "sdes"
    """SRTP with keys in the description (RFC 4568), as phones do over TLS."""

    BROWSER = "browser"
    """DTLS-SRTP, ICE, RTP and RTCP on one port (RFC 8827)."""


class Target(Struct, frozen=True):
    """Target of the core side of a leg: whom the phone hears, and who hears it; and in what codec."""

    port: int
    codec: Codec = PCMA
    address: str = LOOPBACK
    events: tuple[Codec, ...] | None = None
    """The telephone-events under which keys come from there and are understood there (RFC 4733); None for
    where none come from."""

    takes_keys: bool = True
    """Whether the keys of the phone go there too."""

    packet_time: int = 0
    """Milliseconds of sound that each packet must have, 0 for as many as the phone's have."""

    @property
    def is_sink(self) -> bool:
        return self.port == DISCARD_PORT


def sink(codec: Codec = PCMA) -> Target:
    """Target that is nobody: sound of the phone is thrown away."""
    return Target(DISCARD_PORT, codec)


class Playing(Struct, frozen=True):
    """Files that a phone is being played, one after the other, all of them `times` times."""

    id: str
    files: Sequence[str]
    times: int = 1
    place: int = 0
    """The number of the file that is played now, counted over all times."""

    until: float = 0.0
    """Unix time of that file's end."""


class LegState(Struct, kw_only=True):
    """The media of one leg. `id` is its call-id at rtpengine; descriptions are the latest of each side."""

    id: str
    kind: LegKind = LegKind.PLAIN
    must_encrypt: bool = False
    """Whether no description is taken that is without encryption."""

    core_port: int = 0
    """The port of the core side, 0 until the phone has offered or answered."""

    target: Target = Target(DISCARD_PORT)
    codec: Codec | None = None
    """Agreed with the phone, under its payload type; None until then."""

    events: tuple[Codec, ...] = ()
    """Telephone-events that the phone has."""

    keys_blocked: bool = False
    """Whether keys of the phone are only told, and go nowhere."""

    offered: str = ""
    """Description that the phone has offered last, until it is answered."""

    phone_sdp: str = ""
    """Description that the phone has agreed to: its own without the codecs that were not chosen."""

    is_dtls_server: bool = False
    """Whether rtpengine waits for a browser to begin with DTLS, which it has been offered."""

    located: bool = False
    """Whether `phone_sdp` has the address that the phone's RTP comes from, which NAT may have changed."""

    sent_sdp: str = ""
    """Description that the phone has been sent last."""

    direction: Direction = Direction.BOTH
    """Direction as the phone says it: one that holds sends, or nothing."""

    muted: bool = False
    deaf: bool = False
    """Whether the phone is sent nothing, though it would receive."""

    injects: bool = False
    """Whether rtpengine has been asked to be ready to send keys."""

    playing: Playing | None = None
    source: int = 0
    """The source (SSRC) of what a browser has heard first of the core side, 0 while that is not known.
    rtpengine tells of no other."""

    source_port: int = 0
    """The port of the target that it comes from."""

    heard: tuple[int, ...] = ()
    """Ports of the targets that a browser has heard, in their order, since the last new offer; 0 is what
    rtpengine plays."""

    is_named: bool = False
    """Whether the description that the browser was sent last names the source."""

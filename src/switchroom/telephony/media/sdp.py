"""Session descriptions of telephone calls (RFC 8866): what is read of them, and the few that are written.

rtpengine does the rewriting; what is needed here is which codecs a side has, which way its media go, and how
a leg's core side is described to rtpengine. Only the first audio line counts; other lines are refused by
rtpengine's answer.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Sequence
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from switchroom.telephony.media.codecs import STATIC, TELEPHONE_EVENT, Codec

LARGEST = 32 * 1024
"""Characters of a description; those of browsers with one audio line have some 3,000."""

CNAME = "switchroom"
"""Canonical name of the sources that are named."""

_media = re.compile(r"(?m)(\S+) ([0-9]{1,5})(?:/[0-9]{1,5})? (\S+)([^\r\n]*)\r?$")
_connection = re.compile(r"c=IN IP[46] ([^\s/]+)")
_connection_line = re.compile(r"(?m)^c=[^\r\n]*\r?\n")
_time = re.compile(r"(?m)^t=")
_port = re.compile(r"^(m=\S+ )\d+")
_rtpmap = re.compile(r"a=rtpmap:([0-9]{1,3}) ([^\s/]+)/([0-9]{1,6})(?:/([0-9]{1,2}))?(?![0-9])")
_fmtp = re.compile(r"a=fmtp:([0-9]{1,3}) ([^\r\n]*)")
_of_payload = re.compile(r"^a=(?:rtpmap|fmtp|rtcp-fb):([0-9]{1,3})[ \r\n]")
_payload = re.compile(r"[0-9]{1,3}")
_crypto = re.compile(r"a=crypto:[0-9]{1,9} +(\S+) +inline:([A-Za-z0-9+/]+)")
_UNENCRYPTED = "UNENCRYPTED_SRTP"
_KEY_LENGTHS = {
    "AES_CM_128_HMAC_SHA1_80": 30,
    "AES_CM_128_HMAC_SHA1_32": 30,
    "AES_192_CM_HMAC_SHA1_80": 38,
    "AES_192_CM_HMAC_SHA1_32": 38,
    "AES_256_CM_HMAC_SHA1_80": 46,
    "AES_256_CM_HMAC_SHA1_32": 46,
    "AEAD_AES_128_GCM": 28,
    "AEAD_AES_256_GCM": 44,
}
"""Bytes of key and salt, by the suites for SRTP that rtpengine has and that encrypt (RFC 4568, RFC 6188, RFC
7714)."""

_ssrc = re.compile(r"(?m)^a=ssrc:[^\r\n]*\r?\n")
_setup = re.compile(r"(?m)^a=setup:[a-z]+")
_origin = re.compile(r"(?m)^(o=\S+ \S+ )([0-9]{1,20})( )")


class SdpError(ValueError):
    """The description is none, or has no audio line that can be used."""


class Direction(StrEnum):
    """Direction of media, seen from the side that describes it (RFC 8866, section 6.7)."""

    BOTH = "sendrecv"
    SEND = "sendonly"
    RECEIVE = "recvonly"
    NONE = "inactive"

    @property
    def sends(self) -> bool:
        return self in (Direction.BOTH, Direction.SEND)

    @property
    def receives(self) -> bool:
        return self in (Direction.BOTH, Direction.RECEIVE)

    @property
    def mirrored(self) -> Direction:
        """The direction as the other side has it."""
        return _MIRRORED[self]


_DIRECTIONS = {f"a={direction.value}": direction for direction in Direction}
_MIRRORED = {
    Direction.BOTH: Direction.BOTH,
    Direction.SEND: Direction.RECEIVE,
    Direction.RECEIVE: Direction.SEND,
    Direction.NONE: Direction.NONE,
}


class Audio(Struct, frozen=True):
    """The audio line of a description."""

    address: str
    port: int
    protocol: str
    """Protocol, as in the description: `RTP/AVP`, `RTP/SAVP`, `UDP/TLS/RTP/SAVPF` …"""

    codecs: Sequence[Codec]
    """Codecs in the order of the description, telephone-event and comfort noise among them."""

    direction: Direction

    has_key: bool = False
    """Whether it has a key for SRTP that can be used (RFC 4568)."""

    has_fingerprint: bool = False
    """Whether it has the fingerprint of a certificate for DTLS."""

    @property
    def is_browser(self) -> bool:
        """Whether it asks for DTLS-SRTP, as browsers do."""
        return "TLS" in self.protocol or self.protocol == "RTP/SAVPF"

    @property
    def is_encrypted(self) -> bool:
        return "SAVP" in self.protocol

    @property
    def has_no_keys(self) -> bool:
        """Whether it asks for media with encryption that could not begin."""
        has_keys = self.has_key or (self.is_browser and self.has_fingerprint)
        return self.is_encrypted and self.port > 0 and not has_keys

    def event_payload(self, rate: int = 8000) -> int | None:
        """The payload type of telephone-event at a clock rate, of any rate when there is none at that."""
        events = [codec for codec in self.codecs if codec.name == TELEPHONE_EVENT]
        for codec in events:
            if codec.rate == rate:
                return codec.payload
        return events[0].payload if events else None


@lru_cache(maxsize=64)
def read(sdp: str) -> Audio:
    """The first audio line of a description, which is looked at several times in a row while it is agreed.
    Raises SdpError."""
    if len(sdp) > LARGEST:
        raise SdpError(f"longer than {LARGEST} characters")
    if not sdp.startswith("v=0"):
        raise SdpError("no session description")
    head, *parts = sdp.split("\nm=")
    for part in parts:
        media = _media.match(part)
        if media is not None and media[1] == "audio":
            break
    else:
        raise SdpError("no audio line")
    lines, of_all = _lines(part), _lines(head)
    address = _address(lines) or _address(of_all)
    if not address:
        raise SdpError("no address")
    said = _said(lines) or _said(of_all) or Direction.BOTH
    if _is_unspecified(address):  # how hold was said before RFC 3264
        said = Direction.SEND if said.sends else Direction.NONE
    port = int(media[2])
    if port > 65535:
        raise SdpError("no port")
    return Audio(
        address,
        port,
        media[3],
        _codecs(lines, media[4]),
        said,
        has_key=any(_is_key(line) for line in lines),
        has_fingerprint=any(line.startswith("a=fingerprint:") for line in (*of_all, *lines)),
    )


def core(
    address: str,
    port: int,
    codecs: Sequence[Codec],
    *,
    direction: Direction = Direction.BOTH,
    version: int = 1,
) -> str:
    """The description of a leg's core side: plain RTP at `address` and `port`."""
    payloads = " ".join(str(codec.payload) for codec in codecs)
    lines = [
        "v=0",
        f"o=- 1 {version} IN IP4 {address}",
        "s=-",
        f"c=IN IP4 {address}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {payloads}",
    ]
    for codec in codecs:
        lines.append(f"a=rtpmap:{codec.payload} {codec.encoding}")
        if codec.parameters:
            lines.append(f"a=fmtp:{codec.payload} {codec.parameters}")
    lines += [f"a={direction.value}", "a=ptime:20", ""]
    return "\r\n".join(lines)


def only(sdp: str, payloads: Collection[int]) -> str:
    """The description with no other payload types than these on its audio line."""
    head, *lines = _parts(sdp)
    return head + "".join(_only(line, payloads) if line.startswith("m=audio") else line for line in lines)


def at(sdp: str, address: str, port: int) -> str:
    """The description with another address and port of its audio line."""
    family = "IP6" if ":" in address else "IP4"
    _, *lines = _parts(sdp)
    head = _parts(sdp)[0]
    moved = [
        _port.sub(rf"\g<1>{port}", _connection_line.sub("", line), count=1)
        if line.startswith("m=audio")
        else line
        for line in lines
    ]
    head = _connection_line.sub("", head)
    return "".join(
        [_time.sub(rf"c=IN {family} {address}\r\n\g<0>", head, count=1), *moved],
    )


def offered_again(sdp: str, ssrc: int = 0) -> str:
    """The description, sent before as an offer or an answer, as a new offer of the next version, in which the
    audio line names the source of its RTP (RFC 5576), or none with 0."""
    head, *lines = _parts(_setup.sub("a=setup:actpass", _ssrc.sub("", sdp)))  # RFC 5763, section 5
    source = f"a=ssrc:{ssrc} cname:{CNAME}\r\n" if ssrc else ""
    named = [f"{line.rstrip()}\r\n{source}" if line.startswith("m=audio") else line for line in lines]
    return next_version(head + "".join(named))


def next_version(sdp: str) -> str:
    """The description with the version of its origin one higher (RFC 3264, section 8)."""
    return _origin.sub(lambda found: f"{found[1]}{int(found[2]) + 1}{found[3]}", sdp, count=1)


def _lines(part: str) -> list[str]:
    return [line.removesuffix("\r") for line in part.split("\n")]


def _address(lines: Sequence[str]) -> str:
    for line in lines:
        if line.startswith("c=") and (found := _connection.match(line)) is not None:
            return found[1]
    return ""


def _said(lines: Sequence[str]) -> Direction | None:
    return next((_DIRECTIONS[line] for line in lines if line in _DIRECTIONS), None)


def _is_key(line: str) -> bool:
    found = _crypto.match(line)
    if found is None or _UNENCRYPTED in line.upper():
        return False
    return len(found[2]) * 3 // 4 == _KEY_LENGTHS.get(found[1])  # in base64


def _is_unspecified(address: str) -> bool:
    if ":" not in address and not address.startswith("0"):
        return False
    try:
        return ipaddress.ip_address(address).is_unspecified
    except ValueError:
        return False


def _parts(sdp: str) -> list[str]:
    return re.split(r"(?m)^(?=m=)", sdp)


def _codecs(lines: Sequence[str], payloads: str) -> list[Codec]:
    names: dict[int, re.Match[str]] = {}
    parameters: dict[int, str] = {}
    for line in lines:
        if line.startswith("a=rtpmap:"):
            if (found := _rtpmap.match(line)) is not None:
                names[int(found[1])] = found
        elif line.startswith("a=fmtp:") and (found := _fmtp.match(line)) is not None:
            parameters[int(found[1])] = found[2].strip()
    codecs: list[Codec] = []
    for word in payloads.split():
        if _payload.fullmatch(word) is None or (payload := int(word)) > 127:
            continue
        found = names.get(payload)
        if found is not None:
            codecs.append(
                Codec(found[2], int(found[3]), payload, int(found[4] or 1), parameters.get(payload, ""))
            )
        elif payload in STATIC:
            codecs.append(STATIC[payload])
    return codecs


def _only(line: str, payloads: Collection[int]) -> str:
    def kept(attribute: str) -> bool:
        found = _of_payload.match(attribute)
        return found is None or int(found[1]) in payloads

    first, *attributes = line.splitlines(keepends=True)
    words, wanted = first.rstrip().split(" "), {str(payload) for payload in payloads}
    first = " ".join([*words[:3], *(word for word in words[3:] if word in wanted)]) + "\r\n"
    return first + "".join(attribute for attribute in attributes if kept(attribute))

"""Session descriptions of publish connections (RFC 8866, RFC 9429): reading offers, silencing lines.

What a browser may send is settled here, between it and the media server. The server sees every line of the
offer as one that sends, and keeps it silent until it is permitted and switched on; the browser is told
`inactive` for the lines it may not send on. So a permission that comes or goes changes nothing but the
answer, and no line is ever refused with port 0, which would end it for good.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from switchroom.conference.messages import StreamLine
from switchroom.conference.room.participants import Source
from switchroom.errors import ErrorCode, Invalid

SOURCES = tuple(Source)

LARGEST_OFFER = 48 * 1024
"""Characters of an offer to publish; those of browsers have some 10,000."""

MOST_CODECS = 100
"""Codecs of one media line; browsers offer up to 30."""

_direction = re.compile(r"(?mi)^a=(sendrecv|sendonly|recvonly|inactive)\r?$")
_mid = re.compile(r"(?mi)^a=mid:(\S+)\r?$")
_media = re.compile(r"^m=(\S+) (\d+) (\S+)")
_origin = re.compile(r"(?m)^o=\S+ (\S+) ")
_opus = re.compile(r"(?mi)^a=rtpmap:(\d+) opus/48000")
_options = re.compile(r"(?m)^a=fmtp:(\d+) ([^\r\n]*)")
_rtpmap = re.compile(r"(?m)^a=rtpmap:")
_setup = re.compile(r"(?m)^a=setup:actpass")
_bandwidth_goes_after = re.compile(r"(?m)^(m=[^\n]*\n(?:[ic]=[^\n]*\n)*)")


@dataclass(frozen=True)
class PublishOffer:
    """The offer of a publish connection: four media lines, in the order of `Source`."""

    session: str
    """Identifies the peer connection: a new one has another (the o= line's session id)."""

    head: str
    lines: Sequence[str]
    mids: Sequence[str]

    @property
    def lines_of(self) -> dict[Source, str]:
        """The mid of each source."""
        return dict(zip(SOURCES, self.mids, strict=True))

    def for_server(self) -> str:
        """The offer as the media server gets it: every line sends, Opus may pause in silence (DTX)."""
        return self.head + "".join(
            _with_dtx(_directed(line, "sendonly"))
            if source is Source.MICROPHONE
            else _directed(line, "sendonly")
            for source, line in zip(SOURCES, self.lines, strict=True)
        )

    def offers(self, source: Source) -> bool:
        """Whether the browser means to send it, now or later."""
        return _direction_of(self.lines[SOURCES.index(source)]) in ("sendonly", "sendrecv")

    def for_client(self, answer: str, accepted: Collection[Source], video_bitrate: int) -> str:
        """The server's answer as the browser gets it: lines not accepted are inactive."""
        head, lines = split(answer)
        if len(lines) != len(self.lines):
            raise Invalid(ErrorCode.SDP_OTHER_LINES, "sdp")
        told: list[str] = []
        for source, line in zip(SOURCES, lines, strict=True):
            kept = line if source in accepted else _directed(line, "inactive")
            told.append(kept if source.is_audio else _limited(kept, video_bitrate))
        return head + "".join(told)


def read_publish_offer(sdp: str, streams: Sequence[StreamLine]) -> PublishOffer:
    """Take in what a browser offers.

    Raises Invalid when it is too large, when the lines are not the four of the contract in their order, or
    `streams` names others.
    """
    require_size(sdp)
    if "\r" in sdp.replace("\r\n", "\n") or "\0" in sdp:
        raise Invalid(ErrorCode.SDP_LINE_ENDS, "sdp")
    head, lines = split(sdp)
    origin = _origin.search(head)
    if not head.startswith("v=0") or origin is None:
        raise Invalid(ErrorCode.SDP_MALFORMED, "sdp")
    if len(lines) != len(SOURCES):
        raise Invalid(ErrorCode.SDP_LINE_COUNT, "sdp", wanted=len(SOURCES), count=len(lines))
    mids: list[str] = []
    for source, line in zip(SOURCES, lines, strict=True):
        mids.append(_checked_mid(source, line))
    if len(set(mids)) != len(mids):
        raise Invalid(ErrorCode.SDP_SAME_MID, "sdp")
    if [(one.mid, one.source) for one in streams] != list(zip(mids, (s.value for s in SOURCES), strict=True)):
        raise Invalid(ErrorCode.SDP_STREAMS, "streams")
    return PublishOffer(origin.group(1), head, lines, mids)


def require_size(offer: str) -> None:
    """Raises Invalid for an offer that is too large."""
    if len(offer) > LARGEST_OFFER:
        raise Invalid(ErrorCode.TOO_LONG, "sdp", most=LARGEST_OFFER)


def begun_by_server(offer: str) -> str:
    """The media server's offer, with the server as the one who begins the DTLS handshake (RFC 8842).

    It offers to be either. But it can only answer once it knows that ICE has succeeded; what a near browser
    says before that is lost, until it is said again.
    """
    return _setup.sub("a=setup:active", offer)


def split(sdp: str) -> tuple[str, list[str]]:
    """The session part and the media parts, which make up the whole when joined."""
    head, *lines = re.split(r"(?m)^(?=m=)", sdp)
    return head, lines


def _checked_mid(source: Source, line: str) -> str:
    media = _media.match(line)
    kind = "audio" if source.is_audio else "video"
    if media is None or media.group(1) != kind:
        raise Invalid(ErrorCode.SDP_KIND, "sdp", source=source.value, kind=kind)
    if media.group(2) == "0" and "a=bundle-only" not in line:
        raise Invalid(ErrorCode.SDP_ENDED, "sdp", source=source.value)
    if "SAVPF" not in media.group(3):
        raise Invalid(ErrorCode.SDP_NOT_SRTP, "sdp", source=source.value)
    if len(_rtpmap.findall(line)) > MOST_CODECS:
        raise Invalid(ErrorCode.SDP_TOO_MANY_CODECS, "sdp", source=source.value, most=MOST_CODECS)
    mids = _mid.findall(line)
    if len(mids) != 1:
        raise Invalid(ErrorCode.SDP_MID_COUNT, "sdp", source=source.value)
    if len(_direction.findall(line)) > 1:
        raise Invalid(ErrorCode.SDP_DIRECTIONS, "sdp", source=source.value)
    return str(mids[0])


def _direction_of(line: str) -> str:
    found = _direction.search(line)
    return found.group(1) if found else "sendrecv"


def _directed(line: str, direction: str) -> str:
    if _direction.search(line) is None:
        return f"{line.rstrip()}\r\na={direction}\r\n"
    return _direction.sub(f"a={direction}\r", line)


def _with_dtx(line: str) -> str:
    """An encoder does what the other side's description asks, and Janus repeats the offer's wish for DTX."""
    opus = frozenset(_opus.findall(line))
    without_options = dict.fromkeys(sorted(opus))

    def with_wish(options: re.Match[str]) -> str:
        payload, said = options.groups()
        without_options.pop(payload, None)
        return f"{options[0]};usedtx=1" if payload in opus and "usedtx=" not in said else options[0]

    line = _options.sub(with_wish, line)
    if not without_options:
        return line
    added = "".join(f"a=fmtp:{payload} useinbandfec=1;usedtx=1\r\n" for payload in without_options)
    return f"{line.rstrip()}\r\n{added}"


def _limited(line: str, bits: int) -> str:
    """Add the most that the browser may send (RFC 8866, section 5.8; TIAS is RFC 3890)."""
    limit = f"b=AS:{bits // 1000}\r\nb=TIAS:{bits}\r\n"
    return _bandwidth_goes_after.sub(lambda found: found.group(1) + limit, line, count=1)

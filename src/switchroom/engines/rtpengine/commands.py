"""Commands of rtpengine's ng protocol and their replies, as structs that encode to its JSON form.

Follows "The ng Control Protocol" of rtpengine's documentation, version 10.5: keys with a space, with a
hyphen and in capitals are its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field


class Reply(Struct, frozen=True):
    """Reply to any command; a `result` other than `ok` and `pong` is a refusal."""

    result: str = ""
    error_reason: str = field(default="", name="error-reason")
    message: str = ""
    warning: str = ""


class SdpReply(Reply, frozen=True):
    """Reply with the session description for the other side."""

    sdp: str = ""


class PlayReply(Reply, frozen=True):
    """Reply with the length of the file in milliseconds, 0 when it is not known."""

    duration: int = 0


class Endpoint(Struct, frozen=True):
    """An address and a port of UDP."""

    address: str = ""
    port: int = 0


class StreamCount(Struct, frozen=True):
    """Count of the packets that have come in."""

    packets: int = 0


class StreamStatus(
    Struct, frozen=True, rename={"local_port": "local port", "last_packet": "last packet", "ssrc": "SSRC"}
):
    """Stream (RTP or RTCP) of a side: its port, the Unix time of the last packet that came in, and the SSRC
    of the packets that come."""

    local_port: int = 0
    last_packet: int = 0
    endpoint: Endpoint | None = None
    """Address to which its media go."""

    ssrc: int = 0
    stats: StreamCount = StreamCount()
    flags: Sequence[str] = ()


class MediaStatus(Struct, frozen=True):
    """One media line of a side."""

    streams: Sequence[StreamStatus] = ()


class TagStatus(Struct, frozen=True):
    """One side of a call."""

    medias: Sequence[MediaStatus] = ()


class Quality(Struct, frozen=True, rename={"packet_loss": "packet loss"}):
    """Quality of a source, as RTCP of those who hear it says: the average over so many `samples`, jitter in
    milliseconds, packets lost in percent."""

    jitter: int = 0
    packet_loss: int = 0
    samples: int = 0


class SourceStatus(Struct, frozen=True, rename={"average": "average MOS"}):
    """One source of media."""

    average: Quality = Quality()


class QueryReply(Reply, frozen=True, rename={"sources": "SSRC"}):
    """Reply with what a call is doing; `created` is Unix time. `sources` are those of which somebody has
    reported how they are heard."""

    created: int = 0
    tags: Mapping[str, TagStatus] = {}
    sources: Mapping[str, SourceStatus] = {}


class CurrentStatistics(Struct, frozen=True, rename={"sessions": "sessionstotal"}):
    """Sessions that rtpengine has now."""

    sessions: int = 0


class TotalStatistics(
    Struct,
    frozen=True,
    rename={
        "packets": "relayedpackets",
        "errors": "relayedpacketerrors",
        "timed_out": "timeoutsessions",
        "one_way": "onewaystreams",
    },
):
    """Totals since rtpengine was started: packets relayed, and not relayed; sessions that were silent to
    their end, and that were heard on one side only."""

    packets: int = 0
    errors: int = 0
    timed_out: int = 0
    one_way: int = 0


class PortStatistics(Struct, frozen=True):
    """Ports for media of an interface."""

    used: int = 0
    free: int = 0


class InterfaceStatistics(Struct, frozen=True):
    """An interface."""

    name: str = ""
    address: str = ""
    ports: PortStatistics = PortStatistics()


class RelayStatistics(
    Struct, frozen=True, rename={"current": "currentstatistics", "total": "totalstatistics"}
):
    """Statistics of all calls together."""

    current: CurrentStatistics = CurrentStatistics()
    total: TotalStatistics = TotalStatistics()
    interfaces: Sequence[InterfaceStatistics] = ()


class StatisticsReply(Reply, frozen=True):
    """Reply with the statistics."""

    statistics: RelayStatistics = RelayStatistics()


class ListReply(Reply, frozen=True):
    """Reply with the call-ids of the calls there are."""

    calls: Sequence[str] = ()


class CodecRules(Struct, frozen=True, omit_defaults=True):
    """Rules for an offer's list of codecs: `strip` takes out, `mask` takes out but still accepts,
    `transcode` adds, `except` keeps."""

    strip: Sequence[str] = ()
    mask: Sequence[str] = ()
    transcode: Sequence[str] = ()
    offer: Sequence[str] = ()


class Ping(Struct, frozen=True, tag_field="command", tag="ping"):
    """Command: answer, if you are there."""


_NAMES = {
    "call_id": "call-id",
    "from_tag": "from-tag",
    "to_tag": "to-tag",
    "ice": "ICE",
    "ice_lite": "ICE-lite",
    "dtls": "DTLS",
    "sdes": "SDES",
    "rtcp_mux": "rtcp-mux",
    "transport_protocol": "transport protocol",
    "generate_rtcp": "generate RTCP",
    "repeat_times": "repeat-times",
    "ptime_reverse": "ptime-reverse",
    "address_family": "address family",
}


class Offer(
    Struct, frozen=True, kw_only=True, omit_defaults=True, rename=_NAMES, tag_field="command", tag="offer"
):
    """Command: `sdp` is the offer of the side `from_tag`; the reply has what the other side is offered.

    `ptime_reverse` is how many milliseconds of sound each packet towards `from_tag` is to have, 0 for as many
    as there come in. `address_family` is that of the address that the other side is offered, `IP4` or `IP6`.
    """

    call_id: str
    from_tag: str
    sdp: str
    to_tag: str = ""
    flags: Sequence[str] = ()
    replace: Sequence[str] = ()
    direction: Sequence[str] = ()
    codec: CodecRules | None = None
    transport_protocol: str = ""
    ice: str = ""
    dtls: str = ""
    sdes: Sequence[str] = ()
    rtcp_mux: Sequence[str] = ()
    ptime_reverse: int = 0
    address_family: str = ""


class Answer(
    Struct, frozen=True, kw_only=True, omit_defaults=True, rename=_NAMES, tag_field="command", tag="answer"
):
    """Command: `sdp` is the answer of the side `to_tag` to the offer of `from_tag`; the reply has what the
    one who offered is answered."""

    call_id: str
    from_tag: str
    to_tag: str
    sdp: str
    flags: Sequence[str] = ()
    replace: Sequence[str] = ()
    codec: CodecRules | None = None
    transport_protocol: str = ""
    ice: str = ""
    dtls: str = ""
    sdes: Sequence[str] = ()
    rtcp_mux: Sequence[str] = ()


class Delete(Struct, frozen=True, rename=_NAMES, tag_field="command", tag="delete"):
    """Command: forget the call. One that is not there is no error."""

    call_id: str


class Query(Struct, frozen=True, rename=_NAMES, tag_field="command", tag="query"):
    """Command: say what the call is doing."""

    call_id: str


class Statistics(Struct, frozen=True, tag_field="command", tag="statistics"):
    """Command: say what all calls together are doing, and have done."""


class List(Struct, frozen=True, tag_field="command", tag="list"):
    """Command: say which calls there are, at most `limit`."""

    limit: int = 1_000_000


class PlayMedia(
    Struct, frozen=True, omit_defaults=True, rename=_NAMES, tag_field="command", tag="play media"
):
    """Command: play the file (a path, any format of ffmpeg) to the side `from_tag`, instead of what it was
    played before."""

    call_id: str
    from_tag: str
    file: str
    repeat_times: int = 1


class StopMedia(Struct, frozen=True, rename=_NAMES, tag_field="command", tag="stop media"):
    """Command: stop what is played to the side `from_tag`."""

    call_id: str
    from_tag: str


class PlayDtmf(Struct, frozen=True, rename=_NAMES, tag_field="command", tag="play DTMF"):
    """Command: send a key to the other side as if `from_tag` had pressed it, for `duration` ms (100 to 5000).
    Both offer and answer must have had the flag `inject-DTMF`."""

    call_id: str
    from_tag: str
    code: str
    duration: int = 200


class BlockMedia(Struct, frozen=True, rename=_NAMES, tag_field="command", tag="block media"):
    """Command: let nothing pass that the side `from_tag` sends, but keys."""

    call_id: str
    from_tag: str


class UnblockMedia(Struct, frozen=True, rename=_NAMES, tag_field="command", tag="unblock media"):
    """Command: let pass again what the side `from_tag` sends."""

    call_id: str
    from_tag: str


class BlockDtmf(Struct, frozen=True, rename=_NAMES, tag_field="command", tag="block DTMF"):
    """Command: let no keys of the side `from_tag` pass; they are still told."""

    call_id: str
    from_tag: str


class UnblockDtmf(Struct, frozen=True, rename=_NAMES, tag_field="command", tag="unblock DTMF"):
    """Command: let the keys of the side `from_tag` pass again."""

    call_id: str
    from_tag: str


Command = (
    Ping
    | Offer
    | Answer
    | Delete
    | Query
    | Statistics
    | List
    | PlayMedia
    | StopMedia
    | PlayDtmf
    | BlockMedia
    | UnblockMedia
    | BlockDtmf
    | UnblockDtmf
)

"""Which lines of an offer are let through, and how."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchroom.conference.media.sdp import LARGEST_OFFER, PublishOffer, read_publish_offer, split
from switchroom.conference.messages import StreamLine
from switchroom.conference.room.participants import Source
from switchroom.errors import Invalid

OFFER = (Path(__file__).parent / "offers" / "chromium.sdp").read_text("utf-8").replace("\n", "\r\n")
STREAMS = [
    StreamLine(mid, source)
    for mid, source in zip("0123", ("microphone", "camera", "screen", "screen-audio"), strict=True)
]


def read(sdp: str = OFFER) -> PublishOffer:
    return read_publish_offer(sdp, STREAMS)


def test_the_lines_are_the_sources_in_order() -> None:
    assert read().lines_of == {
        Source.MICROPHONE: "0",
        Source.CAMERA: "1",
        Source.SCREEN: "2",
        Source.SCREEN_AUDIO: "3",
    }
    assert [source for source in Source if read().offers(source)] == [Source.CAMERA]


def test_the_server_sees_every_line_send() -> None:
    _, lines = split(read().for_server())
    assert all("\r\na=sendonly\r\n" in line and "a=inactive" not in line for line in lines)


def test_silence_costs_nothing_on_the_microphone() -> None:
    _, lines = split(read().for_server())
    assert "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1\r\n" in lines[0]
    assert "usedtx" not in lines[3]


def test_each_opus_of_the_microphone_is_told_once() -> None:
    more = "a=rtpmap:112 opus/48000/2\r\na=rtpmap:113 opus/48000\r\na=fmtp:113 usedtx=0\r\n"
    _, lines = split(read(OFFER.replace("a=rtpmap:111 ", more + "a=rtpmap:111 ", 1)).for_server())
    told = [line for line in lines[0].split("\r\n") if line.startswith("a=fmtp:11")]
    assert sorted(told) == [
        "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1",
        "a=fmtp:112 useinbandfec=1;usedtx=1",
        "a=fmtp:113 usedtx=0",
    ]


def test_the_browser_is_told_which_lines_it_may_use() -> None:
    _, offered = split(OFFER)
    answer = split(OFFER)[0] + "".join(
        line.replace("a=inactive", "a=recvonly").replace("a=sendonly", "a=recvonly") for line in offered
    )
    _, lines = split(read().for_client(answer, [Source.CAMERA], 2_500_000))
    assert ["a=recvonly" in line for line in lines] == [False, True, False, False]
    assert ["a=inactive" in line for line in lines] == [True, False, True, True]
    assert lines[1].split("\r\n")[1:4] == ["c=IN IP4 0.0.0.0", "b=AS:2500", "b=TIAS:2500000"]
    assert "b=AS" not in lines[0]


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        ("", "sdp"),
        ("hello", "sdp"),
        (split(OFFER)[0], "sdp"),
        (OFFER + split(OFFER)[1][1].replace("a=mid:1", "a=mid:4"), "sdp"),
        (split(OFFER)[0] + "".join(split(OFFER)[1][:3]), "sdp"),
        (split(OFFER)[0] + "".join(reversed(split(OFFER)[1])), "streams"),
        (OFFER.replace("m=audio 9 UDP/TLS/RTP/SAVPF 111 63", "m=application 9 UDP/DTLS/SCTP x", 1), "sdp"),
        (OFFER.replace("a=mid:3", "a=mid:0"), "sdp"),
        (OFFER.replace("a=mid:3\r\n", ""), "sdp"),
        (OFFER.replace("a=mid:3", "a=mid:7"), "streams"),
        (OFFER.replace("m=video 9", "m=video 0"), "sdp"),
        (OFFER.replace("a=sendonly", "a=sendonly\r\na=inactive"), "sdp"),
        (OFFER.replace("RTP/SAVPF", "RTP/AVP"), "sdp"),
        (OFFER + "a=rtpmap:96 opus/48000/2\r\n" * 101, "sdp"),
        (OFFER + "a=x:" + "x" * LARGEST_OFFER, "sdp"),
    ],
)
def test_offers_with_other_lines_are_refused(broken: str, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        read(broken)
    assert caught.value.path == field


@pytest.mark.parametrize(
    "streams",
    [
        [],
        STREAMS[:3],
        [*STREAMS, StreamLine("4", "camera")],
        [STREAMS[0], *STREAMS],
        [*STREAMS[:1], StreamLine("1", "screen"), StreamLine("2", "camera"), STREAMS[3]],
        [*STREAMS[:3], StreamLine("9", "screen-audio")],
    ],
)
def test_streams_that_name_other_lines_are_refused(streams: list[StreamLine]) -> None:
    with pytest.raises(Invalid) as caught:
        read_publish_offer(OFFER, streams)
    assert caught.value.path == "streams"


@pytest.mark.parametrize(
    "twice",
    [
        OFFER.replace("a=mid:0\r\n", "a=MID:1\r\na=mid:0\r\n"),
        OFFER.replace("a=mid:0\r\n", "a=mid:1\r\r\na=mid:0\r\n"),
    ],
    ids=["in capitals", "behind a stray carriage return"],
)
def test_a_line_has_no_second_mid_that_another_reader_would_take(twice: str) -> None:
    assert twice != OFFER
    with pytest.raises(Invalid):
        read(twice)

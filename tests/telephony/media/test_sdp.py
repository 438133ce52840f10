"""Descriptions: what is read of a phone's, a browser's and a broken one, and what is made of them."""

from __future__ import annotations

import pytest

from switchroom.telephony.media import sdp
from switchroom.telephony.media.codecs import G722, G729, OPUS, PCMA, PCMU, best, between, known
from switchroom.telephony.media.sdp import Direction, SdpError

PHONE = (
    "v=0\r\no=- 7 3 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\na=sendonly\r\n"
    "m=audio 4000 RTP/AVP 9 8 18 96 13\r\na=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-15\r\n"
    "a=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\nm=video 4002 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\n"
    "a=inactive\r\n"
)
BROWSER = (
    "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 9 0 8 13 110 126\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:111 opus/48000/2\r\n"
    "a=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:110 telephone-event/48000\r\n"
    "a=rtpmap:126 telephone-event/8000\r\na=ssrc:5 cname:a\r\na=fingerprint:sha-256 00\r\na=sendrecv\r\n"
)


def test_a_phone_is_read() -> None:
    audio = sdp.read(PHONE)
    assert (audio.address, audio.port, audio.direction) == ("192.0.2.1", 4000, Direction.SEND)
    assert [codec.name for codec in audio.codecs] == ["G722", "PCMA", "G729", "telephone-event"]
    assert (audio.is_browser, audio.is_encrypted, audio.event_payload()) == (False, False, 96)


def test_a_browser_is_read_with_the_events_of_each_clock_rate() -> None:
    audio = sdp.read(BROWSER)
    assert (audio.is_browser, audio.is_encrypted) == (True, True)
    assert [codec.encoding for codec in known(audio.codecs)] == [
        "opus/48000/2", "G722/8000", "PCMU/8000", "PCMA/8000",
    ]  # fmt: skip
    assert (audio.event_payload(48000), audio.event_payload(8000)) == (110, 126)


_KEY = "inline:" + "A" * 40


@pytest.mark.parametrize(
    ("line", "has_keys"),
    [
        (f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 {_KEY}", True),
        (f"a=crypto:1 AES_CM_128_HMAC_SHA1_32 {_KEY}|2^20|1:4 KDR=1", True),
        (f"a=crypto:2 AEAD_AES_256_GCM {_KEY}{'B' * 19}=", True),
        (
            f"a=crypto:1 NULL_HMAC_SHA1_80 {_KEY}\r\na=crypto:2 AES_256_CM_HMAC_SHA1_80 {_KEY}{'B' * 22}==",
            True,
        ),
        ("", False),
        ("a=fingerprint:sha-256 00", False),
        (f"a=crypto:1 NULL_HMAC_SHA1_80 {_KEY}", False),
        (f"a=crypto:1 F8_128_HMAC_SHA1_80 {_KEY}", False),
        (f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 {_KEY} UNENCRYPTED_SRTP", False),
        ("a=crypto:1 AES_CM_128_HMAC_SHA1_80", False),
        (f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 {_KEY}AA", False),
        (f"a=crypto:1 AEAD_AES_128_GCM {_KEY}", False),
        ("a=crypto:1 AES_CM_128_HMAC_SHA1_80 uri:" + "x" * 9_000, False),
        (f"m=video 1 RTP/SAVP 99\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 {_KEY}", False),
    ],
)
def test_keys_for_encryption_are_found(line: str, has_keys: bool) -> None:
    plain = _CALL.format(port=9, payloads=8, attribute=f"{line}\r\n")
    assert sdp.read(plain.replace("RTP/AVP", "RTP/SAVP")).has_no_keys is not has_keys
    assert not sdp.read(plain).has_no_keys


def test_a_browser_has_a_fingerprint() -> None:
    assert not sdp.read(BROWSER).has_no_keys
    assert sdp.read(BROWSER.replace("a=fingerprint", "a=x")).has_no_keys
    of_all = BROWSER.replace("a=fingerprint", "a=x").replace("t=0 0", "t=0 0\r\na=fingerprint:sha-256 00")
    assert not sdp.read(of_all).has_no_keys


@pytest.mark.parametrize(
    ("said", "meant"),
    [("sendrecv", Direction.SEND), ("recvonly", Direction.NONE), ("inactive", Direction.NONE)],
)
def test_an_address_of_zeros_says_hold(said: str, meant: Direction) -> None:
    held = PHONE.replace("c=IN IP4 192.0.2.1", "c=IN IP4 0.0.0.0").replace("a=sendonly", f"a={said}")
    assert sdp.read(held).direction is meant


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "hello",
        PHONE.replace("m=audio", "m=text"),
        PHONE.replace("c=IN IP4 192.0.2.1\r\n", ""),
        PHONE.replace("m=audio 4000", "m=audio 70000"),
        PHONE.replace("m=audio 4000", "m=audio x"),
        PHONE + "a=x\r\n" * 10000,
    ],
)
def test_what_has_no_audio_line_that_can_be_used_is_an_error(broken: str) -> None:
    with pytest.raises(SdpError):
        sdp.read(broken)


def test_what_was_not_chosen_is_taken_out_of_the_audio_line_alone() -> None:
    kept = sdp.only(PHONE, [8, 96])
    assert [codec.payload for codec in sdp.read(kept).codecs] == [8, 96]
    assert "annexb" not in kept
    assert "a=rtpmap:99 H264/90000\r\n" in kept
    assert sdp.read(sdp.at(kept, "192.0.2.9", 5000)).port == 5000
    assert sdp.read(sdp.at(kept, "192.0.2.9", 5000)).address == "192.0.2.9"


def test_a_source_is_named_in_a_new_offer_and_taken_out_of_the_next() -> None:
    named = sdp.offered_again(BROWSER.replace("a=sendrecv", "a=setup:active\r\na=sendrecv"), 4711)
    assert "o=- 1 3 IN" in named
    assert "a=ssrc:5 " not in named
    assert "a=setup:actpass\r\n" in named
    assert named.endswith("a=sendrecv\r\na=ssrc:4711 cname:switchroom\r\n")
    again = sdp.offered_again(named)
    assert "ssrc" not in again
    assert "o=- 1 4 IN" in again


def test_a_core_side_is_read_as_it_was_written() -> None:
    written = sdp.core("127.0.0.1", 9, [PCMA, OPUS], direction=Direction.NONE)
    audio = sdp.read(written)
    assert (audio.port, list(audio.codecs), audio.direction) == (9, [PCMA, OPUS], Direction.NONE)


def test_codecs_are_chosen_by_what_they_cost() -> None:
    assert best([OPUS, PCMU, PCMA]) == PCMA
    assert best([G729]) == G729
    assert best([]) is None
    assert between(OPUS, OPUS) == OPUS
    assert between(OPUS, G722) == G722
    assert between(G722, PCMU) == PCMU


@pytest.mark.parametrize(
    ("payloads", "attribute"),
    [
        ("0 \u00b2", ""),
        ("0 \u0663", ""),
        ("0 " + "9" * 5000, ""),
        ("0", "a=rtpmap:" + "9" * 5000 + " PCMU/8000\r\n"),
        ("0", "a=rtpmap:0 PCMU/" + "9" * 5000 + "\r\n"),
        ("0", "a=rtpmap:0 PCMU/8000/" + "9" * 5000 + "\r\n"),
        ("0", "a=fmtp:" + "9" * 5000 + " x\r\n"),
    ],
)
def test_numbers_that_are_none_are_passed_over(payloads: str, attribute: str) -> None:
    """Python reads digits of every script, some of them not as numbers, and no number of 5,000 digits."""
    found = sdp.read(_CALL.format(port="9", payloads=payloads, attribute=attribute))
    assert [codec.payload for codec in found.codecs] == [0]
    assert sdp.only(_CALL.format(port="9", payloads=payloads, attribute=attribute), {0})


def test_a_port_of_many_digits_is_none() -> None:
    with pytest.raises(SdpError):
        sdp.read(_CALL.format(port="9" * 5000, payloads="0", attribute=""))


def test_a_version_of_many_digits_stays() -> None:
    text = _CALL.format(port="9", payloads="0", attribute="").replace("o=- 1 1", "o=- 1 " + "9" * 5000)
    assert sdp.next_version(text) == text


_CALL = (
    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP {payloads}\r\n{attribute}"
)

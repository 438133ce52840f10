"""ICE candidates of a Janus server: the addresses at which it tells browsers to send media (RFC 8839,
section 5.1)."""

from __future__ import annotations

import secrets

from msgspec import Struct

from switchroom.engines.janus.client import JanusClient
from switchroom.engines.janus.videoroom import RoomOptions, VideoRoom

_LEAST_FIELDS = 8
"""`foundation component transport priority address port "typ" kind`."""

_OFFER = "\r\n".join((
    "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111", "c=IN IP4 0.0.0.0",
    "a=ice-ufrag:abcd", "a=ice-pwd:abcdefghijklmnopqrstuvwx",
    "a=fingerprint:sha-256 " + ":".join(["00"] * 32), "a=setup:actpass",
    "a=mid:0", "a=sendonly", "a=rtcp-mux", "a=rtpmap:111 opus/48000/2", "",
))  # fmt: skip
"""Offer that nobody stands behind: no connection comes of it."""


class Candidate(Struct, frozen=True):
    """An address, and how Janus knows it: `host`, `srflx` (a STUN server told it) or `relay`."""

    address: str
    kind: str


async def announced(client: JanusClient) -> list[Candidate]:
    """Candidates in Janus's answer to an offer. A room is made for it that nobody else can enter and that
    ends with the answer. Raises JanusError."""
    room = await VideoRoom.create(client, secrets.token_hex(16), RoomOptions(publishers=1))
    try:
        publisher = await room.publisher(
            "candidates", on_up=lambda: None, on_down=lambda _: None, on_talking=lambda _, __: None
        )
        try:
            return candidates_in(await publisher.publish(_OFFER))
        finally:
            await publisher.close()
    finally:
        await room.destroy()


def candidates_in(sdp: str) -> list[Candidate]:
    """The candidates of a session description, each address once."""
    lines = (line.removeprefix("a=candidate:").split() for line in sdp.splitlines() if "candidate:" in line)
    found = (Candidate(line[4], line[7]) for line in lines if len(line) >= _LEAST_FIELDS)
    return list(dict.fromkeys(found))

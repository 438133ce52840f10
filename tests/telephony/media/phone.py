"""A telephone of RTP alone: sends a tone, and tells by the spectrum which tones it hears."""

from __future__ import annotations

import asyncio
import math
import random
import struct
import time
from collections.abc import Iterable
from typing import cast

TONES = (400, 550, 700, 900, 1200)
"""Frequencies that are looked for; multiples of 50 Hz, of which none is another's overtone."""

RATE = 8000
PACKET = 160
WINDOW = 1600
"""Samples that are looked at: 0.2 s."""

_KEYS = "0123456789*#ABCD"


def _from_ulaw(code: int) -> int:
    code = ~code & 0xFF
    value = ((((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
    return -value if code & 0x80 else value


def _from_alaw(code: int) -> int:
    code ^= 0x55
    exponent, mantissa = (code & 0x70) >> 4, (code & 0x0F) << 4
    value = mantissa + 8 if exponent == 0 else (mantissa + 0x108) << (exponent - 1)
    return value if code & 0x80 else -value


LAWS = {0: [_from_ulaw(code) for code in range(256)], 8: [_from_alaw(code) for code in range(256)]}
NAMES = {0: "PCMU", 8: "PCMA"}


def _encoded(samples: Iterable[int], payload: int) -> bytes:
    law = sorted((value, code) for code, value in enumerate(LAWS[payload]))
    values = [value for value, _ in law]
    found = bytearray()
    for sample in samples:
        low, high = 0, len(values) - 1
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if values[middle] < sample else (low, middle)
        found.append(law[low][1])
    return bytes(found)


def _strength(samples: list[int], frequency: int) -> float:
    """How much of the frequency there is in the samples (Goertzel), 1.0 for a tone of amplitude 32768."""
    factor = 2 * math.cos(2 * math.pi * frequency / RATE)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + factor * last - before
    power = before * before + last * last - factor * before * last
    return math.sqrt(max(power, 0)) / (len(samples) / 2) / 32768


class Phone(asyncio.DatagramProtocol):
    """One telephone on loopback, in G.711. It answers and offers by `description`, and sends to where
    `connect` says as long as it is `talking`."""

    def __init__(self, tone: int, payload: int = 8, event_payload: int = 101) -> None:
        self.tone = tone
        self.payload = payload
        self.event_payload = event_payload
        self.talking = True
        self.keys: list[str] = []
        self.payloads: set[int] = set()
        self.port = 0
        self.received = 0
        self._samples: list[int] = []
        self._heard_at = 0.0
        self._to: tuple[str, int] | None = None
        self._sequence = random.randrange(1000)
        self._stamp = random.randrange(100000)
        self._ssrc = random.randrange(2**32)
        self._frames = [
            _encoded(
                (round(9000 * math.sin(2 * math.pi * tone * at / RATE)) for at in range(PACKET)), payload
            )
        ]
        self._transport: asyncio.DatagramTransport | None = None
        self._sending: asyncio.Task[None] | None = None
        self._last_key = -1

    @classmethod
    async def ring(cls, tone: int, payload: int = 8, event_payload: int = 101) -> Phone:
        """A phone with a port of its own."""
        phone = cls(tone, payload, event_payload)
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: phone, local_addr=("127.0.0.1", 0)
        )
        phone.port = transport.get_extra_info("sockname")[1]
        return phone

    def description(self, direction: str = "sendrecv", *others: int) -> str:
        """What the phone offers or answers, with further payload types of G.711 behind its own."""
        payloads = [self.payload, *others, self.event_payload]
        maps = "".join(f"a=rtpmap:{one} {NAMES[one]}/8000\r\n" for one in payloads[:-1])
        return (
            f"v=0\r\no=phone 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {self.port} RTP/AVP {' '.join(map(str, payloads))}\r\n{maps}"
            f"a=rtpmap:{self.event_payload} telephone-event/8000\r\na=fmtp:{self.event_payload} 0-15\r\n"
            f"a={direction}\r\na=ptime:20\r\n"
        )

    def connect(self, port: int) -> None:
        """Send to this port of loopback from now on."""
        self._to = ("127.0.0.1", port)
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())

    def close(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
        if self._transport is not None:
            self._transport.close()

    def press(self, key: str) -> None:
        """Press a key for 100 ms (RFC 4733)."""
        event = _KEYS.index(key)
        for turn in range(8):
            ended = turn >= 5
            duration = 160 * min(turn + 1, 5)
            self._packet(
                self.event_payload, struct.pack("!BBH", event, 0x80 * ended | 10, duration), marker=turn == 0
            )
        self._stamp += 800

    def tones(self) -> set[int]:
        """The tones in what has come in during the last 0.2 s."""
        samples = self._samples[-WINDOW:]
        if len(samples) < WINDOW or time.monotonic() - self._heard_at > 0.1:
            return set()
        return {tone for tone in TONES if _strength(samples, tone) > 0.02}

    async def hears(self, *tones: int, limit: float = 5.0) -> None:
        """Wait until the phone hears these tones and no others, for half a second without a break."""
        since: float | None = None
        end = time.monotonic() + limit
        while True:
            now = time.monotonic()
            since = (since or now) if self.tones() == set(tones) else None
            if since is not None and now - since >= 0.5:
                return
            assert now < end, f"{self.tone} hears {self.tones()}, not {set(tones)}"
            await asyncio.sleep(0.05)

    async def _send(self) -> None:
        begin = time.monotonic()
        turn = 0
        while True:
            if self.talking:
                self._packet(self.payload, self._frames[0])
            self._stamp += PACKET
            turn += 1
            await asyncio.sleep(max(0.0, begin + turn * 0.02 - time.monotonic()))

    def _packet(self, payload: int, data: bytes, *, marker: bool = False) -> None:
        assert self._transport is not None
        assert self._to is not None
        self._sequence = self._sequence + 1 & 0xFFFF
        head = struct.pack(
            "!BBHII", 0x80, marker << 7 | payload, self._sequence, self._stamp & 0xFFFFFFFF, self._ssrc
        )
        self._transport.sendto(head + data, self._to)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        payload = data[1] & 0x7F
        self.received += 1
        self.payloads.add(payload)
        if payload in LAWS:
            law = LAWS[payload]
            self._samples += [law[code] for code in data[12:]]
            del self._samples[: -2 * WINDOW]
            self._heard_at = time.monotonic()
        elif payload == self.event_payload and data[13] & 0x80:
            stamp: int = struct.unpack("!I", data[4:8])[0]
            if stamp != self._last_key:
                self._last_key = stamp
                self.keys.append(_KEYS[data[12]])

"""A telephone of RTP alone: sends a tone, and tells by the spectrum which tones it hears.

It speaks G.711, G.729 by the library that rtpengine has, and Opus under every dynamic payload type by that
of Janus.
"""

from __future__ import annotations

import asyncio
import ctypes
import math
import random
import struct
import time
from collections.abc import Iterable
from typing import cast

from switchroom.telephony.media import sdp

TONES = (400, 550, 700, 900, 1200)
"""Frequencies that are looked for; multiples of 50 Hz, of which none is another's overtone."""

RATE = 8000
PACKET = 160
WINDOW = 1600
"""Samples that are looked at: 0.2 s."""

HEARD = 8000
"""Samples that must hold a tone for it to be heard: 1 s. A note of the music on hold lasts 0.6 s."""

KEPT = 60 * RATE
"""Samples that are kept: longer than a process of a busy machine waits for its turn."""

_QUIET = 10_000
"""Mean square of the samples of silence, at most."""

KEY_PACKETS = 5
"""Packets of a key, before the last is repeated."""

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


class Opus:
    """A coder and decoder of Opus, one channel, 20 ms at 8000 Hz."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libopus.so.0")
        error = ctypes.c_int()
        for name in ("opus_encoder_create", "opus_decoder_create"):
            getattr(self._library, name).restype = ctypes.c_void_p
        voice = 2048
        self._coder = ctypes.c_void_p(self._library.opus_encoder_create(RATE, 1, voice, ctypes.byref(error)))
        self._decoder = ctypes.c_void_p(self._library.opus_decoder_create(RATE, 1, ctypes.byref(error)))

    def encode(self, samples: list[int]) -> bytes:
        pcm, data = (ctypes.c_int16 * len(samples))(*samples), (ctypes.c_ubyte * 1500)()
        length: int = self._library.opus_encode(self._coder, pcm, len(samples), data, len(data))
        assert length > 0
        return bytes(data[:length])

    def decode(self, data: bytes) -> list[int]:
        pcm = (ctypes.c_int16 * 960)()
        count: int = self._library.opus_decode(self._decoder, data, len(data), pcm, len(pcm), 0)
        return list(pcm[: max(count, 0)])


class G729:
    """A coder and decoder of G.729, 20 ms in two frames, without silence suppression (annex B)."""

    SAMPLES, BYTES = 80, 10
    """Of a frame."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libbcg729.so.0")
        for name in ("initBcg729EncoderChannel", "initBcg729DecoderChannel"):
            getattr(self._library, name).restype = ctypes.c_void_p
        self._coder = ctypes.c_void_p(self._library.initBcg729EncoderChannel(0))
        self._decoder = ctypes.c_void_p(self._library.initBcg729DecoderChannel())

    def encode(self, samples: list[int]) -> bytes:
        data, length = bytearray(), ctypes.c_uint8()
        frame = (ctypes.c_uint8 * self.BYTES)()
        for at in range(0, len(samples), self.SAMPLES):
            pcm = (ctypes.c_int16 * self.SAMPLES)(*samples[at : at + self.SAMPLES])
            self._library.bcg729Encoder(self._coder, pcm, frame, ctypes.byref(length))
            assert length.value == self.BYTES
            data += bytes(frame)
        return bytes(data)

    def decode(self, data: bytes) -> list[int]:
        samples: list[int] = []
        pcm = (ctypes.c_int16 * self.SAMPLES)()
        for at in range(0, len(data) - self.BYTES + 1, self.BYTES):
            frame = (ctypes.c_uint8 * self.BYTES)(*data[at : at + self.BYTES])
            self._library.bcg729Decoder(self._decoder, frame, self.BYTES, 0, 0, 0, pcm)
            samples += pcm
        return samples


LAWS = {0: [_from_ulaw(code) for code in range(256)], 8: [_from_alaw(code) for code in range(256)]}
NAMES = {0: "PCMU", 8: "PCMA", 18: "G729"}


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


def _clock(payload: int) -> int:
    return RATE if payload in NAMES else 48000


def strength(samples: list[int], frequency: int) -> float:
    """How much of the frequency there is in the samples (Goertzel), 1.0 for a tone of amplitude 32768."""
    factor = 2 * math.cos(2 * math.pi * frequency / RATE)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + factor * last - before
    power = before * before + last * last - factor * before * last
    return math.sqrt(max(power, 0)) / (len(samples) / 2) / 32768


def _tones_in(samples: list[int]) -> set[int]:
    return {tone for tone in TONES if strength(samples, tone) > 0.02}


class Phone(asyncio.DatagramProtocol):
    """One telephone on loopback, in one codec. It answers and offers by `description`, and sends to where
    `connect` says as long as it is `talking`. `events` are its telephone-events, payload types by clock
    rates; it presses keys with the first."""

    def __init__(
        self, tone: int, payload: int = 8, events: dict[int, int] | None = None, packet_time: int = 20
    ) -> None:
        self.tone = tone
        self.payload = payload
        self.events = {RATE: 101} if events is None else events
        self.talking = True
        self.keys: list[str] = []
        self.payloads: set[int] = set()
        self.lengths: set[int] = set()
        """Bytes of sound in the packets that came."""
        self.port = 0
        self.received = 0
        self._samples: list[int] = []
        self._heard = 0
        self._heard_at = 0.0
        self._to: tuple[str, int] | None = None
        self._sequence = random.randrange(1000)
        self._stamp = random.randrange(100000)
        self._ssrc = random.randrange(2**32)
        self._packet_time = packet_time
        self._coder = G729() if NAMES.get(payload) == "G729" else Opus()
        wave = [
            round(9000 * math.sin(2 * math.pi * tone * at / RATE)) for at in range(RATE * packet_time // 1000)
        ]
        self._frames = (
            [_encoded(wave, payload)]
            if payload in LAWS
            else [self._coder.encode(wave) for _ in range(50)]  # a coder remembers
        )
        self.host = "127.0.0.1"
        self._transport: asyncio.DatagramTransport | None = None
        self._sending: asyncio.Task[None] | None = None
        self._last_key = -1
        self._pressed: list[str] = []

    @classmethod
    async def ring(
        cls,
        tone: int,
        payload: int = 8,
        events: dict[int, int] | None = None,
        packet_time: int = 20,
        host: str = "127.0.0.1",
    ) -> Phone:
        """A phone with a port of its own."""
        phone = cls(tone, payload, events, packet_time)
        phone.host = host
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: phone, local_addr=(host, 0)
        )
        phone.port = transport.get_extra_info("sockname")[1]
        return phone

    def description(self, direction: str = "sendrecv", *others: int) -> str:
        """What the phone offers or answers, with further payload types of speech behind its own."""
        speech = [self.payload, *others]
        maps = [f"a=rtpmap:{one} {NAMES.get(one, 'opus')}/{_clock(one)}" for one in speech]
        maps = [line + ("/2" if line.endswith("opus/48000") else "") for line in maps]
        for rate, payload in self.events.items():
            maps += [f"a=rtpmap:{payload} telephone-event/{rate}", f"a=fmtp:{payload} 0-15"]
        payloads = " ".join(str(one) for one in (*speech, *self.events.values()))
        family = "IP6" if ":" in self.host else "IP4"
        lines = [
            "v=0",
            f"o=phone 1 1 IN {family} {self.host}",
            "s=-",
            f"c=IN {family} {self.host}",
            "t=0 0",
            f"m=audio {self.port} RTP/AVP {payloads}",
            *maps,
            f"a={direction}",
            f"a=ptime:{self._packet_time}",
            "",
        ]
        return "\r\n".join(lines)

    def answer(self, offer: str) -> str:
        """What the phone answers to an offer that it takes the payload types from, as most phones do."""
        audio = sdp.read(offer)
        for codec in audio.codecs:
            if codec.name == "opus" and self.payload not in NAMES:
                self.payload = codec.payload
        offered = {one.rate: one.payload for one in audio.codecs if one.name == "telephone-event"}
        self.events = {rate: offered[rate] for rate in self.events if rate in offered}
        return self.description()

    def connect(self, port: int) -> None:
        """Send to this port of loopback from now on."""
        self._to = (self.host, port)
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())

    def close(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
        if self._transport is not None:
            self._transport.close()

    def press(self, key: str) -> None:
        """Press a key for 100 ms (RFC 4733), in the place of speech."""
        self._pressed.append(key)

    def tones(self) -> set[int]:
        """The tones in what has come in during the last 0.2 s."""
        samples = self._samples[-WINDOW:]
        if len(samples) < WINDOW or time.monotonic() - self._heard_at > 0.1:
            return set()
        return _tones_in(samples)

    async def hears(self, *tones: int, limit: float = 40.0) -> None:
        """Wait until the phone hears these tones and no others: in a second of sound that comes
        from now on, however slowly. To hear nothing is to hear none for half a second of time."""
        quiet_since: float | None = None
        begin = at = self._heard
        alike = 0
        end = time.monotonic() + limit
        while True:
            now = time.monotonic()
            if tones:
                # All of it, also what has come while this task had no turn.
                while self._heard - at >= WINDOW:
                    alike = alike + WINDOW if _tones_in(self._heard_after(at)) == set(tones) else 0
                    at += WINDOW
                    if alike >= HEARD:
                        return
            else:
                quiet_since = None if self.tones() else quiet_since or now
                if quiet_since is not None and now - quiet_since >= 0.5:
                    return
            came = (self._heard - begin) / RATE
            assert now < end, f"{self.tone} hears {self.tones()}, not {set(tones)}, in {came:.1f} s of sound"
            await asyncio.sleep(0.05)

    async def hears_other_than(self, tone: int, limit: float = 40.0) -> None:
        """Wait until the phone hears something else than a tone, be it speech, for 0.4 s of sound."""
        at, others = self._heard, 0
        end = time.monotonic() + limit
        while others < 2:
            assert time.monotonic() < end, f"{self.tone} hears {self.tones()} and nothing else"
            while self._heard - at >= WINDOW and others < 2:
                samples = self._heard_after(at)
                at += WINDOW
                energy = sum(one * one for one in samples) / WINDOW
                share = (strength(samples, tone) * 32768) ** 2 / 2 / energy if energy else 0.0
                others = others + 1 if energy > _QUIET and share < 0.3 else 0
            await asyncio.sleep(0.05)

    def _heard_after(self, at: int) -> list[int]:
        """The 0.2 s of sound that came after so many samples."""
        place = max(len(self._samples) - (self._heard - at), 0)
        return self._samples[place : place + WINDOW]

    async def _send(self) -> None:
        begin = time.monotonic()
        turn = key_turn = 0
        key_stamp = 0
        while True:
            if self._pressed:
                key_stamp = self._stamp if key_turn == 0 else key_stamp
                key_turn += 1
                self._key(self._pressed[0], key_stamp, key_turn)
                if key_turn == KEY_PACKETS:
                    key_turn = 0
                    self._pressed.pop(0)
            elif self.talking:
                self._packet(self.payload, self._frames[turn % len(self._frames)], self._stamp)
            self._stamp += _clock(self.payload) * self._packet_time // 1000
            turn += 1
            await asyncio.sleep(max(0.0, begin + turn * self._packet_time / 1000 - time.monotonic()))

    def _key(self, key: str, stamp: int, turn: int) -> None:
        """One packet of a key; the last is sent three times."""
        rate, payload = next(iter(self.events.items()))
        ended = turn == KEY_PACKETS
        event = struct.pack(
            "!BBH", _KEYS.index(key), 0x80 * ended | 10, rate * self._packet_time // 1000 * turn
        )
        for _ in range(3 if ended else 1):
            self._packet(payload, event, stamp, marker=turn == 1)

    def _packet(self, payload: int, data: bytes, stamp: int, *, marker: bool = False) -> None:
        assert self._transport is not None
        assert self._to is not None
        self._sequence = self._sequence + 1 & 0xFFFF
        head = struct.pack(
            "!BBHII", 0x80, marker << 7 | payload, self._sequence, stamp & 0xFFFFFFFF, self._ssrc
        )
        self._transport.sendto(head + data, self._to)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        payload = data[1] & 0x7F
        self.received += 1
        self.payloads.add(payload)
        if payload == self.payload or payload in LAWS:
            law = LAWS.get(payload)
            samples = [law[code] for code in data[12:]] if law else self._coder.decode(data[12:])
            self._samples += samples
            self._heard += len(samples)
            if len(self._samples) > 2 * KEPT:
                del self._samples[:-KEPT]
            self._heard_at = time.monotonic()
            self.lengths.add(len(data) - 12)
        elif payload in self.events.values() and data[13] & 0x80:
            stamp: int = struct.unpack("!I", data[4:8])[0]
            if stamp != self._last_key:
                self._last_key = stamp
                self.keys.append(_KEYS[data[12]])

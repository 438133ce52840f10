"""Attacks the SIP parser with changed messages: `python -m fuzz.sip --messages 1000000 --seed 1`."""

from __future__ import annotations

import argparse
import random
import sys
import time
from pathlib import Path

from msgspec import Struct

from switchroom.engines.sip.errors import SipError
from switchroom.engines.sip.message import Request, response_to
from switchroom.engines.sip.parser import MOST_FIELDS, ParseError, parse

CORPUS = Path(__file__).parent.parent / "tests" / "sip"
SLOWEST = 0.05
"""Seconds of processor time that a message may take."""

_PIECES = (
    b"\r\n", b"\r\n ", b"\r\n\r\n", b"\n", b"\0", b'"', b"\\", b"<", b">", b",", b";", b":", b"@", b"=",
    b"%", b"%00", b"(", b")", b"[", b"]", b"?", b" ", b"\t", b"\xff", b"\xc3\x28", b"\xed\xa0\x80",
    "\u202e".encode(), b"-1", b"99999999999999999999", b"SIP/2.0", b"z9hG4bK", b"sip:", b"tel:", b"Via: ",
    b"v:", b"CSeq: 1 ACK", b";tag=", b"Content-Length: ", b"Contact: *", b";branch=", b"INVITE", b"ACK",
)  # fmt: skip


class Tally(Struct):
    """What came of the messages: how many were read and refused, the slowest in seconds of processor time."""

    read: int = 0
    refused: int = 0
    slowest: float = 0.0
    slowest_message: bytes = b""


def corpus() -> list[bytes]:
    """The messages that are changed: those of RFC 4475 and recorded ones."""
    return [path.read_bytes() for path in sorted(CORPUS.glob("*/*.dat"))]


def mutated(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """The message with up to six changes: bytes and lines put in, taken away, repeated, exchanged."""
    for _ in range(chance.choice((1, 1, 1, 2, 6))):
        place = chance.randint(0, len(data))
        way = chance.randrange(8)
        if way == 0:
            data = data[:place] + bytes([chance.randrange(256)]) + data[place + 1 :]
        elif way == 1:
            data = data[:place] + chance.choice(_PIECES) + data[place + chance.choice((0, 1, 8)) :]
        elif way == 2:
            data = data[:place] + data[place + chance.randint(1, 60) :]
        elif way == 3:
            data = data[:place] + chance.choice(_PIECES) * chance.choice((2, 50, 2000)) + data[place:]
        elif way == 4:
            data = data[:place]
        elif way == 5:
            data = data[:place] + other[chance.randint(0, len(other)) :]
        else:
            data = _with_other_lines(data, other, chance)
    return data[:65507]


def _with_other_lines(data: bytes, other: bytes, chance: random.Random) -> bytes:
    lines, others = data.split(b"\r\n"), other.split(b"\r\n")
    place = chance.randrange(len(lines))
    way = chance.randrange(4)
    if way == 0:
        lines[place] = chance.choice(others)
    elif way == 1:
        lines.insert(place, chance.choice(others))
    elif way == 2:
        lines[place:place] = [lines[place]] * chance.choice((1, 10, 300))
    else:
        del lines[place]
    return b"\r\n".join(lines)


def attack(messages: int, seed: int) -> Tally:
    """Read so many changed messages, and write again what could be read. What the parser should not raise is
    raised, with the message as its note."""
    chance, tally = random.Random(seed), Tally()
    originals = corpus()
    for _ in range(messages):
        data = mutated(chance.choice(originals), chance.choice(originals), chance)
        try:
            took = _seconds(data, tally)
            # A collection of garbage may have come, for example: one that is slow is so each time.
            tries = [took, *(_seconds(data, Tally()) for _ in range(2 if took > SLOWEST else 0))]
        except Exception as error:
            error.add_note(repr(data))
            raise
        if min(tries) > tally.slowest:
            tally.slowest, tally.slowest_message = min(tries), data
    return tally


def _seconds(data: bytes, tally: Tally) -> float:
    """The processor time that a message takes."""
    started = time.thread_time()
    _one(data, tally)
    return time.thread_time() - started


def _one(data: bytes, tally: Tally) -> None:
    try:
        message = parse(data)
    except ParseError:
        tally.refused += 1
        return
    tally.read += 1
    if len(message.headers) < MOST_FIELDS:  # one more is written: Content-Length
        parse(bytes(message))
    for name in ("Contact", "Route", "Record-Route", "Supported"):
        try:
            message.headers.values(name)
        except SipError:
            pass
    if isinstance(message, Request):
        parse(bytes(response_to(message, 200, to_tag="tag")))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz.sip", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000, help="how many are read")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of what is tried")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    tally = attack(arguments.messages, arguments.seed)
    print(f"{tally.read} read, {tally.refused} refused, the slowest took {tally.slowest * 1000:.1f} ms")
    if tally.slowest > SLOWEST:
        print(repr(tally.slowest_message))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

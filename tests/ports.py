"""Ports for what a test starts."""

from __future__ import annotations

import itertools
import os
import random
import socket
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, TypedDict

from switchroom.settings import TelephonySettings

_FIRST, _ALL = 30_000, 2700
_EACH = _ALL // max(3, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
_OWN = _FIRST + _EACH * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_START = random.randrange(_EACH)
_NUMBERS = itertools.cycle([_OWN + (_START + number) % _EACH for number in range(_EACH)])


def free_port() -> int:
    """A port of this machine that nobody listens on, over TCP and UDP.

    It is none of those that the system gives to outgoing connections, nor of those for media, and each
    process of a test run has a range of its own: nobody takes it between this call and the start of the
    program that is to have it.
    """
    for number in itertools.islice(_NUMBERS, _EACH):
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            try:
                stream.bind(("127.0.0.1", number))
                datagrams.bind(("127.0.0.1", number))
            except OSError:
                continue
        return number
    raise OSError("no port is free")


class InnerSipPorts(TypedDict):
    """Ports by which a SIP server is reached from inside, as its configuration names them."""

    core_port: int
    web_port: int
    events_port: int
    trunks_port: int


def inner_sip_ports() -> InnerSipPorts:
    """Ports for a SIP server: one that it takes itself an outgoing connection may have at that moment."""
    return InnerSipPorts(
        core_port=free_port(), web_port=free_port(), events_port=free_port(), trunks_port=free_port()
    )


_MEDIA = range(10_000, 20_000, 400)


@contextmanager
def media_ports() -> Generator[range]:
    """400 UDP ports for one program that relays media, nobody else's while the block runs.

    rtpengine also takes a port that another rtpengine has, of the same test run or of one beside it, so a
    block is claimed by a TCP socket at its first port.
    """
    for first in _MEDIA:
        with socket.socket() as claim:
            try:
                claim.bind(("127.0.0.1", first))
            except OSError:
                continue
            yield range(first, first + _MEDIA.step)
            return
    raise OSError("no media ports are free")


@contextmanager
def telephones(**settings: Any) -> Generator[TelephonySettings]:
    """Settings of a platform with telephones at ports of its own."""
    with media_ports() as media:
        yield TelephonySettings(
            sip_port=free_port(), media_port_min=media.start, media_port_max=media.stop - 1, **settings
        )

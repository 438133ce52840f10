"""Ports for what a test starts."""

from __future__ import annotations

import itertools
import os
import random
import socket

_FIRST, _EACH = 10_000, 2_000
_OWN = _FIRST + _EACH * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_START = random.randrange(_EACH)
_NUMBERS = itertools.cycle([_OWN + (_START + number) % _EACH for number in range(_EACH)])


def free_port() -> int:
    """A port of this machine that nobody listens on, over TCP and UDP.

    It is none of those that the system gives to outgoing connections, and each process of a test run has a
    range of its own: nobody takes it between this call and the start of the program that is to have it.
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

"""Ports of this machine."""

from __future__ import annotations

import socket
from collections import deque

_given: deque[int] = deque(maxlen=500)
"""Ports given last, on which nobody may listen yet."""


def free_port(outside: range = range(0)) -> int:
    """A port of 127.0.0.1, not of the range `outside`, that nobody listens on now, neither on TCP nor on UDP.

    `outside` are the media ports of a program that takes a port which another has already: rtpengine and
    Kamailio both set SO_REUSEADDR, and of two such sockets the later one gets all datagrams.
    """
    while True:
        with socket.socket() as probe, socket.socket(type=socket.SOCK_DGRAM) as other:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
            if port in outside or port in _given:
                continue
            try:
                other.bind(("127.0.0.1", port))
            except OSError:
                continue
            _given.append(port)
            return port

"""Addresses that the server listens on."""

from __future__ import annotations

import socket

BACKLOG = 1024
"""Connections that wait to be accepted."""


class PortTakenError(Exception):
    """The address to listen on belongs to another program."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens, which several processes can accept connections from. Raises PortTakenError."""
    listener = socket.socket(_family(host), socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise _taken(host, port, error) from error
    return listener


def require_free(host: str, port: int) -> None:
    """Raises PortTakenError when the address cannot be listened on."""
    with socket.socket(_family(host), socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise _taken(host, port, error) from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _taken(host: str, port: int, error: OSError) -> PortTakenError:
    return PortTakenError(f"cannot listen on {host}:{port}: {error.strerror}")

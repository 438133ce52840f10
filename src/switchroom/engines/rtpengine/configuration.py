"""Command line of one rtpengine that this machine runs for itself.

Follows the manual page rtpengine(1) of version 10.5.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import Struct

from switchroom.engines.interfaces import keep_interfaces, kept_interfaces
from switchroom.engines.ports import free_port
from switchroom.engines.supervisor import ProcessError

PHONES = "phones"
"""Name of the interface that media of phones, browsers and carriers go over."""

CORE = "core"
"""Name of the interface between the legs of calls, and to the mixer: loopback, out of everybody's reach."""

ABANDONED_AFTER = 3600
"""Seconds without a packet after which rtpengine forgets a call that nobody has deleted. How long a call may
be silent is decided by the telephony worker, which knows whether the call is on hold."""


class RtpengineInterfaces(Struct, frozen=True):
    """Interfaces of an rtpengine of this machine, for the platform's processes: ports of loopback; and the
    family of its address for phones, `IP4` or `IP6`."""

    control_port: int
    event_port: int
    phones_family: str = "IP4"


def read_interfaces(directory: Path) -> RtpengineInterfaces | None:
    """Interfaces of the rtpengine that was configured last in this directory, None when none was."""
    return kept_interfaces(directory, RtpengineInterfaces)


class NoMediaPorts(ProcessError):
    """Media cannot come to the ports: others have them, or the address is not of this machine. The message
    names the setting."""


@dataclass(frozen=True, kw_only=True)
class RtpengineConfiguration:
    """Configuration: what differs from one installation to the next.

    `interfaces` are local addresses for phones, each `ADDRESS` or `ADDRESS!ADVERTISED`, at most one of IPv4
    and one of IPv6 being used for media without ICE. Media ports are UDP, from `rtp_port_min` to
    `rtp_port_max`, two a leg on each interface (RTP and RTCP). `control_port` is UDP (the ng protocol),
    `event_port` TCP, both on loopback. `log_level` is that of syslog, 7 the most.
    """

    control_port: int = field(default_factory=free_port)
    event_port: int = field(default_factory=free_port)
    interfaces: Sequence[str] = ("127.0.0.1",)
    rtp_port_min: int = 10000
    rtp_port_max: int = 19999
    threads: int = 2
    log_level: int = 4

    def write(self, directory: Path) -> None:
        """Make `directory` that of one rtpengine. Raises NoMediaPorts, OSError."""
        if problem := self.port_problem():
            raise NoMediaPorts(problem)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        family = "IP6" if ":" in self.interfaces[0].partition("!")[0] else "IP4"
        keep_interfaces(directory, RtpengineInterfaces(self.control_port, self.event_port, family))

    def port_problem(self) -> str:
        """Problem that keeps it from relaying, empty without one: the address is not of this machine, or
        other programs have most of its ports. rtpengine would start without an error, or take over the ports
        of another relay, and calls would fail. Some ports are always taken. A name that is not known is no
        problem here: rtpengine itself says so."""
        host = self.interfaces[0].partition("!")[0]
        try:
            family, _, _, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_DGRAM)[0]
        except OSError:
            return ""
        host = str(address[0])
        if _bind_error(family, host, 0) == errno.EADDRNOTAVAIL:
            return f"{host} is not an address of this machine; see telephony.listen"
        numbers = range(self.rtp_port_min, self.rtp_port_max + 1)
        taken = sum(_bind_error(family, host, number) != 0 for number in numbers)
        if taken <= len(numbers) // 2:
            return ""
        return (
            f"{taken} of the UDP ports {numbers[0]} to {numbers[-1]} are taken; see telephony.media_port_min"
        )

    def arguments(self, directory: Path) -> list[str]:
        """The arguments of a server that keeps what it writes in `directory`."""
        return [
            "--config-file=none",
            "--foreground",
            "--log-stderr",
            "--no-log-timestamps",
            f"--log-level={self.log_level}",
            "--table=-1",
            *(f"--interface={PHONES}/{interface}" for interface in self.interfaces),
            f"--interface={CORE}/127.0.0.1",
            f"--listen-ng=127.0.0.1:{self.control_port}",
            f"--listen-tcp-ng=127.0.0.1:{self.event_port}",
            "--dtmf-log-ng-tcp",
            f"--port-min={self.rtp_port_min}",
            f"--port-max={self.rtp_port_max}",
            f"--num-threads={self.threads}",
            f"--media-num-threads={self.threads}",
            "--poller-per-thread",
            f"--timeout={ABANDONED_AFTER}",
            f"--silent-timeout={ABANDONED_AFTER}",
            f"--offer-timeout={ABANDONED_AFTER}",
            "--delete-delay=0",
            "--endpoint-learning=heuristic",
            f"--pidfile={directory / 'rtpengine.pid'}",
        ]


def _bind_error(family: int, host: str, number: int) -> int:
    """The error's number, 0 when the UDP port can be had."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((host, number))
        except OSError as error:
            return error.errno or errno.EINVAL
    return 0

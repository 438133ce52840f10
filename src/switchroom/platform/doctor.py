"""Doctor: findings about the machine, what is installed, what is free, what to do."""

from __future__ import annotations

import shutil
import socket
import sys
from typing import Any

from msgspec import Struct

from switchroom.platform import engine_table
from switchroom.platform.build import WEBROOT
from switchroom.platform.engines import EngineEntry
from switchroom.settings import Settings


class Finding(Struct, frozen=True):
    """One thing looked at. `remedy` says what to do when it is not good."""

    subject: str
    good: bool
    state: str
    remedy: str = ""


def examine(settings: Settings) -> list[Finding]:
    return [
        _python(),
        _web(),
        _port(settings),
        _media_ports(settings),
        *(_engine(entry, settings) for entry in engine_table.TABLE),
        _data(settings),
        _mail(settings),
    ]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", sys.version_info >= (3, 11), version, "Install Python 3.11 or newer.")


def _web() -> Finding:
    built = (WEBROOT / "index.html").exists()
    return Finding("browser side", built, "built" if built else "not built", "Run: make web")


def _port(settings: Settings) -> Finding:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            return Finding(
                f"port {settings.port} on {settings.host}",
                False,
                (error.strerror or "taken").lower(),
                "Stop what uses it, or choose another with --port (SWITCHROOM_PORT).",
            )
    return Finding(f"port {settings.port} on {settings.host}", True, "free")


def _media_ports(settings: Settings) -> Finding:
    first, last = settings.janus.rtp_port_min, settings.janus.rtp_port_max
    subject = f"UDP ports {first} to {last} for media"
    if last - first < 99:
        return Finding(subject, False, "fewer than 100", "Widen janus.rtp_port_min and janus.rtp_port_max.")
    taken = 0
    for port in range(first, last + 1):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("0.0.0.0", port))  # noqa: S104
            except OSError:
                taken += 1
    enough = taken < (last - first) // 2
    return Finding(
        subject, enough, f"{taken} in use", "Choose another range with janus.rtp_port_min and _max."
    )


def _engine(entry: EngineEntry[Any], settings: Settings) -> Finding:
    engine = entry.make(settings)
    if elsewhere := entry.elsewhere(settings):
        return Finding(engine.title, True, f"run elsewhere: {elsewhere}")
    missing = engine.missing()
    if not missing:
        return Finding(engine.title, True, ", ".join(engine.found()))
    return Finding(
        engine.title,
        False,
        f"not installed ({', '.join(missing)}); {engine.without}",
        f"Run: {engine.remedy}",
    )


def _data(settings: Settings) -> Finding:
    directory = settings.data_directory
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = directory / ".doctor"
        probe.touch()
        probe.unlink()
    except OSError as error:
        return Finding(
            f"data directory {directory}",
            False,
            (error.strerror or str(error)).lower(),
            "Choose another with --data (SWITCHROOM_DATA), or make it writable.",
        )
    free = shutil.disk_usage(directory).free // (1 << 20)
    return Finding(
        f"data directory {directory}", free > 100, f"writable, {free} MiB free", "Free some space."
    )


def _mail(settings: Settings) -> Finding:
    if settings.smtp.url:
        return Finding("mail", True, f"sent as {settings.smtp.sender}")
    return Finding("mail", True, f"no SMTP server set; mails are written to {settings.data_directory}/outbox")

"""Findings about this machine: the program itself, its ports, and the server that runs already."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import urllib.error
import urllib.request
from typing import Any

import msgspec
from msgspec import Struct

from switchroom.platform.build import WEBROOT
from switchroom.platform.doctor.finding import LIMIT, Finding
from switchroom.settings import Settings

RUNS = "Switchroom runs here"


class _Ready(Struct, frozen=True):
    problems: dict[str, str]


def python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("Python", sys.version_info >= (3, 11), version, "Install Python 3.11 or newer.")


def web() -> Finding:
    built = (WEBROOT / "index.html").exists()
    return Finding("browser side", built, "built" if built else "not built", "Run: make web")


async def port(settings: Settings) -> Finding:
    """Whether the port is free, or this platform's already: `state` is RUNS then."""
    subject = f"port {settings.port} on {settings.host}"
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            if await fetched(f"{_here(settings)}/health/live") == {"status": "live"}:
                return Finding(subject, True, RUNS)
            return Finding(
                subject,
                False,
                (error.strerror or "taken").lower(),
                "Stop what uses it, or choose another with --port (SWITCHROOM_PORT).",
            )
    return Finding(subject, True, "free")


async def running(settings: Settings) -> list[Finding]:
    """Finding of the problems that the running server tells of itself."""
    answer = await fetched(f"{_here(settings)}/health/ready")
    try:
        problems = msgspec.convert(answer, _Ready).problems
    except msgspec.ValidationError:
        return [Finding("running server", False, f"says nothing of use: {answer}", "Look at its log.")]
    state = "; ".join(f"{part}: {problem}" for part, problem in problems.items()) or "ready"
    return [Finding("running server", not problems, state, "See what is said of it below, and its log.")]


def media_ports(settings: Settings) -> Finding:
    first, last = settings.janus.rtp_port_min, settings.janus.rtp_port_max
    subject = f"UDP ports {first} to {last} for media"
    if last - first < 99:
        return Finding(subject, False, "fewer than 100", "Widen janus.rtp_port_min and janus.rtp_port_max.")
    taken = 0
    for number in range(first, last + 1):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("0.0.0.0", number))  # noqa: S104
            except OSError:
                taken += 1
    enough = taken < (last - first) // 2
    return Finding(
        subject, enough, f"{taken} in use", "Choose another range with janus.rtp_port_min and _max."
    )


async def fetched(address: str) -> Any:
    """The JSON that an HTTP address answers with, whatever the status; what went wrong, as an exception."""

    def fetch() -> Any:
        try:
            with urllib.request.urlopen(address, timeout=LIMIT) as answer:  # noqa: S310
                return json.loads(answer.read(100_000))
        except urllib.error.HTTPError as error:
            try:
                return json.loads(error.read(100_000))
            except ValueError:
                return error
        except (OSError, ValueError) as error:
            return error

    return await asyncio.to_thread(fetch)


def _here(settings: Settings) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"

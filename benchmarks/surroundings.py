"""Where and with what the figures were measured."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil

_PACKAGES = ("granian", "litestar", "msgspec", "sqlalchemy")
_PROGRAMS = {
    "wrk": ["wrk", "-v"],
    "janus": ["janus", "--version"],
    "chromium": ["chromium", "--version"],
}


def machine() -> dict[str, str]:
    """Processor, memory, kernel, and how busy the machine is already (the load of the last minute)."""
    return {
        "processor": _processor(),
        "processors": str(psutil.cpu_count() or 0),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "kernel": platform.release(),
        "load at start": f"{os.getloadavg()[0]:.2f}",
    }


def versions() -> dict[str, str]:
    """Of the platform, of Python and the packages that carry the load, and of the programs."""
    found = {"switchroom": version("switchroom"), "python": platform.python_version()}
    found |= {name: version(name) for name in _PACKAGES}
    return found | {name: _first_line(command) for name, command in _PROGRAMS.items()}


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _first_line(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except FileNotFoundError:
        return "not installed"
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0].strip() if lines else "unknown"

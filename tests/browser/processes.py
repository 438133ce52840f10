"""The processes that the tests' platform has started."""

from __future__ import annotations

import time

import psutil

from tests.browser.person import LIMIT


def media_server() -> psutil.Process:
    """The Janus of the platform that runs in this process. One that was killed is started again: it is waited
    for, and the one that is dead is not taken for it."""
    deadline = time.monotonic() + LIMIT
    while len(found := [one for one in psutil.Process().children(recursive=True) if _is_janus(one)]) != 1:
        assert time.monotonic() < deadline, f"{len(found)} media servers"
        time.sleep(0.05)
    return found[0]


def _is_janus(process: psutil.Process) -> bool:
    try:
        return process.name() == "janus" and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

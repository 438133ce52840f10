"""The processes that the tests' platform has started."""

from __future__ import annotations

import psutil


def media_server() -> psutil.Process:
    """The Janus of the platform that runs in this process."""
    (janus,) = (child for child in psutil.Process().children(recursive=True) if child.name() == "janus")
    return janus

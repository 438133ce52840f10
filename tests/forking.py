"""Processes forked from one that has loaded what they need: loading takes a second of a processor."""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import ForkServerContext

_LOADED = ["tests.command.loaded", "tests.events.worker", "tests.jobs.worker"]
"""One server forks all processes of a test run's process, and loads once, when the first is begun."""


def forkserver() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_LOADED)
    return context

"""Garbage collection: while modules are loaded, and in processes that serve."""

from __future__ import annotations

import gc
from importlib import import_module
from types import ModuleType

THRESHOLDS = (20_000, 20, 20)
"""New objects, collections of the first and of the second generation (`gc.set_threshold`)."""


def load(module: str) -> ModuleType:
    """Load a module and what it imports, which stay: to have them looked through for garbage would take a
    seventh of a start of what serves."""
    gc.disable()
    try:
        loaded = import_module(module)
        gc.freeze()
        return loaded
    finally:
        gc.enable()


def spare_the_collector(thresholds: tuple[int, int, int] = THRESHOLDS) -> None:
    """Let garbage collection pass over what starting up has made, which stays for good, and look less often
    at what requests and calls make, which reference counting frees: together a third of the time of a
    write."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*thresholds)

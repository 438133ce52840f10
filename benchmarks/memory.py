"""What processes hold in memory, as the kernel counts it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import psutil
from msgspec import Struct

_MIB = 1024 * 1024


class ProcessMemory(Struct, frozen=True):
    name: str
    resident: float
    proportional: float


class Memory(Struct, frozen=True):
    """A process and its descendants, in MiB.

    `resident` counts a page that two processes share twice; `proportional` gives each its half (proc(5),
    smaps_rollup: Rss and Pss).
    """

    processes: Sequence[ProcessMemory]

    @property
    def resident(self) -> float:
        return sum(process.resident for process in self.processes)

    @property
    def proportional(self) -> float:
        return sum(process.proportional for process in self.processes)


def memory_of(pid: int) -> Memory:
    root = psutil.Process(pid)
    return Memory([_of(process) for process in (root, *root.children(recursive=True))])


def _of(process: psutil.Process) -> ProcessMemory:
    counts: dict[str, int] = {}
    for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value, _ = line.split()
        counts[name.rstrip(":")] = int(value) * 1024
    return ProcessMemory(process.name(), counts["Rss"] / _MIB, counts["Pss"] / _MIB)

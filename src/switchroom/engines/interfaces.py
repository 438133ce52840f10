"""Interfaces of an engine that is run here, kept in its directory for the platform's other processes."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

INTERFACES_FILE = "interfaces.json"

S = TypeVar("S", bound=Struct)


def keep_interfaces(directory: Path, interfaces: Struct) -> None:
    """Write the interfaces of an engine; nobody else reads them. Raises OSError."""
    file = directory / INTERFACES_FILE
    file.touch(mode=0o600)
    file.write_bytes(msgspec.json.encode(interfaces))


def kept_interfaces(directory: Path, kind: type[S]) -> S | None:
    """Interfaces of the engine that was configured last in this directory, None when none was."""
    try:
        return msgspec.json.decode((directory / INTERFACES_FILE).read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError):
        return None

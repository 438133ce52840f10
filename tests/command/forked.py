"""The command, carried out in a process that has been forked (tests/forking.py)."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from switchroom.cli import main


def carry_out(
    arguments: Sequence[str], environment: Mapping[str, str], umask: int, output: Path, errors: Path
) -> None:
    """Be the command: nobody types, and what it writes is in two files."""
    for number, path in enumerate((Path(os.devnull), output, errors)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.umask(umask)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["switchroom", *arguments]
    main()

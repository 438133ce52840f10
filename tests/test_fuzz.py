"""A short part of `make fuzz`, the same each time."""

from __future__ import annotations

import subprocess
import sys

import pytest

_LIMIT = 240
_SECONDS = 60


@pytest.mark.slow
@pytest.mark.janus
@pytest.mark.timeout(_LIMIT + 30)
def test_nothing_is_found_in_a_minute() -> None:
    command = [sys.executable, "-m", "fuzz", "--seconds", str(_SECONDS), "--seed", "1"]
    found = subprocess.run(
        [*command, "--database", "sqlite", "--workers", "1"],
        capture_output=True,
        text=True,
        timeout=_LIMIT,
        check=False,
    )
    print(found.stdout)
    assert found.returncode == 0, found.stdout + found.stderr

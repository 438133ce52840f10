"""A short part of `make fuzz`, the same each time."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

_LIMIT = 240
_SECONDS = 30
"""Of which starting and resting take two thirds: each attack gets some seconds, and `make fuzz` the time."""

_ATTACKS = 5
"""Kinds of attacks, each of which tries something."""


@pytest.mark.slow
@pytest.mark.janus
@pytest.mark.timeout(_LIMIT + 30)
def test_nothing_is_found_in_half_a_minute() -> None:
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
    (cases,) = re.findall(r" cases \((.+)\)$", found.stdout, re.MULTILINE)
    assert len(cases.split(", ")) == _ATTACKS, cases

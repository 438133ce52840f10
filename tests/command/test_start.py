"""What a start loads: not what only some requests or commands need."""

from __future__ import annotations

import subprocess
import sys

LATER = ("aiohttp", "alembic", "icalendar", "pydantic")
START = f"""
import gc, sys, tempfile
from switchroom.__main__ import main
sys.argv = ["switchroom", "version"]
try:
    main()
except SystemExit:
    pass
assert gc.isenabled() and gc.get_freeze_count()
from switchroom.platform.build import Platform
from switchroom.settings import Settings
Platform(Settings(data=tempfile.mkdtemp())).asgi()
print("loaded:", *(one for one in {LATER!r} if one in sys.modules))
"""


def test_what_is_needed_later_is_loaded_later() -> None:
    command = [sys.executable, "-c", START]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.splitlines()[-1] == "loaded:"

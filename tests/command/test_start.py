"""What a start loads and holds: not what only some requests or commands need."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from switchroom.cli import COMMANDS
from tests.command.running import run

LATER = (
    "aiohttp",
    "alembic",
    "icalendar",
    "nats",
    "phonenumbers",
    "pydantic",
    "switchroom.engines.sip",
    "switchroom.platform.doctor",
)
START = f"""
import asyncio, gc, sys, tempfile
from switchroom.__main__ import main
sys.argv = ["switchroom", "version"]
try:
    main()
except SystemExit:
    pass
assert gc.isenabled() and gc.get_freeze_count()
from switchroom.platform.build import Platform
from switchroom.platform.demo import ensure_demo
from switchroom.settings import Settings, TelephonySettings
platform = Platform(
    Settings(data=tempfile.mkdtemp(), telephony=TelephonySettings(enabled=False)), alone=True
)
async def start():
    async with platform.running(prepare=ensure_demo):
        platform.asgi()
asyncio.run(start())
print("loaded:", *(one for one in {LATER!r} if one in sys.modules))
"""


def test_what_is_needed_later_is_loaded_later() -> None:
    command = [sys.executable, "-c", START]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=200)

    assert done.stdout.splitlines()[-1] == "loaded:"


def test_the_help_loads_no_command_and_says_what_each_says() -> None:
    script = (
        "import sys\nfrom switchroom.cli import main\nsys.argv = ['switchroom', '--help']\n"
        "try:\n    main()\nfinally:\n    assert 'sqlalchemy' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=200)

    assert (done.returncode, done.stderr) == (0, "")
    for name, lazy in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(lazy.help[:60])}", done.stdout, re.MULTILINE)
        command = lazy.load()
        assert (command.help or "").replace("\n", " ").startswith(lazy.help.rstrip("."))


HASHING = """
import asyncio
from pathlib import Path
from switchroom.identity.secrets import Passwords
def held():
    (line,) = [one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmRSS")]
    return int(line.split()[1]) / 1024
async def hash_some():
    passwords = Passwords()
    before = held()
    await asyncio.gather(*(passwords.hash("correct horse") for _ in range(6)))
    print(held() - before)
    passwords.close()
asyncio.run(hash_some())
"""


def test_the_memory_that_hashing_takes_is_returned() -> None:
    """Of 19 MiB for each thread."""
    command = [sys.executable, "-c", HASHING]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=200)

    assert float(done.stdout) < 10


ADMINISTERED = (
    ["db", "upgrade"],
    ["org", "list"],
    ["user", "list", "--org", "School"],
    ["api-key", "create", "reports", "--org", "School"],
    ["meeting-key", "create", "lectures"],
    ["webhook", "list", "--platform"],
    ["org", "create", "College"],
)
SERVING = ("granian", "litestar", "switchroom.conference", "switchroom.dialects", "switchroom.telephony")
ADMINISTRATION = """
import sys
from sqlalchemy.orm import configure_mappers
from switchroom.cli import main
from switchroom.db.base import Base
sys.argv = ["switchroom", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    assert not end.code
print("loaded:", *(one for one in %r if one in sys.modules))
configure_mappers()
assert Base.metadata.sorted_tables  # none refers to one that is not loaded
"""


@pytest.mark.parametrize("arguments", ADMINISTERED, ids=lambda arguments: " ".join(arguments[:2]))
def test_what_administers_loads_nothing_that_serves(school: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-c", ADMINISTRATION % (SERVING,), *arguments, "--data", str(school)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=200)

    assert done.stdout.splitlines()[-1] == "loaded:"


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with an organization."""
    data = tmp_path_factory.mktemp("school") / "data"
    assert run("org", "create", "School", "--data", str(data)).returncode == 0
    return data

"""Engine: a program of the distribution that the platform configures, runs and talks to."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from subprocess import PIPE, STDOUT
from typing import ClassVar

from switchroom.engines.program import output, start
from switchroom.engines.supervisor import Order, ProcessError, ProcessState, SupervisedProcess

_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)?")
_VERSION_LIMIT = 10.0
_MOST_SAID = 1 << 20

SYSTEM_PROGRAMS = "/usr/sbin:/usr/local/sbin:/sbin"
"""Directories in which Debian installs servers; the search path of users other than root leaves them out."""


def find_program(executable: str) -> str | None:
    """Path of a program, None when it is not on this machine."""
    return shutil.which(executable) or shutil.which(executable, path=SYSTEM_PROGRAMS)


async def _version(path: str, argument: str) -> str:
    try:
        process = await start((path, argument), stdout=PIPE, stderr=STDOUT)
    except OSError as error:
        raise ProcessError(f"{path} does not run: {error.strerror}") from error
    try:
        async with asyncio.timeout(_VERSION_LIMIT):
            said = await output(process.stdout, _MOST_SAID)
            await process.wait()
    except TimeoutError:
        raise ProcessError(f"{path} does not say its version") from None
    finally:
        process.kill()
        await asyncio.shield(process.wait())
    found = _VERSION.search(said.decode("utf-8", "replace"))
    if found is None:
        first = next(iter(said.decode("utf-8", "replace").splitlines()), f"status {process.returncode}")
        raise ProcessError(f"{path} does not say its version: {first[:200]}")
    return found[0]


class EngineNotInstalled(ProcessError):
    """A program of the engine, or a part of one, is not on this machine."""


class Engine:
    """One engine with a directory for its configuration.

    A subclass says in its attributes what it is, and overrides `command`, `configure` and `ready`; one
    without a process (a program that is run for each job, like ffmpeg) only says what it is.
    """

    name: str
    title: ClassVar[str]
    """Name that the operator of the platform reads: `media server (Janus)`."""

    packages: ClassVar[Sequence[str]]
    """Debian packages that install it."""

    without: ClassVar[str]
    """Consequence while it is not there: `rooms have no sound and picture`."""

    waits_for: ClassVar[Sequence[str]] = ()
    """Names of the engines that must be ready before it is started, and are stopped after it."""

    needs_database: ClassVar[bool] = False
    """Whether it reads the platform's database, whose schema must be up to date before it is started."""

    ready_limit: ClassVar[float] = 60.0
    stop_limit: ClassVar[float] = 5.0
    drain_limit: ClassVar[float] = 10.0
    """Seconds until it is ready, has ended, and has nothing left to do."""

    probe_interval: ClassVar[float | None] = None
    probe_limit: ClassVar[float] = 5.0
    """Seconds between two looks at the running program, and for its answer."""

    def __init__(self, directory: Path, programs: Sequence[str]) -> None:
        """`programs` are those it needs, by name or path."""
        self.directory = directory.resolve()
        self._programs = list(programs)
        self._process: SupervisedProcess | None = None
        self._listeners: list[Callable[[], None]] = []

    @property
    def version_arguments(self) -> Mapping[str, str]:
        """The argument with which each program tells its version, where one does."""
        return {}

    def command(self) -> Sequence[str]:
        """The program and its arguments; nothing for an engine without a process."""
        return ()

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables of the program beside those of this process."""
        return {}

    def configure(self) -> None:
        """Write what the program reads into `directory`. It may block. Raises OSError."""

    async def ready(self) -> None:
        """Return as soon as the program can be used; what it raises means not yet."""

    def reload_order(self) -> Order | None:
        """Order to the program to read its configuration anew, None when it takes none."""
        return None

    def drain_order(self) -> Order | None:
        """Order to the program to take nothing new, None when it is just stopped."""
        return None

    def missing(self) -> list[str]:
        """Programs of it that are not on this machine."""
        return [program for program in self._programs if find_program(program) is None]

    async def versions(self) -> dict[str, str]:
        """Version that each program tells of itself, by its path: text to be put behind the path. Raises
        ProcessError for a program that does not run."""
        versions: dict[str, str] = {}
        for program, argument in self.version_arguments.items():
            path = find_program(program)
            if path is not None:
                versions[path] = f" {await _version(path, argument)}"
        return versions

    def found(self) -> list[str]:
        """Paths of its programs that are on this machine."""
        return [path for program in self._programs if (path := find_program(program)) is not None]

    @property
    def remedy(self) -> str:
        """The command that installs it."""
        return f"sudo apt-get install {' '.join(self.packages)}"

    @property
    def has_process(self) -> bool:
        return bool(self.command())

    @property
    def state(self) -> ProcessState:
        return ProcessState.STOPPED if self._process is None else self._process.state

    @property
    def restarts(self) -> int:
        """Number of automatic restarts of the program."""
        return 0 if self._process is None else self._process.restarts

    @property
    def pid(self) -> int | None:
        """The process id of the running program."""
        return None if self._process is None else self._process.pid

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` each time the state has changed. It must not block or raise."""
        self._listeners.append(listener)

    async def start(self) -> None:
        """Write the configuration, start the program and wait until it is ready.

        Raises EngineNotInstalled, ProcessError, OSError when the configuration cannot be written.
        """
        missing = self.missing()
        if missing:
            be = "is" if len(missing) == 1 else "are"
            raise EngineNotInstalled(f"{', '.join(missing)} {be} not installed")
        await asyncio.to_thread(self.configure)
        if not self.has_process:
            return
        self._process = SupervisedProcess(
            self.name,
            self.command(),
            ready=self.ready,
            ready_limit=self.ready_limit,
            stop_limit=self.stop_limit,
            probe_interval=self.probe_interval,
            probe_limit=self.probe_limit,
            reload=self.reload_order(),
            drain=self.drain_order(),
            environment=self.environment,
        )
        self._process.on_change(self._changed)
        await self._process.start()

    async def reload(self) -> None:
        """Write the configuration anew and have the program read it. Raises ProcessError, OSError."""
        if self._process is None:
            raise ProcessError(f"{self.name} does not run")
        await asyncio.to_thread(self.configure)
        await self._process.reload()

    async def drain(self) -> None:
        """Have the program take nothing new, wait until nothing is left to do, at most `drain_limit` seconds,
        and stop it. One that cannot be told is stopped."""
        if self._process is not None:
            await self._process.drain(self.drain_limit)

    async def stop(self) -> None:
        """End the program and all it has started."""
        if self._process is not None:
            await self._process.stop()

    def _changed(self) -> None:
        for listener in self._listeners:
            listener()

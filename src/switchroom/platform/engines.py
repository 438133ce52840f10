"""The engines that a process runs: started in order of what they wait for, watched, stopped the other way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, Generic, TypeVar

import structlog
from msgspec import Struct

from switchroom.engines.engine import Engine, EngineNotInstalled
from switchroom.engines.supervisor import ProcessError
from switchroom.platform.engine_reports import EngineReport
from switchroom.settings import Settings

E = TypeVar("E", bound=Engine)
S = TypeVar("S", bound=Struct)

log = structlog.get_logger()


def _nowhere(_settings: Settings) -> str:
    return ""


async def _no_problem(_settings: Settings) -> str:
    return ""


def _always(_settings: Settings) -> bool:
    return True


def _none_further(_settings: Settings) -> Sequence[Any]:
    return ()


def _unprepared(_engine: Any, _settings: Settings) -> None:
    """Do nothing, for an engine that needs no preparation."""


def _unchanged(settings: Settings, _engine: Any) -> Settings:
    return settings


class EngineEntry(Struct, Generic[E], frozen=True):
    """A line of the table of engines: how one is made from the settings.

    `elsewhere` says where the settings name one that others run, empty when this machine runs it, and
    `problem_elsewhere` asks that one and says why it cannot be used, empty when it answers. `shared`
    gives the settings with which another process finds the one that runs here. `health` is the part of
    `/health/ready` that says whether it is of use, when that is not the engine itself. `section` is the name
    and the type of its own section of the configuration, where it has one. `wanted` says whether the settings
    want one at all, and `wanted_alone` whether they do where one process serves. `further` makes more of the
    same kind, each with a name of its own, and `prepare` gives an engine, before it is started, the settings
    with which it finds those it waits for.
    """

    make: Callable[[Settings], E]
    elsewhere: Callable[[Settings], str] = _nowhere
    problem_elsewhere: Callable[[Settings], Awaitable[str]] = _no_problem
    shared: Callable[[Settings, E], Settings] = _unchanged
    health: str = ""
    section: tuple[str, type[Struct]] | None = None
    wanted: Callable[[Settings], bool] = _always
    wanted_alone: Callable[[Settings], bool] = _always
    further: Callable[[Settings], Sequence[E]] = _none_further
    prepare: Callable[[E, Settings], None] = _unprepared


def configured(name: str, kind: Callable[[Path, S], E], section: type[S]) -> EngineEntry[E]:
    """An engine that this machine always runs, made of its directory and of what its own section
    `[engines.NAME]` of the configuration says."""

    def make(settings: Settings) -> E:
        return kind(settings.data_directory / name, settings.of_engine(name, section))

    return EngineEntry(make, section=(name, section))


class Engines:
    """The engines of a table that this process runs, which are those that no setting names elsewhere."""

    def __init__(self, settings: Settings, table: Sequence[EngineEntry[Any]], *, alone: bool = False) -> None:
        """`alone` is whether this process serves without others. Raises ValueError when the table has a name
        twice, or engines that wait for each other or for one that is not in it."""
        made: list[tuple[EngineEntry[Any], Engine]] = [
            (entry, engine) for entry in table for engine in (entry.make(settings), *entry.further(settings))
        ]
        _check([engine for _, engine in made])
        self._here = {
            engine.name: (entry, engine)
            for entry, engine in made
            if entry.wanted(settings)
            and (entry.wanted_alone(settings) or not alone)
            and not entry.elsewhere(settings)
        }
        self._settings = settings
        self._problems: dict[str, str] = {}
        self._listeners: list[Callable[[], None]] = []

    def find(self, kind: type[E]) -> E | None:
        """The engine of this kind, the first of several, when this process runs it."""
        return next(iter(self.find_all(kind)), None)

    def find_all(self, kind: type[E]) -> list[E]:
        """The engines of this kind that this process runs."""
        return [engine for _, engine in self._here.values() if isinstance(engine, kind)]

    def problem(self, name: str) -> str | None:
        """Reason why an engine of this process has not been started, None when it has been."""
        return self._problems.get(name)

    def reports(self) -> list[EngineReport]:
        """Reports on the engines with a process."""
        return [
            EngineReport(
                engine.name,
                engine.state,
                engine.restarts,
                entry.health,
                self._problems.get(engine.name, ""),
            )
            for entry, engine in self._here.values()
            if engine.has_process
        ]

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` each time a report has changed. It must not block or raise."""
        self._listeners.append(listener)
        for _, engine in self._here.values():
            engine.on_change(listener)

    def shared(self, settings: Settings) -> Settings:
        """The settings with which another process finds those that have been started."""
        for entry, engine in self._here.values():
            if engine.name not in self._problems:
                settings = entry.shared(settings, engine)
        return settings

    async def start(self, database_ready: asyncio.Event | None = None) -> None:
        """Start those with a process, each as soon as those it waits for are ready, and those that read the
        database as soon as that is. Why one cannot be started is logged; those that wait for it are not
        started either, everything else goes on."""
        engines = [engine for _, engine in self._here.values() if engine.has_process]
        done = {engine.name: asyncio.Event() for engine in engines}

        async def start(engine: Engine) -> None:
            for other in engine.waits_for:
                if other in done:
                    await done[other].wait()
            if engine.needs_database and database_ready is not None:
                await database_ready.wait()
            await self._start(engine)
            done[engine.name].set()

        async with asyncio.TaskGroup() as starting:
            for engine in engines:
                starting.create_task(start(engine), name=f"start {engine.name}")

    async def stop(self) -> None:
        """Drain and stop all, each as soon as those that wait for it have ended."""
        engines = [engine for _, engine in self._here.values()]
        ended = {engine.name: asyncio.Event() for engine in engines}

        async def stop(engine: Engine) -> None:
            for other in engines:
                if engine.name in other.waits_for:
                    await ended[other.name].wait()
            try:
                await engine.drain()
            except Exception:
                log.exception("engine not stopped", engine=engine.name)
            ended[engine.name].set()

        async with asyncio.TaskGroup() as stopping:
            for engine in engines:
                stopping.create_task(stop(engine), name=f"stop {engine.name}")

    async def _start(self, engine: Engine) -> None:
        lacking = [other for other in engine.waits_for if other in self._problems]
        try:
            if lacking:
                raise ProcessError(f"{engine.name} waits for {', '.join(lacking)}")
            self._here[engine.name][0].prepare(engine, self.shared(self._settings))
            await engine.start()
        except EngineNotInstalled as error:
            self._failed(engine, f"{error}; install it with: {engine.remedy}")
        except ProcessError as error:
            self._failed(engine, str(error), error.output)
        except OSError as error:
            self._failed(engine, f"the configuration of {engine.name} cannot be written: {error}")

    def _failed(self, engine: Engine, problem: str, output: Sequence[str] = ()) -> None:
        self._problems[engine.name] = problem
        said: Mapping[str, str] = {"output": "\n".join(output)} if output else {}
        log.warning("engine not started", engine=engine.name, reason=problem, without=engine.without, **said)
        for listener in self._listeners:
            listener()


def _check(engines: Sequence[Engine]) -> None:
    names = [engine.name for engine in engines]
    if len(set(names)) != len(names):
        raise ValueError(f"two engines have the same name: {', '.join(sorted(names))}")
    for engine in engines:
        if unknown := set(engine.waits_for) - set(names):
            raise ValueError(
                f"{engine.name} waits for {', '.join(sorted(unknown))}, which is not in the table"
            )
    try:
        TopologicalSorter({engine.name: engine.waits_for for engine in engines}).prepare()
    except CycleError as error:
        raise ValueError(f"engines wait for each other: {' → '.join(error.args[1])}") from error

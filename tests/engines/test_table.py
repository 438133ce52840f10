"""Engines of a table: started in order, said when they cannot be, watched, reloaded, stopped in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
import structlog
from msgspec import Meta, Struct
from prometheus_client import CollectorRegistry, generate_latest
from structlog.testing import capture_logs

from switchroom.engines.engine import Engine
from switchroom.engines.supervisor import ProcessState
from switchroom.platform import engines as platform_engines
from switchroom.platform.configuration_page import reference
from switchroom.platform.doctor.examination import examine
from switchroom.platform.engine_reports import EngineMetrics, engine_problems, read_reports, write_reports
from switchroom.platform.engine_table import TABLE
from switchroom.platform.engines import EngineEntry, Engines, configured
from switchroom.settings import ConfigurationError, Settings, TelephonySettings, load
from tests.engines.made_up import MadeUpEngine
from tests.engines.waiting import until

ROOT = Path(__file__).parents[2]


class First(MadeUpEngine):
    name = "first"
    waits_for = ()


class Second(MadeUpEngine):
    name = "second"
    waits_for = ("first",)


class Third(MadeUpEngine):
    name = "third"
    waits_for = ("second", "first")


class Circular(MadeUpEngine):
    name = "first"
    waits_for = ("third",)


class GreeterSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Who greets."""

    diary: Annotated[str, Meta(description="What is written into.")] = "/dev/null"
    times: Annotated[int, Meta(ge=1, description="How often it greets.")] = 1


class Greeter(MadeUpEngine):
    name = "greeter"
    waits_for = ()

    def __init__(self, directory: Path, settings: GreeterSettings) -> None:
        super().__init__(directory, Path(settings.diary))
        self.greeting = "hello" * settings.times


class EngineTable:
    """Engines in directories of a test's own, and what their programs have written into the diary."""

    def __init__(self, directory: Path, kinds: Sequence[type[MadeUpEngine]], **programs: str) -> None:
        self._diary = directory / "diary"
        self.directory = directory
        self.programs = programs
        self.engines = Engines(Settings(data=str(directory)), [self._entry(kind) for kind in kinds])

    def _entry(self, kind: type[MadeUpEngine]) -> EngineEntry[MadeUpEngine]:
        executable = self.programs.get(kind.name, sys.executable)
        return EngineEntry(
            lambda settings: kind(settings.data_directory / kind.name, self._diary, executable=executable)
        )

    def __getitem__(self, kind: type[MadeUpEngine]) -> MadeUpEngine:
        engine = self.engines.find(kind)
        assert engine is not None
        return engine

    @property
    def diary(self) -> list[str]:
        return self._diary.read_text().splitlines() if self._diary.exists() else []

    def metrics(self) -> str:
        registry = CollectorRegistry()
        registry.register(EngineMetrics(self.engines.reports))
        return generate_latest(registry).decode()


async def started(table: EngineTable, monkeypatch: pytest.MonkeyPatch) -> list[MutableMapping[str, Any]]:
    """Start the engines. Returns what the log says of those that cannot be started."""
    monkeypatch.setattr(platform_engines, "log", structlog.get_logger())
    with capture_logs() as logs:
        await table.engines.start()
    return [entry for entry in logs if entry["event"] == "engine not started"]


async def test_each_is_started_after_those_it_waits_for_and_stopped_before_them(tmp_path: Path) -> None:
    table = EngineTable(tmp_path, [Third, First, Second])
    table[Third].neighbours = [table[Second].port, table[First].port]
    table[Second].neighbours = [table[First].port]
    await table.engines.start()
    assert table.diary == ["first started", "second started", "third started"]
    await table.engines.stop()
    assert table.diary[3:] == ["third drained", "second drained", "first drained"]


async def test_one_that_is_not_installed_is_said_in_one_line_with_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = EngineTable(tmp_path, [Third, First, Second], second="no-such-server")
    told = await started(table, monkeypatch)
    assert table.diary == ["first started"]
    assert [(entry["engine"], entry["reason"]) for entry in told] == [
        (
            "second",
            "no-such-server is not installed; install it with: "
            "sudo apt-get install made-up-server made-up-tools",
        ),
        ("third", "third waits for second"),
    ]
    assert told[0]["without"] == "nothing is made up"
    assert await table[First].says() == "first: hello"
    assert engine_problems(table.engines.reports()) == {entry["engine"]: entry["reason"] for entry in told}
    await table.engines.stop()
    assert table.diary[1:] == ["first drained"]


async def test_one_that_fails_is_said_with_what_it_wrote_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = EngineTable(tmp_path, [First, Second])
    table[Second].port = table[First].port
    (told,) = await started(table, monkeypatch)
    assert told["reason"].startswith("second ended at once with status 1: ")
    assert "Address already in use" in told["output"]
    await table.engines.stop()


async def test_one_whose_configuration_cannot_be_written_leaves_the_others_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = EngineTable(tmp_path, [First, Second])
    (tmp_path / "second").write_text("a file where a directory should be")
    (told,) = await started(table, monkeypatch)
    assert told["reason"].startswith("the configuration of second cannot be written: ")
    assert await table[First].says() == "first: hello"
    await table.engines.stop()


async def test_a_reload_writes_the_configuration_anew(tmp_path: Path) -> None:
    table = EngineTable(tmp_path, [First])
    await table.engines.start()
    pid = table[First].pid
    table[First].greeting = "good morning"
    await table[First].reload()
    assert await table[First].says() == "first: good morning"
    assert table[First].pid == pid
    await table.engines.stop()
    assert table.diary == ["first started", "first reloaded", "first drained"]


async def test_state_and_restarts_are_in_the_metrics_and_in_the_reports_for_others(tmp_path: Path) -> None:
    table = EngineTable(tmp_path, [First, Second], second="no-such-server")
    file = tmp_path / "reports.json"
    table.engines.on_change(lambda: write_reports(file, table.engines.reports()))
    assert 'switchroom_engine_state{engine="first",state="stopped"} 1.0' in table.metrics()
    await table.engines.start()
    pid = table[First].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await until(lambda: table[First].restarts >= 1 and table[First].state is ProcessState.READY)
    metrics = table.metrics()
    assert 'switchroom_engine_state{engine="first",state="ready"} 1.0' in metrics
    assert 'switchroom_engine_state{engine="first",state="starting"} 0.0' in metrics
    assert 'switchroom_engine_restarts_total{engine="first"} 1.0' in metrics
    assert 'switchroom_engine_state{engine="second",state="stopped"} 1.0' in metrics
    assert read_reports(file) == table.engines.reports()
    await table.engines.stop()
    assert read_reports(file) == table.engines.reports()
    assert {report.state for report in read_reports(file)} == {ProcessState.STOPPED}


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ([Circular, Second, Third], "wait for each other"),
        ([Second], "second waits for first, which is not in the table"),
        ([First, First], "same name"),
    ],
)
def test_a_table_that_cannot_be_is_refused(
    tmp_path: Path, kinds: list[type[MadeUpEngine]], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        EngineTable(tmp_path, kinds)


async def test_one_run_elsewhere_is_not_run_here_and_nobody_waits_for_it(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    settings = Settings(data=str(tmp_path))
    elsewhere = EngineEntry(lambda _: First(tmp_path / "first", diary), lambda _: "first.example.org")
    engines = Engines(settings, [EngineEntry(lambda _: Second(tmp_path / "second", diary)), elsewhere])
    assert engines.find(First) is None
    await engines.start()
    await engines.stop()
    assert diary.read_text().splitlines() == ["second started", "second drained"]


@pytest.mark.parametrize(
    ("alone", "telephones", "runs"), [(False, False, True), (True, False, False), (True, True, True)]
)
def test_one_process_that_is_alone_runs_no_message_server(
    tmp_path: Path, alone: bool, telephones: bool, runs: bool
) -> None:
    settings = Settings(data=str(tmp_path), telephony=TelephonySettings(enabled=telephones))
    names = {report.name for report in Engines(settings, TABLE, alone=alone).reports()}
    assert ("nats" in names, "janus" in names) == (runs, True)


async def test_every_engine_of_the_table_says_what_it_is(tmp_path: Path) -> None:
    settings = Settings(data=str(tmp_path))
    engines: list[Engine] = [entry.make(settings) for entry in TABLE]
    subjects = {finding.subject for finding in await examine(settings)}
    own = [engine.name for engine in engines if not engine.packages]
    assert own == ["telephony"], "the platform's own processes need no package"
    for engine in engines:
        assert engine.without
        if engine.name in own:
            continue
        assert engine.title in subjects
    assert {"janus", "nats", "ffmpeg"} <= {engine.name for engine in engines}


def test_make_installs_the_packages_of_them_all() -> None:
    show = "show: ; @echo $(ENGINE_PACKAGES)"
    told = subprocess.run(["make", "-s", "--eval", show, "show"], cwd=ROOT, capture_output=True, check=True)
    engines: list[Engine] = [entry.make(Settings()) for entry in TABLE]
    assert sorted(told.stdout.decode().split()) == sorted(
        one for engine in engines for one in engine.packages
    )


async def test_one_is_set_up_by_a_section_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "switchroom.toml"
    file.write_text(f'[engines.greeter]\ndiary = "{tmp_path / "diary"}"\ntimes = 2\n')
    environment = {"SWITCHROOM_ENGINES_GREETER_TIMES": "3"}
    known = {"greeter": GreeterSettings}
    settings = load(file, environment, {"data": str(tmp_path)}, known)
    assert msgspec.json.decode(msgspec.json.encode(settings), type=Settings) == settings  # for workers

    engines = Engines(settings, [configured("greeter", Greeter, GreeterSettings)])
    await engines.start()
    greeter = engines.find(Greeter)
    assert greeter is not None
    assert await greeter.says() == "greeter: hellohellohello"
    await engines.stop()
    assert (tmp_path / "diary").read_text().splitlines() == ["greeter started", "greeter drained"]

    page = reference(known)
    assert "## `[engines.greeter]`\n\nWho greets.\n" in page
    assert "| `times` | `SWITCHROOM_ENGINES_GREETER_TIMES` | `1` | How often it greets. |" in page


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("greeter.times = 0", "engines.greeter: Expected `int` >= 1 - at `$.times`"),
        (
            "greeter.color = 1",
            "{file}: engines.greeter.color is no setting; did you mean engines.greeter.diary?",
        ),
        ("baker.times = 1", "engines.baker: no engine of this name has settings"),
    ],
)
def test_a_section_that_is_wrong_is_refused(tmp_path: Path, said: str, problem: str) -> None:
    file = tmp_path / "switchroom.toml"
    file.write_text(f"[engines]\n{said}\n")
    with pytest.raises(ConfigurationError) as refused:
        load(file, {}, engines={"greeter": GreeterSettings})
    assert str(refused.value) == problem.format(file=file)

"""Reports of engines, for the metrics and `/health/ready`, also in a process for which another runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from switchroom.engines.supervisor import ProcessState

FILE = "engines.json"

log = structlog.get_logger()


class EngineReport(Struct, frozen=True):
    """Report on an engine with a process.

    `problem` is why it has not been started. `health` is the part of `/health/ready` that says whether the
    engine is of use, where there is one.
    """

    name: str
    state: ProcessState
    restarts: int
    health: str = ""
    problem: str = ""


Reports = Callable[[], Sequence[EngineReport]]

_decoder = msgspec.json.Decoder(list[EngineReport])


def write_reports(path: Path, reports: Sequence[EngineReport]) -> None:
    """Write them for other processes, which see all of them or the ones before. What goes wrong is logged."""
    new = path.with_suffix(".new")
    try:
        new.write_bytes(msgspec.json.encode(reports))
        new.replace(path)
    except OSError as error:
        log.error("reports of engines not written", reason=str(error))


def read_reports(path: Path) -> list[EngineReport]:
    """Reports that the parent process has written last; none when they cannot be read."""
    try:
        return _decoder.decode(path.read_bytes())
    except (OSError, msgspec.MsgspecError) as error:
        log.error("reports of engines not read", reason=str(error))
        return []


def engine_problems(reports: Sequence[EngineReport]) -> dict[str, str]:
    """Problems of engines, by name; engines whose health is another part of `/health/ready` are left out."""
    return {
        report.name: report.problem or f"{report.name} is {report.state.value}"
        for report in reports
        if not report.health and report.state is not ProcessState.READY
    }


class EngineMetrics(Collector):
    """Metrics of the engines: the state each is in, and how often it has been started again by itself."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports

    def collect(self) -> Iterator[Metric]:
        state = GaugeMetricFamily(
            "switchroom_engine_state", "1 for the state that an engine is in.", labels=["engine", "state"]
        )
        restarts = CounterMetricFamily(
            "switchroom_engine_restarts", "Times an engine was started again by itself.", labels=["engine"]
        )
        for report in self._reports():
            for one in ProcessState:
                state.add_metric([report.name, one.value], float(one is report.state))
            restarts.add_metric([report.name], report.restarts)
        yield state
        yield restarts

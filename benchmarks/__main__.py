"""Measures, and writes `benchmarks/results/`. Exit code 1: a target was missed, or a benchmark failed."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    call_audio,
    call_history,
    call_rate,
    call_registrations,
    calls,
    chart,
    crowd,
    group_links,
    growth,
    idle,
    invitations,
    join,
    log_writers,
    meetings,
    portal,
    report,
    review,
    room_list,
    surroundings,
    webhooks,
)
from benchmarks.figures import Result
from benchmarks.sequence import Benchmark, measure_all

RESULTS = Path(__file__).with_name("results")


_SHORT = (
    *("list", "links", "portal", "invitations", "meetings", "review", "crowd", "join", "webhooks", "writers"),
    *("calls", "rate", "audio", "phones", "history", "idle"),
)
"""What is measured when nothing is named."""

_LIMIT = 900.0
"""Seconds that one of these may take, several times what they do."""


def _benchmarks(options: argparse.Namespace) -> dict[str, Benchmark]:
    return {
        "list": lambda place: room_list.measure(place, rounds=options.rounds, seconds=options.seconds),
        "links": lambda place: group_links.measure(place, rounds=options.rounds, seconds=options.seconds),
        "portal": lambda place: portal.measure(place, rounds=options.rounds, largest=options.rows),
        "invitations": lambda place: invitations.measure(place, people=options.invited),
        "meetings": lambda place: meetings.measure(place, rounds=options.rounds, seconds=options.seconds),
        "review": lambda place: review.measure(place, rounds=options.rounds),
        "crowd": lambda place: crowd.measure(place, rounds=options.deliveries, people=options.crowd),
        "join": lambda place: join.measure(place, rounds=options.joins),
        "webhooks": lambda place: webhooks.measure(place, rounds=options.deliveries),
        "writers": lambda place: log_writers.measure(place, rounds=options.starts),
        "growth": lambda place: growth.measure(place, rounds=options.rounds, largest=options.rows),
        "calls": lambda place: calls.measure(
            place, rounds=options.deliveries, calls=options.calls, rate=options.call_rate
        ),
        "rate": call_rate.measure,
        "audio": call_audio.measure,
        "phones": call_registrations.measure,
        "history": call_history.measure,
        "idle": lambda place: idle.measure(place, rounds=options.starts),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"{', '.join(_SHORT)}, growth; all but growth when none is named",
    )
    parser.add_argument("--rounds", type=int, default=10, help="rounds of all others")
    parser.add_argument("--seconds", type=int, default=2, help="length of one run of list and links")
    parser.add_argument("--joins", type=int, default=10, help="joins of each kind")
    parser.add_argument("--deliveries", type=int, default=2, help="rounds of webhooks, calls and crowd")
    parser.add_argument("--invited", type=int, default=10_000, help="people of invitations")
    parser.add_argument("--crowd", type=int, default=500, help="people of crowd")
    parser.add_argument("--calls", type=int, default=1000, help="telephone calls of a round")
    parser.add_argument("--call-rate", type=int, default=40, help="telephone calls a second")
    parser.add_argument("--starts", type=int, default=5, help="starts of each kind, and rounds of writers")
    parser.add_argument(
        "--rows",
        type=int,
        default=1_000_000,
        help="links of growth's largest organization, ten times the people and rooms of portal's",
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="directory to write to")
    options = parser.parse_args()
    unknown = set(options.names) - set(_benchmarks(options))
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    return options


def main() -> int:
    options = _options()
    taken_at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    machine, versions = surroundings.machine(), surroundings.versions()

    def write(results: Sequence[Result]) -> None:
        report.write(options.results, "results.json", report.as_json(taken_at, machine, versions, results))
        text = report.as_markdown(taken_at, machine, versions, results)
        report.write(options.results, "results.md", text.encode())

    chosen = {name: one for name, one in _benchmarks(options).items() if name in (options.names or _SHORT)}
    results = asyncio.run(measure_all(chosen, write, _LIMIT if chosen.keys() <= set(_SHORT) else None))
    subtitle = f"{taken_at} · {machine['processors']} × {machine['processor']} · medians, lowest to highest"
    chart.draw(options.results / "chart.svg", results, subtitle)
    print(report.as_markdown(taken_at, machine, versions, results))
    return 0 if all(result.met for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Writes what was measured: JSON for programs, Markdown for people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.figures import Result, Series, Target


def as_json(
    taken_at: str, machine: dict[str, str], versions: dict[str, str], results: Sequence[Result]
) -> bytes:
    document = {
        "taken_at": taken_at,
        "machine": machine,
        "versions": versions,
        "results": [_result(result) for result in results],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def as_markdown(
    taken_at: str, machine: dict[str, str], versions: dict[str, str], results: Sequence[Result]
) -> str:
    lines = [
        "# Benchmarks",
        "",
        f"Taken {taken_at} by `make bench`. "
        + "; ".join(f"{name}: {value}" for name, value in machine.items())
        + ".",
        "",
        "Versions: " + ", ".join(f"{name} {value}" for name, value in versions.items()) + ".",
    ]
    for result in results:
        lines += ["", f"## {result.title}", ""]
        if result.failure:
            lines.append(f"**FAILED**: {result.failure}")
            continue
        lines += [*_targets(result), "", *_series(result)]
        lines += [line for note in result.notes for line in ("", note)]
    return "\n".join(lines) + "\n"


def verdict(target: Target) -> str:
    """One line, as the terminal shows it."""
    return (
        f"{'PASS  ' if target.met else 'MISSED'} {target.series.name}: {number(target.series.median)} "
        f"{target.series.unit} (target: {target.direction} {number(target.bound)})"
    )


def number(value: float) -> str:
    """Three digits that count."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _targets(result: Result) -> list[str]:
    rows = [
        f"| {target.series.name} | {number(target.series.median)} {target.series.unit} "
        f"| {target.direction} {number(target.bound)} | {'PASS' if target.met else '**MISSED**'} |"
        for target in result.targets
    ]
    return ["| Target | Median | Wanted | |", "| --- | --- | --- | --- |", *rows]


def _series(result: Result) -> list[str]:
    rows = [
        f"| {series.name}{' (yardstick)' if series.is_yardstick else ''} | {series.unit} "
        f"| {number(series.lowest)} | {number(series.median)} | {number(series.highest)} "
        f"| {len(series.values)} |"
        for series in result.series
    ]
    return [
        "| Measured | Unit | Min | Median | Max | Rounds |",
        "| --- | --- | --- | --- | --- | --- |",
        *rows,
    ]


def _result(result: Result) -> dict[str, Any]:
    return {
        "title": result.title,
        "series": [_summary(series) for series in result.series],
        "targets": [
            {
                "series": target.series.name,
                "median": target.series.median,
                "direction": target.direction,
                "bound": target.bound,
                "met": target.met,
            }
            for target in result.targets
        ],
        "notes": result.notes,
        "failure": result.failure,
    }


def _summary(series: Series) -> dict[str, Any]:
    return {
        "name": series.name,
        "unit": series.unit,
        "yardstick": series.is_yardstick,
        "min": series.lowest,
        "median": series.median,
        "max": series.highest,
        "values": series.values,
    }


def write(directory: Path, name: str, content: bytes) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / name).write_bytes(content)

"""Draws the measurements: medians as bars, from the lowest to the highest as a line, targets dashed."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.figures import Result, Series
from benchmarks.report import number

_OURS = "#2a6fb0"
_YARDSTICK = "#9aa3ad"
_TARGET = "#c2410c"
_ROW = 0.42
_HEAD = 0.75


def draw(path: Path, results: Sequence[Result], subtitle: str) -> None:
    """One panel for each benchmark and unit, as SVG; nothing where there are none."""
    mpl.rcParams["svg.hashsalt"] = "switchroom"
    panels = [
        (result, [one for one in shown if one.unit == unit])
        for result in results
        for shown in [[one for one in result.series if isfinite(one.highest)]]
        for unit in dict.fromkeys(one.unit for one in shown)
    ]
    if not panels:
        return
    heights = [_ROW * len(series) + _HEAD for _, series in panels]
    figure: Any = Figure(figsize=(9.5, sum(heights) + 0.6), layout="constrained")
    axes: Any = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)
    for row, (result, series) in zip(axes, panels, strict=True):
        _panel(row[0], result, series)
    figure.suptitle(subtitle, fontsize=8, color="#555")
    figure.savefig(path, format="svg", metadata={"Date": None})


def _panel(axis: Any, result: Result, series: Sequence[Series]) -> None:
    medians = [one.median for one in series]
    spread = [
        [one.median - one.lowest for one in series],
        [one.highest - one.median for one in series],
    ]
    colours = [_YARDSTICK if one.is_yardstick else _OURS for one in series]
    axis.barh(range(len(series)), medians, color=colours, height=0.62, xerr=spread, ecolor="#333")
    axis.set_yticks(range(len(series)), [one.name for one in series], fontsize=8)
    axis.invert_yaxis()
    axis.set_title(f"{result.title} ({series[0].unit})", fontsize=10, loc="left")
    axis.tick_params(axis="x", labelsize=8)
    axis.spines[["top", "right"]].set_visible(False)
    bounds = [target for target in result.targets if target.series in series]
    furthest = max([*(one.highest for one in series), *(target.bound for target in bounds)])
    axis.set_xlim(0, furthest * 1.16)
    for place, one in enumerate(series):
        axis.text(one.highest + furthest * 0.012, place, number(one.median), va="center", fontsize=8)
    for target in bounds:
        place = series.index(target.series)
        axis.plot([target.bound] * 2, [place - 0.42, place + 0.42], color=_TARGET, linestyle="--")

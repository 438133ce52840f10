"""What a benchmark hands back: series of measurements, and the targets they are held against."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from statistics import median

from msgspec import Struct


class Series(Struct, frozen=True, kw_only=True):
    """One quantity, measured once a round."""

    name: str
    unit: str
    values: Sequence[float]
    is_yardstick: bool = False

    @property
    def lowest(self) -> float:
        return min(self.values)

    @property
    def median(self) -> float:
        return median(self.values)

    @property
    def highest(self) -> float:
        return max(self.values)

    def over(self, other: Series, name: str) -> Series:
        """This series divided by another one, round by round."""
        values = [mine / theirs for mine, theirs in zip(self.values, other.values, strict=True)]
        return Series(name=name, unit="×", values=values)


class Direction(StrEnum):
    AT_LEAST = "at least"
    AT_MOST = "at most"


class Target(Struct, frozen=True):
    """What the median of a series has to be."""

    series: Series
    direction: Direction
    bound: float

    @property
    def met(self) -> bool:
        middle = self.series.median
        return middle >= self.bound if self.direction is Direction.AT_LEAST else middle <= self.bound


class Result(Struct, frozen=True, kw_only=True):
    """One benchmark. `series` stand in the chart and the table, `notes` below them. `failure` is the error
    that ended it without any figures."""

    title: str
    series: Sequence[Series]
    targets: Sequence[Target]
    notes: Sequence[str] = ()
    failure: str = ""

    @property
    def met(self) -> bool:
        return not self.failure and all(target.met for target in self.targets)

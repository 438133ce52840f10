"""Layout of a recording's frame: the place of each picture."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import TypeVar

from msgspec import Struct

WIDTH, HEIGHT = 1280, 720
MOST_PICTURES = 25
"""Pictures beyond that are left out."""

_STRIP = 256
"""The width of the column of cameras beside a screen."""

K = TypeVar("K", bound=Hashable)


class Cell(Struct, frozen=True):
    """A part of the frame, in pixels; all are even."""

    x: int
    y: int
    width: int
    height: int


def arrange(screens: Sequence[K], cameras: Sequence[K]) -> dict[K, Cell]:
    """A cell for each: cameras in a grid; beside screens, which have the large place, in a column."""
    cameras = cameras[: max(MOST_PICTURES - len(screens), 0)]
    if not screens:
        return _grid(cameras, Cell(0, 0, WIDTH, HEIGHT))
    screens = screens[:MOST_PICTURES]
    width = WIDTH - _STRIP if cameras else WIDTH
    cells = _grid(screens, Cell(0, 0, width, HEIGHT))
    return cells | _column(cameras, Cell(width, 0, _STRIP, HEIGHT))


def _grid(those: Sequence[K], place: Cell) -> dict[K, Cell]:
    if not those:
        return {}
    columns = math.ceil(math.sqrt(len(those)))
    rows = math.ceil(len(those) / columns)
    width, height = _even(place.width / columns), _even(place.height / rows)
    cells: dict[K, Cell] = {}
    for number, one in enumerate(those):
        row, column = divmod(number, columns)
        in_row = min(columns, len(those) - row * columns)
        left = place.x + _even((place.width - in_row * width) / 2)
        cells[one] = Cell(left + column * width, place.y + row * height, width, height)
    return cells


def _column(those: Sequence[K], place: Cell) -> dict[K, Cell]:
    if not those:
        return {}
    height = _even(min(place.height / len(those), place.width * 9 / 16))
    return {
        one: Cell(place.x, place.y + number * height, place.width, height) for number, one in enumerate(those)
    }


def _even(number: float) -> int:
    return int(number) // 2 * 2

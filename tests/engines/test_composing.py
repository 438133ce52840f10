"""Where pictures stand, and when."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchroom.engines.ffmpeg.composing import Clip, Picture, cut
from switchroom.engines.ffmpeg.layout import HEIGHT, MOST_PICTURES, WIDTH, Cell, arrange


def seen(seat: int, start: int, end: int, *, is_screen: bool = False) -> Picture:
    return Picture(Clip(Path(f"{seat}.webm"), start, end, 0), seat, f"P{seat}", is_screen)


@pytest.mark.parametrize("screens", [0, 1, 2, 5])
@pytest.mark.parametrize("cameras", [0, 1, 2, 3, 7, 25, 400])
def test_no_picture_covers_another(screens: int, cameras: int) -> None:
    cells = arrange([f"s{number}" for number in range(screens)], [f"c{number}" for number in range(cameras)])
    assert len(cells) == min(screens + cameras, MOST_PICTURES)
    taken = list(cells.values())
    for number, one in enumerate(taken):
        assert one.width > 0
        assert one.height > 0
        assert [one.x % 2, one.y % 2, one.width % 2, one.height % 2] == [0, 0, 0, 0]
        assert 0 <= one.x <= one.x + one.width <= WIDTH
        assert 0 <= one.y <= one.y + one.height <= HEIGHT
        assert not any(_overlap(one, other) for other in taken[number + 1 :])


def test_a_screen_has_the_large_place() -> None:
    cells = arrange(["screen"], ["ada", "ben"])
    assert cells["screen"].width * cells["screen"].height > 10 * cells["ada"].width * cells["ada"].height


def test_who_comes_later_takes_the_place_that_is_free() -> None:
    slices = cut([seen(0, 0, 20_000), seen(1, 4_900, 10_100), seen(2, 12_000, 20_000)], 20_000)
    assert [(one.start, one.end, [picture.seat for picture, _ in one.cells]) for one in slices] == [
        (0, 4_500, [0]),
        (4_500, 10_500, [0, 1]),
        (10_500, 12_000, [0]),
        (12_000, 20_000, [0, 2]),
    ]
    first, second = slices[1].cells[1], slices[3].cells[1]
    assert first[1] == second[1]


def test_somebody_seen_again_after_a_moment_is_there_once() -> None:
    (one,) = cut([seen(0, 0, 700), seen(0, 800, 1_000)], 1_000)[1:]
    assert [picture.clip.start for picture, _ in one.cells] == [800]


def _overlap(one: Cell, other: Cell) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    above = one.y + one.height <= other.y or other.y + other.height <= one.y
    return not (beside or above)

"""The catalogue of events is whole, and its page shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchroom.events.documentation import main, table
from switchroom.events.log import TYPE
from switchroom.events.types import catalogue

PAGE = Path(__file__).parents[2] / "docs" / "events.md"


def test_every_type_is_there_once_and_fits_the_log() -> None:
    types = [one.event_type for one in catalogue()]
    assert len(types) == len(set(types)) >= 45
    for one in types:
        assert TYPE.fullmatch(one)
        assert len(one) <= 64  # as the column takes


def test_the_page_shows_them(tmp_path: Path) -> None:
    main(PAGE, check=True)
    for one in catalogue():
        assert f"`{one.event_type}`" in table()
    old = tmp_path / "events.md"
    old.write_text(PAGE.read_text().replace("`room.moved`", "`room.carried`"))
    with pytest.raises(SystemExit):
        main(old, check=True)
    main(old, check=False)
    assert old.read_text() == PAGE.read_text()

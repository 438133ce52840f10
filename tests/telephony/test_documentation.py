"""The page of the Telephony API: its tables are what the code has."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchroom.telephony.documentation import main

PAGE = Path(__file__).parents[2] / "docs" / "telephony.md"


def test_the_page_is_as_the_code(tmp_path: Path) -> None:
    main(PAGE, check=True)


def test_an_old_page_is_found_and_mended(tmp_path: Path) -> None:
    old = tmp_path / "telephony.md"
    old.write_text(PAGE.read_text().replace("| `xsmall` | 2 |", "| `xsmall` | 3 |"))
    with pytest.raises(SystemExit):
        main(old, check=True)
    main(old, check=False)
    assert old.read_text() == PAGE.read_text()

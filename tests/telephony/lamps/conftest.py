"""Fixtures: a house whose phones have lamps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.telephony.lamps.house import House


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path, database_url)
    try:
        await house.start()
        yield house
    finally:
        await house.stop()

"""Fixtures of the tests of background work: a database of the test's own, on each kind."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from tests.jobs.place import Place, place


@pytest.fixture
async def here(database_url: str) -> AsyncGenerator[Place]:
    async with place(database_url) as opened:
        yield opened

"""Fixtures of the tests of web hooks: an organization in a database of its own, on each kind."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from tests.events.source import Source, source


@pytest.fixture
async def events(database_url: str) -> AsyncGenerator[Source]:
    async with source(database_url) as opened:
        yield opened

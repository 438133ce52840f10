"""Fixtures: a house without a media server for the rules that need none, one with, and a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from switchroom.engines.janus.configuration import JanusConfiguration
from switchroom.engines.janus.process import JanusProcess
from switchroom.engines.janus.server import JanusServer
from tests.conference.browser import Browsers, open_browsers
from tests.conference.room import House, open_house


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with open_house() as opened:
        yield opened


@pytest.fixture
async def janus(tmp_path: Path) -> AsyncIterator[JanusProcess]:
    """A media server of the test's own."""
    process = JanusProcess(tmp_path / "janus", JanusConfiguration())
    await process.start()
    yield process
    await process.stop()


@pytest.fixture
async def janus_later(tmp_path: Path) -> AsyncIterator[JanusProcess]:
    """A media server that the test starts itself."""
    process = JanusProcess(tmp_path / "janus", JanusConfiguration())
    yield process
    await process.stop()


@pytest.fixture
async def media_house(janus: JanusProcess) -> AsyncIterator[House]:
    """A house with a media server."""
    configuration = janus.configuration
    async with open_house([JanusServer(configuration.url, configuration.api_secret)]) as opened:
        yield opened


@pytest.fixture
async def browsers() -> AsyncIterator[Browsers]:
    async with open_browsers() as opened:
        yield opened

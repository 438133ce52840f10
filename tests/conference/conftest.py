"""Fixtures: a room server without a media server for the rules that need none, one with, and browsers.

What needs a browser runs in one event loop a module, because starting a browser takes longer than a test.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from switchroom.engines.janus.configuration import JanusConfiguration
from switchroom.engines.janus.engine import JanusEngine
from switchroom.engines.janus.server import JanusServer
from tests.conference.browser import Browsers, open_browser
from tests.conference.room import RoomServer, room_server


@pytest.fixture
async def server() -> AsyncIterator[RoomServer]:
    async with room_server() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def janus_later(tmp_path: Path) -> AsyncIterator[JanusEngine]:
    """A media server that the test starts itself."""
    process = JanusEngine(tmp_path / "janus", JanusConfiguration())
    yield process
    await process.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def janus(janus_later: JanusEngine) -> JanusEngine:
    """A media server of the test's own."""
    await janus_later.start()
    return janus_later


@pytest_asyncio.fixture(loop_scope="module")
async def server_with_media(janus: JanusEngine) -> AsyncIterator[RoomServer]:
    """A room server with a media server."""
    configuration = janus.configuration
    async with room_server([JanusServer(configuration.url, configuration.api_secret)]) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def browsers(browser: Browser) -> AsyncIterator[Browsers]:
    opened = Browsers(browser)
    yield opened
    await opened.close()

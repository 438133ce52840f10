"""Fixtures: a media server of the test's own, and a connection to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from switchroom.engines.janus.client import JanusClient
from switchroom.engines.janus.configuration import JanusConfiguration
from switchroom.engines.janus.engine import JanusEngine


@pytest.fixture
async def janus(tmp_path: Path) -> AsyncIterator[JanusEngine]:
    process = JanusEngine(tmp_path / "janus", JanusConfiguration())
    await process.start()
    yield process
    await process.stop()


@pytest.fixture
async def client(janus: JanusEngine) -> AsyncIterator[JanusClient]:
    connected = await JanusClient.connect(janus.configuration.url, janus.configuration.api_secret)
    yield connected
    await connected.close()

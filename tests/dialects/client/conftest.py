"""Fixtures: a room server without a media server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.conference.room import RoomServer, room_server


@pytest.fixture
async def server() -> AsyncIterator[RoomServer]:
    async with room_server() as opened:
        yield opened

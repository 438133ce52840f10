"""Fixtures: callers of the configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from switchroom.bus import Bus
from switchroom.platform.telephony import control_directory
from tests.dialects.telephony_v3.client import Api
from tests.platform import RunningPlatform, Tenant
from tests.telephony.control.board import Board, served, until_connected


@pytest.fixture
def api(running: RunningPlatform, tenant: Tenant) -> Api:
    """An account's key."""
    return Api.of(running, tenant.organization)


class Calls:
    """A worker's calls, in the platform's loop."""

    def __init__(self, running: RunningPlatform) -> None:
        self.board = Board()
        self._running = running

    def start(self) -> Future[None]:
        """Begin, and return what ends when the worker has gone."""
        began: Future[None] = Future()
        self._stop = asyncio.Event()

        async def work() -> None:
            platform = self._running.platform
            workers = platform.telephony.workers
            following = asyncio.create_task(workers.run())
            async with served(control_directory(platform.settings), self.board, Bus()):
                await until_connected(workers, 1)
                began.set_result(None)
                await self._stop.wait()
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

        ended = asyncio.run_coroutine_threadsafe(work(), self._running.loop)
        began.result(90)
        return ended

    def stop(self) -> None:
        self._running.loop.call_soon_threadsafe(self._stop.set)


@pytest.fixture
def board(running: RunningPlatform) -> Iterator[Board]:
    calls = Calls(running)
    ended = calls.start()
    yield calls.board
    calls.stop()
    ended.result(90)

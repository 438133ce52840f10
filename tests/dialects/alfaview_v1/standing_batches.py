"""Batches of invitations that stand still where a test wants them to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from switchroom.accounts import invitation_batches
from switchroom.jobs.retry import written

_LONGEST = 60.0


def stand(monkeypatch: pytest.MonkeyPatch, pieces: int = 0) -> threading.Event:
    """Let the next batch stand between two transactions once so many pieces of it are done, until the event
    is set."""
    goes_on, begun = threading.Event(), 0

    async def written_later(write: Callable[[], Awaitable[object]], what: str, limit: timedelta) -> None:
        nonlocal begun
        if begun == pieces:
            await asyncio.to_thread(goes_on.wait, _LONGEST)
        begun += 1
        await written(write, what, limit)

    monkeypatch.setattr(invitation_batches, "written", written_later)
    return goes_on

"""The worker that delivers, at work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from switchroom.mail.delivery import RETRY_DELAYS, MailDelivery
from switchroom.settings import SmtpSettings
from tests.mail.post import LIMIT, Sender


@asynccontextmanager
async def delivering(
    organization: Sender,
    url: str,
    directory: Path,
    retry_delays: Sequence[timedelta] = RETRY_DELAYS,
    *,
    give_up_after: float = LIMIT,
) -> AsyncGenerator[asyncio.Task[None]]:
    """The worker, running. It has done what it began when the block ends."""
    delivery = MailDelivery(
        organization.database,
        SmtpSettings(url=url, timeout=give_up_after),
        directory,
        organization.bus,
        retry_delays=retry_delays,
    )
    worker = asyncio.create_task(delivery.run())
    try:
        yield worker
    finally:
        worker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await worker

"""What a process does that delivers web hooks until it is killed."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from switchroom import logs
from switchroom.bus import Bus
from switchroom.db.database import Database
from tests.events.source import PATIENT, deliver


def work(database_url: str, lease: timedelta) -> None:
    """Deliver to loopback."""
    logs.configure("text", "error")
    bus = Bus()
    asyncio.run(deliver(Database(database_url, bus), bus, retries=PATIENT, lease=lease))

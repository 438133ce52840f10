"""A process that delivers mail until it is killed: `python -m tests.mail.worker DATABASE SMTP DIRECTORY
SECONDS`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from switchroom import logs
from switchroom.bus import Bus
from switchroom.db.database import Database
from switchroom.mail.delivery import MailDelivery
from switchroom.settings import SmtpSettings


async def main(database_url: str, smtp_url: str, directory: str, seconds: str) -> None:
    bus = Bus()
    database = Database(database_url, bus)
    settings = SmtpSettings(url=smtp_url, timeout=float(seconds))
    await MailDelivery(database, settings, Path(directory), bus).run()


if __name__ == "__main__":
    logs.configure("json", "debug")
    asyncio.run(main(*sys.argv[1:]))

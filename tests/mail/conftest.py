"""Fixtures of the tests of mail: a sender on each database, with a database of its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.mail.mail_server import MailServer, mail_server
from tests.mail.post import Sender, sender


@pytest.fixture
async def organization(tmp_path: Path) -> AsyncGenerator[Sender]:
    async with sender(f"sqlite+aiosqlite:///{tmp_path / 'mail.db'}") as opened:
        yield opened


@pytest.fixture
async def post() -> AsyncGenerator[MailServer]:
    async with mail_server() as opened:
        yield opened

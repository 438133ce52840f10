"""An account of the test's own, on each database."""

from __future__ import annotations

import pytest

from tests.dialects.webmeeting_v6.client import Account
from tests.platform import RunningPlatform


@pytest.fixture
def account(running: RunningPlatform) -> Account:
    return Account(running)

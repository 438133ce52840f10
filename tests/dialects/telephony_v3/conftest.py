"""Fixtures: callers of the configuration."""

from __future__ import annotations

import pytest

from tests.dialects.telephony_v3.client import Api
from tests.platform import RunningPlatform, Tenant


@pytest.fixture
def api(running: RunningPlatform, tenant: Tenant) -> Api:
    """An account's key."""
    return Api.of(running, tenant.organization)

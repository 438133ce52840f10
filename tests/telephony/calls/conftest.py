"""Fixtures: a platform as `up` runs it, with telephones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from switchroom.engines.ports import free_port
from switchroom.settings import TelephonySettings
from tests.platform import RunningPlatform, running_platform
from tests.telephony.calls.switchboards import Account


@pytest.fixture(scope="session")
def exchange(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[RunningPlatform]:
    """A platform on which calls are made."""
    first = 47000 + 600 * (int(worker_id[2:]) if worker_id.startswith("gw") else 9)
    telephony = TelephonySettings(
        sip_port=free_port(),
        media_port_min=first,
        media_port_max=first + 599,
        trunk_networks=["127.0.0.0/8"],
    )
    with running_platform(tmp_path_factory.mktemp("exchange"), engines=True, telephony=telephony) as platform:
        yield platform


@pytest.fixture
def account(exchange: RunningPlatform) -> Iterator[Account]:
    """A new account. Its trunks lead nowhere afterwards: their ports may become other carriers'."""
    made = Account(exchange)
    yield made
    nowhere = {"server": "", "username": "", "advanced": {"shared_server": False}}
    for trunk in made.api("GET", "/trunks"):
        made.api("POST", f"/trunks/{trunk['id']}", nowhere)

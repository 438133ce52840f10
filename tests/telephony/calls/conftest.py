"""Fixtures: a platform as `up` runs it, with telephones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.platform import RunningPlatform, running_platform
from tests.ports import telephones
from tests.telephony.calls.switchboards import Account


@pytest.fixture(scope="session")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    """A platform on which calls are made."""
    data = tmp_path_factory.mktemp("exchange")
    with (
        telephones(trunk_networks=["127.0.0.0/8"]) as telephony,
        running_platform(data, engines=True, telephony=telephony) as platform,
    ):
        yield platform


@pytest.fixture
def account(exchange: RunningPlatform) -> Iterator[Account]:
    """A new account. Its calls are over afterwards, for others are counted; its trunks lead nowhere: their
    ports may become other carriers'."""
    made = Account(exchange)
    yield made
    made.end_calls()
    nowhere = {"server": "", "username": "", "advanced": {"shared_server": False}}
    for trunk in made.api("GET", "/trunks"):
        made.api("POST", f"/trunks/{trunk['id']}", nowhere)

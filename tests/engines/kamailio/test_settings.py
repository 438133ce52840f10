"""Settings of the platform as the SIP server has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchroom.platform import sip_server
from switchroom.settings import ConfigurationError, load


def test_limits_are_an_operators(tmp_path: Path) -> None:
    environment = {
        "SWITCHROOM_TELEPHONY_DEVICE_CALLS_SECOND": "6",
        "SWITCHROOM_TELEPHONY_ACCOUNT_CALLS_MINUTE": "700",
        "SWITCHROOM_TELEPHONY_TRUNK_CALLS_MINUTE": "8",
    }
    engine = sip_server.ENTRY.make(load(environment=environment, options={"data": str(tmp_path)}))
    limits = engine.configuration.limits
    assert (limits.device_invites, limits.account_invites, limits.trunk_invites) == (
        (6, 100),
        (50, 700),
        (50, 8),
    )


@pytest.mark.parametrize("networks", ["nowhere", "10.0.0.0/99"])
def test_networks_of_trunks_are_networks(tmp_path: Path, networks: str) -> None:
    with pytest.raises(ConfigurationError, match="trunk_networks"):
        load(environment={"SWITCHROOM_TELEPHONY_TRUNK_NETWORKS": networks}, options={"data": str(tmp_path)})

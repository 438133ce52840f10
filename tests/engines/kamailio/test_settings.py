"""Settings of the platform as the SIP server has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchroom.engines.kamailio.configuration import Limits
from switchroom.platform import media_relay, sip_server
from switchroom.settings import ConfigurationError, load


def test_limits_that_nobody_sets_are_the_engines_own(tmp_path: Path) -> None:
    engine = sip_server.ENTRY.make(load(environment={}, options={"data": str(tmp_path)}))
    assert engine.configuration.limits == Limits()


def test_limits_are_an_operators(tmp_path: Path) -> None:
    environment = {
        "SWITCHROOM_TELEPHONY_DEVICE_CALLS_SECOND": "6",
        "SWITCHROOM_TELEPHONY_ACCOUNT_CALLS_MINUTE": "700",
        "SWITCHROOM_TELEPHONY_TRUNK_CALLS_MINUTE": "8",
        "SWITCHROOM_TELEPHONY_DEVICE_REGISTRATIONS_MINUTE": "9",
        "SWITCHROOM_TELEPHONY_ACCOUNT_REGISTRATIONS_SECOND": "10",
        "SWITCHROOM_TELEPHONY_DEVICE_SUBSCRIPTIONS_SECOND": "11",
        "SWITCHROOM_TELEPHONY_ACCOUNT_SUBSCRIPTIONS_MINUTE": "12",
        "SWITCHROOM_TELEPHONY_ADDRESS_REQUESTS": "13",
        "SWITCHROOM_TELEPHONY_ADDRESS_DIALOG_REQUESTS": "14",
    }
    engine = sip_server.ENTRY.make(load(environment=environment, options={"data": str(tmp_path)}))
    limits = engine.configuration.limits
    assert (limits.device_invites, limits.account_invites, limits.trunk_invites) == (
        (6, 100),
        (50, 700),
        (50, 8),
    )
    assert (limits.device_registers, limits.account_registers) == ((2, 9), (10, 100))
    assert (limits.device_subscribes, limits.account_subscribes) == ((11, 300), (500, 12))
    assert (limits.address_requests, limits.address_dialog_requests) == (13, 14)


@pytest.mark.parametrize(
    ("told", "told_of_media", "server", "relay"),
    [
        ("", "", "", "127.0.0.1"),
        ("203.0.113.7", "", "203.0.113.7", "127.0.0.1!203.0.113.7"),
        ("203.0.113.7", "203.0.113.8", "203.0.113.7", "127.0.0.1!203.0.113.8"),
        ("sip.example.org", "", "sip.example.org", "127.0.0.1"),
        ("sip.example.org", "203.0.113.8", "sip.example.org", "127.0.0.1!203.0.113.8"),
        ("127.0.0.1", "", "127.0.0.1", "127.0.0.1"),
    ],
)
def test_phones_are_told_where_they_reach_a_machine_behind_a_nat(
    tmp_path: Path, told: str, told_of_media: str, server: str, relay: str
) -> None:
    environment = {
        "SWITCHROOM_TELEPHONY_LISTEN": "127.0.0.1",
        "SWITCHROOM_TELEPHONY_ADVERTISED_ADDRESS": told,
        "SWITCHROOM_TELEPHONY_MEDIA_ADVERTISED_ADDRESS": told_of_media,
    }
    settings = load(environment=environment, options={"data": str(tmp_path)})
    assert sip_server.ENTRY.make(settings).configuration.advertise == server
    assert media_relay.ENTRY.make(settings).configuration.interfaces == (relay,)


@pytest.mark.parametrize("networks", ["nowhere", "10.0.0.0/99"])
def test_networks_of_trunks_are_networks(tmp_path: Path, networks: str) -> None:
    with pytest.raises(ConfigurationError, match="trunk_networks"):
        load(environment={"SWITCHROOM_TELEPHONY_TRUNK_NETWORKS": networks}, options={"data": str(tmp_path)})


def test_engines_listen_at_no_port_for_media(tmp_path: Path) -> None:
    """Whichever of the two binds later would get all that is sent there, and neither says so."""
    environment = {
        "SWITCHROOM_TELEPHONY_MEDIA_PORT_MIN": "32768",
        "SWITCHROOM_TELEPHONY_MEDIA_PORT_MAX": "60000",
        "SWITCHROOM_TELEPHONY_WORKERS": "4",
    }
    settings = load(environment=environment, options={"data": str(tmp_path)})
    server = sip_server.ENTRY.make(settings).configuration
    relay = media_relay.ENTRY.make(settings).configuration
    ports = {
        server.core_port,
        server.web_port,
        server.events_port,
        server.trunks_port,
        *server.workers,
        relay.control_port,
        relay.event_port,
    }
    assert len(ports) == 10
    assert ports.isdisjoint(settings.telephony.media_ports)


@pytest.mark.parametrize(
    ("name", "value"),
    [("TELEPHONY_SIP_PORT", "15060"), ("TELEPHONY_SIP_TLS_PORT", "10000"), ("JANUS_RTP_PORT_MIN", "19999")],
)
def test_ports_for_media_are_nothing_elses(tmp_path: Path, name: str, value: str) -> None:
    environment = {f"SWITCHROOM_{name}": value}
    with pytest.raises(ConfigurationError, match=r"telephony\..*port"):
        load(environment=environment, options={"data": str(tmp_path)})
    load(
        environment={**environment, "SWITCHROOM_TELEPHONY_ENABLED": "false"}, options={"data": str(tmp_path)}
    )

"""The SIP server that this machine runs for telephones."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from pathlib import Path

from switchroom.engines.engine import find_program
from switchroom.engines.kamailio.configuration import KamailioConfiguration, Limits
from switchroom.engines.kamailio.engine import KamailioEngine
from switchroom.engines.ports import free_port
from switchroom.engines.rtpengine.engine import RtpengineEngine
from switchroom.platform.engines import EngineEntry
from switchroom.settings import Settings

_SOMEWHERE = {4: "192.0.2.1", 6: "2001:db8::1"}
"""Addresses for documentation; nothing is sent there."""


def directory(settings: Settings) -> Path:
    """Directory of the SIP server's configuration and state."""
    return settings.data_directory.resolve() / "kamailio"


def listen_address(settings: Settings) -> str:
    """The address on which telephones are served."""
    return settings.telephony.listen or {"localhost": "127.0.0.1"}.get(settings.host, settings.host)


def local_address(settings: Settings) -> str:
    """One address of this machine on which telephones are served, also where they are on all."""
    listen = listen_address(settings)
    try:
        address = ip_address(listen)
    except ValueError:
        return listen
    return _own_address(address.version) if address.is_unspecified else listen


def advertised_address(settings: Settings) -> str:
    """The address that telephones are told, empty where it is the one that is listened on."""
    if settings.telephony.advertised_address:
        return settings.telephony.advertised_address
    local = local_address(settings)
    return local if local != listen_address(settings) else ""


def _own_address(version: int) -> str:
    """The address of this machine from which the world is reached."""
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((_SOMEWHERE[version], 9))
        except OSError:
            return "127.0.0.1" if version == 4 else "::1"
        return str(probe.getsockname()[0])


def _make(settings: Settings) -> KamailioEngine:
    telephony = settings.telephony
    media = telephony.media_ports
    configuration = KamailioConfiguration(
        database_url=settings.database_url,
        listen=listen_address(settings),
        port=telephony.sip_port,
        advertise=advertised_address(settings),
        tls_port=telephony.sip_tls_port,
        tls_certificate=telephony.tls_certificate,
        tls_private_key=telephony.tls_private_key,
        authorities=telephony.carrier_authorities,
        workers=tuple(free_port(media) for _ in range(telephony.workers)),
        core_port=free_port(media),
        web_port=free_port(media),
        events_port=free_port(media),
        trunks_port=free_port(media),
        no_calls=_no_calls(settings),
        limits=Limits(
            device_invites=(telephony.device_calls_second, telephony.device_calls_minute),
            account_invites=(telephony.account_calls_second, telephony.account_calls_minute),
            trunk_invites=(telephony.trunk_calls_second, telephony.trunk_calls_minute),
            device_registers=(telephony.device_registrations_second, telephony.device_registrations_minute),
            account_registers=(
                telephony.account_registrations_second,
                telephony.account_registrations_minute,
            ),
            device_subscribes=(telephony.device_subscriptions_second, telephony.device_subscriptions_minute),
            account_subscribes=(
                telephony.account_subscriptions_second,
                telephony.account_subscriptions_minute,
            ),
            address_requests=telephony.address_requests,
            address_dialog_requests=telephony.address_dialog_requests,
            slow_after=telephony.slow_after,
            ban_after=telephony.ban_after,
            ban_time=telephony.ban_time,
        ),
    )
    return KamailioEngine(directory(settings), configuration, telephony.kamailio_executable)


def _no_calls(settings: Settings) -> str:
    """Reason why no calls can be had here, empty where they can."""
    program = settings.telephony.rtpengine_executable
    if find_program(program) is not None:
        return ""
    return f"rtpengine is not installed: sudo apt-get install {' '.join(RtpengineEngine.packages)}"


def wanted(settings: Settings) -> bool:
    """Whether this platform serves telephones."""
    return settings.telephony.enabled


ENTRY = EngineEntry(_make, wanted=wanted)

"""Carriers as this platform may reach them, and as they reach it."""

from __future__ import annotations

from switchroom.engines.kamailio.configuration import read_interfaces
from switchroom.platform import sip_server
from switchroom.settings import Settings
from switchroom.telephony.carrier_certificates import CarrierCertificates
from switchroom.telephony.carriers import CarrierAddresses
from switchroom.telephony.trunk_registrations import OwnSide


def carrier_addresses(settings: Settings) -> CarrierAddresses:
    """Addresses of carriers, for one process."""
    telephony = settings.telephony

    def own_ports() -> frozenset[int]:
        ports = {telephony.sip_port, telephony.sip_tls_port, settings.port}
        interfaces = read_interfaces(sip_server.directory(settings))
        if interfaces is not None:
            ports |= {interfaces.core_port, interfaces.web_port, interfaces.events_port, *interfaces.workers}
            ports.add(interfaces.trunks_port)
        return frozenset(ports)

    return CarrierAddresses(
        telephony.trunk_networks,
        own_ports,
        advertised=sip_server.advertised_address(settings),
        ipv6=":" in sip_server.listen_address(settings),
    )


def carrier_certificates(settings: Settings) -> CarrierCertificates:
    """The check of carriers' certificates, for one process."""
    telephony = settings.telephony
    own = (telephony.tls_certificate, telephony.tls_private_key) if telephony.tls_certificate else None
    return CarrierCertificates(telephony.carrier_authorities, own)


def own_side(settings: Settings) -> OwnSide:
    """Address and ports at which carriers reach this platform."""
    telephony = settings.telephony
    host = sip_server.advertised_address(settings) or sip_server.listen_address(settings)
    return OwnSide(f"[{host}]" if ":" in host else host, telephony.sip_port, telephony.sip_tls_port)

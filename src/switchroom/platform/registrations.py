"""Registrations: of phones here, and of trunks at their carriers."""

from __future__ import annotations

from collections.abc import Sequence

from switchroom.platform import sip_server
from switchroom.platform.background import Background
from switchroom.platform.carriers import carrier_addresses, carrier_certificates, own_side
from switchroom.platform.storage import Storage
from switchroom.settings import Settings
from switchroom.telephony.registrations import RegistrationMirror
from switchroom.telephony.resources.trunks import Trunks
from switchroom.telephony.resources.vault import Vault
from switchroom.telephony.trunk_registrations import TrunkRegistrations


def registrations(settings: Settings, storage: Storage, vault: Vault) -> Sequence[Background]:
    """The work that keeps them, beside the SIP server of this machine."""
    directory = sip_server.directory(settings)
    phones = RegistrationMirror(storage.database, storage.bus, directory)
    trunks = TrunkRegistrations(
        storage.database,
        storage.bus,
        directory,
        Trunks(),
        vault,
        carrier_addresses(settings),
        carrier_certificates(settings),
        own_side(settings),
    )
    return [Background("registrations", phones.run), Background("trunk registrations", trunks.run)]

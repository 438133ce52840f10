"""Networks: where an account's phones are."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from switchroom.errors import ErrorCode, Problems
from switchroom.events.append import append
from switchroom.events.types import ResourceUpdated, resource_event
from switchroom.telephony.resources.actor import Actor
from switchroom.telephony.resources.fields import Text
from switchroom.telephony.resources.realms import TelephonyAccount, account_of
from switchroom.telephony.resources.service import Resources

_NAME = "networks"


class Network(Struct, frozen=True, kw_only=True):
    """A network: its public `address`, or the `network` and its `netmask`, or both."""

    address: Text = ""
    network: Text = ""
    netmask: Text = ""


class Networks(Struct, frozen=True):
    """All networks of an account."""

    networks: Annotated[list[Network], Meta(max_length=1000)] = []


class NetworkList:
    """The networks of an account, which are replaced as a whole."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def read(self, actor: Actor) -> Networks:
        async with self._resources.reading(actor) as work:
            account = await work.session.get(TelephonyAccount, work.organization_id)
            if account is None:
                return Networks()
            return msgspec.convert({_NAME: account.details.get(_NAME, [])}, Networks)

    async def replace(self, actor: Actor, networks: Networks) -> Networks:
        """Raises Invalid with all that is wrong."""
        problems = Problems()
        for number, network in enumerate(networks.networks):
            _check(network, f"networks[{number}]", problems)
        problems.require_none()
        async with self._resources.changing(actor) as work:
            account = await account_of(work.session, work.organization_id, work.realm_suffix)
            kept: dict[str, Any] = msgspec.to_builtins(networks)
            account.details = {**account.details, **kept}
            event = resource_event(ResourceUpdated, "network")(name="", by=actor.by)
            append(work.session, work.organization_id, event, str(work.organization_id))
        return networks


def _check(network: Network, path: str, problems: Problems) -> None:
    if not network.address and not network.network:
        problems.add(ErrorCode.REQUIRED, f"{path}.address")
    for name, text in (("address", network.address), ("network", network.network)):
        if text and not _is_address(text):
            problems.add(ErrorCode.NETWORK_INVALID, f"{path}.{name}")
    if network.netmask and not _is_network(network.network, network.netmask):
        problems.add(ErrorCode.NETWORK_INVALID, f"{path}.netmask")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_network(address: str, mask: str) -> bool:
    try:
        ip_network(f"{address or '10.0.0.0'}/{mask.removeprefix('/')}", strict=False)
    except ValueError:
        return False
    return True

"""Addresses of carriers: a tenant's trunk leads to no place that only we can reach."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from switchroom.telephony import carriers
from switchroom.telephony.carriers import CarrierAddresses, CarrierForbidden, CarrierUnknown, Hop

OWN = frozenset({5060, 41000})


class Names:
    """Who knows names."""

    def __init__(self, known: Mapping[str, Sequence[str]]) -> None:
        self.known = dict(known)
        self.asked: list[str] = []
        self.is_slow = False

    async def look_up(self, name: str) -> Sequence[str]:
        self.asked.append(name)
        if self.is_slow:
            await asyncio.sleep(3600)
        if name not in self.known:
            raise OSError("Name or service not known")
        return self.known[name]


def addresses(names: Names, *allowed: str, advertised: str = "") -> CarrierAddresses:
    return CarrierAddresses(allowed, lambda: OWN, advertised=advertised, lookup=names.look_up)


@pytest.mark.parametrize(
    "server",
    [
        "127.0.0.1",
        "127.8.8.8",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.1.75",
        "[::1]",
        "::ffff:127.0.0.1",
        "[fd00::1]",
        "64:ff9b::7f00:1",
        "localhost",
        "inside.example",
        "203.0.113.5",
    ],
)
async def test_a_trunk_leads_to_no_address_inside(server: str) -> None:
    names = Names({"localhost": ["127.0.0.1"], "inside.example": ["10.0.0.7", "::1"]})
    with pytest.raises(CarrierForbidden):
        await addresses(names, advertised="203.0.113.5").find(server, 0, "")


async def test_what_is_public_is_used_in_its_order() -> None:
    names = Names({"carrier.example": ["10.0.0.7", "8.8.8.8", "1.1.1.1", "8.8.8.8"]})
    found = await addresses(names).find("Carrier.Example.", 0, "")
    assert found == (Hop("8.8.8.8", 5060), Hop("1.1.1.1", 5060))
    assert await addresses(names).find("carrier.example", 0, "tls") == (
        Hop("8.8.8.8", 5061, "tls"),
        Hop("1.1.1.1", 5061, "tls"),
    )
    assert await addresses(names).find("8.8.8.8", 5080, "tcp_10065") == (Hop("8.8.8.8", 5080, "tcp"),)


async def test_an_operator_allows_networks_but_not_our_own_ports() -> None:
    here = addresses(Names({}), "127.0.0.0/8", "10.0.0.0/8")
    assert await here.find("10.1.2.3", 5060, "") == (Hop("10.1.2.3", 5060),)
    assert await here.find("127.0.0.1", 5070, "") == (Hop("127.0.0.1", 5070),)
    for port in OWN:
        with pytest.raises(CarrierForbidden):
            await here.find("127.0.0.1", port, "")
    with pytest.raises(CarrierForbidden):
        await addresses(Names({}), "203.0.113.0/24", advertised="203.0.113.5").find("203.0.113.5", 5060, "")


async def test_a_name_without_an_address_is_told() -> None:
    with pytest.raises(CarrierUnknown, match=r"nowhere\.example"):
        await addresses(Names({"empty.example": []})).find("nowhere.example", 0, "")


async def test_no_call_waits_for_names_that_were_known(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names({"carrier.example": ["8.8.8.8"]})
    here = addresses(names)
    for _ in range(3):
        await here.find("carrier.example", 0, "")
    assert names.asked == ["carrier.example"]
    names.known["carrier.example"], names.is_slow = ["1.1.1.1"], True
    monkeypatch.setattr(carriers, "REMEMBERED", 0.0)
    async with asyncio.timeout(60):
        for _ in range(3):
            assert await here.find("carrier.example", 0, "") == (Hop("8.8.8.8", 5060),)
            await asyncio.sleep(0)
    assert len(names.asked) == 2, "it is asked for once at a time"


async def test_a_name_that_moves_inside_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names({"carrier.example": ["8.8.8.8"]})
    here = addresses(names)
    await here.find("carrier.example", 0, "")
    names.known["carrier.example"] = ["127.0.0.1"]
    monkeypatch.setattr(carriers, "REMEMBERED", 0.0)
    monkeypatch.setattr(carriers, "OUTDATED", 0.0)
    with pytest.raises(CarrierForbidden):
        await here.find("carrier.example", 0, "")


def test_addresses_are_written_as_kamailio_writes_them() -> None:
    assert Hop("2001:0DB8:0:0:0:0:0:1", 5060).source == "2001:db8::1"
    assert Hop("2001:db8:0:0:1:0:0:1", 5060).source == "2001:db8::1:0:0:1"
    assert Hop("192.0.2.1", 5060).source == "192.0.2.1"
    assert Hop("2001:db8::1", 5061, "tls").uri == "sip:[2001:db8::1]:5061;transport=tls"

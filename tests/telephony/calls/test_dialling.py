"""Dialling over a trunk before there is a leg: limits hold while names are looked up, and what fails."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import pytest
from msgspec import structs

from switchroom.telephony.calls.dialling import TrunkDialler
from switchroom.telephony.calls.inbox import Inbox
from switchroom.telephony.calls.loaded import LoadedFlow, TrunkAccess
from switchroom.telephony.calls.ringing import RingingCall
from switchroom.telephony.carriers import CarrierAddresses
from switchroom.telephony.routing.actions import Dial, Failed
from switchroom.telephony.routing.call import Flow
from switchroom.telephony.routing.configuration import Account, Live, Trunk
from switchroom.telephony.routing.modules.outside import outside_node
from switchroom.telephony.routing.trunks import TrunkRequest

if TYPE_CHECKING:
    from switchroom.telephony.calls.kept_loader import KeptLoader
    from switchroom.telephony.calls.media_services import MediaServices
    from switchroom.telephony.calls.prompt_files import PromptFiles
    from switchroom.telephony.trunk_claims import TrunkClaims

NO_CLAIMS = cast("TrunkClaims", None)
"""It does not come so far."""

TRUNK = 5
DIAL = Dial(TRUNK, TrunkRequest("+3225550177", "", "+3225550100"), 30)
LOADED = LoadedFlow(
    flow=Flow(
        id=0,
        root=outside_node("+3225550177"),
        account=Account(id=1),
        trunks={TRUNK: Trunk(id=TRUNK, concurrent_calls=1)},
    ),
    trunk_accesses={TRUNK: TrunkAccess("carrier.example")},
)


def ringing(dialler: TrunkDialler) -> RingingCall:
    """A call without engines: it comes to no leg."""

    def with_live(flow: Flow) -> Flow:
        return flow.with_live(Live(trunk_calls=dialler.begun))

    return RingingCall(
        organization_id=1,
        realm="acme.example.org",
        services=cast("MediaServices", None),
        loader=cast("KeptLoader", None),
        prompts=cast("PromptFiles", None),
        inbox=Inbox(),
        codecs=(),
        target=None,
        added=lambda leg: None,
        dial=dialler.dial,
        with_live=with_live,
        count_group=lambda _: None,
        may_go_out=lambda limits, is_forward: True,
    )


async def test_calls_that_look_a_name_up_count() -> None:
    answered = asyncio.Event()

    async def look_up(name: str) -> Sequence[str]:
        await answered.wait()
        return ["127.0.0.1"]

    dialler = TrunkDialler(CarrierAddresses([], frozenset, lookup=look_up), NO_CLAIMS, "192.0.2.1")
    first = asyncio.create_task(dialler.dial(ringing(dialler), LOADED, DIAL))
    await asyncio.sleep(0)
    second = await dialler.dial(ringing(dialler), LOADED, DIAL)
    assert isinstance(second, Failed)
    assert second.code == 503
    emergency = structs.replace(DIAL, is_emergency=True)
    third = asyncio.create_task(dialler.dial(ringing(dialler), LOADED, emergency))
    await asyncio.sleep(0)
    assert not third.done()
    answered.set()
    for task in (first, third):
        outcome = await task
        assert isinstance(outcome, Failed)
        assert outcome.code == 502, "it leads to this machine"
    assert not any(dialler.begun.values())


@pytest.mark.parametrize("problem", [OSError("no such name"), TimeoutError()])
async def test_a_carrier_without_an_address_is_one_that_another_trunk_stands_in_for(problem: OSError) -> None:
    async def look_up(name: str) -> Sequence[str]:
        raise problem

    dialler = TrunkDialler(CarrierAddresses([], frozenset, lookup=look_up), NO_CLAIMS, "192.0.2.1")
    outcome = await dialler.dial(ringing(dialler), LOADED, DIAL)
    assert isinstance(outcome, Failed)
    assert 500 <= outcome.code < 600

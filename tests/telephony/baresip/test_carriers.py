"""Real phones at both ends of a trunk: one with an account here, the other in a carrier's network."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from tests.telephony.baresip.phone import HOST, Baresip, Kind, baresip, baresips
from tests.telephony.calls.carriers import add_number, add_trunk
from tests.telephony.calls.switchboards import Account

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]

NUMBER, TONE = "+3225559999", 1200


@asynccontextmanager
async def outside(account: Account) -> AsyncGenerator[tuple[Baresip, str]]:
    """A phone of the network behind a trunk, and the number of the account that the network knows."""
    async with baresip(NUMBER, "", HOST, account.server, TONE, Kind(registers=False)) as phone:
        trunk = add_trunk(account, phone.port)
        yield phone, add_number(account, trunk)


async def test_calls_go_out_and_come_in(account: Account) -> None:
    user = account.person("201")
    async with outside(account) as (mobile, number), baresips(account, "201") as (ada,):
        account.flow(number, {"module": "user", "data": {"id": user}})
        await ada.dial(NUMBER)
        await mobile.answer()
        await ada.hears(mobile.tone)
        await mobile.hears(ada.tone)
        await ada.hang_up()
        await mobile.over()
        await mobile.dial(number)
        assert NUMBER in (await ada.answer()).peer
        await ada.hears(mobile.tone)
        await mobile.hears(ada.tone)
        await mobile.hang_up()
        await ada.over()


async def test_an_extension_that_leads_outside(account: Account) -> None:
    """The module `external`, whose calls the account pays."""
    account.person("201")
    account.flow("300", {"module": "external", "data": {"number": NUMBER}})
    async with outside(account) as (mobile, _), baresips(account, "201") as (ada,):
        await ada.dial("300")
        await mobile.answer()
        await ada.hears(mobile.tone)
        await mobile.hears(ada.tone)
        await mobile.hang_up()
        await ada.over()
        await ada.dial("300")
        await mobile.refuse()
        assert (await ada.over()).startswith("486")

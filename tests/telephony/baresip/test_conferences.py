"""Real phones in a conference."""

from __future__ import annotations

import pytest

from tests.telephony.baresip.phone import baresips
from tests.telephony.calls.switchboards import Account

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine, pytest.mark.janus]

PEOPLE = ("201", "202", "203")


async def test_three_with_a_pin_hear_the_two_others(account: Account) -> None:
    for extension in PEOPLE:
        account.person(extension)
    draft = {"name": "Daily", "members_pin": "4711", "members_announce_join_leave": False}
    made = account.api("PUT", "/conferences", draft)["id"]
    account.flow("400", {"module": "conference", "data": {"id": made}})
    async with baresips(account, *PEOPLE) as phones:
        for phone in phones:
            await phone.call("400")
            await phone.press("4711#")
        ada, grace, mary = phones
        for phone in phones:
            await phone.hears(*(one.tone for one in phones if one is not phone))
        await mary.press("*1")
        await ada.hears(grace.tone)
        await grace.hears(ada.tone)
        await mary.hears(ada.tone, grace.tone)
        await mary.press("*1")
        await ada.hears(grace.tone, mary.tone)
        await grace.press("#")
        await grace.over()
        await ada.hears(mary.tone)
        await mary.hang_up()
        await ada.hang_up()

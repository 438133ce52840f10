"""Subscriptions of phones: refreshed and ended by the device that began them, and by nobody else."""

from __future__ import annotations

import pytest

from tests.telephony.lamps.house import NAMES, House

pytestmark = pytest.mark.kamailio

OTHER_REALM = "other.example.org"


async def test_a_phone_refreshes_and_ends_what_it_watches(house: House) -> None:
    """Also under the name with the account's prefix, and with quotes in the Call-ID, which may have them (RFC
    3261, section 25.1)."""
    for prefixed, call_id in (
        (False, "1@desk"),
        (True, "2@desk"),
        (False, "o'brien@desk"),
        (True, "'or(1)or'"),
    ):
        async with house.phone(100, prefixed=prefixed) as lamp:
            lamp.phone.call_id = call_id
            told = await lamp.watch("101", "dialog")
            assert told.header("Call-ID") == call_id
            refreshed = await lamp.refresh(told, expires=300)
            assert (refreshed.status, refreshed.header("Expires")) == (200, "300"), call_id
            await lamp.told_state("active;expires=")
            assert (await lamp.end(told)).status == 200, call_id
            await lamp.told_state("terminated")


async def test_nobody_refreshes_or_ends_what_another_watches(house: House) -> None:
    """Neither a colleague's phone nor one of another account that has the same name, whatever they know."""
    await house.add_device(NAMES[100], OTHER_REALM)
    for call_id in ("1@desk", "o'brien@desk"):
        async with (
            house.phone(100) as lamp,
            house.phone(101) as colleague,
            house.phone(101, prefixed=True) as prefixed,
            house.phone(100, realm=OTHER_REALM) as stranger,
        ):
            lamp.phone.call_id = call_id
            told = await lamp.watch("101", "dialog")
            for other in (colleague, prefixed, stranger):
                for expires in (300, 0):
                    assert (await other.refresh(told, expires)).status == 481
            assert (await lamp.refresh(told, expires=300)).status == 200
            await lamp.told_state("active;expires=")

"""Real phones ring: groups by their strategies, forwards with all their conditions, who is not to be
disturbed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.telephony.baresip.phone import baresips
from tests.telephony.calls.switchboards import Account

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]

PEOPLE = ("201", "202", "203")


@pytest.fixture
def office(account: Account) -> Account:
    """Three people with a phone each."""
    for extension in PEOPLE:
        account.person(extension, f"Person {extension}")
    return account


def group(office: Account, strategy: str, *members: dict[str, Any]) -> None:
    """A group on 300 of 202 and 203, with what else is said of them."""
    found = [
        {"member_id": office.people[extension], "timeout": 20, **more}
        for extension, more in zip(("202", "203"), members or ({}, {}), strict=True)
    ]
    made = office.api("PUT", "/groups", {"name": "All", "strategy": strategy, "members": found})
    office.flow("300", {"module": "group", "data": {"id": made["id"]}})


def forward(office: Account, **more: Any) -> None:
    """202 forwards to 203."""
    fields = {"enabled": True, "number": "203", "require_key_press": False, **more}
    office.api("POST", f"/users/{office.people['202']}", {"call_forward": fields})


async def test_a_group_that_rings_at_once(office: Account) -> None:
    group(office, "simultaneous")
    async with baresips(office, *PEOPLE) as (ada, grace, mary):
        await ada.dial("300")
        await grace.rung()
        await mary.answer()
        await grace.over()
        await ada.hears(mary.tone)
        await mary.hears(ada.tone)
        await grace.hears()


async def test_a_group_that_rings_one_after_the_other(office: Account) -> None:
    group(office, "sequential", {"timeout": 6}, {})
    async with baresips(office, *PEOPLE) as (ada, grace, mary):
        await ada.dial("300")
        await grace.rung()
        assert not mary.told("CALL_INCOMING")
        await grace.over()
        await mary.answer()
        await ada.hears(mary.tone)
        await mary.hears(ada.tone)


@pytest.mark.parametrize("strategy", ["round_robin", "longest_idle"])
async def test_a_group_that_begins_with_another(office: Account, strategy: str) -> None:
    """With the next in turn, or with who has had no call for the longest time."""
    group(office, strategy)
    async with baresips(office, *PEOPLE) as (ada, grace, mary):
        for first, other in ((grace, mary), (mary, grace)):
            await ada.dial("300")
            await first.answer()
            await ada.hears(first.tone)
            assert not other.told("CALL_INCOMING")
            await ada.hang_up()
            await first.over()


async def test_a_member_of_a_group_rings_later(office: Account) -> None:
    group(office, "simultaneous", {}, {"delay": 6})
    async with baresips(office, *PEOPLE) as (ada, grace, mary):
        await ada.dial("300")
        await grace.rung()
        begin = asyncio.get_running_loop().time()
        assert not mary.told("CALL_INCOMING")
        await mary.rung()
        assert asyncio.get_running_loop().time() - begin > 0.5
        await ada.command("hangup")
        await grace.over()
        await mary.over()


async def test_a_forward_is_always_taken(office: Account) -> None:
    forward(office)
    async with baresips(office, *PEOPLE) as (ada, grace, mary):
        await ada.dial("202")
        await mary.answer()
        await ada.hears(mary.tone)
        await mary.hears(ada.tone)
        assert not grace.told("CALL_INCOMING")


@pytest.mark.parametrize("how", ["busy", "no answer"])
async def test_a_forward_of_who_is_busy_or_does_not_answer(office: Account, how: str) -> None:
    mary_rings = {"module": "user", "data": {"id": office.people["203"]}}
    child = {"busy": "USER_BUSY", "no answer": "NO_ANSWER"}[how]
    data = {"id": office.people["202"], "timeout": 1 if how == "no answer" else 20}
    office.flow("302", {"module": "user", "data": data, "children": {child: mary_rings}})
    async with baresips(office, *PEOPLE) as (ada, grace, mary):
        await ada.dial("302")
        if how == "busy":
            await grace.refuse()
        else:
            await grace.rung()
        await grace.over()
        await mary.answer()
        await ada.hears(mary.tone)
        await mary.hears(ada.tone)


async def test_a_forward_where_no_phone_is_there(office: Account) -> None:
    forward(office, enabled=False, failover=True)
    async with baresips(office, "201", "203") as (ada, mary):
        await ada.dial("202")
        await mary.answer()
        await ada.hears(mary.tone)
        await mary.hears(ada.tone)


@pytest.mark.parametrize("key", ["1", "2", ""])
async def test_a_forward_that_wants_a_key(office: Account, key: str) -> None:
    """It is the caller's when `1` is pressed, and nobody's otherwise."""
    forward(office, require_key_press=True)
    async with baresips(office, "201", "203") as (ada, mary):
        await ada.dial("202")
        await mary.answer()
        await mary.hears_something()  # it is asked for
        if key == "1":
            await mary.press(key)
            await ada.until("CALL_ESTABLISHED")
            await ada.hears(mary.tone)
            await mary.hears(ada.tone)
            return
        if key:
            await mary.press(key)
        await mary.over()
        await ada.over()
        assert not ada.told("CALL_ESTABLISHED")
        await ada.hears()


async def test_who_is_not_to_be_disturbed(office: Account) -> None:
    path = f"/users/{office.people['202']}"
    async with baresips(office, "201", "202") as (ada, grace):
        office.api("POST", path, {"do_not_disturb": True})
        await ada.dial("202")
        assert (await ada.over()).startswith("486")
        assert not grace.told("CALL_INCOMING")
        office.api("POST", path, {"do_not_disturb": False})
        await ada.dial("202")
        await grace.rung()
        await ada.command("hangup")
        await grace.over()

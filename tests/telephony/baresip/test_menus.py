"""Real phones in menus and at opening hours."""

from __future__ import annotations

from typing import Any

import pytest

from tests.telephony.baresip.phone import baresips
from tests.telephony.calls.office import ALWAYS
from tests.telephony.calls.switchboards import Account

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]

GREETING, GOODBYE = 700, 900


def menu(account: Account, children: dict[str, Any], **more: Any) -> None:
    """A menu on 300, whose greeting is a tone."""
    draft = {"name": "Menu", "media_id": account.tone(GREETING, 10), "timeout": 1, **more}
    made = account.api("PUT", "/menus", draft)
    account.flow("300", {"module": "menu", "data": {"id": made["id"]}, "children": children})


async def test_a_key_puts_through(account: Account) -> None:
    account.person("201")
    user = account.person("202")
    menu(account, {"1": {"module": "user", "data": {"id": user}}})
    async with baresips(account, "201", "202") as (ada, grace):
        await ada.call("300")
        await ada.hears(GREETING)
        await ada.press("1")
        await grace.answer()
        await ada.hears(grace.tone)
        await grace.hears(ada.tone)


async def test_an_extension_is_dialled(account: Account) -> None:
    account.person("201")
    account.person("202")
    account.person("203")
    menu(account, {}, hunt={"allow": [], "deny": ["203"]}, timeout=5)
    async with baresips(account, "201", "202", "203") as (ada, grace, mary):
        await ada.call("300")
        await ada.hears(GREETING)
        await ada.press("203")
        await ada.hears(GREETING)
        await ada.press("202")
        await grace.answer()
        await ada.hears(grace.tone)
        await grace.hears(ada.tone)
        assert not mary.told("CALL_INCOMING")


async def test_wrong_keys_and_none_cost_tries(account: Account) -> None:
    account.person("201")
    goodbye = {"module": "play", "data": {"id": account.tone(GOODBYE, 6)}}
    menu(account, {"max_retries": goodbye}, retries=2)
    async with baresips(account, "201") as (ada,):
        await ada.call("300")
        await ada.hears(GREETING)
        await ada.press("9")
        await ada.hears(GREETING)
        await ada.press("9")
        await ada.hears(GOODBYE)
        await ada.over()


async def test_no_key_leads_to_a_child(account: Account) -> None:
    account.person("201")
    goodbye = {"module": "play", "data": {"id": account.tone(GOODBYE, 6)}}
    made = account.api(
        "PUT", "/menus", {"name": "Short", "media_id": account.tone(GREETING, 4), "timeout": 1}
    )
    children = {"timeout": goodbye}
    account.flow("300", {"module": "menu", "data": {"id": made["id"]}, "children": children})
    async with baresips(account, "201") as (ada,):
        await ada.call("300")
        await ada.hears(GREETING)
        await ada.hears(GOODBYE)
        await ada.over()


async def test_open_and_closed(account: Account) -> None:
    account.person("201")
    user = account.person("202")
    calendar = account.api("PUT", "/calendars", {"name": "Hours", "ics": ALWAYS})["id"]
    closed = {"module": "play", "data": {"id": account.tone(GOODBYE, 6)}}
    children = {"open": {"module": "user", "data": {"id": user}}, "closed": closed}
    account.flow("300", {"module": "calendar", "data": {"id": calendar}, "children": children})
    async with baresips(account, "201", "202") as (ada, grace):
        await ada.dial("300")
        await grace.answer()
        await ada.hears(grace.tone)
        await ada.hang_up()
        await grace.over()
        account.api("POST", f"/calendars/{calendar}", {"forced": "closed"})
        await ada.dial("300")
        await ada.hears(GOODBYE)
        await ada.over()
        assert not grace.told("CALL_INCOMING")

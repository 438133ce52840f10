"""Modules and settings of calls, each by a real call."""

from __future__ import annotations

from typing import Any

import pytest

from tests.telephony.calls.carriers import add_number, add_trunk, carrier
from tests.telephony.calls.phones import Conversation, SoftPhone
from tests.telephony.calls.switchboards import Account

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]

FAR = "+3226660177"
FRANCE = "+33142345678"


async def talks(caller: SoftPhone, number: str, called: SoftPhone) -> tuple[Conversation, Conversation]:
    call = await caller.call(number)
    other = await called.rung()
    other.answer()
    await call.answered()
    return call, other


async def over(call: Conversation, other: Conversation) -> None:
    call.hang_up()
    await other.ended()


async def announced(phone: SoftPhone, number: str) -> None:
    """Call a number that answers with an announcement and hangs up."""
    call = await phone.call(number)
    await call.answered()
    await call.ended()


async def test_a_device_and_a_hangup(account: Account) -> None:
    for extension in ("201", "202"):
        account.person(extension)
    hangup = {"module": "hangup"}
    to_device = {"module": "device", "data": {"id": account.devices["202"]}, "children": {"_": hangup}}
    account.flow("300", to_device)
    account.flow("301", hangup)
    async with account.phones("201", "202") as (ada, grace):
        await over(*await talks(ada, "300", grace))
        busy = await ada.call("300")
        (await grace.rung()).refuse(486)
        assert await busy.failed() >= 400
        assert await (await ada.call("301")).failed() >= 400
        assert grace.incoming.empty()


@pytest.mark.parametrize("module", ["queue", "park", "pickup", "hotdesk", "record", "meeting"])
async def test_a_module_that_is_not_there_yet_is_announced(account: Account, module: str) -> None:
    account.person("201")
    data = {"id": account.api("PUT", "/groups", {"name": "G"})["id"]} if module == "queue" else {}
    account.flow("300", {"module": module, "data": data})
    async with account.phones("201") as (ada,):
        await announced(ada, "300")


async def test_countries_that_are_denied(account: Account) -> None:
    user = account.person("201")
    account.api("POST", f"/users/{user}", {"restriction": {"countries": {"FR": "deny"}}})
    async with carrier(account) as far, account.phones("201") as (ada,):
        add_number(account, add_trunk(account, far.port))
        await announced(ada, FRANCE)
        assert far.incoming.empty()
        await over(*await talks(ada, FAR, far))


async def test_without_service_only_colleagues_and_emergencies_are_called(account: Account) -> None:
    user = account.person("201")
    account.person("202")
    account.api("POST", f"/users/{user}", {"no_service": True})
    async with carrier(account) as far, account.phones("201", "202") as (ada, grace):
        add_number(account, add_trunk(account, far.port))
        await announced(ada, FAR)
        assert far.incoming.empty()
        await over(*await talks(ada, "202", grace))
        await over(*await talks(ada, "112", far))


@pytest.mark.parametrize("of", ["users", "devices"])
async def test_without_call_waiting_who_talks_is_busy(account: Account, of: str) -> None:
    for extension in ("201", "202", "203"):
        account.person(extension)
    of_them = {"users": account.people, "devices": account.devices}[of]
    account.api("POST", f"/{of}/{of_them['202']}", {"call_waiting": False})
    async with account.phones("201", "202", "203") as (ada, grace, mary):
        first = await talks(ada, "202", grace)
        assert await (await mary.call("202")).failed() == 486
        assert grace.incoming.empty()
        await over(*first)
        await over(*await talks(mary, "202", grace))


async def test_only_direct_calls_are_forwarded(account: Account) -> None:
    for extension in ("201", "202", "203"):
        account.person(extension)
    forward = {"enabled": True, "number": "203", "require_key_press": False, "direct_calls_only": True}
    account.api("POST", f"/users/{account.people['202']}", {"call_forward": forward})
    member: dict[str, Any] = {"member_id": account.people["202"]}
    group = account.api("PUT", "/groups", {"name": "G", "members": [member]})["id"]
    account.flow("300", {"module": "group", "data": {"id": group}})
    async with account.phones("201", "202", "203") as (ada, grace, mary):
        await over(*await talks(ada, "202", mary))
        assert grace.incoming.empty()
        await over(*await talks(ada, "300", grace))
        assert mary.incoming.empty()


async def test_digits_of_numbers_that_come_in_are_taken_off_and_put_before(account: Account) -> None:
    user = account.person("201")
    async with carrier(account) as far, account.phones("201") as (ada,):
        advanced = {"incoming": {"strip_numbers": 2, "prepend_numbers": "+"}}
        number = add_number(account, add_trunk(account, far.port, advanced=advanced))
        account.flow(number, {"module": "user", "data": {"id": user}})
        call = await far.bring(f"99{number.removeprefix('+')}")
        other = await ada.rung()
        other.answer()
        await call.answered()
        await over(call, other)
        assert await (await far.bring(number)).failed() == 404, "its first digits are taken off"


async def test_an_emergency_number_with_its_country(account: Account) -> None:
    account.person("201")
    async with carrier(account) as far, account.phones("201") as (ada,):
        advanced = {"add_country_prefix_for_emergency_calls": True}
        add_number(account, add_trunk(account, far.port, advanced=advanced))
        call = await ada.call("112")
        other = await far.rung()
        assert other.invite.uri.startswith("sip:+49112@"), "the account's country"
        other.answer()
        await call.answered()
        await over(call, other)

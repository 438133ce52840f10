"""Calls between real phones on a running platform: who is called, who hears whom, how they end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from switchroom.engines.sip.events import Cancelled, Ended, Progress
from switchroom.engines.sip.outgoing import OutgoingCall
from tests.telephony.calls.phones import Conversation, SoftPhone
from tests.telephony.calls.switchboards import Account

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]


async def test_two_phones_talk_until_one_hangs_up(account: Account) -> None:
    account.person("201", "Ada", "Lovelace")
    account.person("202", "Grace", "Hopper")
    async with account.phones("201", "202") as (ada, grace):
        call = await ada.call("202")
        ringing = await grace.rung()
        assert ringing.invite.from_.display_name == "Ada Lovelace"
        assert ringing.invite.from_.uri.username == "201"
        ringing.ring()
        ringing.answer()
        await call.answered()
        await call.talker.hears(550)
        await ringing.talker.hears(400)
        ringing.hang_up()
        await call.ended()


async def until(condition: Callable[[], bool], limit: float = 60.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


async def connected(caller: SoftPhone, number: str, called: SoftPhone) -> tuple[Conversation, Conversation]:
    """A call that is answered, both hearing each other."""
    call = await caller.call(number)
    other = await called.rung()
    other.answer()
    await call.answered()
    await call.talker.hears(called.tone)
    await other.talker.hears(caller.tone)
    return call, other


async def test_a_name_that_is_not_utf_8(account: Account) -> None:
    """The dialog is continued with the caller's bytes."""
    account.person("201")
    account.person("202")
    async with account.phones("201", "202") as (ada, grace):
        ada.name = b"Jos\xe9".decode("utf-8", "surrogateescape")
        call, other = await connected(ada, "202", grace)
        other.hang_up()
        await call.ended()


async def test_the_caller_hears_that_it_rings_and_hangs_up(account: Account) -> None:
    account.person("201")
    account.person("202")
    async with account.phones("201", "202") as (ada, grace):
        call = await ada.call("202")
        ringing = await grace.rung()
        ringing.ring()
        assert (await call.until(Progress)).status == 180
        assert isinstance(call.session, OutgoingCall)
        call.session.cancel()
        await ringing.until(Cancelled)
        assert await call.failed() == 487


async def test_why_a_call_is_not_answered(account: Account) -> None:
    account.person("201")
    account.person("202")
    account.person("203")
    async with account.phones("201", "202") as (ada, grace):
        call = await ada.call("202")
        (await grace.rung()).refuse(486)
        assert await call.failed() == 486
        assert await (await ada.call("203")).failed() == 480, "nobody is registered"
        assert await (await ada.call("999")).failed() == 404, "nobody has the number"
        assert await (await ada.call("201")).failed() == 480, "a phone does not ring itself"


async def test_all_phones_of_a_user_ring_until_one_answers(account: Account) -> None:
    account.person("201")
    user = account.person("202")
    account.device("second", user)
    async with account.phones("201", "202", "second") as (ada, desk, mobile):
        call = await ada.call("202")
        first, second = await desk.rung(), await mobile.rung()
        second.ring()
        first.answer()
        await call.answered()
        cancelled = await second.until(Cancelled)
        assert "completed elsewhere" in cancelled.reason
        await call.talker.hears(550)
        call.hang_up()
        await first.ended()


async def test_a_phone_that_logs_no_missed_calls(account: Account) -> None:
    account.person("201")
    account.person("202")
    account.api("POST", f"/devices/{account.devices['202']}", {"missed_calls_log": False})
    async with account.phones("201", "202") as (ada, grace):
        for phone, caller, is_told in ((grace, ada, True), (ada, grace, False)):
            call = await caller.call("202" if phone is grace else "201")
            ringing = await phone.rung()
            ringing.ring()
            await call.until(Progress)
            assert isinstance(call.session, OutgoingCall)
            call.session.cancel()
            cancelled = await ringing.until(Cancelled)
            assert ("completed elsewhere" in cancelled.reason) == is_told
            await call.failed()


async def test_one_who_rejects_ends_the_ringing_of_a_group_and_one_who_is_away_does_not(
    account: Account,
) -> None:
    for extension in ("201", "202", "203"):
        account.person(extension)
    members = [{"member_id": account.people[one]} for one in ("202", "203")]
    group = account.api("PUT", "/groups", {"name": "All", "members": members})
    data = {"id": group["id"], "fail_on_single_reject": True}
    account.flow("300", {"module": "group", "data": data})
    async with account.phones("201", "202", "203") as (ada, grace, mary):
        for status in (480, 488, 603):
            call = await ada.call("300")
            first, second = await grace.rung(), await mary.rung()
            first.refuse(status)
            if status == 488:
                (await grace.rung()).refuse(488)  # it is offered SRTP next
            if status == 603:
                assert await call.failed() == 603
                await second.until(Cancelled)
                continue
            await asyncio.sleep(0.3)
            second.answer()
            await call.answered()
            call.hang_up()
            await second.ended()


async def test_a_menu_plays_and_puts_through(account: Account) -> None:
    account.person("201")
    user = account.person("202")
    menu = account.api("PUT", "/menus", {"name": "Menu", "media_id": account.tone(700, 10), "timeout": 5})
    account.flow(
        "300",
        {
            "module": "menu",
            "data": {"id": menu["id"]},
            "children": {"1": {"module": "user", "data": {"id": user}}},
        },
    )
    async with account.phones("201", "202") as (ada, grace):
        call = await ada.call("300")
        await call.answered()
        await call.talker.hears(700)
        call.talker.press("1")
        other = await grace.rung()
        other.answer()
        await call.talker.hears(550)
        await other.talker.hears(400)
        other.hang_up()
        await call.ended()


async def test_who_is_put_on_hold_hears_music(account: Account) -> None:
    account.api("POST", "/accounts", {"music_on_hold_id": account.tone(900, 5)})
    account.person("201")
    account.person("202")
    async with account.phones("201", "202") as (ada, grace):
        call, other = await connected(ada, "202", grace)
        await other.hold()
        await call.talker.hears(900)
        await other.talker.hears()
        await other.resume()
        await call.talker.hears(550)
        await other.talker.hears(400)
        await call.hold()
        await other.talker.hears(900)
        await call.resume()
        await other.talker.hears(400)
        await call.talker.hears(550)


async def test_the_music_is_that_of_whoever_holds(account: Account) -> None:
    account.api("POST", "/accounts", {"music_on_hold_id": account.tone(900, 5)})
    account.person("201")
    account.person("202")
    account.api("POST", f"/users/{account.people['201']}", {"music_on_hold_id": account.tone(1200, 5)})
    account.api("POST", f"/devices/{account.devices['202']}", {"music_on_hold_id": account.tone(700, 5)})
    account.api("POST", f"/users/{account.people['202']}", {"music_on_hold_id": account.tone(900, 5)})
    async with account.phones("201", "202") as (ada, grace):
        call, other = await connected(ada, "202", grace)
        await call.hold()
        await other.talker.hears(1200)
        await call.resume()
        await other.talker.hears(400)
        await other.hold()
        await call.talker.hears(700)
        await other.resume()
        await call.talker.hears(550)
        call.hang_up()
        await other.ended()


async def test_a_blind_transfer(account: Account) -> None:
    for extension in ("201", "202", "203"):
        account.person(extension, f"Person {extension}")
    async with account.phones("201", "202", "203") as (ada, grace, mary):
        call, other = await connected(ada, "202", grace)
        await other.transfer("203")
        third = await mary.rung()
        assert third.invite.from_.uri.username == "201", "who is transferred is shown"
        third.ring()
        third.answer()
        await call.talker.hears(700)
        await third.talker.hears(400)
        await other.ended()
        assert await other.transferred() == 200
        assert not [one for one in call.events if isinstance(one, Ended)]
        call.hang_up()
        await third.ended()


async def test_a_transfer_that_fails_gives_the_call_back(account: Account) -> None:
    for extension in ("201", "202", "203"):
        account.person(extension)
    async with account.phones("201", "202", "203") as (ada, grace, mary):
        call, other = await connected(ada, "202", grace)
        await call.transfer("203")
        (await mary.rung()).refuse(486)
        await call.talker.hears(550)
        await other.talker.hears(400)
        assert await call.transferred() == 486


async def test_an_attended_transfer(account: Account) -> None:
    for extension in ("201", "202", "203"):
        account.person(extension)
    async with account.phones("201", "202", "203") as (ada, grace, mary):
        call, other = await connected(ada, "202", grace)
        await other.hold()
        asking, third = await connected(grace, "203", mary)
        await asking.hold()
        await other.transfer_to(asking)
        await call.talker.hears(700)
        await third.talker.hears(400)
        await other.ended()
        await asking.ended()
        third.hang_up()
        await call.ended()


async def test_a_forward_is_taken_by_a_key(account: Account) -> None:
    account.person("201")
    user = account.person("202")
    account.person("203")
    forward = {"enabled": True, "number": "203", "require_key_press": True}
    account.api("POST", f"/users/{user}", {"call_forward": forward})
    async with account.phones("201", "203") as (ada, mary):
        call = await ada.call("202")
        other = await mary.rung()
        other.answer()
        await until(lambda: other.talker.received > 0)  # the key is asked for
        other.talker.press("1")
        await call.answered()
        await call.talker.hears(550)
        await other.talker.hears(400)
        call.hang_up()
        await other.ended()


async def test_a_forward_to_a_menu_takes_the_caller_over(account: Account) -> None:
    account.person("201")
    user = account.person("202")
    account.flow("300", {"module": "play", "data": {"id": account.tone(900, 4)}})
    forward = {"enabled": True, "number": "300", "require_key_press": False}
    account.api("POST", f"/users/{user}", {"call_forward": forward})
    async with account.phones("201") as (ada,):
        call = await ada.call("202")
        await call.answered()
        await call.talker.hears(900)
        await call.ended()


async def test_keys_by_info_choose_in_menus_and_reach_the_other_phone(account: Account) -> None:
    account.person("201")
    user = account.person("202")
    menu = account.api("PUT", "/menus", {"name": "Menu", "media_id": account.tone(700, 10), "timeout": 5})
    children = {"2": {"module": "user", "data": {"id": user}}}
    account.flow("300", {"module": "menu", "data": {"id": menu["id"]}, "children": children})
    async with account.phones("201", "202") as (ada, grace):
        call = await ada.call("300")
        await call.answered()
        await call.live.send_digit("2")
        other = await grace.rung()
        other.answer()
        await call.talker.hears(550)
        await call.live.send_digit("7")
        await until(lambda: other.talker.keys == ["7"])


async def test_forwarding_is_switched_on_and_off_by_phone(account: Account) -> None:
    account.person("201")
    account.person("202")
    account.person("203")
    account.feature("call_forward[action=activate]", "72")
    account.feature("call_forward[action=deactivate]", "73")
    async with account.phones("201", "202", "203") as (ada, grace, mary):
        call = await grace.call("*72203")
        await call.answered()
        await call.ended()
        forward = account.api("GET", f"/users/{account.people['202']}")["call_forward"]
        assert (forward["enabled"], forward["number"]) == (True, "203")
        ringing = await ada.call("202")
        (await mary.rung()).refuse(486)
        await ringing.failed()
        call = await grace.call("*73")
        await call.answered()
        await call.ended()
        ringing = await ada.call("202")
        (await grace.rung()).refuse(486)
        await ringing.failed()


async def test_members_log_in_to_groups_and_out_where_the_group_lets_them(account: Account) -> None:
    for extension in ("201", "202", "203"):
        account.person(extension)
    members = [{"member_id": account.people[one]} for one in ("201", "202")]
    free = account.api.make("groups", name="Shifts", members=members, login_logout_authorized=True)
    fixed = account.api.make("groups", name="Duty", members=members)
    account.flow("300", {"module": "group", "data": {"id": free}})
    account.flow("301", {"module": "group", "data": {"id": fixed}})
    account.feature("group[action=login]", "61")
    account.feature("group[action=logout]", "62")

    def logged(group: int) -> list[bool]:
        return [one["logged"] for one in account.api("GET", f"/groups/{group}")["members"]]

    async def dials(phone: SoftPhone, number: str) -> None:
        call = await phone.call(number)
        await call.answered()
        await call.ended()

    async with account.phones("201", "202", "203") as (ada, grace, mary):
        await dials(ada, "*62300")
        assert (logged(free), logged(fixed)) == ([False, True], [True, True])
        told = account.api("GET", "/events", type="group.updated")
        assert [(one["object"], one["data"]["by"]) for one in told] == [(str(free), "telephone")]
        call = await mary.call("300")
        (await grace.rung()).refuse(486)
        assert await call.failed() == 486
        assert ada.incoming.empty()
        await dials(ada, "*62301")
        await dials(mary, "*62300")
        assert (logged(free), logged(fixed)) == ([False, True], [True, True])
        await dials(ada, "*61")
        await dials(grace, "*62")
        assert (logged(free), logged(fixed)) == ([True, False], [True, True])
        call, other = await connected(mary, "201", ada)
        await other.transfer("*62300")
        await other.transferred()
        assert logged(free) == [True, False], "somebody else is on the line"
        call.hang_up()


async def test_a_group_in_turn_begins_with_another_member_each_time(account: Account) -> None:
    for extension in ("201", "202", "203"):
        account.person(extension)
    members = [
        {"member_id": account.people[one], "member_type": "user", "timeout": 20} for one in ("202", "203")
    ]
    group = account.api("PUT", "/groups", {"name": "Turns", "strategy": "round_robin", "members": members})
    account.flow("300", {"module": "group", "data": {"id": group["id"]}})
    async with account.phones("201", "202", "203") as (ada, grace, mary):
        for first in (grace, mary, grace):
            call = await ada.call("300")
            other = await first.rung()
            other.answer()
            await call.answered()
            call.hang_up()
            await other.ended()


async def test_a_call_that_was_given_back_is_on_hold_as_before(account: Account) -> None:
    """What the flow had to say is over: it is two phones that talk."""
    for extension in ("201", "202", "203"):
        account.person(extension)
    async with account.phones("201", "202", "203") as (ada, grace, mary):
        call, other = await connected(ada, "202", grace)
        await other.transfer("203")
        (await mary.rung()).refuse(603)
        await call.talker.hears(550)
        await call.hold()
        await call.resume()
        await other.talker.hears(400)
        other.hang_up()
        await call.ended()


async def test_in_closed_groups_nobody_reaches_others_by_whatever_way(account: Account) -> None:
    for extension in ("201", "202", "203", "204"):
        account.person(extension)
    members = [{"member_id": account.people[one]} for one in ("201", "202", "204")]
    account.api("PUT", "/groups", {"name": "All but one", "members": members})
    forward = {"enabled": True, "number": "203", "require_key_press": False}
    account.api("POST", f"/users/{account.people['204']}", {"call_forward": forward})
    account.api("POST", "/accounts", {"restriction": {"closed_groups": True}})
    async with account.phones("201", "202", "203") as (ada, grace, mary):
        call = await ada.call("203")
        await call.answered()
        await call.ended()
        call, other = await connected(ada, "202", grace)
        await other.transfer("203")
        assert await other.transferred() == 403
        await call.talker.hears(550)
        call.hang_up()
        await other.ended()
        assert await (await ada.call("204")).failed() == 403
        assert mary.incoming.empty()

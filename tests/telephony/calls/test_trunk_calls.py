"""Calls over trunks, with carriers at addresses of their own: out, in, in which order, and who may not."""

from __future__ import annotations

import asyncio

import pytest

from switchroom.engines.sip.errors import Refused
from switchroom.engines.sip.events import Ended, Failed, Progress
from switchroom.engines.sip.incoming import IncomingCall
from switchroom.engines.sip.message import Request
from switchroom.telephony.media import sdp
from tests.dialects.telephony_v3.client import Api
from tests.ports import free_port
from tests.telephony.calls.carriers import (
    CALLER,
    TONE,
    add_number,
    add_shared_trunk,
    add_trunk,
    await_condition,
    carrier,
    new_number,
)
from tests.telephony.calls.phones import Conversation
from tests.telephony.calls.switchboards import Account

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]

FAR = "+3226660177"
PREMIUM = "+3290012345"


def ours(invite: Request) -> list[str]:
    """Headers of ours in a request."""
    return [name for name, _ in invite.headers if name.lower().startswith("x-sr-")]


async def test_a_call_goes_out_and_the_two_talk(account: Account) -> None:
    account.person("201", "Ada", "Lovelace")
    async with carrier(account) as far, account.phones("201") as (ada,):
        number = add_number(account, add_trunk(account, far.port))
        call = await ada.call(FAR)
        other = await far.rung()
        invite = other.invite
        assert invite.uri == f"sip:{FAR}@127.0.0.1:{far.port}"
        assert invite.from_.uri.username == number
        assert invite.headers.get("P-Asserted-Identity") == f"<sip:{number}@127.0.0.1>"
        assert invite.headers.get("Privacy") is None
        assert ours(invite) == []
        assert invite.max_forwards < 70
        other.ring()
        assert (await call.until(Progress)).status == 180
        other.answer()
        await call.answered()
        await call.talker.hears(TONE)
        await other.talker.hears(400)
        other.hang_up()
        await call.ended()


async def test_what_a_carrier_plays_before_it_answers_is_heard(account: Account) -> None:
    account.person("201")
    async with carrier(account) as far, account.phones("201") as (ada,):
        add_number(account, add_trunk(account, far.port))
        call = await ada.call(FAR)
        other = await far.rung()
        session = other.session
        assert isinstance(session, IncomingCall)
        assert session.offer is not None
        session.progress(183, other.talker.description().encode())
        other.talker.connect(sdp.read(session.offer.decode()).port)
        assert (await call.until(Progress)).status == 183
        await call.talker.hears(TONE)
        other.refuse(486)
        assert await call.failed() == 486


async def test_a_number_that_is_not_shown_is_asserted(account: Account) -> None:
    account.person("201")
    account.api("POST", "/accounts", {"caller_id": {"external": {"anonymous": True}}})
    async with carrier(account) as far, account.phones("201") as (ada,):
        trunk = add_trunk(account, far.port, username="", caller_id_used="external")
        number = add_number(account, trunk)
        call = await ada.call(FAR)
        other = await far.rung()
        assert str(other.invite.from_.uri) == "sip:anonymous@anonymous.invalid"
        assert other.invite.headers.get("Privacy") == "id"
        assert number in (other.invite.headers.get("P-Asserted-Identity") or "")
        other.refuse(480)
        await call.failed()


async def test_trunks_are_tried_in_their_order(account: Account) -> None:
    account.person("201")
    async with carrier(account) as first, carrier(account) as second, account.phones("201") as (ada,):
        add_trunk(account, second.port, trunk_order=2)
        add_number(account, add_trunk(account, first.port, trunk_order=1))
        for status in (503, 500):
            call = await ada.call(FAR)
            (await first.rung()).refuse(status)
            other = await second.rung()
            other.answer()
            await call.answered()
            await call.talker.hears(TONE)
            call.hang_up()
            await other.ended()
        for status in (486, 404, 603):
            call = await ada.call(FAR)
            (await first.rung()).refuse(status)
            assert await call.failed() == status, "what the called one says is final"
        assert await second.is_left_alone()


async def test_a_carrier_that_is_silent_is_passed_over(account: Account) -> None:
    account.person("201")
    async with carrier(account) as second, account.phones("201") as (ada,):
        add_trunk(account, free_port(), trunk_order=1)
        add_number(account, add_trunk(account, second.port, trunk_order=2))
        call = await ada.call(FAR)
        other = await second.rung()
        other.answer()
        await call.answered()
        call.hang_up()
        await other.ended()


async def test_a_carrier_asks_for_credentials(account: Account) -> None:
    account.person("201")
    async with carrier(account) as far, account.phones("201") as (ada,):
        far.asks = True
        draft = {"name": "C", "server": "127.0.0.1", "port": far.port, "username": "us", "password": "secret"}
        trunk = account.api("PUT", "/trunks", draft)["id"]
        number = add_number(account, trunk)
        call = await ada.call(FAR)
        other = await far.rung()
        assert 'username="us"' in far.answers[0]
        assert str(other.invite.from_.uri) == f"sip:{number}@127.0.0.1"
        other.answer()
        await call.answered()
        call.hang_up()
        await other.ended()
        assert (
            "secret"
            not in account.platform.http.get(
                f"/v3.0/trunks/{trunk}", headers={"X-Auth-Token": account.api.token}
            ).text
        )


async def test_a_carrier_asks_within_a_call_that_came_in(account: Account) -> None:
    user = account.person("201")
    async with carrier(account) as far, account.phones("201") as (ada,):
        draft = {"name": "C", "server": "127.0.0.1", "port": far.port, "username": "us", "password": "secret"}
        trunk = account.api("PUT", "/trunks", draft)["id"]
        # It takes no registrations; its address is known then.
        await asyncio.to_thread(await_condition, account, trunk, "refused")
        number = add_number(account, trunk)
        account.flow(number, {"module": "user", "data": {"id": user}})
        call = await far.bring(number)
        other = await ada.rung()
        other.answer()
        await call.answered()
        far.ask_within(call)
        other.hang_up()
        await call.ended()
        assert 'username="us"' in far.answers[-1]


async def test_a_call_comes_in_to_a_number(account: Account) -> None:
    user = account.person("201")
    async with carrier(account) as far, account.phones("201") as (ada,):
        number = add_number(account, add_trunk(account, far.port))
        account.flow(number, {"module": "user", "data": {"id": user}})
        call = await far.bring(number.removeprefix("+"))
        other = await ada.rung()
        assert (other.invite.from_.display_name, other.invite.from_.uri.username) == ("Bob", CALLER)
        other.ring()
        assert (await call.until(Progress)).status == 180
        other.answer()
        await call.answered()
        await call.talker.hears(400)
        await other.talker.hears(TONE)
        call.hang_up()
        await other.ended()
        contact = {"names": {"first": "Robert"}, "phone_numbers": {"mobiles": [CALLER]}}
        account.api("PUT", "/directories", {"details": contact})
        known = await far.bring(number)
        other = await ada.rung()
        assert other.invite.from_.display_name == "Robert"
        assert {one["caller_id_name"] for one in account.api("GET", "/channels")} == {"Robert"}
        other.refuse(486)
        assert await known.failed() == 486
        hidden = await far.bring(number, headers=[("Privacy", "id")])
        other = await ada.rung()
        assert other.invite.from_.uri.host == "anonymous.invalid"
        assert other.invite.from_.display_name == "Anonymous"
        other.refuse(486)
        assert await hidden.failed() == 486
        forward = {"enabled": True, "number": FAR, "require_key_press": False}
        account.api("POST", f"/users/{user}", {"call_forward": forward})
        forwarded = await far.bring(number)
        other = await far.rung()
        shown = other.invite.from_
        assert (shown.display_name, shown.uri.username) == ("Bob", CALLER), "outside, as the caller says"
        other.refuse(486)
        assert await forwarded.failed() == 486


async def test_without_a_trunk_what_is_denied_is_announced_and_the_rest_leads_nowhere(
    account: Account,
) -> None:
    account.person("201")
    async with account.phones("201") as (ada,):
        for number in (FAR, PREMIUM, "112"):
            assert await (await ada.call(number)).failed() == 404, number
        for said in ("deny", "allow", "deny"):
            account.api("POST", "/accounts", {"restriction": {"kinds": {"premium": said}}})
            call = await ada.call(PREMIUM)
            if said == "deny":
                await call.answered()
                await call.ended()
            else:
                assert await call.failed() == 404
            assert await (await ada.call("112")).failed() == 404


async def test_a_number_of_nobody_and_of_somebody_else(account: Account) -> None:
    neighbour = Account(account.platform, "Neighbour")
    user = neighbour.person("201")
    async with carrier(account) as ours, carrier(account) as theirs, neighbour.phones("201") as (ada,):
        trunk = add_trunk(account, ours.port)
        add_number(account, trunk)
        number = add_number(neighbour, add_trunk(neighbour, theirs.port))
        neighbour.flow(number, {"module": "user", "data": {"id": user}})
        for called in (number, new_number(), "201", "*98", "anna"):
            assert await (await ours.bring(called)).failed() == 404, called
        assert ada.incoming.empty()
        # With one carrier for both, the number says whose call it is.
        add_shared_trunk(account, theirs.port)
        call = await theirs.bring(number)
        (await ada.rung()).refuse(486)
        assert await call.failed() == 486
        assert await (await theirs.bring(new_number())).failed() == 404


async def test_nobody_calls_over_a_trunk_by_what_it_says(account: Account) -> None:
    user = account.person("201")
    async with carrier(account) as far, carrier(account) as stranger, account.phones("201") as (ada,):
        number = add_number(account, add_trunk(account, far.port))
        account.flow(number, {"module": "user", "data": {"id": user}})
        device = f"<sip:{ada.username}@{account.realm}>"
        for sender in (device, f"<sip:{CALLER}@carrier.example>"):
            call = await stranger.bring(FAR, sender, headers=[("P-Asserted-Identity", device)])
            assert await call.failed() == 407
        assert await (await far.bring(FAR, device)).failed() == 407, "a device proves who it is"
        assert await (await far.bring(FAR)).failed() == 404, "a carrier reaches numbers of ours only"
        assert await far.is_left_alone()


async def test_a_trunk_has_so_many_calls_at_once_and_emergencies(account: Account) -> None:
    for extension in ("201", "202", "203"):
        account.person(extension)
    async with carrier(account) as far, account.phones("201", "202", "203") as phones:
        trunk = add_trunk(account, far.port, concurrent_calls_volume="xsmall")
        number = add_number(account, trunk)
        calls = await asyncio.gather(*(one.call(FAR) for one in phones))
        first, second = await far.rung(), await far.rung()
        assert await far.is_left_alone()
        for one in (first, second):
            one.answer()
        full = [call for call in calls if await settled(call) == 500]
        assert len(full) == 1
        assert await (await far.bring(number)).failed() in (404, 486)
        call = await phones[2].call("112")
        emergency = await far.rung()
        assert emergency.invite.uri.startswith("sip:112@")
        emergency.refuse(486)
        assert await call.failed() == 486
        first.hang_up()
        second.hang_up()
        for one in calls:
            if one not in full:
                await one.ended()
        call = await phones[0].call(FAR)
        (await far.rung()).refuse(486)
        assert await call.failed() == 486


async def settled(call: Conversation) -> int:
    """200 for a call that was answered, else the status with which it was refused."""
    try:
        await call.answered()
    except AssertionError:
        return await call.failed()
    return 200


async def over(call: Conversation, limit: float = 60) -> None:
    """Wait until a call is refused, or was answered and ended."""
    waiting = [asyncio.create_task(call.until(kind, limit)) for kind in (Failed, Ended)]
    done, rest = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for one in rest:
        one.cancel()
    for one in done:
        one.result()


async def test_nobody_is_transferred_or_forwarded_to_what_is_denied(account: Account) -> None:
    account.api("POST", "/accounts", {"restriction": {"kinds": {"premium": "deny"}}})
    account.person("201")
    user = account.person("202")
    async with carrier(account) as far, account.phones("201", "202") as (ada, grace):
        number = add_number(account, add_trunk(account, far.port))
        await over(await ada.call(PREMIUM))
        assert await far.is_left_alone()

        call = await ada.call("202")
        other = await grace.rung()
        other.answer()
        await call.answered()
        await other.transfer(PREMIUM)
        assert await far.is_left_alone(1)
        call.hang_up()

        account.flow(number, {"module": "user", "data": {"id": user}})
        incoming = await far.bring(number)
        other = await grace.rung()
        other.answer()
        await incoming.answered()
        await other.transfer(PREMIUM)
        assert await far.is_left_alone(1)
        incoming.hang_up()

        forward = {"enabled": True, "number": PREMIUM, "require_key_press": False}
        account.api("POST", f"/users/{user}", {"call_forward": forward})
        await far.bring(number)
        assert await far.is_left_alone(1)


async def test_a_carrier_on_hold_hears_the_music_of_whoever_holds_it(account: Account) -> None:
    user = account.person("201")
    account.api("POST", f"/users/{user}", {"music_on_hold_id": account.tone(700, 5)})
    async with carrier(account) as far, account.phones("201") as (ada,):
        add_number(account, add_trunk(account, far.port))
        call = await ada.call(FAR)
        other = await far.rung()
        other.answer()
        await call.answered()
        await call.hold()
        await other.talker.hears(700)
        call.hang_up()
        await other.ended()


async def test_who_is_transferred_to_a_feature_code_forwards_nobodys_calls(account: Account) -> None:
    user = account.person("201")
    account.person("202")
    account.feature("call_forward[action=activate]", "72")
    before = account.api("GET", f"/users/{user}")["call_forward"]
    async with carrier(account) as far, account.phones("201", "202") as (ada, grace):
        number = add_number(account, add_trunk(account, far.port))
        account.flow(number, {"module": "user", "data": {"id": user}})
        for caller in (far, grace):
            call = await (far.bring(number) if caller is far else grace.call("201"))
            other = await ada.rung()
            other.answer()
            await call.answered()
            await other.transfer("*72202")
            assert await other.transferred() >= 300
            await call.talker.hears(ada.tone)
            assert account.api("GET", f"/users/{user}")["call_forward"] == before
            call.hang_up()
            await other.ended()
        call = await ada.call("*72202")
        await call.answered()
        await call.ended()
        assert account.api("GET", f"/users/{user}")["call_forward"]["number"] == "202"


async def test_a_caller_whose_number_is_a_feature_code_has_none(account: Account) -> None:
    user = account.person("201")
    async with carrier(account) as far, account.phones("201") as (ada,):
        number = add_number(account, add_trunk(account, far.port))
        account.flow(number, {"module": "user", "data": {"id": user}})
        await far.bring(number, '"Eve" <sip:*72666@carrier.example>')
        shown = (await ada.rung()).invite.from_
        assert (shown.display_name, shown.uri.username) == ("Eve", "anonymous")


async def test_a_carrier_reaches_no_extension(account: Account) -> None:
    account.person("201")
    async with carrier(account) as far, account.phones("201") as (ada,):
        trunk = add_trunk(account, far.port)
        add_number(account, trunk)
        assert await (await far.bring("201")).failed() == 404
        assert ada.incoming.empty()
        account.api("POST", f"/trunks/{trunk}", {"internal_calls": True})
        call = await far.bring("201")
        (await ada.rung()).refuse(486)
        assert await call.failed() == 486


async def test_a_carrier_transfers_nobody(account: Account) -> None:
    user = account.person("201")
    account.person("202")
    async with carrier(account) as far, account.phones("201", "202") as (ada, grace):
        number = add_number(account, add_trunk(account, far.port))
        account.flow(number, {"module": "user", "data": {"id": user}})
        call = await far.bring(number)
        other = await ada.rung()
        other.answer()
        await call.answered()
        with pytest.raises(Refused):
            await call.transfer(FAR)
        assert await far.is_left_alone()
        assert grace.incoming.empty()
        await other.talker.hears(TONE)
        call.hang_up()
        await other.ended()


async def test_nobody_takes_the_place_of_somebody_else(account: Account) -> None:
    for extension in ("201", "202"):
        account.person(extension)
    neighbour = Account(account.platform, "Neighbour")
    neighbour.person("201")
    async with (
        carrier(account) as far,
        account.phones("201", "202") as (ada, grace),
        neighbour.phones("201") as (stranger,),
    ):
        number = add_number(account, add_trunk(account, far.port))
        call = await ada.call("202")
        other = await grace.rung()
        other.answer()
        await call.answered()
        live = call.live
        replaces = f"{live.call_id};to-tag={live.remote_tag};from-tag={live.local_tag}"
        headers = [("Replaces", replaces)]
        assert await (await stranger.call("201", headers=headers)).failed() == 481
        assert await (await far.bring(number, headers=headers)).failed() == 481
        await call.talker.hears(other.phone.tone)
        await other.talker.hears(ada.tone)
        call.hang_up()
        await other.ended()


async def test_nobody_calls_by_the_carrier_of_another(account: Account) -> None:
    """It knows us by our address, and would have the first account pay."""
    other = Account(account.platform, "Rival")
    other.person("201")
    async with carrier(account) as far, other.phones("201") as (eve,):
        add_trunk(account, far.port)
        draft = {"name": "Theirs", "server": "127.0.0.1", "port": far.port, "country": "BE"}
        trunk = other.api("PUT", "/trunks", draft)["id"]
        number = {"numbers": [new_number()], "trunk_id": trunk, "state": "in_service"}
        other.api("PUT", "/phone_numbers", number)
        call = await eve.call(FAR)
        assert await call.failed() >= 500
        assert "another account" in await_condition(other, trunk, "forbidden")
        call = await eve.call(FAR)
        assert await call.failed() >= 500

        operator = Api.of(account.platform, None, account_id=other.organization.id)
        shared = {"advanced": {"shared_server": True}}
        assert other.api.refused("POST", f"/trunks/{trunk}", shared)[0] == 403
        operator("POST", f"/trunks/{trunk}", shared)
        assert other.api.refused("POST", f"/trunks/{trunk}", {"port": 5060})[0] == 403
        other.api("POST", f"/trunks/{trunk}", {"trunk_order": 3})
        assert await far.is_left_alone()
        call = await eve.call(FAR)
        (await far.rung()).refuse(486)
        assert await call.failed() == 486

"""Phones and carriers by IPv6, from registration to what they hear."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.platform import RunningPlatform, running_platform
from tests.ports import telephones
from tests.telephony.calls.carriers import TONE, add_number, add_trunk, carrier
from tests.telephony.calls.switchboards import Account
from tests.telephony.calls.test_calls import connected

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    """A platform that serves phones at an address of IPv6."""
    data = tmp_path_factory.mktemp("ipv6")
    with (
        telephones(listen="::1", trunk_networks=["::1/128"]) as telephony,
        running_platform(data, engines=True, telephony=telephony) as platform,
    ):
        yield platform


async def test_phones_hear_each_other(account: Account) -> None:
    account.person("201")
    account.person("202")
    async with account.phones("201", "202") as (ada, grace):
        call, other = await connected(ada, "202", grace)
        assert "c=IN IP6 ::1" in call.live.remote_sdp.decode()
        assert "c=IN IP6 ::1" in other.live.remote_sdp.decode()
        await call.talker.hears(grace.tone)
        await other.talker.hears(ada.tone)
        await other.hold()
        await other.resume()
        await call.talker.hears(grace.tone)
        call.hang_up()
        await other.ended()


async def test_a_carrier_is_called_and_calls(account: Account) -> None:
    user = account.person("201")
    async with carrier(account) as far, account.phones("201") as (ada,):
        number = add_number(account, add_trunk(account, far.port))
        account.flow(number, {"module": "user", "data": {"id": user}})
        call = await ada.call("+3226660177")
        other = await far.rung()
        assert other.invite.uri == f"sip:+3226660177@[::1]:{far.port}"
        other.answer()
        await call.answered()
        await call.talker.hears(TONE)
        await other.talker.hears(ada.tone)
        call.hang_up()
        await other.ended()

        brought = await far.bring(number.removeprefix("+"))
        rung = await ada.rung()
        rung.answer()
        await brought.answered()
        await brought.talker.hears(ada.tone)
        await rung.talker.hears(TONE)
        brought.hang_up()
        await rung.ended()

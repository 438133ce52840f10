"""Encrypted media of trunks: as each says, with carriers that have nothing else, or do not know it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from switchroom.engines.sip.events import Failed
from switchroom.telephony.media import sdp
from tests.telephony.baresip.phone import HOST, Baresip, Kind, baresip, baresips
from tests.telephony.calls.carriers import add_number, add_trunk, carrier
from tests.telephony.calls.phones import Conversation
from tests.telephony.calls.switchboards import Account
from tests.telephony.calls.test_live_calls import records
from tests.telephony.test_carrier_certificates import Authority

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]

NUMBER, TONE = "+3225559999", 1200


def advanced(media_encryption: str) -> dict[str, Any]:
    return {"advanced": {"media_encryption": media_encryption}}


@asynccontextmanager
async def outside(account: Account, encryption: str, trunk: str) -> AsyncGenerator[tuple[Baresip, str]]:
    """A phone of the network behind a trunk, and the number of the account that the network knows."""
    kind = Kind(registers=False, encryption=encryption)
    async with baresip(NUMBER, "", HOST, account.server, TONE, kind) as phone:
        made = add_trunk(account, phone.port, **advanced(trunk))
        yield phone, add_number(account, made)


def offered(call: Conversation) -> str:
    """The protocol of the media in an INVITE."""
    assert call.invite.sdp is not None
    return sdp.read(call.invite.sdp.decode()).protocol


@pytest.mark.parametrize("setting", ["mandatory", "optional"])
async def test_calls_with_a_carrier_that_takes_nothing_else(account: Account, setting: str) -> None:
    user = account.person("201")
    async with (
        outside(account, "srtp-mand", setting) as (mobile, number),
        baresips(account, "201") as (ada,),
    ):
        account.flow(number, {"module": "user", "data": {"id": user}})
        await ada.dial(NUMBER)
        await mobile.answer()
        await ada.hears(mobile.tone)
        await mobile.hears(ada.tone)
        assert "SRTP is Enabled" in mobile.log()
        await ada.hold()
        await ada.resume()
        await ada.receives()
        await mobile.hears(ada.tone)
        await ada.hang_up()
        await mobile.over()
        await mobile.dial(number)
        await ada.answer()
        await ada.hears(mobile.tone)
        await mobile.hears(ada.tone)
        await mobile.hang_up()
        await ada.over()


@pytest.fixture
def certificate(tmp_path: Path) -> str:
    """A file with the certificate of a carrier, and its key."""
    files = Authority(tmp_path, "authority").certify("carrier.example")
    both = tmp_path / "both.pem"
    both.write_text("".join(Path(one).read_text() for one in files))
    return str(both)


@pytest.mark.parametrize("encryption", ["srtp-mand", ""])
async def test_over_tls_it_is_offered_without_a_word(
    account: Account, certificate: str, encryption: str
) -> None:
    """A carrier that has it and one that does not are both heard."""
    account.person("201")
    kind = Kind(registers=False, encryption=encryption, certificate=certificate)
    async with (
        baresip(NUMBER, "", HOST, account.server, TONE, kind) as mobile,
        baresips(account, "201") as (ada,),
    ):
        more: dict[str, Any] = {"transport": "tls", "advanced": {"verify_certificate": False}}
        add_number(account, add_trunk(account, mobile.port + 1, **more))
        await ada.dial(NUMBER)
        await mobile.answer()
        await ada.hears(mobile.tone)
        await mobile.hears(ada.tone)
        assert ("SRTP is Enabled" in mobile.log()) is bool(encryption)
        await ada.hang_up()
        await mobile.over()


async def test_a_carrier_that_has_it_is_offered_none_where_the_trunk_says_so(account: Account) -> None:
    account.person("201")
    async with outside(account, "srtp-mand", "none"), baresips(account, "201") as (ada,):
        await ada.dial(NUMBER)
        assert (await ada.over()).startswith("488")


async def test_a_carrier_without_is_called_without_where_that_may_be(account: Account) -> None:
    account.person("201")
    async with carrier(account) as far, account.phones("201") as (ada,):
        add_number(account, add_trunk(account, far.port, **advanced("optional")))
        call = await ada.call(NUMBER)
        first = await far.rung()
        assert offered(first) == "RTP/SAVP"
        first.refuse(488)
        second = await far.rung()
        assert offered(second) == "RTP/AVP"
        second.answer()
        await call.answered()
        await call.talker.hears(far.tone)
        await second.talker.hears(ada.tone)
        call.hang_up()
        await second.ended()
        (record,) = await records(account)
        assert record["hangup_cause"] == "NORMAL_CLEARING"


async def test_a_carrier_that_answers_without_is_heard_where_that_may_be(account: Account) -> None:
    account.person("201")
    async with carrier(account) as far, account.phones("201") as (ada,):
        add_number(account, add_trunk(account, far.port, **advanced("optional")))
        call = await ada.call(NUMBER)
        other = await far.rung()
        assert offered(other) == "RTP/SAVP"
        other.answer()  # in RTP/AVP
        await call.answered()
        await call.talker.hears(far.tone)
        await other.talker.hears(ada.tone)
        await call.hold()
        await call.talker.hears()
        await call.resume()
        await call.talker.hears(far.tone)
        await other.talker.hears(ada.tone)
        call.hang_up()
        await other.ended()


@pytest.mark.parametrize("answers", [True, False])
async def test_no_call_without_goes_out_where_it_must_not(account: Account, answers: bool) -> None:
    account.person("201")
    async with carrier(account) as far, account.phones("201") as (ada,):
        add_number(account, add_trunk(account, far.port, **advanced("mandatory")))
        call = await ada.call(NUMBER)
        other = await far.rung()
        assert offered(other) == "RTP/SAVP"
        if answers:
            other.answer()
            await other.ended()
        else:
            other.refuse(488)
        refusal = await call.until(Failed)
        assert refusal.status == 488
        assert "encryption" in refusal.response.headers.get("Warning")
        assert await far.is_left_alone()
        emergency = await ada.call("112")
        (await far.rung()).refuse(488)
        other = await far.rung()
        assert offered(other) == "RTP/AVP"
        other.answer()
        await emergency.answered()
        emergency.hang_up()
        await other.ended()


async def test_no_call_without_comes_in_where_it_must_not(account: Account) -> None:
    user = account.person("201")
    async with carrier(account) as far, account.phones("201") as (ada,):
        trunk = add_trunk(account, far.port, **advanced("mandatory"))
        number = add_number(account, trunk)
        account.flow(number, {"module": "user", "data": {"id": user}})
        assert await (await far.bring(number)).failed() == 488
        assert ada.incoming.empty()
        (record,) = await records(account)
        assert record["hangup_cause"] == "INCOMPATIBLE_DESTINATION"
        account.api("POST", f"/trunks/{trunk}", advanced("none"))
        call = await far.bring(number)
        (await ada.rung()).refuse(486)
        assert await call.failed() == 486

"""Numbers of the public network, by whether they may be called and by which trunks there are."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from switchroom.telephony.routing.actions import Action, Answer, Dial, Finished, Hangup, Play
from switchroom.telephony.routing.call import Call, Flow
from switchroom.telephony.routing.configuration import (
    Live,
    MediaEncryption,
    Permission,
    Restriction,
    Trunk,
    TrunkAdvanced,
    TrunkDirection,
)
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.modules.outside import outside_node
from switchroom.telephony.routing.number_kinds import NumberKind
from switchroom.telephony.routing.prompts import Named, PromptName
from tests.telephony.routing.account import ACCOUNT, ANNA, CALLER, CallInFlow

NUMBER, EMERGENCY = "030 99999", "112"
DENIED = Restriction(kinds={NumberKind.NATIONAL: Permission.DENY})

NONE: Mapping[int, Trunk] = {}
INCOMING = {1: Trunk(id=1, calls_direction=TrunkDirection.INCOMING)}
DISABLED = {1: Trunk(id=1, enabled=False)}
DENYING = {1: Trunk(id=1, restriction=DENIED), 2: Trunk(id=2, restriction=DENIED)}
FULL = {1: Trunk(id=1, concurrent_calls=2), 2: Trunk(id=2, restriction=DENIED)}
FREE = {1: Trunk(id=1, concurrent_calls=3), 2: Trunk(id=2, calls_direction=TrunkDirection.INCOMING)}

NO_ROUTE = Hangup(HangupCause.NO_ROUTE_DESTINATION, 404)
BARRED = Hangup(HangupCause.OUTGOING_CALL_BARRED, 403)


def _call(number: str, trunks: Mapping[int, Trunk], denied_by: str = "") -> CallInFlow:
    account: Flow = replace(ACCOUNT, trunks=trunks, live=Live(trunk_calls={1: 2}))
    if denied_by == "account":
        account = replace(account, account=replace(account.account, restriction=DENIED))
    elif denied_by == "user":
        anna = replace(account.users[ANNA], restriction=DENIED)
        account = replace(account, users={**account.users, ANNA: anna})
    elif denied_by == "device":
        phone = replace(account.devices[10], restriction=DENIED)
        account = replace(account, devices={**account.devices, 10: phone})
    return CallInFlow(outside_node(number), account, call=Call(caller=CALLER, user_id=ANNA, device_id=10))


def _told_and_ended(call: CallInFlow) -> Action | None:
    """How a call ends that is told that its number is restricted."""
    assert call.begins() == Answer()
    assert call.then(Finished()) == Play((Named(PromptName.CALL_RESTRICTED),))
    return call.then(Finished())


@pytest.mark.parametrize("denied_by", ["account", "user", "device"])
@pytest.mark.parametrize("trunks", [NONE, INCOMING, DISABLED, DENYING, FULL, FREE])
def test_who_may_not_call_is_told_so_whatever_trunks_there_are(
    denied_by: str, trunks: Mapping[int, Trunk]
) -> None:
    assert _told_and_ended(_call(NUMBER, trunks, denied_by)) == BARRED


@pytest.mark.parametrize("trunks", [NONE, INCOMING, DISABLED])
@pytest.mark.parametrize("number", [NUMBER, EMERGENCY])
def test_without_a_trunk_nothing_leads_there(number: str, trunks: Mapping[int, Trunk]) -> None:
    assert _call(number, trunks).begins() == NO_ROUTE


def test_what_all_trunks_deny_may_not_be_called() -> None:
    assert _told_and_ended(_call(NUMBER, DENYING)) == BARRED


def test_trunks_that_are_full_say_so() -> None:
    assert _call(NUMBER, FULL).begins() == Hangup(HangupCause.NORMAL_CIRCUIT_CONGESTION, 503)


@pytest.mark.parametrize("trunks", [DENYING, FULL, FREE])
@pytest.mark.parametrize("denied_by", ["", "account", "user", "device"])
def test_emergencies_go_out_over_whatever_there_is(denied_by: str, trunks: Mapping[int, Trunk]) -> None:
    dial = _call(EMERGENCY, trunks, denied_by).begins()
    assert isinstance(dial, Dial)
    assert (dial.trunk_id, dial.is_emergency) == (1, True)


def test_a_free_trunk_carries_it() -> None:
    dial = _call(NUMBER, FREE).begins()
    assert isinstance(dial, Dial)
    assert dial.trunk_id == 1


@pytest.mark.parametrize(
    ("transport", "said", "encryption"),
    [
        ("", "", "none"),
        ("udp", "", "none"),
        ("tls", "", "optional"),
        ("tls_34521", "", "optional"),
        ("tls", "none", "none"),
        ("tcp", "mandatory", "mandatory"),
    ],
)
def test_media_are_encrypted_as_the_trunk_says(transport: str, said: str, encryption: str) -> None:
    advanced = TrunkAdvanced(media_encryption=MediaEncryption(said))
    assert Trunk(id=1, transport=transport, advanced=advanced).media_encryption == encryption

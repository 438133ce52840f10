"""Who pays for a call is who is asked, by whatever way it comes about."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from switchroom.telephony.routing.actions import (
    Answer,
    ChangeForwarding,
    CheckVoicemail,
    Collect,
    Dial,
    Digits,
    Finished,
    Hangup,
    Jumped,
    JumpTo,
    LeaveVoicemail,
    Log,
    NumberTarget,
    Play,
    Ring,
)
from switchroom.telephony.routing.call import DEEPEST_FORWARD, MOST_FORWARDS, Call, Flow, Forwards
from switchroom.telephony.routing.caller_id import anonymous
from switchroom.telephony.routing.configuration import (
    CallerId,
    CallerIdEntry,
    CallForward,
    Device,
    Group,
    GroupMember,
    MemberType,
    Permission,
    Restriction,
    User,
)
from switchroom.telephony.routing.destinations import Feature, Internal, Outside
from switchroom.telephony.routing.flow import decode
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.modules.features import feature_node
from switchroom.telephony.routing.modules.outside import outside_node
from switchroom.telephony.routing.number_kinds import NumberKind
from switchroom.telephony.routing.prompts import Named, PromptName, SayDigits
from switchroom.telephony.routing.ringing import forwarded_call, shared_out
from tests.telephony.routing.account import (
    ACCOUNT,
    ANNA,
    BERT,
    CALLER,
    CARLA,
    MAIN,
    CallInFlow,
    forwards,
    rung,
)

PREMIUM, MOBILE = "0900 1234567", "0151 12345678"
NO_PREMIUM = Restriction(kinds={NumberKind.PREMIUM: Permission.DENY})
TO_ANNA = {"module": "user", "data": {"id": ANNA}}
FROM_ANNA = Call(caller=CALLER, user_id=ANNA, device_id=10)


def _anna(forward: CallForward | None = None, **fields: Any) -> Flow:
    anna = replace(ACCOUNT.users[ANNA], **fields)
    if forward is not None:
        anna = replace(anna, call_forward=forward)
    return replace(ACCOUNT, users={**ACCOUNT.users, ANNA: anna})


def _phone(**fields: Any) -> Flow:
    devices = {**ACCOUNT.devices, 10: replace(ACCOUNT.devices[10], **fields)}
    return replace(ACCOUNT, devices=devices)


def _always(number: str, **conditions: bool) -> CallForward:
    return replace(CallForward(enabled=True, number=number), **conditions)


def test_a_forward_takes_the_place_of_the_phones() -> None:
    (target,) = forwards(CallInFlow(TO_ANNA, _anna(_always(MOBILE))).begins())

    assert isinstance(target.destination, Outside)
    assert target.destination.number.number == "+4915112345678"
    assert (target.user_id, target.require_key_press) == (ANNA, True)
    assert (target.identity.number, target.identity.asserted_number) == (CALLER.number, MAIN)


def test_a_forward_may_go_without_a_key_and_show_who_forwards() -> None:
    forward = _always(MOBILE, require_key_press=False, keep_caller_id=False)

    (target,) = forwards(CallInFlow(TO_ANNA, _anna(forward)).begins())

    assert (target.require_key_press, target.key_seconds) == (False, 7)
    assert (target.identity.number, target.identity.asserted_number) == (MAIN, MAIN)


def test_a_hidden_caller_stays_hidden_behind_a_forward() -> None:
    call = CallInFlow(TO_ANNA, _anna(_always(MOBILE)), call=Call(caller=anonymous()))

    assert forwards(call.begins())[0].identity.is_anonymous


@pytest.mark.parametrize("is_denied_by", ["account", "user"])
def test_a_forward_to_a_premium_number_is_not_carried_out(is_denied_by: str) -> None:
    account = _anna(_always(PREMIUM), restriction=NO_PREMIUM if is_denied_by == "user" else Restriction())
    if is_denied_by == "account":
        account = replace(account, account=replace(account.account, restriction=NO_PREMIUM))

    assert rung(CallInFlow(TO_ANNA, account).begins()) == [10, 11]
    assert rung(CallInFlow(TO_ANNA, _anna(_always(PREMIUM))).begins()) == [PREMIUM]


def test_nobody_forwards_to_the_police() -> None:
    assert rung(CallInFlow(TO_ANNA, _anna(_always("110"))).begins()) == [10, 11]
    assert _feature(Feature.FORWARD_ON, "110").answered() == Play((Named(PromptName.CALL_RESTRICTED),))


def test_a_forward_goes_out_as_the_call_of_who_forwards() -> None:
    account = _anna(_always(MOBILE))
    to_anna = CallInFlow(TO_ANNA, account)
    (target,) = forwards(to_anna.begins())

    dial = CallInFlow(outside_node(MOBILE), account, call=forwarded_call(to_anna.state.call, target)).begins()

    assert isinstance(dial, Dial)
    assert (dial.request.from_user, dial.request.asserted_user) == (CALLER.number, MAIN)
    denied = _anna(restriction=Restriction(kinds={NumberKind.MOBILE: Permission.DENY}))
    assert CallInFlow(outside_node(MOBILE), denied, call=forwarded_call(Call(), target)).begins() == Answer()


def test_a_forward_inside_is_still_the_callers() -> None:
    to_anna = CallInFlow(TO_ANNA, _anna(_always("101")), call=Call(caller=CALLER, user_id=BERT, device_id=20))
    (target,) = forwards(to_anna.begins())

    call = forwarded_call(to_anna.state.call, target)

    assert (call.caller, call.user_id, call.dialled, call.forwards.by) == (CALLER, BERT, "101", ("user:1",))


def test_who_forwards_pays_not_who_calls() -> None:
    """Bert may not call premium numbers; that Anna forwards to one is Anna's affair, and the reverse."""
    users = {
        ANNA: replace(ACCOUNT.users[ANNA], call_forward=_always(PREMIUM)),
        BERT: replace(ACCOUNT.users[BERT], restriction=NO_PREMIUM),
    }
    from_bert = Call(caller=CALLER, user_id=BERT, device_id=20)
    assert rung(CallInFlow(TO_ANNA, replace(ACCOUNT, users=users), call=from_bert).begins()) == [PREMIUM]

    users[ANNA] = replace(users[ANNA], restriction=NO_PREMIUM)
    users[BERT] = ACCOUNT.users[BERT]
    assert rung(CallInFlow(TO_ANNA, replace(ACCOUNT, users=users), call=from_bert).begins()) == [10, 11]


def test_a_device_forwards_under_its_own_restriction_and_its_owners() -> None:
    free = _phone(call_forward=_always(PREMIUM))
    denied = _phone(call_forward=_always(PREMIUM), restriction=NO_PREMIUM)
    owners = replace(free, users=_anna(restriction=NO_PREMIUM).users)

    assert rung(CallInFlow(TO_ANNA, free).begins()) == [PREMIUM, 11]
    assert rung(CallInFlow(TO_ANNA, denied).begins()) == [10, 11]
    assert rung(CallInFlow(TO_ANNA, owners).begins()) == [10, 11]


def test_direct_calls_only_are_forwarded_if_one_says_so() -> None:
    to_group = {"module": "group", "data": {"id": 5}}
    groups = {5: Group(id=5, members=(GroupMember(ANNA),))}
    direct_only = replace(_anna(_always(MOBILE, direct_calls_only=True)), groups=groups)
    always = replace(_anna(_always(MOBILE)), groups=groups)

    assert rung(CallInFlow(TO_ANNA, direct_only).begins()) == [MOBILE]
    assert rung(CallInFlow(to_group, direct_only).begins()) == [10, 11]
    assert rung(CallInFlow(to_group, always).begins()) == [MOBILE]


def test_failover_forwards_when_no_phone_is_registered() -> None:
    forward = CallForward(number=MOBILE, failover=True)
    registered = _anna(forward)
    away = replace(registered, live=replace(registered.live, registered=frozenset({20})))

    assert rung(CallInFlow(TO_ANNA, registered).begins()) == [10, 11]
    assert rung(CallInFlow(TO_ANNA, away).begins()) == [MOBILE]


def test_do_not_disturb_wins_over_forwarding() -> None:
    account = _anna(_always(MOBILE), do_not_disturb=True)

    assert CallInFlow(TO_ANNA, account).begins() == Hangup(HangupCause.USER_BUSY, 486)
    assert rung(CallInFlow(TO_ANNA, _phone(do_not_disturb=True)).begins()) == [11]


def test_whoever_is_not_to_be_disturbed_is_not_by_the_number_of_their_phone_either() -> None:
    to_phone = {"module": "device", "data": {"id": 10}}
    account = _anna(do_not_disturb=True)
    groups = {5: Group(id=5, members=(GroupMember(10, MemberType.DEVICE), GroupMember(BERT)))}

    assert CallInFlow(to_phone, account).begins() == Hangup(HangupCause.USER_BUSY, 486)
    to_group = CallInFlow({"module": "group", "data": {"id": 5}}, replace(account, groups=groups))
    assert rung(to_group.begins()) == [20]


def test_without_call_waiting_a_phone_in_a_call_is_busy() -> None:
    busy = replace(ACCOUNT.live, device_calls={10: 1})
    waiting = replace(ACCOUNT, live=busy)
    without = replace(_phone(call_waiting=False), live=busy)
    of_user = replace(_anna(call_waiting=False), live=replace(busy, device_calls={10: 1, 11: 1}))

    assert rung(CallInFlow(TO_ANNA, waiting).begins()) == [10, 11]
    assert rung(CallInFlow(TO_ANNA, without).begins()) == [11]
    assert CallInFlow(TO_ANNA, of_user).begins() == Hangup(HangupCause.USER_BUSY, 486)


@pytest.mark.parametrize("fields", [{"no_service": True}, {"enabled": False}])
def test_who_has_no_service_is_not_rung(fields: dict[str, Any]) -> None:
    assert CallInFlow(TO_ANNA, _anna(**fields)).begins() == Hangup(HangupCause.SUBSCRIBER_ABSENT, 480)
    to_phone = {"module": "device", "data": {"id": 10}}
    assert CallInFlow(to_phone, _anna(**fields)).begins() == Hangup(HangupCause.SUBSCRIBER_ABSENT, 480)


def test_two_who_forward_to_each_other_do_not_go_round_in_circles() -> None:
    users = {
        ANNA: replace(ACCOUNT.users[ANNA], call_forward=_always("101")),
        BERT: replace(ACCOUNT.users[BERT], call_forward=_always("100")),
    }
    account = replace(ACCOUNT, users=users)
    to_bert = {"module": "user", "data": {"id": BERT}}

    (first,) = forwards(CallInFlow(TO_ANNA, account).begins())
    assert first.destination == Internal(902, "101")
    (second,) = forwards(CallInFlow(to_bert, account, call=Call(forwards=first.forwards)).begins())
    assert second.destination == Internal(901, "100")
    assert second.forwards.by == ("user:1", "user:2")
    # Anna has forwarded this call already: her phones ring.
    assert rung(CallInFlow(TO_ANNA, account, call=Call(forwards=second.forwards)).begins()) == [10, 11]


def test_a_long_chain_of_forwards_ends() -> None:
    tired = Forwards(left=40, by=tuple(f"user:{n}" for n in range(100, 100 + DEEPEST_FORWARD)))

    call = CallInFlow(TO_ANNA, _anna(_always(MOBILE)), call=Call(forwards=tired))

    assert rung(call.begins()) == [10, 11]


def test_a_group_that_forwards_to_itself_makes_a_bounded_number_of_legs() -> None:
    """Forty members forward to the group: without a shared counter that were 40 to the fifth."""
    members = range(1000, 1040)
    account = replace(
        ACCOUNT,
        users={n: User(id=n, call_forward=_always("500")) for n in members},
        devices={n: Device(id=n, owner_id=n) for n in members},
        groups={5: Group(id=5, members=tuple(GroupMember(n) for n in members))},
        plan=replace(ACCOUNT.plan, numbers={"500": 905}),
    )
    todo, legs = [Call()], 0
    while todo:
        ring = CallInFlow({"module": "group", "data": {"id": 5}}, account, call=todo.pop()).begins()
        if isinstance(ring, Ring):
            made = [one for one in ring.targets if isinstance(one, NumberTarget)]
            legs += len(made)
            todo += [Call(forwards=one.forwards) for one in made]

    assert 40 <= legs <= MOST_FORWARDS


def test_the_counter_is_shared_out_among_branches() -> None:
    targets = forwards(CallInFlow(TO_ANNA, _anna(_always(MOBILE))).begins()) * 3

    shared = shared_out(targets, Call(forwards=Forwards(left=11)))

    assert [one.forwards.left for one in shared if isinstance(one, NumberTarget)] == [2, 2, 2]
    assert len(shared_out(targets, Call(forwards=Forwards(left=2)))) == 2


def test_a_restricted_number_is_refused_with_a_notice() -> None:
    account = _anna(restriction=NO_PREMIUM)
    call = CallInFlow(outside_node(PREMIUM), account, call=FROM_ANNA)

    assert call.begins() == Answer()
    assert call.then(Finished()) == Play((Named(PromptName.CALL_RESTRICTED),))
    assert call.then(Finished()) == Hangup(HangupCause.OUTGOING_CALL_BARRED, 403)


def test_a_transfer_is_at_the_cost_of_who_transfers() -> None:
    """A call from outside that Anna transfers goes on as hers."""
    transferred = Call(caller=CALLER, user_id=ANNA, device_id=10)

    denied = CallInFlow(outside_node(PREMIUM), _anna(restriction=NO_PREMIUM), call=transferred)
    assert denied.begins() == Answer()
    assert isinstance(CallInFlow(outside_node(PREMIUM), call=transferred).begins(), Dial)


def test_a_hidden_number_does_not_hide_from_restrictions() -> None:
    account = _anna(restriction=NO_PREMIUM)
    withheld = CallInFlow(
        feature_node(Feature.WITHHOLD), account, call=replace(FROM_ANNA, digits="09001234567")
    )

    assert withheld.begins() == JumpTo(number="09001234567")
    assert withheld.state.call.withheld
    call = CallInFlow(outside_node(PREMIUM), account, call=withheld.state.call)
    assert call.begins() == Answer()


def test_a_hidden_number_is_hidden_from_colleagues_too() -> None:
    call = CallInFlow(feature_node(Feature.WITHHOLD), call=replace(FROM_ANNA, digits="101"))

    assert call.begins() == JumpTo(number="101")
    call.flow = replace(ACCOUNT, id=902, root=decode({"module": "user", "data": {"id": BERT}}))
    ring = call.then(Jumped())
    assert isinstance(ring, Ring)
    assert ring.caller == anonymous()


def test_a_hidden_number_is_hidden() -> None:
    dial = CallInFlow(outside_node(MOBILE), call=replace(FROM_ANNA, withheld=True)).begins()

    assert isinstance(dial, Dial)
    assert (dial.request.from_user, dial.request.privacy, dial.request.asserted_user) == (
        "anonymous",
        "id",
        MAIN,
    )


def test_an_emergency_call_passes_everything_and_is_never_hidden() -> None:
    everything = Restriction(kinds=dict.fromkeys(NumberKind, Permission.DENY))
    account = _anna(restriction=everything, no_service=True)
    caller_id = CallerId(external=CallerIdEntry(number=MAIN, anonymous=True))
    account = replace(account, account=replace(account.account, restriction=everything, caller_id=caller_id))

    dial = CallInFlow(outside_node("112"), account, call=replace(FROM_ANNA, withheld=True)).begins()

    assert isinstance(dial, Dial)
    assert dial.is_emergency
    assert (dial.request.request_user, dial.request.from_user, dial.request.privacy) == ("112", MAIN, "")


def _feature(feature: Feature, digits: str = "", account: Flow = ACCOUNT) -> CallInFlow:
    return CallInFlow(feature_node(feature), account, call=replace(FROM_ANNA, digits=digits))


def test_forwarding_is_switched_on_by_phone_and_read_back() -> None:
    call = _feature(Feature.FORWARD_ON)

    asked = call.answered()
    assert asked == Collect((Named(PromptName.FORWARD_ENTER_NUMBER),), most=20, first=8, between=2)
    assert call.then(Digits("015112345678")) == ChangeForwarding(True, "015112345678", user_id=ANNA)
    assert call.then(Finished()) == Play((Named(PromptName.FORWARD_ON), SayDigits("015112345678")))
    assert call.then(Finished()) == Hangup(HangupCause.NORMAL_CLEARING, 200)


def test_forwarding_is_switched_off_and_toggled() -> None:
    on, kept = _anna(_always(MOBILE)), _anna(CallForward(number="101"))

    assert _feature(Feature.FORWARD_OFF).answered() == ChangeForwarding(False, user_id=ANNA)
    assert _feature(Feature.FORWARD_TOGGLE, account=on).answered() == ChangeForwarding(False, user_id=ANNA)
    assert _feature(Feature.FORWARD_TOGGLE, account=kept).answered() == ChangeForwarding(True, user_id=ANNA)
    assert isinstance(_feature(Feature.FORWARD_TOGGLE).answered(), Collect)
    inline = _feature(Feature.FORWARD_TOGGLE, "101").answered()
    assert inline == ChangeForwarding(True, "101", user_id=ANNA)


@pytest.mark.parametrize("digits", ["12", "1" * 21, "999", "*72"])
def test_forwarding_to_what_is_no_number_is_refused(digits: str) -> None:
    call = _feature(Feature.FORWARD_ON)
    call.answered()

    assert call.then(Digits(digits)) == Play((Named(PromptName.FORWARD_INVALID),))


def test_forwarding_to_a_restricted_number_cannot_be_switched_on() -> None:
    call = _feature(Feature.FORWARD_ON, "09001234567", _anna(restriction=NO_PREMIUM))

    assert call.answered() == Play((Named(PromptName.CALL_RESTRICTED),))


def test_nobody_from_outside_changes_a_forwarding() -> None:
    call = CallInFlow(feature_node(Feature.FORWARD_OFF))

    assert call.answered() == Hangup(HangupCause.CALL_REJECTED, 603)


def test_intercom_rings_phones_that_answer_by_themselves() -> None:
    call = _feature(Feature.INTERCOM, "101")

    assert call.begins() == JumpTo(number="101", extensions_only=True)
    call.flow = replace(ACCOUNT, id=902, root=decode({"module": "user", "data": {"id": BERT}}))
    ring = call.then(Jumped())
    assert isinstance(ring, Ring)
    assert ring.auto_answer


@pytest.mark.parametrize(
    "feature",
    [Feature.PARK_AND_RETRIEVE, Feature.VALET, Feature.RETRIEVE, Feature.PICKUP, Feature.HOTDESK_LOGIN],
)
def test_codes_that_are_not_there_yet_say_so(feature: Feature) -> None:
    call = _feature(feature)

    assert call.answered() == Log("feature code is not available yet", feature.value)
    assert call.then(Finished()) == Play((Named(PromptName.NOT_AVAILABLE_YET),))


def test_voicemail_by_code() -> None:
    assert _feature(Feature.CHECK_VOICEMAIL).answered() == CheckVoicemail(is_own=True)
    assert _feature(Feature.CHECK_VOICEMAIL, "100").answered() == CheckVoicemail(mailbox="100", is_own=True)
    assert _feature(Feature.OWN_VOICEMAIL).answered() == CheckVoicemail(is_own=True)
    assert _feature(Feature.DIRECT_VOICEMAIL, "101").answered() == LeaveVoicemail(mailbox="101")


TO_BERT = {"module": "user", "data": {"id": BERT}}


def test_in_closed_groups_only_those_who_share_one_are_rung() -> None:
    closed = replace(ACCOUNT, reachable=frozenset({"user:1", "device:30"}))
    to_group = {"module": "group", "data": {"id": 5}}
    box = {"_": {"module": "voicemail", "data": {"id": 4}}}

    assert rung(CallInFlow(TO_ANNA, closed, call=FROM_ANNA).begins()) == [11]
    assert rung(CallInFlow({"module": "user", "data": {"id": CARLA}}, closed).begins()) == [30]
    assert rung(CallInFlow(to_group, closed, call=FROM_ANNA).begins()) == [11, 30]
    for node in (TO_BERT, {**TO_BERT, "children": box}, {"module": "device", "data": {"id": 20}}):
        call = CallInFlow(node, closed, call=FROM_ANNA)
        assert call.begins() == Answer()
        assert call.then(Finished()) == Play((Named(PromptName.CALL_RESTRICTED),))
        assert call.then(Finished()) == Hangup(HangupCause.OUTGOING_CALL_BARRED, 403)


def test_a_forward_out_of_a_closed_group_fails_and_the_other_phones_go_on() -> None:
    closed = replace(ACCOUNT, reachable=frozenset({"user:1"}))
    call = CallInFlow(TO_BERT, closed, call=Call(forwards=Forwards(by=("user:1",))))

    assert call.begins() == Hangup(HangupCause.OUTGOING_CALL_BARRED, 403)

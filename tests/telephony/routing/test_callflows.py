"""What a caller experiences in callflows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from switchroom.telephony.routing.actions import (
    Action,
    Answer,
    Answered,
    Busy,
    CheckPin,
    CheckVoicemail,
    Collect,
    DeviceTarget,
    Dial,
    Digits,
    Event,
    Failed,
    Finished,
    Hangup,
    HungUp,
    JoinConference,
    Jumped,
    JumpTo,
    LeaveVoicemail,
    Log,
    NoAnswer,
    PinChecked,
    Play,
    Ring,
    Started,
    Timeout,
)
from switchroom.telephony.routing.call import Call
from switchroom.telephony.routing.configuration import (
    Conference,
    Forced,
    Group,
    GroupMember,
    Hunt,
    MemberType,
    Menu,
    Strategy,
)
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.modules.outside import outside_node
from switchroom.telephony.routing.prompts import Named, PromptName, Sound
from tests.telephony.routing.account import (
    ACCOUNT,
    ANNA,
    BERT,
    CARLA,
    MAIN,
    NOON,
    CallInFlow,
    rung,
)

HANGUP = {"module": "hangup"}
TO_ANNA = {"module": "user", "data": {"id": ANNA}}
BOX = {"module": "voicemail", "data": {"id": 4}}


def test_all_phones_of_a_user_ring_and_an_ended_call_ends_the_flow() -> None:
    call = CallInFlow({**TO_ANNA, "children": {"_": BOX}})

    ring = call.begins()

    assert rung(ring) == [10, 11]
    assert isinstance(ring, Ring)
    assert (ring.timeout, ring.caller.name) == (20, "Käthe Groß")
    assert call.then(Answered()) is None
    assert call.then(HungUp()) is None
    assert call.state.is_ended


def test_nobody_answers_and_the_box_does() -> None:
    call = CallInFlow({"module": "user", "data": {"id": ANNA, "timeout": 15}, "children": {"_": BOX}})

    ring = call.begins()
    assert isinstance(ring, Ring)
    assert ring.timeout == 15
    assert call.then(NoAnswer()) == Answer()
    assert call.then(Finished()) == LeaveVoicemail(vmbox_id=4)
    assert call.then(Finished()) == Hangup(HangupCause.NORMAL_CLEARING, 200)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (Busy(), 1),
        (NoAnswer(), 2),
        (Failed(HangupCause.CALL_REJECTED, 603), 3),
        (Failed(HangupCause.NUMBER_CHANGED, 410), 4),
    ],
)
def test_children_by_cause_by_code_and_for_all(event: Busy | NoAnswer | Failed, expected: int) -> None:
    def play(media: int) -> dict[str, object]:
        return {"module": "play", "data": {"id": media}}

    children = {"USER_BUSY": play(1), "NO ANSWER": play(2), "603": play(3), "_": play(4)}
    call = CallInFlow({**TO_ANNA, "children": children})
    call.begins()

    assert call.then(event) == Answer()
    assert call.then(Finished()) == Play((Sound(expected),), digits_stop=True)


@pytest.mark.parametrize(
    ("event", "cause", "code"),
    [
        (NoAnswer(), HangupCause.NO_ANSWER, 480),
        (Busy(), HangupCause.USER_BUSY, 486),
        (Failed(HangupCause.CALL_REJECTED, 603), HangupCause.CALL_REJECTED, 603),
        (Failed(HangupCause.NORMAL_CLEARING), HangupCause.NORMAL_CLEARING, 480),
    ],
)
def test_without_a_child_the_caller_gets_the_cause(
    event: Busy | NoAnswer | Failed, cause: HangupCause, code: int
) -> None:
    call = CallInFlow(TO_ANNA)
    call.begins()

    assert call.then(event) == Hangup(cause, code)
    assert call.then(Finished()) is None


def test_no_phone_is_registered() -> None:
    account = replace(ACCOUNT, live=replace(ACCOUNT.live, registered=frozenset()))

    assert CallInFlow({**TO_ANNA, "children": {"_": BOX}}, account).begins() == Answer()
    assert CallInFlow(TO_ANNA, account).begins() == Hangup(HangupCause.USER_NOT_REGISTERED, 480)


def test_a_phone_does_not_ring_itself_unless_it_may() -> None:
    own = Call(user_id=ANNA, device_id=10)

    assert rung(CallInFlow(TO_ANNA, call=own).begins()) == [11]
    to_self = {"module": "user", "data": {"id": ANNA, "can_call_self": True}}
    assert rung(CallInFlow(to_self, call=own).begins()) == [10, 11]


def test_a_device_alone() -> None:
    assert rung(CallInFlow({"module": "device", "data": {"id": "11"}}).begins()) == [11]


@pytest.mark.parametrize(
    "module", ["user", "device", "group", "voicemail", "menu", "calendar", "conference", "check_voicemail"]
)
def test_what_was_deleted_leads_to_the_child_for_all(module: str) -> None:
    call = CallInFlow({"module": module, "data": {"id": 12345}, "children": {"_": TO_ANNA}})

    first = call.begins()

    assert rung(call.then(Finished()) if first == Answer() else first) == [10, 11]


def test_a_group_rings_at_once_with_delays() -> None:
    ring = CallInFlow({"module": "group", "data": {"id": 5}}).begins()

    assert isinstance(ring, Ring)
    assert ring.targets == (
        DeviceTarget(10),
        DeviceTarget(11),
        DeviceTarget(20, delay=5, timeout=10),
        DeviceTarget(30),
    )
    assert (ring.timeout, ring.fail_on_single_reject, ring.group_id) == (20, False, 5)


def _group(strategy: Strategy, *members: GroupMember, global_timeout: int | None = None) -> CallInFlow:
    group = Group(id=5, strategy=strategy, members=members, global_timeout=global_timeout, music_on_hold_id=3)
    live = replace(
        ACCOUNT.live,
        group_turns={5: 4},
        idle_since={"user:1": NOON, "user:2": NOON - timedelta(hours=1)},
    )
    account = replace(
        ACCOUNT, groups={5: group, 55: Group(id=55, members=(GroupMember(5, MemberType.GROUP),))}
    )
    flow = {"module": "group", "data": {"id": 5}, "children": {"_": BOX}}
    return CallInFlow(flow, replace(account, live=live))


@pytest.mark.parametrize(
    ("strategy", "order"),
    [
        (Strategy.SEQUENTIAL, [[10, 11], [20], [30]]),
        # The fifth call begins with the second of three.
        (Strategy.ROUND_ROBIN, [[20], [30], [10, 11]]),
        (Strategy.LONGEST_IDLE, [[30], [20], [10, 11]]),
    ],
)
def test_members_ring_one_after_the_other(strategy: Strategy, order: list[list[int]]) -> None:
    call = _group(strategy, GroupMember(ANNA), GroupMember(BERT), GroupMember(CARLA))

    first = call.begins()
    rings: list[Action | None] = [
        first,
        call.then(NoAnswer()),
        call.then(Failed(HangupCause.CALL_REJECTED, 603)),
    ]

    assert [rung(ring) for ring in rings] == order
    assert [ring.group_id for ring in rings if isinstance(ring, Ring)] == [5, None, None]
    assert call.then(Busy()) == Answer()


def test_the_time_of_a_group_is_for_all_of_its_members() -> None:
    call = _group(
        Strategy.SEQUENTIAL, GroupMember(ANNA), GroupMember(BERT), GroupMember(CARLA), global_timeout=30
    )

    call.begins()
    second = call.then(NoAnswer(), after=20)

    assert isinstance(second, Ring)
    assert second.timeout == 10
    assert call.then(NoAnswer(), after=10) == Answer()


def test_who_is_logged_out_does_not_ring() -> None:
    call = _group(Strategy.SIMULTANEOUS, GroupMember(ANNA, logged=False), GroupMember(BERT))

    assert rung(call.begins()) == [20]
    assert _group(Strategy.SEQUENTIAL, GroupMember(ANNA, logged=False)).begins() == Answer()
    assert _group(Strategy.SIMULTANEOUS).begins() == Answer()


def test_groups_in_groups_ring_each_once() -> None:
    call = _group(
        Strategy.SIMULTANEOUS, GroupMember(55, MemberType.GROUP), GroupMember(20, MemberType.DEVICE)
    )

    assert rung(call.begins()) == [20]


def test_members_of_a_group_within_ring_in_its_time() -> None:
    inner = Group(
        id=55,
        members=(GroupMember(ANNA, delay=5, timeout=60), GroupMember(CARLA, delay=30), GroupMember(BERT)),
    )
    outer = Group(id=5, members=(GroupMember(55, MemberType.GROUP, delay=10, timeout=25),))
    account = replace(ACCOUNT, groups={5: outer, 55: inner})
    ring = CallInFlow({"module": "group", "data": {"id": 5}}, account).begins()

    assert isinstance(ring, Ring)
    assert ring.targets == (
        DeviceTarget(10, delay=15, timeout=20),
        DeviceTarget(11, delay=15, timeout=20),
        DeviceTarget(20, delay=10, timeout=20),
    )
    in_turn = replace(outer, strategy=Strategy.SEQUENTIAL)
    call = CallInFlow(
        {"module": "group", "data": {"id": 5}}, replace(ACCOUNT, groups={5: in_turn, 55: inner})
    )
    call.begins()
    second = call.then(NoAnswer())
    assert isinstance(second, Ring)
    assert second.targets == (DeviceTarget(30, timeout=20),)


@pytest.mark.parametrize(
    ("event", "ends"),
    [
        (Busy(), True),
        (Failed(HangupCause.CALL_REJECTED, 603), True),
        (Failed(HangupCause.NO_USER_RESPONSE, 408), False),
        (Failed(HangupCause.INCOMPATIBLE_DESTINATION, 488), False),
        (NoAnswer(), False),
    ],
)
def test_a_rejection_in_turn_ends_the_ringing_where_one_says_so(event: Event, ends: bool) -> None:
    members = (GroupMember(ANNA), GroupMember(BERT))
    account = replace(ACCOUNT, groups={5: Group(id=5, strategy=Strategy.SEQUENTIAL, members=members)})
    call = CallInFlow({"module": "group", "data": {"id": 5, "fail_on_single_reject": True}}, account)
    call.begins()

    assert isinstance(call.then(event), Hangup if ends else Ring)


MENU = {
    "module": "menu",
    "data": {"id": 6},
    "children": {"1": TO_ANNA, "2": {"module": "user", "data": {"id": BERT}}},
}
GREETING = Sound(66)


def test_a_digit_chooses_a_child() -> None:
    call = CallInFlow(MENU)

    assert call.begins() == Answer()
    assert call.then(Finished()) == Collect((GREETING,), most=1, first=10, between=2)
    assert rung(call.then(Digits("2"))) == [20]


def test_three_wrong_entries_end_with_goodbye() -> None:
    call = CallInFlow(MENU)
    call.answered()
    invalid = Collect((Named(PromptName.INVALID_ENTRY), GREETING), most=1, first=10, between=2)

    assert call.then(Digits("9")) == invalid
    assert call.then(Timeout()) == Collect((GREETING,), most=1, first=10, between=2)
    assert call.then(Digits("*")) == Play((Named(PromptName.GOODBYE),))
    assert call.then(Finished()) == Hangup(HangupCause.NORMAL_CLEARING, 200)


@pytest.mark.parametrize("last", ["max_retries", "_"])
def test_after_all_tries_a_child_goes_on(last: str) -> None:
    account = replace(ACCOUNT, menus={6: Menu(id=6, retries=1)})
    call = CallInFlow({**MENU, "children": {"1": BOX, last: TO_ANNA}}, account)
    call.answered()

    assert rung(call.then(Digits("9"))) == [10, 11]


def test_no_digits_lead_to_the_child_timeout() -> None:
    call = CallInFlow({**MENU, "children": {"1": BOX, "timeout": TO_ANNA}})
    call.answered()

    assert rung(call.then(Timeout())) == [10, 11]


@pytest.mark.parametrize("name", ["timeout", "max_retries", "_"])
def test_names_of_children_are_no_digits(name: str) -> None:
    call = CallInFlow({**MENU, "children": {name: TO_ANNA}})
    call.answered()

    assert isinstance(call.then(Digits(name)), Collect)


def test_a_menu_puts_through_to_extensions() -> None:
    call = CallInFlow(
        {"module": "menu", "data": {"id": 7}, "children": {"1": TO_ANNA}}, others={901: TO_ANNA}
    )

    assert call.answered() == Collect((Sound(77),), most=4, first=10, between=2)
    jump = call.then(Digits("100"))
    assert jump == JumpTo(number="100", extensions_only=True)
    call.flow = call.others[901]
    assert rung(call.then(Jumped())) == [10, 11]


def test_an_extension_that_is_none_costs_a_try() -> None:
    call = CallInFlow({"module": "menu", "data": {"id": 7}})
    call.answered()

    for _ in range(2):
        call.then(Digits("999"))
        again = call.then(Failed(HangupCause.UNALLOCATED_NUMBER, 404))
        assert again == Collect((Named(PromptName.INVALID_ENTRY), Sound(77)), most=4, first=10, between=2)
    call.then(Digits("999"))
    assert call.then(Failed(HangupCause.UNALLOCATED_NUMBER, 404)) == Play((Named(PromptName.GOODBYE),))


@pytest.mark.parametrize(
    ("hunt", "digits", "is_put_through"),
    [
        (None, "100", False),
        (Hunt(), "100", True),
        (Hunt(allow=("100",)), "100", True),
        (Hunt(allow=("10",)), "1001", True),
        (Hunt(allow=("00",)), "1001", False),
        (Hunt(allow=("^1",)), "100", True),
        (Hunt(allow=("^1",)), "200", False),
        (Hunt(deny=("^1",)), "100", False),
        (Hunt(allow=("^1",), deny=("100",)), "100", False),
        (Hunt(allow=("(",)), "100", False),
        (Hunt(deny=("(",)), "100", False),
        (Hunt(allow=("1?1",)), "1010", True),
        (Hunt(allow=("1?1",)), "100", False),
        (Hunt(deny=("??",)), "100", False),
        (Hunt(allow=("1000",)), "100", False),
        (Hunt(allow=("(1*)*2",)), "111111", False),
        (Hunt(), "*97", True),
    ],
)
def test_which_extensions_a_menu_puts_through_to(
    hunt: Hunt | None, digits: str, is_put_through: bool
) -> None:
    account = replace(ACCOUNT, menus={6: Menu(id=6, hunt=hunt)})
    call = CallInFlow(MENU, account)
    call.answered()

    assert isinstance(call.then(Digits(digits)), JumpTo) is is_put_through


def test_open_and_closed() -> None:
    flow = {"module": "calendar", "data": {"id": 8}, "children": {"open": TO_ANNA, "closed": BOX}}
    saturday, forced = (
        CallInFlow(flow),
        CallInFlow(
            flow, replace(ACCOUNT, calendars={8: replace(ACCOUNT.calendars[8], forced=Forced.CLOSED)})
        ),
    )

    assert rung(CallInFlow(flow).begins()) == [10, 11]
    assert saturday.then(Started(), after=24 * 3600) == Answer()
    assert forced.begins() == Answer()
    only_other = {"module": "calendar", "data": {"id": 8}, "children": {"_": TO_ANNA}}
    assert rung(CallInFlow(only_other).begins()) == [10, 11]


def test_a_sound_is_played_and_the_flow_goes_on() -> None:
    call = CallInFlow({"module": "play", "data": {"id": 12}, "children": {"_": TO_ANNA}})

    assert call.answered() == Play((Sound(12),), digits_stop=True)
    assert rung(call.then(Finished())) == [10, 11]


def test_a_conference_asks_for_its_pin_three_times() -> None:
    call = CallInFlow({"module": "conference", "data": {"id": 9}})
    asked = call.answered()

    assert isinstance(asked, Collect)
    assert asked.prompts == (Named(PromptName.CONFERENCE_PIN),)
    assert call.then(Digits("1234")) == CheckPin(9, "1234")
    again = call.then(PinChecked(is_right=False))
    assert isinstance(again, Collect)
    assert again.prompts == (Named(PromptName.CONFERENCE_PIN_WRONG),)
    call.then(Digits("4321"))
    assert call.then(PinChecked(is_right=True)) == JoinConference(9, muted=True)
    assert call.then(Finished()) == Hangup(HangupCause.NORMAL_CLEARING, 200)


def test_three_wrong_pins_are_enough() -> None:
    call = CallInFlow({"module": "conference", "data": {"id": 9}})
    call.answered()
    for _ in range(2):
        call.then(Digits("1"))
        assert isinstance(call.then(PinChecked(is_right=False)), Collect)

    assert call.then(Timeout()) == Play((Named(PromptName.GOODBYE),))
    assert call.then(Finished()) == Hangup(HangupCause.CALL_REJECTED, 603)


def test_a_moderator_has_another_pin_and_members_may_have_none() -> None:
    conferences = {9: Conference(id=9, has_moderators_pin=True)}
    account = replace(ACCOUNT, conferences=conferences)
    flow = {"module": "conference", "data": {"id": 9}}
    moderator, member, guesser = (CallInFlow(flow, account) for _ in range(3))
    for call in (moderator, member, guesser):
        assert isinstance(call.answered(), Collect)

    moderator.then(Digits("0815"))
    joined = moderator.then(PinChecked(is_right=True, is_moderator=True))
    assert joined == JoinConference(9, is_moderator=True)
    assert member.then(Timeout()) == JoinConference(9)
    guesser.then(Digits("1234"))
    assert isinstance(guesser.then(PinChecked(is_right=False)), Collect)
    assert guesser.then(Digits("#")) == JoinConference(9)


@pytest.mark.parametrize(
    ("cause", "notice"),
    [
        (HangupCause.USER_BUSY, PromptName.CONFERENCE_FULL),
        (HangupCause.CALL_REJECTED, PromptName.CONFERENCE_LOCKED),
    ],
)
def test_a_conference_says_why_nobody_gets_in(cause: HangupCause, notice: PromptName) -> None:
    call = CallInFlow({"module": "conference", "data": {"id": 91}})

    assert call.answered() == JoinConference(91)
    assert call.then(Failed(cause)) == Play((Named(notice),))


def test_an_owner_is_known_at_an_own_phone() -> None:
    flow = {"module": "check_voicemail", "data": {"id": 4}}

    assert CallInFlow(flow).answered() == CheckVoicemail(4, "100", is_own=False)
    own = Call(user_id=ANNA, device_id=10)
    assert CallInFlow(flow, call=own).answered() == CheckVoicemail(4, "100", is_own=True)
    assert CallInFlow({"module": "check_voicemail"}, call=own).answered() == CheckVoicemail(is_own=True)


def test_zero_in_a_box_goes_to_the_operator() -> None:
    call = CallInFlow({**BOX, "children": {"0": TO_ANNA}})
    call.answered()

    assert rung(call.then(Digits("0"))) == [10, 11]


def test_a_jump_goes_on_in_the_other_flow() -> None:
    flow = {"module": "callflow", "data": {"id": 901}, "children": {"_": BOX}}
    call = CallInFlow(flow, others={901: TO_ANNA})

    assert rung(call.jumps(call.begins())) == [10, 11]
    assert call.state.flow_id == 901


def test_a_jump_to_a_deleted_flow_leads_to_the_child() -> None:
    call = CallInFlow({"module": "callflow", "data": {"id": 1}, "children": {"_": TO_ANNA}})

    assert call.begins() == JumpTo(callflow_id=1)
    assert rung(call.then(Failed(HangupCause.NO_ROUTE_DESTINATION, 404))) == [10, 11]


def test_a_flow_that_jumps_to_itself_ends() -> None:
    itself = {"module": "callflow", "data": {"id": 900}}
    call = CallInFlow(itself)
    action = call.begins()
    jumps = 0
    while isinstance(action, JumpTo):
        jumps += 1
        action = call.jumps(action)

    assert jumps == 10
    assert action == Hangup(HangupCause.EXCHANGE_ROUTING_ERROR, 482)


def test_ringing_the_group_over_and_over_ends_at_last() -> None:
    """A loop in which the caller hears something is a way of waiting, up to a limit."""
    call = CallInFlow({**TO_ANNA, "children": {"_": {"module": "callflow", "data": {"id": 900}}}})
    action = call.begins()
    jumps = 0
    while isinstance(action, Ring):
        action = call.then(NoAnswer())
        if isinstance(action, JumpTo):
            jumps += 1
            action = call.jumps(action)

    assert jumps == 100
    assert action == Hangup(HangupCause.EXCHANGE_ROUTING_ERROR, 482)


OUTSIDE = {"module": "external", "data": {"number": "030 99999"}, "children": {"_": BOX}}


def test_trunks_are_tried_in_their_order_when_they_fail() -> None:
    call = CallInFlow(OUTSIDE)
    first = call.begins()

    assert isinstance(first, Dial)
    assert (first.trunk_id, first.request.request_user, first.request.from_user) == (1, "+493099999", MAIN)
    second = call.then(Failed(HangupCause.NORMAL_TEMPORARY_FAILURE, 503))
    assert isinstance(second, Dial)
    assert second.trunk_id == 2
    assert call.then(Answered()) is None
    assert call.state.is_connected


@pytest.mark.parametrize(
    ("event", "fails_over"),
    [
        (Failed(HangupCause.NORMAL_TEMPORARY_FAILURE, 500), True),
        (Failed(HangupCause.NO_USER_RESPONSE, 408), True),
        (Failed(HangupCause.RECOVERY_ON_TIMER_EXPIRE), True),
        (Failed(HangupCause.UNALLOCATED_NUMBER, 404), False),
        (Failed(HangupCause.CALL_REJECTED, 603), False),
        (Busy(), False),
        (NoAnswer(), False),
    ],
)
def test_another_trunk_is_tried_only_for_the_trunks_fault(
    event: Failed | Busy | NoAnswer, fails_over: bool
) -> None:
    call = CallInFlow(OUTSIDE)
    call.begins()

    action = call.then(event)

    assert isinstance(action, Dial if fails_over else Answer)


@pytest.mark.parametrize(
    "event",
    [
        Failed(HangupCause.UNALLOCATED_NUMBER, 404),
        Failed(HangupCause.CALL_REJECTED, 403),
        Failed(HangupCause.CALL_REJECTED, 603),
        Failed(HangupCause.INCOMPATIBLE_DESTINATION, 488),
        NoAnswer(),
    ],
)
def test_an_emergency_call_tries_every_trunk(event: Event) -> None:
    call = CallInFlow(outside_node("112"))
    assert isinstance(call.begins(), Dial)

    second = call.then(event)

    assert isinstance(second, Dial)
    assert (second.trunk_id, second.request.request_user, second.is_emergency) == (2, "112", True)
    assert isinstance(call.then(event), Hangup)
    busy = CallInFlow(outside_node("112"))
    busy.begins()
    assert busy.then(Busy()) == Hangup(HangupCause.USER_BUSY, 486)


def test_all_trunks_fail() -> None:
    call = CallInFlow({**OUTSIDE, "children": {}})
    call.begins()
    call.then(Failed(HangupCause.NORMAL_TEMPORARY_FAILURE, 503))

    assert call.then(Failed(HangupCause.DESTINATION_OUT_OF_ORDER, 502)) == Hangup(
        HangupCause.DESTINATION_OUT_OF_ORDER, 502
    )


def test_one_trunk_can_be_named() -> None:
    call = CallInFlow({"module": "external", "data": {"number": "030 99999", "trunk_id": 2}})
    dial = call.begins()

    assert isinstance(dial, Dial)
    assert dial.trunk_id == 2
    assert isinstance(call.then(Failed(HangupCause.NORMAL_TEMPORARY_FAILURE, 503)), Hangup)


def test_a_number_of_the_account_stays_inside() -> None:
    assert CallInFlow({"module": "external", "data": {"number": MAIN}}).begins() == JumpTo(900, MAIN)


@pytest.mark.parametrize("module", ["queue", "park", "pickup", "hotdesk", "record", "meeting"])
def test_what_is_not_there_yet_says_so_and_logs(module: str) -> None:
    call = CallInFlow({"module": module, "data": {"id": 1, "anything": ["ü"]}, "children": {"_": TO_ANNA}})

    assert call.answered() == Log("callflow module is not available yet", f"{module} in callflow 900")
    assert call.then(Finished()) == Play((Named(PromptName.NOT_AVAILABLE_YET),))
    assert call.then(Finished()) == Hangup(HangupCause.SERVICE_NOT_IMPLEMENTED, 501)


def test_hangup_before_an_answer_is_no_200() -> None:
    assert CallInFlow(HANGUP).begins() == Hangup(HangupCause.NORMAL_CLEARING, 480)


def test_a_caller_who_hangs_up_ends_everything() -> None:
    call = CallInFlow(MENU)
    call.answered()

    assert call.then(HungUp()) is None
    assert call.state.is_ended
    assert call.then(Digits("1")) is None


def test_a_flow_that_is_changed_during_a_call_ends_it() -> None:
    call = CallInFlow({**TO_ANNA, "children": {"_": BOX}})
    call.begins()
    call.then(NoAnswer())
    call.flow = CallInFlow(HANGUP).flow

    assert call.then(Finished()) == Hangup(HangupCause.NORMAL_CLEARING, 200)


def test_a_flow_that_is_not_the_calls_ends_it() -> None:
    call = CallInFlow({**TO_ANNA, "children": {"_": BOX}})
    call.begins()
    call.flow = replace(call.flow, id=901)

    assert call.then(NoAnswer()) == Hangup(HangupCause.NORMAL_CLEARING, 480)

"""Records of calls, by what their legs did."""

from __future__ import annotations

import pytest

from switchroom.telephony.calls.records import NOBODY, Record, detected, main_record, plain, records_of
from switchroom.telephony.calls.snapshot import CallDirection
from tests.telephony.calls.told import BEGUN, Told

ANNA, BERT, CARLA, TRUNK = 1, 2, 3, 9


def _call(**fields: object) -> Told:
    return Told(7, caller={"number": "100", "name": "Anna", "user_id": ANNA, "device_id": 11}, **fields)  # type: ignore[arg-type]


def _only(told: Told) -> Record:
    (record,) = records_of(told.snapshot).values()
    return record


def test_an_answered_call() -> None:
    told = _call().rings("bert", user_id=BERT, name="Bert", number="101").wait(4.2).answers("bert")
    assert _only(told).is_live
    assert (_only(told).hangup_cause, _only(told).duration_seconds) == ("", 0)
    record = _only(told.wait(61.3).ends())
    assert record == Record(
        direction="internal",
        started_at=BEGUN,
        owner_id=BERT,
        caller_user_id=ANNA,
        caller_id_name="Anna",
        caller_id_number="100",
        callee_id_name="Bert",
        callee_id_number="101",
        caller_callid="caller@phone",
        callee_callid="bert@phone",
        duration_seconds=66,
        billing_seconds=62,
        ringing_seconds=4,
        hangup_cause="NORMAL_CLEARING",
        is_live=False,
        was_answered=True,
    )


def test_a_missed_call_has_a_blank() -> None:
    told = _call().rings("bert", user_id=BERT).wait(20).hangs_up("bert", "NO_ANSWER", 487).ends("NO_ANSWER")
    record = _only(told)
    assert (record.hangup_cause, record.billing_seconds, record.ringing_seconds) == ("NO ANSWER", 0, 20)


@pytest.mark.parametrize("cause", ["USER_BUSY", "CALL_REJECTED", "ORIGINATOR_CANCEL", "SUBSCRIBER_ABSENT"])
def test_why_nobody_answered(cause: str) -> None:
    told = _call().rings("bert", user_id=BERT).wait(3).hangs_up("bert", cause).ends(cause)
    assert _only(told).hangup_cause == cause


def test_phones_of_one_user_are_one_record() -> None:
    told = _call().rings("desk", user_id=BERT, device_id=21).rings("mobile", user_id=BERT, device_id=22)
    told.wait(2).hangs_up("desk", "USER_BUSY").wait(5).answers("mobile").wait(10).ends()
    record = _only(told)
    assert (record.callee_callid, record.hangup_cause) == ("mobile@phone", "NORMAL_CLEARING")
    assert (record.ringing_seconds, record.billing_seconds) == (7, 10)


def test_of_those_rung_together_the_others_lose() -> None:
    told = _call().rings("bert", user_id=BERT).rings("carla", user_id=CARLA).rings("door", device_id=31)
    told.wait(3).hangs_up("door", "USER_BUSY").wait(1).answers("carla").hangs_up("bert", "ORIGINATOR_CANCEL")
    records = records_of(told.wait(30).ends().snapshot)
    assert {key: one.hangup_cause for key, one in records.items()} == {
        f"user:{BERT}": "LOSE_RACE",
        f"user:{CARLA}": "NORMAL_CLEARING",
        "device:31": "USER_BUSY",
    }
    assert main_record(records) == f"user:{CARLA}"
    assert {one.owner_id for one in records.values()} == {BERT, CARLA, ANNA}
    assert records["device:31"].caller_user_id is None  # the owner has called


def test_who_gave_up_before_another_answered_has_missed_it() -> None:
    told = _call().rings("bert", user_id=BERT).wait(20).hangs_up("bert", "NO_ANSWER")
    told.rings("carla", user_id=CARLA).wait(5).answers("carla").wait(5).ends()
    records = list(records_of(told.snapshot).values())
    assert [(one.hangup_cause, one.duration_seconds) for one in records] == [
        ("NO ANSWER", 20),
        ("NORMAL_CLEARING", 10),
    ]


def test_a_call_that_rang_nobody() -> None:
    told = _call(dialled="200", flow_name="Menu").wait(1).answers("caller")
    record = records_of(told.wait(8).ends().snapshot)[NOBODY]
    assert (record.owner_id, record.caller_user_id) == (ANNA, None)
    assert (record.callee_id_name, record.callee_id_number) == ("Menu", "200")
    assert (record.billing_seconds, record.duration_seconds, record.ringing_seconds) == (8, 9, 1)
    refused = _call(dialled="999").ends("UNALLOCATED_NUMBER")
    assert records_of(refused.snapshot)[NOBODY].hangup_cause == "UNALLOCATED_NUMBER"
    assert records_of(refused.snapshot)[NOBODY].billing_seconds == 0


def test_a_call_from_a_trunk_is_told_by_its_callflow() -> None:
    told = Told(
        7,
        direction=CallDirection.INCOMING,
        caller={"number": "+4930123456", "name": "", "trunk_id": TRUNK},
        dialled="+49301000",
        flow_name="Reception",
    )
    told.rings("bert", user_id=BERT, name="Bert", number="101").wait(1).answers("bert").wait(1).ends()
    record = _only(told)
    assert (record.direction, record.owner_id, record.caller_user_id) == ("incoming", BERT, None)
    assert (record.callee_id_name, record.callee_id_number) == ("Reception", "+49301000")
    assert detected(record) == {"detected_country": "DE", "detected_type": "fixed_line"}


def test_a_call_over_a_trunk_belongs_to_the_caller() -> None:
    told = _call(direction=CallDirection.OUTGOING, dialled="0171234")
    told.rings("carrier", trunk_id=TRUNK, number="+491711234567").wait(5).answers("carrier").wait(0.2).ends()
    record = _only(told)
    assert (record.direction, record.owner_id, record.callee_id_number) == ("outgoing", ANNA, "+491711234567")
    assert record.billing_seconds == 1
    assert detected(record) == {
        "detected_country": "DE",
        "detected_type": "mobile",
        "detected_operator": "T-Mobile",
    }


def test_a_forwarded_call_belongs_to_who_forwards() -> None:
    told = Told(7, direction=CallDirection.INCOMING, caller={"number": "+4930123456", "trunk_id": TRUNK})
    told.rings("mobile", user_id=BERT, trunk_id=TRUNK, number="+491711234567").wait(1).answers(
        "mobile"
    ).ends()
    assert (_only(told).direction, _only(told).owner_id) == ("outgoing", BERT)


def test_a_transfer_leaves_a_record_for_each() -> None:
    told = _call().rings("bert", user_id=BERT).wait(2).answers("bert").wait(60)
    told.rings("carla", user_id=CARLA).hangs_up("bert", "BLIND_TRANSFER").wait(3).answers("carla").wait(20)
    first, second = records_of(told.ends().snapshot).values()
    assert (first.hangup_cause, first.duration_seconds, first.billing_seconds) == ("BLIND_TRANSFER", 62, 60)
    assert (second.hangup_cause, second.duration_seconds, second.billing_seconds) == (
        "NORMAL_CLEARING",
        23,
        20,
    )


def test_nothing_is_known_of_a_number_that_is_none() -> None:
    told = Told(7, direction=CallDirection.INCOMING, caller={"number": "anonymous", "trunk_id": TRUNK})
    assert detected(records_of(told.ends().snapshot)[NOBODY]) == {}


def test_what_phones_send_fits() -> None:
    assert plain("a\0b\udc80" + "x" * 300, 5) == "ab?xx"

"""Why calls end, in the words of SIP, of call records and of callflows."""

from __future__ import annotations

import pytest

from switchroom.telephony.routing.hangup_causes import (
    HangupCause,
    cause_of,
    child_names,
    in_call_records,
    sip_code,
)


@pytest.mark.parametrize("cause", HangupCause)
def test_every_cause_has_a_final_response(cause: HangupCause) -> None:
    assert 200 <= sip_code(cause) < 700


@pytest.mark.parametrize("code", range(200, 700))
def test_every_final_response_has_a_cause(code: int) -> None:
    assert cause_of(code) in HangupCause


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (200, HangupCause.NORMAL_CLEARING),
        (404, HangupCause.UNALLOCATED_NUMBER),
        (480, HangupCause.NO_ANSWER),
        (486, HangupCause.USER_BUSY),
        (487, HangupCause.ORIGINATOR_CANCEL),
        (503, HangupCause.NORMAL_TEMPORARY_FAILURE),
        (599, HangupCause.NORMAL_TEMPORARY_FAILURE),
        (600, HangupCause.USER_BUSY),
        (603, HangupCause.CALL_REJECTED),
        (699, HangupCause.CALL_REJECTED),
    ],
)
def test_causes_of_responses(code: int, cause: HangupCause) -> None:
    assert cause_of(code) is cause


def test_a_missed_call_has_a_blank_in_call_records() -> None:
    assert in_call_records(HangupCause.NO_ANSWER) == "NO ANSWER"
    assert in_call_records(HangupCause.USER_BUSY) == "USER_BUSY"


def test_children_are_looked_for_by_cause_then_code_then_any() -> None:
    assert child_names(HangupCause.NO_ANSWER, 480) == ("NO_ANSWER", "NO ANSWER", "480", "_")
    assert child_names(HangupCause.USER_BUSY, 600) == ("USER_BUSY", "600", "_")

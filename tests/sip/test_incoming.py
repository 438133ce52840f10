"""Incoming calls: answers until their ACK, CANCEL, refusals before the owner hears of them, Replaces."""

from __future__ import annotations

import pytest

from switchroom.engines.sip.errors import MalformedValue, WrongState
from switchroom.engines.sip.events import Acknowledged, Cancelled, EndCause, Ended
from switchroom.engines.sip.incoming import IncomingCall
from switchroom.engines.sip.session import SessionState
from tests.sip import torture
from tests.sip.peer import ANSWER, CONTACT, OFFER, PEER, Peer

_STATUS = {
    "wsinv": 481, "intmeth": 501, "esc01": None, "escnull": 405, "esc02": 501, "lwsdisp": 200,
    "longreq": None, "dblreq": 405,
    "semiuri": 200, "transports": 200, "mpart01": 202, "baddate": None, "baddn": 200,
    "badbranch": 200, "unkscm": 416, "novelsc": 416, "unksm2": 405, "bext01": 420, "invut": 415,
    "regaut01": 405, "zeromf": 200, "cparam01": 405, "cparam02": 405, "regescrt": 405, "sdp01": 406,
    "inv2543": None,
}  # fmt: skip
"""What a user agent that is no registrar says to the torture requests that can be read; None is a call."""


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.mark.parametrize("name", torture.names())
def test_torture_messages(peer: Peer, name: str) -> None:
    peer.agent.receive(torture.message(name), PEER)
    sent = [data.split(b" ")[1] for data in peer.wire.raw]
    expected = torture.REFUSED.get(name, _STATUS.get(name, 0))
    if expected is None:
        assert (sent, len(peer.calls)) == ([b"100"], 1)
    else:
        assert (sent, peer.calls) == ([str(expected).encode()] if expected else [], [])


def test_a_call_is_answered_and_ended_by_the_caller(peer: Peer) -> None:
    call = peer.called(("Record-Route", "<sip:edge;lr>"))
    assert (call.offer, call.invite.from_.uri.username) == (OFFER, "phone")
    assert peer.sent() == ["100 INVITE"]
    call.progress(180)
    ringing = peer.sent_response(180)
    assert (ringing.to.tag, ringing.headers.get("Record-Route")) == (call.local_tag, "<sip:edge;lr>")
    call.progress(183, ANSWER)
    assert peer.sent_response(183).sdp == ANSWER
    call.answer(ANSWER)
    answer = peer.sent_response(200)
    assert (answer.sdp, answer.to.tag) == (ANSWER, call.local_tag)
    assert answer.headers.get("Contact") == "<sip:core@127.0.0.1:5070>"
    peer.write("ACK", to_tag=call.local_tag)
    assert [one.sdp for one in peer.happened(Acknowledged)] == [None]
    assert (call.local_sdp, call.remote_sdp, call.state) == (ANSWER, OFFER, SessionState.CONFIRMED)
    peer.clock.pass_time(60)
    assert peer.sent() == []
    peer.write("BYE", to_tag=call.local_tag, cseq=2, fields=(("Reason", "Q.850;cause=16"),))
    assert peer.sent() == ["200 BYE"]
    assert [(one.cause, one.reason) for one in peer.happened(Ended)] == [(EndCause.REMOTE, "Q.850;cause=16")]
    peer.leaves_nothing()


def test_an_answer_is_repeated_until_its_ack_comes(peer: Peer) -> None:
    """RFC 3261 section 13.3.1.4."""
    call = peer.called()
    call.answer(ANSWER)
    peer.sent()
    peer.clock.pass_time(4)
    assert peer.sent() == ["200 INVITE"] * 3
    peer.called()  # a repetition of the INVITE
    assert len(peer.calls) == 1
    peer.write("ACK", to_tag=call.local_tag)
    peer.clock.pass_time(40)
    assert peer.sent() == []
    assert call.state is SessionState.CONFIRMED


def test_an_answer_without_ack_ends_the_session(peer: Peer) -> None:
    call = peer.called()
    call.answer(ANSWER)
    peer.clock.pass_time(31)
    assert "BYE" not in peer.sent()
    peer.clock.pass_time(2)
    assert "BYE" in peer.sent()
    assert [one.cause for one in peer.happened(Ended)] == [EndCause.NO_ACK]
    peer.leaves_nothing()


def test_the_bye_of_the_callee_waits_for_the_ack(peer: Peer) -> None:
    """RFC 3261 section 15."""
    call = peer.called()
    call.answer(ANSWER)
    call.bye()
    assert peer.sent() == ["100 INVITE", "200 INVITE"]
    assert [one.cause for one in peer.happened(Ended)] == [EndCause.LOCAL]
    peer.write("ACK", to_tag=call.local_tag)
    peer.answer(peer.sent_request("BYE"), 200)
    peer.leaves_nothing()


def test_cancel(peer: Peer) -> None:
    call = peer.called()
    call.progress(180)
    peer.sent()
    peer.write("CANCEL", branch="z9hG4bKinvite", fields=(("Reason", "SIP;cause=200"),))
    assert peer.sent() == ["200 CANCEL", "487 INVITE"]
    assert [one.reason for one in peer.happened(Cancelled)] == ["SIP;cause=200"]
    with pytest.raises(WrongState):
        call.answer(ANSWER)
    peer.write("ACK", branch="z9hG4bKinvite", to_tag=call.local_tag)
    peer.leaves_nothing()


def test_cancel_that_crosses_the_answer_changes_nothing(peer: Peer) -> None:
    call = peer.called()
    call.answer(ANSWER)
    peer.sent()
    peer.write("CANCEL", branch="z9hG4bKinvite")
    assert peer.sent() == ["200 CANCEL"]
    peer.write("ACK", to_tag=call.local_tag)
    assert (call.state, peer.happened(Cancelled)) == (SessionState.CONFIRMED, [])


def test_bye_before_the_answer_is_the_end_of_the_call(peer: Peer) -> None:
    call = peer.called()
    call.progress(180)
    peer.sent()
    peer.write("BYE", cseq=2, to_tag=call.local_tag)
    assert peer.sent() == ["200 BYE", "487 INVITE"]
    assert len(peer.happened(Cancelled)) == 1
    peer.clock.pass_time(40)
    peer.leaves_nothing()


def test_a_call_is_refused(peer: Peer) -> None:
    call = peer.called()
    call.refuse(486, headers=[("Retry-After", "5")])
    refusal = peer.sent_response(486)
    assert (refusal.headers.get("Retry-After"), refusal.to.tag) == ("5", call.local_tag)
    peer.write("ACK", branch="z9hG4bKinvite", to_tag=call.local_tag)
    peer.clock.pass_time(10)
    assert peer.sent() == []
    peer.leaves_nothing()


def test_ringing_is_repeated_each_minute(peer: Peer) -> None:
    call = peer.called()
    call.progress(180)
    peer.sent()
    peer.clock.pass_time(125)
    assert peer.sent() == ["180 INVITE", "180 INVITE"]


def test_a_caller_without_offer_gets_one(peer: Peer) -> None:
    call = peer.called(sdp=b"")
    call.answer(OFFER)
    assert peer.sent_response(200).sdp == OFFER
    peer.write("ACK", to_tag=call.local_tag, sdp=ANSWER)
    assert [one.sdp for one in peer.happened(Acknowledged)] == [ANSWER]
    assert (call.local_sdp, call.remote_sdp) == (OFFER, ANSWER)


def test_reliable_provisional_responses_are_refused(peer: Peer) -> None:
    """RFC 3262 is not offered: 420 names it."""
    peer.write("INVITE", sdp=OFFER, fields=(CONTACT, ("Require", "100rel, timer")))
    assert peer.sent_response(420).headers.get("Unsupported") == "100rel"
    assert peer.calls == []


@pytest.mark.parametrize(
    ("method", "status"),
    [
        ("REGISTER", 405), ("PRACK", 405), ("PUBLISH", 405), ("SUBSCRIBE", 489), ("NOTIFY", 481),
        ("INFO", 481), ("BYE", 481), ("UPDATE", 481), ("REFER", 403), ("FOO", 501), ("OPTIONS", 200),
        ("MESSAGE", 202),
    ],
)  # fmt: skip
def test_requests_outside_of_dialogs(peer: Peer, method: str, status: int) -> None:
    peer.write(method)
    response = peer.sent_response(status)
    assert response.to.tag
    assert ("Allow" in response.headers) == (status in (200, 405, 501))
    assert len(peer.messages) == (method == "MESSAGE")


def test_requests_of_unknown_dialogs(peer: Peer) -> None:
    for method in ("BYE", "INVITE", "NOTIFY"):
        peer.write(method, to_tag="nobody")
        peer.sent_response(481)
    peer.write("ACK", to_tag="nobody")
    assert peer.sent() == []


def test_a_session_interval_that_is_too_small_is_refused(peer: Peer) -> None:
    """RFC 4028 section 9; not to a caller that cannot do better."""
    peer.write("INVITE", sdp=OFFER, fields=(CONTACT, ("Supported", "timer"), ("Session-Expires", "60")))
    assert peer.sent_response(422).headers.get("Min-SE") == "90"
    peer.write("INVITE", sdp=OFFER, call_id="other", fields=(CONTACT, ("Session-Expires", "60")))
    assert len(peer.calls) == 1


def replacing(peer: Peer, value: str) -> None:
    peer.sent()
    peer.write(
        "INVITE",
        sdp=OFFER,
        call_id=f"new {value}".replace(" ", "-"),
        tag="third",
        fields=(CONTACT, ("Replaces", value)),
    )


def test_a_call_takes_the_place_of_a_session(peer: Peer) -> None:
    """RFC 3891 section 3."""
    old = peer.accepted_call()
    replacing(peer, f"call;to-tag={old.local_tag};from-tag=phone")
    new = peer.calls[-1]
    assert new.replaces is old
    new.answer(ANSWER)
    bye = peer.sent_request("BYE")
    assert (bye.call_id, bye.to.tag) == ("call", "phone")
    assert [one.cause for one in peer.happened(Ended)] == [EndCause.REPLACED]
    assert new.state is SessionState.CONFIRMED


def test_a_call_takes_the_place_of_one_that_rings(peer: Peer) -> None:
    old = peer.call()
    peer.answer(peer.sent_request("INVITE"), 180, CONTACT)
    replacing(peer, f"{old.call_id};to-tag={old.local_tag};from-tag=phone;early-only")
    peer.calls[-1].answer(ANSWER)
    assert "CANCEL" in peer.sent()


def test_replaces_that_fits_nothing(peer: Peer) -> None:
    old = peer.accepted_call()
    for value, status in (
        (f"call;to-tag={old.local_tag};from-tag=phone;early-only", 486),
        (f"call;to-tag={old.local_tag};from-tag=other", 481),
        (f"call;to-tag=phone;from-tag={old.local_tag}", 481),
        ("call;to-tag=x", 400),
    ):
        replacing(peer, value)
        peer.sent_response(status)
    peer.write("BYE", cseq=2, to_tag=old.local_tag)
    replacing(peer, f"call;to-tag={old.local_tag};from-tag=phone")
    peer.sent_response(603)
    peer.write("INVITE", sdp=OFFER, call_id="ringing", fields=(CONTACT,))
    replacing(peer, f"ringing;to-tag={peer.calls[-1].local_tag};from-tag=phone")
    peer.sent_response(481)
    assert len(peer.calls) == 2


def test_a_program_cannot_write_header_fields_by_an_answer(peer: Peer) -> None:
    call = peer.called()
    peer.sent()
    evil = "x\r\nP-Asserted-Identity: <sip:boss@b>"
    for attempt in (
        lambda: call.progress(180, headers=[("Subject", evil)]),
        lambda: call.answer(ANSWER, [("Subject", evil)]),
        lambda: call.refuse(603, evil),
    ):
        with pytest.raises(MalformedValue):
            attempt()
    assert (peer.sent(), call.state) == ([], SessionState.EARLY)
    call.answer(ANSWER)
    assert peer.sent() == ["200 INVITE"]


def test_a_call_whose_taking_fails_gets_500_and_leaves_nothing(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(call: IncomingCall) -> None:
        call.progress(180)
        raise RuntimeError("on_call")

    monkeypatch.setattr(peer, "on_call", fail)
    with pytest.raises(RuntimeError):
        peer.called()
    assert peer.sent() == ["100 INVITE", "180 INVITE", "500 INVITE"]
    peer.leaves_nothing()


def test_a_call_that_nobody_answers_ends_at_last(peer: Peer) -> None:
    call = peer.called()
    call.progress(180)
    peer.clock.pass_time(3601)
    assert (peer.sent()[-1], call.state) == ("408 INVITE", SessionState.ENDED)
    assert len(peer.happened(Cancelled)) == 1
    peer.leaves_nothing()

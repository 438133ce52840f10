"""Outgoing calls: forks, CANCEL against 200, repetitions, challenges, offerless INVITEs."""

from __future__ import annotations

import pytest

from switchroom.engines.sip.address import NameAddr, parse_name_addr
from switchroom.engines.sip.digest import Credentials
from switchroom.engines.sip.errors import MalformedValue, WrongState
from switchroom.engines.sip.events import Answered, EndCause, Ended, Failed, Progress
from switchroom.engines.sip.message import Request
from switchroom.engines.sip.session import SessionState
from switchroom.engines.sip.uri import Uri, parse_uri
from tests.sip.peer import ALLOW, ANSWER, CONTACT, OFFER, Peer


@pytest.fixture
def peer() -> Peer:
    return Peer()


def test_a_call_rings_is_answered_and_ended(peer: Peer) -> None:
    call = peer.call()
    invite = peer.sent_request("INVITE")
    assert (invite.sdp, invite.headers.get("Supported")) == (OFFER, "replaces, timer, norefersub")
    assert "100rel" not in str(invite.headers)
    peer.answer(invite, 100)
    peer.answer(invite, 180, CONTACT)
    peer.answer(invite, 183, CONTACT, sdp=ANSWER)
    assert [(one.status, one.sdp, one.fork) for one in peer.happened(Progress)] == [
        (180, None, "phone"),
        (183, ANSWER, "phone"),
    ]
    peer.answer(invite, 200, CONTACT, ALLOW, sdp=ANSWER)
    ack = peer.sent_request("ACK")
    assert (ack.uri, ack.cseq.number, ack.to.tag) == ("sip:phone@192.0.2.9:5080", 1, "phone")
    assert ack.via.branch != invite.via.branch
    assert [one.sdp for one in peer.happened(Answered)] == [ANSWER]
    assert (call.local_sdp, call.remote_sdp, call.state) == (OFFER, ANSWER, SessionState.CONFIRMED)
    call.bye()
    bye = peer.sent_request("BYE")
    assert (bye.cseq.number, bye.uri) == (2, "sip:phone@192.0.2.9:5080")
    peer.answer(bye, 200)
    assert [one.cause for one in peer.happened(Ended)] == [EndCause.LOCAL]
    peer.leaves_nothing()


def test_the_route_set_is_that_of_the_answer_reversed(peer: Peer) -> None:
    """RFC 3261 sections 12.1.2 and 12.2.1.1."""
    peer.call()
    routes = ("Record-Route", "<sip:a;lr>, <sip:b;lr>")
    peer.answer(peer.sent_request("INVITE"), 200, CONTACT, routes, ("Record-Route", "<sip:c;lr>"), sdp=ANSWER)
    ack = peer.sent_request("ACK")
    assert ack.headers.all("Route") == ["<sip:c;lr>", "<sip:b;lr>", "<sip:a;lr>"]
    assert ack.uri == "sip:phone@192.0.2.9:5080"


def test_a_2xx_that_comes_again_is_acknowledged_again(peer: Peer) -> None:
    peer.call()
    invite = peer.sent_request("INVITE")
    for _ in range(3):
        peer.answer(invite, 200, CONTACT, sdp=ANSWER)
    acks = peer.wire.take()
    assert [bytes(ack) for ack in acks] == [bytes(acks[0])] * 3
    assert len(peer.happened(Answered)) == 1


def test_the_second_phone_that_answers_is_acknowledged_and_ended(peer: Peer) -> None:
    """RFC 3261 section 13.2.2.4."""
    peer.call()
    invite = peer.sent_request("INVITE")
    peer.answer(invite, 180, CONTACT, tag="one")
    peer.answer(invite, 180, CONTACT, tag="two")
    peer.answer(invite, 200, CONTACT, tag="two", sdp=ANSWER)
    assert peer.sent() == ["ACK"]
    peer.answer(invite, 200, CONTACT, tag="one", sdp=ANSWER)
    ack, bye = peer.wire.take()
    assert (ack.cseq.method, ack.to.tag, bye.cseq.method, bye.to.tag) == ("ACK", "one", "BYE", "one")
    peer.answer(invite, 200, CONTACT, tag="one", sdp=ANSWER)
    assert peer.sent() == ["ACK"]
    assert [(one.fork, one.sdp) for one in peer.happened(Answered)] == [("two", ANSWER)]
    assert peer.happened(Ended) == []


def test_cancel_waits_for_a_provisional_response(peer: Peer) -> None:
    """RFC 3261 section 9.1."""
    call = peer.call()
    invite = peer.sent_request("INVITE")
    call.cancel('SIP;cause=200;text="Call completed elsewhere"')
    assert peer.sent() == []
    peer.answer(invite, 100)
    cancel = peer.sent_request("CANCEL")
    assert (cancel.via.branch, cancel.cseq.number, cancel.uri) == (invite.via.branch, 1, invite.uri)
    assert cancel.headers.get("Reason") == 'SIP;cause=200;text="Call completed elsewhere"'
    peer.answer(cancel, 200)
    peer.answer(invite, 487)
    assert peer.sent() == ["ACK"]
    assert [one.status for one in peer.happened(Failed)] == [487]
    peer.leaves_nothing()


def test_an_answer_that_crosses_cancel_is_acknowledged_and_ended(peer: Peer) -> None:
    call = peer.call()
    invite = peer.sent_request("INVITE")
    peer.answer(invite, 180, CONTACT)
    call.cancel()
    cancel = peer.sent_request("CANCEL")
    peer.answer(invite, 200, CONTACT, sdp=ANSWER)
    assert peer.sent() == ["ACK", "BYE"]
    peer.answer(cancel, 481)
    peer.answer(invite, 200, CONTACT, sdp=ANSWER)
    assert peer.sent() == ["ACK"]
    assert [one.status for one in peer.happened(Failed)] == [487]
    assert peer.happened(Answered) == []
    peer.leaves_nothing()


def test_a_cancelled_call_that_nobody_ends_is_over_after_32_s(peer: Peer) -> None:
    call = peer.call()
    peer.answer(peer.sent_request("INVITE"), 180, CONTACT)
    call.cancel()
    peer.clock.pass_time(33)
    assert [one.status for one in peer.happened(Failed)] == [487]
    peer.leaves_nothing()


def test_a_call_that_rings_for_too_long_is_cancelled(peer: Peer) -> None:
    peer.call()
    invite = peer.sent_request("INVITE")
    peer.answer(invite, 180, CONTACT)
    peer.clock.pass_time(301)
    peer.answer(invite, 487)
    assert "CANCEL" in peer.sent()
    assert [one.status for one in peer.happened(Failed)] == [487]
    peer.leaves_nothing()


def test_nobody_answers(peer: Peer) -> None:
    peer.call()
    peer.clock.pass_time(33)
    assert [one.status for one in peer.happened(Failed)] == [408]
    peer.leaves_nothing()


def test_a_refusal(peer: Peer) -> None:
    peer.call()
    peer.answer(peer.sent_request("INVITE"), 486)
    assert [(one.status, one.reason) for one in peer.happened(Failed)] == [(486, "Busy Here")]
    assert peer.sent() == ["ACK"]
    peer.leaves_nothing()


def test_a_challenge_is_answered_once(peer: Peer) -> None:
    peer.call(credentials=Credentials("trunk", "secret"))
    first = peer.sent_request("INVITE")
    challenge = ("Proxy-Authenticate", 'Digest realm="carrier", nonce="1", qop="auth"')
    peer.answer(first, 407, challenge)
    ack, second = peer.wire.take()
    assert ack.cseq.method == "ACK"
    assert (second.cseq.number, second.call_id, second.from_) == (2, first.call_id, first.from_)
    assert second.via.branch != first.via.branch
    assert 'username="trunk"' in (second.headers.get("Proxy-Authorization") or "")
    assert isinstance(second, Request)
    peer.answer(second, 407, challenge)
    assert [one.status for one in peer.happened(Failed)] == [407]
    peer.leaves_nothing()


def test_without_credentials_a_challenge_is_a_refusal(peer: Peer) -> None:
    peer.call()
    peer.answer(peer.sent_request("INVITE"), 401, ("WWW-Authenticate", 'Digest realm="r", nonce="1"'))
    assert [one.status for one in peer.happened(Failed)] == [401]


def test_the_peers_offer_is_answered_in_the_ack(peer: Peer) -> None:
    call = peer.call(sdp=None)
    invite = peer.sent_request("INVITE")
    assert invite.body == b""
    for _ in range(2):
        peer.answer(invite, 200, CONTACT, sdp=OFFER)
    assert peer.sent() == []
    assert [(one.sdp, one.is_offer) for one in peer.happened(Answered)] == [(OFFER, True)]
    call.acknowledge(ANSWER)
    assert peer.sent_request("ACK").sdp == ANSWER
    assert (call.local_sdp, call.remote_sdp) == (ANSWER, OFFER)
    with pytest.raises(WrongState):
        call.acknowledge(ANSWER)


def test_a_longer_session_interval_is_tried_at_422() -> None:
    """RFC 4028 section 7.4."""
    peer = Peer(session_interval=100)
    peer.call()
    peer.answer(peer.sent_request("INVITE"), 422, ("Min-SE", "300"))
    second = peer.sent_request("INVITE")
    assert (second.headers.get("Session-Expires"), second.headers.get("Min-SE")) == ("300", "300")
    assert second.cseq.number == 2


def test_requests_of_phones_that_ring(peer: Peer) -> None:
    call = peer.call()
    invite = peer.sent_request("INVITE")
    peer.answer(invite, 183, CONTACT, sdp=ANSWER)
    peer.write("UPDATE", cseq=5, fields=(("Contact", "<sip:moved@192.0.2.10>"),), session=call)
    peer.sent_response(200)
    peer.write("UPDATE", cseq=6, sdp=OFFER, session=call)
    peer.sent_response(491)
    peer.write("INFO", cseq=4, session=call)
    peer.sent_response(500)
    peer.write("OPTIONS", cseq=7, tag="nobody", session=call)
    peer.sent_response(481)
    peer.write("BYE", cseq=8, session=call)
    assert peer.sent() == ["200 BYE", "CANCEL"]
    peer.answer(invite, 487)
    peer.leaves_nothing()


@pytest.mark.parametrize("evil", ["x\r\nP-Asserted-Identity: <sip:boss@b>", "x\ny", "x\ry", "x\0y"])
def test_a_program_cannot_write_header_fields_by_a_value(peer: Peer, evil: str) -> None:
    own = parse_name_addr("<sip:a@b>")
    with pytest.raises(MalformedValue):
        peer.agent.call(f"sip:{evil}@b", peer.listen, from_=own, to=own, sdp=OFFER)
    with pytest.raises(MalformedValue):
        peer.agent.call("sip:c@b", peer.listen, from_=NameAddr(Uri("sip", evil, "b")), sdp=OFFER)
    with pytest.raises(MalformedValue):
        peer.agent.call("sip:c@b", peer.listen, from_=own, sdp=OFFER, headers=[("Subject", evil)])
    for username, password in ((evil, "p"), ("u", evil)):
        with pytest.raises(MalformedValue):
            Credentials(username, password)
    assert peer.sent() == []
    call = peer.answered_call()
    peer.sent()
    with pytest.raises(MalformedValue):
        call.bye(evil)
    assert (peer.sent(), call.state) == ([], SessionState.CONFIRMED)
    call.stop()
    peer.leaves_nothing()


@pytest.mark.parametrize("name", ["x\r\nP-Asserted-Identity: <sip:boss@b>", "x\ny", "x\ry"])
def test_a_display_name_has_no_line_ends(peer: Peer, name: str) -> None:
    with pytest.raises(MalformedValue):
        peer.agent.call("sip:c@b", peer.listen, from_=NameAddr(parse_uri("sip:a@b"), name), sdp=OFFER)
    assert peer.sent() == []
    peer.leaves_nothing()


def test_a_nul_in_a_display_name_is_escaped(peer: Peer) -> None:
    """RFC 3261 section 25.1, quoted-pair."""
    peer.agent.call("sip:c@b", peer.listen, from_=NameAddr(parse_uri("sip:a@b"), "x\0y"), sdp=OFFER)
    assert b'\r\nFrom: "x\\\0y" <sip:a@b>;' in peer.wire.raw[0]
    assert peer.sent_request("INVITE").from_.display_name == "x\0y"

"""INVITEs without a final response that a process has left: the one after it cancels and refuses them."""

from __future__ import annotations

import msgspec
import pytest

from switchroom.engines.sip.abandoned import ReceivedInvite, SentInvite
from switchroom.engines.sip.message import Request
from tests.sip.peer import ANSWER, CONTACT, OFFER, Peer

_ROUTE = ("Record-Route", "<sip:edge;lr>")


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture
def after() -> Peer:
    """The process that comes after it."""
    return Peer()


def sent(peer: Peer) -> tuple[Request, SentInvite]:
    """A call that rings, and what is saved of it."""
    call = peer.call()
    invite = peer.sent_request("INVITE")
    peer.answer(invite, 180, CONTACT)
    saved = call.save_invite()
    assert saved is not None
    return invite, msgspec.json.decode(msgspec.json.encode(saved), type=SentInvite)


def test_a_call_that_rings_is_cancelled(peer: Peer, after: Peer) -> None:
    invite, saved = sent(peer)
    after.agent.give_up(saved)
    cancel = after.sent_request("CANCEL")
    assert (cancel.uri, cancel.call_id, cancel.via) == (invite.uri, invite.call_id, invite.via)
    assert (str(cancel.from_), str(cancel.to), cancel.cseq.number) == (str(invite.from_), str(invite.to), 1)
    after.answer(cancel, 200)
    after.answer(invite, 487)
    assert after.sent_request("ACK").via == invite.via
    after.leaves_nothing()


def test_who_answers_all_the_same_gets_bye(peer: Peer, after: Peer) -> None:
    """Each of two phones, once."""
    invite, saved = sent(peer)
    after.agent.give_up(saved)
    after.answer(after.sent_request("CANCEL"), 200)
    for tag in ("one", "two"):
        after.answer(invite, 200, CONTACT, _ROUTE, tag=tag, sdp=ANSWER)
        ack, bye = after.wire.take()
        assert isinstance(ack, Request)
        assert isinstance(bye, Request)
        assert (ack.method, ack.uri, ack.to.tag, ack.cseq.number) == ("ACK", CONTACT[1][1:-1], tag, 1)
        assert (bye.method, bye.to.tag, bye.headers.get("Route")) == ("BYE", tag, "<sip:edge;lr>")
        after.answer(bye, 200)
        after.answer(invite, 200, CONTACT, _ROUTE, tag=tag, sdp=ANSWER)
        assert after.sent() == ["ACK"]
    after.leaves_nothing()


def test_a_caller_who_waits_is_refused(peer: Peer, after: Peer) -> None:
    branch = peer.write("INVITE", sdp=OFFER, fields=(CONTACT,))
    (call,) = peer.calls
    call.progress(180)
    saved = call.save_invite()
    assert saved is not None
    tag = peer.sent_response(180).to.tag
    after.agent.refuse(msgspec.json.decode(msgspec.json.encode(saved), type=ReceivedInvite), 503)
    refused = after.sent_response(503)
    assert (refused.via.branch, refused.to.tag, refused.call_id) == (branch, tag, "call")
    after.clock.pass_time(0.6)
    assert after.sent() == ["503 INVITE"], "it comes again until it is acknowledged"
    after.write("ACK", branch=branch, to_tag=tag or "")
    after.clock.pass_time(3)
    assert after.sent() == []
    after.leaves_nothing()


def test_nothing_is_saved_of_what_has_its_final_response(peer: Peer) -> None:
    assert peer.answered_call().save_invite() is None
    peer.write("INVITE", sdp=OFFER, fields=(CONTACT,))
    peer.calls[-1].refuse(486)
    assert peer.calls[-1].save_invite() is None


def test_a_2xx_that_nobody_knows_of_is_ended(peer: Peer, after: Peer) -> None:
    """Its INVITE was sent after the last that was saved."""
    invite, _ = sent(peer)
    after.answer(invite, 200, CONTACT, _ROUTE, sdp=ANSWER)
    assert after.sent() == ["ACK", "BYE"]


def test_a_2xx_of_a_dialog_that_was_taken_up_is_acknowledged(peer: Peer, after: Peer) -> None:
    """Its ACK was lost with the process before."""
    call = peer.call()
    invite = peer.sent_request("INVITE")
    peer.answer(invite, 200, CONTACT, sdp=ANSWER)
    after.agent.restore(call.save(), after.listen)
    after.answer(invite, 200, CONTACT, sdp=ANSWER)
    ack = after.sent_request("ACK")
    assert (ack.cseq.number, ack.to.tag) == (1, "phone")
    after.answer(invite, 200, CONTACT, tag="another", sdp=ANSWER)
    assert after.sent() == ["ACK", "BYE"]

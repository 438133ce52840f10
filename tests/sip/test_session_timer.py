"""Session timers: who refreshes, by what, and the end without (RFC 4028)."""

from __future__ import annotations

import pytest

from switchroom.engines.sip.events import EndCause, Ended, Offered
from switchroom.engines.sip.session import SessionState
from tests.sip.peer import ANSWER, CONTACT, OFFER, Peer

_TIMER = ("Supported", "timer")


@pytest.fixture
def peer() -> Peer:
    return Peer(session_interval=600)


def test_the_caller_is_asked_to_refresh(peer: Peer) -> None:
    call = peer.called(_TIMER, ("Session-Expires", "1800"))
    call.answer(ANSWER)
    answer = peer.sent_response(200)
    assert answer.headers.get("Session-Expires") == "600;refresher=uac"
    assert answer.headers.get("Require") == "timer"
    peer.write("ACK", to_tag=call.local_tag)
    peer.clock.pass_time(500)
    refresh = (_TIMER, ("Session-Expires", "600;refresher=uac"))
    peer.write("UPDATE", cseq=2, to_tag=call.local_tag, fields=refresh)
    assert peer.sent_response(200).headers.get("Session-Expires") == "600;refresher=uac"
    peer.clock.pass_time(560)
    assert call.state is SessionState.CONFIRMED
    peer.clock.pass_time(20)
    bye = peer.sent_request("BYE")
    assert "cause=408" in (bye.headers.get("Reason") or "")
    assert [one.cause for one in peer.happened(Ended)] == [EndCause.EXPIRED]


@pytest.mark.parametrize(
    ("fields", "agreed"),
    [
        ((_TIMER,), "600;refresher=uac"),
        ((_TIMER, ("Session-Expires", "300;refresher=uas")), "300;refresher=uas"),
        ((("Session-Expires", "300"),), "300;refresher=uas"),
        ((_TIMER, ("Session-Expires", "300"), ("Min-SE", "900")), "900;refresher=uac"),
        ((), None),
    ],
)
def test_what_is_agreed_with_a_caller(
    peer: Peer, fields: tuple[tuple[str, str], ...], agreed: str | None
) -> None:
    """RFC 4028 section 9, table 2."""
    call = peer.called(*fields)
    call.answer(ANSWER)
    answer = peer.sent_response(200)
    assert answer.headers.get("Session-Expires") == agreed
    assert ("Require" in answer.headers) == ((agreed or "").endswith("uac"))


async def test_this_side_refreshes_by_update(peer: Peer) -> None:
    call = peer.answered_call(("Session-Expires", "600;refresher=uac"))
    for _ in range(3):
        peer.clock.pass_time(301)
        await peer.settle()
        update = peer.sent_request("UPDATE")
        assert (update.body, update.headers.get("Session-Expires")) == (b"", "600;refresher=uac")
        peer.answer(update, 200, CONTACT, ("Session-Expires", "600;refresher=uac"))
        await peer.settle()
    assert call.state is SessionState.CONFIRMED


async def test_this_side_refreshes_by_reinvite_where_update_is_not_known(peer: Peer) -> None:
    call = peer.call()
    fields = (CONTACT, ("Allow", "INVITE, BYE"), ("Session-Expires", "600;refresher=uac"))
    peer.answer(peer.sent_request("INVITE"), 200, *fields, sdp=ANSWER)
    peer.sent()
    peer.clock.pass_time(301)
    await peer.settle()
    invite = peer.sent_request("INVITE")
    assert invite.sdp == OFFER
    peer.answer(invite, 200, *fields, sdp=ANSWER)
    await peer.settle()
    assert peer.sent() == ["ACK"]
    peer.clock.pass_time(299)
    assert call.state is SessionState.CONFIRMED


async def test_a_refresh_that_is_refused_is_the_end_at_the_expiry(peer: Peer) -> None:
    peer.answered_call(("Session-Expires", "600;refresher=uac"))
    peer.clock.pass_time(301)
    await peer.settle()
    peer.answer(peer.sent_request("UPDATE"), 500)
    await peer.settle()
    peer.clock.pass_time(300)
    assert [one.cause for one in peer.happened(Ended)] == [EndCause.EXPIRED]
    assert peer.sent()[0] == "BYE"


def test_the_peer_refreshes_by_reinvite(peer: Peer) -> None:
    call = peer.accepted_call(_TIMER, ("Session-Expires", "600;refresher=uac"))
    peer.clock.pass_time(300)
    fields = (CONTACT, _TIMER, ("Session-Expires", "600;refresher=uac"))
    peer.write("INVITE", cseq=2, sdp=OFFER, to_tag=call.local_tag, fields=fields)
    assert len(peer.happened(Offered)) == 1
    call.answer_offer(call.local_sdp)
    assert peer.sent_response(200).headers.get("Session-Expires") == "600;refresher=uac"
    peer.write("ACK", cseq=2, to_tag=call.local_tag)
    peer.clock.pass_time(560)
    assert call.state is SessionState.CONFIRMED
    peer.write("UPDATE", cseq=3, to_tag=call.local_tag, fields=(_TIMER, ("Session-Expires", "30")))
    assert peer.sent_response(422).headers.get("Min-SE") == "90"


def test_a_callee_without_session_timers_never_expires(peer: Peer) -> None:
    call = peer.answered_call()
    peer.clock.pass_time(100_000)
    assert call.state is SessionState.CONFIRMED

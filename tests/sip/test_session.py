"""Sessions: re-INVITE and UPDATE with glare, order of requests, BYE against everything, keys, taking up."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from switchroom.engines.sip.dialog import DialogState
from switchroom.engines.sip.errors import Refused, SessionEnded, WrongState
from switchroom.engines.sip.events import Acknowledged, Changed, Digit, EndCause, Ended, Offered, Received
from switchroom.engines.sip.message import Request
from switchroom.engines.sip.session import Session, SessionState
from tests.sip.peer import ALLOW, ANSWER, CONTACT, OFFER, Peer

_NEW = b"v=0\r\ns=new\r\n"


@pytest.fixture
def peer() -> Peer:
    return Peer()


async def reinvited(peer: Peer, call: Session, sdp: bytes = _NEW) -> tuple[asyncio.Task[bytes], Request]:
    """A re-INVITE on its way."""
    task = asyncio.create_task(call.reinvite(sdp))
    await peer.settle()
    return task, peer.sent_request("INVITE")


async def test_reinvite(peer: Peer) -> None:
    call = peer.answered_call()
    task, invite = await reinvited(peer, call)
    assert (invite.sdp, invite.cseq.number, invite.to.tag) == (_NEW, 2, "phone")
    peer.answer(invite, 200, ("Contact", "<sip:moved@192.0.2.10>"), sdp=ANSWER)
    ack = peer.sent_request("ACK")
    assert (ack.cseq.number, ack.uri) == (2, "sip:moved@192.0.2.10")
    assert await task == ANSWER
    assert (call.local_sdp, call.remote_sdp) == (_NEW, ANSWER)
    peer.answer(invite, 200, CONTACT, sdp=ANSWER)
    assert peer.sent() == ["ACK"]


async def test_a_refused_reinvite_changes_nothing(peer: Peer) -> None:
    call = peer.answered_call()
    task, invite = await reinvited(peer, call)
    peer.answer(invite, 488)
    with pytest.raises(Refused) as refused:
        await task
    assert (refused.value.status, call.local_sdp, call.state) == (488, OFFER, SessionState.CONFIRMED)
    task, invite = await reinvited(peer, call)
    peer.answer(invite, 200, CONTACT, sdp=ANSWER)
    assert await task == ANSWER


@pytest.mark.parametrize("status", [408, 481])
async def test_a_peer_that_knows_no_session_any_more_ends_it(peer: Peer, status: int) -> None:
    """RFC 3261 section 12.2.1.2."""
    call = peer.answered_call()
    task, invite = await reinvited(peer, call)
    peer.answer(invite, status)
    with pytest.raises((Refused, SessionEnded)):
        await task
    assert "BYE" in peer.sent()
    assert [one.cause for one in peer.happened(Ended)] == [EndCause.GONE]


async def test_a_peer_that_does_not_answer_ends_it(peer: Peer) -> None:
    call = peer.answered_call()
    task, _ = await reinvited(peer, call)
    peer.clock.pass_time(33)
    with pytest.raises((Refused, SessionEnded)):
        await task
    assert [one.cause for one in peer.happened(Ended)] == [EndCause.GONE]
    peer.leaves_nothing()


@pytest.mark.parametrize(("is_caller", "least", "most"), [(True, 2.1, 4.0), (False, 0.0, 2.0)])
async def test_glare_of_our_reinvite(peer: Peer, is_caller: bool, least: float, most: float) -> None:
    """RFC 3261 section 14.1: the owner of the Call-ID waits longer."""
    call = peer.answered_call() if is_caller else peer.accepted_call(ALLOW)
    task, invite = await reinvited(peer, call)
    peer.answer(invite, 491)
    assert peer.sent() == ["ACK"]
    await peer.settle()
    if least:
        peer.clock.pass_time(least - 0.01)
        await peer.settle()
        assert peer.sent() == []
    peer.clock.pass_time(most - least + 0.02)
    await peer.settle()
    again = peer.sent_request("INVITE")
    assert again.cseq.number == invite.cseq.number + 1
    peer.answer(again, 200, CONTACT, sdp=ANSWER)
    assert await task == ANSWER


async def test_reinvites_that_cross_are_refused_with_491(peer: Peer) -> None:
    """RFC 3261 section 14.2."""
    call = peer.answered_call()
    task, invite = await reinvited(peer, call)
    branch = peer.write("INVITE", cseq=1, sdp=OFFER, fields=(CONTACT,), session=call)
    peer.sent_response(491)
    peer.write("ACK", cseq=1, branch=branch, session=call)
    peer.write("UPDATE", cseq=2, sdp=OFFER, fields=(CONTACT,), session=call)
    peer.sent_response(491)
    peer.answer(invite, 200, CONTACT, sdp=ANSWER)
    assert await task == ANSWER
    peer.sent()
    peer.write("INVITE", cseq=3, sdp=OFFER, fields=(CONTACT,), session=call)
    call.answer_offer(_NEW)
    assert peer.sent_response(200).sdp == _NEW


async def test_our_reinvite_waits_for_that_of_the_peer(peer: Peer) -> None:
    call = peer.accepted_call()
    peer.write("INVITE", cseq=2, sdp=_NEW, to_tag=call.local_tag, fields=(CONTACT,))
    task = asyncio.create_task(call.reinvite(OFFER))
    await peer.settle()
    assert peer.sent() == ["100 INVITE"]
    call.answer_offer(ANSWER)
    await peer.settle()
    assert peer.sent() == ["200 INVITE"]
    peer.write("ACK", cseq=2, to_tag=call.local_tag)
    await peer.settle()
    peer.answer(peer.sent_request("INVITE"), 200, CONTACT, sdp=ANSWER)
    assert await task == ANSWER


async def test_a_second_reinvite_before_the_answer_of_the_first(peer: Peer) -> None:
    """RFC 3261 section 14.2: 500 with Retry-After."""
    call = peer.accepted_call()
    peer.write("INVITE", cseq=2, sdp=_NEW, to_tag=call.local_tag, fields=(CONTACT,))
    for number, method in ((3, "INVITE"), (4, "UPDATE")):
        peer.write(method, cseq=number, sdp=OFFER, to_tag=call.local_tag, fields=(CONTACT,))
        retry = peer.sent_response(500).headers.get("Retry-After")
        assert retry is not None
        assert 0 <= int(retry) <= 10
    assert len(peer.happened(Offered)) == 1
    call.refuse_offer()
    assert peer.sent_response(488).cseq.number == 2
    assert (call.local_sdp, call.remote_sdp) == (ANSWER, OFFER)


async def test_a_busy_peer_is_asked_again_after_its_delay(peer: Peer) -> None:
    call = peer.answered_call()
    task, invite = await reinvited(peer, call)
    peer.answer(invite, 500, ("Retry-After", "3 (glare)"))
    await peer.settle()
    peer.clock.pass_time(3)
    await peer.settle()
    peer.answer(peer.sent_request("INVITE"), 200, CONTACT, sdp=ANSWER)
    assert await task == ANSWER


async def test_an_offer_is_asked_for(peer: Peer) -> None:
    call = peer.answered_call()
    task = asyncio.create_task(call.request_offer())
    await peer.settle()
    invite = peer.sent_request("INVITE")
    assert invite.body == b""
    for _ in range(2):
        peer.answer(invite, 200, CONTACT, sdp=_NEW)
    assert (await task, peer.sent()) == (_NEW, [])
    call.acknowledge(ANSWER)
    assert peer.sent_request("ACK").sdp == ANSWER
    assert (call.local_sdp, call.remote_sdp) == (ANSWER, _NEW)


async def test_the_peer_asks_for_an_offer(peer: Peer) -> None:
    call = peer.accepted_call()
    peer.write("INVITE", cseq=2, to_tag=call.local_tag, fields=(CONTACT,))
    assert [(one.method, one.sdp) for one in peer.happened(Offered)] == [("INVITE", None)]
    call.answer_offer(OFFER)
    assert peer.sent_response(200).sdp == OFFER
    peer.write("UPDATE", cseq=3, sdp=_NEW, to_tag=call.local_tag)
    peer.sent_response(491)
    peer.write("ACK", cseq=2, to_tag=call.local_tag, sdp=_NEW)
    assert [one.sdp for one in peer.happened(Acknowledged)][-1:] == [_NEW]
    assert (call.local_sdp, call.remote_sdp) == (OFFER, _NEW)


async def test_update_of_the_peer(peer: Peer) -> None:
    """RFC 3311: with an offer it is the owner's, without it only refreshes."""
    call = peer.accepted_call()
    peer.write("UPDATE", cseq=2, to_tag=call.local_tag, fields=(("Contact", "<sip:moved@192.0.2.10>"),))
    assert peer.sent_response(200).body == b""
    peer.write("UPDATE", cseq=3, sdp=_NEW, to_tag=call.local_tag)
    call.answer_offer(ANSWER)
    assert peer.sent_response(200).sdp == ANSWER
    call.bye()
    assert peer.sent_request("BYE").uri == "sip:moved@192.0.2.10"


async def test_update_of_ours(peer: Peer) -> None:
    call = peer.answered_call()
    task = asyncio.create_task(call.update(_NEW))
    await peer.settle()
    update = peer.sent_request("UPDATE")
    peer.write("UPDATE", cseq=1, sdp=OFFER, to_tag=call.local_tag, call_id=call.call_id)
    peer.sent_response(491)
    peer.answer(update, 200, CONTACT, sdp=ANSWER)
    assert await task == ANSWER
    assert peer.sent() == []


async def test_update_is_for_peers_that_take_it(peer: Peer) -> None:
    call = peer.call()
    peer.answer(peer.sent_request("INVITE"), 200, CONTACT, ("Allow", "INVITE, BYE"), sdp=ANSWER)
    with pytest.raises(WrongState):
        await call.update(_NEW)


async def test_the_peer_cancels_its_reinvite(peer: Peer) -> None:
    call = peer.accepted_call()
    branch = peer.write("INVITE", cseq=2, sdp=_NEW, to_tag=call.local_tag, fields=(CONTACT,))
    peer.sent()
    peer.write("CANCEL", cseq=2, branch=branch, to_tag=call.local_tag)
    assert peer.sent() == ["200 CANCEL", "487 INVITE"]
    with pytest.raises(WrongState):
        call.answer_offer(ANSWER)
    assert call.state is SessionState.CONFIRMED


async def test_bye_crosses_our_reinvite(peer: Peer) -> None:
    call = peer.answered_call()
    task, invite = await reinvited(peer, call)
    peer.write("BYE", to_tag=call.local_tag, call_id=call.call_id)
    assert peer.sent() == ["200 BYE"]
    with pytest.raises(SessionEnded):
        await task
    peer.answer(invite, 200, CONTACT, sdp=ANSWER)
    assert peer.sent() == ["ACK"]
    assert [one.cause for one in peer.happened(Ended)] == [EndCause.REMOTE]
    peer.leaves_nothing()


async def test_bye_while_the_reinvite_of_the_peer_waits(peer: Peer) -> None:
    call = peer.accepted_call()
    peer.write("INVITE", cseq=2, sdp=_NEW, to_tag=call.local_tag, fields=(CONTACT,))
    peer.sent()
    peer.write("BYE", cseq=3, to_tag=call.local_tag)
    assert sorted(peer.sent()) == ["200 BYE", "487 INVITE"]
    with pytest.raises(WrongState):
        call.answer_offer(ANSWER)
    peer.clock.pass_time(40)
    peer.leaves_nothing()


async def test_byes_and_reinvites_that_cross_our_bye(peer: Peer) -> None:
    """RFC 5407 section 3.2."""
    call = peer.answered_call()
    call.bye('SIP;cause=200;text="moved"')
    assert peer.sent_request("BYE").headers.get("Reason") == 'SIP;cause=200;text="moved"'
    peer.write("INVITE", cseq=1, sdp=OFFER, session=call)
    peer.sent_response(481)
    peer.write("BYE", cseq=2, session=call)
    peer.sent_response(200)
    call.bye()
    assert peer.sent() == []
    with pytest.raises(SessionEnded):
        await call.reinvite(OFFER)


async def test_requests_out_of_order(peer: Peer) -> None:
    """RFC 3261 section 12.2.2."""
    call = peer.accepted_call()
    peer.write("INFO", cseq=7, to_tag=call.local_tag)
    peer.sent_response(200)
    peer.write("BYE", cseq=6, to_tag=call.local_tag)
    peer.sent_response(500)
    peer.write("INFO", cseq=8, to_tag=call.local_tag, tag="other")
    peer.sent_response(481)
    assert call.state is SessionState.CONFIRMED


@pytest.mark.parametrize(
    ("method", "status"),
    [("OPTIONS", 200), ("MESSAGE", 200), ("INFO", 200), ("NOTIFY", 489), ("SUBSCRIBE", 489), ("PRACK", 405),
     ("REGISTER", 405), ("FOO", 501), ("REFER", 400)],
)  # fmt: skip
async def test_requests_in_the_dialog(peer: Peer, method: str, status: int) -> None:
    call = peer.accepted_call()
    peer.write(method, cseq=2, to_tag=call.local_tag, sdp=b"hello", content_type="text/plain")
    peer.sent_response(status)
    received = [(one.method, one.content_type, one.body) for one in peer.happened(Received)]
    assert received == ([(method, "text/plain", b"hello")] if method in ("MESSAGE", "INFO") else [])
    peer.write(method, cseq=3, to_tag=call.local_tag, fields=(("Require", "foo"),))
    peer.sent_response(420)


async def test_keys_by_info(peer: Peer) -> None:
    call = peer.accepted_call()
    for number, (kind, body) in enumerate(
        (
            ("application/dtmf-relay", b"Signal=5\r\nDuration=250\r\n"),
            ("application/dtmf-relay", b"signal = #"),
            ("application/dtmf", b"*\r\n"),
            ("application/dtmf-relay", b"Signal=flash"),
        ),
        2,
    ):
        peer.write("INFO", cseq=number, to_tag=call.local_tag, sdp=body, content_type=kind)
        peer.sent_response(200)
    assert peer.happened(Digit) == [Digit("5", 250), Digit("#", 160), Digit("*", 160)]
    task = asyncio.create_task(call.send_digit("9", 100))
    await peer.settle()
    info = peer.sent_request("INFO")
    assert (info.content_type, info.body) == ("application/dtmf-relay", b"Signal=9\r\nDuration=100\r\n")
    peer.answer(info, 200)
    await task


async def test_another_process_takes_a_session_up(peer: Peer) -> None:
    call = peer.answered_call(("Record-Route", "<sip:edge;lr>"))
    saved = msgspec.json.encode(call.save())
    assert len(peer.happened(Changed)) == 1
    other = Peer()
    session = other.agent.restore(msgspec.json.decode(saved, type=DialogState), other.listen)
    assert (session.local_sdp, session.remote_sdp, session.state) == (OFFER, ANSWER, SessionState.CONFIRMED)
    task, invite = await reinvited(other, session)
    assert invite.cseq.number > 1
    assert (invite.call_id, invite.from_.tag, invite.to.tag) == (call.call_id, call.local_tag, "phone")
    assert invite.headers.all("Route") == ["<sip:edge;lr>"]
    other.answer(invite, 200, CONTACT, sdp=ANSWER)
    assert await task == ANSWER
    other.write("INVITE", cseq=3, sdp=OFFER, fields=(CONTACT,), session=call)
    session.answer_offer(_NEW)
    other.write("ACK", cseq=3, session=call)
    other.write("REFER", cseq=4, fields=(("Refer-To", "<sip:x@y>"),), session=call)
    session.accept_refer(4)
    assert "202 REFER" in other.sent()
    other.write("BYE", cseq=5, session=call)
    assert [one.cause for one in other.happened(Ended)] == [EndCause.REMOTE]
    call.stop()
    peer.leaves_nothing()


def test_header_fields_of_the_invite_are_kept_in_the_dialog() -> None:
    """Of one that was sent and of one that came; also by a process that takes the session up."""
    peer, own = Peer(kept_headers=("X-Own",)), ("X-Own", "7")
    called = peer.answered_call(sent=own)
    peer.write("INVITE", sdp=OFFER, fields=(CONTACT, ALLOW, own, ("X-Other", "8")), branch="z9hG4bKinvite")
    calling = peer.calls[-1]
    calling.answer(ANSWER)
    peer.write("ACK", to_tag=calling.local_tag)
    other = Peer()
    for session in (called, calling, other.agent.restore(called.save(), other.listen)):
        session.bye()
        at = other if session.call_id == called.call_id and session is not called else peer
        bye = at.sent_request("BYE")
        assert (bye.headers.all("X-Own"), bye.headers.all("X-Other")) == (["7"], [])


async def test_a_challenge_in_the_dialog_is_answered(peer: Peer) -> None:
    call = peer.answered_call()
    task = asyncio.create_task(call.send_digit("1"))
    await peer.settle()
    peer.answer(peer.sent_request("INFO"), 407, ("Proxy-Authenticate", 'Digest realm="r", nonce="1"'))
    with pytest.raises(Refused):
        await task

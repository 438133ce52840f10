"""REFER in both directions, and its reports (RFC 3515, 4488, 3891)."""

from __future__ import annotations

import asyncio

import pytest

from switchroom.engines.sip.errors import Refused, WrongState
from switchroom.engines.sip.events import ReferProgress, ReferRequested
from switchroom.engines.sip.fields import Replaces
from switchroom.engines.sip.message import Request
from switchroom.engines.sip.session import Session
from tests.sip.peer import Peer


@pytest.fixture
def peer() -> Peer:
    return Peer()


def refer(peer: Peer, call: Session, number: int, *fields: tuple[str, str]) -> None:
    peer.write("REFER", cseq=number, to_tag=call.local_tag, fields=fields)


def notify(peer: Peer, call: Session, number: int, event: str, state: str, body: bytes) -> None:
    peer.write(
        "NOTIFY",
        cseq=number,
        to_tag=call.local_tag,
        call_id=call.call_id,
        fields=(("Event", event), ("Subscription-State", state)),
        sdp=body,
        content_type="message/sipfrag;version=2.0",
    )


def report(request: Request) -> tuple[str | None, str | None, bytes]:
    return request.headers.get("Event"), request.headers.get("Subscription-State"), request.body


def test_the_peer_asks_for_a_call_and_is_told_what_becomes_of_it(peer: Peer) -> None:
    call = peer.accepted_call()
    refer(peer, call, 2, ("Refer-To", "<sip:101@example.org>"), ("Referred-By", "<sip:phone@example.org>"))
    (asked,) = peer.happened(ReferRequested)
    assert (asked.refer_to.uri.username, asked.referred_by) == ("101", "<sip:phone@example.org>")
    assert asked.replaces is None
    assert peer.sent() == []
    call.accept_refer(asked.id)
    accepted, trying = peer.wire.take()
    assert accepted.headers.get("Contact") == "<sip:core@127.0.0.1:5070>"
    assert isinstance(trying, Request)
    assert report(trying) == ("refer", "active;expires=180", b"SIP/2.0 100 Trying\r\n")
    assert trying.content_type == "message/sipfrag"
    peer.answer(trying, 200)
    call.report_refer(asked.id, 180)
    assert report(peer.sent_request("NOTIFY"))[2] == b"SIP/2.0 180 Ringing\r\n"
    call.report_refer(asked.id, 200)
    last = ("refer", "terminated;reason=noresource", b"SIP/2.0 200 OK\r\n")
    assert report(peer.sent_request("NOTIFY")) == last
    call.report_refer(asked.id, 200)
    assert peer.sent() == []


def test_reports_of_a_second_refer_name_it(peer: Peer) -> None:
    """RFC 3515 section 2.4.6."""
    call = peer.accepted_call()
    for number in (2, 3):
        refer(peer, call, number, ("Refer-To", "<sip:101@example.org>"))
        call.accept_refer(number)
    assert peer.sent_request("NOTIFY").headers.get("Event") == "refer;id=3"
    call.report_refer(2, 486)
    assert peer.sent_request("NOTIFY").headers.get("Event") == "refer"


def test_an_attended_transfer_names_the_dialog_to_replace(peer: Peer) -> None:
    call = peer.accepted_call()
    target = "<sip:101@example.org?Replaces=abc%40h%3Bto-tag%3D1%3Bfrom-tag%3D2>"
    refer(peer, call, 2, ("Refer-To", target))
    (asked,) = peer.happened(ReferRequested)
    assert asked.replaces == Replaces("abc@h", "1", "2")
    call.refuse_refer(2, 603)
    assert peer.sent() == ["603 REFER"]
    with pytest.raises(WrongState):
        call.accept_refer(2)


def test_a_peer_that_wants_no_reports_gets_none(peer: Peer) -> None:
    """RFC 4488 section 4."""
    call = peer.accepted_call()
    refer(peer, call, 2, ("Refer-To", "<sip:1@x>"), ("Refer-Sub", "false"), ("Require", "norefersub"))
    call.accept_refer(2)
    assert peer.sent_response(200).headers.get("Refer-Sub") == "false"
    call.report_refer(2, 200)
    assert peer.sent() == []


@pytest.mark.parametrize("refer_to", ["", "sip:", "<sip:1@x?Replaces=abc>", "<sip:1@x>, <sip:2@x"])
def test_a_refer_that_names_nobody(peer: Peer, refer_to: str) -> None:
    call = peer.accepted_call()
    refer(peer, call, 2, ("Refer-To", refer_to))
    peer.sent_response(400)
    assert peer.happened(ReferRequested) == []


def test_no_reports_after_the_peer_has_left(peer: Peer) -> None:
    call = peer.accepted_call()
    refer(peer, call, 2, ("Refer-To", "<sip:101@example.org>"))
    call.accept_refer(2)
    peer.write("BYE", cseq=3, to_tag=call.local_tag)
    peer.sent()
    call.report_refer(2, 200)
    assert peer.sent() == []
    peer.leaves_nothing()


async def test_this_side_asks_for_a_call(peer: Peer) -> None:
    call = peer.answered_call()
    task = asyncio.create_task(call.refer("<sip:102@example.org>", "<sip:core@example.org>"))
    await peer.settle()
    sent = peer.sent_request("REFER")
    assert (sent.headers.get("Refer-To"), sent.headers.get("Referred-By")) == (
        "<sip:102@example.org>",
        "<sip:core@example.org>",
    )
    # A report may come before the 202 (RFC 3515 section 2.4.4).
    notify(peer, call, 1, "refer", "active;expires=60", b"SIP/2.0 100 Trying\r\n")
    peer.sent_response(200)
    peer.answer(sent, 202)
    await task
    event = f"refer;id={sent.cseq.number}"
    notify(peer, call, 2, event, "terminated;reason=noresource", b"SIP/2.0 486 Busy Here\r\n")
    assert peer.happened(ReferProgress) == [
        ReferProgress(100, "Trying", is_final=False),
        ReferProgress(486, "Busy Here", is_final=True),
    ]
    peer.sent()
    notify(peer, call, 3, event, "active", b"SIP/2.0 200 OK\r\n")
    peer.sent_response(481)


async def test_a_refused_refer_has_no_reports(peer: Peer) -> None:
    call = peer.answered_call()
    task = asyncio.create_task(call.refer("<sip:102@example.org>"))
    await peer.settle()
    peer.answer(peer.sent_request("REFER"), 603)
    with pytest.raises(Refused):
        await task
    notify(peer, call, 1, "refer", "active", b"SIP/2.0 200 OK\r\n")
    peer.sent_response(481)


async def test_a_refer_without_reports(peer: Peer) -> None:
    call = peer.answered_call()
    task = asyncio.create_task(call.refer("<sip:102@example.org>", reports=False))
    await peer.settle()
    sent = peer.sent_request("REFER")
    assert sent.headers.get("Refer-Sub") == "false"
    peer.answer(sent, 200, ("Refer-Sub", "false"))
    await task
    notify(peer, call, 1, "refer", "active", b"SIP/2.0 200 OK\r\n")
    peer.sent_response(481)


def test_reports_of_nothing(peer: Peer) -> None:
    call = peer.accepted_call()
    notify(peer, call, 2, "refer", "active", b"SIP/2.0 200 OK\r\n")
    peer.write("NOTIFY", cseq=3, to_tag=call.local_tag, fields=(("Event", "presence"),))
    assert peer.sent_response(489).headers.get("Allow-Events") == "refer"

"""Messages of baresip and sipp as recorded, and some like those of Linphone and of carriers."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchroom.engines.sip.address import parse_name_addr
from switchroom.engines.sip.digest import Credentials, DigestClient
from switchroom.engines.sip.message import Request, Response
from switchroom.engines.sip.parser import parse
from switchroom.engines.sip.session_timer import session_expires
from tests.sip.peer import ANSWER, PEER, Peer

_DIRECTORY = Path(__file__).parent / "recorded"


def recorded(name: str) -> bytes:
    return (_DIRECTORY / f"{name}.dat").read_bytes()


@pytest.mark.parametrize("path", sorted(_DIRECTORY.glob("*.dat")), ids=lambda path: path.stem)
def test_each_is_read_and_stays_the_same_when_written(path: Path) -> None:
    message = parse(path.read_bytes())
    again = parse(bytes(message))
    assert [pair for pair in again.headers if pair[0] != "Content-Length"] == [
        pair for pair in message.headers if pair[0] != "Content-Length"
    ]
    assert again.body == message.body
    assert message.via.branch is not None


def test_a_call_of_linphone() -> None:
    peer = Peer()
    peer.agent.receive(recorded("linphone-like-invite"), PEER)
    call = peer.calls[-1]
    assert call.invite.from_.display_name == "Älice"
    call.answer(ANSWER)
    assert peer.sent() == ["100 INVITE", "200 INVITE"]
    assert call.allows("UPDATE")
    assert call.save().remote_target == "sip:alice@192.0.2.20;transport=udp"


def test_a_call_of_a_carrier() -> None:
    peer = Peer(session_interval=1800)
    peer.agent.receive(recorded("carrier-like-invite"), PEER)
    call = peer.calls[-1]
    assert call.invite.max_forwards == 62
    asserted = [parse_name_addr(one) for one in call.invite.headers.values("P-Asserted-Identity")]
    assert [one.uri.username for one in asserted] == ["+49309876543", "+49309876543"]
    call.answer(ANSWER)
    answer = peer.sent_response(200)
    assert len(answer.headers.values("Via")) == 2
    assert answer.headers.get("Session-Expires") == "1800;refresher=uac"
    assert call.save().route_set == ("<sip:198.51.100.7;lr;ftag=SDe1ra901>", "<sip:10.4.0.2;lr>")


def test_the_challenge_of_a_carrier() -> None:
    message = parse(recorded("carrier-like-407"))
    assert isinstance(message, Response)
    client = DigestClient(Credentials("trunk", "secret"))
    assert client.take(message)
    ((name, value),) = client.headers("INVITE", "sip:+4930111@carrier.example")
    assert name == "Proxy-Authorization"
    assert 'nonce="BroadWorksXkz5"' in value


def test_what_sipp_and_baresip_say() -> None:
    invite = parse(recorded("sipp-invite"))
    assert isinstance(invite, Request)
    assert invite.sdp is not None
    answer = parse(recorded("baresip-200-invite"))
    assert isinstance(answer, Response)
    assert answer.sdp is not None
    assert "UPDATE" not in answer.headers.tokens("Allow")
    assert session_expires(answer) is None

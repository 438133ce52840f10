"""Transactions: repetitions, time limits, races, and that nothing is left of them (RFC 3261 section 17)."""

from __future__ import annotations

import pytest

from switchroom.engines.sip.message import Request, Response, response_to
from switchroom.engines.sip.parser import parse
from switchroom.engines.sip.server_transaction import ServerTransaction
from switchroom.engines.sip.timing import Timing
from switchroom.engines.sip.transactions import Transactions
from tests.sip.clock import ManualClock, Wire

PEER = ("127.0.0.1", 5060)


def request(method: str, branch: str = "z9hG4bK1", *, cseq: int = 1, to_tag: str = "") -> Request:
    message = parse(
        f"{method} sip:b@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch={branch}\r\n"
        f"From: <sip:a@x>;tag=a\r\nTo: <sip:b@x>{to_tag and ';tag=' + to_tag}\r\nCall-ID: call\r\n"
        f"CSeq: {cseq} {method}\r\nMax-Forwards: 70\r\n\r\n".encode()
    )
    assert isinstance(message, Request)
    return message


class Bench:
    """Transactions on a manual clock, and what they told their user."""

    def __init__(self) -> None:
        self.clock, self.wire = ManualClock(), Wire()
        self.layer = Transactions(self.wire, self.clock, Timing(), self)
        self.requests: list[ServerTransaction] = []
        self.cancelled: list[ServerTransaction] = []
        self.acks: list[Request] = []
        self.strays: list[Response] = []
        self.responses: list[int] = []
        self.failures: list[int] = []
        self.fails = False

    def on_request(self, transaction: ServerTransaction) -> None:
        self.requests.append(transaction)
        if self.fails:
            raise RuntimeError("on_request")

    def on_cancel(self, transaction: ServerTransaction, invite: ServerTransaction) -> None:
        self.cancelled.append(invite)

    def on_ack(self, request: Request) -> None:
        self.acks.append(request)

    def on_stray(self, response: Response) -> None:
        self.strays.append(response)

    def send(self, message: Request) -> None:
        self.layer.send(
            message,
            PEER,
            on_response=lambda response: self.responses.append(response.status),
            on_failure=self.failures.append,
        )

    def receive(self, message: Request | Response) -> None:
        self.layer.receive(bytes(message), PEER)

    def sent(self) -> list[str | int]:
        return [one.method if isinstance(one, Request) else one.status for one in self.wire.take()]

    def ends(self, seconds: float) -> None:
        """Nothing is left after so many seconds, and a request that was known before is a new one."""
        self.clock.pass_time(seconds)
        assert (len(self.layer), self.clock.pending) == (0, 0)
        known, self.fails = len(self.requests), False
        for method in ("INVITE", "OPTIONS"):
            self.receive(request(method, "z9hG4bKanother"))
        assert len(self.requests) == known + 2, "the same request by another way is still known"

    def settles(self) -> None:
        self.clock.pass_time(100)
        assert (len(self.layer), self.clock.pending) == (0, 0)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_an_invite_is_repeated_at_doubling_intervals_and_given_up_after_32_s(bench: Bench) -> None:
    bench.send(request("INVITE"))
    times: list[float] = []
    for _ in range(400):
        times += [bench.clock.time()] * len(bench.sent())
        bench.clock.pass_time(0.125)
    assert times == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert bench.failures == [408]
    bench.settles()


def test_another_request_is_repeated_at_most_every_4_s(bench: Bench) -> None:
    bench.send(request("OPTIONS"))
    bench.clock.pass_time(31.9)
    assert len(bench.sent()) == 11
    bench.clock.pass_time(1)
    assert bench.failures == [408]
    bench.settles()


def test_a_provisional_response_ends_the_repetition_of_an_invite(bench: Bench) -> None:
    message = request("INVITE")
    bench.send(message)
    bench.receive(response_to(message, 180, to_tag="b"))
    bench.sent()
    bench.clock.pass_time(1000)
    assert (bench.sent(), bench.responses, bench.failures) == ([], [180], [])
    bench.receive(response_to(message, 486, to_tag="b"))
    bench.settles()


def test_a_failure_is_acknowledged_each_time_and_told_once(bench: Bench) -> None:
    message = request("INVITE")
    bench.send(message)
    bench.sent()
    for _ in range(3):
        bench.receive(response_to(message, 486, to_tag="b"))
    acks = bench.wire.take()
    assert [(one.cseq.method, one.to.tag, one.via.branch) for one in acks] == [("ACK", "b", "z9hG4bK1")] * 3
    assert bench.responses == [486]
    bench.settles()


def test_each_2xx_of_an_invite_is_told_for_32_s(bench: Bench) -> None:
    """RFC 6026 section 7.2: the user acknowledges, also those of other forks."""
    message = request("INVITE")
    bench.send(message)
    for tag in ("b", "b", "c"):
        bench.receive(response_to(message, 200, to_tag=tag))
    bench.receive(response_to(message, 486, to_tag="d"))
    assert bench.responses == [200, 200, 200]
    bench.settles()
    bench.receive(response_to(message, 200, to_tag="b"))
    assert len(bench.responses) == 3


def test_responses_of_nobody_are_left(bench: Bench) -> None:
    message = request("OPTIONS")
    bench.send(message)
    bench.receive(response_to(request("OPTIONS", "z9hG4bKother"), 200, to_tag="b"))
    two = response_to(message, 200, to_tag="b")
    two.headers.add("Via", "SIP/2.0/UDP other;branch=z9hG4bK2")
    bench.receive(two)
    assert bench.responses == []
    bench.receive(response_to(message, 200, to_tag="b"))
    bench.receive(response_to(message, 200, to_tag="b"))
    assert bench.responses == [200]
    bench.settles()


def test_a_repeated_request_gets_the_response_again(bench: Bench) -> None:
    message = request("OPTIONS")
    bench.receive(message)
    bench.receive(message)
    assert (len(bench.requests), bench.sent()) == (1, [])
    bench.requests[0].respond(200, to_tag="b")
    bench.receive(message)
    assert (len(bench.requests), bench.sent()) == (1, [200, 200])
    bench.settles()


def test_a_refused_invite_is_repeated_until_its_ack(bench: Bench) -> None:
    message = request("INVITE")
    bench.receive(message)
    bench.requests[0].respond(486, to_tag="b")
    bench.clock.pass_time(4)
    assert bench.sent() == [486, 486, 486, 486]
    bench.receive(request("ACK", to_tag="b"))
    bench.receive(request("ACK", to_tag="b"))
    bench.clock.pass_time(10)
    assert (bench.sent(), bench.acks, len(bench.layer)) == ([], [], 0)
    bench.settles()


def test_an_invite_that_was_accepted_is_absorbed_and_its_ack_is_told(bench: Bench) -> None:
    """RFC 6026 section 7.1."""
    message = request("INVITE")
    bench.receive(message)
    bench.requests[0].respond(200, to_tag="b")
    bench.receive(message)
    bench.receive(request("ACK", to_tag="b"))
    bench.receive(request("ACK", "z9hG4bKown", to_tag="b"))
    assert (bench.sent(), len(bench.requests), len(bench.acks)) == ([200], 1, 2)
    bench.settles()


def test_cancel_is_matched_to_its_invite(bench: Bench) -> None:
    """RFC 3261 section 9.2."""
    bench.receive(request("CANCEL", "z9hG4bKnone"))
    assert bench.sent() == [481]
    bench.receive(request("INVITE"))
    bench.receive(request("CANCEL"))
    assert (bench.sent(), bench.cancelled) == ([200], bench.requests)
    bench.requests[0].respond(200, to_tag="b")
    bench.settles()


def test_cancel_after_the_final_response_changes_nothing(bench: Bench) -> None:
    bench.receive(request("INVITE"))
    bench.requests[0].respond(200, to_tag="b")
    bench.receive(request("CANCEL"))
    assert (bench.sent(), bench.cancelled) == ([200, 200], [])


def test_a_request_that_comes_by_two_ways_is_refused_the_second_time(bench: Bench) -> None:
    """RFC 3261 section 8.2.2.2."""
    bench.receive(request("INVITE", "z9hG4bK1"))
    bench.receive(request("INVITE", "z9hG4bK2"))
    assert (bench.sent(), len(bench.requests)) == ([482], 1)


def test_without_the_magic_cookie_transactions_are_told_apart_as_in_rfc_2543(bench: Bench) -> None:
    bench.receive(request("INVITE", "1"))
    bench.receive(request("INVITE", "1"))
    bench.requests[0].respond(404, to_tag="b")
    bench.receive(request("ACK", "1", to_tag="b"))
    bench.clock.pass_time(3)
    assert (len(bench.requests), bench.sent()) == (1, [404])


def test_malformed_requests_get_their_refusal_and_keepalives_nothing(bench: Bench) -> None:
    data = bytes(request("OPTIONS")).replace(b"CSeq: 1", b"CSeq: x")
    bench.layer.receive(data, PEER)
    bench.layer.receive(b"\r\n\r\n", PEER)
    bench.layer.receive(data.replace(b"OPTIONS", b"ACK"), PEER)
    bench.layer.receive(b"\x16\x03\x01", PEER)
    assert (bench.layer.malformed, bench.requests) == (3, [])
    assert [data.split(b"\r\n")[0] for data in bench.wire.raw] == [b"SIP/2.0 400 Bad Request"]


@pytest.mark.parametrize(("method", "seconds", "last"), [("OPTIONS", 33, []), ("INVITE", 3640, [408])])
def test_a_request_that_nobody_answers_is_forgotten_at_last(
    bench: Bench, method: str, seconds: float, last: list[int]
) -> None:
    bench.receive(request(method))
    bench.clock.pass_time(31)
    assert len(bench.layer) == 1
    bench.clock.pass_time(seconds - 31)
    assert (list(dict.fromkeys(bench.sent())), bench.cancelled) == (last, bench.requests)
    bench.requests[0].respond(200, to_tag="b")
    assert bench.sent() == []
    bench.ends(33)


def test_an_invite_that_rings_is_forgotten_at_last(bench: Bench) -> None:
    bench.receive(request("INVITE"))
    bench.requests[0].respond(180, to_tag="b")
    bench.clock.pass_time(3599)
    assert bench.sent() == [180]
    bench.ends(100)


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS"])
def test_a_request_whose_taking_fails_gets_500_and_is_forgotten(bench: Bench, method: str) -> None:
    bench.fails = True
    with pytest.raises(RuntimeError):
        bench.receive(request(method))
    assert (bench.sent(), bench.cancelled) == ([500], bench.requests)
    bench.ends(33)


def test_an_invite_that_rings_for_ever_fails_at_last(bench: Bench) -> None:
    message = request("INVITE")
    bench.send(message)
    for _ in range(2):
        bench.receive(response_to(message, 180, to_tag="b"))
        bench.clock.pass_time(3590)
    assert bench.failures == []
    bench.ends(20)
    assert bench.failures == [408]


def test_an_invite_that_was_cancelled_waits_32_s_for_its_end(bench: Bench) -> None:
    """RFC 3261 section 9.1."""
    message = request("INVITE")
    bench.send(message)
    bench.receive(response_to(message, 180, to_tag="b"))
    bench.send(request("CANCEL"))
    bench.receive(response_to(request("CANCEL"), 200, to_tag="b"))
    bench.clock.pass_time(20)
    bench.receive(response_to(message, 180, to_tag="b"))
    assert bench.failures == []
    bench.ends(12.1)
    assert bench.failures == [408]

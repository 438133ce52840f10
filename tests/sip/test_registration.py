"""Registration at a server, RFC 3261 section 10.2: challenges, times, refusals, taking it back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from switchroom.engines.sip.address import parse_name_addr
from switchroom.engines.sip.digest import Credentials
from switchroom.engines.sip.message import Request, response_to
from switchroom.engines.sip.registration import Binding, Outcome, Registration
from switchroom.engines.sip.uri import Uri
from tests.sip.peer import Peer

BINDING = Binding(
    registrar="sip:carrier.example",
    address=parse_name_addr("<sip:3225550100@carrier.example>"),
    contact=Uri("sip", "t0123", "192.0.2.1", 5060),
    credentials=Credentials("3225550100", "secret"),
)
CHALLENGE = ("WWW-Authenticate", 'Digest realm="carrier.example", nonce="1", algorithm=MD5, qop="auth"')


class Registrar:
    """A registrar that answers as it is told."""

    def __init__(self) -> None:
        self.peer = Peer()
        self.registration = Registration(self.peer.agent, BINDING, call_id="one", number=7)
        self.requests: list[Request] = []

    async def answer(self, status: int, *headers: tuple[str, str]) -> Request:
        """Answer the next request."""
        for _ in range(5):
            await asyncio.sleep(0)
        request = self.peer.sent_request("REGISTER")
        self.requests.append(request)
        self.peer.receive(response_to(request, status, to_tag="r", headers=headers))
        return request

    async def register(self, *answers: tuple[int, Sequence[tuple[str, str]]]) -> Outcome:
        task = asyncio.create_task(self.registration.register([("X-SR-Next-Hop", "sip:192.0.2.9:5060")]))
        for status, headers in answers:
            await self.answer(status, *headers)
        return await task


@pytest.fixture
def registrar() -> Registrar:
    return Registrar()


async def test_a_challenge_is_answered_with_the_same_call_id_and_a_higher_number(
    registrar: Registrar,
) -> None:
    contact = ("Contact", "<sip:t0123@192.0.2.1:5060>;expires=120")
    outcome = await registrar.register((401, [CHALLENGE]), (200, [contact]))
    assert outcome == Outcome(200, "OK", 120)
    first, second = registrar.requests
    assert first.headers.get("Authorization") is None
    assert 'username="3225550100"' in (second.headers.get("Authorization") or "")
    assert first.call_id == second.call_id == "one"
    assert (first.cseq.number, second.cseq.number) == (7, 8)
    assert second.uri == "sip:carrier.example"
    assert second.headers.get("Contact") == "<sip:t0123@192.0.2.1:5060>;expires=300"
    assert second.headers.get("X-Sr-Next-Hop") or second.headers.get("X-SR-Next-Hop")

    await registrar.register((200, [contact]))
    assert (registrar.requests[-1].call_id, registrar.requests[-1].cseq.number) == ("one", 9)


async def test_what_the_server_grants_counts(registrar: Registrar) -> None:
    others = ("Contact", '"Desk, left" <sip:desk@192.0.2.7>;expires=3600, <sip:t0123@192.0.2.1>;expires=60')
    assert (await registrar.register((200, [others]))).expires == 60
    assert (await registrar.register((200, [("Expires", "90")]))).expires == 90
    assert (await registrar.register((200, []))).expires == 300
    assert (await registrar.register((200, [("Contact", "<sip:desk@192.0.2.7>;expires=60")]))).expires == 0


async def test_it_is_renewed_before_its_time_is_over(registrar: Registrar) -> None:
    for seconds in (60, 300, 3600):
        pause = registrar.registration.pause(Outcome(200, "OK", seconds))
        assert seconds / 2 < pause < seconds * 0.9
    assert registrar.registration.pause(Outcome(200, "OK", 4)) < 4


async def test_too_brief_a_time_is_asked_for_anew(registrar: Registrar) -> None:
    outcome = await registrar.register((423, [("Min-Expires", "600")]), (200, []))
    assert outcome.expires == 600
    assert registrar.requests[-1].headers.get("Expires") == "600"
    await registrar.register((200, []))
    assert registrar.requests[-1].headers.get("Expires") == "600", "it is kept"
    numbers = [one.cseq.number for one in registrar.requests]
    assert numbers == sorted(set(numbers))


async def test_a_refusal_is_told_and_not_repeated_at_once(registrar: Registrar) -> None:
    wrong = await registrar.register((401, [CHALLENGE]), (401, [CHALLENGE]))
    assert (wrong.status, wrong.is_registered) == (401, False)
    assert registrar.registration.pause(wrong) >= 60
    forbidden = await registrar.register((403, []))
    pauses = [registrar.registration.pause(forbidden)]
    for _ in range(8):
        pauses.append(registrar.registration.pause(await registrar.register((403, []))))
    assert pauses[1] > pauses[0]
    assert max(pauses) <= 330
    busy = await registrar.register((503, [("Retry-After", "1200;duration=3600")]))
    assert 1200 <= registrar.registration.pause(busy) <= 1320


async def test_no_answer_is_tried_again_soon(registrar: Registrar) -> None:
    task = asyncio.create_task(registrar.registration.register())
    await asyncio.sleep(0)
    registrar.peer.clock.pass_time(33)
    outcome = await task
    assert outcome.status == 408
    assert registrar.registration.pause(outcome) <= 11


async def test_only_the_own_contact_is_taken_back(registrar: Registrar) -> None:
    task = asyncio.create_task(registrar.registration.unregister())
    request = await registrar.answer(200)
    assert request.headers.get("Contact") == "<sip:t0123@192.0.2.1:5060>;expires=0"
    assert request.headers.get("Expires") == "0"
    assert not (await task).is_registered

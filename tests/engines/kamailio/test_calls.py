"""Calls at the edge: who calls is proved, headers of ours are the platform's alone, workers take over."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from switchroom.engines.kamailio.configuration import Limits
from switchroom.engines.kamailio.dispatching import worker_of
from tests.engines.kamailio.conftest import ACCOUNT, DEVICE, Edge
from tests.engines.kamailio.phones import LIMIT, REALM, Message, Phone, UdpWire

pytestmark = pytest.mark.kamailio

SDP = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"


async def received(worker: UdpWire, method: str = "INVITE") -> Message:
    """The next request of a method that a worker gets; it is well when it is asked."""
    async with asyncio.timeout(LIMIT):
        while True:
            message = Message(await worker.receive())
            if message.start.startswith(f"{method} "):
                return message
            if message.start.startswith("OPTIONS "):
                await worker.send(message.reply(200, "OK"))


async def well(worker: UdpWire) -> None:
    """Answer whether it is well, until cancelled."""
    while True:
        await received(worker, "NOTHING")


async def test_a_call_reaches_a_worker_as_its_devices(edge: Edge) -> None:
    async with edge.wire() as wire, edge.worker() as worker:
        phone = Phone(wire, "acme.ab12cd34")
        await phone.invite(
            sender=f"<sip:chief@{REALM}>;tag=phone",
            more={
                "P-Asserted-Identity": "<sip:chief@other.example.org>",
                "X-SR-Device": "1",
                "X-SR-Account": "1",
                "x-sr-next-hop": "sip:192.0.2.1",
            },
        )
        call = await received(worker)
        assert call.start == f"INVITE sip:101@{REALM} SIP/2.0"
        host, port = wire.address[:2]
        ours = {line for line in call.lines if line.lower().startswith("x-sr-")}
        assert ours == {
            f"X-SR-Device: {DEVICE}",
            f"X-SR-Account: {ACCOUNT}",
            "X-SR-Username: ab12cd34",
            f"X-SR-Source: udp;{host};{port}",
        }
        assert call.all("Proxy-Authorization") == []
        await worker.send(call.reply(486, "Busy Here", "X-SR-Secret: 1"))
        answer = await phone.answer()
        assert answer.status == 486
        assert not [line for line in answer.lines if line.lower().startswith("x-sr-")]


async def test_an_anonymous_caller_is_challenged_for_its_realm(edge: Edge) -> None:
    async with edge.wire() as wire, edge.worker() as worker:
        phone = Phone(wire)
        await phone.invite(sender='"Anonymous" <sip:anonymous@anonymous.invalid>;tag=phone')
        call = await received(worker)
        assert call.header("X-SR-Device") == str(DEVICE)


async def test_without_credentials_nothing_reaches_a_worker(edge: Edge) -> None:
    async with edge.wire() as wire, edge.worker() as worker:
        phone = Phone(wire)
        for method in ("INVITE", "MESSAGE", "REFER", "SUBSCRIBE"):
            answer = await phone.ask(phone.request(method, uri=f"sip:101@{REALM}"))
            assert answer.status == 407, method
        assert (await phone.ask(phone.request("PUBLISH", uri=f"sip:101@{REALM}"))).status == 405
        wrong = Phone(wire, password="guess")
        await wrong.invite()
        assert (await wrong.answer()).status == 407
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await received(worker)


async def test_a_dialog_goes_both_ways(edge: Edge) -> None:
    async with edge.wire("tcp") as wire, edge.worker() as worker:
        phone = Phone(wire)
        await phone.invite()
        call = await received(worker)
        host, port = worker.address
        await worker.send(call.reply(200, "OK", f"Contact: <sip:call@{host}:{port}>"))
        answer = await phone.answer()
        assert answer.status == 200
        routes = {"Route": ", ".join(reversed(answer.all("Record-Route")))}
        bye = phone.request("BYE", uri=f"sip:call@{host}:{port}", to=answer.header("To"), more=routes)
        await wire.send(bye)
        got = await received(worker, "BYE")
        assert got.header("Call-ID") == phone.call_id
        await worker.send(got.reply(200, "OK"))
        assert (await phone.answer()).status == 200

        ring = Phone(worker)
        ring.call_id = phone.call_id
        back = ring.request(
            "INFO",
            uri=call.header("Contact").strip("<>"),
            to=call.header("From"),
            sender=answer.header("To"),
            more={"Route": ", ".join(call.all("Record-Route"))},
        )
        await worker.send(back)
        assert (await phone.asked("INFO")).start.startswith("INFO sip:phone@")


async def test_within_a_dialog_nothing_goes_elsewhere(edge: Edge) -> None:
    async with edge.wire() as wire, edge.wire() as victim:
        phone = Phone(wire)
        host, port = victim.address[:2]
        core = f"<sip:127.0.0.1:{edge.configuration.core_port};lr>"
        for more in ({"Route": f"{core}, <sip:{host}:{port};lr>"}, {"Route": core}):
            forged = phone.request(
                "BYE", uri=f"sip:x@{host}:{port}", to="<sip:x@example.org>;tag=b", more=more
            )
            assert (await phone.ask(forged)).status == 403
        assert await Phone(victim).silent()


async def test_another_worker_takes_what_one_does_not(edge: Edge) -> None:
    async with edge.wire() as wire, edge.worker(1) as second:
        absent = edge.configuration.interfaces.workers[0]
        account = next(one for one in range(1000) if worker_of(one, edge.configuration.workers) == absent)
        edge.add_device(18, "of_absent", account=account)
        phone = Phone(wire, "of_absent")
        for _ in range(2):
            await phone.invite()
            call = await received(second)
            await second.send(call.reply(486, "Busy Here"))
            assert (await phone.answer()).status == 486


async def answering(worker: UdpWire, place: int, taken: list[int]) -> None:
    """Refuse every call, until cancelled, and say that it came to this place."""
    while True:
        call = await received(worker)
        taken.append(place)
        await worker.send(call.reply(486, "Busy Here"))


async def test_all_calls_of_an_account_go_to_one_worker(edge: Edge) -> None:
    ports = edge.configuration.interfaces.workers
    taken: list[int] = []
    accounts = (3, 4, 99, 1234, 56789)
    for account in accounts:
        for number in range(2):
            edge.add_device(100 * account + number, f"a{account}n{number}", account=account)
    async with edge.wire() as wire, edge.worker(0) as first, edge.worker(1) as second:
        workers = [asyncio.create_task(answering(one, i, taken)) for i, one in enumerate((first, second))]
        for account in accounts:
            for number in range(2):
                phone = Phone(wire, f"a{account}n{number}")
                await phone.invite()
                assert (await phone.answer()).status == 486
                assert ports[taken[-1]] == worker_of(account, ports), account
        assert set(taken) == {0, 1}, "the accounts of this test are to need both"
        for one in workers:
            one.cancel()


async def test_another_worker_takes_what_one_refuses(edge: Edge) -> None:
    async with edge.wire() as wire, edge.worker(0) as first, edge.worker(1) as second:
        phone = Phone(wire)
        await phone.invite()
        calls = [asyncio.create_task(received(worker)) for worker in (first, second)]
        await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        refusing, other = (first, 1) if calls[0].done() else (second, 0)
        call = calls[1 - other].result()
        await refusing.send(call.reply(503, "Full"))
        again = await calls[other]
        await (second if other else first).send(again.reply(486, "Busy Here"))
        assert (await phone.answer()).status == 486


async def test_without_a_worker_a_call_is_told_so(edge: Edge) -> None:
    async with edge.wire() as wire:
        phone = Phone(wire)
        await phone.invite()
        answer = await phone.answer()
        assert answer.status == 503
        assert answer.header("Retry-After")


async def test_the_only_worker_is_waited_for(tmp_path: Path, limits: Limits) -> None:
    """It may be busy for seconds."""
    edge = Edge(tmp_path, limits, workers=1)
    await edge.engine.start()
    try:
        async with edge.wire() as wire, edge.worker() as worker, asyncio.timeout(LIMIT):
            phone = Phone(wire)
            await phone.invite()
            invites: list[bytes] = []
            while len(invites) < 4:  # at once, and after 0.5, 1.5 and 3.5 s
                data, worker.last = await worker.received.get()
                invites += [data] if data.startswith(b"INVITE ") else []
            await worker.send(Message(invites[-1]).reply(486, "Busy Here"))
            assert (await phone.answer()).status == 486
    finally:
        await edge.engine.stop()


async def test_a_caller_gives_up(edge: Edge) -> None:
    async with edge.wire() as wire, edge.worker() as worker:
        phone = Phone(wire)
        await phone.invite()
        call = await received(worker)
        await worker.send(call.reply(180, "Ringing"))
        uri = f"sip:101@{REALM}"
        cancel = phone.request("CANCEL", uri=uri, to=f"<{uri}>").decode()
        invited = next(
            line for line in call.lines if line.startswith("Via:") and str(wire.address[1]) in line
        )
        branch = invited.partition("branch=")[2].partition(";")[0]
        cancel = cancel.replace(phone.branch, branch)
        phone.branch = branch
        cancel = cancel.replace(f"CSeq: {phone.number} ", f"CSeq: {phone.number - 1} ")
        await wire.send(cancel.encode())
        assert (await phone.answer()).status == 200
        cancelled = await received(worker, "CANCEL")
        await worker.send(cancelled.reply(200, "OK"))
        await worker.send(call.reply(487, "Request Terminated"))
        assert (await phone.answer()).status == 487


async def test_a_call_rings_all_contacts_of_a_device(edge: Edge) -> None:
    async with edge.wire("ws") as browser, edge.wire("tcp") as desk, edge.worker() as worker:
        for wire in (browser, desk):
            assert (await Phone(wire).register()).status == 200
        caller = Phone(worker)
        core = ("127.0.0.1", edge.configuration.core_port)
        ring = caller.request("INVITE", uri="sip:x@device", more={"X-SR-Device": str(DEVICE)}, body=SDP)
        worker.transport.sendto(ring, core)
        for wire in (browser, desk):
            rung = await Phone(wire).asked("INVITE")
            assert rung.start.startswith("INVITE sip:phone@")
            assert "x-sr-" not in rung.data.decode().lower()
            assert rung.body == SDP
            await wire.send(rung.reply(180, "Ringing"))


async def test_a_device_that_is_not_there_is_not_called(edge: Edge) -> None:
    async with edge.worker() as worker:
        caller = Phone(worker)
        core = ("127.0.0.1", edge.configuration.core_port)
        worker.transport.sendto(caller.request("INVITE", uri="sip:x@device", more={"X-SR-Device": "4"}), core)
        while (answer := await caller.answer()).header("CSeq") != "1 INVITE":
            pass
        assert answer.status == 480


async def test_a_trunk_is_called_where_the_worker_says(edge: Edge) -> None:
    async with edge.wire() as carrier, edge.worker() as worker:
        caller = Phone(worker)
        host, port = carrier.address[:2]
        core = ("127.0.0.1", edge.configuration.core_port)
        more = {"X-SR-Next-Hop": f"sip:{host}:{port}"}
        worker.transport.sendto(caller.request("INVITE", uri="sip:+321@carrier.invalid", more=more), core)
        call = await Phone(carrier).asked("INVITE")
        assert call.start == "INVITE sip:+321@carrier.invalid SIP/2.0"
        assert "x-sr-" not in call.data.decode().lower()


async def test_only_workers_speak_for_the_platform(edge: Edge) -> None:
    async with edge.wire() as wire, edge.wire() as stranger:
        assert (await Phone(wire).register()).status == 200
        caller = Phone(stranger)
        core = ("127.0.0.1", edge.configuration.core_port)
        assert isinstance(stranger, UdpWire)
        stranger.transport.sendto(
            caller.request("INVITE", uri="sip:x@device", more={"X-SR-Device": str(DEVICE)}), core
        )
        assert await Phone(wire).silent()
        assert await caller.silent(0.1)


async def test_a_lamp_shows_what_a_worker_tells(edge: Edge) -> None:
    async with edge.wire() as wire, edge.worker() as worker:
        keeping = asyncio.create_task(well(worker))
        phone = Phone(wire)
        uri = f"sip:101@{edge.server[0]}"
        watch = {"Event": "dialog", "Accept": "application/dialog-info+xml", "Expires": "600"}
        challenge = await phone.ask(phone.request("SUBSCRIBE", uri=uri, to=f"<{uri}>", more=watch))
        said = phone.authorization(challenge, "SUBSCRIBE", uri)
        subscribe = phone.request("SUBSCRIBE", uri=uri, to=f"<{uri}>", more={**watch, **said})
        assert (await phone.ask(subscribe)).status == 200
        first = await phone.asked("NOTIFY")
        assert first.start.startswith("NOTIFY sip:phone@")
        await wire.send(first.reply(200, "OK"))
        body = (
            '<?xml version="1.0"?>\r\n<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="1" '
            f'state="full" entity="sip:101@{REALM}"><dialog id="1"><state>confirmed</state></dialog>'
            "</dialog-info>\r\n"
        )
        teller = Phone(worker)
        published = teller.request(
            "PUBLISH",
            uri=f"sip:101@{REALM}",
            to=f"<sip:101@{REALM}>",
            more={"Event": "dialog", "Content-Type": "application/dialog-info+xml", "Expires": "600"},
            body=body,
        )
        worker.transport.sendto(published, ("127.0.0.1", edge.configuration.core_port))
        assert "<state>confirmed</state>" in (await phone.asked("NOTIFY")).body
        keeping.cancel()

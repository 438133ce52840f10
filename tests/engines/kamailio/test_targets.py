"""Targets of requests: a Contact is what somebody has written, and leads to nothing that is only ours."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from switchroom.engines.kamailio.configuration import Limits
from tests.engines.kamailio.conftest import DEVICE, Edge
from tests.engines.kamailio.phones import REALM, Phone, UdpWire, udp
from tests.engines.kamailio.test_calls import received

pytestmark = pytest.mark.kamailio


def own_address() -> str:
    """An address of this machine that others can reach."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("198.51.100.1", 9))
        return str(probe.getsockname()[0])


@pytest.fixture
async def open_edge(tmp_path: Path, limits: Limits) -> AsyncIterator[Edge]:
    """One that serves others than this machine."""
    edge = Edge(tmp_path, limits, own_address())
    await edge.engine.start()
    yield edge
    await edge.engine.stop()


class Inside:
    """What trusts whoever connects from this machine."""

    def __init__(self) -> None:
        self.connections = 0
        self.port = 0

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.close()


@pytest.fixture
async def inside() -> AsyncIterator[Inside]:
    inside = Inside()
    server = await asyncio.start_server(inside.connected, "127.0.0.1", 0)
    inside.port = server.sockets[0].getsockname()[1]
    async with server:
        yield inside


TARGETS = (
    "<sip:x@127.0.0.1:{port};transport=tcp>",
    "<sip:x@localhost:{port};transport=tcp>",
    "<sip:x@[::ffff:127.0.0.1]:{port};transport=tcp>",
)


async def send_in_dialog(edge: Edge, phone: Phone, worker: UdpWire, method: str, contact: str = "") -> None:
    """A call of the phone's, answered; and a request of the worker's within it."""
    await phone.invite(more={"Contact": contact} if contact else None)
    call = await received(worker)
    host, port = worker.address
    await worker.send(call.reply(200, "OK", f"Contact: <sip:call@{host}:{port}>"))
    answer = await phone.answer()
    assert answer.status == 200
    back = Phone(worker)
    back.call_id = phone.call_id
    request = back.request(
        method,
        uri=call.header("Contact").strip("<>"),
        to=call.header("From"),
        sender=answer.header("To"),
        more={"Route": ", ".join(call.all("Record-Route"))},
    )
    worker.transport.sendto(request, ("127.0.0.1", edge.configuration.core_port))


@pytest.mark.parametrize("target", TARGETS)
async def test_a_call_leads_to_no_place_inside(open_edge: Edge, inside: Inside, target: str) -> None:
    contact = target.format(port=inside.port)
    async with udp(open_edge.server, host=open_edge.server[0]) as wire, open_edge.worker() as worker:
        for method in ("INFO", "ACK", "BYE"):
            phone = Phone(wire)
            await send_in_dialog(open_edge, phone, worker, method, contact)
            await phone.asked(method)
        assert (await phone.register(more={"Contact": contact})).status == 200
        ring_device(open_edge, worker)
        assert (await phone.asked("INVITE")).start.startswith("INVITE sip:x@")
        await subscribe(Phone(wire), contact)
        await asyncio.sleep(0.5)  # what a NOTIFY would have used
    assert inside.connections == 0


@pytest.mark.parametrize(
    "target",
    ["<sip:+premium@{host}:{port}>", "<sip:x@slow.invalid>"],
)
async def test_a_device_rings_where_it_has_registered_from(edge: Edge, target: str) -> None:
    """Not where its Contact says: a carrier that knows us by address would take the call as ours."""
    async with edge.wire() as wire, udp() as carrier, edge.worker() as worker:
        host, port = carrier.address[:2]
        contact = target.format(host=host, port=port)
        phone = Phone(wire)
        assert (await phone.register(more={"Contact": contact})).status == 200
        ring_device(edge, worker)
        await phone.asked("INVITE")
        assert await Phone(carrier).silent(0.2)


@pytest.mark.parametrize(
    "contact",
    [
        "<sip:x@192.0.2.77;alias=192.0.2.1~5060~1>",
        "<sip:x@192.0.2.77>;received=sip:192.0.2.1",
        "<sip:x@192.0.2.77>\r\nContact: <sip:x@192.0.2.77>;received=sip:192.0.2.1",
    ],
)
async def test_a_contact_with_a_place_of_its_own_is_refused(edge: Edge, contact: str) -> None:
    async with edge.wire() as wire:
        phone = Phone(wire)
        for method in ("REGISTER", "INVITE") if ";alias=" in contact else ("REGISTER",):
            answer = await phone.ask(phone.request(method, more={"Contact": contact}))
            assert answer.status == 400


def ring_device(edge: Edge, worker: UdpWire) -> None:
    invite = Phone(worker).request("INVITE", uri="sip:x@device", more={"X-SR-Device": str(DEVICE)})
    worker.transport.sendto(invite, ("127.0.0.1", edge.configuration.core_port))


async def subscribe(phone: Phone, contact: str) -> None:
    """Watch a lamp, which is told at once to the contact."""
    uri = f"sip:101@{REALM}"
    more = {"Event": "dialog", "Accept": "application/dialog-info+xml", "Expires": "600", "Contact": contact}
    challenge = await phone.ask(phone.request("SUBSCRIBE", uri=uri, to=f"<{uri}>", more=more))
    said = phone.authorization(challenge, "SUBSCRIBE", uri)
    await phone.ask(phone.request("SUBSCRIBE", uri=uri, to=f"<{uri}>", more={**more, **said}))


async def test_a_phone_elsewhere_is_reached(open_edge: Edge) -> None:
    host = open_edge.server[0]
    async with udp(open_edge.server, host=host) as wire, open_edge.worker() as worker:
        phone = Phone(wire)
        await send_in_dialog(open_edge, phone, worker, "INFO")
        assert (await phone.asked("INFO")).start.startswith("INFO sip:phone@")
    async with (
        udp(open_edge.server, host=host) as wire,
        open_edge.wire("ws") as browser,
        open_edge.worker() as worker,
    ):
        for one in (wire, browser):
            assert (await Phone(one).register()).status == 200
        ring = Phone(worker).request("INVITE", uri="sip:x@device", more={"X-SR-Device": str(DEVICE)})
        worker.transport.sendto(ring, ("127.0.0.1", open_edge.configuration.core_port))
        for one in (wire, browser):
            assert (await Phone(one).asked("INVITE")).start.startswith("INVITE sip:phone@")
    async with udp(open_edge.server, host=host) as wire:
        watcher = Phone(wire)
        await subscribe(watcher, watcher.contact)
        assert (await watcher.asked("NOTIFY")).start.startswith("NOTIFY sip:phone@")


async def test_a_phone_on_this_machine_is_reached_where_it_is(open_edge: Edge) -> None:
    core = ("127.0.0.1", open_edge.configuration.core_port)
    async with udp(open_edge.server) as wire, open_edge.worker() as worker:
        assert wire.address[0] == "127.0.0.1"
        phone = Phone(wire)
        await send_in_dialog(open_edge, phone, worker, "INFO")
        assert (await phone.asked("INFO")).start.startswith("INFO sip:phone@")
        assert (await phone.register()).status == 200
        await open_edge.engine.stop()
        await open_edge.engine.start()
        ring = Phone(worker).request("INVITE", uri="sip:x@device", more={"X-SR-Device": str(DEVICE)})
        worker.transport.sendto(ring, core)
        assert (await phone.asked("INVITE")).start.startswith("INVITE sip:phone@")


async def test_a_carrier_that_the_operator_allows_here_is_reached(open_edge: Edge) -> None:
    async with udp(open_edge.server) as carrier, open_edge.worker() as worker:
        open_edge.add_trunk(5, carrier.address)
        host, port = carrier.address[:2]
        caller = Phone(worker)
        core = ("127.0.0.1", open_edge.configuration.core_port)
        more = {"X-SR-Next-Hop": f"sip:{host}:{port}"}
        worker.transport.sendto(caller.request("INVITE", uri="sip:+321@carrier.invalid", more=more), core)
        invite = await Phone(carrier).asked("INVITE")
        await carrier.send(invite.reply(200, "OK", f"Contact: <sip:far@{host}:{port}>"))
        answer = await caller.answer()
        while answer.header("CSeq") != "1 INVITE":
            answer = await caller.answer()
        routes = {"Route": ", ".join(reversed(answer.all("Record-Route")))}
        bye = caller.request("BYE", uri=f"sip:far@{host}:{port}", to=answer.header("To"), more=routes)
        worker.transport.sendto(bye, core)
        assert (await Phone(carrier).asked("BYE")).start.startswith("BYE sip:far@")

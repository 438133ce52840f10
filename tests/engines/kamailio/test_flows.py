"""Flows: within a dialog a phone is spoken to by its connection, and by that of its registration when the one
it had is not there any more."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from switchroom.engines.supervisor import ProcessState
from tests.engines.kamailio.conftest import DEVICE, Edge
from tests.engines.kamailio.phones import Message, Phone, UdpWire, Wire
from tests.engines.kamailio.test_calls import received

pytestmark = pytest.mark.kamailio

STREAMS = ("tcp", "tls", "ws")


class Dialog:
    """A call of a worker with a phone, as the worker knows it."""

    def __init__(self, worker: UdpWire, device: int, target: str, to: str, sender: str, routes: str) -> None:
        self._worker = worker
        self._phone = Phone(worker)
        self._device = device
        self._target, self._to, self._sender, self._routes = target, to, sender, routes

    async def send(self, method: str) -> None:
        more = {"Route": self._routes, "X-SR-Device": str(self._device)}
        request = self._phone.request(
            method, uri=self._target.strip("<>"), to=self._to, sender=self._sender, more=more
        )
        await self._worker.send(request)


async def calling(worker: UdpWire, wire: Wire) -> Dialog:
    """The phone has called, and is answered."""
    phone = Phone(wire)
    await phone.invite()
    call = await received(worker)
    host, port = worker.address
    await worker.send(call.reply(200, "OK", f"Contact: <sip:call@{host}:{port}>"))
    answer = await phone.answer()
    routes = ", ".join(call.all("Record-Route"))
    return Dialog(worker, DEVICE, call.header("Contact"), call.header("From"), answer.header("To"), routes)


async def called(edge: Edge, worker: UdpWire, wire: Wire) -> Dialog:
    """The phone is called, and has answered."""
    caller = Phone(worker)
    worker.last = ("127.0.0.1", edge.configuration.core_port)
    await worker.send(
        caller.request("INVITE", uri="sip:202@example.org", to="<sip:202@example.org>",
                       sender="<sip:core@example.org>;tag=core", more={"X-SR-Device": str(DEVICE)})
    )  # fmt: skip
    phone = Phone(wire)
    invite = await phone.asked("INVITE")
    await wire.send(invite.reply(200, "OK", f"Contact: {phone.contact}"))
    async with asyncio.timeout(60):
        answer = Message(await worker.receive())
        while not answer.start.startswith("SIP/2.0 200") or "INVITE" not in answer.header("CSeq"):
            if answer.start.startswith("OPTIONS"):
                await worker.send(answer.reply(200, "OK"))
            answer = Message(await worker.receive())
    routes = ", ".join(reversed(answer.all("Record-Route")))
    return Dialog(
        worker, DEVICE, answer.header("Contact"), answer.header("To"), answer.header("From"), routes
    )


async def restarted(edge: Edge) -> None:
    """Kill the server, and wait until there is another one."""
    before = edge.engine.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    async with asyncio.timeout(60):
        # One that has just died has no id and is ready still, and its children answer for a moment.
        while edge.engine.state is not ProcessState.READY or edge.engine.pid in (None, before):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("direction", ["calling", "called"])
async def test_a_phone_comes_back_after_the_server_was_killed(edge: Edge, kind: str, direction: str) -> None:
    """Its calls can be changed and ended from our side; by what it says of itself in the dialog."""
    async with edge.worker() as worker:
        async with edge.wire(kind) as wire:
            assert (await Phone(wire).register()).status == 200
            if direction == "calling":
                dialog = await calling(worker, wire)
            else:
                dialog = await called(edge, worker, wire)
            await dialog.send("INFO")
            first = await Phone(wire).asked("INFO")
            await wire.send(first.reply(200, "OK"))
            await received_answer(worker, "INFO")
            await restarted(edge)
        async with edge.wire(kind) as wire:
            phone = Phone(wire)
            assert (await phone.register()).status == 200
            await dialog.send("BYE")
            bye = await phone.asked("BYE")
            assert bye.start.split()[1] == first.start.split()[1]
            assert not [line for line in bye.lines if line.lower().startswith("x-sr-")]
            await wire.send(bye.reply(200, "OK"))
            await received_answer(worker, "BYE")


async def received_answer(worker: UdpWire, method: str) -> None:
    """Wait for the 200 to a request of a worker."""
    async with asyncio.timeout(60):
        while True:
            message = Message(await worker.receive())
            if message.start.startswith("OPTIONS"):
                await worker.send(message.reply(200, "OK"))
            if message.header("CSeq").endswith(method):
                assert message.status == 200
                return


async def test_a_phone_with_two_connections_is_spoken_to_by_that_of_the_call(edge: Edge) -> None:
    async with edge.worker() as worker, edge.wire("tcp") as first, edge.wire("tcp") as second:
        dialog = await calling(worker, first)
        assert (await Phone(second).register()).status == 200
        await dialog.send("BYE")
        await Phone(first).asked("BYE")
        assert await Phone(second).silent()


async def test_of_several_phones_the_one_that_has_the_dialog_is_found(edge: Edge) -> None:
    """The others say that they have none."""
    async with edge.worker() as worker:
        async with edge.wire("tcp") as wire:
            dialog = await calling(worker, wire)
            await restarted(edge)
        async with edge.wire("ws") as other, edge.wire("tcp") as wire:
            for one in (other, wire):
                assert (await Phone(one).register()).status == 200
            await dialog.send("BYE")
            await other.send((await Phone(other).asked("BYE")).reply(481, "Call Does Not Exist"))
            await wire.send((await Phone(wire).asked("BYE")).reply(200, "OK"))
            await received_answer(worker, "BYE")

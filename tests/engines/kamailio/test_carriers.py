"""Calls from carriers at the edge: who they are by address, or by the contact that was registered there."""

from __future__ import annotations

import asyncio
import secrets

import pytest

from switchroom.engines.kamailio.configuration import Limits
from switchroom.engines.kamailio.dispatching import worker_of
from switchroom.engines.kamailio.rpc import KamailioRpc
from tests.engines.kamailio.conftest import ACCOUNT, DEVICE, Edge
from tests.engines.kamailio.phones import REALM, Message, Phone, UdpWire, tcp, udp
from tests.engines.kamailio.test_calls import answering, received

pytestmark = pytest.mark.kamailio

TRUNK, OTHER_TRUNK, OTHER_ACCOUNT = 5, 6, 4
NUMBER, OTHER_NUMBER = "+3225550100", "+3225550199"
TOKEN = f"t{secrets.token_hex(16)}"


class Carrier(Phone):
    """A carrier on a wire, which calls numbers of ours."""

    async def call(self, number: str = NUMBER, **more: str) -> None:
        """Send an INVITE, without credentials."""
        host, port = "127.0.0.1", 5060
        uri = f"sip:{number}@{host}:{port}"
        self.call_id = secrets.token_hex(8)
        sender = more.pop("sender", "<sip:+3225550123@carrier.example>;tag=c")
        await self.wire.send(self.request("INVITE", uri=uri, to=f"<{uri}>", sender=sender, more=more))

    async def refused(self, number: str = NUMBER, **more: str) -> int:
        await self.call(number, **more)
        return (await self.answer()).status


def ours(message: Message) -> dict[str, str]:
    """The headers of ours in a message."""
    pairs = [line.partition(": ") for line in message.lines if line.lower().startswith("x-sr-")]
    return {name: value for name, _, value in pairs}


async def nothing(worker: UdpWire, seconds: float = 0.3) -> None:
    """Nothing comes to a worker but questions whether it is well."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds):
            await received(worker)


async def test_a_carrier_is_known_by_its_address(edge: Edge) -> None:
    async with edge.wire() as wire, edge.worker() as worker:
        edge.add_trunk(TRUNK, wire.address)
        carrier = Carrier(wire)
        await carrier.call(**{"X-SR-Trunk": "99", "x-sr-account": "99", "X-SR-Device": "1"})
        call = await received(worker)
        host, port = wire.address[:2]
        assert ours(call) == {
            "X-SR-Trunk": str(TRUNK),
            "X-SR-Account": str(ACCOUNT),
            "X-SR-Source": f"udp;{host};{port}",
        }
        await worker.send(call.reply(486, "Busy Here", "X-SR-Trunk: 5"))
        answer = await carrier.answer()
        assert (answer.status, ours(answer)) == (486, {})


async def test_a_call_from_a_carrier_goes_both_ways(edge: Edge) -> None:
    async with edge.wire() as wire, edge.worker() as worker:
        edge.add_trunk(TRUNK, wire.address)
        carrier = Carrier(wire)
        await carrier.call()
        call = await received(worker)
        contact = "sip:core@{}:{}".format(*worker.address)
        await worker.send(call.reply(200, "OK", f"Contact: <{contact}>"))
        answer = await carrier.answer()
        routes = {"Route": ", ".join(reversed(answer.all("Record-Route")))}
        sender = "<sip:+3225550123@carrier.example>;tag=c"
        await wire.send(
            carrier.request("BYE", uri=contact, to=answer.header("To"), more=routes, sender=sender)
        )
        bye = await received(worker, "BYE")
        await worker.send(bye.reply(200, "OK"))
        assert (await carrier.answer()).status == 200


async def test_nobody_else_calls_without_credentials(edge: Edge) -> None:
    async with edge.wire() as wire, edge.wire() as stranger, edge.worker() as worker:
        edge.add_trunk(TRUNK, wire.address)
        edge.add_number(NUMBER, trunk_id=TRUNK)
        forged = "<sip:+3225550123@carrier.example>;tag=c"
        claims = {"P-Asserted-Identity": "<sip:+3225550123@carrier.example>", "sender": forged}
        assert await Carrier(stranger).refused(**claims) == 407
        async with edge.wire("tcp") as stream:
            # By its address: a port of a connection says nothing.
            await Carrier(stream).call()
            assert ours(await received(worker))["X-SR-Trunk"] == str(TRUNK)
        async with udp(edge.server, host="127.0.0.2") as elsewhere:
            assert await Carrier(elsewhere).refused(**claims) == 407
        for method in ("MESSAGE", "REFER", "SUBSCRIBE"):
            carrier = Carrier(wire)
            assert (await carrier.ask(carrier.request(method, uri=f"sip:101@{REALM}"))).status == 407
        await nothing(worker)


async def test_a_registered_contact_is_good_from_the_carriers_address_only(edge: Edge) -> None:
    async with edge.wire() as wire, edge.worker() as worker:
        edge.add_trunk(TRUNK, ("127.0.0.1", 9), token=TOKEN)
        await Carrier(wire).call(TOKEN)
        call = await received(worker)
        assert call.start.startswith(f"INVITE sip:{TOKEN}@")
        assert ours(call)["X-SR-Trunk"] == str(TRUNK)
        assert await Carrier(wire).refused(f"t{secrets.token_hex(16)}") == 404
        async with udp(edge.server, host="127.0.0.2") as elsewhere:
            assert await Carrier(elsewhere).refused(TOKEN) == 404
        await worker.send(call.reply(486, "Busy Here"))
        await nothing(worker)


@pytest.mark.parametrize("called", ["+3225550199", "003225550199", "3225550199", "025550199"])
async def test_of_two_accounts_with_one_carrier_the_number_says_which(edge: Edge, called: str) -> None:
    async with edge.wire() as wire, edge.worker(0) as first, edge.worker(1) as second:
        edge.add_trunk(TRUNK, wire.address)
        edge.add_trunk(OTHER_TRUNK, wire.address, account=OTHER_ACCOUNT)
        edge.add_number(NUMBER, trunk_id=TRUNK)
        edge.add_number(OTHER_NUMBER, OTHER_ACCOUNT, OTHER_TRUNK)
        carrier = Carrier(wire)
        taken: list[int] = []
        workers = [asyncio.create_task(answering(one, i, taken)) for i, one in enumerate((first, second))]
        assert await carrier.refused(called) == 486
        assert await carrier.refused(NUMBER) == 486
        ports = edge.configuration.interfaces.workers
        assert [ports[one] for one in taken] == [worker_of(4, ports), worker_of(3, ports)]
        for nobodys in ("+3225550177", "100", "nobody", "anonymous;phone-context=x"):
            assert await carrier.refused(nobodys) == 404
        assert len(taken) == 2
        for one in workers:
            one.cancel()


async def test_rules_of_a_trunk_and_its_own_numbers_come_first(edge: Edge) -> None:
    async with edge.wire() as wire, edge.worker() as worker:
        edge.add_trunk(TRUNK, wire.address, order=1)
        edge.add_trunk(OTHER_TRUNK, wire.address, order=2)
        edge.add_trunk(8, wire.address, account=OTHER_ACCOUNT, stripped=2, prepended="+322")
        edge.add_number(OTHER_NUMBER, trunk_id=OTHER_TRUNK)
        edge.add_number("+3225550188", OTHER_ACCOUNT, 8)
        for called, trunk in ((OTHER_NUMBER, OTHER_TRUNK), ("995550188", 8)):
            await Carrier(wire).call(called)
            call = await received(worker)
            assert ours(call)["X-SR-Trunk"] == str(trunk), called
            await worker.send(call.reply(486, "Busy Here"))


async def test_a_phone_with_the_address_of_a_carrier_is_a_phone(edge: Edge) -> None:
    async with edge.wire() as wire, edge.worker() as worker:
        edge.add_trunk(TRUNK, wire.address)
        edge.add_number(NUMBER, trunk_id=TRUNK)
        phone = Phone(wire)
        assert (await phone.register()).status == 200
        await phone.invite(NUMBER)
        call = await received(worker)
        assert ours(call)["X-SR-Device"] == str(DEVICE)
        assert "X-SR-Trunk" not in ours(call)
        await worker.send(call.reply(486, "Busy Here"))
        assert (await phone.answer()).status == 486
        prefixed = Phone(wire, "acme.ab12cd34")
        await prefixed.invite(NUMBER)
        assert ours(await received(worker))["X-SR-Device"] == str(DEVICE)


async def test_what_is_said_is_no_part_of_a_query(edge: Edge) -> None:
    edge.add_trunk(TRUNK, ("127.0.0.1", 9), token=TOKEN)
    async with edge.wire() as wire, edge.worker() as worker:
        carrier = Carrier(wire)
        for number in (f"{TOKEN}'or'1'='1", "1'or'1'='1", "%27--", "+1'||'", "+"):
            assert await carrier.refused(number) == 407, number
        edge.add_trunk(TRUNK, wire.address)
        edge.add_trunk(OTHER_TRUNK, wire.address, account=OTHER_ACCOUNT)
        await asyncio.sleep(2.5)  # who is no carrier is remembered for two seconds
        for number in ("1'or'1'='1", "%27--"):
            sender = "<sip:x'or'1'='1@a'b.example>;tag=c"
            assert await carrier.refused(number, sender=sender) in (400, 404), number
        await nothing(worker)


async def test_a_new_carrier_counts_within_seconds_and_after_a_restart(edge: Edge) -> None:
    async with edge.wire() as wire, edge.worker() as worker:
        carrier = Carrier(wire)
        assert await carrier.refused() == 407
        edge.add_trunk(TRUNK, wire.address)
        async with asyncio.timeout(60):
            while await first_status(carrier, worker) != 486:  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.1)
        await edge.engine.stop()
        await edge.engine.start()
        assert await first_status(carrier, worker) == 486
        edge.execute("delete from sip_trunks")
        assert await carrier.refused() == 407


async def first_status(carrier: Carrier, worker: UdpWire) -> int:
    """What a call gets, which is refused with 486 where it comes to the worker."""
    taken = asyncio.create_task(answering(worker, 0, []))
    try:
        return await carrier.refused()
    finally:
        taken.cancel()


class TestBans:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(slow_after=50, ban_after=3, ban_time=600, device_registers=(100, 1000))

    async def test_a_carrier_calls_from_an_address_that_is_banned_for_phones(self, edge: Edge) -> None:
        async with edge.wire() as wire, edge.wire() as other, edge.worker() as worker:
            edge.add_trunk(TRUNK, wire.address)
            guesser = Phone(other, password="guess")
            for _ in range(2):
                await guesser.register()
            challenge = await guesser.ask(guesser.request("REGISTER"))
            said = guesser.authorization(challenge, "REGISTER", f"sip:{REALM}")
            await other.send(guesser.request("REGISTER", more=said))
            async with KamailioRpc(edge.configuration.interfaces) as rpc, asyncio.timeout(60):
                while not await rpc.bans():  # noqa: ASYNC110 - another process does it
                    await asyncio.sleep(0.05)
            right = Phone(other)
            for method in ("REGISTER", "INVITE", "SUBSCRIBE"):
                await other.send(right.request(method, uri=f"sip:101@{REALM}"))
                assert await right.silent(0.3), method
            await Carrier(wire).call()
            assert ours(await received(worker))["X-SR-Trunk"] == str(TRUNK)


class TestLimits:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(trunk_invites=(100, 3))

    async def test_a_trunk_brings_so_many_calls_a_minute(self, edge: Edge) -> None:
        async with edge.wire() as wire, edge.worker() as worker:
            edge.add_trunk(TRUNK, wire.address)
            carrier, taken = Carrier(wire), list[int]()
            answers = asyncio.create_task(answering(worker, 0, taken))
            statuses = [await carrier.refused() for _ in range(8)]
            answers.cancel()
            # The minute may have turned once.
            assert statuses.count(503) >= 2
            assert len(taken) == statuses.count(486) <= 6


async def test_the_platform_registers_at_carriers_and_nobody_else_does(edge: Edge) -> None:
    core = ("127.0.0.1", edge.configuration.core_port)
    contact = f"<sip:{TOKEN}@192.0.2.1:5060>;expires=300"
    async with edge.wire() as carrier, udp(port=edge.configuration.interfaces.trunks_port) as trunks:
        platform = Phone(trunks)
        host, port = carrier.address[:2]
        more = {"X-SR-Next-Hop": f"sip:{host}:{port};transport=udp", "Contact": contact}
        trunks.transport.sendto(platform.request("REGISTER", uri="sip:carrier.invalid", more=more), core)
        register = await Phone(carrier).asked("REGISTER")
        assert register.start == "REGISTER sip:carrier.invalid SIP/2.0"
        assert register.all("Contact") == [contact]
        assert register.all("Record-Route") == []
        assert ours(register) == {}
        await carrier.send(register.reply(200, "OK", f"Contact: {contact}"))
        answer = await platform.answer()
        assert answer.all("Contact") == [contact]
        trunks.transport.sendto(platform.request("INVITE", uri="sip:carrier.invalid", more=more), core)
        assert await Phone(carrier).silent(0.3)
        async with udp(port=0) as stranger:
            other = Phone(stranger)
            stranger.transport.sendto(other.request("REGISTER", uri="sip:carrier.invalid", more=more), core)
            assert await Phone(carrier).silent(0.3)


async def test_a_carrier_by_tcp_is_called_by_tcp(edge: Edge) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.put_nowait(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, edge.worker() as worker:
        caller = Phone(worker)
        more = {"X-SR-Next-Hop": f"sip:127.0.0.1:{port};transport=tcp"}
        core = ("127.0.0.1", edge.configuration.core_port)
        worker.transport.sendto(caller.request("INVITE", uri="sip:+321@carrier.invalid", more=more), core)
        async with asyncio.timeout(60):
            call = Message(await heard.get())
        assert call.start == "INVITE sip:+321@carrier.invalid SIP/2.0"
        assert f"Via: SIP/2.0/TCP 127.0.0.1:{edge.configuration.port}" in call.data.decode()


async def test_a_stream_from_elsewhere_is_a_strangers(edge: Edge) -> None:
    edge.add_trunk(TRUNK, ("192.0.2.9", 5060))
    async with tcp(edge.configuration.port) as wire:
        assert await Carrier(wire).refused() == 407

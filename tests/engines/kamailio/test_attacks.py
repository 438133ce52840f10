"""Attacks: guessed passwords, floods, scanners, what no phone sends. Whoever behaves goes on meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from switchroom.engines.kamailio.configuration import Limits
from switchroom.engines.kamailio.events import Banned, Connected, kamailio_events
from switchroom.engines.kamailio.rpc import Ban, KamailioRpc
from switchroom.engines.supervisor import ProcessState
from tests.engines.kamailio.conftest import Edge
from tests.engines.kamailio.phones import REALM, Phone, udp, web
from tests.engines.kamailio.test_calls import received
from tests.engines.kamailio.test_registering import until

pytestmark = pytest.mark.kamailio

TORTURE = sorted(Path(__file__).parents[2].glob("sip/**/*.dat"))


class TestBans:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(slow_after=3, ban_after=5, ban_time=600, slow_time=1500, device_registers=(100, 1000))

    async def test_failed_credentials_slow_an_address_and_ban_it(self, edge: Edge) -> None:
        events = kamailio_events(edge.configuration.interfaces)
        assert await anext(events) == Connected()
        async with edge.wire() as wire, KamailioRpc(edge.configuration.interfaces) as rpc:
            guesser = Phone(wire, password="guess")
            took: list[float] = []
            for _ in range(4):
                began = time.monotonic()
                assert (await guesser.register()).status == 401
                took.append(time.monotonic() - began)
            assert min(took[:2]) < 1.5 <= min(took[2:])
            assert await rpc.bans() == []
            challenge = await guesser.ask(guesser.request("REGISTER"))
            said = guesser.authorization(challenge, "REGISTER", f"sip:{REALM}")
            began = time.time()
            await wire.send(guesser.request("REGISTER", more=said))
            async with asyncio.timeout(60):
                assert await anext(events) == Banned("127.0.0.1")
            assert await guesser.silent()
            await wire.send(guesser.request("OPTIONS"))
            assert await guesser.silent()
            (ban,) = await rpc.bans()
            assert ban == Ban("127.0.0.1", ban.until)
            assert began + 598 < ban.until <= time.time() + 601
            assert await rpc.unban("127.0.0.1")
            assert not await rpc.unban("127.0.0.1")
            assert (await Phone(wire).register()).status == 200
        await events.aclose()

    async def test_bans_outlive_a_crash_and_are_lifted_for_good(self, edge: Edge) -> None:
        async with edge.wire() as wire, KamailioRpc(edge.configuration.interfaces) as rpc:
            guesser = Phone(wire, password="guess")
            for _ in range(4):
                await guesser.register()
            challenge = await guesser.ask(guesser.request("REGISTER"))
            said = guesser.authorization(challenge, "REGISTER", f"sip:{REALM}")
            await wire.send(guesser.request("REGISTER", more=said))
            before = await _banned(rpc)
            assert [ban.address for ban in before] == ["127.0.0.1"]
            assert await guesser.silent()
            await _killed(edge)
            assert await rpc.bans() == before
            await wire.send(guesser.request("OPTIONS"))
            assert await guesser.silent()

            assert await rpc.unban("127.0.0.1")
            await _killed(edge)
            assert await rpc.bans() == []
            assert (await Phone(wire).register()).status == 200

    async def test_a_challenge_is_no_failure(self, edge: Edge) -> None:
        async with edge.wire() as wire:
            phone = Phone(wire)
            for _ in range(10):
                assert (await phone.ask(phone.request("REGISTER"))).status == 401
            assert (await phone.register()).status == 200

    async def test_an_old_nonce_is_no_failure(self, edge: Edge) -> None:
        async with edge.wire() as wire:
            phone = Phone(wire)
            challenge = await phone.ask(phone.request("REGISTER"))
            for _ in range(10):
                said = phone.authorization(challenge, "REGISTER", f"sip:{REALM}")
                await phone.ask(phone.request("REGISTER", more=said))
            assert (await phone.register()).status == 200

    async def test_a_nonce_of_ones_own_bans_nobody_else(self, edge: Edge) -> None:
        """Forged datagrams with wrong credentials: nonces are of the address that got them."""
        async with edge.wire() as wire, KamailioRpc(edge.configuration.interfaces) as rpc:
            phone = Phone(wire, password="guess")
            async with udp(edge.server, host="127.0.0.2") as forging:
                forger = Phone(forging, password="guess")
                for _ in range(10):
                    challenge = await phone.ask(phone.request("REGISTER"))
                    said = phone.authorization(challenge, "REGISTER", f"sip:{REALM}")
                    assert (await forger.ask(forger.request("REGISTER", more=said))).status == 401
            assert await rpc.bans() == []

    async def test_browsers_are_told_apart(self, edge: Edge) -> None:
        url = edge.configuration.interfaces.websocket_url
        async with web(url, "192.0.2.66|1") as bad, KamailioRpc(edge.configuration.interfaces) as rpc:
            guesser = Phone(bad, password="guess")
            for _ in range(4):
                assert (await guesser.register()).status == 401
            challenge = await guesser.ask(guesser.request("REGISTER"))
            said = guesser.authorization(challenge, "REGISTER", f"sip:{REALM}")
            await bad.send(guesser.request("REGISTER", more=said))
            assert [ban.address for ban in await _banned(rpc)] == ["192.0.2.66"]
            assert await guesser.silent()
        async with edge.wire("ws") as good:
            assert (await Phone(good).register()).status == 200


async def _banned(rpc: KamailioRpc) -> Sequence[Ban]:
    """The bans, once there are any: who guesses is slowed down before."""
    async with asyncio.timeout(60):
        while not (bans := await rpc.bans()):  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.05)
    return bans


async def _killed(edge: Edge) -> None:
    """Kill it, and wait until it answers again."""
    pid = edge.engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await until(lambda: edge.engine.pid not in (None, pid) and edge.engine.state is ProcessState.READY)


class TestLimits:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(device_registers=(100, 3), device_invites=(100, 2))

    async def test_a_device_registers_and_calls_only_so_often(self, edge: Edge) -> None:
        async with edge.wire() as wire, edge.worker() as worker:
            phone = Phone(wire)
            answers = [(await phone.register()).status for _ in range(8)]
            assert answers.count(200) <= 6, "three a minute, and a minute may begin meanwhile"
            assert answers.count(503) == len(answers) - answers.count(200)
            calls = 0
            calling = asyncio.create_task(received(worker))
            for _ in range(6):
                await phone.invite()
                answering = asyncio.create_task(phone.answer())
                await asyncio.wait({calling, answering}, return_when=asyncio.FIRST_COMPLETED)
                if calling.done():
                    calls += 1
                    await worker.send(calling.result().reply(486, "Busy Here"))
                    calling = asyncio.create_task(received(worker))
                    assert (await answering).status == 486
                else:
                    assert answering.result().status == 503
            calling.cancel()
            assert calls in range(2, 5)


async def test_scanners_get_nothing(edge: Edge) -> None:
    async with edge.wire() as wire:
        phone = Phone(wire)
        await wire.send(phone.request("OPTIONS", more={"User-Agent": "friendly-scanner"}))
        assert await phone.silent()
        assert (await phone.ask(phone.request("OPTIONS"))).status == 200


async def test_messages_that_no_phone_sends_do_no_harm(edge: Edge) -> None:
    assert TORTURE
    pid = edge.engine.pid
    async with edge.wire() as wire, edge.worker():
        assert (await Phone(wire).register()).status == 200
        for file in TORTURE:
            data = file.read_bytes()
            async with udp(edge.server) as attacker:
                for cut in (len(data), len(data) // 2, 20):
                    await attacker.send(data[:cut])
            async with edge.wire("tcp") as stream:
                await stream.send(data)
        for data in (b"", b"\0" * 1000, b"\r\n\r\n", b"INVITE " + b"a" * 60_000, b"\xff" * 60_000):
            await wire.send(data)
        for method in ("OPTIONS", "REGISTER"):
            phone = Phone(wire)
            await wire.send(phone.request(method, body="x" * 55_000))
        phone = Phone(wire)
        assert (await phone.ask(phone.request("INVITE", more={"Max-Forwards": "0"}))).status in (483, 513)
        async with edge.wire() as fresh:
            assert (await Phone(fresh).register()).status == 200
    assert edge.engine.pid == pid
    assert edge.engine.state is ProcessState.READY


async def test_too_long_a_way_and_too_long_a_message_are_refused(edge: Edge) -> None:
    async with edge.wire() as wire:
        phone = Phone(wire)
        assert (await phone.ask(phone.request("INVITE", more={"Max-Forwards": "0"}))).status == 483
        assert (await phone.ask(phone.request("REGISTER", body="x" * 55_000))).status == 513


async def subscribed(phone: Phone) -> int:
    """The answer to a SUBSCRIBE with credentials."""
    uri = f"sip:101@{REALM}"
    more = {"Event": "dialog", "Accept": "application/dialog-info+xml", "Expires": "600"}
    challenge = await phone.ask(phone.request("SUBSCRIBE", uri=uri, to=f"<{uri}>", more=more))
    said = phone.authorization(challenge, "SUBSCRIBE", uri)
    return (await phone.ask(phone.request("SUBSCRIBE", uri=uri, to=f"<{uri}>", more={**more, **said}))).status


class TestFloods:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(address_requests=50, address_dialog_requests=60, device_subscribes=(100, 2))

    async def test_requests_within_dialogs_are_limited_too(self, edge: Edge) -> None:
        async with edge.wire() as wire:
            flooder = Phone(wire)
            for _ in range(1000):
                await wire.send(flooder.request("BYE", to=f"<sip:101@{REALM}>;tag=none"))
                await asyncio.sleep(0)
            for _ in range(60):
                await flooder.receive()
            answered = 60
            while not await flooder.silent(0.3):
                answered += 1
            assert answered < 500

    async def test_a_device_subscribes_only_so_often(self, edge: Edge) -> None:
        async with edge.wire() as wire:
            statuses = [await subscribed(Phone(wire)) for _ in range(6)]
            assert statuses[0] in (200, 202)
            assert statuses.count(503) >= 2, "two a minute, and a minute may begin meanwhile"

    async def test_a_flood_is_dropped_and_others_go_on(self, edge: Edge) -> None:
        async with edge.wire() as wire, edge.wire("ws") as browser:
            flooder = Phone(wire)
            for _ in range(2000):
                await wire.send(flooder.request("REGISTER"))
                await asyncio.sleep(0)
            assert (await Phone(browser).register()).status == 200
            answered = 0
            while not await flooder.silent(0.3):
                answered += 1
            assert answered < 1000

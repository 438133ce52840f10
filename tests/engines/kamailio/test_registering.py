"""Registering: who may, by which names and transports, for how long, and what is left after a crash."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest

from switchroom.engines.kamailio.configuration import Limits
from switchroom.engines.kamailio.events import (
    Connected,
    KamailioEvent,
    RegistrationsChanged,
    kamailio_events,
)
from switchroom.engines.kamailio.rpc import KamailioRpc
from switchroom.engines.kamailio.state import STATE_FILE, Contact, read_contacts
from switchroom.engines.supervisor import ProcessState
from tests.engines.kamailio.conftest import DEVICE, Edge
from tests.engines.kamailio.phones import REALM, Phone

pytestmark = pytest.mark.kamailio


def contacts(edge: Edge) -> list[Contact]:
    return read_contacts(edge.engine.directory / STATE_FILE)


async def until(condition: Callable[[], bool], limit: float = 60.0) -> None:
    async with asyncio.timeout(limit):
        while not condition():  # noqa: ASYNC110 - what another process does wakes nobody here
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("name", ["ab12cd34", "acme.ab12cd34"])
@pytest.mark.parametrize("kind", ["udp", "tcp", "tls", "ws"])
async def test_a_device_registers(edge: Edge, kind: str, name: str) -> None:
    async with edge.wire(kind) as wire:
        answer = await Phone(wire, name).register(120)
        assert answer.status == 200, answer.start
        (contact,) = contacts(edge)
        assert contact.device_id == DEVICE
        assert contact.transport == kind
        assert abs((contact.expires_at - contact.registered_at).total_seconds() - 120) <= 1
        source = ("192.0.2.7", 40000) if kind == "ws" else wire.address[:2]
        assert (contact.address, contact.port) == source


@pytest.mark.parametrize(
    ("name", "password", "realm"),
    [
        ("ab12cd34", "wrong", REALM),
        ("nobody", "secret", REALM),
        ("acme.nobody", "secret", REALM),
        ("ab12cd34", "secret", "other.example.org"),
        ("other.ab12cd34", "secret", REALM),
        ("' or 1=1 --", "secret", REALM),
        ("", "secret", REALM),
    ],
)
async def test_nobody_else_does(edge: Edge, name: str, password: str, realm: str) -> None:
    async with edge.wire() as wire:
        answer = await Phone(wire, name, password, realm).register()
        assert answer.status == 401
        assert contacts(edge) == []


async def test_many_devices_register_at_once(edge: Edge) -> None:
    """As all do when a site has power again."""
    names = [f"phone{number}" for number in range(40)]
    for number, name in enumerate(names):
        edge.add_device(100 + number, name)
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(edge.wire()) for _ in names]
        phones = [Phone(wire, name) for wire, name in zip(wires, names, strict=True)]
        for _ in range(3):
            answers = await asyncio.gather(*(phone.register() for phone in phones))
            assert [answer.status for answer in answers] == [200] * len(names)
    assert len(contacts(edge)) == len(names)


async def test_a_device_without_a_password_is_nobodys(edge: Edge) -> None:
    edge.execute("update sip_credentials set ha1 = ''")
    async with edge.wire() as wire:
        phone = Phone(wire)
        challenge = await phone.ask(phone.request("REGISTER"))
        nonce = challenge.header("WWW-Authenticate").partition('nonce="')[2].partition('"')[0]
        forged = Phone(wire)
        forged.password = ""
        said = dict(forged.authorization(challenge, "REGISTER", f"sip:{REALM}"))
        assert nonce in said["Authorization"]
        assert (await phone.ask(phone.request("REGISTER", more=said))).status == 401


async def test_a_device_registers_for_itself_only(edge: Edge) -> None:
    edge.add_device(18, "other000", "else")
    async with edge.wire() as wire:
        phone = Phone(wire)
        to = f"<sip:other000@{REALM}>"
        challenge = await phone.ask(phone.request("REGISTER", to=to))
        said = phone.authorization(challenge, "REGISTER", f"sip:{REALM}")
        assert (await phone.ask(phone.request("REGISTER", to=to, more=said))).status == 403
        assert contacts(edge) == []


async def test_credentials_are_good_once(edge: Edge) -> None:
    async with edge.wire() as wire, edge.wire() as elsewhere:
        phone, thief = Phone(wire), Phone(elsewhere)
        challenge = await phone.ask(phone.request("REGISTER"))
        said = phone.authorization(challenge, "REGISTER", f"sip:{REALM}")
        request = phone.request("REGISTER", more=said)
        assert (await phone.ask(request)).status == 200
        assert (await phone.ask(request)).status == 200, "a retransmission gets the answer again"
        again = await thief.ask(thief.request("REGISTER", more=said))
        assert again.status == 401
        assert len(contacts(edge)) == 1


async def test_a_registration_is_withdrawn_and_runs_out(edge: Edge) -> None:
    changed: list[KamailioEvent] = []

    async def listen() -> None:
        async for event in kamailio_events(edge.configuration.interfaces):
            changed.append(event)

    listening = asyncio.create_task(listen())
    await until(lambda: changed == [Connected()])
    async with edge.wire() as wire:
        phone = Phone(wire)
        assert (await phone.register()).status == 200
        await until(lambda: len(changed) >= 2)
        assert (await phone.register(0)).status == 200
        assert contacts(edge) == []
        await until(lambda: len(changed) >= 3)
        assert (await phone.register(10)).status == 200
        await until(lambda: len(changed) >= 5)
        assert contacts(edge) == []
    assert changed == [Connected()] + [RegistrationsChanged(DEVICE)] * 4
    listening.cancel()


async def test_too_short_a_registration_is_refused(edge: Edge) -> None:
    async with edge.wire() as wire:
        assert (await Phone(wire).register(5)).status == 423


async def test_registrations_are_there_again_after_a_crash(edge: Edge) -> None:
    async with edge.wire() as wire, edge.worker() as worker:
        assert (await Phone(wire).register()).status == 200
        (before,) = contacts(edge)
        pid = edge.engine.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda: edge.engine.pid not in (None, pid) and edge.engine.state is ProcessState.READY)
        assert contacts(edge) == [before]
        core = ("127.0.0.1", edge.configuration.core_port)
        caller = Phone(worker)
        invite = caller.request("INVITE", uri="sip:ab12cd34@anything", more={"X-SR-Device": str(DEVICE)})
        worker.transport.sendto(invite, core)
        rung = await Phone(wire).asked("INVITE")
        assert rung.start == f"INVITE sip:phone@{wire.address[0]}:{wire.address[1]};transport=udp SIP/2.0"
        assert rung.all("X-SR-Device") == []


async def test_the_platform_can_end_registrations(edge: Edge) -> None:
    async with edge.wire() as wire, KamailioRpc(edge.configuration.interfaces) as rpc:
        assert (await Phone(wire).register()).status == 200
        await rpc.unregister(DEVICE)
        await until(lambda: contacts(edge) == [])
        await rpc.unregister(DEVICE)


async def test_the_platforms_database_is_only_read(edge: Edge) -> None:
    async with edge.wire() as wire:
        await Phone(wire).register()
    with sqlite3.connect(edge.database) as connection:
        tables = {name for (name,) in connection.execute("select name from sqlite_master")}
    assert tables == {"sip_credentials", "sip_trunks", "sip_numbers"}


async def test_without_the_database_devices_are_told_to_come_again(edge: Edge) -> None:
    edge.execute("drop table sip_credentials")
    async with edge.wire() as wire:
        answer = await Phone(wire).register()
        assert answer.status == 503
        assert answer.header("Retry-After") == "5"


class TestManyAtOnce:
    """Processes that write to one file at the same moment wait for each other."""

    PHONES = 200

    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(device_registers=(100, 1000), account_registers=(1000, 10_000), address_requests=10_000)

    async def test_who_finds_the_file_locked_waits(self, edge: Edge) -> None:
        file = edge.engine.directory / STATE_FILE
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            for kind in ("udp", "tcp"):
                async with edge.wire(kind) as wire:
                    other.execute("begin immediate")
                    registering = asyncio.create_task(Phone(wire).register())
                    await asyncio.wait({registering}, timeout=0.5)
                    other.execute("rollback")
                    assert (await registering).status == 200
        assert sorted(one.transport for one in contacts(edge)) == ["tcp", "udp"]

    async def test_no_registration_is_lost(self, edge: Edge) -> None:
        for number in range(self.PHONES):
            edge.add_device(100 + number, f"phone{number}")
        is_over = threading.Event()
        writers = [
            threading.Thread(target=_write_all_the_time, args=(file, is_over))
            for file in (edge.database, edge.engine.directory / STATE_FILE)
        ]
        for writer in writers:
            writer.start()
        # A phone whose connection is closed is one that has gone.
        async with AsyncExitStack() as wires:
            phones = [
                Phone(
                    await wires.enter_async_context(edge.wire("tcp" if number % 4 == 0 else "udp")),
                    f"phone{number}",
                )
                for number in range(self.PHONES)
            ]
            try:
                answers = await asyncio.gather(*(one.register() for one in phones))
            finally:
                is_over.set()
                for writer in writers:
                    writer.join()
            assert {one.status for one in answers} == {200}
            assert {one.device_id for one in contacts(edge)} == {100 + one for one in range(self.PHONES)}


def _write_all_the_time(file: Path, is_over: threading.Event) -> None:
    """Write as other processes do, with hardly a pause."""
    with closing(sqlite3.connect(file, timeout=30, isolation_level=None)) as connection:
        connection.execute("create table if not exists others (number integer)")
        while not is_over.is_set():
            connection.execute("begin immediate")
            connection.executemany("insert into others values (?)", ((one,) for one in range(200)))
            connection.execute("commit")
            is_over.wait(0.001)

"""A NATS server of one's own: closed to strangers, and connections to it that come back."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import psutil
import pytest

from switchroom.engines.nats.configuration import NatsConfiguration
from switchroom.engines.nats.connection import NatsConnection, NatsUnreachable, NoAnswer, NobodyThere
from switchroom.engines.nats.engine import NatsEngine
from switchroom.engines.supervisor import ProcessError
from tests.engines.nats.server import LIMIT, connected, nats_server
from tests.engines.waiting import until


async def test_the_configuration_is_for_its_owner_only(tmp_path: Path) -> None:
    configuration = NatsConfiguration()
    path = configuration.write(tmp_path / "nats")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert configuration.token in path.read_text()
    configuration.write(tmp_path / "nats")


async def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    process = NatsEngine(tmp_path, NatsConfiguration(), "no-such-program")
    with pytest.raises(ProcessError, match="no-such-program is not installed"):
        await process.start()


async def test_who_does_not_know_the_token_stays_outside(tmp_path: Path) -> None:
    async with nats_server(tmp_path) as server:
        port = server.configuration.port
        for stranger in (
            NatsConnection(f"nats://127.0.0.1:{port}"),
            NatsConnection(f"nats://x@127.0.0.1:{port}"),
        ):
            stranger.start()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await stranger.wait_connected()
            await stranger.stop()
        assert server.pid is not None
        (listening,) = [
            one.laddr for one in psutil.Process(server.pid).net_connections() if one.status == "LISTEN"
        ]
        assert listening.ip == "127.0.0.1"


async def test_messages_arrive_in_order_and_requests_are_answered(tmp_path: Path) -> None:
    async with nats_server(tmp_path) as server:
        one, other = NatsConnection(server.configuration.url), NatsConnection(server.configuration.url)
        heard: list[bytes] = []

        async def hear(payload: bytes, reply: str) -> None:
            heard.append(payload)
            if reply:
                await other.publish(reply, b"yes")

        async def ignore(payload: bytes, reply: str) -> None:
            pass

        other.subscribe("news", hear)
        other.subscribe("silence", ignore)
        async with connected(one, other):
            sent = [str(number).encode() for number in range(1000)]
            for payload in sent:
                assert await one.publish("news", payload)
            assert await one.request("news", b"heard?", LIMIT) == b"yes"
            assert heard == [*sent, b"heard?"]
            with pytest.raises(NobodyThere):
                await one.request("nowhere", b"", LIMIT)
            with pytest.raises(NoAnswer):
                await one.request("silence", b"", 0.05)
        assert not await one.publish("news", b"too late")
        with pytest.raises(NatsUnreachable):
            await one.request("news", b"too late", LIMIT)


async def test_connections_come_back_with_the_server(tmp_path: Path) -> None:
    async with nats_server(tmp_path) as server:
        one, other = NatsConnection(server.configuration.url), NatsConnection(server.configuration.url)
        changes: list[bool] = []
        heard = asyncio.Event()

        async def hear(payload: bytes, reply: str) -> None:
            heard.set()

        other.subscribe("news", hear)
        one.on_change(changes.append)
        async with connected(one, other):
            assert server.pid is not None
            psutil.Process(server.pid).kill()
            await until(lambda: changes == [True, False, True] and other.connected)
            await one.publish("news", b"")
            async with asyncio.timeout(LIMIT):
                await heard.wait()
        assert changes == [True, False, True, False]


class Listener:
    """Notes what it hears."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    async def hear(self, payload: bytes, _reply: str) -> None:
        self.heard.append(payload)


async def test_subscriptions_come_and_go_at_any_time(tmp_path: Path) -> None:
    async with nats_server(tmp_path) as server:
        one, other = NatsConnection(server.configuration.url), NatsConnection(server.configuration.url)
        before, twice, later = Listener(), Listener(), Listener()
        first = other.subscribe("news", before.hear)
        other.subscribe("news", twice.hear)
        await first.wait_active()
        async with connected(one, other):
            subscription = other.subscribe("news", later.hear)
            await subscription.wait_active()
            for number in range(100):
                await one.publish("news", b"%d" % number)
            await until(lambda: len(twice.heard) == 100)
            await subscription.close()
            assert later.heard == before.heard == twice.heard
            await first.close()
            await first.close()
            await one.publish("news", b"last")
            await until(lambda: twice.heard[-1] == b"last")
            assert b"last" not in [*before.heard, *later.heard]


async def test_what_is_on_its_way_when_a_subscription_is_closed_is_handled(tmp_path: Path) -> None:
    async with nats_server(tmp_path) as server:
        one, other = NatsConnection(server.configuration.url), NatsConnection(server.configuration.url)
        async with connected(one, other):
            for _ in range(50):
                listener, marker = Listener(), Listener()
                ends = other.subscribe("end", marker.hear)
                subscription = other.subscribe("news", listener.hear)
                await subscription.wait_active()
                await ends.wait_active()
                for _ in range(10):
                    await one.publish("news", b"")
                await one.publish("end", b"")
                await until(lambda marker=marker: marker.heard == [b""])
                await subscription.close()
                await ends.close()
                assert len(listener.heard) == 10


async def test_one_of_a_group_has_each_message(tmp_path: Path) -> None:
    async with nats_server(tmp_path) as server:
        connections = [NatsConnection(server.configuration.url) for _ in range(3)]
        members, everybody = [Listener(), Listener()], Listener()
        async with connected(*connections):
            for connection, member in zip(connections[1:], members, strict=True):
                await connection.subscribe("work", member.hear, group="workers").wait_active()
            await connections[1].subscribe("work", everybody.hear).wait_active()
            for number in range(200):
                await connections[0].publish("work", b"%d" % number)
            await until(lambda: sum(len(member.heard) for member in members) == 200)
            await until(lambda: len(everybody.heard) == 200)
            assert sorted(members[0].heard + members[1].heard) == sorted(everybody.heard)
            assert all(member.heard for member in members)


async def test_subscriptions_made_and_closed_without_a_connection_are_so_with_the_next(
    tmp_path: Path,
) -> None:
    async with nats_server(tmp_path) as server:
        one, other = NatsConnection(server.configuration.url), NatsConnection(server.configuration.url)
        closed, kept, new = Listener(), Listener(), Listener()
        async with connected(one, other):
            goes = other.subscribe("news", closed.hear)
            other.subscribe("news", kept.hear)
            await server.stop()
            await until(lambda: not one.connected and not other.connected)
            await goes.close()
            other.subscribe("news", new.hear)
            await server.start()
            await until(lambda: one.connected and other.connected)
            await one.publish("news", b"again")
            await until(lambda: kept.heard == new.heard == [b"again"])
            assert closed.heard == []

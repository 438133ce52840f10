"""The bus in one process and between several."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psutil
from msgspec import Struct

from switchroom.bus import Bus, SharedBus
from switchroom.engines.nats.connection import NatsConnection
from tests.engines.nats.server import LIMIT, connected, nats_server
from tests.engines.waiting import until


class Moved(Struct, frozen=True):
    who: str
    to: int


class Stayed(Struct, frozen=True):
    who: str


class Listener:
    """Notes what it hears of both kinds, on a bus."""

    def __init__(self, bus: Bus) -> None:
        self.heard: list[object] = []
        bus.subscribe(Moved, self.hear)
        bus.subscribe(Stayed, self.hear)

    async def hear(self, message: object) -> None:
        self.heard.append(message)


async def test_all_hear_once_what_one_publishes(tmp_path: Path) -> None:
    async with nats_server(tmp_path) as server:
        connections = [NatsConnection(server.configuration.url) for _ in range(3)]
        buses = [SharedBus(connection, "test") for connection in connections]
        stranger_connection = NatsConnection(server.configuration.url)
        listeners = [Listener(bus) for bus in buses]
        stranger = Listener(SharedBus(stranger_connection, "another"))
        async with connected(*connections, stranger_connection):
            said = [Moved("Ada", 1), Stayed("Ben"), Moved("Äda", 2)]
            for message in said:
                await buses[0].publish(message)
            assert listeners[0].heard == said
            for listener in listeners[1:]:
                await until(lambda listener=listener: len(listener.heard) == 3)
                assert [one for one in listener.heard if isinstance(one, Moved)] == [said[0], said[2]]
                assert said[1] in listener.heard
            await buses[1].publish(Stayed("last"))
            await until(lambda: all(listener.heard[-1] == Stayed("last") for listener in listeners))
            assert [len(listener.heard) for listener in listeners] == [4, 4, 4]
            assert stranger.heard == []


async def test_a_handler_that_fails_keeps_nobody_from_hearing(tmp_path: Path) -> None:
    async with nats_server(tmp_path) as server:
        connections = [NatsConnection(server.configuration.url) for _ in range(2)]
        here, there = (SharedBus(connection, "test") for connection in connections)

        async def fail(message: Moved) -> None:
            raise RuntimeError("on purpose")

        here.subscribe(Moved, fail)
        there.subscribe(Moved, fail)
        near, far = Listener(here), Listener(there)
        async with connected(*connections):
            await here.publish(Moved("Ada", 1))
            assert near.heard == [Moved("Ada", 1)]
            await until(lambda: far.heard == [Moved("Ada", 1)])


async def test_a_bus_works_alone_while_the_server_is_away_and_is_whole_again_by_itself(
    tmp_path: Path,
) -> None:
    async with nats_server(tmp_path) as server:
        connections = [NatsConnection(server.configuration.url) for _ in range(2)]
        here, there = (SharedBus(connection, "test") for connection in connections)
        near, far = Listener(here), Listener(there)
        async with connected(*connections):
            assert server.pid is not None
            psutil.Process(server.pid).kill()
            await until(lambda: not any(connection.connected for connection in connections))
            async with asyncio.timeout(LIMIT):
                await here.publish(Moved("alone", 1))
            assert near.heard == [Moved("alone", 1)]
            await until(lambda: all(connection.connected for connection in connections))
            await here.publish(Moved("together", 2))
            await until(lambda: far.heard == [Moved("together", 2)])

"""The Janus API over WebSocket, with the real server."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from switchroom.engines.janus.client import (
    HandleEvent,
    JanusClient,
    JanusRefused,
    JanusUnreachable,
)
from switchroom.engines.janus.configuration import JanusConfiguration
from switchroom.engines.janus.engine import JanusEngine
from switchroom.engines.janus.server import JanusPool, JanusServer
from switchroom.engines.janus.videoroom import PLUGIN
from switchroom.engines.supervisor import ProcessError
from tests.engines.waiting import until
from tests.ports import free_port

pytestmark = pytest.mark.janus


def ignore(event: HandleEvent) -> None:
    pass


async def test_a_plugin_answers(client: JanusClient) -> None:
    handle = await client.attach(PLUGIN, ignore)
    reply = await handle.request({"request": "list"})
    assert reply.data["videoroom"] == "success"
    assert reply.data["list"] == []


async def test_many_requests_at_once_get_their_own_answers(client: JanusClient) -> None:
    handle = await client.attach(PLUGIN, ignore)
    replies = await asyncio.gather(
        *(handle.request({"request": "exists", "room": f"room {n}"}) for n in range(50))
    )
    assert [reply.data["room"] for reply in replies] == [f"room {n}" for n in range(50)]


async def test_a_plugins_refusal_has_its_code(client: JanusClient) -> None:
    handle = await client.attach(PLUGIN, ignore)
    with pytest.raises(JanusRefused) as caught:
        await handle.request({"request": "destroy", "room": "nowhere"})
    assert caught.value.code == 426


async def test_a_refusal_of_the_server_has_its_code(client: JanusClient) -> None:
    with pytest.raises(JanusRefused) as caught:
        await client.attach("janus.plugin.nothing", ignore)
    assert caught.value.code == 460


async def test_a_wrong_secret_is_refused(janus: JanusEngine) -> None:
    with pytest.raises(JanusRefused) as caught:
        await JanusClient.connect(janus.configuration.url, "wrong")
    assert caught.value.code == 403


async def test_nobody_there() -> None:
    with pytest.raises(JanusUnreachable):
        await JanusClient.connect(f"ws://127.0.0.1:{free_port()}")


async def test_a_detached_handle_is_gone(client: JanusClient) -> None:
    handle = await client.attach(PLUGIN, ignore)
    await handle.detach()
    await handle.detach()
    with pytest.raises(JanusRefused):
        await handle.request({"request": "list"})


async def test_what_waits_when_the_server_dies_fails_at_once(janus: JanusEngine, client: JanusClient) -> None:
    handle = await client.attach(PLUGIN, ignore)
    assert janus.pid is not None
    os.kill(janus.pid, signal.SIGSTOP)
    waiting = asyncio.create_task(handle.request({"request": "list"}))
    os.kill(janus.pid, signal.SIGKILL)
    with pytest.raises(JanusUnreachable):
        await waiting
    assert client.lost.is_set()
    with pytest.raises(JanusUnreachable):
        await handle.request({"request": "list"})
    await handle.detach()


async def test_a_server_that_dies_is_there_again_and_connected(janus: JanusEngine) -> None:
    server = JanusServer(janus.configuration.url, janus.configuration.api_secret)
    pool = JanusPool([server])
    assert not pool.available
    pool.start()
    await pool.wait_for_server()
    first = server.client
    assert janus.pid is not None
    os.kill(janus.pid, signal.SIGKILL)
    await until(lambda: server.client is not None and server.client is not first)
    assert pool.choose() is server
    await pool.stop()
    assert not pool.available


async def test_the_server_with_the_fewest_rooms_is_chosen(janus: JanusEngine, tmp_path: Path) -> None:
    second = JanusEngine(tmp_path / "second", JanusConfiguration())
    await second.start()
    servers = [JanusServer(one.configuration.url, one.configuration.api_secret) for one in (janus, second)]
    pool = JanusPool(servers)
    pool.start()
    await until(lambda: all(server.client is not None for server in servers))
    servers[0].load = 2
    servers[1].load = 1
    assert pool.choose() is servers[1]
    await second.stop()
    await until(lambda: servers[1].client is None)
    assert pool.choose() is servers[0]
    await pool.stop()


async def test_janus_is_not_installed(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match="not installed"):
        await JanusEngine(tmp_path, JanusConfiguration(), "no-such-janus").start()

"""`switchroom up --workers`: one address, several processes, and none that is missed for long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from switchroom.platform.demo import DemoUser
from tests import plain_http
from tests.command.running import LIMIT, run, running
from tests.conference.room import Client
from tests.engines.programs import lives
from tests.workers.platform import Several, eventually, several, workers_of

pytestmark = pytest.mark.slow

TOLD = 'event="another worker has ended"'
Record = Callable[[str, object], None]


def token(platform: Several, user: DemoUser) -> str:
    return plain_http.post(
        f"{platform.base_url}/json/v1/authenticationService/authenticate",
        json={"usernamePasswordCredentials": {"username": user.username, "password": user.password}},
        timeout=LIMIT,
    ).json()["accessToken"]


async def connected(platform: Several) -> Client:
    url = platform.base_url.replace("http", "ws") + "/client/socket"
    return Client(await connect(url, proxy=None))


def holder(platform: Several, client: Client) -> int:
    """The worker that has a client's socket."""
    port = client.connection.local_address[1]
    for worker in platform.workers:
        if any(one.raddr and one.raddr.port == port for one in worker.net_connections("tcp")):
            return worker.pid
    raise AssertionError("no worker has this socket")


async def joined(platform: Several, token: str, *, away_from: int = 0, resume: str | None = None) -> Client:
    """Somebody inside the first room, over a worker that is not `away_from`; as persistent as a browser."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        try:
            client = await connected(platform)
            if holder(platform, client) == away_from:
                await client.drop()
                continue
            room = platform.demo.rooms[0].id
            answer = await client.ask("join", token=token, roomId=room, resume=resume)
        except (OSError, WebSocketException, ConnectionClosed, AssertionError, psutil.Error):
            await asyncio.sleep(0.02)
            continue
        if answer["type"] == "joined":
            client.joined = answer
            return client
        assert answer["code"] == "media_unavailable", answer
        await client.drop()
    raise AssertionError("nobody let in")


async def talks(speaker: Client, *listeners: Client) -> None:
    text = f"at {time.monotonic()}"
    await speaker.does("chat", text=text)
    for listener in listeners:
        await listener.hears(lambda one: one["type"] == "chat" and one["message"]["text"] == text)


def inside(platform: Several, token: str) -> set[str]:
    """The demo's people inside the first room, as the API tells it; over a connection of its own."""
    reply = plain_http.post(
        f"{platform.base_url}/json/v1/roomService/status",
        json={"accessInfo": {"accessToken": token}, "roomIds": [platform.demo.rooms[0].id]},
        timeout=LIMIT,
    )
    return {user.user_id for user in platform.demo.users if user.user_id in reply.text}


async def test_a_killed_worker_is_not_missed(tmp_path: Path, record_property: Record) -> None:
    with several(tmp_path / "var") as platform:
        administrator, moderator, _ = platform.demo.users
        tokens = token(platform, administrator), token(platform, moderator)
        ada = await joined(platform, tokens[0])
        ben = await joined(platform, tokens[1], away_from=holder(platform, ada))
        await talks(ada, ada, ben)
        await talks(ben, ada, ben)
        assert platform.owner() == holder(platform, ada)
        assert platform.relaying() == holder(platform, ben)
        both = {administrator.user_id, moderator.user_id}
        # Whichever worker answers.
        eventually(lambda: all(inside(platform, tokens[0]) == both for _ in range(10)), "both in all answers")

        relaying = holder(platform, ben)
        await ben.does("hand", raised=True)
        assert TOLD not in platform.output.read_text()
        platform.kill(relaying)
        started = time.monotonic()
        await ben.closed()
        ben = await joined(platform, tokens[1], resume=ben.joined["resume"])
        await talks(ben, ada, ben)
        seconds = time.monotonic() - started
        record_property("back after the death of a relaying worker", seconds)
        print(f"relaying worker killed: back after {seconds:.2f} s")
        assert ben.joined["resumed"]
        assert "handRaisedAt" in ben.joined["self"]
        eventually(lambda: TOLD in platform.output.read_text(), "word of the death to the other worker")

        eventually(platform.is_complete, "a new worker")
        await ben.drop()
        ben = await joined(platform, tokens[1], away_from=holder(platform, ada), resume=ben.joined["resume"])
        assert ben.joined["resumed"]
        platform.kill(platform.owner())
        started = time.monotonic()
        assert await ben.closed() == 1012
        told = time.monotonic() - started
        ada, ben = await asyncio.gather(joined(platform, tokens[0]), joined(platform, tokens[1]))
        await talks(ben, ada, ben)
        await talks(ada, ada, ben)
        seconds = time.monotonic() - started
        record_property("back after the death of the worker with the room", seconds)
        print(f"worker with the room killed: told after {told:.2f} s, back after {seconds:.2f} s")
        eventually(platform.is_complete, "a new worker")
        await ada.drop()
        await ben.drop()


async def test_a_worker_that_hangs_is_ended_and_its_room_goes_on(tmp_path: Path) -> None:
    with several(tmp_path / "var") as platform:
        administrator, moderator, _ = platform.demo.users
        tokens = token(platform, administrator), token(platform, moderator)
        ada = await joined(platform, tokens[0])
        owner = holder(platform, ada)
        ben = await joined(platform, tokens[1], away_from=owner)
        psutil.Process(owner).suspend()
        assert await ben.closed() == 1012
        ben = await joined(platform, tokens[1], away_from=owner)
        await talks(ben, ben)
        eventually(lambda: owner not in [worker.pid for worker in platform.workers], "the end of the worker")
        eventually(platform.is_complete, "a new worker")
        ada = await joined(platform, tokens[0])
        await talks(ada, ada, ben)
        await ada.drop()
        await ben.drop()


def test_what_is_done_once_is_done_once_and_nothing_is_left(tmp_path: Path) -> None:
    data = tmp_path / "var"
    with running(data, "--demo", "--workers", "3", command="serve") as platform:
        # One worker that answers says nothing of the others.
        eventually(lambda: "is ready" in platform.output.read_text(), "all workers")
        assert len(workers_of(platform)) == 3
        children = psutil.Process(platform.process.pid).children(recursive=True)
        assert platform.stop() == 0
        printed = platform.output.read_text()
    assert printed.count("is ready") == 1
    assert printed.count("Company") == 1
    assert "Traceback" not in printed
    assert not [child for child in children if lives(child)]


def test_workers_die_with_who_started_them(tmp_path: Path) -> None:
    with running(tmp_path / "var", "--workers", "2") as platform:
        children = psutil.Process(platform.process.pid).children(recursive=True)
        platform.process.kill()
        _, alive = psutil.wait_procs(children, timeout=LIMIT)
        assert not alive


@pytest.mark.parametrize("command", ["up", "serve"])
def test_without_nats_several_workers_are_refused_and_one_runs(tmp_path: Path, command: str) -> None:
    away = {"SWITCHROOM_NATS_EXECUTABLE": "no-such-nats-server"}
    refused = run(command, "--workers", "2", "--data", str(tmp_path / "var"), "--port", "0", **away)
    assert refused.returncode == 1
    assert "several workers need NATS" in refused.stderr
    assert "apt-get install nats-server" in refused.stderr
    assert "Traceback" not in refused.stderr

"""A carrier of real parts: a Kamailio at which a trunk registers, and sipp as the network behind it."""

from __future__ import annotations

import asyncio
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec import Struct

from switchroom.engines.sip.address import parse_name_addr
from switchroom.engines.sip.core import AgentOptions
from switchroom.engines.sip.errors import Refused
from switchroom.engines.sip.incoming import IncomingCall
from switchroom.engines.sip.message import Request
from switchroom.engines.sip.user_agent import UserAgent
from tests.ports import free_port
from tests.telephony.calls.carriers import add_number
from tests.telephony.calls.switchboards import Account

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]

HOST, USERNAME, PASSWORD = "127.0.0.1", "3225550100", "a-carriers-secret"
LIMIT = 60
SCRIPTS = Path(__file__).with_name("network")


class Network(Struct):
    """Ports of the carrier, and of the network behind it."""

    carrier: int
    behind: int

    @asynccontextmanager
    async def sipp(self, scenario: str, *arguments: str) -> AsyncGenerator[Process]:
        """A sipp in the network that makes or takes one call."""
        command = ("sipp", *arguments, "-sf", str(SCRIPTS / scenario), "-i", HOST, "-p", str(self.behind))
        async with running(
            *command, "-m", "1", "-nostdin", "-timeout", str(LIMIT), "-timeout_error"
        ) as process:
            yield process


class Asking:
    """Owner of a user agent that only asks."""

    def on_call(self, call: IncomingCall) -> None:
        call.refuse(403)

    def on_message(self, request: Request) -> int:
        return 403


@asynccontextmanager
async def running(*command: str) -> AsyncGenerator[Process]:
    process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@pytest.fixture
async def network(tmp_path: Path) -> AsyncGenerator[Network]:
    network = Network(free_port(), free_port())
    words = {"USERNAME": USERNAME, "PASSWORD": PASSWORD, "NETWORK_PORT": str(network.behind)}
    lines = [f'#!substdef "!{name}!{value}!g"' for name, value in words.items()]
    lines += ["debug=1", f"listen=udp:{HOST}:{network.carrier}"]
    script = (SCRIPTS / "carrier.cfg").read_text().replace("debug=1", "\n".join(lines))
    file = tmp_path / "carrier.cfg"
    file.write_text(script)
    command = ("kamailio", "-DD", "-E", "-f", str(file), "-Y", str(tmp_path), "-m", "32", "-M", "4")
    async with running(*command):
        await until_it_answers(network.carrier)
        yield network


async def until_it_answers(port: int) -> None:
    agent = await UserAgent.open((HOST, 0), AgentOptions(), Asking())
    address = parse_name_addr(f"<sip:{HOST}:{port}>")
    try:
        async with asyncio.timeout(LIMIT):
            await agent.request("OPTIONS", f"sip:{HOST}:{port}", from_=address, to=address)
    except Refused:
        pass
    finally:
        agent.close()


def registered(account: Account, port: int) -> int:
    """A trunk that has registered at the carrier."""
    draft = {"name": "C", "server": HOST, "port": port, "username": USERNAME, "password": PASSWORD}
    trunk = int(account.api("PUT", "/trunks", draft)["id"])
    deadline = time.monotonic() + LIMIT
    while (status := account.api("GET", f"/trunks/{trunk}")["status"])["condition"] != "registered":
        assert time.monotonic() < deadline, status
        time.sleep(0.05)
    assert status["registered_until"] is not None
    return trunk


async def test_calls_come_in_by_what_was_registered(account: Account, network: Network) -> None:
    user = account.person("201")
    trunk = await asyncio.to_thread(registered, account, network.carrier)
    number = add_number(account, trunk)
    account.flow(number, {"module": "user", "data": {"id": user}})
    async with (
        account.phones("201") as (ada,),
        network.sipp("caller.xml", f"{HOST}:{network.carrier}", "-s", number) as caller,
    ):
        call = await ada.rung()
        call.ring()
        call.answer()
        await call.ended()
        assert await caller.wait() == 0


async def test_calls_go_out_with_credentials(account: Account, network: Network) -> None:
    account.person("201")
    trunk = await asyncio.to_thread(registered, account, network.carrier)
    add_number(account, trunk)
    async with account.phones("201") as (ada,), network.sipp("called.xml") as called:
        call = await ada.call("+3226660177")
        await call.answered()
        call.hang_up()
        assert await called.wait() == 0
    types = [event["type"] for event in account.api("GET", "/events", type="trunk.registered")]
    assert types == ["trunk.registered"]

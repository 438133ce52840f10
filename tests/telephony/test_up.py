"""Telephones on a platform as `up` runs it: configured over the API, registered, seen there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from switchroom.dialects.telephony_v3 import sip_socket
from switchroom.engines.kamailio.configuration import read_interfaces
from switchroom.engines.supervisor import ProcessState
from switchroom.platform.call_control import TelephonyWorkerEngine
from tests.dialects.telephony_v3.client import Api
from tests.engines.kamailio.phones import Phone, WebWire, udp
from tests.engines.waiting import until
from tests.platform import RunningPlatform, running_platform
from tests.ports import telephones

pytestmark = [pytest.mark.kamailio, pytest.mark.janus]

PASSWORD = "a-long-password-of-a-phone"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    data = tmp_path_factory.mktemp("data")
    with telephones() as telephony, running_platform(data, engines=True, telephony=telephony) as platform:
        yield platform


@pytest.fixture
def api(platform: RunningPlatform) -> Api:
    return Api.of(platform, platform.organization().organization)


def device(api: Api) -> tuple[str, str]:
    """The username and realm of a new device."""
    made = api("PUT", "/devices", {"name": "Desk", "password": PASSWORD})
    read = api("GET", f"/devices/{made['id']}")
    return read["username"], api("GET", "/accounts")["realm"]


def registrations(api: Api, number: int, limit: float = 60.0) -> list[dict[str, Any]]:
    """What the API tells, once there are so many."""
    deadline = time.monotonic() + limit
    while len(found := api("GET", "/devices/registrations")) != number:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def test_a_phone_registers_and_the_api_tells(platform: RunningPlatform, api: Api) -> None:
    username, realm = device(api)

    async def register(expires: int) -> int:
        async with udp(("127.0.0.1", platform.platform.settings.telephony.sip_port)) as wire:
            return (await Phone(wire, username, PASSWORD, realm).register(expires)).status

    assert asyncio.run(register(60)) == 200
    (registration,) = registrations(api, 1)
    assert registration["username"] == username
    assert registration["contact_ip"] == "127.0.0.1"
    types = [event["type"] for event in api("GET", "/events", type="device.registered")]
    assert types == ["device.registered"]


def test_a_browser_registers_through_our_own_port(
    platform: RunningPlatform, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sip_socket, "REGISTER_LIMIT", 10.0)
    worker = platform.platform.engines.find(TelephonyWorkerEngine)
    assert worker is not None
    username, realm = device(api)
    address = platform.base_url.replace("http://", "ws://") + "/v3.0/websockets/sip"

    async def register() -> list[int]:
        async with connect(address, subprotocols=[Subprotocol("sip")], proxy=None) as connection:
            assert connection.subprotocol == "sip"
            prefix = realm.partition(".")[0]
            phone = Phone(WebWire(connection), f"{prefix}.{username}", PASSWORD, realm)
            answers = [(await phone.register()).status]
            found = await asyncio.to_thread(registrations, api, 1)
            assert found[0]["contact_ip"] == "127.0.0.1"
            await asyncio.sleep(sip_socket.REGISTER_LIMIT)  # who has registered stays for longer
            await until(lambda: worker.state is ProcessState.READY, 60)
            await phone.invite()
            return [*answers, (await phone.answer()).status]

    assert asyncio.run(register()) == [200, 404], "nobody has the number"
    registrations(api, 0)


def test_only_sip_is_spoken_there(platform: RunningPlatform) -> None:
    address = platform.base_url.replace("http://", "ws://") + "/v3.0/websockets/sip"

    async def speak() -> int:
        async with connect(address, proxy=None) as connection:
            with pytest.raises(ConnectionClosed) as closed:
                await connection.recv()
            assert closed.value.rcvd is not None
            return closed.value.rcvd.code

    assert asyncio.run(speak()) == 1002


def test_a_restart_of_nothing_else_is_needed(platform: RunningPlatform) -> None:
    """The interfaces are kept where other processes of the platform find them, for nobody else to read."""
    directory = Path(platform.platform.settings.data) / "kamailio"
    assert read_interfaces(directory) is not None
    modes: set[int] = set()
    for path in directory.iterdir():
        with suppress(FileNotFoundError):  # SQLite's journals come and go
            modes |= {path.stat().st_mode & 0o077} if path.is_file() else set()
    assert modes == {0}


def test_a_platform_without_telephones_says_so(tmp_path: Path) -> None:
    with running_platform(tmp_path) as platform:
        address = platform.base_url.replace("http://", "ws://") + "/v3.0/websockets/sip"

        async def speak() -> int:
            async with connect(address, subprotocols=[Subprotocol("sip")], proxy=None) as connection:
                with pytest.raises(ConnectionClosed) as closed:
                    await connection.recv()
                assert closed.value.rcvd is not None
                return closed.value.rcvd.code

        assert asyncio.run(speak()) == 1013

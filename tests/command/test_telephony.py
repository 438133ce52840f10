"""`up` and `doctor` where telephones cannot be served: what is not installed, and ports that others have."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from switchroom.settings import TelephonySettings
from tests import plain_http
from tests.command.running import Running, run, running
from tests.engines.kamailio.phones import Phone, udp
from tests.plain_http import NO_CERTIFICATES
from tests.ports import free_port, telephones

KAMAILIO = "sudo apt-get install kamailio "
RTPENGINE = "sudo apt-get install rtpengine-daemon"
NOWHERE = "no-such-program"


def demo_of(data: Path) -> dict[str, Any]:
    return json.loads((data / "demo.json").read_text())["telephony"]


def account(platform: Running, data: Path) -> httpx.Client:
    """A client of the Telephony API for the demo's account."""
    base = f"{platform.base_url}/v3.0"
    key = {"data": {"api_key": demo_of(data)["api_key"]}}
    token = plain_http.put(f"{base}/auth/account", json=key, timeout=60).json()["data"]["auth_token"]
    return httpx.Client(verify=NO_CERTIFICATES, base_url=base, headers={"X-Auth-Token": token}, timeout=60)


@contextmanager
def without_calls(data: Path, telephony: TelephonySettings, **variables: Any) -> Generator[Running]:
    """A platform whose engines lack something: everything but calls works, and these answer why."""
    with (
        running(data, "--demo", telephony=telephony, **variables) as platform,
        account(platform, data) as api,
    ):
        assert len(api.get("/devices").json()["data"]) == 2
        problems = plain_http.get(f"{platform.base_url}/health/ready", timeout=60).json()["problems"]
        named = problems.get("kamailio") or problems["rtpengine"]
        device = api.get("/devices").json()["data"][0]["id"]
        for answer in (
            api.get("/channels"),
            api.put("/quickcall", json={"data": {"device_id": device, "number": "101"}}),
        ):
            assert answer.status_code == 503, answer.text
            assert f"no telephony runs here: {named}" in answer.text
        yield platform
        assert platform.stop() == 0


@pytest.mark.parametrize("engine", ["kamailio", "rtpengine"])
async def test_without_an_engine_calls_say_what_installs_it(tmp_path: Path, engine: str) -> None:
    data, remedy = tmp_path / "var", {"kamailio": KAMAILIO, "rtpengine": RTPENGINE}[engine]
    variables = {f"SWITCHROOM_TELEPHONY_{engine.upper()}_EXECUTABLE": NOWHERE}
    report = await asyncio.to_thread(run, "doctor", "--data", str(data), **variables)
    assert f"not installed ({NOWHERE})" in report.stdout
    assert f"Run: {remedy}" in report.stdout
    with telephones() as telephony, without_calls(data, telephony, **variables) as platform:
        said = f"{NOWHERE} is not installed; install it with: {remedy}"
        assert f'engine={engine} reason="{said}' in platform.output.read_text()
        if engine == "rtpengine" and shutil.which("kamailio"):
            # Phones register, and are told too.
            device, realm = demo_of(data)["devices"][0], demo_of(data)["realm"]
            async with udp(("127.0.0.1", telephony.sip_port)) as wire:
                phone = Phone(wire, device["username"], device["password"], realm)
                assert (await phone.register()).status == 200
                await phone.invite("101")
                refusal = await phone.answer()
                assert refusal.start == f"SIP/2.0 503 rtpengine is not installed: {RTPENGINE}"


def taken(kind: socket.SocketKind, port: int) -> socket.socket:
    """A port that somebody else has."""
    there = socket.socket(socket.AF_INET, kind)
    there.bind(("127.0.0.1", port))
    if kind is socket.SOCK_STREAM:
        there.listen()
    return there


@pytest.mark.kamailio
@pytest.mark.parametrize("transport", ["UDP", "TCP", "TLS"])
def test_a_port_of_sip_that_is_taken(tmp_path: Path, transport: str) -> None:
    port = free_port()
    kind = socket.SOCK_DGRAM if transport == "UDP" else socket.SOCK_STREAM
    variables = {}
    with telephones() as telephony, taken(kind, telephony.sip_port if transport != "TLS" else port):
        if transport == "TLS":
            variables = {
                "SWITCHROOM_TELEPHONY_SIP_TLS_PORT": str(port),
                "SWITCHROOM_TELEPHONY_TLS_CERTIFICATE": "/nowhere/certificate.pem",
                "SWITCHROOM_TELEPHONY_TLS_PRIVATE_KEY": "/nowhere/key.pem",
            }
        else:
            port = telephony.sip_port
        setting = "telephony.sip_tls_port" if transport == "TLS" else "telephony.sip_port"
        where = f"{'UDP' if transport == 'UDP' else 'TCP'} port {port} on 127.0.0.1"
        with without_calls(tmp_path / "var", telephony, **variables) as platform:
            said = f'engine=kamailio reason="{where}: address already in use; see {setting}"'
            assert said in platform.output.read_text()


@pytest.mark.rtpengine
def test_media_ports_that_are_taken(tmp_path: Path) -> None:
    with telephones() as telephony, ExitStack() as stack:
        media = telephony.media_ports
        for number in media[: len(media) // 2 + 10]:
            stack.enter_context(taken(socket.SOCK_DGRAM, number))
        said = f"of the UDP ports {media.start} to {media.stop - 1} are taken; see telephony.media_port_min"
        report = run(
            "doctor",
            "--data",
            str(tmp_path / "other"),
            SWITCHROOM_TELEPHONY_MEDIA_PORT_MIN=str(media.start),
            SWITCHROOM_TELEPHONY_MEDIA_PORT_MAX=str(media.stop - 1),
        )
        assert said in report.stdout
        with without_calls(tmp_path / "var", telephony) as platform:
            assert said in platform.output.read_text()

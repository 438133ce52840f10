"""The telephony workers that this machine runs: processes that control calls."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from switchroom.engines.engine import Engine
from switchroom.engines.kamailio.configuration import read_interfaces
from switchroom.engines.kamailio.engine import KamailioEngine
from switchroom.engines.rtpengine.engine import RtpengineEngine
from switchroom.platform import sip_server
from switchroom.platform.engines import EngineEntry
from switchroom.settings import Settings

CALL_CONTROL = "telephony"
"""Name of the engine that is the first telephony worker."""

JOB = "SWITCHROOM_TELEPHONY_JOB"
"""The variable with the `TelephonyJob`, in JSON. The environment of a process is for its owner only."""

_OPTIONS = (
    "OPTIONS sip:worker@127.0.0.1 SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{branch};rport\r\n"
    "Max-Forwards: 1\r\nFrom: <sip:platform@127.0.0.1>;tag={branch}\r\nTo: <sip:worker@127.0.0.1>\r\n"
    "Call-ID: {branch}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
)


_ASKED_AGAIN_AFTER = 0.5
"""Seconds until a worker is asked again: a question that comes in before it listens is lost. A worker that
has much to do answers later; the caller says by when."""


class TelephonyJob(Struct, frozen=True):
    """Job of a telephony worker: the settings, and its number among the workers, from 1."""

    settings: Settings
    number: int


class TelephonyWorkerEngine(Engine):
    """One telephony worker. Killed, it is started again at once, and takes up the calls it had."""

    title = "telephone calls"
    packages = ()
    without = "telephones register, calls are refused"
    waits_for = (KamailioEngine.name, RtpengineEngine.name)
    needs_database = True
    probe_interval, probe_limit = 1.0, 4.0

    def __init__(self, settings: Settings, number: int) -> None:
        super().__init__(settings.data_directory / "telephony", ())
        self.name = CALL_CONTROL if number == 1 else f"{CALL_CONTROL}-{number}"
        self.number = number
        self.settings = settings

    def command(self) -> Sequence[str]:
        return [sys.executable, "-P", "-m", "switchroom.platform.telephony_start"]

    @property
    def environment(self) -> dict[str, str]:
        return {JOB: msgspec.json.encode(TelephonyJob(self.settings, self.number)).decode()}

    def configure(self) -> None:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def ready(self) -> None:
        interfaces = read_interfaces(sip_server.directory(self.settings))
        if interfaces is None:
            raise ConnectionError("no SIP server has been configured")
        await ask(interfaces.workers[self.number - 1])


async def ask(port: int) -> None:
    """Return as soon as a worker on this port of loopback has answered an OPTIONS. Raises OSError without
    one."""
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[None] = loop.create_future()

    class Asking(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:
            if data.startswith(b"SIP/2.0 200") and not answered.done():
                answered.set_result(None)

        def error_received(self, exc: Exception) -> None:
            if not answered.done():
                answered.set_exception(exc)

    transport, _ = await loop.create_datagram_endpoint(Asking, remote_addr=("127.0.0.1", port))
    try:
        own = transport.get_extra_info("sockname")[1]
        while not answered.done():
            transport.sendto(_OPTIONS.format(port=own, branch=secrets.token_hex(8)).encode())
            await asyncio.wait({answered}, timeout=_ASKED_AGAIN_AFTER)
        answered.result()
    finally:
        transport.close()


def _make(settings: Settings) -> TelephonyWorkerEngine:
    return TelephonyWorkerEngine(settings, 1)


def _further(settings: Settings) -> list[TelephonyWorkerEngine]:
    return [TelephonyWorkerEngine(settings, number) for number in range(2, settings.telephony.workers + 1)]


def _prepare(engine: TelephonyWorkerEngine, settings: Settings) -> None:
    engine.settings = settings


ENTRY = EngineEntry(_make, wanted=sip_server.wanted, further=_further, prepare=_prepare)

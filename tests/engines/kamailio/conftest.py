"""Fixtures: a running Kamailio with a device, ways to it, and telephony workers."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path

import pytest

from switchroom.engines.kamailio.configuration import KamailioConfiguration, Limits
from switchroom.engines.kamailio.engine import KamailioEngine
from tests.engines.kamailio.phones import REALM, UdpWire, Wire, ha1, tcp, udp, web
from tests.ports import free_port, inner_sip_ports

DEVICE, ACCOUNT = 17, 3


class Edge:
    """A Kamailio and what it reads."""

    def __init__(
        self,
        directory: Path,
        limits: Limits,
        listen: str = "127.0.0.1",
        workers: int = 2,
        advertise: str = "",
    ) -> None:
        self.database = directory / "platform.db"
        with closing(sqlite3.connect(self.database)) as connection:
            connection.execute("pragma journal_mode=wal")
            connection.execute(
                "create table sip_credentials (device_id integer, organization_id integer, "
                "realm text, username text, ha1 text, ha1_prefixed text)"
            )
            connection.execute(
                "create table sip_trunks (trunk_id integer, organization_id integer, address text, "
                "port integer, token text, trunk_order integer, digits_stripped integer, "
                "digits_prepended text, country_prefix text)"
            )
            connection.execute(
                "create table sip_numbers (number text, organization_id integer, trunk_id integer)"
            )
        certificate, key = _certificate(directory)
        self.certificate = str(certificate)
        self.configuration = KamailioConfiguration(
            database_url=f"sqlite+aiosqlite:///{self.database}",
            listen=listen,
            port=free_port(),
            advertise=advertise,
            tls_port=free_port(),
            tls_certificate=self.certificate,
            tls_private_key=str(key),
            workers=tuple(free_port() for _ in range(workers)),
            limits=limits,
            **inner_sip_ports(),
        )
        self.engine = KamailioEngine(directory / "kamailio", self.configuration)
        self.add_device()

    def add_device(
        self,
        device_id: int = DEVICE,
        name: str = "ab12cd34",
        password: str = "secret",
        realm: str = REALM,
        account: int = ACCOUNT,
    ) -> None:
        prefixed = f"{realm.partition('.')[0]}.{name}"
        row = (device_id, account, realm, name, ha1(name, realm, password), ha1(prefixed, realm, password))
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute("insert into sip_credentials values (?, ?, ?, ?, ?, ?)", row)

    def add_trunk(
        self,
        trunk_id: int,
        place: tuple[str, int],
        *,
        account: int = ACCOUNT,
        token: str = "",
        order: int = 0,
        stripped: int = 0,
        prepended: str = "",
        prefix: str = "+32",
    ) -> None:
        row = (trunk_id, account, *place[:2], token, order, stripped, prepended, prefix)
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute("insert into sip_trunks values (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def add_number(self, number: str, account: int = ACCOUNT, trunk_id: int | None = None) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute("insert into sip_numbers values (?, ?, ?)", (number, account, trunk_id))

    def execute(self, statement: str) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute(statement)

    @property
    def server(self) -> tuple[str, int]:
        return (self.configuration.listen, self.configuration.port)

    @asynccontextmanager
    async def wire(self, kind: str = "udp") -> AsyncGenerator[Wire]:
        """A way to it: `udp`, `tcp`, `tls` or `ws`."""
        async with AsyncExitStack() as stack:
            if kind == "udp":
                yield await stack.enter_async_context(udp(self.server))
            elif kind == "tcp":
                yield await stack.enter_async_context(tcp(self.configuration.port))
            elif kind == "tls":
                yield await stack.enter_async_context(tcp(self.configuration.tls_port, self.certificate))
            else:
                url = self.configuration.interfaces.websocket_url
                yield await stack.enter_async_context(web(url))

    @asynccontextmanager
    async def worker(self, number: int = 0) -> AsyncGenerator[UdpWire]:
        """A telephony worker that only answers as it is told."""
        async with udp(port=self.configuration.workers[number]) as wire:
            yield wire


@pytest.fixture
def limits() -> Limits:
    """Of a device that registers again and again, unless a test is about limits."""
    return Limits(device_registers=(100, 1000), account_registers=(1000, 10_000))


@pytest.fixture
async def edge(tmp_path: Path, limits: Limits) -> AsyncIterator[Edge]:
    edge = Edge(tmp_path, limits)
    await edge.engine.start()
    yield edge
    await edge.engine.stop()


def _certificate(directory: Path) -> tuple[Path, Path]:
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key

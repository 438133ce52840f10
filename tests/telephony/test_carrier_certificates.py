"""Certificates of carriers over TLS: a trunk registers where the server shows its own, by who is known."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from switchroom.engines.kamailio.configuration import Limits
from switchroom.engines.kamailio.engine import KamailioEngine
from switchroom.engines.kamailio.state import STATE_FILE, read_contacts
from switchroom.telephony.carrier_certificates import CarrierCertificates
from switchroom.telephony.carriers import Hop
from switchroom.telephony.trunk_claims import Claimant, TrunkClaims
from tests.engines.kamailio.conftest import Edge
from tests.ports import free_port
from tests.telephony.registrar import PASSWORD, USERNAME
from tests.telephony.test_trunk_registrations import Office

pytestmark = pytest.mark.kamailio

SERVER, OTHER = "carrier.example", "other.example"
OPEN = {"verify_certificate": False, "incoming": {"strip_numbers": 0, "prepend_numbers": ""}}
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")


class Authority:
    """An authority of a test."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self.certificate, self._key = directory / f"{name}.pem", directory / f"{name}.key"
        _openssl(f"/CN={name}", self.certificate, self._key)

    def certify(self, host: str) -> tuple[str, str]:
        """The files of a certificate for a host, and of its key."""
        certificate, key = self._directory / f"{host}.pem", self._directory / f"{host}.key"
        signed = ("-CA", str(self.certificate), "-CAkey", str(self._key))
        names = ("-addext", f"subjectAltName=DNS:{host}", "-addext", "basicConstraints=CA:FALSE")
        _openssl(f"/CN={host}", certificate, key, *signed, *names)
        return str(certificate), str(key)


def _openssl(subject: str, certificate: Path, key: Path, *more: str) -> None:
    files = ("-keyout", str(key), "-out", str(certificate))
    subprocess.run(
        ["openssl", "req", "-x509", *_KEY, "-subj", subject, *more, *files], check=True, capture_output=True
    )


@pytest.fixture
def known(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "known")


@pytest.fixture
def unknown(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "unknown")


@pytest.fixture
async def office(tmp_path: Path, sqlite_tables: Path, known: Authority) -> AsyncIterator[Office]:
    """An account, whose SIP server and registrations of trunks know one authority."""
    own = shutil.copy(sqlite_tables, tmp_path / "platform.sqlite")
    office = Office(f"sqlite+aiosqlite:///{own}", tmp_path / "office")
    certificate, key = known.certify("pbx.example")
    office.configuration = replace(
        office.configuration,
        tls_port=free_port(),
        tls_certificate=certificate,
        tls_private_key=key,
        authorities=str(known.certificate),
    )
    office.engine = KamailioEngine(office.engine.directory, office.configuration)
    office.certificates = CarrierCertificates(str(known.certificate))
    await office.prepare()
    await office.engine.start()
    yield office
    await office.stop()


@asynccontextmanager
async def carrier(directory: Path, files: tuple[str, str]) -> AsyncGenerator[Edge]:
    """Another SIP server, where the trunk has an account."""
    edge = Edge(directory, Limits())
    edge.configuration = replace(edge.configuration, tls_certificate=files[0], tls_private_key=files[1])
    edge.engine = KamailioEngine(directory / "kamailio", edge.configuration)
    edge.add_device(5, USERNAME, PASSWORD, SERVER)
    await edge.engine.start()
    try:
        yield edge
    finally:
        await edge.engine.stop()


async def look_up(_: str) -> Sequence[str]:
    return ["127.0.0.1"]


async def add_trunk(office: Office, at: Edge) -> int:
    office.start(lookup=look_up)
    port = at.configuration.tls_port
    return await office.add_trunk(port, server=SERVER, transport="tls", username=USERNAME)


def registered(at: Edge) -> int:
    return len(read_contacts(at.engine.directory / STATE_FILE))


async def may_call(office: Office, trunk: int, at: Edge) -> bool:
    claimant = Claimant(trunk_id=trunk, organization_id=office.account, by_address=False, is_checked=True)
    hop = Hop("127.0.0.1", at.configuration.tls_port, "tls")
    return bool(await TrunkClaims(office.database).free(claimant, [hop]))


async def test_the_right_certificate(office: Office, known: Authority, tmp_path: Path) -> None:
    async with carrier(tmp_path, known.certify(SERVER)) as far:
        trunk = await add_trunk(office, far)
        await office.until(trunk, "registered")
        assert registered(far) == 1
        assert await may_call(office, trunk, far)


async def test_the_certificate_of_somebody_else(office: Office, known: Authority, tmp_path: Path) -> None:
    async with carrier(tmp_path, known.certify(OTHER)) as far:
        trunk = await add_trunk(office, far)
        state = await office.until(trunk, "forbidden")
        assert state is not None
        assert "certificate of 127.0.0.1" in state.reason
        assert registered(far) == 0
        assert not await may_call(office, trunk, far)


async def test_an_unknown_authority(office: Office, unknown: Authority, tmp_path: Path) -> None:
    async with carrier(tmp_path, unknown.certify(SERVER)) as far:
        trunk = await add_trunk(office, far)
        state = await office.until(trunk, "forbidden")
        assert state is not None
        assert "certificate of 127.0.0.1" in state.reason
        assert not await may_call(office, trunk, far)
        # Unless the account does not want it checked.
        port = far.configuration.tls_port
        other = await office.add_trunk(port, server=SERVER, transport="tls", username=USERNAME, advanced=OPEN)
        await office.until(other, "registered")
        assert registered(far) == 1


async def test_the_sip_server_checks_the_authority_itself(
    office: Office, unknown: Authority, tmp_path: Path
) -> None:
    """Who answers there may be another by then."""
    office.certificates = CarrierCertificates(str(unknown.certificate))
    async with carrier(tmp_path, unknown.certify(SERVER)) as far:
        trunk = await add_trunk(office, far)
        await office.until(trunk, "unanswered")
        assert registered(far) == 0


async def test_who_has_been_right_stays_so_while_nobody_answers(known: Authority, tmp_path: Path) -> None:
    checked = CarrierCertificates(str(known.certificate))
    async with carrier(tmp_path, known.certify(SERVER)) as far:
        hop = Hop("127.0.0.1", far.configuration.tls_port, "tls")
        assert await checked.right(SERVER, [hop]) == (hop,)
    assert await checked.right(SERVER, [hop]) == (hop,)

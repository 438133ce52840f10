"""The commands of the SIP server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from switchroom.engines.kamailio.configuration import KamailioConfiguration, Limits
from switchroom.engines.kamailio.engine import KamailioEngine
from switchroom.engines.ports import free_port
from tests.command.running import run
from tests.engines.kamailio.conftest import Edge
from tests.engines.kamailio.phones import LIMIT, REALM, Phone


def test_without_a_server_that_is_said(tmp_path: Path) -> None:
    done = run("sip", "bans", "--data", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == f"switchroom: no SIP server has been started in {tmp_path / 'kamailio'}\n"
    database = f"sqlite+aiosqlite:///{tmp_path / 'own.db'}"
    configuration = KamailioConfiguration(database_url=database, port=free_port())
    if not KamailioEngine(tmp_path / "kamailio", configuration).missing():
        configuration.write(tmp_path / "kamailio")
        assert "does not answer" in run("sip", "unban", "192.0.2.1", "--data", str(tmp_path)).stderr


@pytest.mark.kamailio
async def test_bans_are_shown_and_lifted(tmp_path: Path) -> None:
    edge = Edge(tmp_path, Limits(slow_after=5, ban_after=1))
    await edge.engine.start()
    try:
        async with edge.wire() as wire:
            phone = Phone(wire, password="guess")
            challenge = await phone.ask(phone.request("REGISTER"))
            said = phone.authorization(challenge, "REGISTER", f"sip:{REALM}")
            await wire.send(phone.request("REGISTER", more=said))
            assert await phone.silent()
            async with asyncio.timeout(LIMIT):
                while not (
                    shown := await asyncio.to_thread(run, "sip", "bans", "--data", str(tmp_path))
                ).stdout:
                    assert not shown.returncode, shown.stderr
            assert shown.stdout.startswith("127.0.0.1  until 20"), shown.stderr
            for answer in ("unbanned\n", "was not banned\n"):
                done = await asyncio.to_thread(run, "sip", "unban", "127.0.0.1", "--data", str(tmp_path))
                assert done.stdout == answer, done.stderr
            assert (await Phone(wire).register()).status == 200
    finally:
        await edge.engine.stop()

"""`switchroom doctor`: what would fail is named before it does, and what is good is not."""

from __future__ import annotations

import shutil
import socket
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from switchroom.engines.janus.configuration import JanusConfiguration
from switchroom.engines.janus.engine import JanusEngine
from switchroom.platform.doctor.examination import examine
from switchroom.platform.doctor.finding import Finding
from switchroom.settings import load
from tests.command.running import run, running
from tests.command.turn_server import turn_server
from tests.mail.mail_server import PASSWORD, USER, mail_server
from tests.ports import free_port
from tests.postgresql import new_database

NOBODY = "127.0.0.1:1"
"""Where nothing listens."""


async def examined(data: Path, **environment: str) -> Sequence[Finding]:
    variables = {f"SWITCHROOM_{name}": value for name, value in environment.items()}
    port = variables.pop("SWITCHROOM_PORT", str(free_port()))
    variables.setdefault("SWITCHROOM_TELEPHONY_SIP_PORT", str(free_port()))
    return await examine(
        load(environment={**variables, "SWITCHROOM_PORT": port}, options={"data": str(data)})
    )


def of(subject: str, findings: Sequence[Finding]) -> Finding:
    (found,) = [one for one in findings if one.subject == subject]
    assert found.good or found.remedy
    return found


async def test_nothing_is_wrong_with_what_is_set_up_as_it_comes(tmp_path: Path) -> None:
    findings = await examined(tmp_path / "var")
    assert [one for one in findings if not one.good] == []
    assert of("database (sqlite)", findings).state == "will be made at the first start"
    assert not (tmp_path / "var" / "switchroom.db").exists()


@pytest.mark.parametrize(
    ("version", "good", "state"),
    [
        (None, True, "answers, schema "),
        ("0001", False, "answers, and is not migrated: schema 0001, this version has "),
        ("9999", False, "is of a newer version: schema 9999, this version has "),
    ],
)
async def test_the_database_is_looked_at(tmp_path: Path, version: str | None, good: bool, state: str) -> None:
    run("db", "upgrade", "--data", str(tmp_path))
    if version is not None:
        write_version(tmp_path, version)
    found = of("database (sqlite)", await examined(tmp_path))
    assert found.good is good
    assert found.state.startswith(state)


async def test_a_database_that_is_away_or_no_database_is_said(tmp_path: Path) -> None:
    away = f"postgresql+asyncpg://ada:lovelace@{NOBODY}/switchroom"
    found = of("database (postgresql)", await examined(tmp_path, DATABASE_URL=away))
    assert (found.good, "refused" in found.state) == (False, True)
    (tmp_path / "switchroom.db").write_text("no database, but a text of some length " * 100)
    found = of("database (sqlite)", await examined(tmp_path))
    assert (found.good, found.state) == (False, "file is not a database")


async def test_postgresql_is_looked_at(tmp_path: Path, postgresql_url: str) -> None:
    url = await new_database(postgresql_url)
    found = of("database (postgresql)", await examined(tmp_path, DATABASE_URL=url))
    assert (found.good, found.state.startswith("answers, and is empty")) == (True, True)
    nobody = url.replace("switchroom@", "nobody@")
    found = of("database (postgresql)", await examined(tmp_path, DATABASE_URL=nobody))
    assert (found.good, found.state) == (False, 'role "nobody" does not exist')


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_up_without_its_database_says_so_in_one_line(tmp_path: Path, workers: str) -> None:
    away = f"postgresql+asyncpg://ada:lovelace@{NOBODY}/switchroom"
    for command in (("up", "--workers", workers, "--port", str(free_port())), ("org", "list")):
        done = run(*command, "--data", str(tmp_path), SWITCHROOM_DATABASE_URL=away)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.count("\n") == 1
        assert done.stderr.startswith("switchroom: the database cannot be reached (database.url): ")
        assert "lovelace" not in done.stderr


@pytest.mark.slow
def test_up_with_a_newer_database_says_so_in_one_line(tmp_path: Path) -> None:
    run("db", "upgrade", "--data", str(tmp_path))
    write_version(tmp_path, "9999")
    done = run("up", "--data", str(tmp_path), "--port", str(free_port()))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("switchroom: the database is of a newer version of Switchroom")
    assert done.stderr.count("\n") == 1


async def test_the_mail_server_is_asked(tmp_path: Path) -> None:
    async with mail_server(sign_in=True) as post:
        good = f"smtp://{quote(USER)}:{quote(PASSWORD, safe='')}@127.0.0.1:{post.port}?starttls=offered"
        found = of("mail", await examined(tmp_path, SMTP_URL=good, SMTP_SENDER="Us <us@example.org>"))
        assert (found.good, post.accepted) == (True, [])
        wrong = good.replace(quote(PASSWORD, safe=""), "guessed")
        found = of("mail", await examined(tmp_path, SMTP_URL=wrong))
        assert (found.good, "guessed" in found.state) == (False, False)
        sender = of("mail", await examined(tmp_path, SMTP_URL=good, SMTP_SENDER="nobody"))
        assert not sender.good
    found = of("mail", await examined(tmp_path, SMTP_URL=f"smtp://{NOBODY}"))
    assert (found.good, f"{NOBODY} does not take mail" in found.state) == (False, True)


@pytest.mark.parametrize(
    ("settings", "good", "state"),
    [
        ({}, True, "for this machine only"),
        ({"HOST": "0.0.0.0"}, False, "for this machine only"),
        ({"PUBLIC_URL": "meet.example.org"}, False, "is no address"),
        ({"PUBLIC_URL": "http://meet.example.org"}, False, "is not encrypted"),
        ({"PUBLIC_URL": "https://nothing.invalid"}, False, "nothing.invalid has no address"),
        ({"PUBLIC_URL": "https://localhost"}, True, "https://localhost"),
    ],
)
async def test_the_public_address_is_looked_at(
    tmp_path: Path, settings: dict[str, str], good: bool, state: str
) -> None:
    found = of("public_url", await examined(tmp_path, **settings))
    assert (found.good, state in found.state) == (good, True)


async def test_proxies_are_looked_at(tmp_path: Path) -> None:
    behind = {"PUBLIC_URL": "https://localhost"}
    assert not of("trusted proxies", await examined(tmp_path, **behind)).good
    for trusted, good in (("127.0.0.1", True), ("0.0.0.0/0", False)):
        settings = {**behind, "SECURITY_TRUSTED_PROXIES": trusted}
        assert of("trusted proxies", await examined(tmp_path, **settings)).good is good


@pytest.mark.parametrize("transport", ["", "?transport=tcp"])
async def test_turn_is_asked_as_browsers_ask_it(tmp_path: Path, transport: str) -> None:
    async with turn_server("shared") as server:
        address, stun = f"turn:127.0.0.1:{server.port}{transport}", f"stun:127.0.0.1:{server.port}"
        settings = {"ICE_TURN": address, "ICE_STUN": stun, "ICE_TURN_SECRET": "shared"}
        findings = await examined(tmp_path, **settings)
        assert (of(address, findings).good, of(stun, findings).good) == (True, True)
        assert (server.allocated, server.released) == (1, 1)
        found = of(address, await examined(tmp_path, **{**settings, "ICE_TURN_SECRET": "other"}))
        assert (found.good, found.state) == (False, "refuses: the secret is not the server's (401)")


@pytest.mark.parametrize("address", ["turn:localhost:99999", "turns:[::1]:99999?transport=tcp"])
async def test_an_address_of_turn_that_is_none_is_said(tmp_path: Path, address: str) -> None:
    findings = await examined(tmp_path, ICE_TURN=address, ICE_TURN_SECRET="shared")
    assert not of(address, findings).good


async def test_turn_that_is_not_complete_or_away_is_said(tmp_path: Path) -> None:
    address = f"turn:{NOBODY}?transport=tcp"
    assert not of("TURN", await examined(tmp_path, ICE_TURN=address)).good
    assert not of("TURN", await examined(tmp_path, ICE_TURN_SECRET="shared")).good
    found = of(address, await examined(tmp_path, ICE_TURN=address, ICE_TURN_SECRET="shared"))
    assert (found.good, found.state.startswith("does not answer")) == (False, True)


async def test_disk_and_engines_are_looked_at(tmp_path: Path) -> None:
    broken = tmp_path / "nats-server"
    broken.write_text("#!/bin/sh\necho cannot find a library >&2; exit 127\n")
    broken.chmod(0o755)
    findings = await examined(
        tmp_path / "var",
        JANUS_RECORDINGS_LEAST_FREE=str(10**9),
        NATS_EXECUTABLE=str(broken),
    )
    assert not of("disk for recordings", findings).good
    nats = of("messages between processes (NATS)", findings)
    assert (nats.good, nats.state) == (False, f"{broken} does not say its version: cannot find a library")
    janus = of("media server (Janus)", findings)
    assert (janus.good, janus.state.split()[-1].count(".")) == (True, 2)

    findings = await examined(
        tmp_path / "var", NATS_URL=f"nats://{NOBODY}", JANUS_URLS=f"ws://{NOBODY}", HOST="127.0.0.1"
    )
    assert not of("messages between processes (NATS)", findings).good
    assert not of("media server (Janus)", findings).good


async def test_a_disk_that_is_nearly_full_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=99 << 20)

    def nearly_full(_path: Path) -> object:
        return usage

    monkeypatch.setattr(shutil, "disk_usage", nearly_full)
    found = of(f"data directory {tmp_path}", await examined(tmp_path))
    assert (found.good, found.state) == (False, "writable, 99 MiB free")


@pytest.mark.janus
@pytest.mark.parametrize(
    ("settings", "good", "state"),
    [
        (
            {"JANUS_NAT_1_1": "8.8.8.8"},
            True,
            "8.8.8.8 (public, of a NAT that must pass on UDP 20000 to 29999)",
        ),
        ({"JANUS_NAT_1_1": "ours"}, False, "ours in janus.nat_1_1 is no IP address"),
        # Janus takes all it has when nothing is as it is told.
        ({"JANUS_ICE_ENFORCE": "no-such-interface"}, False, "called no-such-interface: Janus takes "),
        ({"PUBLIC_URL": "https://8.8.8.8", "JANUS_NAT_1_1": "10.0.0.7"}, False, "10.0.0.7 (private: "),
        ({"PUBLIC_URL": "https://8.8.8.8", "JANUS_NAT_1_1": "127.0.0.1"}, False, "127.0.0.1 (loopback: "),
        ({"PUBLIC_URL": "https://10.0.0.9", "JANUS_NAT_1_1": "10.0.0.7"}, True, "10.0.0.7 (private: "),
        ({"PUBLIC_URL": "https://10.0.0.9", "JANUS_NAT_1_1": "127.0.0.1"}, False, "127.0.0.1 (loopback: "),
        ({"PUBLIC_URL": "https://10.0.0.9", "JANUS_NAT_1_1": "169.254.0.1"}, True, "(link-local: "),
    ],
)
async def test_a_media_server_is_asked_what_it_announces(
    tmp_path: Path, settings: dict[str, str], good: bool, state: str
) -> None:
    found = of("media candidates", await examined(tmp_path / "var", **settings))
    assert (found.good, state in found.state) == (good, True), found


@pytest.mark.janus
async def test_with_turn_a_private_address_is_enough(tmp_path: Path) -> None:
    private = {"PUBLIC_URL": "https://8.8.8.8", "JANUS_NAT_1_1": "10.0.0.7"}
    turn = {"ICE_TURN": f"turn:{NOBODY}?transport=tcp", "ICE_TURN_SECRET": "shared"}
    found = of("media candidates", await examined(tmp_path / "var", **private, **turn))
    assert (found.good, found.state.endswith("is for, but by TURN")) == (True, True)


@pytest.mark.janus
async def test_a_media_server_elsewhere_is_asked_what_it_announces(tmp_path: Path) -> None:
    configuration = JanusConfiguration(port=free_port(), api_secret='a "quoted" secret', nat_1_1=["8.8.8.8"])
    janus = JanusEngine(tmp_path / "janus", configuration)
    await janus.start()
    try:
        named = {"JANUS_URLS": configuration.url, "JANUS_API_SECRET": configuration.api_secret}
        found = of(f"media candidates of {configuration.url}", await examined(tmp_path / "var", **named))
        assert (found.good, found.state) == (
            True,
            "8.8.8.8 (public, of a NAT that must pass on its media ports), as it says",
        )
    finally:
        await janus.stop()


@pytest.mark.janus
@pytest.mark.slow
def test_the_running_media_server_is_asked_what_it_announces(tmp_path: Path) -> None:
    data = tmp_path / "var"
    # What it was started with counts, not what it would be started with now.
    with running(data, SWITCHROOM_JANUS_NAT_1_1="8.8.8.8") as platform:
        port = platform.base_url.rsplit(":", 1)[1]
        report = run("doctor", "--data", str(data), "--port", port)
        assert (
            "ok   media candidates: 8.8.8.8 (public, of a NAT that must pass on UDP 20000 to 29999), "
            "as the running media server says\n" in report.stdout
        )
    report = run("doctor", "--data", str(data), "--port", port)
    assert "as a media server says that was started for the question\n" in report.stdout
    assert ("8.8.8.8" in report.stdout, report.stderr) == (False, "")


@pytest.mark.janus
@pytest.mark.slow
def test_beside_the_running_server_it_looks_at_that(tmp_path: Path) -> None:
    data = tmp_path / "var"
    with running(data) as platform:
        port = platform.base_url.rsplit(":", 1)[1]
        where = ("--data", str(data), "--port", port)
        report = run("doctor", *where, SWITCHROOM_PUBLIC_URL=f"http://localhost:{port}")
        assert (
            f"ok   port {port} on 127.0.0.1: Switchroom runs here\nok   running server: ready\n"
            in report.stdout
        )
        assert f"ok   public_url: http://localhost:{port} leads here\n" in report.stdout
        assert "ok   database (sqlite): answers, schema " in report.stdout
        assert "FIX" not in report.stdout
        assert report.returncode == 0
        elsewhere = run("doctor", *where, SWITCHROOM_PUBLIC_URL="http://localhost:1")
        assert "FIX  public_url: http://localhost:1 does not lead here: " in elsewhere.stdout
        assert elsewhere.returncode == 1


def write_version(data: Path, version: str) -> None:
    with closing(sqlite3.connect(data / "switchroom.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = ?", (version,))


async def test_the_ports_of_sip_are_looked_at(tmp_path: Path) -> None:
    port = free_port()
    assert of(f"SIP port {port}", await examined(tmp_path, TELEPHONY_SIP_PORT=str(port))).state == "free"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", port))
        found = of(f"SIP port {port}", await examined(tmp_path, TELEPHONY_SIP_PORT=str(port)))
        assert not found.good
        assert f"UDP port {port} on 127.0.0.1" in found.state
    assert not [
        one
        for one in await examined(tmp_path, TELEPHONY_ENABLED="false")
        if "SIP" in one.subject or "phones" in one.subject
    ]


@pytest.mark.parametrize(
    ("variables", "good", "state"),
    [
        ({}, True, "127.0.0.1: only programs of this machine"),
        ({"PUBLIC_URL": "https://meet.example.org"}, False, "127.0.0.1: only programs of this machine"),
        ({"TELEPHONY_LISTEN": "0.0.0.0"}, True, "phones are told "),
        ({"TELEPHONY_ADVERTISED_ADDRESS": "192.0.2.7"}, True, "phones are told 192.0.2.7"),
        ({"TELEPHONY_ADVERTISED_ADDRESS": "0.0.0.0"}, False, "phones are told 0.0.0.0"),
        (
            {"TELEPHONY_ADVERTISED_ADDRESS": "no.such.name.invalid"},
            False,
            "no.such.name.invalid has no address",
        ),
    ],
)
async def test_the_address_that_phones_are_told_is_looked_at(
    tmp_path: Path, variables: Mapping[str, str], good: bool, state: str
) -> None:
    found = of("address for phones and carriers", await examined(tmp_path, **variables))
    assert found.good is good
    assert found.state.startswith(state)


async def test_the_certificate_of_sip_is_looked_at(tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    certificate.write_text("certificate")
    variables = {"TELEPHONY_TLS_CERTIFICATE": str(certificate), "TELEPHONY_TLS_PRIVATE_KEY": str(key)}
    found = of("certificate for SIP", await examined(tmp_path, **variables))
    assert not found.good
    assert str(key) in found.state
    key.write_text("key")
    assert of("certificate for SIP", await examined(tmp_path, **variables)).good

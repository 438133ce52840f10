"""`switchroom up` and `serve`: ready, a demo that is made once, an orderly end."""

from __future__ import annotations

import json
import os
import re
import stat
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from switchroom.settings import TelephonySettings
from tests import plain_http
from tests.command.running import run, running, until
from tests.engines.programs import lives
from tests.ports import free_port

pytestmark = pytest.mark.slow


def sign_in(base_url: str, demo: dict[str, Any]) -> httpx.Response:
    user = demo["users"][0]
    return plain_http.post(
        f"{base_url}/json/v1/authenticationService/authenticate",
        json={"usernamePasswordCredentials": {"username": user["username"], "password": user["password"]}},
    )


def test_the_demo_is_made_once_and_holds_what_it_says(tmp_path: Path) -> None:
    data = tmp_path / "var"
    port = free_port()
    with running(data, "--demo", port=port) as platform:
        first = (data / "demo.json").read_bytes()
        demo = json.loads(first)
        assert demo["base_url"] == f"http://localhost:{port}"
        assert [user["role"] for user in demo["users"]] == ["administrator", "moderator", "participant"]
        assert demo["links"]["moderator"].startswith(f"{demo['base_url']}/#/join/{demo['company_id']}/")
        reply = sign_in(platform.base_url, demo)
        assert reply.json()["companyId"] == demo["company_id"]
        printed = platform.output.read_text()
        assert demo["links"]["participant"] in printed
        assert demo["api_key"]["code"] in printed
        assert f"Demo  {demo['company_id']}" in printed
        assert "Teaching: Classroom 1, Classroom 2, Lecture hall" in printed
        (meeting,) = re.findall(rf"{demo['base_url']}/#/meeting/(\S+)", printed)
        seen = plain_http.post(f"{platform.base_url}/client/meeting", json={"number": meeting}).json()
        assert seen["topic"] == "Demo meeting"
        assert demo["telephony"] is None
        assert "Softphones" not in printed
        assert platform.stop() == 0
    with running(data, "--demo", port=port) as platform:
        assert (data / "demo.json").read_bytes() == first
        token = sign_in(platform.base_url, demo).json()["accessToken"]
        rooms = plain_http.post(
            f"{platform.base_url}/json/v1/roomService/list", json={"accessInfo": {"accessToken": token}}
        ).json()["rooms"]
        names = sorted(room["displayName"] for room in rooms.values())
        assert len(names) == len(set(names)) == 7
        assert {room["id"] for room in demo["rooms"]} < set(rooms)


def test_a_demo_gets_its_phones_once_there_are_telephones(tmp_path: Path) -> None:
    data, port = tmp_path / "var", free_port()
    with running(data, "--demo", port=port):
        without = json.loads((data / "demo.json").read_bytes())
    with running(data, "--demo", command="serve", port=port, telephony=TelephonySettings()) as platform:
        made = (data / "demo.json").read_bytes()
        demo = json.loads(made)
        telephony = demo["telephony"]
        assert {**without, "telephony": telephony} == demo
        assert [device["number"] for device in telephony["devices"]] == ["100", "101"]
        printed = platform.output.read_text()
        for device in telephony["devices"]:
            assert f"Phone {device['number']}" in printed
            assert f"{device['username']}  {device['password']}" in printed
        assert f"domain {telephony['realm']}, no server runs here" in printed
    with running(data, "--demo", port=port):
        assert (data / "demo.json").read_bytes() == made


def test_what_is_on_disk_is_for_its_owner_only(tmp_path: Path) -> None:
    data, umask = tmp_path / "var", os.umask(0o000)
    try:
        data.mkdir()
        run("org", "create", "Acme", "--data", str(data))
        data.chmod(0o755)
        (data / "switchroom.db").chmod(0o644)
        with running(data, "--demo", "--workers", "2", command="serve") as platform:
            run("user", "create", "ada@example.org", "--org", "Acme", "--data", str(data))
            run("user", "reset-password", "ada@example.org", "--org", "Acme", "--data", str(data))
            until(lambda: bool(list((data / "outbox").glob("*.eml"))))
            assert platform.process.poll() is None
            there = {path.name: path for path in (data, *data.rglob("*"))}
            assert {"secret.key", "demo.json", "switchroom.db", "switchroom.db-wal", "outbox"} < set(there)
            for path in there.values():
                assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    finally:
        os.umask(umask)


def test_what_the_unit_of_systemd_starts_writes_is_for_its_owner_only() -> None:
    unit = ConfigParser(interpolation=None, strict=False)
    unit.read(Path(__file__).parents[2] / "deploy" / "switchroom.service")
    assert unit["Service"]["UMask"] == "0077"


def test_a_directory_of_somebody_elses_things_stays_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "letter.txt").touch()
    run("org", "create", "Acme", "--data", str(tmp_path))
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "switchroom.db").stat().st_mode) == 0o600
    report = run("doctor", "--data", str(tmp_path))
    assert f"FIX  files of the data directory: {tmp_path} is open to others (0755)\n" in report.stdout
    assert f"     Run: chmod -R go= {tmp_path}\n" in report.stdout


def test_a_database_elsewhere_is_for_its_owner_only(tmp_path: Path) -> None:
    shared, data = tmp_path / "shared", tmp_path / "var"
    shared.mkdir()
    shared.chmod(0o755)
    database = shared / "meetings.sqlite"
    url = f"sqlite+aiosqlite:///{database}"
    run("org", "create", "Acme", "--data", str(data), SWITCHROOM_DATABASE_URL=url)
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    good = run("doctor", "--data", str(data), SWITCHROOM_DATABASE_URL=url)
    assert "files of the data directory: for their owner only" in good.stdout

    journal = shared / "meetings.sqlite-wal"
    journal.touch()
    for path in (database, journal):
        path.chmod(0o644)
    report = run("doctor", "--data", str(data), SWITCHROOM_DATABASE_URL=url)
    assert f"{database}, {journal} are open to others (0644)\n" in report.stdout
    assert f"     Run: chmod go= {database} {journal}\n" in report.stdout

    run(
        "user", "create", "ada@example.org", "--org", "Acme", "--data", str(data), SWITCHROOM_DATABASE_URL=url
    )
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    assert not journal.exists() or stat.S_IMODE(journal.stat().st_mode) == 0o600
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755


def test_a_demo_started_at_another_address_has_links_there(tmp_path: Path) -> None:
    data = tmp_path / "var"
    with running(data, "--demo", command="serve") as platform:
        platform.stop()
    port = free_port()
    with running(data, "--demo", command="serve", port=port):
        demo = json.loads((data / "demo.json").read_text())
        assert demo["base_url"] == f"http://localhost:{port}"
        assert demo["links"]["moderator"].startswith(demo["base_url"])


def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    with running(tmp_path / "one", command="serve") as platform:
        port = platform.base_url.rsplit(":", 1)[1]
        second = run("serve", "--data", str(tmp_path / "two"), "--port", port)
    assert second.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.janus
def test_stopping_leaves_no_process_behind(tmp_path: Path) -> None:
    with running(tmp_path / "var", "--demo") as platform:
        children = psutil.Process(platform.process.pid).children(recursive=True)
        assert any(name_of(child) == "janus" for child in children)
        assert platform.stop() == 0
    assert not [child for child in children if lives(child)]


def name_of(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return ""


def test_configuration_comes_from_file_environment_and_options(tmp_path: Path) -> None:
    file = tmp_path / "switchroom.toml"
    file.write_text('public_url = "https://file.example"\n[smtp]\nsender = "a@file.example"\n')
    with running(tmp_path / "var", "--demo", "--config", str(file), command="serve"):
        demo = json.loads((tmp_path / "var" / "demo.json").read_text())
        assert demo["base_url"] == "https://file.example"
    wrong = run("serve", "--data", str(tmp_path / "var"), SWITCHROOM_SECURITY_ACCOUNT_ATTEMPTS="none")
    assert wrong.returncode == 1
    assert "account_attempts" in wrong.stderr


def test_headers_guard_the_pages(tmp_path: Path) -> None:
    with running(tmp_path / "var", command="serve") as platform:
        page = plain_http.get(platform.base_url)
        assert page.status_code == 200
        assert "default-src 'self'" in page.headers["content-security-policy"]
        assert page.headers["referrer-policy"] == "no-referrer"
        assert plain_http.get(f"{platform.base_url}/webclient/").text == page.text
        assert plain_http.get(f"{platform.base_url}/assets/../../secret.key").status_code == 404
        assert plain_http.get(f"{platform.base_url}/health/live").json() == {"status": "live"}
        assert "switchroom_http_requests_total" in plain_http.get(f"{platform.base_url}/metrics").text

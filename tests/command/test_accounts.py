"""The commands that make organizations, people and keys, used beside a running server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import plain_http
from tests.command.running import run, running

pytestmark = pytest.mark.slow


def test_from_nothing_to_a_signed_in_administrator(tmp_path: Path) -> None:
    data = str(tmp_path / "var")
    with running(tmp_path / "var", command="serve") as platform:
        company = run("org", "create", "Schule für Gestaltung", "--data", data).stdout.strip()
        assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{26}", company)
        made = run(
            "user", "create", "Änne@Example.org", "--org", "Schule für Gestaltung", "--role", "administrator",
            "--data", data,
        )  # fmt: skip
        password = re.search(r"password: (\S+)", made.stdout)
        assert password
        key = run("api-key", "create", "kurse", "--org", company, "--data", data)
        code = re.search(r"code: +(\S+)", key.stdout)
        assert code
        for credentials in (
            {"usernamePasswordCredentials": {"username": "änne@example.org", "password": password[1]}},
            {
                "authorizationCodeCredentials": {
                    "clientId": "kurse",
                    "code": code[1],
                    "companyId": company,
                }
            },
        ):
            reply = plain_http.post(
                f"{platform.base_url}/json/v1/authenticationService/authenticate", json=credentials
            )
            assert reply.json()["companyId"] == company


def test_what_cannot_be_made_is_said(tmp_path: Path) -> None:
    data = str(tmp_path / "var")
    run("org", "create", "Acme", "--data", data)
    run("api-key", "create", "one", "--org", "Acme", "--data", data)
    again = run("api-key", "create", "one", "--org", "Acme", "--data", data)
    assert (again.returncode, again.stderr) == (1, "switchroom: there is an API key one already\n")
    unknown = run("user", "create", "a@b.example", "--org", "Nobody", "--data", data)
    assert (unknown.returncode, unknown.stderr) == (1, "switchroom: there is no organization Nobody\n")
    run("org", "create", "Acme", "--data", data)
    double = run("user", "create", "a@b.example", "--org", "Acme", "--data", data)
    assert "several organizations are named Acme" in double.stderr


def test_somebody_known_joins_a_second_organization_with_their_password(tmp_path: Path) -> None:
    data = str(tmp_path / "var")
    run("org", "create", "First", "--data", data)
    run("org", "create", "Second", "--data", data)
    first = run("user", "create", "both@example.org", "--org", "First", "--data", data)
    second = run("user", "create", "both@example.org", "--org", "Second", "--data", data)
    assert "password" in first.stdout
    assert second.returncode == 0
    assert "password" not in second.stdout
    assert first.stdout.splitlines()[0] == second.stdout.splitlines()[0]


def test_version_and_doctor(tmp_path: Path) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", run("version").stdout)
    report = run("doctor", "--data", str(tmp_path / "var"), SWITCHROOM_JANUS_EXECUTABLE="no-such-janus")
    assert report.returncode == 1
    assert "FIX  media server (Janus): not installed" in report.stdout
    assert "apt-get install janus" in report.stdout


def test_upgrading_the_database_twice(tmp_path: Path) -> None:
    data = str(tmp_path / "var")
    (tmp_path / "var").mkdir()
    assert run("db", "upgrade", "--data", data).stdout == "upgraded\n"
    assert run("db", "upgrade", "--data", data).stdout == "up to date\n"

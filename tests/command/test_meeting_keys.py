"""The commands that make keys of the Web Meeting API, used beside a running server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests import plain_http
from tests.command.running import Running, run, running, until

pytestmark = pytest.mark.slow


def test_keys_from_the_first_to_the_last(tmp_path: Path) -> None:
    data = str(tmp_path / "var")
    with running(tmp_path / "var", command="serve") as platform:
        company = run("org", "create", "Schule", "--data", data).stdout.strip()
        whole = _key("meeting-key", "create", "portal", "--data", data)
        made = _call(platform, whole, "POST", "/account", {"adminEmail": "ada@example.org"})
        assert made["responseCode"] == 0
        own = _key("meeting-key", "create", "crm", "--org", company, "--data", data)
        assert _call(platform, own, "GET", f"/account/{made['data']['id']}")["responseCode"] == -3
        assert _call(platform, own, "GET", "/meeting")["responseCode"] == -2
        only = _key("meeting-key", "create", "calendar", "--permission", "meeting", "--data", data)
        assert _call(platform, only, "GET", "/account")["responseCode"] == -3

        listed = run("meeting-key", "list", "--data", data).stdout.splitlines()
        assert [line.split()[2:] for line in listed] == [
            ["account,meeting", "instance", "portal"],
            ["account,meeting", "account", "Schule", "crm"],
            ["meeting", "instance", "calendar"],
        ]
        assert not [line for line in listed if whole in line or own in line]
        first = listed[0].split()[0]
        assert run("meeting-key", "delete", first, "--data", data).returncode == 0
        until(lambda: _call(platform, whole, "GET", "/account")["responseCode"] == -1)


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    data = str(tmp_path / "var")
    unknown = run("meeting-key", "create", "x", "--org", "Nobody", "--data", data)
    assert (unknown.returncode, unknown.stderr) == (1, "switchroom: there is no organization Nobody\n")
    gone = run("meeting-key", "delete", "17", "--data", data)
    assert (gone.returncode, gone.stderr) == (1, "switchroom: there is no key 17\n")
    assert run("meeting-key", "create", "x", "--permission", "everything", "--data", data).returncode == 2


def _key(*arguments: str) -> str:
    printed = run(*arguments)
    found = re.fullmatch(r"X-API-KEY: (\w{40})\n", printed.stdout)
    assert found, printed
    return found[1]


def _call(platform: Running, key: str, method: str, path: str, body: object = None) -> dict[str, Any]:
    headers = {"X-API-KEY": key}
    return plain_http.request(method, f"{platform.base_url}/api/v6{path}", headers=headers, json=body).json()

"""The `curl` lines of README and docs, each run as it is printed, by a shell, against a running server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests import plain_http
from tests.command.running import LIMIT, Running, run, running

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/integrators.md", "docs/events.md", "docs/telephony.md", "docs/web-meeting-api.md")
PHONES = "docs/phones.md"
"""Its lines are run by `test_phones_page`, which has phones."""

BLOCK = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"(?:^|\$\()curl ", re.MULTILINE)
SERVERS = re.compile(r"http://localhost:8000|https://meet\.example\.org")
PRELUDE = """
set -euo pipefail
curl() {
    local answer
    answer=$(mktemp -p "$ANSWERS")
    command curl --silent --show-error --fail-with-body "$@" | tee "$answer"
}
"""
"""Keeps each answer; one with the status of an error ends the shell."""


def printed(page: str) -> str:
    """What a page says to type into a shell, where `curl` is in it."""
    return "\n".join(block for block in BLOCK.findall((ROOT / page).read_text("utf-8")) if CALL.search(block))


def test_no_page_with_calls_is_left_out() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    with_calls = {str(page.relative_to(ROOT)) for page in pages if CALL.search(page.read_text("utf-8"))}
    assert with_calls == {*PAGES, PHONES}
    for page in PAGES:
        calls = CALL.findall((ROOT / page).read_text("utf-8"))
        assert len(calls) == len(CALL.findall(printed(page))), f"{page} has calls outside of its blocks"


@pytest.mark.parametrize("page", PAGES)
def test_calls_work_as_they_are_printed(page: str, tmp_path: Path) -> None:
    data, answers = tmp_path / "var", tmp_path / "answers"
    answers.mkdir()
    with running(data, "--demo", command="serve") as platform:
        run("org", "create", "Example School", "--data", str(data))
        done = subprocess.run(
            ["bash", "-c", PRELUDE + SERVERS.sub(platform.base_url, printed(page))],
            cwd=tmp_path,
            env={
                **os.environ,
                **_NAMED.get(page, named_by_readers)(platform, data),
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "ANSWERS": str(answers),
                "SWITCHROOM_DATA": str(data),
            },
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    said: list[dict[str, Any]] = [json.loads(path.read_text("utf-8")) for path in answers.iterdir()]
    assert len(said) == len(CALL.findall(printed(page)))
    for answer in said:
        assert answer.get("responseCode", 0) == 0, answer


def named_by_readers(platform: Running, data: Path) -> Mapping[str, str]:
    """What the pages leave to the reader, as they describe it."""
    demo = json.loads((data / "demo.json").read_text("utf-8"))
    key, company = demo["api_key"], demo["company_id"]
    credentials = {"clientId": key["client_id"], "code": key["code"], "companyId": company}

    def called(path: str, **body: object) -> dict[str, Any]:
        return plain_http.post(f"{platform.base_url}/json/v1/{path}", json=body).json()

    token = called("authenticationService/authenticate", authorizationCodeCredentials=credentials)[
        "accessToken"
    ]
    groups: dict[str, dict[str, str]] = called(
        "businessLogicService/permissionGroups/list", accessInfo={"accessToken": token}
    )["permissionGroups"]
    return {
        "CLIENT_ID": key["client_id"],
        "CODE": key["code"],
        "COMPANY_ID": company,
        "ROOM": demo["rooms"][0]["id"],
        "GROUP": next(one for one, group in groups.items() if group["name"] == "Participant"),
        "KEY": demo["webmeeting"]["api_key"],
        "TOKEN": token,
    }


def of_events(platform: Running, data: Path) -> Mapping[str, str]:
    """What the page of events leaves to the reader: the key that it has made, and the token that brings."""
    return _key_and_token(platform, data, "--permission", "events")


def of_telephony(platform: Running, data: Path) -> Mapping[str, str]:
    """The same of the page of telephony, whose key is one of an account."""
    return _key_and_token(platform, data, "--permission", "telephony", "--org", "Example School")


def _key_and_token(platform: Running, data: Path, *options: str) -> Mapping[str, str]:
    made = run("meeting-key", "create", "x", *options, "--data", str(data))
    key = made.stdout.removeprefix("X-API-KEY: ").strip()
    answer = plain_http.put(f"{platform.base_url}/v3.0/auth/account", json={"data": {"api_key": key}})
    return {"KEY": key, "TOKEN": answer.json()["data"]["auth_token"]}


_NAMED = {"docs/events.md": of_events, "docs/telephony.md": of_telephony}

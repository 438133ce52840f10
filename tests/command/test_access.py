"""The commands that list, change and take away access, used beside a running server that learns of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from switchroom.cli.options import printable
from tests import plain_http
from tests.command.running import Running, run, running, until
from tests.conference.room import Client

pytestmark = pytest.mark.slow


def printed(*arguments: str) -> str:
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def refused(*arguments: str) -> str:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (1, ""), done
    return done.stderr


def value(name: str, text: str) -> str:
    found = re.search(rf"^{name}: +(\S+)$", text, re.MULTILINE)
    assert found, text
    return found[1]


def sign_in(platform: Running, **credentials: object) -> httpx.Response:
    address = f"{platform.base_url}/json/v1/authenticationService/authenticate"
    return plain_http.post(address, json=credentials)


def by_key(platform: Running, company: str, code: str) -> httpx.Response:
    key = {"clientId": "kurse", "code": code, "companyId": company}
    return sign_in(platform, authorizationCodeCredentials=key)


def by_password(platform: Running, username: str, password: str, company: str = "") -> httpx.Response:
    said = {"username": username, "password": password, "companyId": company}
    return sign_in(platform, usernamePasswordCredentials=said)


def is_good(platform: Running, token: str) -> bool:
    address = f"{platform.base_url}/json/v1/authenticationService/isAuthenticated"
    return plain_http.post(address, json={"accessToken": token}).status_code == 200


def refreshed(platform: Running, signed_in: httpx.Response) -> httpx.Response:
    return sign_in(platform, refreshTokenCredentials={"refreshToken": signed_in.cookies["auth"]})


def events(platform: Running, token: str) -> list[str]:
    address = f"{platform.base_url}/v3.0/events?type=user.*,api_key.*"
    listed: dict[str, Any] = plain_http.get(address, headers={"X-Auth-Token": token}).json()
    return [event["type"] for event in listed["data"]]


def test_an_api_key_from_its_making_to_its_end(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "var"))
    with running(tmp_path / "var", command="serve") as platform:
        company = printed("org", "create", "Schule für Gestaltung", *data).strip()
        org = ("--org", "Schule für Gestaltung", *data)
        assert printed("api-key", "list", *org) == ""
        first = value("code", printed("api-key", "create", "kurse", *org))
        printed("api-key", "create", "Prüfungen", *org)
        listed = printed("api-key", "list", *org)
        assert re.fullmatch(r"\S{36}  \d{4}-\d\d-\d\d  kurse\n\S{36}  \d{4}-\d\d-\d\d  Prüfungen\n", listed)
        assert first not in listed

        signed_in = by_key(platform, company, first)
        token = signed_in.json()["accessToken"]
        assert is_good(platform, token)
        second = value("code", printed("api-key", "rotate", "kurse", *org))
        until(lambda: not is_good(platform, token))
        assert refreshed(platform, signed_in).status_code == 401
        assert by_key(platform, company, first).status_code == 401
        signed_in = by_key(platform, company, second)
        token = signed_in.json()["accessToken"]
        assert is_good(platform, token)

        assert printed("api-key", "revoke", "kurse", *org) == ""
        until(lambda: not is_good(platform, token))
        assert refreshed(platform, signed_in).status_code == 401
        assert by_key(platform, company, second).status_code == 401
        assert "kurse" not in printed("api-key", "list", *org)
        for command in ("revoke", "rotate"):
            assert refused("api-key", command, "kurse", *org) == "switchroom: there is no API key kurse\n"


def test_names_from_before_do_not_steer_a_terminal() -> None:
    assert printable("Änne\x1b[31m\u202e Öz\n") == "Änne\ufffd[31m\ufffd Öz\ufffd"


def test_a_person_of_two_organizations_is_kept_out_of_one(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "var"))
    with running(tmp_path / "var", command="serve") as platform:
        here, there = (printed("org", "create", name, *data).strip() for name in ("Schule", "Verein"))
        assert printed("user", "list", "--org", here, *data) == ""
        names = ("--first-name", "Änne", "--last-name", "Öz")
        made = printed("user", "create", "Änne@Example.org", *names, "--org", here, *data)
        user_id, password = value("user id", made), value("password", made)
        printed("user", "create", "änne@example.org", "--org", there, *data)
        line = f"{user_id}  on   participant    änne@example.org  Änne Öz\n"
        assert printed("user", "list", "--org", "Schule", *data) == line

        signed_in = {one: by_password(platform, "änne@example.org", password, one) for one in (here, there)}
        tokens = {one: reply.json()["accessToken"] for one, reply in signed_in.items()}
        assert printed("user", "disable", "ÄNNE@example.org", "--org", here, *data) == ""
        until(lambda: not is_good(platform, tokens[here]))
        assert is_good(platform, tokens[there])
        assert refreshed(platform, signed_in[here]).status_code == 401
        assert refreshed(platform, signed_in[there]).status_code == 200
        assert by_password(platform, "änne@example.org", password, here).status_code == 401
        assert by_password(platform, "änne@example.org", password).json()["companyId"] == there
        switch = {"refreshToken": signed_in[there].cookies["auth"], "companyId": here}
        assert sign_in(platform, companySwitchCredentials=switch).status_code == 401
        printed("user", "disable", user_id, "--org", here, *data)
        assert "  off  participant" in printed("user", "list", "--org", here, *data)

        for _ in range(2):
            printed("user", "enable", user_id, "--org", here, *data)
        again = by_password(platform, "änne@example.org", password, here)
        assert again.json()["companyId"] == here
        assert not is_good(platform, tokens[here])

        printed("user", "role", user_id, "administrator", "--org", here, *data)
        strong = by_password(platform, "änne@example.org", password, here)
        assert strong.json()["permissions"]
        printed("user", "role", user_id, "administrator", "--org", here, *data)
        assert is_good(platform, strong.json()["accessToken"])
        assert refused("user", "role", user_id, "moderator", "--org", here, *data) == (
            "switchroom: An account keeps at least one admin.\n"
        )
        printed("user", "create", "chef@example.org", "--role", "administrator", "--org", here, *data)
        printed("user", "role", user_id, "moderator", "--org", here, *data)
        until(lambda: not is_good(platform, strong.json()["accessToken"]))
        weak = refreshed(platform, strong)
        assert weak.status_code == 200
        assert "permissions" not in weak.json()
        assert refused("user", "role", "nobody", "moderator", "--org", here, *data) == (
            "switchroom: there is no user nobody\n"
        )
        assert refused("user", "disable", "nobody", "--org", here, *data) == (
            "switchroom: there is no user nobody\n"
        )


def test_a_password_is_reset_by_a_link(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "var"))
    with running(tmp_path / "var", command="serve") as platform:
        org = ("--org", printed("org", "create", "Schule", *data).strip(), *data)
        made = printed("user", "create", "ada@example.org", *org)
        assert printed("user", "reset-password", "ada@example.org", *org) == (
            "a mail to ada@example.org is queued\n"
        )
        outbox = tmp_path / "var" / "outbox"
        until(lambda: len(list(outbox.glob("*.eml"))) == 1)
        shown = printed("user", "reset-password", value("user id", made), "--print", *org)
        link = re.search(r"^link: +http://localhost:\d+/#/password/(\w{32})$", shown, re.MULTILINE)
        assert link, shown
        assert by_password(platform, "ada@example.org", value("password", made)).status_code == 200
        new = {"key": link[1], "password": "seven white geese"}
        assert plain_http.post(f"{platform.base_url}/client/password", json=new).json()["state"] == "set"
        assert by_password(platform, "ada@example.org", value("password", made)).status_code == 401
        assert by_password(platform, "ada@example.org", "seven white geese").status_code == 200
        printed("user", "create", "ada", *org)
        assert refused("user", "reset-password", "ada", *org) == (
            "switchroom: there is no e-mail address to send the password's link to\n"
        )


def test_an_organization_is_closed(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "var"))
    with running(tmp_path / "var", command="serve") as platform:
        assert printed("org", "list", *data) == ""
        here, there = (printed("org", "create", name, *data).strip() for name in ("Übung", "Verein"))
        listed = printed("org", "list", *data).splitlines()
        assert [line.split()[0] for line in listed] == [here, there]
        assert [line.split()[2:] for line in listed] == [["open", "Übung"], ["open", "Verein"]]
        made = printed("user", "create", "ada@example.org", "--org", here, *data)
        printed("user", "create", "ada@example.org", "--org", there, *data)
        code = value("code", printed("api-key", "create", "kurse", "--org", here, *data))
        of_key = by_key(platform, here, code).json()["accessToken"]
        password = value("password", made)
        mine = {
            one: by_password(platform, "ada@example.org", password, one).json()["accessToken"]
            for one in (here, there)
        }

        assert run("org", "close", "Übung", *data).returncode == 1  # nobody there who could say yes
        assert printed("org", "close", "Übung", "--yes", *data) == ""
        until(lambda: not is_good(platform, of_key) and not is_good(platform, mine[here]))
        assert is_good(platform, mine[there])
        assert by_key(platform, here, code).status_code == 401
        assert "closed  Übung" in printed("org", "list", *data)
        assert refused("org", "close", here, "--yes", *data) == "switchroom: Übung is closed already\n"
        assert refused("org", "close", "Nobody", "--yes", *data) == (
            "switchroom: there is no organization Nobody\n"
        )

        again = printed("org", "create", "Übung", *data).strip()
        printed("user", "create", "ada@example.org", "--org", "Übung", *data)
        assert by_password(platform, "ada@example.org", password, again).json()["companyId"] == again
        printed("org", "create", "Übung", *data)
        assert "several organizations are named Übung" in refused("org", "close", "Übung", "--yes", *data)


@pytest.mark.janus
async def test_who_is_inside_a_room_leaves_when_kept_out(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "var"))
    with running(tmp_path / "var", "--demo") as platform:
        demo = json.loads((tmp_path / "var" / "demo.json").read_text())
        people = [
            by_password(platform, user["username"], user["password"]).json()["accessToken"]
            for user in demo["users"][1:]
        ]
        moderator, participant = [await joined(platform, demo["rooms"][0]["id"], one) for one in people]
        org = ("--org", demo["company_id"], *data)
        printed("user", "disable", demo["users"][2]["username"], *org)
        await participant.hears("ended", reason="revoked")
        assert await participant.closed() == 4004
        await moderator.does("hand", raised=True)
        printed("org", "close", demo["company_id"], "--yes", *data)
        await moderator.hears("ended", reason="revoked")
        assert await moderator.closed() == 4004


async def joined(platform: Running, room_id: str, token: str) -> Client:
    """Somebody inside a room."""
    address = platform.base_url.replace("http", "ws") + "/client/socket"
    client = Client(await connect(address, proxy=None))
    answer = await client.ask("join", token=token, roomId=room_id)
    assert answer["type"] == "joined", answer
    return client

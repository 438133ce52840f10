"""Web hooks made and watched over by the command line, beside a running server."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.command.running import LIMIT, run, running

pytestmark = pytest.mark.slow


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        server = self.server
        assert isinstance(server, _Receiver)
        server.received.append((dict(self.headers), body))
        self.send_response(server.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _Receiver(HTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.received: list[tuple[dict[str, str], bytes]] = []


@pytest.fixture
def receiver() -> Generator[_Receiver]:
    server = _Receiver()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def serving(data: Path) -> Generator[tuple[str, ...]]:
    """A running server whose web hooks may reach loopback; gives the options that name its data."""
    config = data.parent / "switchroom.toml"
    config.write_text('[events]\nwebhook_networks = ["127.0.0.0/8"]\n')
    with running(data, "--config", str(config), command="serve"):
        yield ("--data", str(data), "--config", str(config))


def until(holds: object) -> None:
    assert callable(holds)
    deadline = time.monotonic() + LIMIT
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_hook_is_made_gets_an_event_and_shows_what_became_of_it(
    tmp_path: Path, receiver: _Receiver
) -> None:
    url = f"http://127.0.0.1:{receiver.server_port}/hook"
    with serving(tmp_path / "var") as where:
        run("org", "create", "Acme", *where)
        org = ("--org", "Acme", *where)
        own = ("--custom-data", '{"kurs": "Ökologie"}', "--retries", "2")
        made = run("webhook", "create", "Übersicht", url, "--types", "api_key.*, user.*", *own, *org)
        fields = re.fullmatch(r"id: +(\d+)\nsecret: (\S+)\n", made.stdout)
        assert fields, made
        number, secret = fields.groups()

        run("api-key", "create", "kurse", *org)
        until(lambda: receiver.received)
        headers, body = receiver.received[0]
        event = json.loads(body)
        assert (event["type"], event["data"]) == ("api_key.created", {"client_id": "kurse"})
        assert event["custom_data"] == {"kurs": "Ökologie"}
        signed = f"{headers['X-Webhook-Timestamp']}.".encode() + body
        expected = "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        assert headers["X-Webhook-Signature"] == expected

        listed = run("webhook", "list", *org).stdout
        assert listed == (
            f"{number:>4}  on   Übersicht  POST {url}  api_key.*,user.*\n"
            '      retries: 2\n      custom data: {"kurs":"Ökologie"}\n'
        )
        until(lambda: "delivered" in run("webhook", "deliveries", number, *org).stdout)
        shown = run("webhook", "deliveries", number, *org).stdout
        delivery = re.match(r" +(\d+)  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d  api_key.created", shown)
        assert delivery, shown
        assert run("webhook", "deliveries", number, "--dead", *org).stdout == ""

        again = run("webhook", "redeliver", number, delivery[1], *org)
        assert (again.returncode, again.stdout) == (0, f"delivery {delivery[1]} is queued again\n")
        until(lambda: len(receiver.received) == 2)
        assert receiver.received[1][1] == body

        assert run("webhook", "secret", number, *org).stdout == f"{secret}\n"
        assert len(run("webhook", "secret", number, "--rotate", *org).stdout) == len(secret) + 1

        run("webhook", "switch", number, "--off", *org)
        assert f"{number:>4}  off  " in run("webhook", "list", *org).stdout
        run("webhook", "delete", number, *org)
        assert run("webhook", "list", *org).stdout == ""


def test_what_is_wrong_with_a_hook_is_said(tmp_path: Path) -> None:
    where = ("--data", str(tmp_path / "var"))
    run("org", "create", "Acme", *where)
    org = ("--org", "Acme", *where)
    wrong = run("webhook", "create", "X", "ftp://example.org", *org)
    assert (wrong.returncode, wrong.stderr) == (1, "switchroom: url must be an http or https URL\n")
    wrong = run("webhook", "create", "X", "https://example.org", "--types", "Room!", *org)
    assert (wrong.returncode, wrong.stderr) == (1, "switchroom: Room! is no type of event\n")
    wrong = run("webhook", "create", "X", "https://example.org", "--retries", "8", *org)
    assert (wrong.returncode, wrong.stderr) == (1, "switchroom: retries is 0 to 7\n")
    wrong = run("webhook", "create", "X", "https://example.org", "--custom-data", "[1]", *org)
    assert (wrong.returncode, wrong.stderr) == (1, "switchroom: custom data must be a JSON object\n")
    wrong = run("webhook", "secret", "7", "--set", "short", *org)
    assert (wrong.returncode, wrong.stderr) == (1, "switchroom: there is no web hook 7\n")
    wrong = run("webhook", "redeliver", "7", "8", *org)
    assert (wrong.returncode, wrong.stderr) == (1, "switchroom: there is no web hook 7\n")

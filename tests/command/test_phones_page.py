"""The lines of docs/phones.md, run by a shell as they are printed: two phones talk, a menu and a mailbox
answer, a web hook is told."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import plain_http
from tests.command.running import run, running
from tests.command.test_documentation import BLOCK, PHONES, ROOT
from tests.ports import free_port, telephones
from tests.telephony.voicemail.tones import share_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.kamailio,
    pytest.mark.rtpengine,
    pytest.mark.timeout(300),
]

LIMIT = 200.0
SLOWER = {"-t 6": "-t 12", "sleep 22": "sleep 30", 'sleep 3\napi "': 'sleep 8\napi "'}
"""Seconds of the page, the sixty of the phone that waits among them, and those that a machine is given which
may stand still for some of them."""

TONE = 0.3 / (2 * math.pi) * 8000
"""Of the phones of the page, in Hz."""


def test_a_newcomer_comes_to_two_phones_that_talk(tmp_path: Path) -> None:
    data = tmp_path / "var"
    printed = "\n".join(BLOCK.findall((ROOT / PHONES).read_text("utf-8")))
    with (
        telephones() as telephony,
        running(
            data, "--demo", telephony=telephony, SWITCHROOM_EVENTS_WEBHOOK_NETWORKS="127.0.0.0/8"
        ) as platform,
    ):
        for written, here in (
            ("http://localhost:8000", platform.base_url),
            ("127.0.0.1:5060", f"127.0.0.1:{telephony.sip_port}"),
            *zip(("5082", "5092", "9876"), (str(port) for port in _ports()), strict=True),
            *SLOWER.items(),
        ):
            assert written in printed
            printed = printed.replace(written, here)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", printed],
            cwd=tmp_path,
            env={
                **os.environ,
                "DATA": str(data),
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            },
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        assert (
            f"domain demo.sip.internal, server 127.0.0.1:{telephony.sip_port}" in platform.output.read_text()
        )
        account = Account(platform.base_url, data)
        talk, menu, message = account("/calls_history/all")
        hook = [json.loads(line) for line in (tmp_path / "calls.log").read_text().splitlines()]
        messages = account(f"/vmboxes/{account('/vmboxes')[0]['id']}/messages")
    assert "error" not in done.stdout
    assert "Call established" in (tmp_path / "ada.log").read_text()
    first, *_ = sorted((tmp_path / "heard-by-ada").glob("*-dec.wav"))
    assert share_of(first.read_bytes(), TONE) > 0.8
    assert (talk["hangup_cause"], talk["caller_id_name"]) == ("NORMAL_CLEARING", "Ada Lovelace")
    assert talk["billing_seconds"] >= 3
    assert menu["billing_seconds"] >= 3
    assert len(messages) == 1, message
    told = [event["type"] for event in hook]
    assert told.count("call.ended") == 3
    assert {"call.created", "call.answered", "voicemail.left"} <= set(told)


def _ports() -> list[int]:
    """Ports for the phones, each with the next one free (for TLS), and for the web hook."""
    return [free_port() for _ in range(6)][::2]


class Account:
    """The account of the page, asked with a key of its own."""

    def __init__(self, base_url: str, data: Path) -> None:
        self._base_url = base_url
        made = run(
            *("meeting-key", "create", "test", "--org", "Phones Ltd", "--permission", "telephony"),
            *("--data", str(data)),
        )
        key = re.sub("^X-API-KEY: ", "", made.stdout.strip())
        answer = plain_http.put(f"{base_url}/v3.0/auth/account", json={"data": {"api_key": key}})
        self._headers = {"X-Auth-Token": answer.json()["auth_token"]}

    def __call__(self, path: str) -> Any:
        return plain_http.get(f"{self._base_url}/v3.0{path}", headers=self._headers).json()["data"]

"""A batch of invitations whose process is killed goes on where it was."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from switchroom.settings import TelephonySettings
from tests import plain_http
from tests.command.running import LIMIT, Running, running
from tests.platform import running_platform

pytestmark = pytest.mark.slow

COUNT = 600


def call(platform: Running, path: str, token: str, **fields: Any) -> dict[str, Any]:
    body = {"accessInfo": {"accessToken": token}, **fields}
    answer = plain_http.post(f"{platform.base_url}/json/v1/{path}", json=body, timeout=LIMIT)
    assert answer.status_code == 200, answer.text
    return answer.json()


def follow(platform: Running, token: str, task_id: str, until: int) -> dict[str, str]:
    """What a stream tells once so many are done, at the latest at its end."""
    body = {"accessInfo": {"accessToken": token}, "trackingInfo": {"taskId": task_id}}
    address = f"{platform.base_url}/json/v1/businessLogicService/streamTaskProgress"
    told: dict[str, str] = {}
    with httpx.stream("POST", address, json=body, timeout=LIMIT) as response:
        for line in response.iter_lines():
            told = json.loads(line)["result"]["taskProgress"]["metadata"]
            if int(told["done"]) >= until:
                break
    return told


def stand_at(data: Path, piece: int) -> None:
    """Let the database refuse the end of this piece: the batch comes as far, and tries again and again."""
    with closing(sqlite3.connect(data / "switchroom.db")) as database:
        database.execute(
            f"CREATE TRIGGER stand BEFORE UPDATE ON batch_pieces WHEN NEW.number = {piece} AND NEW.is_done"
            " BEGIN SELECT RAISE(ABORT, 'not yet'); END"
        )


def go_on(data: Path) -> None:
    with closing(sqlite3.connect(data / "switchroom.db")) as database:
        database.execute("DROP TRIGGER stand")


def recipients(data: Path) -> Counter[str]:
    """How many mails everybody got."""
    lines = [path.read_text().split("\nTo: ", 1)[1] for path in (data / "outbox").glob("*.eml")]
    return Counter(line.split("<", 1)[1].split(">", 1)[0] for line in lines)


def test_it_goes_on_and_nobody_is_written_to_twice(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_platform(data, telephony=TelephonySettings(enabled=False)) as platform:
        token = platform.organization().token
    stand_at(data, piece=12)
    invitations = [{"user": {"email": f"{number}@example.org"}} for number in range(COUNT)]

    with running(data, command="serve") as first:
        invited = call(first, "businessLogicService/inviteUsers", token, userInvitations=invitations)
        task_id = invited["trackingInfo"]["taskId"]
        before = int(follow(first, token, task_id, until=1)["done"])
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait(LIMIT)
    assert 0 < before < COUNT
    go_on(data)

    with running(data, command="serve") as second:
        told = follow(second, token, task_id, until=COUNT)
        assert told == {"total": str(COUNT), "done": str(COUNT), "failed": "0"}
        deadline = time.monotonic() + LIMIT
        while len(mails := recipients(data)) < COUNT:
            assert time.monotonic() < deadline, f"{len(mails)} of {COUNT} got mail"
            time.sleep(0.2)

    # A mail that was on its way when the process was killed may come twice; nobody is invited twice.
    assert sum(mails.values()) <= COUNT + 4

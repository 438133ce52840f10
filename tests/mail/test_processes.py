"""Several processes deliver from one database, and die at bad moments."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import update

from switchroom.db.clock import clock
from switchroom.mail.models import QueuedMail
from tests.mail.mail_server import PASSWORD, USER, MailServer, mail_server
from tests.mail.post import ACCESS_KEY, LIMIT, Sender, eventually, sender

pytestmark = [pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS"), pytest.mark.slow]

_ROOT = Path(__file__).parents[2]


async def test_two_processes_send_each_mail_once(database_url: str, post: MailServer, tmp_path: Path) -> None:
    async with sender(database_url) as organization:
        task_ids = [await organization.invite(uid=str(number)) for number in range(60)]
        url = f"smtp://127.0.0.1:{post.port}"

        async with _worker(database_url, url, tmp_path), _worker(database_url, url, tmp_path):
            for task_id in task_ids:
                await organization.until(task_id, "sent")

    assert sorted(post.ids) == sorted(task_ids)


async def test_a_mail_in_the_hands_of_a_process_that_dies_is_sent_by_the_next(
    database_url: str, post: MailServer, tmp_path: Path
) -> None:
    url = f"smtp://127.0.0.1:{post.port}"
    post.open.clear()
    async with sender(database_url) as organization:
        task_id = await organization.invite()
        async with _worker(database_url, url, tmp_path) as first:
            await post.holds(1)
            first.kill()
            await first.wait()
        await eventually(lambda: _nobody_waits(post))
        post.open.set()
        # Its lease is over.
        async with organization.database.write(None) as session:
            await session.execute(update(QueuedMail).values(next_attempt_at=clock()))

        async with _worker(database_url, url, tmp_path):
            mail = await organization.until(task_id, "sent")

    assert post.ids == [task_id]
    assert mail.attempts >= 2


async def test_the_log_tells_of_the_outbox(organization: Sender, tmp_path: Path) -> None:
    task_id = await organization.invite()

    async with _worker(_url(tmp_path), "", tmp_path):
        await organization.until(task_id, "sent")

    (path,) = (tmp_path / "outbox").iterdir()
    (line,) = [line for line in _log(tmp_path) if line.get("path") == str(path)]
    assert "no SMTP server is configured" in line["event"]
    assert ACCESS_KEY not in (tmp_path / "log").read_text()


async def test_the_log_holds_no_secrets(organization: Sender, tmp_path: Path) -> None:
    async with mail_server(sign_in=True) as post:
        post.answers = [f"451 4.7.1 greylisted {ACCESS_KEY}", "250 OK"]
        good = f"smtp://{quote(USER)}:{quote(PASSWORD, safe='')}@127.0.0.1:{post.port}"
        bad = f"smtp://{quote(USER)}:{quote('wr0ng/' + PASSWORD, safe='')}@127.0.0.1:{post.port}"
        for uid, url in {"1": bad, "2": good}.items():
            task_id = await organization.invite(uid=uid)

            async def noted(task_id: str = task_id) -> bool:
                return (await organization.mail(task_id)).last_error != ""

            async with _worker(_url(tmp_path), url, tmp_path):
                await eventually(noted)

    log = (tmp_path / "log").read_text()
    assert any(line["event"] == "mail not sent yet" and "535" in line["error"] for line in _log(tmp_path))
    assert any(
        line["event"] == "mail not sent yet" and "greylisted" in line["error"] for line in _log(tmp_path)
    )
    for secret in (ACCESS_KEY, PASSWORD, quote(PASSWORD, safe=""), "wr0ng"):
        assert secret not in log
        assert json.dumps(secret).strip('"') not in log


@asynccontextmanager
async def _worker(database_url: str, smtp_url: str, directory: Path) -> AsyncGenerator[Process]:
    """A process that delivers, killed without warning when the block ends."""
    with (directory / "log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-m",
                "tests.mail.worker",
                database_url,
                smtp_url,
                str(directory),
                str(LIMIT),
            ),
            stderr=log,
            cwd=_ROOT,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _nobody_waits(post: MailServer) -> bool:
    return post.waiting == 0


def _url(directory: Path) -> str:
    return f"sqlite+aiosqlite:///{directory / 'mail.db'}"


def _log(directory: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (directory / "log").read_text().splitlines()]

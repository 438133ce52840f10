"""Mail on its way, to a real SMTP server or into the outbox."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import func, select

from switchroom.db.base import now
from switchroom.mail.delivery import RETRY_DELAYS, MailDelivery
from switchroom.mail.models import QueuedMail
from switchroom.mail.queue import enqueue_invitations
from switchroom.settings import ConfigurationError, SmtpSettings
from tests.mail.delivering import delivering
from tests.mail.mail_server import PASSWORD, USER, MailServer, certificate, mail_server
from tests.mail.post import ACCESS_KEY, LIMIT, Sender, eventually, invitation

SOON = (timedelta(milliseconds=20),) * 3
LATER = (timedelta(hours=1),)

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


async def test_a_queued_mail_arrives(organization: Sender, post: MailServer, tmp_path: Path) -> None:
    async with delivering(organization, f"smtp://127.0.0.1:{post.port}", tmp_path):
        task_id = await organization.invite()
        mail = await organization.until(task_id, "sent")

    assert post.ids == [task_id]
    assert post.recipients == ["juergen@example.org"]
    assert post.accepted[0]["Subject"] == "Einladung: Übungsraum Öst – Universität Köln"
    assert mail.payload == ""
    assert mail.attempts == 1


async def test_mail_queued_before_the_worker_starts_arrives(
    organization: Sender, post: MailServer, tmp_path: Path
) -> None:
    task_id = await organization.invite()

    async with delivering(organization, f"smtp://127.0.0.1:{post.port}", tmp_path):
        await organization.until(task_id, "sent")


async def test_what_is_rolled_back_is_not_sent(
    organization: Sender, post: MailServer, tmp_path: Path
) -> None:
    async with delivering(organization, f"smtp://127.0.0.1:{post.port}", tmp_path):
        await _invite_and_fail(organization)
        task_id = await organization.invite()
        await organization.until(task_id, "sent")

    assert post.ids == [task_id]


async def test_many_mails_share_few_connections(
    organization: Sender, post: MailServer, tmp_path: Path
) -> None:
    task_ids = [await organization.invite(uid=str(number)) for number in range(120)]

    async with delivering(organization, f"smtp://127.0.0.1:{post.port}", tmp_path):
        await post.accepts(120)

    assert sorted(post.ids) == sorted(task_ids)
    assert post.connections <= 8


async def test_a_refusal_for_now_is_tried_again(
    organization: Sender, post: MailServer, tmp_path: Path
) -> None:
    post.answers = ["451 4.7.1 greylisted", "452 4.3.1 disk full"]

    async with delivering(organization, f"smtp://127.0.0.1:{post.port}", tmp_path, SOON):
        task_id = await organization.invite()
        mail = await organization.until(task_id, "sent")

    assert post.ids == [task_id]
    assert (mail.attempts, mail.last_error) == (3, "")


async def test_a_server_that_comes_back_gets_the_mail(organization: Sender, tmp_path: Path) -> None:
    async with mail_server() as gone:
        port = gone.port
    async with delivering(organization, f"smtp://127.0.0.1:{port}", tmp_path, LATER):
        task_id = await organization.invite()

        async def noted() -> bool:
            return (await organization.mail(task_id)).last_error != ""

        await eventually(noted)
        mail = await organization.mail(task_id)

    assert mail.state == "queued"
    assert timedelta(minutes=59) < mail.next_attempt_at - now() <= timedelta(hours=1)


async def test_a_mail_that_never_gets_through_fails(
    organization: Sender, post: MailServer, tmp_path: Path
) -> None:
    post.answers = ["451 not today"] * 10

    async with delivering(organization, f"smtp://127.0.0.1:{post.port}", tmp_path, SOON):
        mail = await organization.until(await organization.invite(), "failed")

    assert post.offered == mail.attempts == len(SOON) + 1
    assert "not today" in mail.last_error
    assert mail.payload == ""


def test_the_attempts_are_spread_over_most_of_a_day() -> None:
    assert list(RETRY_DELAYS) == sorted(RETRY_DELAYS)
    assert timedelta(hours=18) < sum(RETRY_DELAYS, timedelta()) <= timedelta(days=1)


async def test_an_unknown_recipient_fails_at_once(
    organization: Sender, post: MailServer, tmp_path: Path
) -> None:
    post.refused = {"nobody@example.org"}

    async with delivering(organization, f"smtp://127.0.0.1:{post.port}", tmp_path, SOON):
        mail = await organization.until(await organization.invite(to="nobody@example.org"), "failed")
        await organization.until(await organization.invite(uid="2"), "sent")

    assert mail.attempts == 1
    assert "no such user here" in mail.last_error


async def test_a_mail_refused_for_its_content_fails_at_once_and_keeps_no_key(
    organization: Sender, post: MailServer, tmp_path: Path
) -> None:
    post.answers = [f"554 5.7.1 the link {ACCESS_KEY} is listed"]

    async with delivering(organization, f"smtp://127.0.0.1:{post.port}", tmp_path, SOON):
        mail = await organization.until(await organization.invite(), "failed")

    assert "is listed" in mail.last_error
    assert ACCESS_KEY not in mail.last_error


async def test_an_address_nobody_can_mail_to_fails_at_once(organization: Sender, tmp_path: Path) -> None:
    async with delivering(organization, "", tmp_path):
        mail = await organization.until(await organization.invite(to="jürgen@example.org"), "failed")

    assert mail.attempts == 1


async def test_a_newer_invitation_takes_the_place_of_one_that_waits(
    organization: Sender, post: MailServer, tmp_path: Path
) -> None:
    post.answers = ["451 later"]

    async with delivering(organization, f"smtp://127.0.0.1:{post.port}", tmp_path, LATER):
        older = await organization.invite(sequence=0)

        async def refused() -> bool:
            return (await organization.mail(older)).last_error != ""

        await eventually(refused)
        newer = await organization.invite(sequence=1)
        await organization.until(newer, "sent")

    assert post.ids == [newer]
    assert (await organization.mail(older)).state == "failed"
    assert (await organization.mail(older)).payload == ""


async def test_a_slow_server_keeps_nobody_waiting(
    organization: Sender, post: MailServer, tmp_path: Path
) -> None:
    post.open.clear()
    async with delivering(organization, f"smtp://127.0.0.1:{post.port}", tmp_path):
        task_ids = [await organization.invite(uid=str(number)) for number in range(10)]
        await post.holds(4)

        async with asyncio.timeout(LIMIT / 2):
            task_ids.append(await organization.invite(uid="another"))
            assert await organization.state(task_ids[-1]) == "queued"
        post.open.set()
        await post.accepts(11)

    assert sorted(post.ids) == sorted(task_ids)


async def test_a_server_that_never_answers_is_given_up_in_time(
    organization: Sender, post: MailServer, tmp_path: Path
) -> None:
    post.open.clear()
    async with delivering(organization, f"smtp://127.0.0.1:{post.port}", tmp_path, LATER, give_up_after=0.3):
        task_id = await organization.invite()

        async def noted() -> bool:
            return "TimeoutError" in (await organization.mail(task_id)).last_error

        await eventually(noted)


async def test_stopping_lets_a_mail_finish(
    organization: Sender, post: MailServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MailDelivery, "finish_limit", LIMIT)
    post.open.clear()
    async with delivering(organization, f"smtp://127.0.0.1:{post.port}", tmp_path) as worker:
        task_id = await organization.invite()
        await post.holds(1)
        worker.cancel()
        post.open.set()

    assert await organization.state(task_id) == "sent"


async def test_a_server_with_starttls_and_a_password(organization: Sender, tmp_path: Path) -> None:
    _, context = certificate(tmp_path)
    async with mail_server(starttls=context, sign_in=True) as post:
        url = f"smtp://{quote(USER)}:{quote(PASSWORD, safe='')}@127.0.0.1:{post.port}"
        async with delivering(organization, url, tmp_path):
            await organization.until(await organization.invite(), "sent")

    assert post.logins == [(USER.encode(), PASSWORD.encode(), True)]


async def test_a_certificate_that_nobody_vouches_for_gets_no_password(
    organization: Sender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed, context = certificate(tmp_path)
    async with mail_server(starttls=context, sign_in=True) as post:
        url = f"smtp://{quote(USER)}:{quote(PASSWORD, safe='')}@localhost:{post.port}?starttls=required"
        async with delivering(organization, url, tmp_path, LATER):
            task_id = await organization.invite()

            async def noted() -> bool:
                return "CERTIFICATE_VERIFY_FAILED" in (await organization.mail(task_id)).last_error

            await eventually(noted)
            assert post.logins == []

            monkeypatch.setenv("SSL_CERT_FILE", str(signed))
            await organization.until(await organization.invite(uid="2"), "sent")


async def test_a_server_without_the_encryption_asked_for_gets_no_password(
    organization: Sender, tmp_path: Path
) -> None:
    async with mail_server(sign_in=True) as post:
        url = f"smtp://{quote(USER)}:{quote(PASSWORD, safe='')}@127.0.0.1:{post.port}?starttls=required"
        async with delivering(organization, url, tmp_path, LATER):
            task_id = await organization.invite()

            async def noted() -> bool:
                return "STARTTLS" in (await organization.mail(task_id)).last_error

            await eventually(noted)

    assert post.logins == []


async def test_a_server_with_tls_from_the_first_byte(organization: Sender, tmp_path: Path) -> None:
    _, context = certificate(tmp_path)
    async with (
        mail_server(implicit_tls=context) as post,
        delivering(organization, f"smtps://127.0.0.1:{post.port}", tmp_path),
    ):
        await organization.until(await organization.invite(), "sent")

    assert post.recipients == ["juergen@example.org"]


async def test_without_a_server_mails_are_files(organization: Sender, tmp_path: Path) -> None:
    async with delivering(organization, "", tmp_path):
        task_id = await organization.invite()
        mail = await organization.until(task_id, "sent")

    (path,) = (tmp_path / "outbox").iterdir()
    assert path.name == f"{mail.created_at:%Y%m%dT%H%M%SZ}-{task_id}.eml"
    assert path.stat().st_mode & 0o777 == 0o600
    read = message_from_bytes(path.read_bytes(), policy=default)
    assert read["To"].addresses[0].addr_spec == "juergen@example.org"
    assert "text/calendar" in [part.get_content_type() for part in read.walk()]


async def test_an_outbox_that_cannot_be_written_is_tried_again(organization: Sender, tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("in the way")
    async with delivering(organization, "", tmp_path, (timedelta(milliseconds=50),) * 100):
        task_id = await organization.invite()

        async def noted() -> bool:
            return (await organization.mail(task_id)).last_error != ""

        await eventually(noted)
        (tmp_path / "outbox").unlink()
        await organization.until(task_id, "sent")


async def test_what_was_done_long_ago_is_forgotten(organization: Sender, tmp_path: Path) -> None:
    long_ago = now() - timedelta(days=31)
    async with organization.database.write(organization.organization_id) as session:
        for state in ("sent", "failed", "queued"):
            session.add(
                QueuedMail(
                    recipient="a@example.org",
                    calendar_uid=state,
                    payload="",
                    state=state,
                    next_attempt_at=now() + timedelta(hours=1),
                    created_at=long_ago,
                )
            )
    recent = await organization.invite()

    async with delivering(organization, "", tmp_path):
        await organization.until(recent, "sent")

        async def two_left() -> bool:
            async with organization.database.read(None) as session:
                return await session.scalar(select(func.count()).select_from(QueuedMail)) == 2

        await eventually(two_left)


@pytest.mark.parametrize("sender", ["", "Switchroom", "Switchroom <>", "<noreply@>"])
def test_a_wrong_sender_is_said_at_the_start(organization: Sender, tmp_path: Path, sender: str) -> None:
    with pytest.raises(ConfigurationError, match=r"smtp\.sender"):
        MailDelivery(organization.database, SmtpSettings(sender=sender), tmp_path, organization.bus)


class _Mishap(Exception):
    pass


async def _invite_and_fail(organization: Sender) -> None:
    with pytest.raises(_Mishap):
        await _invite_within_a_failing_transaction(organization)


async def _invite_within_a_failing_transaction(organization: Sender) -> None:
    async with organization.database.write(organization.organization_id) as session:
        await enqueue_invitations(session, organization.organization_id, [invitation()])
        await session.flush()
        raise _Mishap

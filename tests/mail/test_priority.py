"""Which mails go first."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from switchroom.mail.delivery import MailDelivery
from switchroom.mail.models import MailPriority
from switchroom.mail.password_mails import PasswordMail
from switchroom.mail.queue import enqueue_invitations, enqueue_password_mail
from switchroom.settings import SmtpSettings
from tests.mail.post import Sender, invitation, sender

MANY = 25


@pytest.fixture
async def organization(database_url: str) -> AsyncGenerator[Sender]:
    async with sender(database_url) as opened:
        yield opened


async def invite_many(organization: Sender) -> list[str]:
    async with organization.database.write(organization.organization_id) as session:
        mails = [invitation(uid=f"many-{number}") for number in range(MANY)]
        return list(await enqueue_invitations(session, organization.organization_id, mails))


async def forget_password(organization: Sender) -> str:
    mail = PasswordMail(
        uid="password:1",
        to="ada@example.org",
        to_name="Ada",
        organization_name="Universität Köln",
        username="ada@example.org",
        link="https://meet.example.org/#/password/x",
        valid_until=datetime(2042, 1, 1, tzinfo=UTC),
        locale="de",
        timezone="",
    )
    async with organization.database.write(organization.organization_id) as session:
        return await enqueue_password_mail(session, organization.organization_id, mail)


def delivery_of(organization: Sender, tmp_path: Path) -> MailDelivery:
    return MailDelivery(organization.database, SmtpSettings(), tmp_path, organization.bus)


async def test_who_waits_for_a_mail_does_not_wait_for_thousands_of_invitations(
    organization: Sender, tmp_path: Path
) -> None:
    many = await invite_many(organization)
    single = await organization.invite(uid="single")
    urgent = await forget_password(organization)
    delivery = delivery_of(organization, tmp_path)

    claims = await delivery.claim(4)

    keys = [one.key for one in claims]
    assert keys[:2] == [urgent, single]
    assert set(keys[2:]) < set(many)
    assert await delivery.count_waiting() == MANY - 2
    due_in = await delivery.due_in()
    assert due_in is not None
    assert due_in <= timedelta()
    rest = [one.key for one in await delivery.claim(100)]
    assert sorted([*keys[2:], *rest]) == sorted(many)
    assert await delivery.claim(1) == []


async def test_a_meetings_mails_are_for_a_few_or_for_many(organization: Sender) -> None:
    await organization.tell_all(*(f"{number}@example.org" for number in range(11)), uid="a@example.org")
    await organization.distribute()
    mail_id = await organization.tell(to="one@example.org", uid="b@example.org")

    assert (await organization.mail(mail_id)).priority == MailPriority.ORDINARY
    delivery = delivery_of(organization, Path())
    first, *others = await delivery.claim(100)
    assert first.key == mail_id
    assert [one.row.priority for one in others] == [MailPriority.BULK] * 11


async def test_an_urgent_mail_that_waits_for_another_attempt_keeps_nobody_waiting(
    organization: Sender, tmp_path: Path
) -> None:
    urgent = await forget_password(organization)
    delivery = delivery_of(organization, tmp_path)
    (claim,) = await delivery.claim(1)
    assert claim.key == urgent
    single = await organization.invite()

    assert [one.key for one in await delivery.claim(4)] == [single]
    due_in = await delivery.due_in()
    assert due_in is not None
    assert due_in > timedelta()

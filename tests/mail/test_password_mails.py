"""The mail with the link that sets a password: as a mail program reads it, and in the queue."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from switchroom.mail.addresses import Undeliverable, parse_mailbox
from switchroom.mail.message import Envelope
from switchroom.mail.models import MailState, QueuedMail
from switchroom.mail.password_mails import PasswordMail
from switchroom.mail.password_rendering import render_password_mail
from switchroom.mail.queue import enqueue_password_mail, read_payload
from tests.mail.delivering import delivering
from tests.mail.mail_program import Page, address, part, read_mail
from tests.mail.mail_server import MailServer
from tests.mail.post import Sender

KEY = "Xq3vLr8TzPw1NcYb5KdHs7MgJf2RaVe4"
LINK = f"https://meet.example.org/#/password/{KEY}"
NASTY = '<script>alert(1)</script>\r\nBcc: x@example.org & "Zwei"'
MAIL = PasswordMail(
    uid="password:4173dafb-5cde-4c85-9d1f-2f0f6c3f8a11",
    to="juergen@example.org",
    to_name="Jürgen Groß",
    organization_name="Universität Köln",
    username="jürgen.groß",
    link=LINK,
    valid_until=datetime(2026, 11, 29, 8, 30, tzinfo=UTC),
    locale="de",
    timezone="Europe/Berlin",
)
ENVELOPE = Envelope(
    mail_id="5f0f4a52-70a5-4d6d-8c53-0c9b52f2f0be",
    sender=parse_mailbox("Switchroom Köln <noreply@meet.example.org>"),
    queued_at=datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
)


def read(**changes: Any) -> EmailMessage:
    return read_mail(render_password_mail(replace(MAIL, **changes), ENVELOPE))


def test_in_german() -> None:
    mail = read()

    assert mail["Subject"] == "Ihr Passwort für Universität Köln"
    assert address(mail, "To") == ("Jürgen Groß", "juergen@example.org")
    assert mail["Content-Language"] == "de"
    text = part(mail, "plain")
    assert text.startswith("Guten Tag Jürgen Groß,\n")
    assert "das Passwort für Ihr Konto bei Universität Köln fest." in text
    assert "Benutzername: jürgen.groß\n" in text
    assert f"\n{LINK}\n" in text
    assert "Gültig bis: Sonntag, 29. November 2026, 09:30 Uhr\n" in text
    assert "Zeitzone: Europe/Berlin (UTC+01:00)" in text
    assert "Der Link funktioniert nur einmal." in text


def test_in_english_without_a_name_and_a_time_zone() -> None:
    mail = read(locale="en", to_name="", timezone="")

    assert mail["Subject"] == "Set your password for Universität Köln"
    assert address(mail, "To") == ("", "juergen@example.org")
    text = part(mail, "plain")
    assert text.startswith("Hello,\n")
    assert "the password of your account at Universität Köln." in text
    assert "User name: jürgen.groß\n" in text
    assert "Valid until: Sunday, 29 November 2026, 08:30\nTime zone: UTC\n" in text
    assert "The link works once." in text


@pytest.mark.parametrize("locale", ["de", "en"])
def test_the_html_says_the_same(locale: str) -> None:
    mail = read(locale=locale)

    page = Page(part(mail, "html"))
    assert page.language == locale
    assert page.links == [LINK, LINK]
    shown = " ".join(page.text.split())
    for said in part(mail, "plain").split("\n\n-- \n")[0].split("\n"):
        if not said.endswith(":") and said != LINK:
            assert said in shown


def test_there_is_no_calendar() -> None:
    assert [one.get_content_type() for one in read().walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


def test_names_are_text_and_end_no_header() -> None:
    mail = read(to_name=NASTY, organization_name=NASTY, username=NASTY)

    assert mail["Bcc"] is None
    page = Page(part(mail, "html"))
    assert "script" not in page.elements
    assert '<script>alert(1)</script> Bcc: x@example.org & "Zwei"' in page.text


@pytest.mark.parametrize("locale", ["de", "en"])
def test_a_stranger_who_signs_somebody_up_says_little_in_the_mail(locale: str) -> None:
    advertisement = "Win 1000 EUR at https://win.example " * 5
    mail = read(of_signup=True, locale=locale, to_name="", organization_name=advertisement)

    assert "EUR" not in mail["Subject"]
    subjects = {"de": "Bestätigen Sie Ihre Registrierung", "en": "Confirm your sign-up"}
    assert mail["Subject"] == subjects[locale]
    text = part(mail, "plain")
    assert advertisement[:60] in text
    assert advertisement[:90] not in text
    assert text.startswith({"de": "Guten Tag,\n", "en": "Hello,\n"}[locale])
    assert f"\n{LINK}\n" in text
    assert LINK in Page(part(mail, "html")).links


def test_a_hopeless_address_is_said_to_be() -> None:
    with pytest.raises(Undeliverable):
        read(to="jürgen@example.org")


async def _enqueue(organization: Sender, **changes: Any) -> str:
    async with organization.database.write(organization.organization_id) as session:
        return await enqueue_password_mail(session, organization.organization_id, replace(MAIL, **changes))


async def test_what_is_queued_is_what_is_read(organization: Sender) -> None:
    task = await _enqueue(organization)

    assert read_payload((await organization.mail(task)).payload) == MAIL


async def test_a_newer_mail_replaces_the_one_that_waits(organization: Sender) -> None:
    first = await _enqueue(organization)
    other = await _enqueue(organization, uid="password:somebody-else")
    second = await _enqueue(organization)

    async with organization.database.read(None) as session:
        states = {one.id: (one.state, bool(one.payload)) for one in await session.scalars(select(QueuedMail))}
    assert states == {
        first: (MailState.FAILED, False),
        other: (MailState.QUEUED, True),
        second: (MailState.QUEUED, True),
    }


async def test_the_mail_is_delivered_and_its_link_forgotten(
    organization: Sender, post: MailServer, tmp_path: Path
) -> None:
    async with delivering(organization, f"smtp://127.0.0.1:{post.port}", tmp_path):
        task = await _enqueue(organization)
        sent = await organization.until(task, MailState.SENT)

    assert sent.payload == ""
    (received,) = post.accepted
    assert LINK in part(received, "plain")


async def test_the_key_is_not_repeated_from_a_servers_answer(
    organization: Sender, post: MailServer, tmp_path: Path
) -> None:
    post.answers = [f"554 5.7.1 refused: {LINK}"]
    async with delivering(organization, f"smtp://127.0.0.1:{post.port}", tmp_path):
        task = await _enqueue(organization)
        failed = await organization.until(task, MailState.FAILED)

    assert "refused" in failed.last_error
    assert KEY not in failed.last_error


def test_the_names_in_the_mail_stand_apart_from_the_words_around_them() -> None:
    hebrew = "אדם בן חוה"
    mail = read(to_name=hebrew, organization_name=f"\u202e{hebrew}", username="ada\u200b")
    text, html = part(mail, "plain"), part(mail, "html")
    assert f"\u2068{hebrew}\u2069," in text
    assert f"<bdi>{hebrew}</bdi>," in html
    assert text.count(f"\u2068{hebrew}\u2069") == html.count(f"<bdi>{hebrew}</bdi>") == 3
    assert ": <bdi>ada</bdi>" not in text
    assert "<bdi>ada</bdi>" in html
    assert "\u202e" not in text + html

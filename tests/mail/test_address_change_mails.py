"""The mail to the address that an account had before, as a mail program reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from msgspec.structs import replace

from switchroom.mail.address_change_mails import AddressChangeMail
from switchroom.mail.address_change_rendering import render_address_change
from switchroom.mail.addresses import parse_mailbox
from switchroom.mail.message import Envelope
from tests.mail.mail_program import Page, address, part, read_mail

NASTY = '<script>alert(1)</script>\r\nBcc: x@example.org & "Zwei"'
MAIL = AddressChangeMail(
    uid="address:4173dafb-5cde-4c85-9d1f-2f0f6c3f8a11",
    to="juergen@example.org",
    to_name="Jürgen Groß",
    organization_name="Universität Köln",
    changed_at=datetime(2026, 11, 29, 8, 30, tzinfo=UTC),
    locale="de",
    timezone="Europe/Berlin",
)


def read(**changes: Any) -> EmailMessage:
    envelope = Envelope(
        mail_id="5f0f4a52-70a5-4d6d-8c53-0c9b52f2f0be",
        sender=parse_mailbox("Switchroom <noreply@meet.example.org>"),
        queued_at=MAIL.changed_at,
    )
    return read_mail(render_address_change(replace(MAIL, **changes), envelope))


def test_in_german() -> None:
    mail = read()

    assert mail["Subject"] == "Ihre Adresse bei Universität Köln wurde geändert"
    assert address(mail, "To") == ("Jürgen Groß", "juergen@example.org")
    text = part(mail, "plain")
    assert text.startswith("Guten Tag Jürgen Groß,\n")
    assert "Geändert: Sonntag, 29. November 2026, 09:30 Uhr\nZeitzone: Europe/Berlin (UTC+01:00)" in text
    assert "der Universität Köln verwaltet" in text


def test_in_english_without_a_name_and_a_time_zone() -> None:
    text = part(read(locale="en", to_name="", timezone=""), "plain")

    assert text.startswith("Hello,\n")
    assert "Changed: Sunday, 29 November 2026, 08:30\nTime zone: UTC\n" in text
    assert "tell an administrator of Universität Köln at once" in text


@pytest.mark.parametrize("locale", ["de", "en"])
def test_the_html_says_the_same_and_leads_nowhere(locale: str) -> None:
    mail = read(locale=locale)

    page = Page(part(mail, "html"))
    assert (page.language, page.links) == (locale, [])
    shown = " ".join(page.text.split())
    for said in part(mail, "plain").split("\n\n-- \n")[0].split("\n"):
        assert said in shown


def test_names_are_text_and_end_no_header() -> None:
    mail = read(to_name=NASTY, organization_name=NASTY)

    assert mail["Bcc"] is None
    assert "script" not in Page(part(mail, "html")).elements

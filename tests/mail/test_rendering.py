"""Invitations as a mail program reads them."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any

import pytest

from switchroom.mail.addresses import Undeliverable, one_line, parse_mailbox
from switchroom.mail.message import Envelope, RenderedMail
from switchroom.mail.rendering import render_invitation
from tests.mail.mail_program import Page, address, part, read_mail
from tests.mail.post import JOIN_LINK, invitation

SENDER = parse_mailbox("Switchroom Köln <noreply@meet.example.org>")
QUEUED_AT = datetime(2025, 7, 20, 22, 30, tzinfo=UTC)
NASTY = '<script>alert(1)</script> & "Zwei"'


def test_a_german_invitation() -> None:
    mail = _read(locale="de")

    assert mail["Subject"] == "Einladung: Übungsraum Öst – Universität Köln"
    assert address(mail, "To") == ("Jürgen Groß", "juergen@example.org")
    assert address(mail, "From") == ("Switchroom Köln", "noreply@meet.example.org")
    assert mail["Content-Language"] == "de"
    text = part(mail, "plain")
    assert "Guten Tag Jürgen Groß," in text
    assert "Zoë Weiß (Universität Köln) lädt Sie in den Raum „Übungsraum Öst“ ein." in text
    assert "Wann: Montag, 21. Juli 2025, 14:00 bis 15:30 Uhr\n" in text
    assert "Zeitzone: Europe/Berlin (UTC+02:00)" in text
    assert f"\n{JOIN_LINK}\n" in text


def test_an_english_invitation() -> None:
    mail = _read(locale="en", timezone="America/New_York")

    assert mail["Subject"] == "Invitation: Übungsraum Öst – Universität Köln"
    text = part(mail, "plain")
    assert "Hello Jürgen Groß," in text
    assert "Zoë Weiß (Universität Köln) invites you to the room “Übungsraum Öst”." in text
    assert "When: Monday, 21 July 2025, 08:00 to 09:30\n" in text
    assert "Time zone: America/New York (UTC-04:00)" in text
    assert f"\n{JOIN_LINK}\n" in text


@pytest.mark.parametrize(
    ("locale", "changes", "when"),
    [
        (
            "de",
            {"valid_until": datetime(2025, 12, 1, 8, 5, tzinfo=UTC)},
            "Wann: Montag, 21. Juli 2025, 14:00 Uhr bis Montag, 1. Dezember 2025, 09:05 Uhr\n",
        ),
        ("de", {"valid_until": None}, "Wann: Ab Montag, 21. Juli 2025, 14:00 Uhr\n"),
        ("de", {"valid_from": None}, "Wann: Bis Montag, 21. Juli 2025, 15:30 Uhr\n"),
        (
            "de",
            {"valid_from": None, "valid_until": None},
            "Wann: Jederzeit: Die Einladung hat keinen festen Termin.\n\n",
        ),
        ("en", {"valid_until": None}, "When: From Monday, 21 July 2025, 14:00\n"),
        ("en", {"valid_from": None}, "When: Until Monday, 21 July 2025, 15:30\n"),
        ("en", {"timezone": ""}, "When: Monday, 21 July 2025, 12:00 to 13:30\nTime zone: UTC\n"),
    ],
)
def test_the_dates_in_words(locale: str, changes: dict[str, Any], when: str) -> None:
    assert when in part(_read(locale=locale, **changes), "plain")


def test_the_zone_of_each_end_holds_across_a_change_of_the_clock() -> None:
    text = part(
        _read(
            valid_from=datetime(2025, 3, 30, 0, 30, tzinfo=UTC),
            valid_until=datetime(2025, 3, 30, 1, 30, tzinfo=UTC),
        ),
        "plain",
    )

    assert "Sonntag, 30. März 2025, 01:30 bis 03:30 Uhr" in text


def test_a_guest_and_an_inviter_without_a_name() -> None:
    text = part(_read(guest_name="", inviter_name=""), "plain")

    assert text.startswith("Guten Tag,\n")
    assert "Universität Köln lädt Sie in den Raum „Übungsraum Öst“ ein." in text


def test_the_parts_come_in_the_order_mail_programs_expect() -> None:
    mail = _read()

    (body, attachment) = mail.iter_parts()
    assert isinstance(body, EmailMessage)
    assert [part.get_content_type() for part in body.iter_parts()] == [
        "text/plain",
        "text/html",
        "text/calendar",
    ]
    calendar = list(body.iter_parts())[2]
    assert calendar["Content-Type"].params == {"method": "REQUEST", "charset": "utf-8"}
    assert isinstance(attachment, EmailMessage)
    assert attachment.get_content_type() == "application/ics"
    assert attachment.get_filename() == "invite.ics"
    assert attachment.get_content().decode() == calendar.get_content().replace("\n", "\r\n").replace(
        "\r\r", "\r"
    )


def test_names_are_text_in_the_html() -> None:
    html = part(_read(room_name=NASTY, guest_name=NASTY, organization_name=NASTY, inviter_name=NASTY), "html")

    page = Page(html)
    assert "script" not in page.elements
    assert f"„{NASTY}“" in page.text
    assert page.links == [JOIN_LINK, JOIN_LINK]
    assert page.language == "de"


def test_a_link_cannot_leave_its_attribute() -> None:
    page = Page(part(_read(join_link='https://meet.example.org/"onclick="alert(1)'), "html"))

    assert page.links == ['https://meet.example.org/"onclick="alert(1)'] * 2


def test_a_name_in_braces_stays_as_it_is() -> None:
    text = part(_read(room_name="{guest} {0} %s"), "plain")

    assert "„{guest} {0} %s“" in text


@pytest.mark.parametrize(
    "field", ["guest_name", "room_name", "organization_name", "inviter_name", "join_link"]
)
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r", "\u2028", "\x85", "\x0b"])
def test_no_name_adds_a_header(field: str, line_end: str) -> None:
    honest, attacked = _read(), _read(**{field: f"A{line_end}Bcc: victim@example.org{line_end}{line_end}Hi"})

    assert attacked.keys() == honest.keys()
    assert "Bcc" not in attacked
    assert [part.get_content_type() for part in attacked.walk()] == [
        part.get_content_type() for part in honest.walk()
    ]


def test_no_name_becomes_another_address() -> None:
    mail = _read(guest_name='"Eve" <eve@example.org>, Bob')

    assert address(mail, "To") == ('"Eve" <eve@example.org>, Bob', "juergen@example.org")


@pytest.mark.parametrize(
    "to", ["a b@example.org", "a@example.org\r\nBcc: b@example.org", "a", "@b", "a@", "ü@b.org", "a@b..c"]
)
def test_what_is_not_an_address_is_undeliverable(to: str) -> None:
    with pytest.raises(Undeliverable):
        _render(to=to)


def test_a_domain_with_umlauts_is_written_in_ascii() -> None:
    rendered = _render(to="gast@müller-straße.example")

    assert rendered.recipient == "gast@xn--mller-strae-46a18a.example"
    assert address(read_mail(rendered), "To") == ("Jürgen Groß", rendered.recipient)


def test_a_mail_is_seven_bit_with_short_lines_and_the_same_each_time() -> None:
    first = _render(mail_id="77")

    assert first.content.isascii()
    assert max(len(line) for line in first.content.split(b"\r\n")) <= 78
    assert b"\n" not in first.content.replace(b"\r\n", b"")
    again, once = read_mail(_render(mail_id="77")), read_mail(first)
    assert once["Message-ID"] == again["Message-ID"] == "<77@meet.example.org>"
    assert once["Date"].datetime == again["Date"].datetime == QUEUED_AT


def test_names_of_all_kinds_arrive_as_they_were() -> None:
    pick = random.Random(7)
    letters = "abc ÄÖüß,;:\"\\()<>@.[]=?_%漢字😀é'\r\n\t\u2028\x00"
    for _ in range(100):
        name = "".join(pick.choice(letters) for _ in range(pick.randint(1, 78)))
        mail = message_from_bytes(_render(guest_name=name, room_name=name, organization_name="O").content)

        ((encoded, address),) = getaddresses([mail["To"].replace("\r\n", "")])
        assert address == "juergen@example.org"
        assert _decoded(encoded) == one_line(name)
        assert _decoded(mail["Subject"].replace("\r\n", "")) == f"Einladung: {one_line(name)} – O"


def test_a_very_long_name_is_cut_in_the_subject_only() -> None:
    mail = _read(room_name="ü" * 200)

    assert mail["Subject"] == f"Einladung: {'ü' * 79}… – Universität Köln"
    assert "ü" * 200 in part(mail, "plain")


def _render(*, mail_id: str = "1", **changes: Any) -> RenderedMail:
    envelope = Envelope(mail_id=mail_id, sender=SENDER, queued_at=QUEUED_AT)
    return render_invitation(invitation(**changes), envelope)


def _read(**changes: Any) -> EmailMessage:
    return read_mail(_render(**changes))


def _decoded(header: str) -> str:
    parts = decode_header(header)
    return "".join(
        part if isinstance(part, str) else part.decode(charset or "ascii") for part, charset in parts
    )


HEBREW, TURNING = "אדם בן חוה", "\u202egro.elpmaxe"


def test_names_stand_apart_from_the_words_around_them() -> None:
    mail = _read(guest_name=HEBREW, inviter_name="Zoë", room_name=TURNING, organization_name=HEBREW)
    isolate = f"\u2068{HEBREW}\u2069"
    text, html = part(mail, "plain"), part(mail, "html")
    assert f"Guten Tag {isolate}," in text
    assert f"Zoë ({isolate}) lädt Sie in den Raum „gro.elpmaxe“ ein." in text
    assert f"Guten Tag <bdi>{HEBREW}</bdi>," in html
    assert f"<bdi>Zoë</bdi> (<bdi>{HEBREW}</bdi>) lädt Sie in den Raum „<bdi>gro.elpmaxe</bdi>“ ein." in html
    assert f"im Auftrag von <bdi>{HEBREW}</bdi> verschickt" in html
    assert mail["Subject"] == f"Einladung: gro.elpmaxe – {isolate}"
    assert f"<title>Einladung: gro.elpmaxe – {isolate}</title>" in html
    assert not set("\u202e\u2066\u2067") & set(text + html)

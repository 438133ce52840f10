"""Mail about meetings as a mail program reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from switchroom.mail.addresses import Undeliverable, parse_mailbox
from switchroom.mail.meeting_mails import MeetingMailKind, MeetingRole
from switchroom.mail.meeting_rendering import render_meeting_mail
from switchroom.mail.message import Envelope, RenderedMail
from tests.mail.content_lines import Component, read_calendar
from tests.mail.mail_program import Page, address, part, read_mail
from tests.mail.post import meeting_mail

SENDER = parse_mailbox("Switchroom Köln <noreply@meet.example.org>")
QUEUED_AT = datetime(2026, 3, 20, 22, 30, tzinfo=UTC)
NASTY = '<script>alert(1)</script> & "Zwei"'
INVITATION, UPDATE, CANCELLATION = MeetingMailKind


def test_a_german_invitation() -> None:
    mail = _read(locale="de")

    assert mail["Subject"] == "Einladung: Übung; Öst, Teil 1"
    assert address(mail, "To") == ("Jürgen Groß", "juergen@example.org")
    assert address(mail, "From") == ("Switchroom Köln", "noreply@meet.example.org")
    assert address(mail, "Reply-To") == ("Zoë Weiß", "zoe@example.org")
    assert mail["Content-Language"] == "de"
    assert part(mail, "plain") == (
        "Guten Tag Jürgen Groß,\n\n"
        "Zoë Weiß (Universität Köln) lädt Sie zum Meeting „Übung; Öst, Teil 1“ ein.\n\n"
        "Wann: Dienstag, 24. März 2026, 09:00 bis 10:30 Uhr\n"
        "Zeitzone: Europe/Berlin (UTC+01:00)\n\n"
        "Tagesordnung:\n1. Begrüßung\n2. Fragen, Antworten; mehr\n\n"
        "Hier teilnehmen:\nhttps://meet.example.org/#/meeting/9974-7653-8886-0485\n\n"
        "Meeting-Nummer: 9974-7653-8886-0485\n"
        "Per Telefon: +49 221 1234567\nPer Telefon: +41 44 1234567\nPIN: 471193\n\n"
        "Sie brauchen einen aktuellen Browser und, wenn Sie gehört und gesehen werden möchten, Mikrofon "
        "und Kamera. Installieren müssen Sie nichts.\n\n"
        "Dieser Link ist nur für Sie bestimmt. Bitte geben Sie ihn nicht weiter.\n\n"
        "Der angehängte Kalendereintrag übernimmt das Meeting in Ihren Kalender.\n\n"
        "-- \nDiese E-Mail wurde automatisch im Auftrag von Universität Köln verschickt. "
        "Antworten gehen an Zoë Weiß.\n"
    )


def test_an_english_invitation() -> None:
    mail = _read(locale="en", timezone="America/New_York", role=MeetingRole.MODERATOR)

    assert mail["Subject"] == "Invitation: Übung; Öst, Teil 1"
    text = part(mail, "plain")
    assert "Zoë Weiß (Universität Köln) invites you to the meeting “Übung; Öst, Teil 1”." in text
    assert "When: Tuesday, 24 March 2026, 04:00 to 05:30\nTime zone: America/New York (UTC-04:00)" in text
    assert "You are a moderator of this meeting." in text


@pytest.mark.parametrize(
    ("kind", "locale", "subject", "text"),
    [
        (UPDATE, "en", "Updated: Übung; Öst, Teil 1", "has changed the meeting"),
        (UPDATE, "de", "Geändert: Übung; Öst, Teil 1", "hat das Meeting „Übung; Öst, Teil 1“ geändert."),
        (CANCELLATION, "en", "Canceled: Übung; Öst, Teil 1", "has canceled the meeting"),
        (CANCELLATION, "de", "Abgesagt: Übung; Öst, Teil 1", "„Übung; Öst, Teil 1“ abgesagt."),
        (UPDATE, "fr", "Updated: Übung; Öst, Teil 1", "has changed the meeting"),
    ],
)
def test_the_kind_is_in_the_subject(kind: MeetingMailKind, locale: str, subject: str, text: str) -> None:
    mail = _read(kind=kind, locale=locale)

    assert mail["Subject"] == subject
    assert text in part(mail, "plain")


def test_of_an_organizer_without_an_address_answers_are_not_read() -> None:
    mail = _read(locale="en", organizer_email="")

    assert "Reply-To" not in mail
    assert part(mail, "plain").endswith("on behalf of Universität Köln. Replies to it are not read.\n")


def test_a_cancellation_leads_nowhere() -> None:
    mail = _read(kind=CANCELLATION, role=MeetingRole.MODERATOR)

    assert "https://" not in part(mail, "plain")
    assert "471193" not in part(mail, "plain")
    assert Page(part(mail, "html")).links == []


@pytest.mark.parametrize(
    ("recurrence", "english", "german"),
    [
        ("FREQ=DAILY", "every day", "jeden Tag"),
        ("FREQ=DAILY;INTERVAL=3;COUNT=5", "every 3 days, 5 times", "alle 3 Tage, 5-mal"),
        ("FREQ=DAILY;COUNT=1", "every day, once", "jeden Tag, einmal"),
        (
            "FREQ=WEEKLY;BYDAY=TU;UNTIL=20260630T220000Z",
            "every week on Tuesday, until Wednesday, 1 July 2026",
            "jede Woche am Dienstag, bis Mittwoch, 1. Juli 2026",
        ),
        ("FREQ=MONTHLY;BYMONTHDAY=31", "every month on day 31", "jeden Monat am 31."),
        (
            "FREQ=MONTHLY;INTERVAL=2;BYDAY=3TU",
            "every 2 months on the third Tuesday",
            "alle 2 Monate am dritten Dienstag",
        ),
        ("FREQ=MONTHLY;BYDAY=-1FR", "every month on the last Friday", "jeden Monat am letzten Freitag"),
    ],
)
def test_a_series_in_words(recurrence: str, english: str, german: str) -> None:
    assert f"\nRepeats: {english}\n" in part(_read(recurrence=recurrence, locale="en"), "plain")
    assert f"\nWiederholt sich: {german}\n" in part(_read(recurrence=recurrence, locale="de"), "plain")


def test_a_mail_about_one_occurrence_says_which() -> None:
    text = part(
        _read(
            kind=UPDATE,
            locale="en",
            recurrence="FREQ=WEEKLY;BYDAY=TU",
            recurrence_id=datetime(2026, 3, 31, 22, 0, tzinfo=UTC),
        ),
        "plain",
    )

    assert "This is only about the meeting of Wednesday, 1 April 2026." in text
    assert "Repeats" not in text


@pytest.mark.parametrize(
    ("kind", "method", "filename"),
    [
        (INVITATION, "REQUEST", "invite.ics"),
        (UPDATE, "REQUEST", "invite.ics"),
        (CANCELLATION, "CANCEL", "cancel.ics"),
    ],
)
def test_the_calendar_is_where_mail_programs_look_for_it(
    kind: MeetingMailKind, method: str, filename: str
) -> None:
    (body, attachment) = _read(kind=kind).iter_parts()

    assert isinstance(body, EmailMessage)
    assert isinstance(attachment, EmailMessage)
    assert body.get_content_type() == "multipart/alternative"
    alternatives = list(body.iter_parts())
    assert [each.get_content_type() for each in alternatives] == ["text/plain", "text/html", "text/calendar"]
    assert alternatives[2]["Content-Type"].params == {"method": method, "charset": "utf-8"}
    assert (attachment.get_content_type(), attachment.get_filename()) == ("application/ics", filename)
    calendar = read_calendar(attachment.get_content())
    assert calendar["METHOD"].value == method
    offered = alternatives[2].get_payload(decode=True)
    assert isinstance(offered, bytes)
    assert read_calendar(offered) == calendar


def test_what_people_typed_is_text_in_the_html() -> None:
    page = Page(
        part(
            _read(
                **dict.fromkeys(("topic", "agenda", "to_name", "organizer_name", "organization_name"), NASTY),
                dial_in_numbers=(NASTY,),
                dial_in_pin=NASTY,
                meeting_number=NASTY,
            ),
            "html",
        )
    )

    assert "script" not in page.elements
    assert f"„{NASTY}“" in page.text
    assert page.links == [meeting_mail().join_link] * 2
    assert page.language == "de"


@pytest.mark.parametrize("topic", ["{organizer} {0} %s", "a" * 5000, "ü" * 5000, "=?utf-8?q?a?=", "漢字 😀"])
def test_a_topic_stays_as_it_is(topic: str) -> None:
    rendered = _render(topic=topic)

    assert f"„{topic}“" in part(read_mail(rendered), "plain")
    assert _event(read_mail(rendered))["SUMMARY"].text == topic
    assert max(len(line) for line in rendered.content.split(b"\r\n")) <= 78


def test_an_agenda_keeps_its_lines() -> None:
    mail = _read(agenda="A;\\n,\r\nB\rC\u2028D\n\n" + "x" * 3000)

    assert "Tagesordnung:\nA;\\n,\nB\nC\nD\n\nxxx" in part(mail, "plain")
    assert _event(mail)["DESCRIPTION"].text.startswith("A;\\n,\nB\nC\nD\n\nxxx")
    assert Page(part(mail, "html")).elements >= {"br"}


@pytest.mark.parametrize(
    "field",
    ["to_name", "topic", "agenda", "organizer_name", "organizer_email", "organization_name", "join_link"],
)
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r", "\u2028", "\x85", "\x0b", "\x00"])
def test_nothing_typed_adds_a_header_or_a_property(field: str, line_end: str) -> None:
    injected = line_end.join(
        ("A", "Bcc: victim@example.org", "ATTENDEE:mailto:v@example.org", "", "END:VEVENT")
    )

    honest, attacked = _read(), _read(**{field: injected})

    no_address = {"Reply-To"} if field == "organizer_email" else set[str]()
    assert attacked.keys() == [name for name in honest if name not in no_address]
    assert [each.get_content_type() for each in attacked.walk()] == [
        each.get_content_type() for each in honest.walk()
    ]
    assert _event(attacked).properties.keys() == _event(honest).properties.keys()
    assert [each.value for each in _event(attacked).properties["ATTENDEE"]] == ["mailto:juergen@example.org"]


def test_an_organizer_nobody_can_write_to_is_the_sender() -> None:
    organizer = _event(_read(organizer_email="zoë@example.org"))["ORGANIZER"]

    assert organizer.value == "mailto:noreply@meet.example.org"
    assert organizer.parameters["CN"] == "Zoë Weiß"


def test_what_is_not_an_address_is_undeliverable() -> None:
    with pytest.raises(Undeliverable):
        _render(to="a@example.org\r\nBcc: b@example.org")


def test_the_mail_is_the_same_each_time() -> None:
    first, again = read_mail(_render()), read_mail(_render())

    assert first["Message-ID"] == again["Message-ID"] == "<77@meet.example.org>"
    assert _event(first) == _event(again)


def _render(**changes: Any) -> RenderedMail:
    envelope = Envelope(mail_id="77", sender=SENDER, queued_at=QUEUED_AT)
    return render_meeting_mail(meeting_mail(**changes), envelope)


def _read(**changes: Any) -> EmailMessage:
    return read_mail(_render(**changes))


def _event(mail: EmailMessage) -> Component:
    *_, attachment = mail.iter_attachments()
    assert isinstance(attachment, EmailMessage)
    return read_calendar(attachment.get_content()).only("VEVENT")


@pytest.mark.parametrize(
    ("locale", "recorded", "listens"),
    [
        ("en", "This meeting is recorded", "You listen and watch"),
        ("de", "Dieses Meeting wird aufgezeichnet", "Sie hören und sehen zu"),
    ],
)
def test_a_webinar_that_is_recorded(locale: str, recorded: str, listens: str) -> None:
    of_webinar = {"locale": locale, "is_recorded": True, "is_webinar": True}
    listener = _read(**of_webinar)
    moderator = _read(role=MeetingRole.MODERATOR, **of_webinar)
    other = _read(locale=locale)
    for kind in ("plain", "html"):
        assert recorded in part(listener, kind)
        assert recorded in part(moderator, kind)
        assert listens in part(listener, kind)
        assert listens not in part(moderator, kind)
        assert recorded not in part(other, kind)
        assert listens not in part(other, kind)


def test_the_names_of_a_meeting_stand_apart_from_the_words_around_them() -> None:
    hebrew, agenda = "אדם בן חוה", "\u2069\u202e1. eno\u2068"
    mail = _read(topic=hebrew, organizer_name=hebrew, to_name="\u202eGro\u200bß", agenda=agenda, locale="en")
    text, html = part(mail, "plain"), part(mail, "html")
    assert "Hello Groß," in text
    assert "Hello <bdi>Groß</bdi>," in html
    assert f"“\u2068{hebrew}\u2069”" in text
    assert f"“<bdi>{hebrew}</bdi>”" in html
    assert f"Replies go to \u2068{hebrew}\u2069." in text
    assert "1. eno" in text
    assert text.count("\u2068") == text.count("\u2069") == text.count(hebrew)
    assert "\u202e" not in text + html

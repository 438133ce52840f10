"""The mail about a voicemail message: as a mail program reads it, with its sound, and in the queue."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from switchroom.mail.addresses import parse_mailbox
from switchroom.mail.message import Envelope
from switchroom.mail.voicemail_mails import VoicemailMail
from switchroom.mail.voicemail_rendering import render_voicemail_mail
from switchroom.mail.voicemail_sound import Sound, read_sound
from tests.mail.mail_program import Page, address, part, read_mail
from tests.mail.outbox import mails_to
from tests.platform import RunningPlatform
from tests.telephony.voicemail.boxes import BoxOfOwner
from tests.telephony.voicemail.tones import write_tone

NASTY = '<script>alert(1)</script>\r\nBcc: x@example.org & "Zwei"'
MAIL = VoicemailMail(
    uid="voicemail:7",
    to="juergen@example.org",
    to_name="Jürgen Groß",
    organization_name="Universität Köln",
    box_name="Zentrale",
    mailbox="100",
    caller_name="Zoë Weiß",
    caller_number="+3225550100",
    received_at=datetime(2026, 11, 29, 8, 30, tzinfo=UTC),
    milliseconds=83_400,
    new=3,
    sound="",
    locale="de",
    timezone="Europe/Berlin",
)
ENVELOPE = Envelope(
    mail_id="5f0f4a52-70a5-4d6d-8c53-0c9b52f2f0be",
    sender=parse_mailbox("Switchroom Köln <noreply@meet.example.org>"),
    queued_at=datetime(2026, 11, 29, 8, 30, tzinfo=UTC),
)
SOUND = Sound(content=b"ID3 sound", content_type="audio/mpeg", ending="mp3")


def read(sound: Sound | None = SOUND, **changes: Any) -> EmailMessage:
    return read_mail(render_voicemail_mail(replace(MAIL, **changes), sound, ENVELOPE))


def test_in_german() -> None:
    mail = read()

    assert mail["Subject"] == "Neue Sprachnachricht von Zoë Weiß (+3225550100)"
    assert address(mail, "To") == ("Jürgen Groß", "juergen@example.org")
    text = part(mail, "plain")
    assert text.startswith("Guten Tag Jürgen Groß,\n")
    assert "Von: Zoë Weiß (+3225550100)\n" in text
    assert "Eingegangen: Sonntag, 29. November 2026, 09:30 Uhr\n" in text
    assert "Zeitzone: Europe/Berlin (UTC+01:00)\n" in text
    assert "Länge: 1:23 min\n" in text
    assert "Mailbox: Zentrale (100)\n" in text
    assert "Neue Nachrichten in der Mailbox: 3\n" in text
    page = Page(part(mail, "html"))
    assert "Sonntag, 29. November 2026, 09:30 Uhr" in page.text
    (file,) = mail.iter_attachments()
    assert file.get_filename() == "sprachnachricht-20261129-0930.mp3"
    assert (file.get_content_type(), file.get_content()) == ("audio/mpeg", b"ID3 sound")


def test_in_english_without_number_and_sound() -> None:
    mail = read(None, locale="en", timezone="", caller_name="", caller_number="", box_name="100", to_name="")

    assert mail["Subject"] == "New voicemail from withheld number"
    text = part(mail, "plain")
    assert "From: withheld number\n" in text
    assert "Received: Sunday, 29 November 2026, 08:30\n" in text
    assert "Voicemail box: 100\n" in text
    assert "attached" not in text
    assert not list(mail.iter_attachments())


def test_what_a_caller_is_called_is_text() -> None:
    mail = read(caller_name=NASTY, caller_number="", box_name=NASTY)

    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]
    assert "<script>" not in part(mail, "html")
    assert "<script>alert(1)</script> Bcc: x@example.org" in Page(part(mail, "html")).text


async def test_the_sound_is_small_where_it_can_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tone = write_tone(tmp_path / "tone.wav", seconds=10)

    sound = await read_sound(tone)
    assert sound is not None
    assert (sound.content_type, sound.ending) == ("audio/mpeg", "mp3")
    assert len(sound.content) < tone.stat().st_size / 4

    monkeypatch.setenv("PATH", str(tmp_path))  # nothing is installed there
    as_it_is = await read_sound(tone)
    assert as_it_is is not None
    assert (as_it_is.content_type, as_it_is.content) == ("audio/wav", tone.read_bytes())
    assert await read_sound(tmp_path / "gone.wav") is None


def test_the_owner_gets_the_message_by_mail(running: RunningPlatform, tmp_path: Path) -> None:
    owned = BoxOfOwner(running, tmp_path)
    owned.leave()

    password, mail = sorted(mails_to(running, owned.address, count=2), key=_is_voicemail)
    assert not _is_voicemail(password)
    assert mail["Subject"] == "Neue Sprachnachricht von Zoë Weiß (+3225550100)"
    (file,) = mail.iter_attachments()
    assert file.get_content_type() == "audio/mpeg"
    assert len(file.get_content()) > 1000
    assert owned.api("GET", owned.path)[0]["folder"] == "new"


def test_who_wants_no_mail_gets_none(running: RunningPlatform, tmp_path: Path) -> None:
    silent = BoxOfOwner(running, tmp_path, user={"vm_to_email_enabled": False})
    silent.leave()
    moved = BoxOfOwner(running, tmp_path, delete_after_notify=True)
    moved.leave()

    saved = BoxOfOwner(running, tmp_path, delete_after_notify=True, save_after_notify=True)
    saved.leave()

    assert len([one for one in mails_to(running, moved.address, count=2) if _is_voicemail(one)]) == 1
    assert not [one for one in mails_to(running, silent.address) if _is_voicemail(one)]
    assert [one["folder"] for one in moved.api("GET", moved.path)] == ["deleted"]
    assert [one["folder"] for one in saved.api("GET", saved.path)] == ["saved"]


def _is_voicemail(mail: EmailMessage) -> bool:
    return "Sprachnachricht" in mail["Subject"]

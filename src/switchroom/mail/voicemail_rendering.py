"""A voicemail message made into a mail: subject, text and HTML, in the owner's language, and its sound."""

from __future__ import annotations

from switchroom.mail import dates
from switchroom.mail.addresses import Mailbox, ascii_address, name_in_line
from switchroom.mail.isolation import isolated
from switchroom.mail.letter import Facts, Labeled, Letter, Paragraph, footer, greeting, render_letter
from switchroom.mail.message import AttachedFile, Envelope, RenderedMail
from switchroom.mail.timezones import zone_of
from switchroom.mail.voicemail_mails import VoicemailMail
from switchroom.mail.voicemail_sound import Sound
from switchroom.mail.voicemail_wording import VOICEMAIL_WORDINGS, VoicemailWording
from switchroom.mail.wording import WORDINGS, shortened


def render_voicemail_mail(mail: VoicemailMail, sound: Sound | None, envelope: Envelope) -> RenderedMail:
    """The mail, the same each time. Raises Undeliverable for a hopeless address."""
    language = mail.locale if mail.locale in VOICEMAIL_WORDINGS else "en"
    words, voicemail = WORDINGS[language], VOICEMAIL_WORDINGS[language]
    recipient = Mailbox(name_in_line(mail.to_name), ascii_address(mail.to))
    caller = _caller(mail)
    received = mail.received_at.astimezone(zone_of(mail.timezone))
    minutes, seconds = divmod(round(mail.milliseconds / 1000), 60)
    letter = Letter(
        language=language,
        subject=voicemail.subject.format(
            caller=isolated(shortened(caller)) if caller else voicemail.withheld
        ),
        greeting=greeting(words, recipient),
        blocks=(
            Paragraph(voicemail.introduction),
            Facts(
                (
                    Labeled(voicemail.caller, isolated(caller) if caller else voicemail.withheld),
                    Labeled(
                        voicemail.received,
                        dates.day_and_time(received, words),
                        words.zone.format(zone=dates.zone_name(mail.timezone, received)),
                    ),
                    Labeled(voicemail.length, voicemail.duration.format(minutes=minutes, seconds=seconds)),
                    Labeled(voicemail.box, _box(mail)),
                    Labeled(voicemail.new, str(mail.new)),
                )
            ),
            Paragraph(voicemail.missing if sound is None else voicemail.attached),
        ),
        footer=footer(words, mail.organization_name),
        files=() if sound is None else (_attached(mail, sound, voicemail),),
    )
    return render_letter(letter, recipient, envelope)


def _caller(mail: VoicemailMail) -> str:
    """Name and number as far as they are known; empty for a number that was withheld."""
    name, number = name_in_line(mail.caller_name), name_in_line(mail.caller_number)
    return name if number in ("", name) else f"{name} ({number})".strip() if name else number


def _box(mail: VoicemailMail) -> str:
    name = name_in_line(mail.box_name)
    return isolated(name) if name == mail.mailbox else f"{isolated(name)} ({mail.mailbox})"


def _attached(mail: VoicemailMail, sound: Sound, voicemail: VoicemailWording) -> AttachedFile:
    received = mail.received_at.astimezone(zone_of(mail.timezone))
    filename = f"{voicemail.filename}-{received:%Y%m%d-%H%M}.{sound.ending}"
    return AttachedFile(content=sound.content, content_type=sound.content_type, filename=filename)

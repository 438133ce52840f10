"""A voicemail message made into a mail: subject, text and HTML, in the owner's language, and its sound."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from switchroom.mail import dates, layout
from switchroom.mail.addresses import Mailbox, ascii_address, name_in_line
from switchroom.mail.branding import MailBranding
from switchroom.mail.isolation import as_text, isolated
from switchroom.mail.message import AttachedFile, Content, Envelope, RenderedMail, compose
from switchroom.mail.timezones import zone_of
from switchroom.mail.voicemail_mails import VoicemailMail
from switchroom.mail.voicemail_sound import Sound
from switchroom.mail.voicemail_wording import VOICEMAIL_WORDINGS, VoicemailWording
from switchroom.mail.wording import WORDINGS, Wording, shortened


class Paragraphs(Struct, frozen=True, kw_only=True):
    """Content that both alternatives of the mail have, names isolated."""

    subject: str
    greeting: str
    introduction: str
    caller: str
    received: str
    zone: str
    length: str
    box: str
    new: str
    where: str
    footer: str


def render_voicemail_mail(mail: VoicemailMail, sound: Sound | None, envelope: Envelope) -> RenderedMail:
    """The mail, the same each time. Raises Undeliverable for a hopeless address."""
    language = mail.locale if mail.locale in VOICEMAIL_WORDINGS else "en"
    words, voicemail = WORDINGS[language], VOICEMAIL_WORDINGS[language]
    recipient = Mailbox(name_in_line(mail.to_name), ascii_address(mail.to))
    paragraphs = _paragraphs(mail, recipient, words, voicemail, has_sound=sound is not None)
    return compose(
        envelope,
        recipient,
        Content(
            subject=as_text(paragraphs.subject),
            language=language,
            text=_text(paragraphs, voicemail, envelope.branding),
            html=_html(paragraphs, voicemail, language, envelope.branding),
            attachment=None,
            files=() if sound is None else (_attached(mail, sound, voicemail),),
        ),
    )


def _paragraphs(
    mail: VoicemailMail,
    recipient: Mailbox,
    words: Wording,
    voicemail: VoicemailWording,
    *,
    has_sound: bool,
) -> Paragraphs:
    name, number = name_in_line(mail.caller_name), name_in_line(mail.caller_number)
    shown = name if number in ("", name) else f"{name} ({number})".strip() if name else number
    caller = isolated(shown) if shown else voicemail.withheld
    names = {
        "organization": isolated(name_in_line(mail.organization_name)),
        "guest": isolated(recipient.name),
    }
    received = mail.received_at.astimezone(zone_of(mail.timezone))
    minutes, seconds = divmod(round(mail.milliseconds / 1000), 60)
    box = name_in_line(mail.box_name)
    return Paragraphs(
        subject=voicemail.subject.format(caller=isolated(shortened(shown)) if shown else voicemail.withheld),
        greeting=(words.greeting if recipient.name else words.greeting_without_name).format(**names),
        introduction=voicemail.introduction,
        caller=caller,
        received=dates.day_and_time(received, words),
        zone=words.zone.format(zone=dates.zone_name(mail.timezone, received)),
        length=voicemail.duration.format(minutes=minutes, seconds=seconds),
        box=isolated(box) if box == mail.mailbox else f"{isolated(box)} ({mail.mailbox})",
        new=str(mail.new),
        where=voicemail.attached if has_sound else voicemail.missing,
        footer=words.footer.format(**names),
    )


def _text(paragraphs: Paragraphs, voicemail: VoicemailWording, branding: MailBranding) -> str:
    facts = (
        f"{voicemail.caller}: {paragraphs.caller}",
        f"{voicemail.received}: {paragraphs.received}",
        paragraphs.zone,
        f"{voicemail.length}: {paragraphs.length}",
        f"{voicemail.box}: {paragraphs.box}",
        f"{voicemail.new}: {paragraphs.new}",
    )
    parts = (paragraphs.greeting, paragraphs.introduction, "\n".join(facts), paragraphs.where)
    return layout.plain(parts, paragraphs.footer, branding)


def _html(paragraphs: Paragraphs, voicemail: VoicemailWording, language: str, branding: MailBranding) -> str:
    def body() -> Iterator[str]:
        yield layout.paragraph(paragraphs.introduction)
        yield layout.labeled(voicemail.caller, paragraphs.caller)
        yield layout.labeled(voicemail.received, paragraphs.received, paragraphs.zone)
        yield layout.labeled(voicemail.length, paragraphs.length)
        yield layout.labeled(voicemail.box, paragraphs.box)
        yield layout.labeled(voicemail.new, paragraphs.new)
        yield layout.paragraph(paragraphs.where)

    return layout.page(
        language=language,
        title=paragraphs.subject,
        greeting=paragraphs.greeting,
        body=body(),
        footer=paragraphs.footer,
        branding=branding,
    )


def _attached(mail: VoicemailMail, sound: Sound, voicemail: VoicemailWording) -> AttachedFile:
    received = mail.received_at.astimezone(zone_of(mail.timezone))
    filename = f"{voicemail.filename}-{received:%Y%m%d-%H%M}.{sound.ending}"
    return AttachedFile(content=sound.content, content_type=sound.content_type, filename=filename)

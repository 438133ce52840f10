"""The link that sets a password made into a mail: subject, text and HTML, in the person's language."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from switchroom.mail import dates, layout
from switchroom.mail.addresses import Mailbox, ascii_address, name_in_line, one_line
from switchroom.mail.branding import MailBranding
from switchroom.mail.isolation import as_text, isolated
from switchroom.mail.message import Content, Envelope, RenderedMail, compose
from switchroom.mail.password_mails import PasswordMail
from switchroom.mail.password_wording import PASSWORD_WORDINGS, PasswordWording
from switchroom.mail.timezones import zone_of
from switchroom.mail.wording import WORDINGS, Wording, shortened


class Paragraphs(Struct, frozen=True, kw_only=True):
    """Content that both alternatives of the mail have, names isolated."""

    subject: str
    greeting: str
    introduction: str
    username: str
    link: str
    valid_until: str
    zone: str
    footer: str


def render_password_mail(mail: PasswordMail, envelope: Envelope) -> RenderedMail:
    """The mail, the same each time. Raises Undeliverable for a hopeless address."""
    language = mail.locale if mail.locale in PASSWORD_WORDINGS else "en"
    words, password = WORDINGS[language], PASSWORD_WORDINGS[language]
    recipient = Mailbox(name_in_line(mail.to_name), ascii_address(mail.to))
    paragraphs = _paragraphs(mail, recipient, words, password)
    return compose(
        envelope,
        recipient,
        Content(
            subject=as_text(paragraphs.subject),
            language=language,
            text=_text(paragraphs, words, password, envelope.branding),
            html=_html(paragraphs, words, password, language, envelope.branding),
            attachment=None,
        ),
    )


def _paragraphs(
    mail: PasswordMail, recipient: Mailbox, words: Wording, password: PasswordWording
) -> Paragraphs:
    organization = name_in_line(mail.organization_name)
    subject, introduction = password.subject, password.introduction
    if mail.of_signup:
        organization = shortened(organization)
        subject, introduction = password.subject_of_signup, password.introduction_of_signup
    names = {"organization": isolated(organization), "guest": isolated(recipient.name)}
    until = mail.valid_until.astimezone(zone_of(mail.timezone))
    return Paragraphs(
        subject=subject.format(organization=isolated(shortened(organization))),
        greeting=(words.greeting if recipient.name else words.greeting_without_name).format(**names),
        introduction=introduction.format(**names),
        username=isolated(name_in_line(mail.username)),
        link=one_line(mail.link),
        valid_until=dates.day_and_time(until, words),
        zone=words.zone.format(zone=dates.zone_name(mail.timezone, until)),
        footer=words.footer.format(**names),
    )


def _text(paragraphs: Paragraphs, words: Wording, password: PasswordWording, branding: MailBranding) -> str:
    parts = (
        paragraphs.greeting,
        paragraphs.introduction,
        f"{password.username}: {paragraphs.username}",
        f"{password.set_here}:\n{paragraphs.link}",
        f"{password.valid_until}: {paragraphs.valid_until}\n{paragraphs.zone}",
        f"{password.once} {words.personal}",
        password.unexpected,
    )
    return layout.plain(parts, paragraphs.footer, branding)


def _html(
    paragraphs: Paragraphs, words: Wording, password: PasswordWording, language: str, branding: MailBranding
) -> str:
    def body() -> Iterator[str]:
        yield layout.paragraph(paragraphs.introduction)
        yield layout.labeled(password.username, paragraphs.username)
        yield layout.button(password.button, paragraphs.link, words.link_instead, branding)
        yield layout.labeled(password.valid_until, paragraphs.valid_until, paragraphs.zone)
        yield layout.paragraph(f"{password.once} {words.personal}")
        yield layout.paragraph(password.unexpected)

    return layout.page(
        language=language,
        title=paragraphs.subject,
        greeting=paragraphs.greeting,
        body=body(),
        footer=paragraphs.footer,
        branding=branding,
    )

"""The link that sets a password made into a mail: subject, text and HTML, in the person's language."""

from __future__ import annotations

from switchroom.mail import dates
from switchroom.mail.addresses import Mailbox, ascii_address, name_in_line, one_line
from switchroom.mail.isolation import isolated
from switchroom.mail.letter import Button, Labeled, Letter, Paragraph, footer, greeting, render_letter
from switchroom.mail.message import Envelope, RenderedMail
from switchroom.mail.password_mails import PasswordMail
from switchroom.mail.password_wording import PASSWORD_WORDINGS
from switchroom.mail.timezones import zone_of
from switchroom.mail.wording import WORDINGS, shortened


def render_password_mail(mail: PasswordMail, envelope: Envelope) -> RenderedMail:
    """The mail, the same each time. Raises Undeliverable for a hopeless address."""
    language = mail.locale if mail.locale in PASSWORD_WORDINGS else "en"
    words, password = WORDINGS[language], PASSWORD_WORDINGS[language]
    recipient = Mailbox(name_in_line(mail.to_name), ascii_address(mail.to))
    organization = name_in_line(mail.organization_name)
    subject, introduction = password.subject, password.introduction
    if mail.of_signup:
        organization = shortened(organization)
        subject, introduction = password.subject_of_signup, password.introduction_of_signup
    until = mail.valid_until.astimezone(zone_of(mail.timezone))
    letter = Letter(
        language=language,
        subject=subject.format(organization=isolated(shortened(organization))),
        greeting=greeting(words, recipient),
        blocks=(
            Paragraph(introduction.format(organization=isolated(organization))),
            Labeled(password.username, isolated(name_in_line(mail.username))),
            Button(
                label=password.button,
                label_in_text=password.set_here,
                link=one_line(mail.link),
                instead=words.link_instead,
            ),
            Labeled(
                password.valid_until,
                dates.day_and_time(until, words),
                words.zone.format(zone=dates.zone_name(mail.timezone, until)),
            ),
            Paragraph(f"{password.once} {words.personal}"),
            Paragraph(password.unexpected),
        ),
        footer=footer(words, organization),
    )
    return render_letter(letter, recipient, envelope)

"""The link that deletes an organization made into a mail: subject, text, HTML, in the person's language."""

from __future__ import annotations

from switchroom.mail import dates
from switchroom.mail.addresses import Mailbox, ascii_address, name_in_line, one_line
from switchroom.mail.deletion_mails import DeletionMail
from switchroom.mail.deletion_wording import DELETION_WORDINGS
from switchroom.mail.isolation import isolated
from switchroom.mail.letter import Button, Labeled, Letter, Paragraph, footer, greeting, render_letter
from switchroom.mail.message import Envelope, RenderedMail
from switchroom.mail.timezones import zone_of
from switchroom.mail.wording import WORDINGS, shortened


def render_deletion_mail(mail: DeletionMail, envelope: Envelope) -> RenderedMail:
    """The mail, the same each time. Raises Undeliverable for a hopeless address."""
    language = mail.locale if mail.locale in DELETION_WORDINGS else "en"
    words, deletion = WORDINGS[language], DELETION_WORDINGS[language]
    recipient = Mailbox(name_in_line(mail.to_name), ascii_address(mail.to))
    organization = name_in_line(mail.organization_name)
    until = mail.valid_until.astimezone(zone_of(mail.timezone))
    letter = Letter(
        language=language,
        subject=deletion.subject.format(organization=isolated(shortened(organization))),
        greeting=greeting(words, recipient),
        blocks=(
            Paragraph(deletion.introduction.format(organization=isolated(organization))),
            Paragraph(deletion.along),
            Button(
                label=deletion.button,
                label_in_text=deletion.here,
                link=one_line(mail.link),
                instead=words.link_instead,
            ),
            Labeled(
                deletion.valid_until,
                dates.day_and_time(until, words),
                words.zone.format(zone=dates.zone_name(mail.timezone, until)),
            ),
            Paragraph(words.personal),
            Paragraph(deletion.unexpected),
        ),
        footer=footer(words, organization),
    )
    return render_letter(letter, recipient, envelope)

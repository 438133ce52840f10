"""The news of another address made into a mail: subject, text, HTML, in the person's language."""

from __future__ import annotations

from switchroom.mail import dates
from switchroom.mail.address_change_mails import AddressChangeMail
from switchroom.mail.address_change_wording import ADDRESS_CHANGE_WORDINGS
from switchroom.mail.addresses import Mailbox, ascii_address, name_in_line
from switchroom.mail.isolation import isolated
from switchroom.mail.letter import Labeled, Letter, Paragraph, footer, greeting, render_letter
from switchroom.mail.message import Envelope, RenderedMail
from switchroom.mail.timezones import zone_of
from switchroom.mail.wording import WORDINGS, shortened


def render_address_change(mail: AddressChangeMail, envelope: Envelope) -> RenderedMail:
    """The mail, the same each time. Raises Undeliverable for a hopeless address."""
    language = mail.locale if mail.locale in ADDRESS_CHANGE_WORDINGS else "en"
    words, change = WORDINGS[language], ADDRESS_CHANGE_WORDINGS[language]
    recipient = Mailbox(name_in_line(mail.to_name), ascii_address(mail.to))
    name = name_in_line(mail.organization_name)
    organization = isolated(name)
    moment = mail.changed_at.astimezone(zone_of(mail.timezone))
    letter = Letter(
        language=language,
        subject=change.subject.format(organization=isolated(shortened(name))),
        greeting=greeting(words, recipient),
        blocks=(
            Paragraph(change.introduction.format(organization=organization)),
            Labeled(
                change.changed_at,
                dates.day_and_time(moment, words),
                words.zone.format(zone=dates.zone_name(mail.timezone, moment)),
            ),
            Paragraph(change.unexpected.format(organization=organization)),
        ),
        footer=footer(words, name),
    )
    return render_letter(letter, recipient, envelope)

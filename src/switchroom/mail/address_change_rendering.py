"""The news of another address made into a mail: subject, text, HTML, in the person's language."""

from __future__ import annotations

from collections.abc import Iterator

from switchroom.mail import dates, layout
from switchroom.mail.address_change_mails import AddressChangeMail
from switchroom.mail.address_change_wording import ADDRESS_CHANGE_WORDINGS
from switchroom.mail.addresses import Mailbox, ascii_address, name_in_line
from switchroom.mail.isolation import as_text, isolated
from switchroom.mail.message import Content, Envelope, RenderedMail, compose
from switchroom.mail.timezones import zone_of
from switchroom.mail.wording import WORDINGS, shortened


def render_address_change(mail: AddressChangeMail, envelope: Envelope) -> RenderedMail:
    """The mail, the same each time. Raises Undeliverable for a hopeless address."""
    language = mail.locale if mail.locale in ADDRESS_CHANGE_WORDINGS else "en"
    words, change = WORDINGS[language], ADDRESS_CHANGE_WORDINGS[language]
    recipient = Mailbox(name_in_line(mail.to_name), ascii_address(mail.to))
    organization = name_in_line(mail.organization_name)
    names = {"organization": isolated(organization), "guest": isolated(recipient.name)}
    moment = mail.changed_at.astimezone(zone_of(mail.timezone))
    subject = change.subject.format(organization=isolated(shortened(organization)))
    greeting = (words.greeting if recipient.name else words.greeting_without_name).format(**names)
    introduction, unexpected = change.introduction.format(**names), change.unexpected.format(**names)
    changed_at = dates.day_and_time(moment, words)
    zone = words.zone.format(zone=dates.zone_name(mail.timezone, moment))
    footer = words.footer.format(**names)
    parts = (greeting, introduction, f"{change.changed_at}: {changed_at}\n{zone}", unexpected)

    def body() -> Iterator[str]:
        yield layout.paragraph(introduction)
        yield layout.labeled(change.changed_at, changed_at, zone)
        yield layout.paragraph(unexpected)

    html = layout.page(
        language=language,
        title=subject,
        greeting=greeting,
        body=body(),
        footer=footer,
        branding=envelope.branding,
    )
    return compose(
        envelope,
        recipient,
        Content(
            subject=as_text(subject),
            language=language,
            text=layout.plain(parts, footer, envelope.branding),
            html=html,
            attachment=None,
        ),
    )

"""The link that deletes an organization made into a mail: subject, text, HTML, in the person's language."""

from __future__ import annotations

from collections.abc import Iterator

from switchroom.mail import dates, layout
from switchroom.mail.addresses import Mailbox, ascii_address, name_in_line, one_line
from switchroom.mail.deletion_mails import DeletionMail
from switchroom.mail.deletion_wording import DELETION_WORDINGS
from switchroom.mail.isolation import as_text, isolated
from switchroom.mail.message import Content, Envelope, RenderedMail, compose
from switchroom.mail.timezones import zone_of
from switchroom.mail.wording import WORDINGS, shortened


def render_deletion_mail(mail: DeletionMail, envelope: Envelope) -> RenderedMail:
    """The mail, the same each time. Raises Undeliverable for a hopeless address."""
    language = mail.locale if mail.locale in DELETION_WORDINGS else "en"
    words, deletion = WORDINGS[language], DELETION_WORDINGS[language]
    recipient = Mailbox(name_in_line(mail.to_name), ascii_address(mail.to))
    organization = name_in_line(mail.organization_name)
    names = {"organization": isolated(organization), "guest": isolated(recipient.name)}
    until = mail.valid_until.astimezone(zone_of(mail.timezone))
    subject = deletion.subject.format(organization=isolated(shortened(organization)))
    greeting = (words.greeting if recipient.name else words.greeting_without_name).format(**names)
    introduction = deletion.introduction.format(**names)
    valid_until = dates.day_and_time(until, words)
    zone = words.zone.format(zone=dates.zone_name(mail.timezone, until))
    footer, link = words.footer.format(**names), one_line(mail.link)
    parts = (
        greeting,
        introduction,
        deletion.along,
        f"{deletion.here}:\n{link}",
        f"{deletion.valid_until}: {valid_until}\n{zone}",
        words.personal,
        deletion.unexpected,
    )

    def body() -> Iterator[str]:
        yield layout.paragraph(introduction)
        yield layout.paragraph(deletion.along)
        yield layout.button(deletion.button, link, words.link_instead, envelope.branding)
        yield layout.labeled(deletion.valid_until, valid_until, zone)
        yield layout.paragraph(words.personal)
        yield layout.paragraph(deletion.unexpected)

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

"""The invitation to an organization made into a mail: subject, text and HTML, in the invitee's language."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from switchroom.mail import dates, layout
from switchroom.mail.addresses import Mailbox, ascii_address, name_in_line, one_line
from switchroom.mail.branding import MailBranding
from switchroom.mail.isolation import as_text, isolated
from switchroom.mail.member_invitation_mails import MemberInvitationMail
from switchroom.mail.member_invitation_wording import MEMBER_INVITATION_WORDINGS, MemberInvitationWording
from switchroom.mail.message import Content, Envelope, RenderedMail, compose
from switchroom.mail.timezones import zone_of
from switchroom.mail.wording import WORDINGS, Wording, shortened


class Paragraphs(Struct, frozen=True, kw_only=True):
    """Content that both alternatives of the mail have, names isolated."""

    subject: str
    greeting: str
    introduction: str
    link: str
    valid_until: str
    zone: str
    unexpected: str
    footer: str


def render_member_invitation(mail: MemberInvitationMail, envelope: Envelope) -> RenderedMail:
    """The mail, the same each time. Raises Undeliverable for a hopeless address."""
    language = mail.locale if mail.locale in MEMBER_INVITATION_WORDINGS else "en"
    words, invitation = WORDINGS[language], MEMBER_INVITATION_WORDINGS[language]
    recipient = Mailbox(name_in_line(mail.to_name), ascii_address(mail.to))
    paragraphs = _paragraphs(mail, recipient, words, invitation)
    return compose(
        envelope,
        recipient,
        Content(
            subject=as_text(paragraphs.subject),
            language=language,
            text=_text(paragraphs, words, invitation, envelope.branding),
            html=_html(paragraphs, words, invitation, language, envelope.branding),
            attachment=None,
        ),
    )


def _paragraphs(
    mail: MemberInvitationMail, recipient: Mailbox, words: Wording, invitation: MemberInvitationWording
) -> Paragraphs:
    organization, inviter = name_in_line(mail.organization_name), name_in_line(mail.inviter_name)
    names = {
        "organization": isolated(organization),
        "guest": isolated(recipient.name),
        "inviter": isolated(inviter),
    }
    until = mail.valid_until.astimezone(zone_of(mail.timezone))
    return Paragraphs(
        subject=invitation.subject.format(organization=isolated(shortened(organization))),
        greeting=(words.greeting if recipient.name else words.greeting_without_name).format(**names),
        introduction=(invitation.invited_by if inviter else invitation.invited).format(**names),
        link=one_line(mail.link),
        valid_until=dates.day_and_time(until, words),
        zone=words.zone.format(zone=dates.zone_name(mail.timezone, until)),
        unexpected=invitation.unexpected.format(**names),
        footer=words.footer.format(**names),
    )


def _text(
    paragraphs: Paragraphs, words: Wording, invitation: MemberInvitationWording, branding: MailBranding
) -> str:
    parts = (
        paragraphs.greeting,
        paragraphs.introduction,
        f"{invitation.accept_here}:\n{paragraphs.link}",
        f"{invitation.valid_until}: {paragraphs.valid_until}\n{paragraphs.zone}",
        f"{invitation.once} {words.personal}",
        paragraphs.unexpected,
    )
    return layout.plain(parts, paragraphs.footer, branding)


def _html(
    paragraphs: Paragraphs,
    words: Wording,
    invitation: MemberInvitationWording,
    language: str,
    branding: MailBranding,
) -> str:
    def body() -> Iterator[str]:
        yield layout.paragraph(paragraphs.introduction)
        yield layout.button(invitation.button, paragraphs.link, words.link_instead, branding)
        yield layout.labeled(invitation.valid_until, paragraphs.valid_until, paragraphs.zone)
        yield layout.paragraph(f"{invitation.once} {words.personal}")
        yield layout.paragraph(paragraphs.unexpected)

    return layout.page(
        language=language,
        title=paragraphs.subject,
        greeting=paragraphs.greeting,
        body=body(),
        footer=paragraphs.footer,
        branding=branding,
    )

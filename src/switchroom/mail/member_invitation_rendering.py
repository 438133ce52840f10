"""The invitation to an organization made into a mail: subject, text and HTML, in the invitee's language."""

from __future__ import annotations

from switchroom.mail import dates
from switchroom.mail.addresses import Mailbox, ascii_address, name_in_line, one_line
from switchroom.mail.isolation import isolated
from switchroom.mail.letter import Button, Labeled, Letter, Paragraph, footer, greeting, render_letter
from switchroom.mail.member_invitation_mails import MemberInvitationMail
from switchroom.mail.member_invitation_wording import MEMBER_INVITATION_WORDINGS
from switchroom.mail.message import Envelope, RenderedMail
from switchroom.mail.timezones import zone_of
from switchroom.mail.wording import WORDINGS, shortened


def render_member_invitation(mail: MemberInvitationMail, envelope: Envelope) -> RenderedMail:
    """The mail, the same each time. Raises Undeliverable for a hopeless address."""
    language = mail.locale if mail.locale in MEMBER_INVITATION_WORDINGS else "en"
    words, invitation = WORDINGS[language], MEMBER_INVITATION_WORDINGS[language]
    recipient = Mailbox(name_in_line(mail.to_name), ascii_address(mail.to))
    organization, inviter = name_in_line(mail.organization_name), name_in_line(mail.inviter_name)
    names = {"organization": isolated(organization), "inviter": isolated(inviter)}
    until = mail.valid_until.astimezone(zone_of(mail.timezone))
    letter = Letter(
        language=language,
        subject=invitation.subject.format(organization=isolated(shortened(organization))),
        greeting=greeting(words, recipient),
        blocks=(
            Paragraph((invitation.invited_by if inviter else invitation.invited).format(**names)),
            Button(
                label=invitation.button,
                label_in_text=invitation.accept_here,
                link=one_line(mail.link),
                instead=words.link_instead,
            ),
            Labeled(
                invitation.valid_until,
                dates.day_and_time(until, words),
                words.zone.format(zone=dates.zone_name(mail.timezone, until)),
            ),
            Paragraph(f"{invitation.once} {words.personal}"),
            Paragraph(invitation.unexpected.format(**names)),
        ),
        footer=footer(words, organization),
    )
    return render_letter(letter, recipient, envelope)

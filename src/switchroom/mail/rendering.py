"""An invitation made into a mail: subject, text, HTML and calendar entry, in the guest's language."""

from __future__ import annotations

from msgspec.structs import replace

from switchroom.mail import dates
from switchroom.mail.addresses import Mailbox, ascii_address, name_in_line, one_line
from switchroom.mail.calendar import calendar
from switchroom.mail.invitations import Invitation
from switchroom.mail.isolation import as_text, isolated
from switchroom.mail.letter import Button, Labeled, Letter, Paragraph, footer, greeting, render_letter
from switchroom.mail.message import Attachment, Envelope, RenderedMail
from switchroom.mail.timezones import zone_of
from switchroom.mail.wording import WORDINGS, Wording, shortened


def render_invitation(invitation: Invitation, envelope: Envelope) -> RenderedMail:
    """The mail, the same each time. Raises Undeliverable for a hopeless address."""
    clean = _clean(invitation)
    words = WORDINGS.get(clean.locale, WORDINGS["en"])
    guest = Mailbox(clean.guest_name, ascii_address(clean.to))
    entry = calendar(
        clean,
        organizer=Mailbox(clean.inviter_name or clean.organization_name, envelope.sender.address),
        attendee=guest,
        summary=as_text(
            words.summary.format(
                room=isolated(clean.room_name), organization=isolated(clean.organization_name)
            )
        ),
        description=_description(clean, words),
        queued_at=envelope.queued_at,
    )
    letter = Letter(
        language=clean.locale,
        subject=words.subject.format(
            room=isolated(shortened(clean.room_name)),
            organization=isolated(shortened(clean.organization_name)),
        ),
        greeting=greeting(words, guest),
        blocks=(
            Paragraph(_introduction(clean, words)),
            Labeled(words.when, _dates(clean, words), _zone(clean, words)),
            Button(
                label=words.button,
                label_in_text=words.join,
                link=clean.join_link,
                instead=words.link_instead,
            ),
            Paragraph(words.requirements),
            Paragraph(words.personal),
            Paragraph(words.attachment if entry is not None else ""),
        ),
        footer=footer(words, clean.organization_name),
        attachment=Attachment(calendar=entry, method="REQUEST", filename="invite.ics") if entry else None,
    )
    return render_letter(letter, guest, envelope)


def _clean(invitation: Invitation) -> Invitation:
    return replace(
        invitation,
        guest_name=name_in_line(invitation.guest_name),
        organization_name=name_in_line(invitation.organization_name),
        room_name=name_in_line(invitation.room_name),
        inviter_name=name_in_line(invitation.inviter_name),
        join_link=one_line(invitation.join_link),
    )


def _introduction(invitation: Invitation, words: Wording) -> str:
    return (words.invited_by if invitation.inviter_name else words.invited).format(
        room=isolated(invitation.room_name),
        organization=isolated(invitation.organization_name),
        inviter=isolated(invitation.inviter_name),
    )


def _zone(invitation: Invitation, words: Wording) -> str:
    dated = invitation.valid_from or invitation.valid_until
    return words.zone.format(zone=dates.zone_name(invitation.timezone, dated)) if dated else ""


def _dates(invitation: Invitation, words: Wording) -> str:
    zone = zone_of(invitation.timezone)
    start = invitation.valid_from.astimezone(zone) if invitation.valid_from else None
    end = invitation.valid_until.astimezone(zone) if invitation.valid_until else None
    if start is None:
        return words.until.format(end=dates.day_and_time(end, words)) if end else words.always
    if end is None:
        return words.starting.format(start=dates.day_and_time(start, words))
    return dates.period(start, end, words)


def _description(invitation: Invitation, words: Wording) -> str:
    parts = (
        _introduction(invitation, words),
        f"{words.join}:\n{invitation.join_link}",
        words.requirements,
        words.personal,
    )
    return as_text("\n\n".join(parts))

"""An invitation made into a mail: subject, text, HTML and calendar entry, in the guest's language."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from switchroom.mail import dates, layout
from switchroom.mail.addresses import Mailbox, ascii_address, name_in_line, one_line
from switchroom.mail.branding import MailBranding
from switchroom.mail.calendar import calendar
from switchroom.mail.invitations import Invitation
from switchroom.mail.isolation import as_text, isolated
from switchroom.mail.message import Attachment, Content, Envelope, RenderedMail, compose
from switchroom.mail.timezones import zone_of
from switchroom.mail.wording import WORDINGS, Wording, shortened


class Paragraphs(Struct, frozen=True):
    """Paragraphs of both alternatives, names isolated."""

    subject: str
    greeting: str
    invitation: str
    dates: str
    zone: str
    attachment: str
    footer: str


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
    paragraphs = _paragraphs(clean, words, with_calendar=entry is not None)
    return compose(
        envelope,
        guest,
        Content(
            subject=as_text(paragraphs.subject),
            language=clean.locale,
            text=_text(clean, words, paragraphs, envelope.branding),
            html=_html(clean, words, paragraphs, envelope.branding),
            attachment=Attachment(calendar=entry, method="REQUEST", filename="invite.ics") if entry else None,
        ),
    )


def _clean(invitation: Invitation) -> Invitation:
    return replace(
        invitation,
        guest_name=name_in_line(invitation.guest_name),
        organization_name=name_in_line(invitation.organization_name),
        room_name=name_in_line(invitation.room_name),
        inviter_name=name_in_line(invitation.inviter_name),
        join_link=one_line(invitation.join_link),
    )


def _paragraphs(invitation: Invitation, words: Wording, *, with_calendar: bool) -> Paragraphs:
    names = {
        "room": isolated(invitation.room_name),
        "organization": isolated(invitation.organization_name),
        "inviter": isolated(invitation.inviter_name),
        "guest": isolated(invitation.guest_name),
    }
    dated = invitation.valid_from or invitation.valid_until
    return Paragraphs(
        subject=words.subject.format(
            room=isolated(shortened(invitation.room_name)),
            organization=isolated(shortened(invitation.organization_name)),
        ),
        greeting=(words.greeting if invitation.guest_name else words.greeting_without_name).format(**names),
        invitation=(words.invited_by if invitation.inviter_name else words.invited).format(**names),
        dates=_dates(invitation, words),
        zone=words.zone.format(zone=dates.zone_name(invitation.timezone, dated)) if dated else "",
        attachment=words.attachment if with_calendar else "",
        footer=words.footer.format(**names),
    )


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
    paragraphs = _paragraphs(invitation, words, with_calendar=False)
    parts = (
        paragraphs.invitation,
        f"{words.join}:\n{invitation.join_link}",
        words.requirements,
        words.personal,
    )
    return as_text("\n\n".join(parts))


def _text(invitation: Invitation, words: Wording, paragraphs: Paragraphs, branding: MailBranding) -> str:
    when = f"{words.when}: {paragraphs.dates}"
    if paragraphs.zone:
        when += f"\n{paragraphs.zone}"
    parts = (
        paragraphs.greeting,
        paragraphs.invitation,
        when,
        f"{words.join}:\n{invitation.join_link}",
        words.requirements,
        words.personal,
        paragraphs.attachment,
    )
    return layout.plain(parts, paragraphs.footer, branding)


def _html(invitation: Invitation, words: Wording, paragraphs: Paragraphs, branding: MailBranding) -> str:
    def body() -> Iterator[str]:
        yield layout.paragraph(paragraphs.invitation)
        yield layout.labeled(words.when, paragraphs.dates, paragraphs.zone)
        yield layout.button(words.button, invitation.join_link, words.link_instead, branding)
        yield layout.paragraph(words.requirements)
        yield layout.paragraph(words.personal)
        if paragraphs.attachment:
            yield layout.paragraph(paragraphs.attachment)

    return layout.page(
        language=invitation.locale,
        title=paragraphs.subject,
        greeting=paragraphs.greeting,
        body=body(),
        footer=paragraphs.footer,
        branding=branding,
    )

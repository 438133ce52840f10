"""An invitation made into a mail: subject, text, HTML and calendar entry, in the guest's language."""

from __future__ import annotations

from datetime import datetime
from email.header import Header
from email.message import MIMEPart
from email.mime.multipart import MIMEMultipart
from email.policy import SMTP, compat32
from email.utils import format_datetime
from html import escape

from msgspec import Struct
from msgspec.structs import replace

from switchroom.mail.addresses import Mailbox, ascii_address, one_line
from switchroom.mail.calendar import calendar, zone_of
from switchroom.mail.invitations import Invitation
from switchroom.mail.wording import WORDINGS, Wording

_LONGEST_NAME_IN_SUBJECT = 80
_WIRE = compat32.clone(linesep="\r\n", max_line_length=78)
_BODY = SMTP.clone(max_line_length=76)


class RenderedMail(Struct, frozen=True):
    """A mail as it goes over the wire (RFC 5322, 7 bit), and its envelope."""

    sender: str
    recipient: str
    content: bytes


class Paragraphs(Struct, frozen=True):
    """What both alternatives say."""

    subject: str
    greeting: str
    invitation: str
    dates: str
    zone: str
    attachment: str
    footer: str


def render_invitation(
    invitation: Invitation, *, mail_id: str, sender: Mailbox, queued_at: datetime
) -> RenderedMail:
    """The mail with this id, the same each time. Raises Undeliverable for a hopeless address."""
    clean = _clean(invitation)
    words = WORDINGS.get(clean.locale, WORDINGS["en"])
    guest = Mailbox(clean.guest_name, ascii_address(clean.to))
    entry = calendar(
        clean,
        organizer=Mailbox(clean.inviter_name or clean.organization_name, sender.address),
        attendee=guest,
        summary=words.summary.format(room=clean.room_name, organization=clean.organization_name),
        description=_description(clean, words),
        queued_at=queued_at,
    )
    paragraphs = _paragraphs(clean, words, with_calendar=entry is not None)

    mail = MIMEMultipart("mixed", policy=_WIRE)
    mail["From"] = sender.header("From")
    mail["To"] = guest.header("To")
    mail["Subject"] = Header(paragraphs.subject, "utf-8", header_name="Subject").encode()
    mail["Date"] = format_datetime(queued_at)
    mail["Message-ID"] = f"<{mail_id}@{sender.domain}>"
    mail["Content-Language"] = clean.locale
    mail["Auto-Submitted"] = "auto-generated"

    body = MIMEPart(policy=_BODY)
    body.set_content(_text(clean, words, paragraphs), cte="quoted-printable")
    body.add_alternative(_html(clean, words, paragraphs), subtype="html", cte="quoted-printable")
    if entry is not None:
        # Mail programs offer to accept the one in the alternatives; the attachment is for all the others.
        body.add_alternative(
            entry.decode(), subtype="calendar", cte="base64", params={"method": "REQUEST", "charset": "utf-8"}
        )
    mail.attach(body)
    if entry is not None:
        attachment = MIMEPart(policy=_BODY)
        attachment.set_content(
            entry, maintype="application", subtype="ics", filename="invite.ics", disposition="attachment"
        )
        mail.attach(attachment)
    return RenderedMail(sender.address, guest.address, mail.as_bytes())


def _clean(invitation: Invitation) -> Invitation:
    return replace(
        invitation,
        guest_name=one_line(invitation.guest_name),
        organization_name=one_line(invitation.organization_name),
        room_name=one_line(invitation.room_name),
        inviter_name=one_line(invitation.inviter_name),
        join_link=one_line(invitation.join_link),
    )


def _paragraphs(invitation: Invitation, words: Wording, *, with_calendar: bool) -> Paragraphs:
    names = {
        "room": invitation.room_name,
        "organization": invitation.organization_name,
        "inviter": invitation.inviter_name,
        "guest": invitation.guest_name,
    }
    dated = invitation.valid_from or invitation.valid_until
    return Paragraphs(
        subject=words.subject.format(
            room=_shortened(invitation.room_name), organization=_shortened(invitation.organization_name)
        ),
        greeting=(words.greeting if invitation.guest_name else words.greeting_without_name).format(**names),
        invitation=(words.invited_by if invitation.inviter_name else words.invited).format(**names),
        dates=_dates(invitation, words),
        zone=words.zone.format(zone=_zone_name(invitation, dated)) if dated else "",
        attachment=words.attachment if with_calendar else "",
        footer=words.footer.format(**names),
    )


def _shortened(name: str) -> str:
    if len(name) <= _LONGEST_NAME_IN_SUBJECT:
        return name
    return name[: _LONGEST_NAME_IN_SUBJECT - 1].rstrip() + "…"


def _dates(invitation: Invitation, words: Wording) -> str:
    zone = zone_of(invitation)
    start = invitation.valid_from.astimezone(zone) if invitation.valid_from else None
    end = invitation.valid_until.astimezone(zone) if invitation.valid_until else None
    if start is None:
        return words.until.format(end=_moment(end, words)) if end else words.always
    if end is None:
        return words.starting.format(start=_moment(start, words))
    if start.date() == end.date():
        return words.between_on_one_day.format(
            date=_day(start, words), start=f"{start:%H:%M}", end=f"{end:%H:%M}"
        )
    return words.between.format(start=_moment(start, words), end=_moment(end, words))


def _day(moment: datetime, words: Wording) -> str:
    return words.date.format(
        weekday=words.weekdays[moment.weekday()],
        day=moment.day,
        month=words.months[moment.month - 1],
        year=moment.year,
    )


def _moment(moment: datetime, words: Wording) -> str:
    return words.time.format(date=_day(moment, words), time=f"{moment:%H:%M}")


def _zone_name(invitation: Invitation, moment: datetime) -> str:
    """The zone's name and, as few know those by heart, what it is apart from UTC at that moment."""
    if not invitation.timezone:
        return "UTC"
    offset = moment.astimezone(zone_of(invitation)).strftime("%z")
    return f"{invitation.timezone.replace('_', ' ')} (UTC{offset[:3]}:{offset[3:5]})"


def _description(invitation: Invitation, words: Wording) -> str:
    paragraphs = _paragraphs(invitation, words, with_calendar=False)
    return "\n\n".join(
        (paragraphs.invitation, f"{words.join}:\n{invitation.join_link}", words.requirements, words.personal)
    )


def _text(invitation: Invitation, words: Wording, paragraphs: Paragraphs) -> str:
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
    return "\n\n".join(part for part in parts if part) + f"\n\n-- \n{paragraphs.footer}\n"


def _html(invitation: Invitation, words: Wording, paragraphs: Paragraphs) -> str:
    link = escape(invitation.join_link)
    zone = f'<br><span style="color:#5c6370">{escape(paragraphs.zone)}</span>' if paragraphs.zone else ""
    attachment = f"<p>{escape(paragraphs.attachment)}</p>" if paragraphs.attachment else ""
    return f"""\
<!DOCTYPE html>
<html lang="{escape(invitation.locale)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>{escape(paragraphs.subject)}</title>
</head>
<body style="margin:0;padding:24px 12px;background:#f1f3f5">
<table role="presentation" width="100%" cellspacing="0" cellpadding="0" border="0"><tr><td align="center">
<table role="presentation" width="100%" cellspacing="0" cellpadding="0" border="0" \
style="max-width:560px;background:#ffffff;border-radius:8px"><tr>
<td style="padding:32px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;\
color:#1c1f24;overflow-wrap:anywhere">
<p style="margin-top:0">{escape(paragraphs.greeting)}</p>
<p>{escape(paragraphs.invitation)}</p>
<p><strong>{escape(words.when)}:</strong> {escape(paragraphs.dates)}{zone}</p>
<p style="margin:28px 0"><a href="{link}" style="display:inline-block;padding:12px 24px;background:#1864ab;\
border-radius:6px;color:#ffffff;font-weight:600;text-decoration:none">{escape(words.button)}</a></p>
<p>{escape(words.link_instead)}<br><a href="{link}" style="color:#1864ab">{link}</a></p>
<p>{escape(words.requirements)}</p>
<p>{escape(words.personal)}</p>
{attachment}
<p style="margin-bottom:0;padding-top:16px;border-top:1px solid #dee2e6;font-size:13px;color:#5c6370">\
{escape(paragraphs.footer)}</p>
</td>
</tr></table>
</td></tr></table>
</body>
</html>
"""

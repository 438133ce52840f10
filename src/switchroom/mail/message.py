"""A mail put together: headers, the alternatives, the calendar entry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.header import Header
from email.message import MIMEPart
from email.mime.multipart import MIMEMultipart
from email.policy import SMTP, compat32
from email.utils import format_datetime

from msgspec import Struct

from switchroom.mail.addresses import Mailbox
from switchroom.mail.branding import NO_BRANDING, InlinePicture, MailBranding

_WIRE = compat32.clone(linesep="\r\n", max_line_length=78)
_BODY = SMTP.clone(max_line_length=76)


class RenderedMail(Struct, frozen=True):
    """A mail as it goes over the wire (RFC 5322, 7 bit), and its envelope."""

    sender: str
    recipient: str
    content: bytes


class Envelope(Struct, frozen=True, kw_only=True):
    """Sender of a mail, its id, and the time since which it is queued."""

    mail_id: str
    sender: Mailbox
    queued_at: datetime
    branding: MailBranding = NO_BRANDING


class Attachment(Struct, frozen=True, kw_only=True):
    """A calendar and its method (RFC 5546)."""

    calendar: bytes
    method: str
    filename: str


class AttachedFile(Struct, frozen=True, kw_only=True):
    """A file, whose type is like `audio/mpeg`."""

    content: bytes
    content_type: str
    filename: str


class Content(Struct, frozen=True, kw_only=True):
    """Content of a mail, in one language. The subject is one line. Answers go to `reply_to` if somebody
    reads them."""

    subject: str
    language: str
    text: str
    html: str
    attachment: Attachment | None
    files: Sequence[AttachedFile] = ()
    reply_to: Mailbox | None = None


def compose(envelope: Envelope, recipient: Mailbox, content: Content) -> RenderedMail:
    """The mail, the same each time."""
    sender = envelope.sender
    mail = MIMEMultipart("mixed", policy=_WIRE)
    mail["From"] = sender.header("From")
    mail["To"] = recipient.header("To")
    if content.reply_to is not None:
        mail["Reply-To"] = content.reply_to.header("Reply-To")
    mail["Subject"] = Header(content.subject, "utf-8", header_name="Subject").encode()
    mail["Date"] = format_datetime(envelope.queued_at)
    mail["Message-ID"] = f"<{envelope.mail_id}@{sender.domain}>"
    mail["Content-Language"] = content.language
    mail["Auto-Submitted"] = "auto-generated"

    body = MIMEPart(policy=_BODY)
    body.set_content(content.text, cte="quoted-printable")
    body.add_alternative(content.html, subtype="html", cte="quoted-printable")
    if envelope.branding.logo is not None:
        _add_inline(body, envelope.branding.logo)
    attached = content.attachment
    if attached is not None:
        # Mail programs offer to accept the one in the alternatives; the attachment is for all the others.
        body.add_alternative(
            attached.calendar.decode(),
            subtype="calendar",
            cte="base64",
            params={"method": attached.method, "charset": "utf-8"},
        )
    mail.attach(body)
    if attached is not None:
        file = MIMEPart(policy=_BODY)
        file.set_content(
            attached.calendar,
            maintype="application",
            subtype="ics",
            filename=attached.filename,
            disposition="attachment",
        )
        mail.attach(file)
    for one in content.files:
        maintype, _, subtype = one.content_type.partition("/")
        file = MIMEPart(policy=_BODY)
        file.set_content(
            one.content, maintype=maintype, subtype=subtype, filename=one.filename, disposition="attachment"
        )
        mail.attach(file)
    return RenderedMail(sender.address, recipient.address, mail.as_bytes())


def _add_inline(body: MIMEPart, picture: InlinePicture) -> None:
    """Put the picture beside the HTML, which refers to it (RFC 2387)."""
    html = body.get_body(("html",))
    assert html is not None
    maintype, _, subtype = picture.content_type.partition("/")
    html.add_related(
        picture.content,
        maintype=maintype,
        subtype=subtype,
        cid=f"<{picture.content_id}>",
        disposition="inline",
        filename=f"logo.{subtype}",
    )

"""Branding of an organization in its mails, as a mail program reads them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from msgspec.structs import replace

from switchroom.mail.address_change_rendering import render_address_change
from switchroom.mail.addresses import parse_mailbox
from switchroom.mail.branding import InlinePicture, MailBranding, readable_on, stands_out_from_white
from switchroom.mail.deletion_mails import DeletionMail
from switchroom.mail.deletion_rendering import render_deletion_mail
from switchroom.mail.meeting_rendering import render_meeting_mail
from switchroom.mail.member_invitation_mails import MemberInvitationMail
from switchroom.mail.member_invitation_rendering import render_member_invitation
from switchroom.mail.message import Envelope, RenderedMail
from switchroom.mail.password_rendering import render_password_mail
from switchroom.mail.rendering import render_invitation
from switchroom.mail.voicemail_rendering import render_voicemail_mail
from tests.mail.mail_program import part, read_mail
from tests.mail.post import invitation, meeting_mail
from tests.mail.test_address_change_mails import MAIL as ADDRESS_CHANGE
from tests.mail.test_password_mails import MAIL as PASSWORD_MAIL
from tests.mail.test_voicemail_mails import MAIL as VOICEMAIL

LOGO = InlinePicture(content=b"\x89PNG and so on", content_type="image/png", width=1200, height=100)
BRANDING = MailBranding(name="Universität Köln", title="Schule am See", colour="#ffc857", logo=LOGO)
UNTIL = datetime(2026, 11, 29, 8, 30, tzinfo=UTC)

RENDERED: dict[str, Callable[[Envelope], RenderedMail]] = {
    "address_change": lambda envelope: render_address_change(ADDRESS_CHANGE, envelope),
    "deletion": lambda envelope: render_deletion_mail(
        DeletionMail(
            uid="deletion:1",
            to="ada@example.org",
            to_name="Ada",
            organization_name="Universität Köln",
            link="https://meet.example.org/#/company-deletion/x",
            valid_until=UNTIL,
            locale="de",
            timezone="",
        ),
        envelope,
    ),
    "invitation": lambda envelope: render_invitation(invitation(), envelope),
    "meeting": lambda envelope: render_meeting_mail(meeting_mail(), envelope),
    "member": lambda envelope: render_member_invitation(
        MemberInvitationMail(
            uid="member:1",
            to="ada@example.org",
            to_name="Ada",
            organization_name="Universität Köln",
            inviter_name="Zoë",
            link="https://meet.example.org/#/invitation/x",
            valid_until=UNTIL,
            locale="de",
            timezone="",
        ),
        envelope,
    ),
    "password": lambda envelope: render_password_mail(PASSWORD_MAIL, envelope),
    "voicemail": lambda envelope: render_voicemail_mail(VOICEMAIL, None, envelope),
}


def read(kind: str = "invitation", **changes: Any) -> EmailMessage:
    envelope = Envelope(
        mail_id="5f0f4a52-70a5-4d6d-8c53-0c9b52f2f0be",
        sender=parse_mailbox("Switchroom <noreply@meet.example.org>"),
        queued_at=UNTIL,
        branding=replace(BRANDING, **changes),
    )
    return read_mail(RENDERED[kind](envelope))


@pytest.mark.parametrize("kind", RENDERED)
def test_each_mail_carries_the_logo_and_asks_no_server_for_anything(kind: str) -> None:
    mail = read(kind)
    html = part(mail, "html")
    assert "Schule am See" in html
    (picture,) = (one for one in mail.walk() if one.get_content_maintype() == "image")
    assert picture.get_content() == LOGO.content
    assert picture.get_content_disposition() == "inline"
    assert re.findall(r'src="([^"]+)"', html) == [f"cid:{picture['Content-ID'].strip('<>')}"]
    assert "url(" not in html
    # Beside the HTML, so that nobody is offered it as an attachment.
    related = [one for one in mail.walk() if one.get_content_type() == "multipart/related"]
    assert [one.get_content_type() for one in related[0].iter_parts()] == ["text/html", "image/png"]
    assert "Schule am See" not in part(mail, "plain")


@pytest.mark.parametrize("kind", RENDERED)
def test_each_mail_ends_with_the_text_of_the_organization(kind: str) -> None:
    mail = read(kind, text="Fragen? Sekretariat:\n0221 <b>4711</b> & Ärger")
    html, plain = part(mail, "html"), part(mail, "plain").replace("\r\n", "\n")
    assert "<p>Fragen? Sekretariat:<br>\n0221 &lt;b&gt;4711&lt;/b&gt; &amp; Ärger</p>" in html
    assert "\n\nFragen? Sekretariat:\n0221 <b>4711</b> & Ärger\n\n-- \n" in plain


def test_the_alternatives_keep_their_order() -> None:
    body = next(read().iter_parts())
    assert isinstance(body, EmailMessage)
    assert [one.get_content_type() for one in body.iter_parts()] == [
        "text/plain",
        "multipart/related",
        "text/calendar",
    ]


def test_the_colour_is_that_of_the_head_and_of_the_button() -> None:
    html = part(read(), "html")
    assert html.count("background:#ffc857") == 2
    assert html.count("color:#000000") == 2
    # Too light to be seen on white by itself.
    assert "border:1px solid #5c6370" in html
    dark = part(read(colour="#123"), "html")
    assert dark.count("background:#123;") == 2
    assert "border:1px solid #123" in dark
    plain = part(read(colour="", title="", logo=None), "html")
    assert "background:#1864ab" in plain
    assert "<img" not in plain


@pytest.mark.parametrize(
    "colour", ["#000", "#fff", "#777777", "#767676", "#757575", "#1864ab", "#ff0", "#F00"]
)
def test_what_is_written_on_any_colour_can_be_read(colour: str) -> None:
    def luminance(one: str) -> float:
        digits = one[1:] if len(one) == 7 else "".join(2 * digit for digit in one[1:])
        parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    brighter, darker = sorted((luminance(colour), luminance(readable_on(colour))), reverse=True)
    assert (brighter + 0.05) / (darker + 0.05) >= 4.5


def test_what_is_too_light_for_white_has_an_edge() -> None:
    assert [stands_out_from_white(one) for one in ("#ffffff", "#ff0", "#1864ab", "#000")] == [
        False,
        False,
        True,
        True,
    ]


def test_the_name_stands_for_a_logo_that_is_not_seen() -> None:
    nasty = '"><script>alert(1)</script>\r\n&'
    html = part(read(title="", name=nasty), "html")
    assert "<script" not in html
    assert 'alt="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp;"' in html
    assert 'alt=""' in part(read(), "html")
    without = part(read(title="", logo=None, name=nasty), "html")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;</bdi>" in without
    assert "<script" not in part(read(title=nasty), "html")


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((1200, 100), (240, 20)),
        ((100, 100), (48, 48)),
        ((20, 10), (20, 10)),
        ((2000, 1), (240, 1)),
        ((1, 2000), (1, 48)),
    ],
)
def test_the_logo_keeps_its_proportions(size: tuple[int, int], shown: tuple[int, int]) -> None:
    html = part(read(logo=replace(LOGO, width=size[0], height=size[1])), "html")
    assert f'width="{shown[0]}" height="{shown[1]}"' in html

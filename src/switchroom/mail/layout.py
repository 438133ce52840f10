"""Layout of the HTML of all mails. Arguments are text, names isolated, unless they are said to be HTML."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from switchroom.mail.addresses import name_in_line
from switchroom.mail.branding import MailBranding, readable_on, stands_out_from_white
from switchroom.mail.isolation import as_html, as_text, isolated

_COLOUR = "#1864ab"
"""Colour of links and, unless the organization has its own, of buttons."""

_EDGE = "#5c6370"
"""Colour of the edge around what is too light to be seen on white."""


def plain(parts: Iterable[str], footer: str, branding: MailBranding) -> str:
    """The text of a mail: its parts, but for empty ones, the organization's own text, and the footer below a
    line that mail programs know (RFC 3676 section 4.3)."""
    body = "\n\n".join(part for part in (*parts, branding.text) if part)
    return as_text(f"{body}\n\n-- \n{footer}\n")


def paragraph(text: str) -> str:
    return f"<p>{_lines(text)}</p>"


def labeled(label: str, text: str, note: str = "") -> str:
    """The text after its label, with a note below."""
    below = f'<br><span style="color:#5c6370">{_lines(note)}</span>' if note else ""
    return f"<p><strong>{escape(label)}:</strong> {_lines(text)}{below}</p>"


def button(label: str, link: str, link_instead: str, branding: MailBranding) -> str:
    """A button that leads to the link, and the link itself after the words of `link_instead`."""
    link, colour = escape(link), branding.colour or _COLOUR
    edge = colour if stands_out_from_white(colour) else _EDGE
    return f"""\
<p style="margin:28px 0"><a href="{link}" style="display:inline-block;padding:12px 24px;background:{colour};\
border:1px solid {edge};border-radius:6px;color:{readable_on(colour)};font-weight:600;text-decoration:none">\
{escape(label)}</a></p>
<p>{escape(link_instead)}<br><a href="{link}" style="color:{_COLOUR}">{link}</a></p>"""


def page(
    *,
    language: str,
    title: str,
    greeting: str,
    body: Iterable[str],
    footer: str,
    branding: MailBranding,
) -> str:
    """The document. `body` is HTML, the rest text. Its only picture is the one that the mail carries."""
    between = "\n".join(body)
    own = f"\n{paragraph(branding.text)}" if branding.text else ""
    return f"""\
<!DOCTYPE html>
<html lang="{escape(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>{escape(as_text(title))}</title>
</head>
<body style="margin:0;padding:24px 12px;background:#f1f3f5">
<table role="presentation" width="100%" cellspacing="0" cellpadding="0" border="0"><tr><td align="center">
<table role="presentation" width="100%" cellspacing="0" cellpadding="0" border="0" \
style="max-width:560px;background:#ffffff;border-radius:8px">{_head(branding)}<tr>
<td style="padding:32px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;\
color:#1c1f24;overflow-wrap:anywhere">
<p style="margin-top:0">{as_html(greeting)}</p>
{between}{own}
<p style="margin-bottom:0;padding-top:16px;border-top:1px solid #dee2e6;font-size:13px;color:#5c6370">\
{as_html(footer)}</p>
</td>
</tr></table>
</td></tr></table>
</body>
</html>
"""


def _head(branding: MailBranding) -> str:
    """The row with what stands for the organization, on its colour."""
    title, logo = name_in_line(branding.title), branding.logo
    if not (title or logo or branding.colour):
        return ""
    parts: list[str] = []
    if logo is not None:
        width, height = logo.shown_size
        alternative = "" if title else name_in_line(branding.name)
        parts.append(
            f'<img src="cid:{logo.content_id}" alt="{escape(alternative)}" width="{width}" height="{height}" '
            'style="border:0;vertical-align:middle;margin-right:12px">'
        )
    if title or logo is None:
        parts.append(as_html(isolated(title or name_in_line(branding.name))))
    colour = branding.colour or "#ffffff"
    edge = "#dee2e6" if not branding.colour else colour if stands_out_from_white(colour) else _EDGE
    return f"""<tr>
<td style="padding:16px 32px;font:600 18px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,\
sans-serif;background:{colour};border-bottom:1px solid {edge};border-radius:8px 8px 0 0;\
color:{readable_on(colour)};overflow-wrap:anywhere">{"".join(parts)}</td>
</tr>"""


def _lines(text: str) -> str:
    return as_html(text).replace("\n", "<br>\n")

"""Layout of the HTML of all mails. Arguments are text, names isolated, unless they are said to be HTML."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from switchroom.mail.isolation import as_html, as_text


def paragraph(text: str) -> str:
    return f"<p>{_lines(text)}</p>"


def labeled(label: str, text: str, note: str = "") -> str:
    """The text after its label, with a note below."""
    below = f'<br><span style="color:#5c6370">{_lines(note)}</span>' if note else ""
    return f"<p><strong>{escape(label)}:</strong> {_lines(text)}{below}</p>"


def button(label: str, link: str, link_instead: str) -> str:
    """A button that leads to the link, and the link itself after the words of `link_instead`."""
    link = escape(link)
    return f"""\
<p style="margin:28px 0"><a href="{link}" style="display:inline-block;padding:12px 24px;background:#1864ab;\
border-radius:6px;color:#ffffff;font-weight:600;text-decoration:none">{escape(label)}</a></p>
<p>{escape(link_instead)}<br><a href="{link}" style="color:#1864ab">{link}</a></p>"""


def page(*, language: str, title: str, greeting: str, body: Iterable[str], footer: str) -> str:
    """The document. `body` is HTML, the rest text."""
    between = "\n".join(body)
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
style="max-width:560px;background:#ffffff;border-radius:8px"><tr>
<td style="padding:32px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;\
color:#1c1f24;overflow-wrap:anywhere">
<p style="margin-top:0">{as_html(greeting)}</p>
{between}
<p style="margin-bottom:0;padding-top:16px;border-top:1px solid #dee2e6;font-size:13px;color:#5c6370">\
{as_html(footer)}</p>
</td>
</tr></table>
</td></tr></table>
</body>
</html>
"""


def _lines(text: str) -> str:
    return as_html(text).replace("\n", "<br>\n")

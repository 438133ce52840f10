"""Reads a mail as a mail program does."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

from switchroom.mail.message import RenderedMail


def read_mail(rendered: RenderedMail) -> EmailMessage:
    mail = message_from_bytes(rendered.content, policy=default)
    assert isinstance(mail, EmailMessage)
    assert not mail.defects
    return mail


def part(mail: EmailMessage, subtype: str) -> str:
    """The text of that alternative."""
    found = mail.get_body((subtype,))
    assert found is not None
    return found.get_content().replace("\r\n", "\n")


def address(mail: EmailMessage, header: str) -> tuple[str, str]:
    """The name and the address of the one whom the header is about."""
    (only,) = mail[header].addresses
    return only.display_name, only.addr_spec


class Page(HTMLParser):
    """What a browser would make of the HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.links: list[str | None] = []
        self.language: str | None = None
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        attributes = dict(attrs)
        if tag == "a":
            assert set(attributes) == {"href", "style"}
            self.links.append(attributes["href"])
        if tag == "html":
            self.language = attributes["lang"]

    def handle_data(self, data: str) -> None:
        self.text += data

"""Letters: a greeting, blocks and a footer, made into text and HTML, and those into a mail."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from switchroom.mail import layout
from switchroom.mail.addresses import Mailbox, name_in_line
from switchroom.mail.branding import MailBranding
from switchroom.mail.isolation import as_text, isolated
from switchroom.mail.message import AttachedFile, Attachment, Content, Envelope, RenderedMail, compose
from switchroom.mail.wording import Wording


class Paragraph(Struct, frozen=True):
    """Nothing at all where its text is empty."""

    text: str

    def as_text(self) -> str:
        return self.text

    def as_html(self, branding: MailBranding) -> str:
        return layout.paragraph(self.text) if self.text else ""


class Labeled(Struct, frozen=True):
    """A text after its label, and a note below; nothing at all where the text is empty."""

    label: str
    text: str
    note: str = ""

    def as_text(self) -> str:
        below = f"\n{self.note}" if self.note else ""
        return f"{self.label}: {self.text}{below}" if self.text else ""

    def as_html(self, branding: MailBranding) -> str:
        return layout.labeled(self.label, self.text, self.note) if self.text else ""


class Section(Struct, frozen=True):
    """Lines below their label; nothing at all where there are none."""

    label: str
    text: str

    def as_text(self) -> str:
        return f"{self.label}:\n{self.text}" if self.text else ""

    def as_html(self, branding: MailBranding) -> str:
        return layout.labeled(self.label, f"\n{self.text}") if self.text else ""


class Facts(Struct, frozen=True):
    """Labeled texts that belong together."""

    facts: Sequence[Labeled]

    def as_text(self) -> str:
        return "\n".join(text for fact in self.facts if (text := fact.as_text()))

    def as_html(self, branding: MailBranding) -> str:
        return "\n".join(html for fact in self.facts if (html := fact.as_html(branding)))


class Button(Struct, frozen=True, kw_only=True):
    """A link: a button, and the link itself after the words of `instead`; in the text below its own label.
    Nothing at all where the link is empty."""

    label: str
    label_in_text: str
    link: str
    instead: str

    def as_text(self) -> str:
        return f"{self.label_in_text}:\n{self.link}" if self.link else ""

    def as_html(self, branding: MailBranding) -> str:
        return layout.button(self.label, self.link, self.instead, branding) if self.link else ""


Block = Paragraph | Labeled | Section | Facts | Button


class Letter(Struct, frozen=True, kw_only=True):
    """Content of a mail without its form, in one language, names isolated."""

    language: str
    subject: str
    greeting: str
    blocks: Sequence[Block]
    footer: str
    attachment: Attachment | None = None
    files: Sequence[AttachedFile] = ()
    reply_to: Mailbox | None = None


def greeting(words: Wording, recipient: Mailbox) -> str:
    return (
        words.greeting.format(guest=isolated(recipient.name))
        if recipient.name
        else words.greeting_without_name
    )


def footer(words: Wording, organization_name: str) -> str:
    """The footer of a mail that no person sent."""
    return words.footer.format(organization=isolated(name_in_line(organization_name)))


def render_letter(letter: Letter, recipient: Mailbox, envelope: Envelope) -> RenderedMail:
    """The mail, the same each time."""
    branding = envelope.branding
    texts = (letter.greeting, *(block.as_text() for block in letter.blocks))
    return compose(
        envelope,
        recipient,
        Content(
            subject=as_text(letter.subject),
            language=letter.language,
            text=layout.plain(texts, letter.footer, branding),
            html=layout.page(
                language=letter.language,
                title=letter.subject,
                greeting=letter.greeting,
                body=(html for block in letter.blocks if (html := block.as_html(branding))),
                footer=letter.footer,
                branding=branding,
            ),
            attachment=letter.attachment,
            files=letter.files,
            reply_to=letter.reply_to,
        ),
    )

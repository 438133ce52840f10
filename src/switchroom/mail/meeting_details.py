"""Details of a meeting for mails and calendar entries, made harmless whatever people typed."""

from __future__ import annotations

from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from switchroom import sanitize
from switchroom.mail.addresses import Mailbox, Undeliverable, ascii_address, name_in_line, one_line
from switchroom.mail.meeting_mails import MeetingEntry
from switchroom.mail.meeting_wording import MEETING_WORDINGS, MeetingWording
from switchroom.mail.wording import WORDINGS, Wording

_Entry = TypeVar("_Entry", bound=MeetingEntry)


class Language(Struct, frozen=True, kw_only=True):
    """All words of one language."""

    name: str
    words: Wording
    meeting: MeetingWording


def language_of(entry: MeetingEntry) -> Language:
    name = entry.locale if entry.locale in MEETING_WORDINGS else "en"
    return Language(name=name, words=WORDINGS[name], meeting=MEETING_WORDINGS[name])


def cleaned(entry: _Entry) -> _Entry:
    """The entry with names in one line, and an agenda of plain lines."""
    return replace(
        entry,
        organizer_name=name_in_line(entry.organizer_name),
        organization_name=name_in_line(entry.organization_name),
        topic=name_in_line(entry.topic),
        agenda=plain_lines(entry.agenda),
        different=tuple(
            replace(one, topic=name_in_line(one.topic), agenda=plain_lines(one.agenda))
            for one in entry.different
        ),
        join_link=one_line(entry.join_link),
        meeting_number=one_line(entry.meeting_number),
        dial_in_numbers=tuple(one_line(number) for number in entry.dial_in_numbers),
        dial_in_pin=one_line(entry.dial_in_pin),
    )


def plain_lines(text: str) -> str:
    """Text without bidi controls, which could take the isolation from the names before and after."""
    lines = sanitize.without_bidi_controls(text).splitlines()
    return "\n".join(one_line(line) for line in lines).strip("\n")


def organizer_of(entry: MeetingEntry, *, otherwise: str) -> Mailbox:
    """Mailbox of the inviter, with the address `otherwise` if they have none that can be written to."""
    name = entry.organizer_name or entry.organization_name
    try:
        return Mailbox(name, ascii_address(entry.organizer_email))
    except Undeliverable:
        return Mailbox(name, otherwise)


def numbers(entry: MeetingEntry, language: Language) -> list[str]:
    """The meeting's number and how to call in, as lines."""
    words = language.meeting
    return [
        *([f"{words.number}: {entry.meeting_number}"] if entry.meeting_number else []),
        *(f"{words.phone}: {number}" for number in entry.dial_in_numbers),
        *([f"{words.pin}: {entry.dial_in_pin}"] if entry.dial_in_pin else []),
    ]


def description(entry: MeetingEntry, language: Language) -> str:
    """Description in the calendar entry: the agenda, the link, and the numbers."""
    paragraphs = (
        entry.agenda,
        f"{language.words.join}:\n{entry.join_link}" if entry.join_link else "",
        "\n".join(numbers(entry, language)),
    )
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)

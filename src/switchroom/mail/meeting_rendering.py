"""Mail about a meeting: subject, text, HTML and calendar entry, in the recipient's language."""

from __future__ import annotations

from collections.abc import Sequence

from switchroom.mail import dates
from switchroom.mail.addresses import Mailbox, ascii_address, name_in_line
from switchroom.mail.isolation import isolated
from switchroom.mail.letter import (
    Block,
    Button,
    Facts,
    Labeled,
    Letter,
    Paragraph,
    Section,
    footer,
    greeting,
    render_letter,
)
from switchroom.mail.meeting_calendar import meeting_calendar, method_of
from switchroom.mail.meeting_details import (
    Language,
    cleaned,
    language_of,
    numbers,
    organizer_of,
    plain_lines,
)
from switchroom.mail.meeting_mails import MeetingMail, MeetingMailKind, MeetingRole
from switchroom.mail.message import Attachment, Envelope, RenderedMail
from switchroom.mail.recurrence_words import recurrence_in_words
from switchroom.mail.timezones import zone_of
from switchroom.mail.wording import shortened


def render_meeting_mail(mail: MeetingMail, envelope: Envelope) -> RenderedMail:
    """The mail, the same each time. Raises Undeliverable for a hopeless address."""
    mail = cleaned(mail)
    language = language_of(mail)
    recipient = Mailbox(name_in_line(mail.to_name), ascii_address(mail.to))
    organizer = organizer_of(mail, otherwise=envelope.sender.address)
    answers = organizer if organizer.address != envelope.sender.address else None
    words, meeting = language.words, language.meeting
    kind = meeting.kinds[mail.kind]
    method = method_of(mail)
    letter = Letter(
        language=language.name,
        subject=kind.subject.format(topic=isolated(shortened(mail.topic))),
        greeting=greeting(words, recipient),
        blocks=(
            Paragraph(
                (kind.by_organizer if mail.organizer_name else kind.by_organization).format(
                    organizer=isolated(mail.organizer_name),
                    organization=isolated(mail.organization_name),
                    topic=isolated(mail.topic),
                )
            ),
            *_when(mail, language),
            *(
                _cancelled(mail, language)
                if mail.kind is MeetingMailKind.CANCELLATION
                else _how_to_join(mail, language)
            ),
            Paragraph(kind.attachment),
        ),
        footer=(
            footer(words, mail.organization_name)
            if answers is None
            else meeting.footer.format(
                organization=isolated(mail.organization_name), organizer=isolated(answers.name)
            )
        ),
        attachment=Attachment(
            calendar=meeting_calendar(
                mail, organizer=organizer, attendee=recipient, queued_at=envelope.queued_at
            ),
            method=method,
            filename="cancel.ics" if method == "CANCEL" else "invite.ics",
        ),
        reply_to=answers,
    )
    return render_letter(letter, recipient, envelope)


def _when(mail: MeetingMail, language: Language) -> Sequence[Block]:
    words, meeting = language.words, language.meeting
    zone = zone_of(mail.timezone)
    start, end = mail.start.astimezone(zone), mail.end.astimezone(zone)
    occurrence = mail.recurrence_id.astimezone(zone) if mail.recurrence_id else None
    repeats = (
        recurrence_in_words(mail.recurrence, zone, words, meeting)
        if mail.recurrence and not occurrence
        else ""
    )
    return (
        Paragraph(meeting.one_occurrence.format(date=dates.day(occurrence, words)) if occurrence else ""),
        Facts(
            (
                Labeled(
                    words.when,
                    dates.period(start, end, words),
                    words.zone.format(zone=dates.zone_name(mail.timezone, start)),
                ),
                Labeled(meeting.repeats, repeats),
            )
        ),
    )


def _cancelled(mail: MeetingMail, language: Language) -> Sequence[Block]:
    return (Section(language.meeting.reason, plain_lines(mail.reason)),)


def _how_to_join(mail: MeetingMail, language: Language) -> Sequence[Block]:
    words, meeting = language.words, language.meeting
    return (
        Section(meeting.agenda, mail.agenda),
        Button(
            label=meeting.button,
            label_in_text=words.join,
            link=mail.join_link,
            instead=words.link_instead,
        ),
        Paragraph("\n".join(numbers(mail, language))),
        Paragraph(meeting.moderator if mail.role is MeetingRole.MODERATOR else ""),
        Paragraph(meeting.recorded if mail.is_recorded else ""),
        Paragraph(_requirements(mail, language)),
        Paragraph(words.personal),
    )


def _requirements(mail: MeetingMail, language: Language) -> str:
    listens = mail.is_webinar and mail.role is MeetingRole.PARTICIPANT
    return language.meeting.listener if listens else language.words.requirements

"""Mail about a meeting: subject, text, HTML and calendar entry, in the recipient's language."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from switchroom.mail import dates, layout
from switchroom.mail.addresses import Mailbox, ascii_address, name_in_line
from switchroom.mail.branding import MailBranding
from switchroom.mail.isolation import as_text, isolated
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
from switchroom.mail.message import Attachment, Content, Envelope, RenderedMail, compose
from switchroom.mail.recurrence_words import recurrence_in_words
from switchroom.mail.timezones import zone_of
from switchroom.mail.wording import shortened


class Paragraphs(Struct, frozen=True, kw_only=True):
    """Paragraphs of both alternatives, names isolated; empty where this mail has none. Without `join` nobody
    can join."""

    subject: str
    greeting: str
    introduction: str
    one_occurrence: str
    dates: str
    zone: str
    repeats: str
    reason: str
    agenda: str
    join: str
    numbers: str
    moderator: str
    recorded: str
    requirements: str
    personal: str
    attachment: str
    footer: str


def render_meeting_mail(mail: MeetingMail, envelope: Envelope) -> RenderedMail:
    """The mail, the same each time. Raises Undeliverable for a hopeless address."""
    mail = cleaned(mail)
    language = language_of(mail)
    recipient = Mailbox(name_in_line(mail.to_name), ascii_address(mail.to))
    organizer = organizer_of(mail, otherwise=envelope.sender.address)
    answers = organizer if organizer.address != envelope.sender.address else None
    paragraphs = _paragraphs(mail, recipient, answers, language)
    method = method_of(mail)
    return compose(
        envelope,
        recipient,
        Content(
            subject=as_text(paragraphs.subject),
            language=language.name,
            text=_text(paragraphs, language, envelope.branding),
            html=_html(paragraphs, language, envelope.branding),
            attachment=Attachment(
                calendar=meeting_calendar(
                    mail,
                    organizer=organizer,
                    attendee=recipient,
                    queued_at=envelope.queued_at,
                ),
                method=method,
                filename="cancel.ics" if method == "CANCEL" else "invite.ics",
            ),
            reply_to=answers,
        ),
    )


def _paragraphs(
    mail: MeetingMail, recipient: Mailbox, answers: Mailbox | None, language: Language
) -> Paragraphs:
    words, meeting = language.words, language.meeting
    kind = meeting.kinds[mail.kind]
    zone = zone_of(mail.timezone)
    start, end = mail.start.astimezone(zone), mail.end.astimezone(zone)
    takes_place = mail.kind is not MeetingMailKind.CANCELLATION
    occurrence = mail.recurrence_id.astimezone(zone) if mail.recurrence_id else None
    names = {
        "organizer": isolated(mail.organizer_name),
        "organization": isolated(mail.organization_name),
        "topic": isolated(mail.topic),
        "guest": isolated(recipient.name),
    }
    return Paragraphs(
        subject=kind.subject.format(topic=isolated(shortened(mail.topic))),
        greeting=(words.greeting if recipient.name else words.greeting_without_name).format(**names),
        introduction=(kind.by_organizer if mail.organizer_name else kind.by_organization).format(**names),
        one_occurrence=(
            meeting.one_occurrence.format(date=dates.day(occurrence, words)) if occurrence else ""
        ),
        dates=dates.period(start, end, words),
        zone=words.zone.format(zone=dates.zone_name(mail.timezone, start)),
        repeats=(
            recurrence_in_words(mail.recurrence, zone, words, meeting)
            if mail.recurrence and not occurrence
            else ""
        ),
        reason="" if takes_place else plain_lines(mail.reason),
        agenda=mail.agenda if takes_place else "",
        join=mail.join_link if takes_place else "",
        numbers="\n".join(numbers(mail, language)) if takes_place else "",
        moderator=meeting.moderator if takes_place and mail.role is MeetingRole.MODERATOR else "",
        recorded=meeting.recorded if takes_place and mail.is_recorded else "",
        requirements=_requirements(mail, language) if takes_place else "",
        personal=words.personal if takes_place else "",
        attachment=kind.attachment,
        footer=(
            meeting.footer.format(
                organization=isolated(mail.organization_name), organizer=isolated(answers.name)
            )
            if answers is not None
            else words.footer.format(**names)
        ),
    )


def _requirements(mail: MeetingMail, language: Language) -> str:
    listens = mail.is_webinar and mail.role is MeetingRole.PARTICIPANT
    return language.meeting.listener if listens else language.words.requirements


def _text(paragraphs: Paragraphs, language: Language, branding: MailBranding) -> str:
    words, meeting = language.words, language.meeting
    when = [f"{words.when}: {paragraphs.dates}", paragraphs.zone]
    if paragraphs.repeats:
        when.append(f"{meeting.repeats}: {paragraphs.repeats}")
    parts = (
        paragraphs.greeting,
        paragraphs.introduction,
        paragraphs.one_occurrence,
        "\n".join(when),
        f"{meeting.reason}:\n{paragraphs.reason}" if paragraphs.reason else "",
        f"{meeting.agenda}:\n{paragraphs.agenda}" if paragraphs.agenda else "",
        f"{words.join}:\n{paragraphs.join}" if paragraphs.join else "",
        paragraphs.numbers,
        paragraphs.moderator,
        paragraphs.recorded,
        paragraphs.requirements,
        paragraphs.personal,
        paragraphs.attachment,
    )
    return layout.plain(parts, paragraphs.footer, branding)


def _html(paragraphs: Paragraphs, language: Language, branding: MailBranding) -> str:
    words, meeting = language.words, language.meeting

    def body() -> Iterator[str]:
        yield from _each(paragraphs.introduction, paragraphs.one_occurrence)
        yield layout.labeled(words.when, paragraphs.dates, paragraphs.zone)
        if paragraphs.repeats:
            yield layout.labeled(meeting.repeats, paragraphs.repeats)
        if paragraphs.reason:
            yield layout.labeled(meeting.reason, f"\n{paragraphs.reason}")
        if paragraphs.agenda:
            yield layout.labeled(meeting.agenda, f"\n{paragraphs.agenda}")
        if paragraphs.join:
            yield layout.button(meeting.button, paragraphs.join, words.link_instead, branding)
        yield from _each(
            paragraphs.numbers,
            paragraphs.moderator,
            paragraphs.recorded,
            paragraphs.requirements,
            paragraphs.personal,
            paragraphs.attachment,
        )

    return layout.page(
        language=language.name,
        title=paragraphs.subject,
        greeting=paragraphs.greeting,
        body=body(),
        footer=paragraphs.footer,
        branding=branding,
    )


def _each(*texts: str) -> Iterator[str]:
    return (layout.paragraph(text) for text in texts if text)

"""The words of the mails, in English and German."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct


class Wording(Struct, frozen=True, kw_only=True):
    """Words of one language. The parts in braces are filled in by `mail.rendering` and `mail.calendar`."""

    subject: str
    greeting: str
    greeting_without_name: str
    invited_by: str
    invited: str
    when: str
    always: str
    between: str
    between_on_one_day: str
    starting: str
    until: str
    date: str
    time: str
    zone: str
    join: str
    button: str
    link_instead: str
    requirements: str
    personal: str
    attachment: str
    footer: str
    summary: str
    weekdays: Sequence[str]
    months: Sequence[str]


_LONGEST_NAME_IN_SUBJECT = 80


def shortened(name: str) -> str:
    """The name as it goes into a subject."""
    if len(name) <= _LONGEST_NAME_IN_SUBJECT:
        return name
    return name[: _LONGEST_NAME_IN_SUBJECT - 1].rstrip() + "…"


WORDINGS: Mapping[str, Wording] = {
    "en": Wording(
        subject="Invitation: {room} – {organization}",
        greeting="Hello {guest},",
        greeting_without_name="Hello,",
        invited_by="{inviter} ({organization}) invites you to the room “{room}”.",
        invited="{organization} invites you to the room “{room}”.",
        when="When",
        always="At any time: the invitation has no fixed date.",
        between="{start} to {end}",
        between_on_one_day="{date}, {start} to {end}",
        starting="From {start}",
        until="Until {end}",
        date="{weekday}, {day} {month} {year}",
        time="{date}, {time}",
        zone="Time zone: {zone}",
        join="Join here",
        button="Join the room",
        link_instead="If the button does not work, open this address in your browser:",
        requirements=(
            "You need a current browser, and a microphone and a camera if you wish to be heard and seen. "
            "There is nothing to install."
        ),
        personal="This link is meant for you alone. Please do not pass it on.",
        attachment="The attached calendar entry adds the invitation to your calendar.",
        footer="This mail was sent automatically on behalf of {organization}. Replies to it are not read.",
        summary="{room} – {organization}",
        weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        months=(
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ),
    ),
    "de": Wording(
        subject="Einladung: {room} – {organization}",
        greeting="Guten Tag {guest},",
        greeting_without_name="Guten Tag,",
        invited_by="{inviter} ({organization}) lädt Sie in den Raum „{room}“ ein.",
        invited="{organization} lädt Sie in den Raum „{room}“ ein.",
        when="Wann",
        always="Jederzeit: Die Einladung hat keinen festen Termin.",
        between="{start} bis {end}",
        between_on_one_day="{date}, {start} bis {end} Uhr",
        starting="Ab {start}",
        until="Bis {end}",
        date="{weekday}, {day}. {month} {year}",
        time="{date}, {time} Uhr",
        zone="Zeitzone: {zone}",
        join="Hier teilnehmen",
        button="Raum betreten",
        link_instead="Falls die Schaltfläche nicht funktioniert, öffnen Sie diese Adresse in Ihrem Browser:",
        requirements=(
            "Sie brauchen einen aktuellen Browser und, wenn Sie gehört und gesehen werden möchten, Mikrofon "
            "und Kamera. Installieren müssen Sie nichts."
        ),
        personal="Dieser Link ist nur für Sie bestimmt. Bitte geben Sie ihn nicht weiter.",
        attachment="Mit dem angehängten Kalendereintrag übernehmen Sie die Einladung in Ihren Kalender.",
        footer=(
            "Diese E-Mail wurde automatisch im Auftrag von {organization} verschickt. "
            "Antworten darauf werden nicht gelesen."
        ),
        summary="{room} – {organization}",
        weekdays=("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
        months=(
            "Januar",
            "Februar",
            "März",
            "April",
            "Mai",
            "Juni",
            "Juli",
            "August",
            "September",
            "Oktober",
            "November",
            "Dezember",
        ),
    ),
}

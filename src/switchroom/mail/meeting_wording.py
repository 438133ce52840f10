"""The words of mails about meetings, in English and German, apart from those that all mails share."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from switchroom.mail.meeting_mails import MeetingMailKind


class KindWording(Struct, frozen=True, kw_only=True):
    """Words of one kind of mail."""

    subject: str
    by_organizer: str
    by_organization: str
    attachment: str


class MeetingWording(Struct, frozen=True, kw_only=True):
    """Words of one language. A pair is for one and for several."""

    kinds: Mapping[MeetingMailKind, KindWording]
    one_occurrence: str
    repeats: str
    reason: str
    agenda: str
    number: str
    phone: str
    pin: str
    moderator: str
    listener: str
    recorded: str
    button: str
    footer: str
    every: Mapping[str, tuple[str, str]]
    on_weekday: str
    on_week_of_month: str
    on_day_of_month: str
    weeks: Mapping[int, str]
    until: str
    times: tuple[str, str]


MEETING_WORDINGS: Mapping[str, MeetingWording] = {
    "en": MeetingWording(
        kinds={
            MeetingMailKind.INVITATION: KindWording(
                subject="Invitation: {topic}",
                by_organizer="{organizer} ({organization}) invites you to the meeting “{topic}”.",
                by_organization="{organization} invites you to the meeting “{topic}”.",
                attachment="The attached calendar entry adds the meeting to your calendar.",
            ),
            MeetingMailKind.UPDATE: KindWording(
                subject="Updated: {topic}",
                by_organizer="{organizer} ({organization}) has changed the meeting “{topic}”.",
                by_organization="{organization} has changed the meeting “{topic}”.",
                attachment="The attached calendar entry changes the meeting in your calendar.",
            ),
            MeetingMailKind.CANCELLATION: KindWording(
                subject="Canceled: {topic}",
                by_organizer="{organizer} ({organization}) has canceled the meeting “{topic}”.",
                by_organization="{organization} has canceled the meeting “{topic}”.",
                attachment="The attached calendar entry removes the meeting from your calendar.",
            ),
        },
        one_occurrence="This is only about the meeting of {date}. The others of the series stay as they are.",
        repeats="Repeats",
        reason="Reason",
        agenda="Agenda",
        number="Meeting number",
        phone="By phone",
        pin="PIN",
        moderator="You are a moderator of this meeting.",
        listener="You need a current browser. You listen and watch, and can write in the chat.",
        recorded="This meeting is recorded: everybody's sound, camera and screen.",
        button="Join the meeting",
        footer="This mail was sent automatically on behalf of {organization}. Replies go to {organizer}.",
        every={
            "DAILY": ("every day", "every {count} days"),
            "WEEKLY": ("every week", "every {count} weeks"),
            "MONTHLY": ("every month", "every {count} months"),
        },
        on_weekday="on {weekday}",
        on_week_of_month="on the {week} {weekday}",
        on_day_of_month="on day {day}",
        weeks={1: "first", 2: "second", 3: "third", 4: "fourth", -1: "last"},
        until="until {date}",
        times=("once", "{count} times"),
    ),
    "de": MeetingWording(
        kinds={
            MeetingMailKind.INVITATION: KindWording(
                subject="Einladung: {topic}",
                by_organizer="{organizer} ({organization}) lädt Sie zum Meeting „{topic}“ ein.",
                by_organization="{organization} lädt Sie zum Meeting „{topic}“ ein.",
                attachment="Der angehängte Kalendereintrag übernimmt das Meeting in Ihren Kalender.",
            ),
            MeetingMailKind.UPDATE: KindWording(
                subject="Geändert: {topic}",
                by_organizer="{organizer} ({organization}) hat das Meeting „{topic}“ geändert.",
                by_organization="{organization} hat das Meeting „{topic}“ geändert.",
                attachment="Der angehängte Kalendereintrag ändert das Meeting in Ihrem Kalender.",
            ),
            MeetingMailKind.CANCELLATION: KindWording(
                subject="Abgesagt: {topic}",
                by_organizer="{organizer} ({organization}) hat das Meeting „{topic}“ abgesagt.",
                by_organization="{organization} hat das Meeting „{topic}“ abgesagt.",
                attachment="Der angehängte Kalendereintrag entfernt das Meeting aus Ihrem Kalender.",
            ),
        },
        one_occurrence="Das betrifft nur den Termin vom {date}. Die anderen der Reihe bleiben, wie sie sind.",
        repeats="Wiederholt sich",
        reason="Grund",
        agenda="Tagesordnung",
        number="Meeting-Nummer",
        phone="Per Telefon",
        pin="PIN",
        moderator="Sie moderieren dieses Meeting.",
        listener="Sie brauchen einen aktuellen Browser. Sie hören und sehen zu und können im Chat schreiben.",
        recorded="Dieses Meeting wird aufgezeichnet: Ton, Kamera und Bildschirm aller.",
        button="Am Meeting teilnehmen",
        footer=(
            "Diese E-Mail wurde automatisch im Auftrag von {organization} verschickt. "
            "Antworten gehen an {organizer}."
        ),
        every={
            "DAILY": ("jeden Tag", "alle {count} Tage"),
            "WEEKLY": ("jede Woche", "alle {count} Wochen"),
            "MONTHLY": ("jeden Monat", "alle {count} Monate"),
        },
        on_weekday="am {weekday}",
        on_week_of_month="am {week} {weekday}",
        on_day_of_month="am {day}.",
        weeks={1: "ersten", 2: "zweiten", 3: "dritten", 4: "vierten", -1: "letzten"},
        until="bis {date}",
        times=("einmal", "{count}-mal"),
    ),
}

"""German texts of the prompts, by name."""

from __future__ import annotations

from collections.abc import Mapping

VOICE = "de"
"""The voice of espeak-ng."""

PHRASES: Mapping[str, str] = {
    "call-busy": "Der Teilnehmer spricht gerade.",
    "call-ended-limit": "Die längste Zeit für dieses Gespräch ist vorüber.",
    "call-failed": "Ihr Anruf ist zur Zeit nicht möglich. Bitte versuchen Sie es später noch einmal.",
    "call-forwarded-accept": "Sie haben einen Anruf. Um ihn anzunehmen, drücken Sie die 1.",
    "call-from": "Sie haben einen Anruf von",
    "call-hold": "Bitte bleiben Sie am Apparat.",
    "call-limit-reached": "Zur Zeit gibt es zu viele Anrufe. Bitte versuchen Sie es später noch einmal.",
    "call-no-answer": "Der Teilnehmer meldet sich nicht.",
    "call-no-such-number": "Die gewählte Nummer ist nicht vergeben.",
    "call-not-allowed": "Sie dürfen diese Nummer nicht anrufen.",
    "call-not-available": "Der Teilnehmer ist nicht erreichbar.",
    "call-rejected": "Ihr Anruf wurde abgewiesen.",
    "call-transfer": "Bitte bleiben Sie am Apparat. Sie werden verbunden.",
    "caller-blocked": "Anrufe von Ihrer Nummer werden nicht angenommen.",
    "caller-withheld": "Anrufe ohne Rufnummer werden hier nicht angenommen.",
    "closed": "Wir haben zur Zeit geschlossen.",
    "conference-alone": "Sie sind allein in dieser Konferenz.",
    "conference-all-muted": "Alle außer den Moderatoren sind jetzt stumm geschaltet.",
    "conference-all-unmuted": "Man kann jetzt alle hören.",
    "conference-ended": "Die Konferenz ist beendet.",
    "conference-enter-number": "Bitte geben Sie die Nummer der Konferenz ein, und danach die Raute-Taste.",
    "conference-enter-pin": "Bitte geben Sie die PIN der Konferenz ein, und danach die Raute-Taste.",
    "conference-full": "Diese Konferenz ist voll.",
    "conference-invalid-pin": "Diese PIN stimmt nicht.",
    "conference-joined": "ist der Konferenz beigetreten",
    "conference-left": "hat die Konferenz verlassen",
    "conference-locked": "Diese Konferenz ist geschlossen.",
    "conference-muted": "Sie sind jetzt stumm geschaltet.",
    "conference-no-such": "Diese Konferenz gibt es nicht.",
    "conference-removed": "Sie wurden aus der Konferenz entfernt.",
    "conference-someone-joined": "Jemand ist der Konferenz beigetreten.",
    "conference-someone-left": "Jemand hat die Konferenz verlassen.",
    "conference-unlocked": "Diese Konferenz ist wieder offen.",
    "conference-unmuted": "Man kann Sie jetzt hören.",
    "conference-wait-for-moderator": "Die Konferenz beginnt, sobald der Moderator da ist.",
    "conference-welcome": "Willkommen in der Konferenz.",
    "demo-menu": (
        "Willkommen bei Switchroom. Für Ada drücken Sie die 1, für Emil die 2, für beide die 3. "
        "Oder wählen Sie eine Nebenstelle."
    ),
    "dnd-off": "Die Anrufsperre ist aus.",
    "dnd-on": "Die Anrufsperre ist an.",
    "emergency-not-configured": "Notrufe sind für dieses Telefon nicht eingerichtet.",
    "feature-not-yet": "Diesen Dienst gibt es noch nicht.",
    "forward-enter-number": "Bitte geben Sie die Nummer ein, zu der umgeleitet werden soll, "
    "und danach die Raute-Taste.",
    "forward-invalid-number": "Zu dieser Nummer kann nicht umgeleitet werden.",
    "forward-menu": "Um die Umleitung ein- oder auszuschalten, drücken Sie die 1. "
    "Um die Nummer zu ändern, drücken Sie die 2.",
    "forward-off": "Ihre Anrufe werden nicht mehr umgeleitet.",
    "forward-on-to": "Ihre Anrufe werden umgeleitet zu",
    "goodbye": "Auf Wiederhören.",
    "group-logged-in": "Sie sind in der Gruppe angemeldet.",
    "group-logged-out": "Sie sind von der Gruppe abgemeldet.",
    "group-not-authorized": "In dieser Gruppe können Sie sich am Telefon nicht an- oder abmelden.",
    "group-nobody": "Zur Zeit ist niemand erreichbar.",
    "hotdesk-enter-id": "Bitte geben Sie Ihre Platznummer ein, und danach die Raute-Taste.",
    "hotdesk-enter-pin": "Bitte geben Sie Ihre PIN ein, und danach die Raute-Taste.",
    "hotdesk-invalid": "Die Platznummer oder die PIN stimmt nicht.",
    "hotdesk-logged-in": "Sie sind an diesem Telefon angemeldet.",
    "hotdesk-logged-out": "Sie sind von diesem Telefon abgemeldet.",
    "hours-closed-now": "Geschlossen bis auf weiteres.",
    "hours-menu": "Um zu öffnen, drücken Sie die 1. Um zu schließen, drücken Sie die 2. "
    "Für die üblichen Öffnungszeiten drücken Sie die 3.",
    "hours-normal-now": "Es gelten wieder die üblichen Öffnungszeiten.",
    "hours-open-now": "Geöffnet bis auf weiteres.",
    "menu-enter-pin": "Bitte geben Sie die PIN ein, und danach die Raute-Taste.",
    "menu-invalid": "Diese Auswahl gibt es nicht.",
    "menu-record-greeting": "Bitte sprechen Sie die Begrüßung nach dem Ton. "
    "Zum Beenden drücken Sie die Raute-Taste.",
    "menu-saved": "Die Begrüßung ist gespeichert.",
    "menu-timeout": "Sie haben nichts eingegeben.",
    "parking-empty": "Dort ist kein Anruf geparkt.",
    "parking-full": "Alle Parkplätze sind belegt.",
    "parking-retrieved-by-other": "Der Anruf wurde schon abgeholt.",
    "parking-slot": "Ihr Anruf ist geparkt auf Nummer",
    "please-try-again": "Bitte versuchen Sie es noch einmal.",
    "queue-enter": "Alle Mitarbeiter sprechen gerade. Bitte bleiben Sie am Apparat.",
    "queue-full": "Es warten zu viele Anrufer. Bitte versuchen Sie es später noch einmal.",
    "queue-logged-in": "Sie sind in der Warteschlange angemeldet.",
    "queue-logged-out": "Sie sind von der Warteschlange abgemeldet.",
    "queue-minutes": "Minuten",
    "queue-paused": "Sie haben jetzt Pause.",
    "queue-position": "Ihr Platz in der Warteschlange ist",
    "queue-resumed": "Ihre Pause ist vorbei.",
    "queue-wait": "Die voraussichtliche Wartezeit beträgt",
    "recording-started": "Dieses Gespräch wird aufgezeichnet.",
    "recording-stopped": "Dieses Gespräch wird nicht mehr aufgezeichnet.",
    "say-and": "und",
    "say-at": "um",
    "say-oclock": "Uhr",
    "say-am": "vormittags",
    "say-pm": "nachmittags",
    "say-plus": "plus",
    "say-today": "heute",
    "say-unknown-number": "einer unbekannten Nummer",
    "say-withheld-number": "einer unterdrückten Nummer",
    "say-yesterday": "gestern",
    "service-unavailable": "Dieser Dienst ist zur Zeit nicht verfügbar.",
    "voicemail-announcement-only": "Hier können keine Nachrichten hinterlassen werden.",
    "voicemail-callback": "Sie werden mit dem Anrufer verbunden.",
    "voicemail-changed": "Die Änderung ist gespeichert.",
    "voicemail-deleted": "Die Nachricht ist gelöscht.",
    "voicemail-enter-box": "Bitte geben Sie die Nummer Ihrer Mailbox ein, und danach die Raute-Taste.",
    "voicemail-enter-new-pin": "Bitte geben Sie Ihre neue PIN ein, und danach die Raute-Taste.",
    "voicemail-enter-pin": "Bitte geben Sie Ihre PIN ein, und danach die Raute-Taste.",
    "voicemail-first-message": "Erste Nachricht.",
    "voicemail-forward-number": "Bitte geben Sie die Mailbox ein, an die weitergeleitet werden soll, "
    "und danach die Raute-Taste.",
    "voicemail-forwarded": "Die Nachricht ist weitergeleitet.",
    "voicemail-full": "Diese Mailbox ist voll.",
    "voicemail-goodbye": "Auf Wiederhören.",
    "voicemail-greeting": "Der Teilnehmer ist nicht erreichbar. "
    "Bitte hinterlassen Sie eine Nachricht nach dem Ton.",
    "voicemail-greeting-named": "ist nicht erreichbar. Bitte hinterlassen Sie eine Nachricht nach dem Ton.",
    "voicemail-invalid-pin": "Diese PIN stimmt nicht.",
    "voicemail-last-message": "Es gibt keine weiteren Nachrichten.",
    "voicemail-message-from": "Nachricht von",
    "voicemail-message-menu": "Um diese Nachricht zu behalten, drücken Sie die 1. "
    "Um sie noch einmal zu hören, die 2. Um sie weiterzuleiten, die 3. Für die vorige die 4. "
    "Für die nächste die 6. Um sie zu löschen, die 7. Um zurückzurufen, die 9.",
    "voicemail-menu": "Für neue Nachrichten drücken Sie die 1. Für gespeicherte die 2. "
    "Für Einstellungen die 5. Zum Beenden die Raute-Taste.",
    "voicemail-message-one-new": "Sie haben eine neue Nachricht.",
    "voicemail-message-one-saved": "Sie haben eine gespeicherte Nachricht.",
    "voicemail-messages-new": "neue Nachrichten",
    "voicemail-messages-none": "Sie haben keine Nachrichten.",
    "voicemail-messages-saved": "gespeicherte Nachrichten",
    "voicemail-next-message": "Nächste Nachricht.",
    "voicemail-no-such-box": "Diese Mailbox gibt es nicht.",
    "voicemail-operator": "Sie werden mit der Zentrale verbunden.",
    "voicemail-pin-again": "Bitte geben Sie Ihre neue PIN noch einmal ein, und danach die Raute-Taste.",
    "voicemail-pin-changed": "Ihre PIN ist geändert.",
    "voicemail-pin-mismatch": "Die beiden PINs sind nicht gleich.",
    "voicemail-pin-too-short": "Die PIN muss vier bis sechs Ziffern haben.",
    "voicemail-received": "empfangen",
    "voicemail-record-greeting": "Bitte sprechen Sie Ihre Begrüßung nach dem Ton. "
    "Zum Beenden drücken Sie die Raute-Taste.",
    "voicemail-record-message": "Bitte sprechen Sie nach dem Ton. Zum Beenden drücken Sie die Raute-Taste.",
    "voicemail-record-name": "Bitte sprechen Sie Ihren Namen nach dem Ton. "
    "Zum Beenden drücken Sie die Raute-Taste.",
    "voicemail-record-temporary": "Bitte sprechen Sie Ihre vorübergehende Begrüßung nach dem Ton. "
    "Zum Beenden drücken Sie die Raute-Taste.",
    "voicemail-review": "Zum Speichern drücken Sie die 1. Zum Anhören die 2. Zum erneuten Aufnehmen die 3.",
    "voicemail-saved": "Die Nachricht ist gespeichert.",
    "voicemail-settings": "Für Ihre Begrüßung drücken Sie die 1. Für Ihren Namen die 2. Für Ihre PIN die 3. "
    "Für eine vorübergehende Begrüßung die 4. Um sie zu löschen, die 5. "
    "Um keine Nachrichten anzunehmen, die 6. Zurück mit der 0.",
    "voicemail-setup": "Willkommen in Ihrer Mailbox. Sie ist noch nicht eingerichtet.",
    "voicemail-temporary-deleted": "Die vorübergehende Begrüßung ist gelöscht.",
    "voicemail-thanks": "Vielen Dank. Ihre Nachricht ist gespeichert.",
    "voicemail-too-short": "Die Nachricht war zu kurz.",
    "voicemail-you-have": "Sie haben",
}

WEEKDAYS = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
    "November", "Dezember",
)  # fmt: skip
KEYS: Mapping[str, str] = {"star": "Stern", "hash": "Raute"}

_UNITS = (
    "",
    "ein",
    "zwei",
    "drei",
    "vier",
    "fünf",
    "sechs",
    "sieben",
    "acht",
    "neun",
    "zehn",
    "elf",
    "zwölf",
)
_IRREGULAR = {1: "ersten", 3: "dritten", 7: "siebten", 8: "achten", 16: "sechzehnten", 17: "siebzehnten"}
_TENS = {20: "zwanzig", 30: "dreißig"}


def day_of_month(day: int) -> str:
    """The day as it is spoken in a date."""
    if day in _IRREGULAR:
        return _IRREGULAR[day]
    if day < 20:
        return f"{_UNITS[day]}ten" if day <= 12 else f"{_UNITS[day - 10]}zehnten"
    tens = _TENS[day // 10 * 10]
    return f"{_UNITS[day % 10]}und{tens}sten" if day % 10 else f"{tens}sten"

"""What errors say, in the languages that callers read."""

from __future__ import annotations

from switchroom.dialects.language import Language

_WORDS: dict[str, tuple[str, str]] = {
    "invalid": ("The data is not valid.", "Die Daten sind nicht gültig."),
    "too_large": ("The request is larger than 1 MiB.", "Die Anfrage ist größer als 1 MiB."),
    "unknown": ("An unknown error has occurred.", "Ein unbekannter Fehler ist aufgetreten."),
    "key_invalid": ("The API key is missing or wrong.", "Der API-Schlüssel fehlt oder ist falsch."),
    "user_not_found": (
        "The user is unknown or does not belong to this account.",
        "Der Benutzer ist unbekannt oder gehört nicht zu diesem Konto.",
    ),
    "not_allowed": (
        "This is not allowed for this API key or user.",
        "Das ist für diesen API-Schlüssel oder Benutzer nicht erlaubt.",
    ),
    "key_permission_missing": (
        "The API key does not have the permission for this.",
        "Der API-Schlüssel hat dafür keine Berechtigung.",
    ),
    "key_level": (
        "This takes an API key of the instance.",
        "Dafür ist ein API-Schlüssel der Instanz nötig.",
    ),
    "key_account": (
        "The API key belongs to another account.",
        "Der API-Schlüssel gehört zu einem anderen Konto.",
    ),
    "account_closed": ("The account is closed.", "Das Konto ist geschlossen."),
    "account_unpaid": (
        "The account has not been paid for any longer and is read-only.",
        "Das Konto ist nicht mehr bezahlt und kann nur gelesen werden.",
    ),
    "meeting_over": ("The meeting is over.", "Das Meeting ist vorbei."),
    "meeting_not_started": ("The meeting has not begun.", "Das Meeting hat noch nicht begonnen."),
    "last_admin": (
        "An account keeps at least one admin.",
        "Ein Konto behält mindestens einen Administrator.",
    ),
    "person_shared": (
        "The person belongs to another account as well: only their external id can be changed here.",
        "Die Person gehört auch zu einem anderen Konto: Nur ihre externe Kennung kann hier geändert werden.",
    ),
    "meetings_exhausted": (
        "The account has as many meetings as it may have.",
        "Das Konto hat so viele Meetings, wie es haben darf.",
    ),
    "organizers_exhausted": (
        "The account has as many meeting organizers as it may have.",
        "Das Konto hat so viele Organisatoren, wie es haben darf.",
    ),
    "method_unknown": (
        "There is no such call: the method is another.",
        "Diesen Aufruf gibt es nicht: Die Methode ist eine andere.",
    ),
    "not_found": ("There is no such thing.", "Das gibt es nicht."),
    "account_not_found": ("There is no such account.", "Dieses Konto gibt es nicht."),
    "organizer_not_found": ("There is no such meeting organizer.", "Diesen Organisator gibt es nicht."),
    "meeting_not_found": ("There is no such meeting.", "Dieses Meeting gibt es nicht."),
    "calendar_not_found": ("There is no such calendar.", "Diesen Kalender gibt es nicht."),
    "exists": (
        "There is a user with this e-mail address already.",
        "Es gibt bereits einen Benutzer mit dieser E-Mail-Adresse.",
    ),
}


def said(what: str, language: Language, *, otherwise: str = "unknown") -> str:
    """The sentence for a code, or for another where that one has none of its own."""
    english, german = _WORDS.get(what) or _WORDS[otherwise]
    return german if language == "de" else english

"""The words of the mail with the link that deletes an organization, apart from those that all mails share."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class DeletionWording(Struct, frozen=True, kw_only=True):
    """Words of one language."""

    subject: str
    introduction: str
    along: str
    here: str
    button: str
    valid_until: str
    unexpected: str


DELETION_WORDINGS: Mapping[str, DeletionWording] = {
    "en": DeletionWording(
        subject="Delete {organization}?",
        introduction="You have asked for {organization} to be deleted. It is not yet: the link leads on.",
        along=(
            "Its people, rooms, links, meetings, recordings and telephones go along. This cannot be undone."
        ),
        here="Look at what is deleted",
        button="Go on",
        valid_until="Valid until",
        unexpected=(
            "If you did not ask for this, do not open the link, and change your password: "
            "somebody has used your account."
        ),
    ),
    "de": DeletionWording(
        subject="{organization} löschen?",
        introduction=(
            "Sie möchten {organization} löschen lassen. Noch ist nichts gelöscht: Der Link führt weiter."
        ),
        along=(
            "Personen, Räume, Links, Meetings, Aufnahmen und Telefone werden mitgelöscht. "
            "Das lässt sich nicht rückgängig machen."
        ),
        here="Ansehen, was gelöscht wird",
        button="Weiter",
        valid_until="Gültig bis",
        unexpected=(
            "Falls Sie das nicht wollten, öffnen Sie den Link nicht und ändern Sie Ihr Passwort: "
            "Jemand hat Ihr Konto benutzt."
        ),
    ),
}

"""The words of the mail about a voicemail message, apart from those that all mails share."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class VoicemailWording(Struct, frozen=True, kw_only=True):
    """Words of one language."""

    subject: str
    introduction: str
    caller: str
    withheld: str
    received: str
    length: str
    duration: str
    box: str
    new: str
    attached: str
    missing: str
    filename: str


VOICEMAIL_WORDINGS: Mapping[str, VoicemailWording] = {
    "en": VoicemailWording(
        subject="New voicemail from {caller}",
        introduction="Somebody has left a message in your voicemail box.",
        caller="From",
        withheld="withheld number",
        received="Received",
        length="Length",
        duration="{minutes}:{seconds:02} min",
        box="Voicemail box",
        new="New messages in the box",
        attached="The message is attached. You also hear it by telephone, in your voicemail box.",
        missing="You hear the message by telephone, in your voicemail box.",
        filename="voicemail",
    ),
    "de": VoicemailWording(
        subject="Neue Sprachnachricht von {caller}",
        introduction="Jemand hat eine Nachricht auf Ihrer Mailbox hinterlassen.",
        caller="Von",
        withheld="unterdrückte Rufnummer",
        received="Eingegangen",
        length="Länge",
        duration="{minutes}:{seconds:02} min",
        box="Mailbox",
        new="Neue Nachrichten in der Mailbox",
        attached=(
            "Die Nachricht hängt an dieser E-Mail. Sie können sie auch am Telefon in Ihrer Mailbox abhören."
        ),
        missing="Sie können die Nachricht am Telefon in Ihrer Mailbox abhören.",
        filename="sprachnachricht",
    ),
}

"""The words of the mail with the link that sets a password, apart from those that all mails share."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class PasswordWording(Struct, frozen=True, kw_only=True):
    """Words of one language."""

    subject: str
    subject_of_signup: str
    introduction: str
    introduction_of_signup: str
    username: str
    set_here: str
    button: str
    valid_until: str
    once: str
    unexpected: str


PASSWORD_WORDINGS: Mapping[str, PasswordWording] = {
    "en": PasswordWording(
        subject="Set your password for {organization}",
        subject_of_signup="Confirm your sign-up",
        introduction="With the link in this mail you set the password of your account at {organization}.",
        introduction_of_signup=(
            "Somebody has signed up with this address and calls their organization “{organization}”. "
            "If that was you, set the password of your account with the link in this mail."
        ),
        username="User name",
        set_here="Set your password here",
        button="Set your password",
        valid_until="Valid until",
        once="The link works once.",
        unexpected=(
            "If you did not expect this mail, you need not do anything: "
            "nothing changes as long as the link is not used."
        ),
    ),
    "de": PasswordWording(
        subject="Ihr Passwort für {organization}",
        subject_of_signup="Bestätigen Sie Ihre Registrierung",
        introduction=(
            "Mit dem Link in dieser E-Mail legen Sie das Passwort für Ihr Konto bei {organization} fest."
        ),
        introduction_of_signup=(
            "Jemand hat sich mit dieser Adresse registriert und nennt die eigene Organisation "
            "„{organization}“. Falls Sie das waren, legen Sie mit dem Link in dieser E-Mail das Passwort für "
            "Ihr Konto fest."
        ),
        username="Benutzername",
        set_here="Passwort hier festlegen",
        button="Passwort festlegen",
        valid_until="Gültig bis",
        once="Der Link funktioniert nur einmal.",
        unexpected=(
            "Falls Sie diese E-Mail nicht erwartet haben, brauchen Sie nichts zu tun: "
            "Solange der Link nicht verwendet wird, ändert sich nichts."
        ),
    ),
}

"""The words of the mail to somebody's old address, apart from those that all mails share."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class AddressChangeWording(Struct, frozen=True, kw_only=True):
    """Words of one language."""

    subject: str
    introduction: str
    changed_at: str
    unexpected: str


ADDRESS_CHANGE_WORDINGS: Mapping[str, AddressChangeWording] = {
    "en": AddressChangeWording(
        subject="Your address at {organization} has been changed",
        introduction=(
            "Your account at {organization} has another e-mail address now. Mails about it, and links that "
            "set its password, go there from now on and no longer to this address."
        ),
        changed_at="Changed",
        unexpected=(
            "If you did not expect this, tell an administrator of {organization} at once: "
            "somebody else may be using your account."
        ),
    ),
    "de": AddressChangeWording(
        subject="Ihre Adresse bei {organization} wurde geändert",
        introduction=(
            "Ihr Konto bei {organization} hat jetzt eine andere E-Mail-Adresse. E-Mails dazu und Links, mit "
            "denen sich das Passwort festlegen lässt, gehen ab jetzt dorthin und nicht mehr an diese Adresse."
        ),
        changed_at="Geändert",
        unexpected=(
            "Falls Sie das nicht erwartet haben, wenden Sie sich sofort an jemanden, der {organization} "
            "verwaltet: Vielleicht benutzt eine andere Person Ihr Konto."
        ),
    ),
}

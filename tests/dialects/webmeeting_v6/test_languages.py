"""Errors in the caller's language."""

from __future__ import annotations

import pytest

from tests.dialects.webmeeting_v6.client import Account

ENGLISH, GERMAN = "There is no such meeting.", "Dieses Meeting gibt es nicht."


@pytest.mark.parametrize(
    ("accepted", "message"),
    [
        ("", ENGLISH),
        ("en", ENGLISH),
        ("de", GERMAN),
        ("de-CH, fr", GERMAN),
        ("DE-at;q=0.9", GERMAN),
        ("fr-FR, de;q=0.7, en;q=0.3", GERMAN),
        ("de;q=0.3, en-GB;q=0.7", ENGLISH),
        ("de;q=0", ENGLISH),
        ("de;q=nonsense", ENGLISH),
        ("fr, *;q=0.5", ENGLISH),
        (", ;;=,de", GERMAN),
        ("," * 5000 + "de", ENGLISH),
    ],
)
def test_the_first_language_that_there_is(account: Account, accepted: str, message: str) -> None:
    refused = account.api.refused("GET", "/meeting/nothing", language=accepted)

    assert refused.message == message


def test_every_kind_of_error_in_german(account: Account) -> None:
    nobody = type(account.api)(account.running, "nobody's key")
    other = account.instance.named(email="nobody@example.org")
    said = {
        refused.code: refused.message
        for refused in (
            nobody.refused("GET", "/meeting", language="de"),
            other.refused("GET", "/meeting", language="de"),
            account.own().refused("GET", "/account", language="de"),
            account.api.refused("POST", "/meeting", {}, language="de"),
            account.instance.refused("POST", "/account", {"adminEmail": account.email}, language="de"),
            account.api.refused("GET", "/nothing", language="de"),
        )
    }

    assert said == {
        -1: "Der API-Schlüssel fehlt oder ist falsch.",
        -2: "Der Benutzer ist unbekannt oder gehört nicht zu diesem Konto.",
        -3: "Dafür ist ein API-Schlüssel der Instanz nötig.",
        -4: "Die Daten sind nicht gültig.",
        -5: "Das gibt es nicht.",
        -10: "Es gibt bereits einen Benutzer mit dieser E-Mail-Adresse.",
    }

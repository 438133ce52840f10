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


WRONG = {
    "topic": "",
    "agenda": 5,
    "timezone": "Mars",
    "duration": 0,
    "startTime": "1969-01-01T00:00:00Z",
    "meetingPermissionId": "nobody's",
    "isRecurring": True,
    "recurring": {"frequencyType": "daily", "frequency": 0, "endsType": "onDate"},
    "invitedParticipants": [{"email": "good@example.org"}, {"email": "bad", "firstName": "x" * 201}],
}
"""Of a meeting, a field of each kind."""


def test_what_is_wrong_with_a_meeting_in_german(account: Account) -> None:
    meeting = account.api.meeting()
    reasons = {
        "topic": "topic darf nicht leer sein",
        "agenda": "Erwartet: Text, erhalten: ganze Zahl",
        "timezone": "timezone ist nicht der Name einer Zeitzone",
        "duration": "duration muss von 1 bis 20160 sein",
        "startTime": "startTime liegt nicht zwischen 1970 und 2100",
        "meetingPermissionId": "Diese Berechtigungsgruppe gibt es nicht",
        "recurring.frequency": "recurring.frequency muss von 1 bis 999 sein",
        "recurring.endsOn": "recurring.endsOn fehlt",
        "invitedParticipants[1].email": "invitedParticipants[1].email ist nicht wie name@example.org",
        "invitedParticipants[1].firstName": "invitedParticipants[1].firstName ist länger als 200 Zeichen",
    }

    for method, path in (("POST", "/meeting"), ("PUT", f"/meeting/{meeting['id']}/true")):
        refused = account.api.refused(method, path, WRONG, language="de")
        assert (refused.code, refused.message) == (-4, "Die Daten sind nicht gültig.")
        assert refused.fields == reasons


def test_what_is_wrong_with_a_meeting_in_english(account: Account) -> None:
    refused = account.api.refused("POST", "/meeting", WRONG)

    assert refused.message == "The data is not valid."
    assert refused.fields == {
        "topic": "topic must not be empty",
        "agenda": "expected string, got whole number",
        "timezone": "timezone is not the name of a time zone",
        "duration": "duration must be from 1 to 20160",
        "startTime": "startTime is not between 1970 and 2100",
        "meetingPermissionId": "there is no such permission group",
        "recurring.frequency": "recurring.frequency must be from 1 to 999",
        "recurring.endsOn": "recurring.endsOn is required",
        "invitedParticipants[1].email": "invitedParticipants[1].email is not like name@example.org",
        "invitedParticipants[1].firstName": "invitedParticipants[1].firstName is longer than 200 characters",
    }


def test_what_is_wrong_with_an_account_in_german(account: Account) -> None:
    new = {"adminEmail": "Ädä@example.org", "adminFirstname": "x" * 201, "adminPreferredLanguage": "fr"}
    refused = account.instance.refused("POST", "/account", {**new, "name": " "}, language="de")
    assert refused.fields == {
        "adminEmail": "An adminEmail kann keine E-Mail gehen: Vor dem @ ist nur ASCII möglich",
        "adminFirstname": "adminFirstname ist länger als 200 Zeichen",
        "adminPreferredLanguage": "adminPreferredLanguage muss de oder en sein",
        "name": "name darf nicht leer sein",
    }


def test_what_is_wrong_with_an_account_s_terms_in_german(account: Account) -> None:
    wish = {
        "numberOfMeetingOrganizers": -1,
        "autoDeleteMeetingsAfterXDays": 0,
        "customDialInNumbers": ["x" * 201],
        "defaultMeetingPermissions": "nobody's",
    }
    refused = account.instance.refused("PUT", f"/account/{account.id}", wish, language="de")

    assert refused.fields == {
        "numberOfMeetingOrganizers": "numberOfMeetingOrganizers muss von 0 bis 1000000 sein",
        "autoDeleteMeetingsAfterXDays": "autoDeleteMeetingsAfterXDays muss von 1 bis 3650 sein",
        "customDialInNumbers": "customDialInNumbers ist länger als 200 Zeichen",
        "defaultMeetingPermissions": "Diese Berechtigungsgruppe gibt es nicht",
    }


def test_what_is_wrong_with_hooks_in_german(account: Account) -> None:
    wish = {"onMeetingJoined": {"url": "nope", "apiKey": "ü"}, "onMeetingLeft": {"url": "ftp://x"}}
    refused = account.instance.refused("PUT", "/webhook", wish, language="de")

    assert refused.fields == {
        "onMeetingJoined.url": "onMeetingJoined.url muss eine URL mit http oder https sein",
        "onMeetingJoined.apiKey": "Ein API-Schlüssel hat höchstens 200 druckbare Zeichen",
        "onMeetingLeft.url": "onMeetingLeft.url muss eine URL mit http oder https sein",
    }

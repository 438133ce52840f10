"""Errors in the caller's language, but for the words that the API's handbook prints."""

from __future__ import annotations

import time

import pytest
from msgspec import structs

from switchroom.identity.permissions import Standing
from tests.platform import Tenant, refusal

GERMAN = {"accept-language": "de-CH, en;q=0.5"}
NO_ID = "0" * 26
LDAP = {"ldapCredentials": {"username": "ada", "password": "correct horse battery"}}


def said(tenant: Tenant, path: str, language: str, token: str | None = None, **fields: object) -> str:
    """The message of an error, which the body has in two places."""
    access = {"accessToken": tenant.token if token is None else token}
    answer = tenant.api.post(path, {"accessInfo": access, **fields}, headers={"accept-language": language})
    return refusal(answer)["message"]


def test_what_is_refused_in_german(tenant: Tenant) -> None:
    participant = tenant.person(standing=Standing.PARTICIPANT).token

    assert (
        said(tenant, "roomService/permissions", "de", roomId=NO_ID)
        == f"roomId: Den Raum {NO_ID} gibt es nicht."
    )
    assert said(tenant, "roomService/list", "de", token="wrong") == "Ihr Zugang ist nicht gültig."
    assert said(tenant, "userService/create", "de", authenticationRequest=LDAP) == (
        "LdapCredentials gibt es auf diesem Server nicht."
    )
    wish = {"displayName": "Room"}
    assert said(tenant, "roomService/create", "de", token=participant, room=wish).startswith("Dafür ist")


def test_what_is_wrong_with_a_request_in_german(tenant: Tenant) -> None:
    assert said(tenant, "roomService/create", "de", room={}) == "displayName darf nicht leer sein"
    assert said(tenant, "roomService/create", "de", room=5) == "room: Erwartet: Objekt, erhalten: Zahl"
    body = refusal(tenant.api.post("roomService/list", "{", headers=GERMAN))
    assert body["message"].startswith("Der Inhalt ist kein gültiges JSON")
    assert (body["code"], body["details"][0]["statusCode"]) == (3, "INVALID_ARGUMENT")


@pytest.mark.parametrize("language", ["", "en", "*", "fr"])
def test_in_english_without_a_word_of_german(tenant: Tenant, language: str) -> None:
    assert (
        said(tenant, "roomService/permissions", language, roomId=NO_ID) == f"roomId: there is no room {NO_ID}"
    )
    said_of_ldap = said(tenant, "userService/create", language, authenticationRequest=LDAP)
    assert said_of_ldap == "LdapCredentials is not implemented"


def test_words_of_the_handbook_are_the_same_in_every_language(tenant: Tenant) -> None:
    claims = structs.replace(tenant.claims(tenant.administrator), expires_at=int(time.time()) - 1)
    expired = tenant.running.platform.identity.signer.sign(claims)

    assert said(tenant, "roomService/list", "de", token=expired) == "token expired"
    body = {"accessInfo": {"accessToken": tenant.token}}
    reply = tenant.api.post("roomService/list", body, headers=GERMAN).json()
    assert reply["replyInfo"]["statusMessage"] == "OK"

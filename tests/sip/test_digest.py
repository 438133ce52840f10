"""Digest as a client: the examples of RFC 7616 and 2617, stale nonces, refusals."""

from __future__ import annotations

import hashlib
import re

import pytest

from switchroom.engines.sip.digest import Challenge, Credentials, DigestClient, parse_challenge
from switchroom.engines.sip.message import Request, Response, response_to
from switchroom.engines.sip.parser import parse
from tests.sip import torture

_CREDENTIALS = Credentials("Mufasa", "CircleOfLife")


def challenged(*challenges: str, name: str = "WWW-Authenticate") -> DigestClient:
    client = DigestClient(_CREDENTIALS)
    assert client.take(refusal(*challenges, name=name))
    return client


def refusal(*challenges: str, name: str = "WWW-Authenticate") -> Response:
    request = parse(torture.message("lwsdisp"))
    assert isinstance(request, Request)
    return response_to(request, 401, headers=[(name, challenge) for challenge in challenges])


def values(text: str) -> dict[str, str]:
    return {name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^,]*))', text)}


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_qop_auth(algorithm: str) -> None:
    """RFC 7616 section 3.9.1, with a client nonce of our own."""
    client = challenged(
        f'Digest realm="r, \\"s\\"", qop="auth, auth-int", algorithm={algorithm}, nonce="n", opaque="o"'
    )
    digest = hashlib.md5 if algorithm == "MD5" else hashlib.sha256
    for use in (1, 2):
        ((name, text),) = client.headers("INVITE", "sip:a@b")
        assert name == "Authorization"
        got = values(text.replace('\\"', ""))
        assert (got["nc"], got["uri"], got["opaque"], got["username"]) == (
            f"{use:08x}",
            "sip:a@b",
            "o",
            "Mufasa",
        )
        ha1 = digest(b'Mufasa:r, "s":CircleOfLife').hexdigest()
        ha2 = digest(b"INVITE:sip:a@b").hexdigest()
        expected = digest(f"{ha1}:n:{got['nc']}:{got['cnonce']}:auth:{ha2}".encode()).hexdigest()
        assert got["response"] == expected


def test_without_qop() -> None:
    """The form of RFC 2069, which RFC 2617 section 3.2.2.1 keeps, with the figures of its erratum 749."""
    client = challenged(
        'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"',
        name="Proxy-Authenticate",
    )
    ((name, text),) = client.headers("GET", "/dir/index.html")
    assert name == "Proxy-Authorization"
    assert values(text)["response"] == "1949323746fe6a43ef61f9606e7febea"
    assert "cnonce" not in text


def test_ha1_in_the_place_of_the_password() -> None:
    ha1 = hashlib.md5(b"Mufasa:testrealm@host.com:CircleOfLife").hexdigest()
    client = DigestClient(Credentials("Mufasa", ha1=ha1))
    assert not client.take(refusal('Digest realm="testrealm@host.com", algorithm=SHA-256, nonce="x"'))
    assert client.take(
        refusal('Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"')
    )
    ((_, text),) = client.headers("GET", "/dir/index.html")
    assert values(text)["response"] == "1949323746fe6a43ef61f9606e7febea"


def test_the_stronger_of_two_challenges_of_a_realm_is_answered() -> None:
    """RFC 8760 section 2.4."""
    client = challenged(
        'Digest realm="r", nonce="1"', 'Digest realm="r", nonce="2", algorithm=SHA-256, qop="auth"'
    )
    ((_, text),) = client.headers("INVITE", "sip:a@b")
    assert values(text)["algorithm"] == "SHA-256"


def test_a_stale_nonce_is_answered_again_and_a_wrong_password_is_not() -> None:
    client = challenged('Digest realm="r", nonce="1"')
    assert client.take(refusal('Digest realm="r", nonce="2", stale=TRUE'))
    assert not client.take(refusal('Digest realm="r", nonce="3"'))


def test_what_cannot_be_answered() -> None:
    client = DigestClient(Credentials("a", "b", realm="mine"))
    for challenge in (
        'Digest realm="other", nonce="1"',
        'Digest realm="mine", nonce="1", algorithm=TURBO-9000',
        'Digest realm="mine", nonce="1", qop="auth-int"',
        'Digest realm="mine"',
        'Digest realm="mine, nonce=1',
        "Basic realm=mine",
    ):
        assert not client.take(refusal(challenge))
    assert client.headers("INVITE", "sip:a@b") == []


def test_a_challenge_is_read() -> None:
    assert parse_challenge('digest  nonce = "n" , realm="r",qop=auth', for_proxy=True) == Challenge(
        "r", "n", qop=True, for_proxy=True
    )


def test_another_nonce_is_tried_once_without_stale() -> None:
    client = challenged('Digest realm="r", nonce="1"')
    assert not client.take(refusal('Digest realm="r", nonce="1"'))
    assert client.take(refusal('Digest realm="r", nonce="2"'))
    assert not client.take(refusal('Digest realm="r", nonce="3"'))
    assert client.take(refusal('Digest realm="r", nonce="4"'))
    client.taken()
    assert client.take(refusal('Digest realm="r", nonce="5"'))


@pytest.mark.parametrize("challenge", ['realm="r", nonce="{}", stale=true', 'realm="{}", nonce="1"'])
def test_challenges_without_end_are_not_answered(challenge: str) -> None:
    client = DigestClient(_CREDENTIALS)
    assert not all(client.take(refusal("Digest " + challenge.format(number))) for number in range(20))


def test_a_challenge_that_is_no_utf_8_is_answered_with_its_bytes() -> None:
    client = challenged('Digest realm="\udcff", nonce="1"')
    ((_, text),) = client.headers("REGISTER", "sip:b")
    ha1 = hashlib.md5(b"Mufasa:\xff:CircleOfLife").hexdigest()
    ha2 = hashlib.md5(b"REGISTER:sip:b").hexdigest()
    assert values(text)["response"] == hashlib.md5(f"{ha1}:1:{ha2}".encode()).hexdigest()
    assert b'realm="\xff"' in text.encode("utf-8", "surrogateescape")

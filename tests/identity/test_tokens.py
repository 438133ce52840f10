"""Access tokens: what is signed comes back, and nothing else passes."""

from __future__ import annotations

import base64
import time

import msgspec
import pytest
from msgspec import structs

from switchroom.errors import TokenExpired, Unauthenticated
from switchroom.identity.permissions import ALL_ADMINISTRATION, Administration
from switchroom.identity.tokens import EVERYBODY, AccessToken, SubjectKind, TokenSigner
from switchroom.settings import LONGEST_TOKEN
from switchroom.texts import message


def claims(**changes: object) -> AccessToken:
    token = AccessToken(
        organization_id=7,
        company_id="01ARZ3NDEKTSV4RRFFQ69G5FAV",
        subject_id="somebody",
        kind=SubjectKind.PERSON,
        issued_at=time.time(),
        expires_at=int(time.time()) + 60,
        administration=ALL_ADMINISTRATION,
        display_name="Ada Lovelace",
    )
    return structs.replace(token, **changes)


def test_what_is_signed_comes_back():
    signer, signed = TokenSigner(b"secret"), claims()

    token = signer.sign(signed)

    assert signer.verify(token) == signed
    assert TokenSigner(b"secret").verify(token) == signed
    assert signed.may(Administration.ROOM_CREATE)


def test_another_secret_makes_other_tokens():
    with pytest.raises(Unauthenticated):
        TokenSigner(b"other").verify(TokenSigner(b"secret").sign(claims()))


def test_no_single_bit_may_change():
    signer = TokenSigner(b"secret")
    raw = base64.b64decode(signer.sign(claims()))
    for position in range(len(raw)):
        changed = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
        with pytest.raises(Unauthenticated):
            signer.verify(base64.b64encode(changed).decode())


@pytest.mark.parametrize("token", ["", "x", "ä", "====", "AAAA", "A" * 44, "A" * 10_000, "\0", "a b"])
def test_what_is_no_token_is_refused(token: str):
    with pytest.raises(Unauthenticated):
        TokenSigner(b"secret").verify(token)


def test_a_signed_text_that_is_no_claims_is_refused():
    signer = TokenSigner(b"secret")
    for payload in (b"", b"\xc1", msgspec.msgpack.encode([1, 2]), msgspec.msgpack.encode({"a": 1})):
        signed = payload + signer._mac(payload)  # pyright: ignore[reportPrivateUsage]
        with pytest.raises(Unauthenticated):
            signer.verify(base64.b64encode(signed).decode())


def test_a_token_expires_also_when_it_is_remembered(monkeypatch: pytest.MonkeyPatch):
    signer, end = TokenSigner(b"secret"), int(time.time()) + 60
    token = signer.sign(claims(expires_at=end))
    signer.verify(token)

    other = signer.sign(claims(expires_at=end, subject_id="another"))
    with monkeypatch.context() as patched:
        patched.setattr(time, "time", lambda: end - 0.001)
        signer.verify(token)
        patched.setattr(time, "time", lambda: end)
        for expired in (token, other):
            with pytest.raises(TokenExpired) as refused:
                signer.verify(expired)
            assert message(refused.value) == "token expired"


def test_a_revocation_voids_what_was_issued_before_it():
    signer, moment = TokenSigner(b"secret"), time.time()
    before, after = (signer.sign(claims(issued_at=moment + offset)) for offset in (-1, 1))
    by_link = signer.sign(claims(subject_id="guest", link_id="link", issued_at=moment - 1))

    signer.revoke(7, "somebody", moment)
    signer.revoke(7, "link", moment)

    for token in (before, by_link):
        with pytest.raises(Unauthenticated):
            signer.verify(token)
    signer.verify(after)


def test_a_revocation_in_one_organization_leaves_those_of_others():
    signer, moment = TokenSigner(b"secret"), time.time()
    here, there, guest = (
        signer.sign(claims(issued_at=moment - 1, **said))
        for said in ({}, {"organization_id": 8}, {"subject_id": "guest", "link_id": "link"})
    )
    signer.revoke(7, "somebody", moment)
    with pytest.raises(Unauthenticated):
        signer.verify(here)
    signer.verify(there)
    signer.verify(guest)
    signer.revoke(7, EVERYBODY, moment)
    with pytest.raises(Unauthenticated):
        signer.verify(guest)
    signer.verify(there)


def test_revocations_are_forgotten_when_no_token_is_left_that_they_void():
    signer = TokenSigner(b"secret")
    long_ago, moment = time.time() - LONGEST_TOKEN - 60, time.time()
    signer.revoke(7, "somebody", moment)
    for number in range(20_000):
        signer.revoke(7, f"person {number}", long_ago)
    with pytest.raises(Unauthenticated):
        signer.verify(signer.sign(claims(issued_at=moment - 1)))
    assert len(signer._revoked) < 2000  # pyright: ignore[reportPrivateUsage]
    for number in range(3000):
        signer.revoke(7, f"person {number}", moment)
    for number in range(3000):
        with pytest.raises(Unauthenticated):
            signer.verify(signer.sign(claims(subject_id=f"person {number}", issued_at=moment - 1)))

"""Digest authentication as a client: MD5 and SHA-256, qop auth (RFC 7616, 2617; RFC 8760 for SIP)."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable

from msgspec import Struct

from switchroom.engines.sip.errors import MalformedValue
from switchroom.engines.sip.grammar import check_lines, split_list, unquoted
from switchroom.engines.sip.message import Response

_SCHEME = re.compile(r"digest[ \t]+", re.IGNORECASE)
_STRENGTH = ("SHA-256", "MD5")
_MOST_TRIES = 8
"""Challenges in a row that are answered: one for each realm on the way, and some for nonces that ran out."""


class Credentials(Struct, frozen=True):
    """User name and password for a realm, or for any when `realm` is None.

    Instead of the password `ha1` can be given, the MD5 of `user:realm:password` in hex: it answers MD5 only.
    """

    username: str
    password: str = ""
    realm: str | None = None
    ha1: str = ""

    def __post_init__(self) -> None:
        """Raises MalformedValue for a text that no header field can carry or that ends with its line."""
        check_lines(self.username, self.password, self.ha1)


class Challenge(Struct, frozen=True):
    """A digest challenge of a 401 or 407; `algorithm` as sent, in upper case."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    opaque: str | None = None
    qop: bool = False
    stale: bool = False
    for_proxy: bool = False


def parse_challenge(text: str, *, for_proxy: bool) -> Challenge | None:
    """The challenge of one header field; None for another scheme. Raises MalformedValue."""
    scheme = _SCHEME.match(text)
    if scheme is None:
        return None
    values: dict[str, str] = {}
    for part in split_list(text[scheme.end() :]):
        name, _, value = part.partition("=")
        values[name.strip().lower()] = unquoted(value.strip())
    if "realm" not in values or not values.get("nonce"):
        raise MalformedValue("a challenge has no realm or nonce")
    qops = [one.strip().lower() for one in values["qop"].split(",")] if "qop" in values else []
    if qops and "auth" not in qops:
        return None
    return Challenge(
        realm=values["realm"],
        nonce=values["nonce"],
        algorithm=values.get("algorithm", "MD5").upper(),
        opaque=values.get("opaque"),
        qop=bool(qops),
        stale=values.get("stale", "").lower() == "true",
        for_proxy=for_proxy,
    )


def challenges(response: Response) -> list[Challenge]:
    """The digest challenges of a 401 or 407; malformed ones are left out."""
    found: list[Challenge] = []
    for name, for_proxy in (("WWW-Authenticate", False), ("Proxy-Authenticate", True)):
        for text in response.headers.all(name):
            try:
                challenge = parse_challenge(text, for_proxy=for_proxy)
            except MalformedValue:
                continue
            if challenge is not None:
                found.append(challenge)
    return found


class DigestClient:
    """Answers to challenges for one call or registration; counts the uses of each nonce."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._known: dict[tuple[bool, str], Challenge] = {}
        self._uses: dict[str, int] = {}
        self._tries = 0
        self._renewed: set[tuple[bool, str]] = set()

    def take(self, response: Response) -> bool:
        """Keep the challenges of a 401 or 407; False when another try with them is pointless.

        Pointless is: no challenge that can be answered, or a refusal of what was sent, unless the nonce was
        only stale (RFC 7616 section 3.3), or is another for the first time: not every server says `stale`.
        """
        best: dict[tuple[bool, str], Challenge] = {}
        for challenge in challenges(response):
            place = (challenge.for_proxy, challenge.realm)
            if self._usable(challenge) and self._strength(challenge) < (
                self._strength(best[place]) if place in best else len(_STRENGTH)
            ):
                best[place] = challenge
        again = False
        for place, challenge in best.items():
            before = self._known.get(place)
            if before is None:
                again = True
            else:
                is_new = challenge.nonce != before.nonce and place not in self._renewed
                again = again or challenge.stale or is_new
                self._renewed.add(place)
            self._known[place] = challenge
        self._tries += 1
        again = again and self._tries <= _MOST_TRIES
        if not again:
            self.taken()
        return again

    def taken(self) -> None:
        """Note a final response that is no challenge: the next request has all its tries."""
        self._tries = 0
        self._renewed.clear()

    def headers(self, method: str, uri: str) -> list[tuple[str, str]]:
        """The Authorization and Proxy-Authorization fields of a request, one for each realm that asked."""
        fields: list[tuple[str, str]] = []
        for challenge in self._known.values():
            name = "Proxy-Authorization" if challenge.for_proxy else "Authorization"
            fields.append((name, self._answer(challenge, method, uri)))
        return fields

    def _usable(self, challenge: Challenge) -> bool:
        wanted = self._credentials.realm
        if wanted is not None and wanted != challenge.realm:
            return False
        algorithm = challenge.algorithm.removesuffix("-SESS")
        if self._credentials.ha1 and not self._credentials.password:
            return algorithm == "MD5"
        return algorithm in _STRENGTH

    @staticmethod
    def _strength(challenge: Challenge) -> int:
        return _STRENGTH.index(challenge.algorithm.removesuffix("-SESS"))

    def _answer(self, challenge: Challenge, method: str, uri: str) -> str:
        digest = _hash(challenge.algorithm)
        given = self._credentials
        nonce, cnonce = challenge.nonce, secrets.token_hex(8)
        if given.ha1 and challenge.algorithm.startswith("MD5"):
            ha1 = given.ha1
        else:
            ha1 = digest(f"{given.username}:{challenge.realm}:{given.password}")
        if challenge.algorithm.endswith("-SESS"):
            ha1 = digest(f"{ha1}:{nonce}:{cnonce}")
        ha2 = digest(f"{method}:{uri}")
        values = [
            f'username="{_escaped(given.username)}"',
            f'realm="{_escaped(challenge.realm)}"',
            f'nonce="{_escaped(nonce)}"',
            f'uri="{uri}"',
            f"algorithm={challenge.algorithm}",
        ]
        if challenge.qop:
            uses = self._uses.get(nonce, 0) + 1
            self._uses = {nonce: uses} if len(self._uses) > len(self._known) else {**self._uses, nonce: uses}
            answer = digest(f"{ha1}:{nonce}:{uses:08x}:{cnonce}:auth:{ha2}")
            values += ["qop=auth", f"nc={uses:08x}", f'cnonce="{cnonce}"']
        else:
            answer = digest(f"{ha1}:{nonce}:{ha2}")
            if challenge.algorithm.endswith("-SESS"):
                values.append(f'cnonce="{cnonce}"')
        values.append(f'response="{answer}"')
        if challenge.opaque is not None:
            values.append(f'opaque="{_escaped(challenge.opaque)}"')
        return "Digest " + ", ".join(values)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _hash(algorithm: str) -> Callable[[str], str]:
    if algorithm.startswith("SHA-256"):
        return lambda text: hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
    return lambda text: hashlib.md5(
        text.encode("utf-8", "surrogateescape"), usedforsecurity=False
    ).hexdigest()

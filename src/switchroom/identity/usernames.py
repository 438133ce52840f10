"""The one form of what people sign in with, however they write it."""

from __future__ import annotations

from functools import lru_cache

import idna

LONGEST_USERNAME = 254
"""Characters of a user name; the longest address of a mailbox has no more (RFC 5321, 4.5.3.1.3)."""


def folded(username: str) -> str:
    """User name in lower case and, of an e-mail address, with the domain in its ASCII form (RFC 5891):
    `x@bücher.org` and `X@xn--bcher-kva.org` are one. What is longer than a username can be is no address."""
    text = username.strip()
    if len(text) > LONGEST_USERNAME:
        return text.casefold()
    return text.lower() if text.isascii() else _folded(text)


@lru_cache(1000)
def _folded(text: str) -> str:
    local, at, domain = text.rpartition("@")
    try:
        return f"{local.casefold()}@{idna.encode(domain, uts46=True).decode()}" if at else text.casefold()
    except idna.IDNAError:
        return text.casefold()


def spellings(username: str) -> frozenset[str]:
    """The forms in which it may be kept: the one of `folded`, and as it is written, in lower case."""
    return frozenset({folded(username), username.strip().casefold(), username.strip().lower()})

"""Names and addresses made fit for a header, whatever people typed."""

from __future__ import annotations

import re
import unicodedata
from email.header import Header
from functools import lru_cache

import idna
from msgspec import Struct

from switchroom import sanitize
from switchroom.errors import ErrorCode, Invalid
from switchroom.texts import text

_PLAIN_PHRASE = re.compile(r"[A-Za-z0-9]+( [A-Za-z0-9]+)*")
_VISIBLE_ASCII = re.compile(r"[!-~]+")
_FORBIDDEN_IN_LOCAL = re.compile(r"[<>,;:\"()\[\]\\@]")
_LONGEST_ADDRESS = 254
"""Characters of an address (RFC 5321, 4.5.3.1.3)."""

_UNWANTED = frozenset({"Cc", "Cs", "Zl", "Zp"})


class Undeliverable(Exception):
    """The mail cannot be delivered, now or later; the message says why."""


class BadAddress(Undeliverable):
    """No mail can be sent to the address."""

    def __init__(self, code: ErrorCode) -> None:
        super().__init__(text(code, field="the address"))
        self.code = code


class Mailbox(Struct, frozen=True):
    """An address in ASCII with the name of whom it belongs to, which may be empty."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]

    def header(self, header_name: str) -> str:
        """The value for a header of RFC 5322: the name encoded wherever it is not plain letters and digits,
        so that nothing in it can be taken for an address."""
        value = Header(header_name=header_name)
        if self.name:
            value.append(self.name, "us-ascii" if _PLAIN_PHRASE.fullmatch(self.name) else "utf-8")
        value.append(f"<{self.address}>", "us-ascii")
        return value.encode()


def one_line(text: str) -> str:
    """The text without what could end a header, with single spaces.

    Control characters, line and paragraph separators and lone surrogates go.
    """
    kept = (" " if unicodedata.category(character) in _UNWANTED else character for character in text)
    return " ".join("".join(kept).split())


def name_in_line(name: str) -> str:
    """The name as a mail can say it: in one line, without format characters."""
    return one_line(sanitize.without_format(name))


def ascii_address(address: str) -> str:
    """The address with its domain in the ASCII form of RFC 5891.

    Raises BadAddress for what is not an address, and for one whose part before the @ is not ASCII: that
    takes SMTPUTF8 at every server on the way.
    """
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or len(address) > _LONGEST_ADDRESS:
        raise BadAddress(ErrorCode.ADDRESS_MALFORMED)
    if not _VISIBLE_ASCII.fullmatch(local) or _FORBIDDEN_IN_LOCAL.search(local):
        raise BadAddress(ErrorCode.ADDRESS_NOT_ASCII)
    encoded = _ascii_domain(domain)
    if encoded is None:
        raise BadAddress(ErrorCode.ADDRESS_DOMAIN_INVALID)
    return f"{local}@{encoded}"


def require_address(address: str, path: str) -> str:
    """The address. Raises Invalid, naming the path, for one that no mail can be sent to."""
    try:
        ascii_address(address)
    except BadAddress as error:
        raise Invalid(error.code, path) from error
    return address


@lru_cache(1000)
def _ascii_domain(domain: str) -> str | None:
    """None for one that has no such form: found out once, like that of others."""
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return None


def parse_mailbox(text: str) -> Mailbox:
    """`Name <address>` or only an address. Raises Undeliverable."""
    line = one_line(text)
    name, bracket, address = line.removesuffix(">").rpartition("<")
    return (
        Mailbox(name.strip().strip('"'), ascii_address(address))
        if bracket
        else Mailbox("", ascii_address(line))
    )

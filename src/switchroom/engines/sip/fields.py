"""Header field values with a form of their own: Via, CSeq, Session-Expires, Replaces, Event."""

from __future__ import annotations

import re

from msgspec import Struct, field

from switchroom.engines.sip.errors import MalformedValue
from switchroom.engines.sip.grammar import TCHAR, Parameters, format_parameters, parse_parameters, parsed_once

MAGIC_COOKIE = "z9hG4bK"
"""Beginning of a branch that is unique (RFC 3261 section 8.1.1.7)."""

LARGEST_SEQUENCE = 2**31 - 1

_VIA = re.compile(
    rf"SIP\s*/\s*({TCHAR}+)\s*/\s*({TCHAR}+)\s+(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.\-_]+)(?:\s*:\s*([0-9]{{1,5}}))?\s*",
    re.IGNORECASE,
)
_CSEQ = re.compile(rf"([0-9]{{1,10}})\s+({TCHAR}+)")


class Via(Struct, frozen=True):
    """One hop of a message (RFC 3261 section 20.42); `transport` as sent, the port None for the default."""

    transport: str
    host: str
    port: int | None = None
    parameters: Parameters = field(default_factory=dict[str, str | None])

    @property
    def branch(self) -> str | None:
        """The branch if it identifies a transaction: it has more than the magic cookie (section 17.2.3)."""
        branch = self.parameters.get("branch")
        if branch is None or len(branch) <= len(MAGIC_COOKIE):
            return None
        return branch if branch[:7].lower() == "z9hg4bk" else None

    @property
    def sent_by(self) -> tuple[str, int]:
        """Host in lower case and port, for the matching of transactions."""
        return self.host.lower(), 5060 if self.port is None else self.port

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/2.0/{self.transport} {self.host}{port}{format_parameters(self.parameters)}"


def parse_via(text: str) -> Via:
    """One Via value. Raises MalformedValue."""
    found = _VIA.match(text)
    if found is None or found[1] != "2.0":
        raise MalformedValue("a Via is malformed")
    port = None if found[4] is None else int(found[4])
    if port is not None and port > 65535:
        raise MalformedValue("a Via has no such port")
    return Via(found[2], found[3], port, parse_parameters(text[found.end() :]))


class CSeq(Struct, frozen=True):
    """Sequence number below 2^31 and method (RFC 3261 section 20.16)."""

    number: int
    method: str

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


@parsed_once
def parse_cseq(text: str) -> CSeq:
    """A CSeq value. Raises MalformedValue."""
    found = _CSEQ.fullmatch(text)
    if found is None or (number := int(found[1])) > LARGEST_SEQUENCE:
        raise MalformedValue("CSeq is malformed")
    return CSeq(number, found[2])


def parse_number(text: str, largest: int) -> int:
    """A number of a header field that is at most `largest`. Raises MalformedValue."""
    if len(text) > 20 or not text.isascii() or not text.isdigit() or (number := int(text)) > largest:
        raise MalformedValue("a number is malformed or too large")
    return number


def parse_delta_seconds(text: str, largest: int) -> tuple[int, Parameters]:
    """Seconds, at most `largest`, and parameters: Session-Expires, Retry-After … Raises MalformedValue."""
    seconds, semicolon, parameters = text.partition(";")
    digits = seconds.partition("(")[0].strip()
    if not digits.isascii() or not digits.isdigit():
        raise MalformedValue("seconds are malformed")
    # A number of any length is a long time (RFC 4475 section 3.1.2.5).
    number = int(digits) if len(digits) < 12 else largest
    return min(number, largest), parse_parameters(f";{parameters}") if semicolon else {}


class SessionExpires(Struct, frozen=True):
    """Session interval in seconds and who refreshes: `uac`, `uas`, or nobody yet (RFC 4028 section 4)."""

    interval: int
    refresher: str | None = None

    def __str__(self) -> str:
        return f"{self.interval};refresher={self.refresher}" if self.refresher else str(self.interval)


def parse_session_expires(text: str) -> SessionExpires:
    """A Session-Expires value. Raises MalformedValue."""
    interval, parameters = parse_delta_seconds(text, LARGEST_SEQUENCE)
    refresher = (parameters.get("refresher") or "").lower()
    return SessionExpires(interval, refresher if refresher in ("uac", "uas") else None)


class Replaces(Struct, frozen=True):
    """The dialog that a call takes the place of; tags as its receiver knows them (RFC 3891 section 6.1)."""

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False

    def __str__(self) -> str:
        early = ";early-only" if self.early_only else ""
        return f"{self.call_id};to-tag={self.to_tag};from-tag={self.from_tag}{early}"


def parse_replaces(text: str) -> Replaces:
    """A Replaces value without escapes. Raises MalformedValue."""
    call_id, semicolon, rest = text.strip().partition(";")
    parameters = parse_parameters(f";{rest}") if semicolon else {}
    to_tag, from_tag = parameters.get("to-tag"), parameters.get("from-tag")
    if not call_id or not to_tag or not from_tag:
        raise MalformedValue("Replaces is malformed")
    return Replaces(call_id.strip(), to_tag, from_tag, "early-only" in parameters)


class Event(Struct, frozen=True):
    """Event package and id of a subscription (RFC 6665 section 8.2.1)."""

    package: str
    id: str | None = None


def parse_event(text: str) -> Event:
    """An Event value; the package in lower case. Raises MalformedValue."""
    package, semicolon, rest = text.strip().partition(";")
    parameters = parse_parameters(f";{rest}") if semicolon else {}
    if not package:
        raise MalformedValue("Event is malformed")
    return Event(package.strip().lower(), parameters.get("id"))

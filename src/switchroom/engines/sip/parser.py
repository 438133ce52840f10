"""Parser of messages: one pass over a datagram in linear time, with limits; it raises only ParseError."""

from __future__ import annotations

import re

from switchroom.engines.sip.address import NameAddr, parse_name_addr
from switchroom.engines.sip.errors import MalformedValue, SipError
from switchroom.engines.sip.fields import CSeq, Via, parse_cseq, parse_number, parse_via
from switchroom.engines.sip.grammar import fit_lines, is_token, parsed_once, split_list
from switchroom.engines.sip.headers import KNOWN, Headers, field_name
from switchroom.engines.sip.message import COPIED, Request, Response
from switchroom.engines.sip.status import reason_of
from switchroom.engines.sip.uri import parse_uri

LARGEST_HEAD = 32 * 1024
MOST_FIELDS = 256
LONGEST_FIELD = 8 * 1024
"""Bytes and number of header fields that are read; a datagram has at most 65,507 bytes by itself."""

_FOLD = re.compile(r"\r\n[ \t]+")
_BREAKS = re.compile(r"[\r\n\0]")
_VERSION = re.compile(r"SIP/[0-9]+\.[0-9]+", re.IGNORECASE)
_ONCE = frozenset({
    "Call-ID", "Content-Length", "Content-Type", "CSeq", "Event", "Expires", "From", "Max-Forwards", "Min-SE",
    "Refer-To", "Replaces", "Session-Expires", "To",
})  # fmt: skip
_LARGEST_EXPIRES = 2**32 - 1


class ParseError(SipError):
    """A datagram that is no message or a malformed one.

    `status` is what a request gets, and `reply` the bytes of the response, None if nothing can or may be
    replied: to an ACK, a response, what has no Via.
    """

    def __init__(self, problem: str, status: int = 400, reply: bytes | None = None) -> None:
        super().__init__(problem)
        self.status = status
        self.reply = reply


def parse(data: bytes) -> Request | Response:
    """The message of a datagram; what follows its body by Content-Length is ignored. Raises ParseError.

    The form of all fields is judged here, and the values of the topmost Via, From, To, Call-ID, CSeq and
    Content-Length; of a request also of Max-Forwards, Expires and Contact. Others are judged by who asks.
    """
    # CRLF before the start line is ignored (RFC 3261 section 7.5).
    head, _, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if len(head) > LARGEST_HEAD:
        raise ParseError("the header is too large", 513)
    text = head.decode("utf-8", "surrogateescape")
    if "\r\n " in text or "\r\n\t" in text:
        text = _FOLD.sub(" ", text)
    lines = text.split("\r\n")
    if text[:4].upper() == "SIP/":
        return _response(lines, body)
    return _request(lines, body)


def _fields(lines: list[str]) -> Headers:
    """The header fields behind the start line, which must be a line too."""
    if len(lines) > MOST_FIELDS + 1:
        raise ParseError("there are too many header fields")
    fields: list[tuple[str, str]] = []
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            if not line and line is lines[-1]:
                break
            raise ParseError("a header field has no colon")
        if len(value) > LONGEST_FIELD:
            raise ParseError("a header field is too long")
        known = KNOWN.get(name)
        if known is None:
            known = _other_name(name.rstrip(" \t"))
        fields.append((known, value.strip(" \t")))
    if not fit_lines(lines):
        raise ParseError("a header field or start line has CR, LF or NUL in it")
    return Headers(fields)


@parsed_once
def _other_name(name: str) -> str:
    if not is_token(name):
        raise ParseError("a header field has no name")
    return field_name(name)


def _request(lines: list[str], body: bytes) -> Request:
    parts = lines[0].split(" ")
    try:
        return _checked_request(parts, _fields(lines), body)
    except SipError as error:
        status = error.status if isinstance(error, ParseError) else 400
        reply = _reply(lines, status) if _is_answerable(parts) else None
        raise ParseError(str(error), status, reply) from None


def _is_answerable(parts: list[str]) -> bool:
    """Whether a start line claims to be a SIP request that gets replies."""
    version = parts[-1] or (" ".join(parts).split() or [""])[-1]
    return _VERSION.fullmatch(version) is not None and parts[0] != "ACK"


def _checked_request(parts: list[str], headers: Headers, body: bytes) -> Request:
    if len(parts) != 3 or not is_token(parts[0]):
        raise ParseError("the request line is malformed")
    method, uri, version = parts
    if version.upper() != "SIP/2.0":
        raise ParseError("the version is not supported", 505 if _VERSION.fullmatch(version) else 400)
    if parse_uri(uri).headers:
        raise ParseError("the Request-URI has header fields")
    values = _single_values(headers)
    via, from_, to, call_id, cseq = _required(values)
    if cseq.method != method:
        raise ParseError("CSeq names another method")
    max_forwards = values.get("Max-Forwards")
    if "Expires" in values:
        parse_number(values["Expires"], _LARGEST_EXPIRES)
    for contact in headers.values("Contact"):
        if contact and contact != "*":
            parse_name_addr(contact)
    return Request(
        method=method,
        uri=uri,
        headers=headers,
        body=_body(values, body),
        via=via,
        from_=from_,
        to=to,
        call_id=call_id,
        cseq=cseq,
        max_forwards=70 if max_forwards is None else parse_number(max_forwards, 255),
    )


def _response(lines: list[str], body: bytes) -> Response:
    headers = _fields(lines)
    version, _, rest = lines[0].partition(" ")
    status, _, reason = rest.partition(" ")
    if version.upper() != "SIP/2.0" or len(status) != 3 or not status.isascii() or not status.isdigit():
        raise ParseError("the status line is malformed")
    number = int(status)
    if not 100 <= number <= 699:
        raise ParseError("there is no such status")
    values = _single_values(headers)
    try:
        via, from_, to, call_id, cseq = _required(values)
        return Response(
            status=number,
            reason=reason,
            headers=headers,
            body=_body(values, body),
            via=via,
            from_=from_,
            to=to,
            call_id=call_id,
            cseq=cseq,
        )
    except MalformedValue as error:
        raise ParseError(str(error)) from None


def _single_values(headers: Headers) -> dict[str, str]:
    """The values of the fields that may be there once, and of the first Via."""
    seen: dict[str, str] = {}
    for name, value in headers:
        if name in _ONCE:
            if name in seen:
                raise ParseError(f"{name} is there twice")
            seen[name] = value
        elif name == "Via" and name not in seen:
            seen[name] = value
    return seen


def _required(values: dict[str, str]) -> tuple[Via, NameAddr, NameAddr, str, CSeq]:
    try:
        via, from_, to = values["Via"], values["From"], values["To"]
        call_id, cseq = values["Call-ID"], values["CSeq"]
    except KeyError as error:
        raise ParseError(f"there is no {error.args[0]}") from None
    if not call_id or " " in call_id or not call_id.isascii():
        raise ParseError("Call-ID is malformed")
    top = split_list(via)[0]
    return parse_via(top), parse_name_addr(from_), parse_name_addr(to), call_id, parse_cseq(cseq)


def _body(values: dict[str, str], body: bytes) -> bytes:
    length = values.get("Content-Length")
    if length is None:
        return body
    number = parse_number(length, 2**31)
    if number > len(body):
        raise ParseError("the body is shorter than Content-Length")
    return body[:number]


def _reply(lines: list[str], status: int) -> bytes | None:
    """A response of what a malformed request has; None if that is no Via (RFC 4475 section 3.3.1)."""
    copied: list[str] = []
    has_via = False
    for line in lines[:MOST_FIELDS]:
        name, colon, value = line.partition(":")
        name = field_name(name.rstrip(" \t")) if colon else ""
        if name in COPIED and len(value) <= LONGEST_FIELD:
            has_via = has_via or name == "Via"
            value = _BREAKS.sub(" ", value)
            copied.append(f"{name}:{value if value.startswith(' ') else ' ' + value}")
    if not has_via:
        return None
    copied = [f"SIP/2.0 {status} {reason_of(status)}", *copied, "Content-Length: 0", "", ""]
    return "\r\n".join(copied).encode("utf-8", "surrogateescape")

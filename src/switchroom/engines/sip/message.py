"""Requests and responses (RFC 3261 section 7) and their bytes."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from switchroom.engines.sip.address import NameAddr
from switchroom.engines.sip.fields import CSeq, Via
from switchroom.engines.sip.grammar import check_lines
from switchroom.engines.sip.headers import Headers
from switchroom.engines.sip.status import reason_of


class Message(Struct, kw_only=True, eq=False):
    """Header fields, a body, and the fields that every message has, parsed.

    `via` is the topmost one. Bodies are opaque bytes; Content-Length is made of them when it is sent. `bytes`
    of a message raises MalformedValue if CR, LF or NUL in a value would make other header fields of it.
    """

    headers: Headers
    body: bytes = b""
    via: Via
    from_: NameAddr
    to: NameAddr
    call_id: str
    cseq: CSeq

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters; empty without a body type."""
        return media_type(self.headers.get("Content-Type") or "")

    @property
    def sdp(self) -> bytes | None:
        """The body if it is a session description."""
        return self.body if self.body and self.content_type == "application/sdp" else None

    def _bytes(self, start_line: str) -> bytes:
        lines = [start_line]
        lines += [f"{name}: {value}" for name, value in self.headers if name != "Content-Length"]
        check_lines(*lines)
        lines.append(f"Content-Length: {len(self.body)}\r\n\r\n")
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + self.body


class Request(Message, kw_only=True, eq=False):
    """A request; `uri` is the Request-URI as on the wire."""

    method: str
    uri: str
    max_forwards: int = 70

    def __bytes__(self) -> bytes:
        return self._bytes(f"{self.method} {self.uri} SIP/2.0")

    def __repr__(self) -> str:
        return f"<{self.method} {self.uri} {self.call_id} {self.cseq}>"


class Response(Message, kw_only=True, eq=False):
    """A response."""

    status: int
    reason: str

    def __bytes__(self) -> bytes:
        return self._bytes(f"SIP/2.0 {self.status} {self.reason}")

    def __repr__(self) -> str:
        return f"<{self.status} {self.reason} {self.call_id} {self.cseq}>"


COPIED = ("Via", "From", "To", "Call-ID", "CSeq")
"""Header fields that a response has of its request (RFC 3261 section 8.2.6.2)."""


def response_to(
    request: Request,
    status: int,
    reason: str | None = None,
    *,
    to_tag: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    content_type: str = "application/sdp",
) -> Response:
    """The response to a request, with the tag in To unless it has one or the response is 100.

    Record-Route is copied where it makes a dialog: 101 to 299 (RFC 3261 section 12.1.1).
    """
    to, adds_tag = request.to, False
    if to_tag is not None and status > 100 and to.tag is None:
        to, adds_tag = to.with_tag(to_tag), True
    routes = 100 < status < 300
    fields: list[tuple[str, str]] = []
    for name, value in request.headers:
        if name == "To" and adds_tag:
            fields.append((name, f"{value};tag={to_tag}" if value.endswith(">") else str(to)))
        elif name in COPIED or (routes and name == "Record-Route") or (status == 100 and name == "Timestamp"):
            fields.append((name, value))
    fields += headers
    if body:
        fields.append(("Content-Type", content_type))
    return Response(
        status=status,
        reason=reason_of(status) if reason is None else reason,
        headers=Headers(fields),
        body=body,
        via=request.via,
        from_=request.from_,
        to=to,
        call_id=request.call_id,
        cseq=request.cseq,
    )


def media_type(content_type: str) -> str:
    """The media type of a Content-Type value in lower case, without parameters."""
    return content_type.partition(";")[0].strip().lower()

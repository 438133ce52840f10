"""Requests and responses (RFC 3261 section 7) and their bytes."""

from __future__ import annotations

from collections.abc import Iterable

from switchroom.engines.sip.address import NameAddr
from switchroom.engines.sip.fields import CSeq, Via
from switchroom.engines.sip.grammar import check_lines
from switchroom.engines.sip.headers import Headers
from switchroom.engines.sip.status import reason_of


class Message:
    """Header fields, a body, and the fields that every message has, parsed.

    `via` is the topmost one. Bodies are opaque bytes; Content-Length is made of them when it is sent. `bytes`
    of a message raises MalformedValue if CR, LF or NUL in a value would make other header fields of it.
    """

    __slots__ = ("body", "call_id", "cseq", "from_", "headers", "to", "via")

    def __init__(
        self,
        headers: Headers,
        body: bytes,
        *,
        via: Via,
        from_: NameAddr,
        to: NameAddr,
        call_id: str,
        cseq: CSeq,
    ) -> None:
        self.headers = headers
        self.body = body
        self.via = via
        self.from_ = from_
        self.to = to
        self.call_id = call_id
        self.cseq = cseq

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


class Request(Message):
    """A request; `uri` is the Request-URI as on the wire."""

    __slots__ = ("max_forwards", "method", "uri")

    def __init__(
        self,
        method: str,
        uri: str,
        headers: Headers,
        body: bytes = b"",
        *,
        via: Via,
        from_: NameAddr,
        to: NameAddr,
        call_id: str,
        cseq: CSeq,
        max_forwards: int = 70,
    ) -> None:
        super().__init__(headers, body, via=via, from_=from_, to=to, call_id=call_id, cseq=cseq)
        self.method = method
        self.uri = uri
        self.max_forwards = max_forwards

    def __bytes__(self) -> bytes:
        return self._bytes(f"{self.method} {self.uri} SIP/2.0")

    def __repr__(self) -> str:
        return f"<{self.method} {self.uri} {self.call_id} {self.cseq}>"


class Response(Message):
    """A response."""

    __slots__ = ("reason", "status")

    def __init__(
        self,
        status: int,
        reason: str,
        headers: Headers,
        body: bytes = b"",
        *,
        via: Via,
        from_: NameAddr,
        to: NameAddr,
        call_id: str,
        cseq: CSeq,
    ) -> None:
        super().__init__(headers, body, via=via, from_=from_, to=to, call_id=call_id, cseq=cseq)
        self.status = status
        self.reason = reason

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
    to, to_text = request.to, ""
    if to_tag is not None and status > 100 and to.tag is None:
        to = to.with_tag(to_tag)
        to_text = str(to)
    routes = 100 < status < 300
    fields: list[tuple[str, str]] = []
    for name, value in request.headers:
        if name == "To" and to_text:
            fields.append((name, to_text))
        elif name in COPIED or (routes and name == "Record-Route") or (status == 100 and name == "Timestamp"):
            fields.append((name, value))
    fields += headers
    if body:
        fields.append(("Content-Type", content_type))
    return Response(
        status,
        reason_of(status) if reason is None else reason,
        Headers(fields),
        body,
        via=request.via,
        from_=request.from_,
        to=to,
        call_id=request.call_id,
        cseq=request.cseq,
    )


def media_type(content_type: str) -> str:
    """The media type of a Content-Type value in lower case, without parameters."""
    return content_type.partition(";")[0].strip().lower()

"""Errors of the SIP user agent."""

from __future__ import annotations

from collections.abc import Iterable


class SipError(Exception):
    """Any error of this package."""


class MalformedValue(SipError):
    """A header field's value or a URI that the grammar of RFC 3261 section 25 does not allow."""


class TransportError(SipError):
    """A message that could not be handed to the network."""


class WrongState(SipError):
    """A method that the state of the call, dialog or offer/answer exchange does not allow."""


class SessionEnded(SipError):
    """The session ended before the request was answered."""


class Refused(SipError):
    """A final response other than 2xx, or none in time (status 408, RFC 3261 section 8.1.3.1). `fields` are
    the header fields of the response."""

    def __init__(self, status: int, reason: str, fields: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason
        self.fields = tuple(fields)

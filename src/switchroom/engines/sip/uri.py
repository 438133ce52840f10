"""SIP, SIPS and tel URIs (RFC 3261 section 19.1, RFC 3966); others are kept as they are."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from msgspec import Struct, field

from switchroom.engines.sip.errors import MalformedValue
from switchroom.engines.sip.grammar import Parameters, clean, parse_parameters, parsed_once

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*")
_HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.\-_]+)(?::([0-9]{1,5}))?")
_FORBIDDEN = re.compile(r'[\s<>"\x00-\x20\x7f]')
_LARGEST = 2048


class Uri(Struct, frozen=True):
    """A URI; `user`, `parameters` and `headers` are as on the wire, with their escapes.

    `scheme` is in lower case. A tel URI has its number in `user`; one of any scheme but `sip`, `sips` and
    `tel` all behind the colon in `opaque`.
    """

    scheme: str
    user: str = ""
    host: str = ""
    port: int | None = None
    parameters: Parameters = field(default_factory=dict[str, str | None])
    headers: str = ""
    opaque: str = ""

    @property
    def username(self) -> str:
        """The user without escapes, without a password."""
        return unquote(self.user.partition(":")[0], errors="replace")

    @property
    def is_sip(self) -> bool:
        """Whether the scheme is `sip` or `sips`."""
        return self.scheme in ("sip", "sips")

    def header(self, name: str) -> str | None:
        """The header field that the URI asks to be put into a request made of it, without escapes."""
        for part in self.headers.split("&"):
            key, _, value = part.partition("=")
            if key.lower() == name.lower():
                return unquote(value, errors="replace")
        return None

    def without_headers(self) -> Uri:
        """The URI as it may stand in a request line."""
        return Uri(self.scheme, self.user, self.host, self.port, self.parameters, "", self.opaque)

    def __str__(self) -> str:
        if self.opaque:
            return f"{self.scheme}:{self.opaque}"
        user = self.user if self.scheme == "tel" or not self.user else f"{self.user}@"
        port = "" if self.port is None else f":{self.port}"
        # Not as parameters of header fields: nothing in a URI can be quoted.
        parameters = ""
        for name, value in self.parameters.items():
            parameters += f";{name}" if value is None else f";{name}={value}"
        headers = f"?{self.headers}" if self.headers else ""
        return f"{self.scheme}:{user}{self.host}{port}{parameters}{headers}"


def escape_user(user: str) -> str:
    """The user part of a URI for any text (RFC 3261 section 19.1.2)."""
    return quote(user, safe="-_.!~*'()&=+$,;?/")


@parsed_once
def parse_uri(text: str) -> Uri:
    """The URI of a text without whitespace around it. Raises MalformedValue."""
    if len(text) > _LARGEST:
        raise MalformedValue("a URI is too long")
    if _FORBIDDEN.search(text) is not None:
        raise MalformedValue("a URI has a character that it may not have")
    scheme, colon, rest = clean(text).partition(":")
    if not colon or not rest or _SCHEME.fullmatch(scheme) is None:
        raise MalformedValue("a URI has no scheme")
    scheme = scheme.lower()
    if scheme in ("sip", "sips"):
        return _sip(scheme, rest)
    if scheme == "tel":
        number, _, parameters = rest.partition(";")
        return Uri("tel", user=number, parameters=parse_parameters(f";{parameters}") if parameters else {})
    return Uri(scheme, opaque=rest)


def _sip(scheme: str, rest: str) -> Uri:
    user, at, place = rest.partition("@")
    if not at:
        user, place = "", rest
    elif not user:
        raise MalformedValue("a URI has an empty user")
    place, _, headers = place.partition("?")
    place, _, parameters = place.partition(";")
    found = _HOST_PORT.fullmatch(place)
    if found is None:
        raise MalformedValue("a URI has no host")
    port = int(found[2]) if found[2] else None
    if port is not None and port > 65535:
        raise MalformedValue("a URI has no such port")
    return Uri(scheme, user, found[1], port, _uri_parameters(parameters) if parameters else {}, headers)


def _uri_parameters(text: str) -> dict[str, str | None]:
    """Parameters of a URI: as those of header fields, but that quotes mean nothing."""
    parameters: dict[str, str | None] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if name:
            parameters[name.lower()] = value if equals else None
    return parameters

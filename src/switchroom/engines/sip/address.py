"""Name-addr and addr-spec: the values of From, To, Contact, Route, Refer-To … (RFC 3261 section 20.10)."""

from __future__ import annotations

from msgspec import Struct, field

from switchroom.engines.sip.errors import MalformedValue
from switchroom.engines.sip.grammar import (
    Parameters,
    clean,
    format_parameters,
    leading_quoted,
    parse_parameters,
    parsed_once,
    quoted,
)
from switchroom.engines.sip.uri import Uri, parse_uri


class NameAddr(Struct, frozen=True):
    """An address with its display name (empty for none) and the header field's parameters."""

    uri: Uri
    display_name: str = ""
    parameters: Parameters = field(default_factory=dict[str, str | None])

    @property
    def tag(self) -> str | None:
        """The tag parameter of From and To."""
        return self.parameters.get("tag")

    def with_tag(self, tag: str) -> NameAddr:
        """The same address with this tag."""
        return NameAddr(self.uri, self.display_name, {**self.parameters, "tag": tag})

    def __str__(self) -> str:
        name = f"{quoted(self.display_name)} " if self.display_name else ""
        return f"{name}<{self.uri}>{format_parameters(self.parameters)}"


@parsed_once
def parse_name_addr(text: str) -> NameAddr:
    """The address of one header field value.

    A display name without quotes may have any character (RFC 4475 section 3.1.2.15 allows being liberal).
    Raises MalformedValue.
    """
    text = text.strip()
    if text.startswith('"'):
        name, rest = leading_quoted(text)
        rest = rest.lstrip()
        if not rest.startswith("<"):
            raise MalformedValue("a display name is not followed by an address")
        return _bracketed(clean(name), rest)
    opening = text.find("<")
    if opening >= 0:
        name = text[:opening].strip()
        if '"' in name:
            raise MalformedValue("a display name has a quote in it")
        return _bracketed(clean(name), text[opening:])
    address, semicolon, parameters = text.partition(";")
    address = address.strip()
    if "?" in address or "," in address:
        raise MalformedValue("an address needs angle brackets")
    return NameAddr(parse_uri(address), "", parse_parameters(f";{parameters}") if semicolon else {})


def _bracketed(name: str, rest: str) -> NameAddr:
    closing = rest.find(">")
    if closing < 0:
        raise MalformedValue("an address does not end")
    return NameAddr(parse_uri(rest[1:closing]), name, parse_parameters(rest[closing + 1 :]))

"""Header fields of a message: names in any case or compact form, fields of one value and of many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from switchroom.engines.sip.grammar import split_list

_COMPACT = {
    "a": "Accept-Contact",
    "b": "Referred-By",
    "c": "Content-Type",
    "d": "Request-Disposition",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "j": "Reject-Contact",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "n": "Identity-Info",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
    "y": "Identity",
}

_SPELLED = (
    "Accept", "Alert-Info", "Allow", "Allow-Events", "Authentication-Info", "Authorization", "Call-ID",
    "Call-Info", "Contact", "Content-Disposition", "Content-Encoding", "Content-Length", "Content-Type",
    "CSeq", "Date", "Diversion", "Event", "Expires", "From", "History-Info", "MIME-Version", "Max-Forwards",
    "Min-Expires", "Min-SE", "P-Asserted-Identity", "P-Preferred-Identity", "Path", "Privacy",
    "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Require", "RAck", "RSeq", "Reason", "Record-Route",
    "Refer-Sub", "Refer-To", "Referred-By", "Replaces", "Require", "Retry-After", "Route", "Server",
    "Service-Route", "Session-Expires", "SIP-ETag", "SIP-If-Match", "Subject", "Subscription-State",
    "Supported", "Target-Dialog", "Timestamp", "To", "Unsupported", "User-Agent", "Via", "WWW-Authenticate",
    "Warning",
)  # fmt: skip

KNOWN = {
    **{name.lower(): name for name in _SPELLED},
    **_COMPACT,
    **{compact.upper(): name for compact, name in _COMPACT.items()},
    **{name: name for name in _SPELLED},
}
"""Names as the standard spells them by how they are usually sent: so, in lower case, or in compact form."""


def field_name(name: str) -> str:
    """The name as the standard spells it, whatever its case, or its long form; `X-Own-Name` for an unknown
    one."""
    known = KNOWN.get(name)
    if known is None:
        known = KNOWN.get(name.lower())
    return known if known is not None else name.title()


class Headers:
    """Header fields in their order, asked for by the standard's spelling of their name (`Call-ID`).

    Values are as on the wire, unfolded; bytes that are not UTF-8 are kept as surrogates, so that what is
    copied to another message stays the same.
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        """`fields` are names, as `field_name` gives them, and values."""
        self._fields = list(fields)

    def get(self, name: str) -> str | None:
        """The value of the first field of this name."""
        for field, value in self._fields:
            if field == name:
                return value
        return None

    def all(self, name: str) -> list[str]:
        """The values of all fields of this name, each as it was sent."""
        return [value for field, value in self._fields if field == name]

    def values(self, name: str) -> list[str]:
        """The values of a field that may be a comma-separated list, over all fields of this name.

        Raises MalformedValue.
        """
        found: list[str] = []
        for field, value in self._fields:
            if field == name:
                found += split_list(value)
        return found

    def tokens(self, name: str) -> frozenset[str]:
        """The values of a list of tokens (Supported, Require, Allow …) as they are, without empty ones."""
        found: set[str] = set()
        for field, value in self._fields:
            if field == name:
                found.update(token.strip() for token in value.split(","))
        found.discard("")
        return frozenset(found)

    def add(self, name: str, value: str) -> None:
        """Put a field behind the others."""
        self._fields.append((name, value))

    def set(self, name: str, value: str) -> None:
        """Put a field in the place of all of its name."""
        self.remove(name)
        self._fields.append((name, value))

    def remove(self, name: str) -> None:
        """Take all fields of this name away."""
        self._fields = [pair for pair in self._fields if pair[0] != name]

    def copy(self) -> Headers:
        """Headers with the same fields, changed apart from these."""
        return Headers(self._fields)

    def __contains__(self, name: str) -> bool:
        return any(field == name for field, _ in self._fields)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and other._fields == self._fields

    def __hash__(self) -> int:
        return hash(tuple(self._fields))

    def __repr__(self) -> str:
        return f"Headers({self._fields!r})"

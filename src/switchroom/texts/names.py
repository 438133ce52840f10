"""Names of what errors are about, as callers know them."""

from __future__ import annotations

import re
from collections.abc import Mapping

_WORDS = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
"""A name of several words as the domain writes it; what callers named themselves is none."""

LONGEST_NAME = 1000
"""Characters of a name that are told: of some paths callers have written a part."""


class FieldNames:
    """A dialect's names for the domain's paths.

    `names` has the dialect's name of a part of a path by the path up to there, without indexes: with
    `{"invitees": "guests", "invitees.email": "mail"}`, `invitees[1].email` is `guests[1].mail`. A part with
    an empty name is left out. One without a name is called as the domain calls it, in camel case if the
    dialect writes so.
    """

    def __init__(self, names: Mapping[str, str] | None = None, *, in_camel_case: bool = True) -> None:
        self._names = names or {}
        self._in_camel_case = in_camel_case

    def of(self, path: str) -> str:
        """The name of what is at the path; indexes stay."""
        known, found = "", list[str]()
        for part in path[:LONGEST_NAME].split("."):
            bare, bracket, index = part.partition("[")
            known = f"{known}.{bare}" if known else bare
            name = self._names.get(known)
            if name is None:
                name = camel_case(bare) if self._in_camel_case else bare
            if name:
                found.append(name + bracket + index)
        return ".".join(found)


def camel_case(name: str) -> str:
    """`display_name` as `displayName`."""
    if not _WORDS.fullmatch(name):
        return name
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)

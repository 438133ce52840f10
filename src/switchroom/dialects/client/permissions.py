"""Permissions of the administration, by their names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from switchroom.errors import ErrorCode, Invalid
from switchroom.identity.permissions import Administration


def administration_named(names: Iterable[str]) -> Sequence[Administration]:
    """Raises Invalid for a name that no permission has."""
    try:
        return [Administration[name] for name in names]
    except KeyError as error:
        name = str(error.args[0])[:50]
        raise Invalid(ErrorCode.PERMISSION_UNKNOWN, "permissions", permission=name) from None

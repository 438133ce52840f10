"""Builder: events of any type and with any data, as far as the log is concerned."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import msgspec

from switchroom.events.types import DomainEvent


def happened(kind: str, /, **data: Any) -> DomainEvent:
    """An event of the type, with these data."""
    return _type(kind, tuple(data))(**data)


@cache
def _type(kind: str, names: tuple[str, ...]) -> type[DomainEvent]:
    made = msgspec.defstruct(
        "Happened",
        [(name, Any) for name in names],
        bases=(DomainEvent,),
        namespace={"event_type": kind, "happens_to": "test"},
        frozen=True,
        kw_only=True,
    )
    return cast("type[DomainEvent]", made)

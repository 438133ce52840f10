"""Notices (bus messages) of the event log."""

from __future__ import annotations

from msgspec import Struct


class EventsAppended(Struct, frozen=True):
    """An organization's log has new events, with ids from `first` to `last`; events of others may be among
    them. `types` are those that there are, each once."""

    organization_id: int
    first: int
    last: int
    types: tuple[str, ...] = ()

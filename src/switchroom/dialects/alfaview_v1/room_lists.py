"""Encoded lists of rooms, kept until the rooms change."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable

from msgspec import Raw

from switchroom.identity.tokens import AccessToken
from switchroom.rooms.revisions import Revisions

_MOST_BYTES = 32 << 20
_LARGEST_SHARE = 8
_KEY_BYTES = 1024
"""Bytes that a kept list costs besides its own, reckoned high."""


class RoomLists:
    """The most recently used lists, at most 32 MiB of them.

    A list belongs to its viewer, to what they asked for and to a revision of the organization's rooms; the
    revision is read before the rooms are, so that a list is never kept under a revision newer than itself.
    Several who want the same list at once wait for one making of it.
    """

    def __init__(self, revisions: Revisions, most_bytes: int = _MOST_BYTES) -> None:
        self._revisions = revisions
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[Hashable, Raw] = OrderedDict()
        self._in_making: dict[Hashable, asyncio.Task[Raw]] = {}

    async def get(self, caller: AccessToken, wanted: Hashable, make: Callable[[], Awaitable[Raw]]) -> Raw:
        key = (
            caller.organization_id,
            self._revisions.of(caller.organization_id),
            caller.subject_id,
            caller.administration,
            wanted,
        )
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        making = self._in_making.get(key)
        if making is None:
            making = self._in_making[key] = asyncio.create_task(self._make(key, make))
        return await asyncio.shield(making)

    async def _make(self, key: Hashable, make: Callable[[], Awaitable[Raw]]) -> Raw:
        try:
            made = await make()
            self._keep(key, made)
            return made
        finally:
            del self._in_making[key]

    def _keep(self, key: Hashable, made: Raw) -> None:
        size = _size(made)
        if key in self._kept or size > self._most_bytes // _LARGEST_SHARE:
            return
        self._kept[key] = made
        self._bytes += size
        while self._bytes > self._most_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= _size(oldest)


def _size(made: Raw) -> int:
    return len(memoryview(made)) + _KEY_BYTES

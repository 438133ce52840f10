"""Feeds of one conference: the streams that its participants publish at the media server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from switchroom.conference.room.participants import Participant, Source


@dataclass(frozen=True)
class Feed:
    """Feed of one participant: `lines` are the mids of the sources that may be subscribed to."""

    id: str
    participant: Participant
    lines: dict[Source, str]


class Feeds:
    """The feeds that are up, one a participant."""

    def __init__(self, changed: Callable[[Participant, Feed | None], None]) -> None:
        """`changed` is called with a participant whose feed is up, has other lines, or (None) is gone."""
        self._changed = changed
        self.by_participant: dict[str, Feed] = {}

    def all(self) -> list[Feed]:
        return list(self.by_participant.values())

    def find(self, feed_id: str) -> Feed | None:
        """The feed with this id, while it is up."""
        feed = self.by_participant.get(feed_id.partition(".")[0])
        return feed if feed is not None and feed.id == feed_id else None

    def put(self, feed: Feed) -> None:
        """A participant's feed is up, or has other lines."""
        self.by_participant[feed.participant.id] = feed
        self._changed(feed.participant, feed)

    def remove(self, participant: Participant) -> None:
        """A participant's feed is gone, if there was one."""
        if self.by_participant.pop(participant.id, None) is not None:
            self._changed(participant, None)

    def clear(self) -> None:
        """All are gone with their media server; nobody is called for it."""
        self.by_participant.clear()

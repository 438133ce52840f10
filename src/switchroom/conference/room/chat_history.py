"""The last messages of a room's chat, for those who come later."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from switchroom.conference.messages import ChatMessage
from switchroom.conference.room.participants import Participant
from switchroom.rooms.models import RoomMode

KEPT = 200
"""Messages of a room kept for those who come later."""


@dataclass(frozen=True)
class ChatEntry:
    """A message with whom it concerns; people are known by user id, which lasts over several stays."""

    message: ChatMessage
    sender: str
    by_moderator: bool
    recipient: str | None

    def readable(self, reader: Participant, mode: RoomMode) -> bool:
        """Whether somebody may read it who was not there when it was written."""
        if self.message.kind == "broadcast" or reader.user_id == self.sender:
            return True
        if self.message.kind == "private":
            return reader.user_id == self.recipient
        return mode is not RoomMode.EXAM or self.by_moderator or reader.is_moderator


class ChatHistory:
    """The last `KEPT` messages of a room."""

    def __init__(self) -> None:
        self._entries: deque[ChatEntry] = deque(maxlen=KEPT)

    def append(self, entry: ChatEntry) -> None:
        self._entries.append(entry)

    def readable(self, reader: Participant, mode: RoomMode) -> list[ChatMessage]:
        """Messages that the reader may read, the oldest first."""
        return [one.message for one in self._entries if one.readable(reader, mode)]

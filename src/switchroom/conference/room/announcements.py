"""Messages to several people at once, each encoded as often as it differs and no more."""

from __future__ import annotations

from collections.abc import Iterable

from switchroom.conference.messages import (
    ParticipantJoined,
    ParticipantUpdated,
    SelfUpdated,
    ServerMessage,
    encode,
)
from switchroom.conference.room import to_message
from switchroom.conference.room.participants import Participant


def tell(recipients: Iterable[Participant], message: ServerMessage) -> None:
    """Send the same to all of them."""
    text: str | None = None
    for recipient in recipients:
        if recipient.connection is not None:
            text = encode(message) if text is None else text
            recipient.connection.send_encoded(text)


class Showing:
    """Messages that show one participant to others (moderators see permissions too), encoded once. They are
    good until something changes."""

    def __init__(self, participant: Participant) -> None:
        self._participant = participant
        self._encoded: dict[tuple[type[ServerMessage], bool], str] = {}

    def joined(self, viewers: Iterable[Participant]) -> None:
        """The participant has come into their view."""
        self._show(viewers, ParticipantJoined)

    def updated(self, viewers: Iterable[Participant]) -> None:
        """The participant, who is in their view, is otherwise than before."""
        self._show(viewers, ParticipantUpdated)

    def _show(
        self, viewers: Iterable[Participant], message: type[ParticipantJoined] | type[ParticipantUpdated]
    ) -> None:
        for viewer in viewers:
            if viewer.connection is None:
                continue
            key = (message, viewer.is_moderator)
            if key not in self._encoded:
                shown = to_message.participant(self._participant, with_permissions=viewer.is_moderator)
                self._encoded[key] = encode(message(shown))
            viewer.connection.send_encoded(self._encoded[key])


def tell_self(participant: Participant) -> None:
    """Tell somebody how they are now, and what they may do."""
    participant.send(
        SelfUpdated(
            to_message.participant(participant, with_permissions=True),
            to_message.permissions(participant.permissions),
        )
    )

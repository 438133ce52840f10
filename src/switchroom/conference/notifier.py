"""Events of live rooms, and the transcripts of meetings."""

from __future__ import annotations

from typing import Protocol, TypedDict

from switchroom.conference.messages import ChatMessage, LeftReason
from switchroom.conference.room.participants import Participant
from switchroom.db.base import time_of
from switchroom.events.types import (
    DomainEvent,
    LiveRoomEvent,
    RoomEmptied,
    RoomJoined,
    RoomLeft,
    RoomModerated,
    RoomModeratedAll,
    RoomOpened,
    RoomReadmitted,
    RoomRecordingAnswered,
    RoomRecordingStarted,
    RoomRecordingStopped,
    of_meeting,
)
from switchroom.rooms.admission import RoomFacts


class Events(Protocol):
    """Log of events (see `EventBuffer`)."""

    def add(self, organization_id: int, event: DomainEvent, object_id: str) -> None: ...


class Transcript(Protocol):
    """Transcripts of meetings' chat (see `MeetingTranscript`)."""

    def note(self, organization_id: int, meeting_id: str, sender_name: str, text: str) -> None: ...


class Notifier:
    """Notes what happens in a room in the event log, and what is written in a meeting in its transcript."""

    def __init__(self, events: Events, transcript: Transcript | None) -> None:
        self._events = events
        self._transcript = transcript

    def opened(self, room: RoomFacts) -> None:
        self._add(room, RoomOpened(display_name=room.room_name))

    def joined(self, room: RoomFacts, participant: Participant) -> None:
        link_id, joined_at = participant.admission.link_id, time_of(participant.joined_at)
        self._add(room, RoomJoined(**_who(participant), link_id=link_id, joined_at=joined_at))

    def left(self, room: RoomFacts, participant: Participant, reason: LeftReason) -> None:
        joined_at = time_of(participant.joined_at)
        self._add(room, RoomLeft(**_who(participant), reason=reason, joined_at=joined_at))

    def emptied(self, room: RoomFacts) -> None:
        self._add(room, RoomEmptied())

    def moderated(self, room: RoomFacts, moderator: Participant, target: Participant, action: str) -> None:
        self._add(room, RoomModerated(**_who(target), action=action, by=moderator.user_id))

    def moderated_all(self, room: RoomFacts, moderator: Participant, action: str) -> None:
        self._add(room, RoomModeratedAll(action=action, by=moderator.user_id))

    def readmitted(self, room: RoomFacts, moderator: Participant, user_id: str, display_name: str) -> None:
        self._add(room, RoomReadmitted(user_id=user_id, display_name=display_name, by=moderator.user_id))

    def written(self, room: RoomFacts, message: ChatMessage) -> None:
        """Keep a message for the summary of a meeting, unless it is private."""
        if self._transcript is not None and room.meeting_id is not None and message.kind != "private":
            self._transcript.note(room.organization_id, room.meeting_id, message.from_name, message.text)

    def recording_changed(self, room: RoomFacts, recording_id: str, *, recording: bool) -> None:
        """Log that a recording has begun or ended."""
        kind = RoomRecordingStarted if recording else RoomRecordingStopped
        self._add(room, kind(recording_id=recording_id))

    def recording_answered(self, room: RoomFacts, participant: Participant, agrees: bool) -> None:
        self._add(room, RoomRecordingAnswered(**_who(participant), agrees=agrees))

    def _add(self, room: RoomFacts, event: LiveRoomEvent) -> None:
        """Log what happens in a room; in a meeting's, as something that happens to the meeting."""
        if room.meeting_id is None:
            self._events.add(room.organization_id, event, room.room_id)
        else:
            self._events.add(room.organization_id, of_meeting(event, room.room_id), room.meeting_id)


class _Who(TypedDict):
    participant_id: str
    user_id: str
    display_name: str
    is_guest: bool
    is_spectator: bool


def _who(participant: Participant) -> _Who:
    return {
        "participant_id": participant.id,
        "user_id": participant.user_id,
        "display_name": participant.display_name,
        "is_guest": participant.admission.is_guest,
        "is_spectator": participant.is_spectator,
    }

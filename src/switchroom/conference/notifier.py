"""Events of live rooms, and the transcripts of meetings."""

from __future__ import annotations

from typing import Any, Protocol

from switchroom.conference.messages import ChatMessage, LeftReason
from switchroom.conference.room.participants import Participant
from switchroom.db.base import time_of
from switchroom.rooms.admission import RoomFacts


class Recorder(Protocol):
    """Where what happens is logged (see `EventRecorder`)."""

    def note(self, organization_id: int, kind: str, object_id: str, data: dict[str, Any]) -> None: ...


class Transcript(Protocol):
    """Where what is written in meetings is kept (see `MeetingTranscript`)."""

    def note(self, organization_id: int, meeting_id: str, sender_name: str, text: str) -> None: ...


class Notifier:
    """Notes what happens in a room in the event log, and what is written in a meeting in its transcript."""

    def __init__(self, recorder: Recorder, transcript: Transcript | None) -> None:
        self._recorder = recorder
        self._transcript = transcript

    def opened(self, room: RoomFacts) -> None:
        self._note(room, "opened", {"display_name": room.room_name})

    def joined(self, room: RoomFacts, participant: Participant) -> None:
        stay = {"link_id": participant.admission.link_id, "joined_at": time_of(participant.joined_at)}
        self._note(room, "joined", _who(participant) | stay)

    def left(self, room: RoomFacts, participant: Participant, reason: LeftReason) -> None:
        stay = {"reason": reason, "joined_at": time_of(participant.joined_at)}
        self._note(room, "left", _who(participant) | stay)

    def emptied(self, room: RoomFacts) -> None:
        self._note(room, "emptied", {})

    def moderated(self, room: RoomFacts, moderator: Participant, target: Participant, action: str) -> None:
        self._note(room, "moderated", _who(target) | {"action": action, "by": moderator.user_id})

    def written(self, room: RoomFacts, view: ChatMessage) -> None:
        """What a meeting's summary shows is kept: all but private messages."""
        if self._transcript is not None and room.meeting_id is not None and view.kind != "private":
            self._transcript.note(room.organization_id, room.meeting_id, view.from_name, view.text)

    def recording_changed(self, room: RoomFacts, recording_id: str, *, recording: bool) -> None:
        kind = "recording_started" if recording else "recording_stopped"
        self._note(room, kind, {"recording_id": recording_id})

    def _note(self, room: RoomFacts, kind: str, data: dict[str, Any]) -> None:
        """Log what happens in a room; in a meeting's, as something that happens to the meeting."""
        if room.meeting_id is None:
            self._recorder.note(room.organization_id, f"room.{kind}", room.room_id, data)
        else:
            data = {"room_id": room.room_id, **data}
            self._recorder.note(room.organization_id, f"meeting.{kind}", room.meeting_id, data)


def _who(participant: Participant) -> dict[str, Any]:
    return {
        "participant_id": participant.id,
        "user_id": participant.user_id,
        "display_name": participant.display_name,
        "is_guest": participant.admission.is_guest,
        "is_spectator": participant.is_spectator,
    }

"""One room while people are inside: who is there, who may see whom, and who is told what."""

from __future__ import annotations

from collections.abc import Collection, Coroutine, Iterable, Sequence
from typing import Any, Protocol

from switchroom.conference.close_codes import close_code
from switchroom.conference.messages import (
    ChatMessage,
    Ended,
    EndReason,
    LeftReason,
    ParticipantLeft,
    RoomInfo,
    RoomUpdated,
    ServerMessage,
    Speaking,
    SpectatorsInfo,
)
from switchroom.conference.refusals import refusal
from switchroom.conference.room import to_message
from switchroom.conference.room.announcements import Showing, tell, tell_self
from switchroom.conference.room.chat_history import ChatHistory
from switchroom.conference.room.consents import Consents
from switchroom.conference.room.participants import Participant, is_spectator
from switchroom.conference.room.permission_overrides import Overrides, RoomOverrides, Rules
from switchroom.conference.room.spectators import announce_changes, spectators_for
from switchroom.errors import ErrorCode, Exhausted, Forbidden, NotFound, Unavailable
from switchroom.rooms.admission import Admission, RoomFacts
from switchroom.rooms.models import RoomMode


class Follower(Protocol):
    """Follower of a conference: acts on what happens in it."""

    def media_changed(self, participant: Participant) -> None:
        """The participant's permissions, switches or view are different."""
        ...

    def media_of_many_changed(self, participants: Sequence[Participant]) -> None:
        """As `media_changed`, of several at once."""
        ...

    def room_changed(self) -> None:
        """The facts of the room are different."""
        ...

    def removed(self, participants: Sequence[Participant], reason: LeftReason) -> None:
        """The participants are no longer inside."""
        ...

    def moderated(self, moderator: Participant, target: Participant, action: str) -> None:
        """A moderator has done something to somebody."""
        ...

    def moderated_all(self, moderator: Participant, action: str) -> None:
        """A moderator has done something to everybody."""
        ...

    def readmitted(self, moderator: Participant, user_id: str, display_name: str) -> None:
        """A moderator lets somebody back who was put out."""
        ...

    def in_background(self, work: Coroutine[Any, Any, None], what: str) -> None:
        """Do what takes several turns of the loop; `what` names it in the log."""
        ...

    def written(self, message: ChatMessage) -> None:
        """A participant has written a message."""
        ...

    def recording_changed(self, recording_id: str) -> None:
        """The recording of this id has begun or ended."""
        ...

    def recording_wish_changed(self) -> None:
        """The room is to be recorded, or no longer."""
        ...

    def recording_answered(self, participant: Participant, agrees: bool) -> None:
        """A participant agrees to be recorded, or does not."""
        ...


class Conference:
    """The live state of one room. Nothing here waits, so each change is whole before the next begins."""

    def __init__(self, room: RoomFacts, follower: Follower, overrides: RoomOverrides | None = None) -> None:
        """`overrides` are those that hold from before; changes are made in them."""
        self.room = room
        self.participants: dict[str, Participant] = {}
        self.chat = ChatHistory()
        self.recording = False
        """Whether what happens is being recorded."""
        self.can_record = False
        """Whether there is something that records."""
        self.recording_refused = False
        """Whether it could not be recorded when it was to be: until that is said again."""
        self.consents = Consents()
        self.let_in: set[str] = set()
        """The user ids of those who have been inside: as long as the conference lives they need not wait any
        more, and come back when it is locked."""
        self.overrides = overrides or RoomOverrides()
        self._follower = follower

    @property
    def mode(self) -> RoomMode:
        return self.room.mode

    @property
    def rules(self) -> Rules:
        return self.overrides.rules

    @property
    def to_be_recorded(self) -> bool:
        """Whether what happens is to be recorded: as a moderator has said or else as the room's meeting has
        it."""
        return self._is_to_be_recorded(self.room)

    @property
    def moderators(self) -> list[Participant]:
        return [one for one in self.participants.values() if one.is_moderator]

    def overrides_of(self, user_id: str) -> Overrides:
        """Permissions that moderators have granted and revoked: they hold as long as the conference lives."""
        return self.overrides.of(user_id)

    def find(self, participant_id: str) -> Participant:
        """Raises NotFound."""
        participant = self.participants.get(participant_id)
        if participant is None:
            raise NotFound(ErrorCode.PARTICIPANT_NOT_FOUND, "participant_id")
        return participant

    def of_user(self, user_id: str) -> Participant | None:
        return next((one for one in self.participants.values() if one.user_id == user_id), None)

    def sees(self, viewer: Participant, other: Participant) -> bool:
        """Whether `viewer` sees, hears and reads `other`. In an exam it takes a moderator on one side."""
        if self.mode is not RoomMode.EXAM or viewer is other:
            return True
        return viewer.is_moderator or other.is_moderator

    def lists(self, viewer: Participant, other: Participant) -> bool:
        """Whether `other` is in the participant list of `viewer`: spectators are in nobody's."""
        return viewer is not other and not other.is_spectator and self.sees(viewer, other)

    def reaches(self, sender: Participant, recipient_id: str) -> Participant:
        """Recipient to whom `sender` writes. Raises NotFound, also for one of whom the sender cannot know."""
        recipient = self.participants.get(recipient_id)
        if recipient is not None:
            known = sender.is_moderator if recipient.is_spectator else self.lists(sender, recipient)
            if known:
                return recipient
        raise NotFound(ErrorCode.PARTICIPANT_NOT_FOUND, "to")

    def listed(self, viewer: Participant) -> list[Participant]:
        return [other for other in self.participants.values() if self.lists(viewer, other)]

    def viewers(self, participant: Participant) -> list[Participant]:
        """Participants in whose list the participant is."""
        return [other for other in self.participants.values() if self.lists(other, participant)]

    def spectators(self) -> list[Participant]:
        return [one for one in self.participants.values() if one.is_spectator]

    def spectators_to_message(self, viewer: Participant) -> SpectatorsInfo:
        return spectators_for(viewer, self.spectators())

    def has_place(self, *, as_spectator: bool, besides: Participant | None = None) -> bool:
        """Whether one more fits in, when `besides` is gone."""
        limit = self.room.passive_limit if as_spectator else self.room.active_limit
        taken = sum(
            one.is_spectator is as_spectator for one in self.participants.values() if one is not besides
        )
        return limit is None or taken < limit

    def require_place(self, admission: Admission, besides: Participant | None) -> bool:
        """Whether the admitted person comes in as a spectator.

        Raises Forbidden (`spectators_not_allowed`), Exhausted (`room_full`, `spectators_full`).
        """
        as_spectator = is_spectator(admission, self.overrides_of(admission.user_id))
        if as_spectator and self.mode is not RoomMode.SPECTATOR:
            raise Forbidden(ErrorCode.SPECTATORS_NOT_ALLOWED)
        if not self.has_place(as_spectator=as_spectator, besides=besides):
            raise (Exhausted(ErrorCode.SPECTATORS_FULL) if as_spectator else Exhausted(ErrorCode.ROOM_FULL))
        return as_spectator

    def remove(self, participant: Participant, reason: LeftReason, end: EndReason | None = None) -> None:
        """Remove a participant; `end` is told to them where it was not their own wish."""
        self.remove_all([participant], reason, end)

    def remove_all(
        self, participants: Iterable[Participant], reason: LeftReason, end: EndReason | None = None
    ) -> None:
        """As `remove`, of several at once: none of them is told of the others."""
        gone = [one for one in participants if self.participants.pop(one.id, None) is not None]
        if not gone:
            return
        for one in gone:
            self._end(one, reason, end)
        watched = [one for one in gone if one.is_spectator]
        if watched:
            announce_changes(self.participants.values(), len(self.spectators()), gone=watched)
        # Of a session that was ended nobody is left to be told.
        if any(one.connection is not None for one in self.participants.values()):
            for one in gone:
                if not one.is_spectator:
                    tell(self.viewers(one), ParticipantLeft(one.id, reason))
        self._follower.removed(gone, reason)

    def dismiss_all(self, end: EndReason) -> list[Participant]:
        """Tell everybody that it is over, and end their connections; these are to be removed now."""
        everybody = list(self.participants.values())
        tell(everybody, Ended(end))
        for one in everybody:
            if one.grace is not None:
                one.grace.cancel()
            connection, one.connection = one.connection, None
            if connection is not None:
                connection.end(close_code(end))
        return everybody

    def in_background(self, work: Coroutine[Any, Any, None], what: str) -> None:
        """Have something done that goes on when whoever has asked for it is gone."""
        self._follower.in_background(work, what)

    def _end(self, participant: Participant, reason: LeftReason, end: EndReason | None) -> None:
        if reason == "removed":
            self.let_in.discard(participant.user_id)
        if participant.grace is not None:
            participant.grace.cancel()
        connection, participant.connection = participant.connection, None
        if connection is not None and end is not None:
            connection.send(Ended(end))
            connection.end(close_code(end))

    def moderated(self, moderator: Participant, target: Participant, action: str) -> None:
        """To be called when a moderator has done something to somebody."""
        self._follower.moderated(moderator, target, action)

    def moderated_all(self, moderator: Participant, action: str) -> None:
        """To be called when a moderator has done something to everybody."""
        self._follower.moderated_all(moderator, action)

    def readmitted(self, moderator: Participant, user_id: str, display_name: str) -> None:
        """To be called when a moderator lets somebody back who was put out."""
        self._follower.readmitted(moderator, user_id, display_name)

    def written(self, message: ChatMessage) -> None:
        """To be called when somebody has written something."""
        self._follower.written(message)

    def announce_joined(self, participant: Participant) -> None:
        """Tell those who see the participant that they have come in."""
        if participant.is_spectator:
            announce_changes(self.participants.values(), len(self.spectators()), come=[participant])
        else:
            Showing(participant).joined(self.viewers(participant))

    def announce(self, participant: Participant, among: Collection[Participant] | None = None) -> None:
        """Tell everyone who may know, or those `among` them only, and the participant, how they are now."""
        tell_self(participant)
        if participant.is_spectator:
            return
        viewers = self.participants.values() if among is None else among
        Showing(participant).updated([one for one in viewers if self.lists(one, participant)])
        if participant.speaking and not participant.media.microphone:
            self.speaking(participant, speaking=False)

    def media_changed(self, participant: Participant, among: Collection[Participant] | None = None) -> None:
        """Silence or relay a participant whose permissions or switches are different, and say so (`among` as
        of `announce`)."""
        self._follower.media_changed(participant)
        self.announce(participant, among)

    def media_of_many_changed(self, participants: Sequence[Participant]) -> None:
        """Silence or relay several participants whose switches are different. Callers tell the clients."""
        for one in participants:
            one.speaking = one.speaking and one.media.microphone
        self._follower.media_of_many_changed(participants)

    def view_changed(self, participant: Participant) -> None:
        """To be called when the participant sees other people than before."""
        self._follower.media_changed(participant)

    def speaking(self, participant: Participant, *, speaking: bool) -> None:
        """Note that a participant begins or ends to speak, and tell them and their viewers."""
        speaking = speaking and participant.media.microphone
        if participant.speaking == speaking:
            return
        participant.speaking = speaking
        tell([*self.viewers(participant), participant], Speaking(participant.id, speaking))

    def tell_all(self, message: ServerMessage) -> None:
        tell(self.participants.values(), message)

    def room_changed(self, before: RoomFacts) -> None:
        """To be called when the room is another than `before`."""
        told = self._to_message(before)
        if before.recorded != self.room.recorded:
            # Who changes the meeting says it last.
            self.recording_refused = False
            if self.rules.recording is not None:
                self.overrides.record(None)
        if told != self.room_to_message():
            self.tell_all(RoomUpdated(self.room_to_message()))
        self._follower.room_changed()

    def rules_changed(self, moderator: Participant) -> None:
        """To be called when a moderator has made other rules for everybody."""
        self.tell_all(RoomUpdated(self.room_to_message(), moderator.display_name))

    def room_to_message(self) -> RoomInfo:
        return self._to_message(self.room)

    def _to_message(self, room: RoomFacts) -> RoomInfo:
        wanted = self._is_to_be_recorded(room)
        return to_message.room(room, self.rules, recording=self.recording, to_be_recorded=wanted)

    def _is_to_be_recorded(self, room: RoomFacts) -> bool:
        wanted = room.recorded if self.rules.recording is None else self.rules.recording
        return wanted and self.can_record and not self.recording_refused

    def refuse_recording(self) -> None:
        """Note that it cannot be recorded, though it is to be: everybody is told that it is not, and the
        moderators why."""
        if not self.to_be_recorded:
            return
        self.recording_refused = True
        is_wish = self.rules.recording is not None
        if is_wish:
            self.overrides.record(None)
        self.tell_all(RoomUpdated(self.room_to_message()))
        if is_wish:
            tell(self.moderators, refusal(Unavailable(ErrorCode.RECORDING_UNAVAILABLE), None))

    def recording_wish_changed(self) -> None:
        """To be called when a moderator has said that the room is to be recorded, or not."""
        self._follower.recording_wish_changed()

    def recording_answered(self, participant: Participant, agrees: bool) -> None:
        """To be called when somebody agrees to be recorded, or does not."""
        self._follower.recording_answered(participant, agrees)

    def set_recording(self, recording_id: str, *, recording: bool) -> None:
        """Note that the conference begins to be recorded, or is no longer: everybody is told."""
        if self.recording != recording:
            self.recording = recording
            self.tell_all(RoomUpdated(self.room_to_message()))
            self._follower.recording_changed(recording_id)

    def become_active_if_permitted(self, participant: Participant) -> None:
        """A spectator who is granted voice, video or screen takes an active place, where there is one."""
        if (
            participant.is_spectator
            and not is_spectator(participant.admission, participant.overrides)
            and self.has_place(as_spectator=False)
        ):
            participant.is_spectator = False
            self.announce_joined(participant)
            announce_changes(self.participants.values(), len(self.spectators()), gone=[participant])

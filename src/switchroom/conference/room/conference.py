"""One room while people are inside: who is there, who may see whom, and who is told what."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Protocol

from switchroom.conference.close_codes import close_code
from switchroom.conference.messages import (
    ChatMessage,
    Ended,
    EndReason,
    LeftReason,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantUpdated,
    RoomInfo,
    RoomUpdated,
    SelfUpdated,
    ServerMessage,
    Speaking,
    Spectators,
    SpectatorsInfo,
    encode,
)
from switchroom.conference.room import to_message
from switchroom.conference.room.chat_history import ChatHistory
from switchroom.conference.room.participants import Overrides, Participant, is_spectator
from switchroom.errors import ErrorCode, Exhausted, Forbidden, NotFound
from switchroom.rooms.admission import Admission
from switchroom.rooms.models import RoomMode


class Follower(Protocol):
    """Who acts on what happens in a conference."""

    def media_changed(self, participant: Participant) -> None:
        """The participant's permissions, switches or view are different."""
        ...

    def removed(self, participant: Participant, reason: LeftReason) -> None:
        """The participant is no longer inside."""
        ...

    def moderated(self, moderator: Participant, target: Participant, action: str) -> None:
        """A moderator has done something to somebody."""
        ...

    def written(self, view: ChatMessage) -> None:
        """Somebody has written something."""
        ...

    def recording_changed(self, recording_id: str) -> None:
        """The recording of this id has begun or ended."""
        ...


class Conference:
    """The live state of one room. Nothing here waits, so each change is whole before the next begins."""

    def __init__(
        self, admission: Admission, follower: Follower, overrides: dict[str, Overrides] | None = None
    ) -> None:
        """`overrides` is what holds from before, by user id; changes are made in it."""
        self.room = admission
        self.participants: dict[str, Participant] = {}
        self.chat = ChatHistory()
        self.recording = False
        """Whether what happens is being recorded."""
        self.let_in: set[str] = set()
        """The user ids of those who need not wait any more as long as the conference lives."""
        self.put_out: set[str] = set()
        """The user ids of those whom a moderator has removed, and nobody has let in since."""
        self._overrides = overrides if overrides is not None else {}
        self._follower = follower

    @property
    def mode(self) -> RoomMode:
        return self.room.mode

    def overrides_of(self, user_id: str) -> Overrides:
        """What moderators have granted and revoked; it holds as long as the conference lives."""
        return self._overrides.setdefault(user_id, Overrides())

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
        """Whom `sender` writes to. Raises NotFound, also for somebody they cannot know of."""
        recipient = self.participants.get(recipient_id)
        if recipient is not None:
            known = sender.is_moderator if recipient.is_spectator else self.lists(sender, recipient)
            if known:
                return recipient
        raise NotFound(ErrorCode.PARTICIPANT_NOT_FOUND, "to")

    def listed(self, viewer: Participant) -> list[Participant]:
        return [other for other in self.participants.values() if self.lists(viewer, other)]

    def viewers(self, participant: Participant) -> list[Participant]:
        """Those in whose list the participant is."""
        return [other for other in self.participants.values() if self.lists(other, participant)]

    def spectators(self) -> list[Participant]:
        return [one for one in self.participants.values() if one.is_spectator]

    def spectators_to_message(self, viewer: Participant) -> SpectatorsInfo:
        inside = self.spectators()
        return SpectatorsInfo(
            len(inside), [to_message.spectator(one) for one in inside] if viewer.is_moderator else None
        )

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
        """Somebody is no longer inside; `end` is told to them where it was not their own wish."""
        if self.participants.pop(participant.id, None) is None:
            return
        if reason == "removed":
            self.let_in.discard(participant.user_id)
            self.put_out.add(participant.user_id)
        if participant.grace is not None:
            participant.grace.cancel()
        connection, participant.connection = participant.connection, None
        if connection is not None and end is not None:
            connection.send(Ended(end))
            connection.end(close_code(end))
        if participant.is_spectator:
            self.announce_spectators()
        else:
            self._tell(self.viewers(participant), ParticipantLeft(participant.id, reason))
        self._follower.removed(participant, reason)

    def moderated(self, moderator: Participant, target: Participant, action: str) -> None:
        """To be called when a moderator has done something to somebody."""
        self._follower.moderated(moderator, target, action)

    def written(self, view: ChatMessage) -> None:
        """To be called when somebody has written something."""
        self._follower.written(view)

    def announce_joined(self, participant: Participant) -> None:
        if participant.is_spectator:
            self.announce_spectators()
            return
        self._show(self.viewers(participant), participant, ParticipantJoined)

    def announce(self, participant: Participant) -> None:
        """Tell everyone who may know, the participant included, how they are now."""
        participant.send(
            SelfUpdated(
                to_message.participant(participant, with_permissions=True),
                to_message.permissions(participant.permissions),
            )
        )
        if participant.is_spectator:
            return
        self._show(self.viewers(participant), participant, ParticipantUpdated)
        if participant.speaking and not participant.media.microphone:
            self.speaking(participant, speaking=False)

    def announce_spectators(self) -> None:
        inside = [to_message.spectator(one) for one in self.spectators()]
        everybody = self.participants.values()
        self._tell([one for one in everybody if one.is_moderator], Spectators(len(inside), inside))
        self._tell([one for one in everybody if not one.is_moderator], Spectators(len(inside)))

    def media_changed(self, participant: Participant) -> None:
        """What the participant may send or has on is different: silence or relay it, and say so."""
        self._follower.media_changed(participant)
        self.announce(participant)

    def speaking(self, participant: Participant, *, speaking: bool) -> None:
        """Somebody begins or ends to speak."""
        speaking = speaking and participant.media.microphone
        if participant.speaking == speaking:
            return
        participant.speaking = speaking
        self._tell([*self.viewers(participant), participant], Speaking(participant.id, speaking))

    def tell_all(self, message: ServerMessage) -> None:
        self._tell(self.participants.values(), message)

    def review(self, admissions: dict[str, Admission]) -> None:
        """Take in what the room is now and what each person (by participant id) may do in it."""
        if not admissions:
            return
        before = self.room
        changed: list[Participant] = []
        with self._views_change():
            for participant_id, admission in admissions.items():
                participant = self.participants.get(participant_id)
                if participant is None:
                    continue
                self.room = admission
                if participant.admission.permissions != admission.permissions:
                    changed.append(participant)
                participant.admission = admission
        for participant in changed:
            self.become_active_if_permitted(participant)
            self.media_changed(participant)
        if to_message.room(before, recording=self.recording) != self.room_to_message():
            self.tell_all(RoomUpdated(self.room_to_message()))

    def room_to_message(self) -> RoomInfo:
        return to_message.room(self.room, recording=self.recording)

    def set_recording(self, recording_id: str, *, recording: bool) -> None:
        """What happens begins to be recorded, or is no longer: everybody is told."""
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
            self.announce_spectators()

    @contextmanager
    def _views_change(self) -> Generator[None]:
        """Tell each person who has come into their view, or gone from it, between begin and end."""
        before = {
            viewer.id: ({one.id for one in self.listed(viewer)}, viewer.is_moderator)
            for viewer in self.participants.values()
        }
        yield
        for viewer in self.participants.values():
            known, was_moderator = before.get(viewer.id, (set[str](), viewer.is_moderator))
            now = self.listed(viewer)
            for gone in known - {one.id for one in now}:
                viewer.send(ParticipantLeft(gone, "left"))
            for one in now:
                shown = to_message.participant(one, with_permissions=viewer.is_moderator)
                if one.id not in known:
                    viewer.send(ParticipantJoined(shown))
                elif was_moderator != viewer.is_moderator:
                    viewer.send(ParticipantUpdated(shown))
            self._follower.media_changed(viewer)

    def _show(
        self,
        viewers: Iterable[Participant],
        participant: Participant,
        message: type[ParticipantJoined] | type[ParticipantUpdated],
    ) -> None:
        """Encode once for moderators, who see permissions, and once for all others."""
        encoded: dict[bool, str] = {}
        for viewer in viewers:
            if viewer.connection is None:
                continue
            full = viewer.is_moderator
            if full not in encoded:
                encoded[full] = encode(message(to_message.participant(participant, with_permissions=full)))
            viewer.connection.send_encoded(encoded[full])

    def _tell(self, recipients: Iterable[Participant], message: ServerMessage) -> None:
        text = encode(message)
        for recipient in recipients:
            if recipient.connection is not None:
                recipient.connection.send_encoded(text)

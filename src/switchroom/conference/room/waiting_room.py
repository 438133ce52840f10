"""The waiting room, in which people stay outside until a moderator lets them in."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from switchroom.conference.close_codes import CloseCode, close_code
from switchroom.conference.messages import Ended, EndReason, Waiting, WaitingInfo, WaitingUpdated
from switchroom.conference.room import to_message
from switchroom.conference.room.announcements import tell
from switchroom.conference.room.conference import Conference
from switchroom.conference.room.participants import Connection, Participant
from switchroom.conference.room.permission_overrides import Rules
from switchroom.db.base import time_of
from switchroom.errors import ErrorCode, Exhausted, Forbidden, NotFound
from switchroom.rooms.admission import Admission

MOST_WAITING = 500
"""People who may wait before one room: a meeting's number is no secret."""

AT_ONCE = 0.005
"""Seconds of processor time in which people are let in before others have their turn."""


@dataclass(eq=False, kw_only=True)
class WaitingParticipant:
    """Person outside a room who waits to be let in, by the token and the request that they came with.

    `enter` brings them into the room with the admission they have then; it raises Exhausted or Forbidden when
    that cannot be.
    """

    room: WaitingRoom
    token: str
    request_id: str | None
    admission: Admission
    connection: Connection
    enter: Callable[[Admission], None]
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    since: datetime = field(default_factory=lambda: datetime.now(UTC))


class WaitingRoom:
    """Waiting room of one room. The moderators inside see who waits, and those who wait see whether there is
    a moderator."""

    def __init__(self) -> None:
        self._waiting: dict[str, WaitingParticipant] = {}
        self._conference: Conference | None = None
        self._moderated = False

    @property
    def everybody(self) -> list[WaitingParticipant]:
        """Participants who wait, in the order in which they came."""
        return list(self._waiting.values())

    def to_message(self) -> list[WaitingInfo]:
        return [
            WaitingInfo(one.id, one.admission.display_name, one.admission.is_guest, time_of(one.since))
            for one in self._waiting.values()
        ]

    def arrive(self, waiting: WaitingParticipant) -> None:
        """Let a person wait, here instead of where they waited before. Raises Exhausted."""
        user_id = waiting.admission.user_id
        before = [one for one in self.everybody if one.admission.user_id == user_id]
        if len(self._waiting) - len(before) >= MOST_WAITING:
            raise Exhausted(ErrorCode.WAITING_ROOM_FULL)
        for one in before:
            self._dismiss(one, "replaced")
        self._waiting[waiting.id] = waiting
        self._tell(waiting, waiting.request_id)
        self._tell_moderators()

    def leave(self, waiting: WaitingParticipant) -> None:
        """Forget a person who no longer waits, by their own wish or because their connection is lost."""
        if self._waiting.pop(waiting.id, None) is not None:
            self._tell_moderators()

    def end(self, those: Iterable[WaitingParticipant], reason: EndReason) -> None:
        """Send people away."""
        gone = list(those)
        for one in gone:
            self._dismiss(one, reason)
        if gone:
            self._tell_moderators()

    def give_up(self) -> None:
        """Close the connections of all who wait; their clients reconnect."""
        for one in self._waiting.values():
            one.connection.end(CloseCode.RESTART)
        self._waiting.clear()

    def admit(self, moderator: Participant, participant_id: str) -> None:
        """Let one person in. Raises Forbidden, NotFound, Exhausted when the room is full."""
        self._admit(self._find(moderator, participant_id))
        self._tell_moderators()

    async def admit_all(self, moderator: Participant) -> None:
        """Let everybody in who waits now, some at a time: each is announced to all who are inside already.

        Raises Forbidden, also when the moderator is put out or leaves meanwhile, and Exhausted when not all
        have a place.
        """
        those = self.everybody
        while those:
            self._require_moderator(moderator)
            until = time.thread_time() + AT_ONCE
            try:
                self._admit(those.pop(0))
                while those and time.thread_time() < until:
                    self._admit(those.pop(0))
            finally:
                self._tell_moderators()
            await asyncio.sleep(0)

    def deny(self, moderator: Participant, participant_id: str) -> None:
        """Turn one person away. Raises Forbidden, NotFound."""
        self.end([self._find(moderator, participant_id)], "denied")

    def let_in(self, those: Iterable[WaitingParticipant]) -> None:
        """Bring in those who still wait. Raises Exhausted as soon as there is no place for the next."""
        try:
            for one in those:
                self._admit(one)
        finally:
            self._tell_moderators()

    def inside_changed(self, conference: Conference | None) -> None:
        """To be called when somebody has come into the room or left it, and when it opens or (None) ends."""
        self._conference = conference
        moderated = self._has_moderator()
        if moderated == self._moderated:
            return
        self._moderated = moderated
        for one in self._waiting.values():
            self._tell(one, None)

    def moderators_changed(self) -> None:
        """To be called when somebody inside may have become a moderator, or is none any more."""
        self.inside_changed(self._conference)
        if self._waiting:
            self._tell_moderators()

    def recording_changed(self) -> None:
        """To be called when the room begins to be recorded, or is no longer."""
        for one in self._waiting.values():
            self._tell(one, None)

    def _admit(self, waiting: WaitingParticipant) -> None:
        if waiting.id in self._waiting:
            waiting.enter(waiting.admission)
            del self._waiting[waiting.id]

    def _dismiss(self, waiting: WaitingParticipant, reason: EndReason) -> None:
        if self._waiting.pop(waiting.id, None) is not None:
            waiting.connection.send(Ended(reason))
            waiting.connection.end(close_code(reason))

    def _find(self, moderator: Participant, participant_id: str) -> WaitingParticipant:
        self._require_moderator(moderator)
        waiting = self._waiting.get(participant_id)
        if waiting is None:
            raise NotFound(ErrorCode.WAITING_NOT_FOUND, "participant_id")
        return waiting

    def _require_moderator(self, moderator: Participant) -> None:
        inside = self._conference is not None and moderator.id in self._conference.participants
        if not inside or not moderator.is_moderator:
            raise Forbidden(ErrorCode.MODERATORS_ONLY)

    def _has_moderator(self) -> bool:
        inside = self._conference.participants.values() if self._conference is not None else ()
        return any(one.is_moderator for one in inside)

    def _tell(self, waiting: WaitingParticipant, request_id: str | None) -> None:
        conference = self._conference
        facts = waiting.admission.room
        if conference is not None:
            recording, wanted = conference.recording, conference.to_be_recorded
            room = to_message.room(facts, conference.rules, recording=recording, to_be_recorded=wanted)
        else:
            room = to_message.room(facts, Rules(), recording=False, to_be_recorded=facts.recorded)
        waiting.connection.send(
            Waiting(participant_id=waiting.id, room=room, moderator_present=self._moderated, id=request_id)
        )

    def _tell_moderators(self) -> None:
        if self._conference is None:
            return
        moderators = self._conference.moderators
        if moderators:
            tell(moderators, WaitingUpdated(self.to_message()))


class WaitingRooms:
    """The waiting rooms of all rooms that somebody is inside of or waits before."""

    def __init__(self) -> None:
        self._rooms: dict[str, WaitingRoom] = {}

    @property
    def room_ids(self) -> Collection[str]:
        return self._rooms.keys()

    def of(self, room_id: str) -> WaitingRoom:
        """The waiting room of a room, made if there is none."""
        return self._rooms.setdefault(room_id, WaitingRoom())

    def find(self, room_id: str) -> WaitingRoom | None:
        return self._rooms.get(room_id)

    def forget_if_empty(self, room_id: str) -> None:
        """To be called when nobody is inside a room."""
        room = self._rooms.get(room_id)
        if room is not None and not room.everybody:
            del self._rooms[room_id]

    def give_up(self, room_id: str) -> None:
        """This process has the room no longer: clients reconnect, and wait at the process that has it."""
        room = self._rooms.pop(room_id, None)
        if room is not None:
            room.give_up()

    def send_away(self, room_id: str, reason: EndReason, link_id: str | None = None) -> None:
        """Send away everybody who waits before a room; with `link_id`, only those who came by that link."""
        room = self._rooms.get(room_id)
        if room is not None:
            room.end([one for one in room.everybody if link_id in (None, one.admission.link_id)], reason)

    def revoke(self, concerns: Callable[[Admission], bool]) -> None:
        """Send those away, from wherever they wait, whose admission it concerns."""
        for room in list(self._rooms.values()):
            room.end([one for one in room.everybody if concerns(one.admission)], "revoked")

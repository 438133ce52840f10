"""Rooms of conferences: who is in one, and how it is by now."""

from __future__ import annotations

from datetime import UTC, datetime

from switchroom.telephony.calls.call_state import SavedSeat
from switchroom.telephony.calls.inbox import Woken
from switchroom.telephony.calls.leg import Leg
from switchroom.telephony.calls.live_call import LiveCall
from switchroom.telephony.calls.prompt_files import Ear
from switchroom.telephony.media.mixer import Seat


class Member:
    """Member of a conference, by telephone."""

    def __init__(self, call: LiveCall, seat: Seat, ear: Ear, *, muted: bool, is_moderator: bool) -> None:
        self.call = call
        self.seat = seat
        self.ear = ear
        self.muted = muted
        self.is_moderator = is_moderator
        self.joined_at = datetime.now(UTC)
        self.is_removed = False
        self.told = ""
        """The notice that it has been given of why it hears nobody, empty where it does."""
        self.notice = ""
        """The notice that it is to be told at once, empty for none."""
        self.music = ""
        """The id of the music that it hears, empty for none."""

    @property
    def leg(self) -> Leg:
        return self.call.routed

    def wake(self) -> None:
        """Let the member's call look again what is wanted of it."""
        self.call.inbox.put(Woken())


class Room:
    """A conference while somebody is in it, or about to be."""

    def __init__(self, organization_id: int, conference_id: int) -> None:
        self.organization_id = organization_id
        self.conference_id = conference_id
        self.name = f"{organization_id}.{conference_id}"
        self.members: list[Member] = []
        self.coming = 0
        """Number of callers who are about to become members."""
        self.is_locked = False
        self.is_muted = False
        """Whether the moderator has muted all who are no moderators; so is who comes later."""
        self.is_restored = False
        """Whether another process had it before, and this one goes on with it."""
        self.waits = False
        """Whether it begins with the first moderator."""
        self.has_begun = False
        """Whether a moderator has been in it since it was empty."""

    def restore(self, seat: SavedSeat) -> None:
        """Be as the process before has left it, by the first of its members that is taken up."""
        if not self.is_restored:
            self.is_restored = True
            self.is_locked, self.is_muted = seat.is_locked, seat.all_muted
            self.has_begun = self.has_begun or seat.has_begun

    def save(self) -> None:
        """Let the members' calls know how it is, those of whom it has changed."""
        for one in self.members:
            seat = SavedSeat(one.muted, self.is_locked, self.is_muted, self.has_begun)
            if one.call.seat != seat:
                one.call.seat = seat
                one.call.tell_change()

    @property
    def why_alone(self) -> str:
        """The notice for members that are to hear nobody, empty where they hear each other."""
        if self.waits and not self.has_begun:
            return "conference-wait-for-moderator"
        return "conference-alone" if len(self.members) == 1 else ""

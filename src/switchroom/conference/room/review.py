"""Taking in what a room is now, and what those inside may do in it."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager

from switchroom.conference.messages import ParticipantInfo, ParticipantLeft
from switchroom.conference.room import to_message
from switchroom.conference.room.announcements import Showing, tell
from switchroom.conference.room.conference import Conference
from switchroom.conference.room.participants import Participant
from switchroom.conference.room.spectators import announce_all
from switchroom.rooms.admission import Admission, RoomFacts
from switchroom.rooms.models import RoomMode
from switchroom.rooms.permissions import Permission


def take_in(conference: Conference, facts: RoomFacts, admissions: Mapping[str, Admission]) -> None:
    """Take in the room's facts, and admissions by participant id, and tell everybody what is new to them.

    The work grows with the number of people, and of messages; only where an exam begins or ends, with its
    square: everybody comes into the view of everybody else, or goes from it.
    """
    inside = conference.participants
    before = conference.room
    known = {one_id: admission for one_id, admission in admissions.items() if one_id in inside}
    different = [
        inside[one_id]
        for one_id, admission in known.items()
        if inside[one_id].admission.permissions != admission.permissions
    ]
    turned = [one for one in different if one.is_moderator is not _will_moderate(one, known[one.id])]
    shown = {one.id: to_message.participant(one, with_permissions=False) for one in different}
    views = _Views(conference, _regrouped(before, facts, inside.values(), turned))
    conference.room = facts
    for one_id, admission in known.items():
        inside[one_id].admission = admission
    views.tell_changes(turned)
    announce_all(turned, conference.spectators())
    _tell_differences(conference, different, shown)
    if facts != before:
        conference.room_changed(before)


@contextmanager
def turning(conference: Conference, turned: Sequence[Participant]) -> Generator[None]:
    """While the block runs these become moderators, or are none any more; they are told who and what they
    see by it, and in an exam the others too."""
    views = _Views(conference, turned if conference.mode is RoomMode.EXAM else ())
    yield
    views.tell_changes(turned)
    announce_all(turned, conference.spectators())


def _will_moderate(participant: Participant, admission: Admission) -> bool:
    return Permission.PROMOTE in participant.overrides.apply(admission.permissions)


def _regrouped(
    before: RoomFacts, after: RoomFacts, everybody: Collection[Participant], turned: Sequence[Participant]
) -> Collection[Participant]:
    """Participants whose view, or place in the view of others, may be another: in an exam, who sees whom is
    different, and depends on who moderates."""
    exams = [facts.mode is RoomMode.EXAM for facts in (before, after)]
    if exams[0] is not exams[1]:
        return list(everybody)
    return turned if all(exams) else ()


def _tell_differences(
    conference: Conference, different: Sequence[Participant], shown: Mapping[str, ParticipantInfo]
) -> None:
    """Tell what people may do: all who see them where they look different, otherwise moderators only."""
    moderators = conference.moderators
    for participant in different:
        conference.become_active_if_permitted(participant)
        now = to_message.participant(participant, with_permissions=False)
        conference.media_changed(participant, among=None if now != shown[participant.id] else moderators)


class _Views:
    """Views: who sees whom, of the pairs in which one is of the `concerned`."""

    def __init__(self, conference: Conference, concerned: Collection[Participant]) -> None:
        self._conference = conference
        self._concerned = concerned
        self._ids = {one.id for one in concerned}
        self._before = {viewer.id: self._seen(viewer) for viewer in self._viewers()}

    def tell_changes(self, turned: Sequence[Participant]) -> None:
        """Tell each who has come into their view, or gone from it, since this was made; and those who have
        `turned` moderators, or are none any more, how everybody they see looks to them now."""
        showings: dict[str, Showing] = {}

        def showing(participant: Participant) -> Showing:
            return showings.setdefault(participant.id, Showing(participant))

        for viewer in self._viewers():
            before, now = self._before.get(viewer.id, {}), self._seen(viewer)
            for one_id in before:
                if one_id not in now:
                    tell([viewer], ParticipantLeft(one_id, "left"))
            for one_id, one in now.items():
                if one_id not in before:
                    showing(one).joined([viewer])
            if before.keys() != now.keys():
                self._conference.view_changed(viewer)
        for viewer in turned:
            before = self._before.get(viewer.id)
            for one in self._conference.listed(viewer):
                if before is None or one.id in before:
                    showing(one).updated([viewer])

    def _viewers(self) -> Collection[Participant]:
        return self._conference.participants.values() if self._concerned else ()

    def _seen(self, viewer: Participant) -> dict[str, Participant]:
        """Participants of the review whom the viewer lists, by id, in the order in which they came."""
        others = self._conference.participants.values() if viewer.id in self._ids else self._concerned
        return {other.id: other for other in others if self._conference.lists(viewer, other)}

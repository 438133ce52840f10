"""Status of live rooms: who is inside, for the rest of the platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from switchroom.conference.room.conference import Conference
from switchroom.conference.room.participants import Participant
from switchroom.rooms.live import LiveParticipant, LiveState


def occupants(
    conferences: Mapping[str, Conference], room_ids: Sequence[str]
) -> Mapping[str, Sequence[LiveParticipant]]:
    """The people inside each room that has any."""
    return {
        room_id: [_live(one) for one in conference.participants.values()]
        for room_id in room_ids
        if (conference := conferences.get(room_id)) is not None
    }


def _live(participant: Participant) -> LiveParticipant:
    return LiveParticipant(
        participant.user_id,
        participant.display_name,
        participant.admission.is_guest,
        participant.is_spectator,
        participant.is_moderator,
        LiveState.CONNECTED if participant.connection is not None else LiveState.TIMED_OUT,
    )

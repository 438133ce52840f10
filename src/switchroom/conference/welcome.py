"""Welcome: the answer to a join that has succeeded."""

from __future__ import annotations

from switchroom.conference.live_room import LiveRoom
from switchroom.conference.media.ice import ice_servers
from switchroom.conference.messages import Join, Joined
from switchroom.conference.room import to_message
from switchroom.conference.room.participants import Participant
from switchroom.conference.room.reentry import ReentryTokens
from switchroom.settings import IceSettings


def welcome(
    live: LiveRoom,
    participant: Participant,
    request: Join,
    *,
    resumed: bool,
    ice: IceSettings,
    reentry_tokens: ReentryTokens,
) -> None:
    """Answer the join of a participant with all that they may know of the room."""
    conference = live.conference
    moderates = participant.is_moderator
    listed = conference.listed(participant)
    if request.want is not None:
        first = [other.id for other in listed[: request.want.cameras]]
        live.media.subscribing(participant).want_cameras(first, request.want.layer)
    session = conference.overrides.session
    let_in = reentry_tokens.issue(conference.room.room_id, session, participant.user_id)
    participant.send(
        Joined(
            id=request.id,
            participant_id=participant.id,
            resume=participant.resume,
            resumed=resumed,
            room=conference.room_to_message(),
            participants=[to_message.participant(one, with_permissions=moderates) for one in listed],
            self=to_message.participant(participant, with_permissions=True),
            permissions=to_message.permissions(participant.permissions),
            spectators=conference.spectators_to_message(participant),
            chat=conference.chat.readable(participant, conference.mode),
            ice_servers=ice_servers(ice, participant.user_id),
            media_available=live.media.available,
            can_record=live.media.recording.can_record,
            waiting=live.waiting_room.to_message() if moderates else None,
            let_in=let_in,
        )
    )

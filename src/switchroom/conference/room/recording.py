"""Recording as moderators have it begun and ended, and people agree to it.

What is recorded is what is relayed. So of people who are asked, and have not agreed, nothing is relayed: from
the moment on in which the room is to be recorded, they may neither speak nor show anything. They see, hear
and write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from switchroom.conference.room.conference import Conference
from switchroom.conference.room.moderation import require_moderator
from switchroom.conference.room.moderation_of_all import piece
from switchroom.conference.room.participants import MediaState, Participant
from switchroom.errors import ErrorCode, Forbidden, Unavailable


def start(conference: Conference, moderator: Participant) -> None:
    """Have the room recorded from now on. Who begins it agrees to it. Raises Forbidden,
    and Unavailable where nothing records."""
    require_moderator(moderator)
    if conference.to_be_recorded:
        return
    if not conference.can_record:
        raise Unavailable(ErrorCode.RECORDING_UNAVAILABLE)
    conference.recording_refused = False
    conference.overrides.record(True, moderator.user_id)
    review_consents(conference, agreed=moderator)
    if moderator.consent in ("asked", "declined"):
        # The recording before has not ended yet: the others have been asked.
        answer(conference, moderator, agrees=True)
    conference.rules_changed(moderator)
    conference.moderated_all(moderator, "record")
    conference.recording_wish_changed()


def stop(conference: Conference, moderator: Participant) -> None:
    """Have the room recorded no longer, in a meeting too that is recorded by itself. Raises Forbidden."""
    require_moderator(moderator)
    if not conference.to_be_recorded:
        return
    conference.overrides.record(False if conference.room.recorded else None, moderator.user_id)
    conference.rules_changed(moderator)
    conference.moderated_all(moderator, "stop-recording")
    conference.recording_wish_changed()
    review_consents(conference)


def answer(conference: Conference, participant: Participant, *, agrees: bool) -> None:
    """Note whether somebody agrees to be recorded, who may say otherwise later. Raises Forbidden where they
    are not asked."""
    before = participant.consent
    if before is None:
        raise Forbidden(ErrorCode.NOT_ASKED)
    if before == ("agreed" if agrees else "declined"):
        return
    if not agrees:
        participant.wish = MediaState()
    conference.consents.answer(participant.user_id, agrees=agrees)
    conference.media_changed(participant)
    conference.recording_answered(participant, agrees)


def review_consents(conference: Conference, *, agreed: Participant | None = None) -> None:
    """Ask everybody inside, or nobody any more, as it is now: to be called when the room may be one to
    record, or is recorded no longer, and when its organization asks or does not any more. A person who has
    `agreed` is not asked."""
    asks = conference.room.asks_before_recording and (conference.to_be_recorded or conference.recording)
    if asks == conference.consents.asks:
        return
    everybody = list(conference.participants.values())
    before = {one.id: one.consent for one in everybody}
    sending = {one.id for one in everybody if one.media != MediaState()}
    conference.consents.ask(asks=asks)
    if asks and agreed is not None:
        conference.consents.answer(agreed.user_id, agrees=True)
    for one in everybody:
        if conference.consents.withholds(one.user_id):
            # Nothing comes on by itself when they agree.
            one.wish = MediaState()
    changed = [one for one in everybody if one.consent != before[one.id]]
    if not changed:
        return
    conference.media_of_many_changed(changed)
    conference.in_background(_tell(conference, changed, sending), "consents to a recording")


async def _tell(conference: Conference, those: Sequence[Participant], sending: set[str]) -> None:
    """Tell people that they are asked, or no longer, and what they may do; the moderators; and, of those who
    were sending, everybody who sees them."""
    rest = list(those)
    while rest:
        moderators = conference.moderators
        for one in piece(rest):
            if one.id in conference.participants:
                conference.announce(one, among=None if one.id in sending else moderators)
        await asyncio.sleep(0)

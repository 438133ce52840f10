"""Reviews of live rooms: what each is now, and who may still be inside or wait.

They are asked for by whatever may have changed a room, and made one after the other in the background: a room
that changes again before its turn is looked at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from switchroom.conference.live_room import LiveRoom
from switchroom.conference.room.participants import Participant
from switchroom.conference.room.review import take_in
from switchroom.conference.room.waiting_room import WaitingParticipant, WaitingRoom, WaitingRooms
from switchroom.errors import DomainError, ErrorCode, Exhausted, Forbidden, Unavailable
from switchroom.rooms.admission import Admission, Verdict, Visitor

log = structlog.stdlib.get_logger(__name__)

RETRY_AFTER = 1.0
"""Seconds until a room that could not be looked at has its turn again."""

_FAILURES = (SQLAlchemyError, OSError, Unavailable)


class Reviewer(Protocol):
    """Admissions: who may still be in a room (see `MeetingAdmission`)."""

    def review(
        self, organization_id: int, room_id: str, visitors: Sequence[Visitor]
    ) -> Awaitable[Sequence[Verdict]]:
        """The verdict on each of the visitors, in their order."""
        ...


class Reviews:
    """The reviews of one process' rooms."""

    def __init__(
        self,
        live: Mapping[str, LiveRoom],
        waiting_rooms: WaitingRooms,
        reviewer: Reviewer,
        *,
        reviewed: Callable[[str], None],
    ) -> None:
        """`live` are the rooms as they are at any time. `reviewed` is called with the id of each room when
        it has been looked at."""
        self._live = live
        self._waiting_rooms = waiting_rooms
        self._reviewer = reviewer
        self._reviewed = reviewed
        self._due: dict[str, None] = {}
        self._awake = asyncio.Event()

    def request(self, room_id: str) -> None:
        """Have a room looked at soon, if anybody is inside or waits."""
        self._due[room_id] = None
        self._awake.set()

    async def run(self) -> None:
        """Make the reviews that are due, until cancelled."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            while self._due:
                room_id = next(iter(self._due))
                del self._due[room_id]
                try:
                    await self.review(room_id)
                except _FAILURES as error:
                    log.warning("room not reviewed", room=room_id, reason=type(error).__name__)
                    self.request(room_id)
                    await asyncio.sleep(RETRY_AFTER)

    async def review(self, room_id: str) -> None:
        """Look at a room now. Raises Unavailable."""
        live, waiting_room = self._live.get(room_id), self._waiting_rooms.find(room_id)
        inside = list(live.conference.participants.values()) if live is not None else []
        waiting = waiting_room.everybody if waiting_room is not None else []
        admissions = [one.admission for one in (*inside, *waiting)]
        if not admissions:
            return
        verdicts = await self._reviewer.review(
            admissions[0].room.organization_id,
            room_id,
            [
                *(Visitor(one.token, one.display_name, one.joined_at) for one in inside),
                *(Visitor(one.token, one.admission.display_name) for one in waiting),
            ],
        )
        if live is not None and self._live.get(room_id) is live:
            _review_inside(live, list(zip(inside, verdicts, strict=False)))
            self._reviewed(room_id)
        if waiting_room is not None:
            _review_waiting(waiting_room, list(zip(waiting, verdicts[len(inside) :], strict=True)))


def _review_inside(live: LiveRoom, verdicts: Sequence[tuple[Participant, Verdict]]) -> None:
    conference = live.conference
    refused = [(one, verdict) for one, verdict in verdicts if isinstance(verdict, DomainError)]
    over = [one for one, error in refused if error.code is ErrorCode.MEETING_OVER]
    conference.remove_all(over, "meeting_over", "meeting_over")
    revoked = [one for one, error in refused if error.code is not ErrorCode.MEETING_OVER]
    conference.remove_all(revoked, "removed", "revoked")
    admitted = {one.id: verdict for one, verdict in verdicts if isinstance(verdict, Admission)}
    for admission in admitted.values():
        take_in(conference, admission.room, admitted)
        break
    live.waiting_room.moderators_changed()


def _review_waiting(room: WaitingRoom, verdicts: Sequence[tuple[WaitingParticipant, Verdict]]) -> None:
    """Take in what those who wait may do now; some may not have to wait any more."""
    for waiting, verdict in verdicts:
        if isinstance(verdict, DomainError):
            room.end([waiting], "meeting_over" if verdict.code is ErrorCode.MEETING_OVER else "revoked")
            continue
        waiting.admission = verdict
        if not verdict.waits:
            try:
                room.let_in([waiting])
            except (Exhausted, Forbidden, Unavailable) as error:
                log.info(
                    "no place for somebody who need not wait", room=verdict.room.room_id, code=error.code
                )

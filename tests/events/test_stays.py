"""Who was inside when a process was killed has left in the log when the room is opened anew."""

from __future__ import annotations

from msgspec import structs
from sqlalchemy import select

from switchroom.db.base import now, time_of
from switchroom.events.buffer import EventBuffer
from switchroom.events.models import Event
from switchroom.events.types import (
    LiveRoomEvent,
    RoomEmptied,
    RoomJoined,
    RoomLeft,
    RoomOpened,
    RoomStay,
    of_meeting,
)
from tests.events.source import Source

ROOM = "11111111-1111-1111-1111-111111111111"


class Process:
    """One that has the room, as far as the log knows."""

    def __init__(self, events: Source, *, in_meeting: bool = False) -> None:
        self._events = events
        self._in_meeting = in_meeting
        self._buffer = EventBuffer(events.database)
        self.finish = self._buffer.finish

    def note(self, what: str, name: str = "") -> None:
        event = self._event(what, name)
        self._buffer.add(
            self._events.organization_id, of_meeting(event, ROOM) if self._in_meeting else event, ROOM
        )

    def _event(self, what: str, name: str) -> LiveRoomEvent:
        if what == "opened":
            return RoomOpened(display_name="Room")
        if what == "emptied":
            return RoomEmptied()
        stay = RoomStay(
            participant_id=name, user_id=name, display_name=name, is_guest=True, is_spectator=False
        )
        joined_at = time_of(now())
        if what == "joined":
            return RoomJoined(**structs.asdict(stay), link_id=None, joined_at=joined_at)
        return RoomLeft(**structs.asdict(stay), reason="left", joined_at=joined_at)


async def told(events: Source) -> list[str]:
    async with events.database.read(None) as session:
        rows = await session.scalars(select(Event).where(Event.object_id == ROOM).order_by(Event.id))
        return [
            " ".join(filter(None, (row.type.partition(".")[2], row.data.get("participant_id"))))
            for row in rows
        ]


async def test_stays_without_an_end_get_one(events: Source) -> None:
    killed = Process(events, in_meeting=True)
    killed.note("opened")
    for name in ("ada", "ben", "cem"):
        killed.note("joined", name)
    killed.note("left", "ben")
    await killed.finish()

    again = Process(events, in_meeting=True)
    again.note("opened")
    again.note("joined", "dee")
    await again.finish()

    before = ["opened", "joined ada", "joined ben", "joined cem", "left ben"]
    ended = ["left ada", "left cem", "emptied"]
    assert await told(events) == [*before, *ended, "opened", "joined dee"]
    async with events.database.read(None) as session:
        rows = (await session.scalars(select(Event).order_by(Event.id))).all()
    joined = next(row for row in rows if row.data.get("participant_id") == "ada")
    left = next(row for row in rows if row.data.get("reason") == "lost")
    assert left.data == {
        "room_id": ROOM,
        "participant_id": "ada",
        "user_id": "ada",
        "display_name": "ada",
        "is_guest": True,
        "is_spectator": False,
        "reason": "lost",
        "joined_at": joined.data["joined_at"],
    }

    killed = again
    again = Process(events, in_meeting=True)
    again.note("opened")
    await again.finish()
    assert (await told(events))[-3:] == ["left dee", "emptied", "opened"]


async def test_a_room_that_is_left_and_entered_ends_nothing_twice(events: Source) -> None:
    process = Process(events)
    process.note("opened")
    process.note("joined", "ada")
    await process.finish()
    for happening in ("left ada", "emptied", "opened", "joined ben", "left ben", "emptied", "opened"):
        process.note(*happening.split())
    await process.finish()
    process.note("joined", "cem")
    process.note("left", "cem")
    process.note("emptied")
    await process.finish()
    process.note("opened")
    await process.finish()
    happened = await told(events)
    assert [one for one in happened if one.startswith("left")] == ["left ada", "left ben", "left cem"]
    assert happened.count("emptied") == 3

"""Presence in the rooms of other processes, as those tell it: each change at once, all now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct, structs

from switchroom.conference.cluster.membership import ClusterMembership
from switchroom.conference.service import ConferenceService
from switchroom.engines.nats.connection import NatsConnection
from switchroom.rooms.live import LiveParticipant, LiveState
from switchroom.tasks import Tasks, set_within

GATHER = 0.05
"""Seconds for which changes gather before they are told."""

TELL_ALL_EVERY = 10.0
"""Seconds after which a process tells everything anew, for those that missed something."""

REMEMBER_GONE = 5.0
"""Seconds for which those whose process is gone count as people who may come back."""

PEOPLE_AT_ONCE = 2000


class RoomsOf(Struct, frozen=True, array_like=True):
    """Presence in rooms of a process now; nobody in those with an empty list. With `all_rooms`, the process
    has these and no others."""

    process: str
    rooms: dict[str, list[LiveParticipant]]
    all_rooms: list[str] | None = None


_decoder = msgspec.msgpack.Decoder(RoomsOf)
_encoder = msgspec.msgpack.Encoder()


class Presence:
    """Tells others of the rooms here, and knows of the rooms elsewhere, as a `LiveRooms`."""

    def __init__(
        self, service: ConferenceService, connection: NatsConnection, members: ClusterMembership
    ) -> None:
        self._service = service
        self._connection = connection
        self._members = members
        self._known: dict[str, dict[str, list[LiveParticipant]]] = {}
        self._owner: dict[str, str] = {}
        self._changed: set[str] = set()
        self._everything = True
        self._awake = asyncio.Event()
        self._tasks = Tasks()
        self._subject = members.subject("inside")
        connection.subscribe(self._subject, self._hear)
        members.on_new(self._tell_everything)
        connection.on_change(lambda connected: self._tell_everything())
        members.on_gone(self._gone)
        service.on_change = self._note
        service.elsewhere = self

    def occupants(self, room_ids: Sequence[str]) -> Mapping[str, Sequence[LiveParticipant]]:
        found: dict[str, Sequence[LiveParticipant]] = {}
        for room_id in room_ids:
            owner = self._owner.get(room_id)
            if owner is not None:
                found[room_id] = self._known[owner][room_id]
        return found

    def owner_of(self, room_id: str) -> str | None:
        """The process that has said last that somebody is inside."""
        return self._owner.get(room_id)

    def start(self) -> None:
        self._tasks.keep(self._tell, "who is inside")

    async def stop(self) -> None:
        await self._tasks.close()

    async def _tell(self) -> None:
        while True:
            if not await set_within(self._awake, TELL_ALL_EVERY):
                self._everything = True
            await asyncio.sleep(GATHER)
            self._awake.clear()
            changed, self._changed = self._changed, set()
            everything, self._everything = self._everything, False
            await self._tell_of(list(self._service.room_ids) if everything else list(changed), everything)

    async def _tell_of(self, room_ids: Sequence[str], everything: bool) -> None:
        me = self._members.name
        if everything:
            await self._connection.publish(self._subject, _encoder.encode(RoomsOf(me, {}, list(room_ids))))
        rooms: dict[str, list[LiveParticipant]] = {}
        people = 0
        for room_id in room_ids:
            rooms[room_id] = list(self._service.here([room_id]).get(room_id, ()))
            people += len(rooms[room_id]) + 1
            if people >= PEOPLE_AT_ONCE:
                await self._connection.publish(self._subject, _encoder.encode(RoomsOf(me, rooms)))
                rooms, people = {}, 0
        if rooms:
            await self._connection.publish(self._subject, _encoder.encode(RoomsOf(me, rooms)))

    def _note(self, room_id: str) -> None:
        self._changed.add(room_id)
        self._awake.set()

    def _tell_everything(self) -> None:
        self._everything = True
        self._awake.set()

    async def _hear(self, payload: bytes, _reply: str) -> None:
        told = _decoder.decode(payload)
        self._members.heard(told.process)
        if told.all_rooms is not None:
            kept = set(told.all_rooms)
            for room_id in [one for one in self._known.get(told.process, {}) if one not in kept]:
                self._forget(told.process, room_id)
        for room_id, people in told.rooms.items():
            self._forget(told.process, room_id)
            if people:
                self._known.setdefault(told.process, {})[room_id] = people
                self._owner[room_id] = told.process

    def _forget(self, process: str, room_id: str) -> None:
        rooms = self._known.get(process, {})
        rooms.pop(room_id, None)
        if not rooms:
            self._known.pop(process, None)
        if self._owner.get(room_id) == process:
            # Two may say that they have a room while it changes hands.
            other = next((one for one, known in self._known.items() if room_id in known), None)
            if other is None:
                del self._owner[room_id]
            else:
                self._owner[room_id] = other

    def _gone(self, name: str) -> None:
        """Show people inside the rooms of a process that is gone as timed out: they are about to come back
        elsewhere."""
        rooms = self._known.get(name)
        if rooms:
            for room_id, people in rooms.items():
                rooms[room_id] = [structs.replace(one, state=LiveState.TIMED_OUT) for one in people]
            asyncio.get_running_loop().call_later(REMEMBER_GONE, self._forget_process, name)

    def _forget_process(self, name: str) -> None:
        if not self._members.is_there(name):
            for room_id in list(self._known.get(name, {})):
                self._forget(name, room_id)

"""Conferences: legs whose phones hear each other all, mixed by Janus' AudioBridge.

A room is made for the first leg and destroyed after the last. When Janus is started anew, or the connection
to it is lost, the rooms are made anew and all join again; each leg is then told where to point.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path

import structlog

from switchroom.engines.janus.audiobridge import NO_SUCH_ROOM, AudioBridge, BridgeParticipant, RtpAddress
from switchroom.engines.janus.client import JanusClient, JanusError, JanusRefused
from switchroom.engines.janus.server import JanusServer
from switchroom.telephony.media.codecs import OPUS, PCMA
from switchroom.telephony.media.state import LOOPBACK, LegState, Target

log = structlog.stdlib.get_logger(__name__)

CONNECT_LIMIT = 3.0
"""Seconds that somebody who comes in waits for a connection to Janus."""

PACKET_TIME = 20
"""Milliseconds of sound in each packet; the mixer drops others of G.711."""

REJOIN_DELAYS = (0.2, 1.0, 3.0, 5.0)
"""Seconds before each try in a row to join again."""


class MixerUnavailable(Exception):
    """There is no mixer: Janus does not run, or does not do what it is asked."""


class Seat:
    """One leg's place in a conference. `target` is where the leg is to be pointed, None while there is no
    mixer."""

    def __init__(self, leg: LegState, *, muted: bool, on_moved: Callable[[Target], None]) -> None:
        self.leg = leg
        self.muted = muted
        self.target: Target | None = None
        self.participant: BridgeParticipant | None = None
        self.on_moved = on_moved


class _Room:
    """One conference. The lock is held during changes at Janus."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lock = asyncio.Lock()
        self.seats: list[Seat] = []
        self.bridge: AudioBridge | None = None


class Mixer:
    """The conferences of one process, by names that no other process uses."""

    def __init__(self, server: JanusServer, secret: str) -> None:
        """`secret` is the same for all processes that ever use this Janus; the rooms' are made of it."""
        self._server = server
        self._secret = secret.encode()
        self._rooms: dict[str, _Room] = {}
        self._connected = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        server.on_change(self._changed)

    async def stop(self) -> None:
        """Let everybody out."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for room in list(self._rooms.values()):
            for seat in list(room.seats):
                await self.leave(room.name, seat)

    async def join(
        self, name: str, leg: LegState, *, muted: bool = False, on_moved: Callable[[Target], None]
    ) -> Seat:
        """Take a place in the conference `name` for a leg that has been agreed on with its phone, and which
        is then to be pointed at the seat's target. `on_moved` is called with another one whenever it changes,
        and must not block or raise.

        Raises MixerUnavailable.
        """
        seat = Seat(leg, muted=muted, on_moved=on_moved)
        room = self._rooms.setdefault(name, _Room(name))
        room.seats.append(seat)
        try:
            async with room.lock:
                await self._seat(room, seat, await self._client())
        except BaseException as error:
            await self.leave(name, seat)
            if isinstance(error, JanusError):
                raise MixerUnavailable(str(error)) from error
            raise
        return seat

    async def leave(self, name: str, seat: Seat) -> None:
        """Give a place up, before the leg is closed. Silent when it has been."""
        room = self._rooms.get(name)
        if room is None or seat not in room.seats:
            return
        room.seats.remove(seat)
        async with room.lock:
            participant, seat.participant, seat.target = seat.participant, None, None
            if participant is not None:
                await participant.leave()
            if not room.seats and self._rooms.get(name) is room:
                del self._rooms[name]
                bridge, room.bridge = room.bridge, None
                if bridge is not None:
                    with contextlib.suppress(JanusError):
                        await bridge.destroy()

    async def mute(self, name: str, seat: Seat) -> None:
        """Let the others not hear the one at this place. It holds over a restart of Janus."""
        await self._turn(name, seat, muted=True)

    async def unmute(self, name: str, seat: Seat) -> None:
        """Let the others hear the one at this place again."""
        await self._turn(name, seat, muted=False)

    async def play(self, name: str, file: Path) -> None:
        """Play a file (Ogg with Opus, one channel) to everybody in a conference, beside what they say.
        Nothing is played where there is no such conference, or no mixer now."""
        room = self._rooms.get(name)
        if room is None:
            return
        async with room.lock:
            if room.bridge is not None:
                try:
                    await room.bridge.play(file)
                except JanusError as error:
                    log.warning("announcement not played", file=str(file), reason=str(error))

    async def _turn(self, name: str, seat: Seat, *, muted: bool) -> None:
        seat.muted = muted
        room = self._rooms.get(name)
        if room is None:
            return
        async with room.lock:
            if room.bridge is None or seat.participant is None:
                return
            turn = room.bridge.mute if muted else room.bridge.unmute
            try:
                await turn(seat.participant.id)
            except JanusError as error:
                log.warning("member not muted or unmuted", room=name, reason=str(error))

    async def _client(self) -> JanusClient:
        try:
            async with asyncio.timeout(CONNECT_LIMIT):
                await self._connected.wait()
        except TimeoutError:
            raise MixerUnavailable("there is no connection to Janus") from None
        if self._server.client is None:
            raise MixerUnavailable("the connection to Janus is lost")
        return self._server.client

    async def _seat(self, room: _Room, seat: Seat, client: JanusClient) -> None:
        """Make the room if there is none yet, and join it. To be called with the room's lock."""
        if room.bridge is None or room.bridge.client is not client:
            room.bridge = await AudioBridge.create(client, room.name, self._secret_of(room.name))
        own = seat.leg.codec
        codec = own if own is not None and own.same(OPUS) else PCMA
        try:
            participant = await room.bridge.join(
                RtpAddress(LOOPBACK, seat.leg.core_port),
                codec="pcma" if codec is PCMA else "opus",
                payload=codec.payload,
                muted=seat.muted,
                on_gone=lambda: self._again(room, seat),
            )
        except JanusRefused as error:
            if error.code == NO_SUCH_ROOM:
                room.bridge = None
            raise
        seat.participant = participant
        seat.target = Target(
            participant.address.port, codec, participant.address.ip, takes_keys=False, packet_time=PACKET_TIME
        )

    def _secret_of(self, name: str) -> str:
        return hmac.digest(self._secret, name.encode(), hashlib.sha256).hex()

    def _changed(self, server: JanusServer) -> None:
        if server.client is None:
            self._connected.clear()
            for room in self._rooms.values():
                room.bridge = None
                for seat in room.seats:
                    seat.participant = seat.target = None
            return
        self._connected.set()
        for room in self._rooms.values():
            for seat in room.seats:
                self._again(room, seat)

    def _again(self, room: _Room, seat: Seat) -> None:
        """Join again: after a restart of Janus, or when it has put somebody out whose leg it could not
        reach for a moment."""
        task = asyncio.create_task(self._rejoin(room, seat), name=f"join {room.name} again")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _rejoin(self, room: _Room, seat: Seat) -> None:
        for delay in REJOIN_DELAYS:
            async with room.lock:
                client = self._server.client
                if seat not in room.seats or client is None:
                    return  # there will be another try when there is a connection
                if seat.participant is not None and not seat.participant.is_out:
                    return
                try:
                    await self._seat(room, seat, client)
                except JanusError as error:
                    log.warning("not joined again", room=room.name, reason=str(error))
                else:
                    if seat.target is not None:
                        seat.on_moved(seat.target)
                    return
            await asyncio.sleep(delay)

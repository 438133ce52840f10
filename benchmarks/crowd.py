"""A room of five hundred people without media: until all are inside, and until all know that they are muted;
beside a bare room of the same server, in which everybody is told what the others say."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from benchmarks.api_server import ApiServer, serving, token
from benchmarks.bare_room import BARE_ROOM, PING
from benchmarks.figures import Direction, Result, Series, Target

JOINED_AT_MOST = 4.0
MUTED_AT_MOST = 4.0
_LIMIT = 120.0
_PING_EVERY = 5.0
_V1 = "/json/v1"


class CrowdError(Exception):
    """Somebody was refused, or lost the connection."""


class _Seconds(Struct, frozen=True):
    joined: float
    muted: float


async def measure(directory: Path, *, rounds: int, people: int) -> Result:
    _allow_connections()
    ours: list[_Seconds] = []
    bare: list[_Seconds] = []
    async with serving(directory) as server:
        room_id, tokens = await _prepare(server, people)
        for _ in range(rounds):
            seconds, introduction = await _room(server, room_id, tokens)
            ours.append(seconds)
            bare.append(await _bare_room(server, introduction, people))
    joined, bare_joined = (
        Series(
            name=f"until {people} people are inside{of}",
            unit="s",
            values=[one.joined for one in those],
            is_yardstick=those is bare,
        )
        for those, of in ((ours, ""), (bare, ", a bare room"))
    )
    muted, bare_muted = (
        Series(
            name=f"until {people} people {what}",
            unit="s",
            values=[one.muted for one in those],
            is_yardstick=those is bare,
        )
        for those, what in (
            (ours, "know that all are muted"),
            (bare, "have been told something, in a bare room"),
        )
    )
    later = joined.over(bare_joined, "until all are inside, over a bare room")
    slower = muted.over(bare_muted, "until all know that they are muted, over a bare room")
    return Result(
        title="A room of many",
        series=[bare_joined, joined, bare_muted, muted, later, slower],
        targets=[
            Target(later, Direction.AT_MOST, JOINED_AT_MOST),
            Target(slower, Direction.AT_MOST, MUTED_AT_MOST),
        ],
        notes=[
            f"{people} people, {people - 1} of them guests by a link, come over the signalling only, all at "
            "once, from the opening of their connections on, with their microphones switched on; the "
            "moderator then mutes all. In the bare room, at a WebSocket of the same server, whoever comes is "
            "told the first messages of all who are there, of the same length, and all are told theirs. All "
            "people are in one other process, which takes a part of the time of both."
        ],
    )


def _allow_connections() -> None:
    """To this process and those that it starts as many connections as the system lets them have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _prepare(server: ApiServer, people: int) -> tuple[str, list[str]]:
    """The id of a room, and a token for everybody, that of the moderator first."""
    seeded = server.seeded
    moderator = token(seeded.few)
    quotas = {"activeParticipants": people, "passiveParticipants": people}
    room = {
        "displayName": "Crowd",
        "type": "ROOM_TYPE_ROOM",
        "mode": "ROOM_MODE_NORMAL",
        "quotas": quotas,
    }
    async with httpx.AsyncClient(base_url=server.base_url, timeout=30) as client:

        async def ask(path: str, **message: object) -> Any:
            return (await client.post(f"{_V1}/{path}", json=message)).raise_for_status().json()

        room_id = (await ask("roomService/create", **moderator, room=room))["roomId"]
        wish = {"permissionGroupId": seeded.permission_group_id, "description": "Crowd"}
        made = await ask(
            "guestService.v2/createGroupLinks", **moderator, roomId=room_id, groupLinkCreations=[wish]
        )
        key = made["groupLinks"][0]["accessKey"]
        guests = [
            await ask(
                "guestService.v2/authenticate",
                companyId=seeded.company_id,
                roomId=room_id,
                accessKey=key,
                displayName=f"Person {number}",
            )
            for number in range(1, people)
        ]
    return room_id, [seeded.few, *(guest["accessToken"] for guest in guests)]


async def _room(server: ApiServer, room_id: str, tokens: Sequence[str]) -> tuple[_Seconds, str]:
    """And the message by which people were told of another one."""
    joins = [
        _text("join", id="1", token=one, roomId=room_id, media={"microphone": True, "camera": False})
        for one in tokens
    ]
    async with _inside(server, "/client/socket", joins) as crowd:
        muted = await crowd.told(_text("moderate-all", id="2", action="mute"), b'{"type":"everybody"')
        await crowd.told(_text("end", id="3"), b'{"type":"ended"')
        return _Seconds(crowd.joined, muted), max((one.introduction for one in crowd.people), key=len)


async def _bare_room(server: ApiServer, introduction: str, people: int) -> _Seconds:
    async with _inside(server, BARE_ROOM, [introduction] * people) as crowd:
        return _Seconds(crowd.joined, await crowd.told(_text("everybody"), b'{"type":"everybody"'))


def _text(kind: str, **fields: object) -> str:
    return msgspec.json.encode({"type": kind, **fields}).decode()


class _Person:
    """Somebody who takes in all that they are told. `introduction` is the last message about somebody new."""

    def __init__(self, connection: ClientConnection) -> None:
        self.introduction = ""
        self._connection = connection
        self._awaited: dict[bytes, asyncio.Future[None]] = {}
        self._reading = asyncio.create_task(self._read())

    def hears(self, start: bytes) -> asyncio.Future[None]:
        """Done when a message begins so. Raises CrowdError."""
        self._awaited[start] = asyncio.get_running_loop().create_future()
        return self._awaited[start]

    async def says(self, text: str) -> None:
        await self._connection.send(text)

    async def goes(self) -> None:
        await self._connection.close()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> None:
        why = "the connection is closed"
        try:
            while True:
                message = await self._connection.recv(decode=False)
                if message.startswith(b'{"type":"participant.joined"'):
                    self.introduction = message.decode()
                elif message.startswith(b'{"type":"error"'):
                    why = message.decode()
                    break
                for start in [one for one in self._awaited if message.startswith(one)]:
                    _settle(self._awaited.pop(start))
        except ConnectionClosed:
            pass
        for awaited in self._awaited.values():
            _settle(awaited, CrowdError(why))


def _settle(awaited: asyncio.Future[None], error: CrowdError | None = None) -> None:
    if awaited.done():
        return
    if error is None:
        awaited.set_result(None)
    else:
        awaited.set_exception(error)


class _Crowd(Struct, frozen=True):
    """People inside, the moderator first, and the seconds until they were."""

    people: Sequence[_Person]
    joined: float

    async def told(self, text: str, start: bytes) -> float:
        """The seconds from what the moderator says to when everybody has a message that begins so."""
        heard = [one.hears(start) for one in self.people]
        began = time.perf_counter()
        await self.people[0].says(text)
        async with asyncio.timeout(_LIMIT):
            await asyncio.gather(*heard)
        return time.perf_counter() - began


@asynccontextmanager
async def _inside(server: ApiServer, path: str, joins: Sequence[str]) -> AsyncGenerator[_Crowd]:
    """A crowd, once everybody has come and knows of all the others."""
    url = server.base_url.replace("http", "ws") + path
    people: list[_Person] = []

    async def come(join: str) -> _Person:
        connection = await connect(
            url,
            compression=None,
            max_size=None,
            max_queue=None,
            open_timeout=_LIMIT,
            ping_interval=None,
            proxy=None,
        )
        person = _Person(connection)
        joined = person.hears(b'{"type":"joined"')
        await person.says(join)
        people.append(person)
        await joined
        return person

    staying = asyncio.create_task(_stay(people))
    try:
        began = time.perf_counter()
        async with asyncio.timeout(_LIMIT):
            crowd = await asyncio.gather(*(come(one) for one in joins))
            joined = time.perf_counter() - began
            await _settled(crowd)
        yield _Crowd(crowd, joined)
    finally:
        staying.cancel()
        await asyncio.gather(staying, return_exceptions=True)
        await asyncio.gather(*(one.goes() for one in people))


async def _settled(people: Sequence[_Person]) -> None:
    """Wait until everybody has been told what there was to tell before this."""
    heard = [one.hears(b'{"type":"pong"') for one in people]
    for one in people:
        await one.says(PING)
    await asyncio.gather(*heard)


async def _stay(people: Sequence[_Person]) -> None:
    """Say now and then that all are still there."""
    while True:
        await asyncio.sleep(_PING_EVERY)
        for one in list(people):
            try:
                await one.says(PING)
            except ConnectionClosed:
                continue

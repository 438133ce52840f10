"""A worker's calls as a test has set them up, behind a real control channel."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from msgspec import structs

from switchroom.bus import Bus
from switchroom.errors import Conflict, ErrorCode, NotFound
from switchroom.telephony.control.messages import (
    Channel,
    ChannelAction,
    Hold,
    MetricFamily,
    Mute,
    Originated,
    Participant,
    ParticipantAction,
    Quickcall,
    Sample,
)
from switchroom.telephony.control.server import ControlServer
from switchroom.telephony.control.workers import CallWorkers


class Board:
    """Channels and participants by their accounts, what was done, and whose
    calls are to be loaded anew."""

    def __init__(self) -> None:
        self.there: defaultdict[int, dict[str, Channel]] = defaultdict(dict)
        self.meeting: defaultdict[tuple[int, int], dict[str, Participant]] = defaultdict(dict)
        self.done: list[tuple[str, object]] = []
        self.forgotten: list[int] = []
        self.hold_up: asyncio.Event | None = None

    def add(self, organization_id: int, uuid: str, **fields: object) -> Channel:
        channel = structs.replace(CHANNEL, uuid=uuid, **fields)
        self.there[organization_id][uuid] = channel
        return channel

    async def channels(self, organization_id: int) -> Sequence[Channel]:
        if self.hold_up is not None:
            await self.hold_up.wait()
        return list(self.there[organization_id].values())

    async def act(self, organization_id: int, uuid: str, action: ChannelAction) -> None:
        channel = self.there[organization_id].get(uuid)
        if channel is None:
            raise NotFound(ErrorCode.CHANNEL_NOT_FOUND, "uuid")
        if isinstance(action, Hold) and not channel.answered:
            raise Conflict(ErrorCode.CHANNEL_STATE, "action", state=channel.state)
        if isinstance(action, Mute):
            raise RuntimeError("a test's own")
        self.done.append((uuid, action))

    async def quickcall(self, quickcall: Quickcall) -> Originated:
        self.done.append(("quickcall", quickcall))
        return Originated("call", "ringing")

    async def participants(self, organization_id: int, conference_id: int) -> Sequence[Participant]:
        return list(self.meeting[organization_id, conference_id].values())

    async def act_on_participant(
        self, organization_id: int, conference_id: int, participant: str, action: ParticipantAction
    ) -> None:
        if participant not in self.meeting[organization_id, conference_id]:
            raise NotFound(ErrorCode.PARTICIPANT_NOT_FOUND, "participant")
        self.done.append((participant, action))

    def forget_loaded(self, organization_id: int) -> None:
        self.forgotten.append(organization_id)

    def metrics(self) -> Sequence[MetricFamily]:
        samples = [Sample("up_total", {"kind": "a"}, len(self.done))]
        return [MetricFamily("up", "What was done.", "counter", samples)]


CHANNEL = Channel(
    uuid="",
    interaction_id="call",
    direction="inbound",
    state="ringing",
    answered=False,
    muted=False,
    caller_id_name="Anna",
    caller_id_number="100",
    callee_id_name="Bert",
    callee_id_number="101",
    owner_id=None,
    authorizing_id=None,
    authorizing_type="",
    other_leg="",
    timestamp=1,
)


@asynccontextmanager
async def served(directory: Path, board: Board, bus: Bus, worker: int = 1) -> AsyncGenerator[ControlServer]:
    server = ControlServer(directory, worker, board, bus)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def followed(directory: Path, bus: Bus, workers: int = 1) -> AsyncGenerator[CallWorkers]:
    """The other side, connected to so many."""
    found = CallWorkers(directory, bus)
    running = asyncio.create_task(found.run())
    try:
        await until_connected(found, workers)
        yield found
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def until_connected(workers: CallWorkers, number: int) -> None:
    async with asyncio.timeout(60):
        while workers.connected != number:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.005)

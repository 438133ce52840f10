"""The other processes that have rooms: who is there, and who has gone.

Each says from time to time that it is there. One that has not been heard for a moment is asked; the message
server knows at once when nobody listens any more, and a process that hangs does not answer. Whoever finds one
gone tells the others, who ask for themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from switchroom.engines.nats.connection import NatsConnection, NatsError, NobodyThere
from switchroom.tasks import Tasks

log = structlog.stdlib.get_logger(__name__)

BEAT = 0.3
"""Seconds from one sign of life to the next."""

SUSPECT_AFTER = 0.7
"""Seconds without one after which a process is asked."""

GONE_AFTER = 2.0
"""Seconds without one after which a process is gone, whatever it does: others may take its rooms."""

ASK_LIMIT = 0.5
AWAY_AFTER = 1.5
"""Seconds without a turn after which this process may be gone in the eyes of others. Shorter than
GONE_AFTER, so that it knows before they act."""


class ClusterMembership:
    """Listeners must not block or raise."""

    def __init__(self, connection: NatsConnection, prefix: str, name: str) -> None:
        self.name = name
        self._connection = connection
        self._prefix = prefix
        self._heard: dict[str, float] = {}
        self._asking: set[str] = set()
        self._listening_since: float | None = None
        self._tasks = Tasks()
        self._on_new: list[Callable[[], None]] = []
        self._on_gone: list[Callable[[str], None]] = []
        self._on_doubt: list[Callable[[], None]] = []
        connection.subscribe(self.subject("beat"), self._hear)
        connection.subscribe(self.subject("missing"), self._hear_of_missing)
        connection.subscribe(self.subject_of(name, "alive"), self._answer)
        connection.on_change(self._connection_changed)

    def subject(self, kind: str) -> str:
        """Subject of messages to all processes."""
        return f"{self._prefix}.rooms.{kind}"

    def subject_of(self, name: str, kind: str) -> str:
        """Subject of messages to one process."""
        return f"{self._prefix}.rooms.{name}.{kind}"

    def on_new(self, listener: Callable[[], None]) -> None:
        """Call `listener` when there is a process that was not there before."""
        self._on_new.append(listener)

    def on_gone(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the name of a process that is gone."""
        self._on_gone.append(listener)

    def on_doubt(self, listener: Callable[[], None]) -> None:
        """Call `listener` when this process may have been gone in the eyes of others."""
        self._on_doubt.append(listener)

    def is_there(self, name: str) -> bool:
        return name == self.name or name in self._heard

    @property
    def knows_all(self) -> bool:
        """Whether every process that is there has had the time to be heard."""
        since = self._listening_since
        return since is not None and asyncio.get_running_loop().time() - since > GONE_AFTER

    def gone(self, name: str) -> None:
        """A process is gone."""
        if self._heard.pop(name, None) is not None:
            log.warning("process with rooms gone", name=name)
        for listener in self._on_gone:
            listener(name)

    async def missing(self, name: str) -> None:
        """Nobody listens for a process any more: it is gone, and the others are told to ask for it."""
        is_news = name in self._heard
        self.gone(name)
        if is_news:
            await self._connection.publish(self.subject("missing"), name.encode())

    def look(self) -> None:
        """Ask now for every process that is there, as one has ended."""
        for name in self._heard:
            self._suspect(name)

    def start(self) -> None:
        self._tasks.keep(self._beat, "signs of life")

    async def stop(self) -> None:
        await self._tasks.close()

    async def ask(self, name: str) -> bool:
        """Whether a process is there, as far as can be known now; one that is not is declared gone."""
        try:
            await self._connection.request(self.subject_of(name, "alive"), b"", ASK_LIMIT)
        except NobodyThere:
            await self.missing(name)
            return False
        except NatsError:
            return self.is_there(name)
        self.heard(name)
        return True

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        before = loop.time()
        while True:
            moment = loop.time()
            if moment - before > AWAY_AFTER:
                # Beats that the others have sent meanwhile are still on their way.
                self._trust_all()
                self._doubt()
            before = moment
            if await self._connection.publish(self.subject("beat"), self.name.encode()):
                self._look(moment)
            await asyncio.sleep(BEAT)

    def _look(self, moment: float) -> None:
        for name, heard in list(self._heard.items()):
            if moment - heard > GONE_AFTER:
                self.gone(name)
            elif moment - heard > SUSPECT_AFTER:
                self._suspect(name)

    def _suspect(self, name: str) -> None:
        """Ask for a process in the background, unless it is being asked for."""
        if name in self._asking:
            return

        async def ask() -> None:
            await self.ask(name)

        self._asking.add(name)
        asking = self._tasks.spawn(ask(), f"ask {name}")
        asking.add_done_callback(lambda _: self._asking.discard(name))

    async def _hear(self, payload: bytes, _reply: str) -> None:
        self.heard(payload.decode())

    async def _hear_of_missing(self, payload: bytes, _reply: str) -> None:
        name = payload.decode()
        if name in self._heard:
            self._suspect(name)

    async def _answer(self, _payload: bytes, reply: str) -> None:
        await self._connection.publish(reply, b"")

    def heard(self, name: str) -> None:
        """A process has given a sign of life."""
        is_new = name not in self._heard
        self._heard[name] = asyncio.get_running_loop().time()
        if is_new:
            log.info("process with rooms there", name=name)
            for listener in self._on_new:
                listener()

    def _connection_changed(self, connected: bool) -> None:
        self._listening_since = None
        if connected:
            self._trust_all()
            self._doubt()

    def _trust_all(self) -> None:
        moment = asyncio.get_running_loop().time()
        self._listening_since = moment
        self._heard = dict.fromkeys(self._heard, moment)

    def _doubt(self) -> None:
        for listener in self._on_doubt:
            listener()

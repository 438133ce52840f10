"""Commands: typed requests to whichever process serves them, each answered by one, within a time limit.

Beside the bus, which tells everybody what has happened and promises nothing. A command is never repeated by
itself: who asked and got no answer does not know whether it has been carried out.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any, Generic, TypeVar

import msgspec
import structlog
from msgspec import Struct, structs

from switchroom.engines.nats.connection import (
    NatsConnection,
    NatsSubscription,
    NatsUnreachable,
    NoAnswer,
    NobodyThere,
)
from switchroom.errors import Unavailable

Q = TypeVar("Q", bound=Struct)
A = TypeVar("A")

AT_ONCE, WAITING = 16, 64
"""Commands that one service carries out at the same time, and that wait behind them."""

CLOSE_LIMIT = 5.0
"""Seconds for what is under way when a service is closed."""

LARGEST = 1 << 20
"""Bytes of a request or an answer."""

_GROUP = "serving"
_PART = re.compile(r"[A-Za-z0-9_-]+")
_SUBJECT = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")

log = structlog.get_logger()


class CommandError(Exception):
    """A command was not answered."""


class CommandUnserved(CommandError):
    """Command that nobody serves; known at once."""


class CommandTimeout(CommandError):
    """Command that was not answered in time. It may have been carried out, or may still be."""


class CommandRefused(CommandError):
    """Command that was refused: as many wait as its services take. It has not been begun."""


class CommandFailed(CommandError):
    """Command whose service raised an error, which is in the log there."""


class CommandUnreachable(CommandError):
    """Command without a connection to the message server, by which other processes would hear it."""


class Command(Struct, Generic[Q, A], frozen=True):
    """A kind of command: its subject, such as `calls.{node}.originate`, and the types of request and answer.

    What may go wrong as a matter of course is a type of answer, in a union:
    `Command[Originate, Originated | NoLine]("calls.{node}.originate", Originate, Originated | NoLine)`.
    """

    subject: str
    request: type[Q]
    answer: Any
    """A type, or a union of types."""

    def to(self, **parts: str) -> Command[Q, A]:
        """The command with the braces of its subject filled in. Raises ValueError for a part with other
        characters than letters, digits, `_` and `-`."""
        subject = self.subject
        for name, part in parts.items():
            if not _PART.fullmatch(part):
                raise ValueError(f"{part!r} cannot be the {name} of {self.subject}")
            subject = subject.replace(f"{{{name}}}", part)
        return structs.replace(self, subject=subject)


class _State(Enum):
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    LATE = "late"


class _Request(Struct, frozen=True, array_like=True):
    """`limit` is how many seconds the asker still waits."""

    limit: float
    request: msgspec.Raw


class _Outcome(Struct, frozen=True, array_like=True):
    state: _State
    answer: msgspec.Raw = msgspec.Raw(b"\xc0")  # nil


_Reply = Callable[[_Outcome], Awaitable[None]]
_REFUSED, _FAILED, _LATE = _Outcome(_State.REFUSED), _Outcome(_State.FAILED), _Outcome(_State.LATE)
_requests, _outcomes = msgspec.msgpack.Decoder(_Request), msgspec.msgpack.Decoder(_Outcome)


class Service:
    """A handler that serves a command, until it is closed.

    Each command is carried out in a task of its own, which is cancelled when the asker no longer waits.
    """

    def __init__(
        self,
        subject: str,
        handle: Callable[[msgspec.Raw], Awaitable[bytes]],
        at_once: int,
        waiting: int,
    ) -> None:
        self.subject = subject
        self.subscription: NatsSubscription | None = None
        self._handle = handle
        self._most = at_once + waiting
        self._turns = asyncio.Semaphore(at_once)
        self._tasks: set[asyncio.Task[_Outcome]] = set()
        self._closing: list[Callable[[Service], None]] = []

    @property
    def load(self) -> int:
        """Number of commands that are carried out or wait."""
        return len(self._tasks)

    def on_close(self, listener: Callable[[Service], None]) -> None:
        self._closing.append(listener)

    def accept(self, payload: bytes, reply: _Reply | None = None) -> asyncio.Task[_Outcome] | None:
        """Begin to carry a command out, and let `reply` have the outcome. None when too many wait."""
        if len(self._tasks) >= self._most:
            return None
        task = asyncio.create_task(self._run(payload, reply), name=f"command {self.subject}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self, limit: float = CLOSE_LIMIT) -> None:
        """Take nothing new, and wait for what is under way, `limit` seconds; the rest is cancelled."""
        if self.subscription is not None:
            await self.subscription.close()
        for listener in self._closing:
            listener(self)
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=limit)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, payload: bytes, reply: _Reply | None) -> _Outcome:
        outcome = _FAILED
        try:
            outcome = await self._serve(payload)
            return outcome
        finally:
            if reply is not None:
                await reply(outcome)

    async def _serve(self, payload: bytes) -> _Outcome:
        patience = asyncio.timeout(None)
        try:
            request = _requests.decode(payload)
            async with patience:
                patience.reschedule(asyncio.get_running_loop().time() + request.limit)
                async with self._turns:
                    answer = await self._handle(request.request)
        except Exception as error:
            if patience.expired():
                log.warning("command not carried out in time", subject=self.subject)
                return _LATE
            if isinstance(error, Unavailable):
                log.error("command failed", subject=self.subject, reason=error.code)
                return _FAILED
            log.exception("command failed", subject=self.subject)
            return _FAILED
        if len(answer) > LARGEST:
            log.error("answer to a command is too large", subject=self.subject, size=len(answer))
            return _FAILED
        return _Outcome(_State.DONE, msgspec.Raw(answer))


class Commands:
    """The commands of one process: what it serves, it may ask itself."""

    def __init__(self) -> None:
        self._services: defaultdict[str, list[Service]] = defaultdict(list)

    async def serve(
        self,
        command: Command[Q, A],
        handler: Callable[[Q], Awaitable[A]],
        *,
        at_once: int = AT_ONCE,
        waiting: int = WAITING,
    ) -> Service:
        """Have `handler` carry commands out from now on, `at_once` at the same time; what comes while
        `waiting` more wait is refused. All who serve a subject are one group: each command goes to one."""
        decoder = msgspec.msgpack.Decoder(command.request)

        async def handle(request: msgspec.Raw) -> bytes:
            return msgspec.msgpack.encode(await handler(decoder.decode(request)))

        service = Service(_checked(command.subject), handle, at_once, waiting)
        service.on_close(self._forget)
        self._services[service.subject].append(service)
        return service

    async def request(self, command: Command[Q, A], request: Q, *, limit: float) -> A:
        """Have a command carried out by one of its services, and wait for the answer, `limit` seconds.

        Raises CommandUnserved and CommandUnreachable at once, CommandRefused, CommandFailed, CommandTimeout;
        ValueError for a request that is too large.
        """
        subject = _checked(command.subject)
        payload = msgspec.msgpack.encode(_Request(limit, msgspec.Raw(msgspec.msgpack.encode(request))))
        if len(payload) > LARGEST:
            raise ValueError(f"a request of {len(payload)} bytes is too large")
        outcome = await self._ask(subject, payload, limit)
        if outcome.state is _State.REFUSED:
            raise CommandRefused(f"too many wait for {subject}")
        if outcome.state is _State.LATE:
            raise CommandTimeout(f"no answer to {subject} within {limit:g} s")
        if outcome.state is _State.FAILED:
            raise CommandFailed(f"{subject} failed")
        return msgspec.msgpack.decode(outcome.answer, type=command.answer)

    async def _ask(self, subject: str, payload: bytes, limit: float) -> _Outcome:
        if not self._services.get(subject):
            raise CommandUnserved(f"nobody serves {subject}")
        task = self._accept(subject, payload)
        return _REFUSED if task is None else await _answer(task, subject, limit)

    def _accept(
        self, subject: str, payload: bytes, reply: _Reply | None = None
    ) -> asyncio.Task[_Outcome] | None:
        """Give a command to the service of this process that has the least to do."""
        services = self._services.get(subject)
        return min(services, key=lambda service: service.load).accept(payload, reply) if services else None

    def _forget(self, service: Service) -> None:
        services = self._services[service.subject]
        services.remove(service)
        if not services:
            del self._services[service.subject]


class SharedCommands(Commands):
    """The commands of several processes, over NATS.

    One that this process serves itself goes to itself, also while there is no connection, and to another when
    it has too many.
    """

    def __init__(self, connection: NatsConnection, prefix: str) -> None:
        super().__init__()
        self._connection = connection
        self._prefix = prefix

    async def serve(
        self,
        command: Command[Q, A],
        handler: Callable[[Q], Awaitable[A]],
        *,
        at_once: int = AT_ONCE,
        waiting: int = WAITING,
    ) -> Service:
        service = await super().serve(command, handler, at_once=at_once, waiting=waiting)

        async def receive(payload: bytes, subject: str) -> None:
            async def reply(outcome: _Outcome) -> None:
                await self._connection.publish(subject, msgspec.msgpack.encode(outcome))

            if self._accept(service.subject, payload, reply) is None:
                await reply(_REFUSED)

        service.subscription = self._connection.subscribe(
            self._subject(service.subject), receive, group=_GROUP
        )
        await service.subscription.wait_active()
        return service

    async def _ask(self, subject: str, payload: bytes, limit: float) -> _Outcome:
        task = self._accept(subject, payload)
        if task is not None:
            return await _answer(task, subject, limit)
        try:
            answer = await self._connection.request(self._subject(subject), payload, limit)
        except NoAnswer as error:
            raise CommandTimeout(f"no answer to {subject} within {limit:g} s") from error
        except (NobodyThere, NatsUnreachable) as error:
            if self._services.get(subject):
                return _REFUSED
            if isinstance(error, NobodyThere):
                raise CommandUnserved(f"nobody serves {subject}") from error
            raise CommandUnreachable(str(error)) from error
        return _outcomes.decode(answer)

    def _subject(self, subject: str) -> str:
        return f"{self._prefix}.command.{subject}"


async def _answer(task: asyncio.Task[_Outcome], subject: str, limit: float) -> _Outcome:
    """Wait for the outcome. The command is carried out also when the asker no longer waits."""
    await asyncio.wait({task}, timeout=limit)
    if not task.done():
        raise CommandTimeout(f"no answer to {subject} within {limit:g} s")
    return _FAILED if task.cancelled() else task.result()


def _checked(subject: str) -> str:
    if not _SUBJECT.fullmatch(subject):
        raise ValueError(f"{subject!r} is no subject of a command")
    return subject

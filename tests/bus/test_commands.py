"""Commands in one process and between several: the same behaviour on both."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest
from msgspec import Struct

from switchroom.commands import (
    LARGEST,
    Command,
    CommandError,
    CommandFailed,
    CommandRefused,
    Commands,
    CommandTimeout,
    CommandUnreachable,
    CommandUnserved,
    SharedCommands,
)
from switchroom.engines.nats.connection import NatsConnection
from tests.bus.serving import DIAL, HERE, PREFIX, Dial, Engaged, Ringing
from tests.engines.nats.server import LIMIT, connected, nats_server
from tests.engines.waiting import until

PROCESSES = 3
FOREVER = 600.0


@pytest.fixture(params=["in process", "over NATS", "over NATS, by one connection"])
async def processes(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Sequence[Commands]]:
    """The commands as three processes see them. In one process, and where all have one connection, they are
    the same."""
    if request.param == "in process":
        yield [Commands()] * PROCESSES
        return
    async with nats_server(tmp_path) as server:
        alone = request.param != "over NATS"
        connections = [NatsConnection(server.configuration.url) for _ in range(1 if alone else PROCESSES)]
        async with connected(*connections):
            shared = [SharedCommands(connection, PREFIX) for connection in connections]
            yield shared * PROCESSES if alone else shared


class Exchange:
    """Answers by its name; while it is held, commands stay in it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.begun: list[str] = []
        self.cancelled: list[str] = []
        self.inside = self.most_inside = 0
        self.free = asyncio.Event()
        self.free.set()

    async def dial(self, request: Dial) -> Ringing | Engaged:
        self.begun.append(request.number)
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        try:
            await self.free.wait()
        except asyncio.CancelledError:
            self.cancelled.append(request.number)
            raise
        finally:
            self.inside -= 1
        if request.number == "broken":
            raise RuntimeError("on purpose")
        return Engaged("no line") if request.number == "engaged" else Ringing(self.name, request.number)


async def ask(commands: Commands, number: str, limit: float = LIMIT) -> Ringing | Engaged:
    return await commands.request(HERE, Dial(number), limit=limit)


async def test_a_command_is_answered_with_the_types_it_says(processes: Sequence[Commands]) -> None:
    one, other, _ = processes
    received: list[Dial] = []

    async def dial(request: Dial) -> Ringing | Engaged:
        received.append(request)
        return Engaged("no line") if not request.lines else Ringing("Ada", request.number)

    await other.serve(HERE, dial)
    assert await one.request(HERE, Dial("+4930", [1, 2]), limit=LIMIT) == Ringing("Ada", "+4930")
    assert await one.request(HERE, Dial("äöü"), limit=LIMIT) == Engaged("no line")
    assert await other.request(HERE, Dial("to itself", [3]), limit=LIMIT) == Ringing("Ada", "to itself")
    assert received == [Dial("+4930", [1, 2]), Dial("äöü"), Dial("to itself", [3])]


async def test_each_command_goes_to_one_of_those_who_serve_it(processes: Sequence[Commands]) -> None:
    one, *others = processes
    exchanges = [Exchange(str(number)) for number in range(len(others))]
    for commands, exchange in zip(others, exchanges, strict=True):
        await commands.serve(HERE, exchange.dial, at_once=100)
        exchange.free.clear()
    asking = [asyncio.create_task(ask(one, str(number))) for number in range(100)]
    await until(lambda: sum(exchange.inside for exchange in exchanges) == 100)
    for exchange in exchanges:
        exchange.free.set()
    answers = await asyncio.gather(*asking)
    assert Counter(number for exchange in exchanges for number in exchange.begun) == Counter(
        str(number) for number in range(100)
    )
    by = Counter(answer.by for answer in answers if isinstance(answer, Ringing))
    assert sum(by.values()) == 100
    assert min(by[exchange.name] for exchange in exchanges) >= 10


async def test_a_part_of_the_subject_says_who_is_meant(processes: Sequence[Commands]) -> None:
    one, *others = processes
    for number, commands in enumerate(others):
        await commands.serve(DIAL.to(node=f"n-{number}"), Exchange(f"n-{number}").dial)
    for node in ("n-0", "n-1", "n-0"):
        answer = await one.request(DIAL.to(node=node), Dial("1"), limit=LIMIT)
        assert answer == Ringing(node, "1")


async def test_nobody_there_is_known_at_once(processes: Sequence[Commands]) -> None:
    one, other, _ = processes
    await other.serve(DIAL.to(node="there"), Exchange("there").dial)
    async with asyncio.timeout(LIMIT):
        with pytest.raises(CommandUnserved):
            await ask(one, "1", limit=FOREVER)


async def test_no_answer_in_time_ends_the_work_too(processes: Sequence[Commands]) -> None:
    one, other, _ = processes
    exchange = Exchange("slow")
    exchange.free.clear()
    await other.serve(HERE, exchange.dial)
    while not exchange.begun:  # in time
        with pytest.raises(CommandTimeout):
            await ask(one, "1", limit=0.2)
    await until(lambda: exchange.cancelled == exchange.begun)
    exchange.free.set()
    assert await ask(one, "2") == Ringing("slow", "2")


async def test_a_handler_that_fails_is_said_and_serves_on(processes: Sequence[Commands]) -> None:
    one, other, _ = processes
    await other.serve(HERE, Exchange("there").dial)
    for _ in range(3):
        with pytest.raises(CommandFailed):
            await ask(one, "broken")
    assert await ask(one, "1") == Ringing("there", "1")


class OldDial(Struct, frozen=True):
    number: int


async def test_a_request_of_another_type_fails(processes: Sequence[Commands]) -> None:
    one, other, _ = processes
    exchange = Exchange("there")
    await other.serve(HERE, exchange.dial)
    old = Command[OldDial, Ringing](HERE.subject, OldDial, Ringing)
    with pytest.raises(CommandFailed):
        await one.request(old, OldDial(1), limit=LIMIT)
    assert exchange.begun == []


async def test_who_has_closed_is_asked_no_longer(processes: Sequence[Commands]) -> None:
    one, other, _ = processes
    service = await other.serve(HERE, Exchange("there").dial)
    assert await ask(one, "1") == Ringing("there", "1")
    await service.close()
    with pytest.raises(CommandUnserved):
        await ask(one, "2")
    await other.serve(HERE, Exchange("again").dial)
    assert await ask(one, "3") == Ringing("again", "3")


async def test_closing_loses_no_command(processes: Sequence[Commands]) -> None:
    one, *others = processes
    stays, goes = Exchange("stays"), Exchange("goes")
    await others[0].serve(HERE, stays.dial)
    going = True
    answers: list[Ringing | Engaged] = []

    async def keep_asking() -> None:
        while going:
            answers.append(await ask(one, "1"))

    asking = [asyncio.create_task(keep_asking()) for _ in range(8)]
    for _ in range(5):
        service = await others[1].serve(HERE, goes.dial)
        seen = len(goes.begun)
        await until(lambda seen=seen: len(goes.begun) > seen)
        await service.close()
        done = len(goes.begun)
        before = len(answers)
        await until(lambda before=before: len(answers) > before + 20)
        assert len(goes.begun) == done
    going = False
    await asyncio.gather(*asking)
    assert len(answers) == len(stays.begun) + len(goes.begun)


async def test_closing_waits_for_what_is_under_way_and_ends_what_takes_longer(
    processes: Sequence[Commands],
) -> None:
    one, other, _ = processes
    for limit, begun in ((LIMIT, 1), (0.1, 2)):
        exchange = Exchange("there")
        exchange.free.clear()
        service = await other.serve(HERE, exchange.dial)
        asking = asyncio.create_task(ask(one, "1", limit=FOREVER))
        await until(lambda exchange=exchange: exchange.inside == 1)
        closing = asyncio.create_task(service.close(limit))
        if begun == 1:
            exchange.free.set()
            assert await asking == Ringing("there", "1")
        else:
            with pytest.raises(CommandFailed):
                await asking
            assert exchange.cancelled == ["1"]
        await closing


async def test_what_a_slow_handler_leaves_waiting_is_limited_and_refused(
    processes: Sequence[Commands],
) -> None:
    one, other, _ = processes
    exchange = Exchange("slow")
    exchange.free.clear()
    await other.serve(HERE, exchange.dial, at_once=2, waiting=3)
    accepted = [asyncio.create_task(ask(one, str(number))) for number in range(5)]
    await until(lambda: exchange.inside == 2)
    async with asyncio.timeout(LIMIT):
        for _ in range(20):
            with pytest.raises(CommandRefused):
                await ask(one, "too many", limit=FOREVER)
    assert not any(task.done() for task in accepted)
    exchange.free.set()
    assert {answer.number for answer in await asyncio.gather(*accepted) if isinstance(answer, Ringing)} == {
        str(number) for number in range(5)
    }
    assert exchange.most_inside == 2
    assert "too many" not in exchange.begun
    assert await ask(one, "again") == Ringing("slow", "again")


async def test_what_nobody_waits_for_any_longer_is_not_begun(processes: Sequence[Commands]) -> None:
    one, other, _ = processes
    exchange = Exchange("slow")
    exchange.free.clear()
    service = await other.serve(HERE, exchange.dial, at_once=1)
    first = asyncio.create_task(ask(one, "first"))
    await until(lambda: exchange.inside == 1)
    with pytest.raises(CommandTimeout):
        await ask(one, "given up", limit=0.1)
    await until(lambda: service.load == 1)
    exchange.free.set()
    assert await first == Ringing("slow", "first")
    assert await ask(one, "last") == Ringing("slow", "last")
    assert exchange.begun == ["first", "last"]


async def test_a_command_goes_on_when_who_asked_is_cancelled(processes: Sequence[Commands]) -> None:
    one, other, _ = processes
    exchange = Exchange("there")
    exchange.free.clear()
    await other.serve(HERE, exchange.dial)
    asking = asyncio.create_task(ask(one, "1"))
    await until(lambda: exchange.inside == 1)
    asking.cancel()
    await asyncio.wait({asking})
    exchange.free.set()
    await until(lambda: exchange.inside == 0)
    assert exchange.cancelled == []


async def test_sizes_and_subjects_have_bounds(processes: Sequence[Commands]) -> None:
    one, other, _ = processes

    async def talk(request: Dial) -> Ringing | Engaged:
        return Engaged("x" * LARGEST)

    await other.serve(HERE, talk)
    with pytest.raises(ValueError, match="too large"):
        await ask(one, "x" * LARGEST)
    with pytest.raises(CommandFailed):
        await ask(one, "1")
    for node in ("", "a.b", "*", ">", "a b", "{node}"):
        with pytest.raises(ValueError, match="cannot be the node"):
            DIAL.to(node=node)
    with pytest.raises(ValueError, match="no subject"):
        await one.request(DIAL, Dial("1"), limit=LIMIT)


async def test_who_serves_and_has_too_many_lets_another_do_it(tmp_path: Path) -> None:
    async with nats_server(tmp_path) as server:
        connections = [NatsConnection(server.configuration.url) for _ in range(2)]
        async with connected(*connections):
            one, other = (SharedCommands(connection, PREFIX) for connection in connections)
            busy, free = Exchange("busy"), Exchange("free")
            busy.free.clear()
            await one.serve(HERE, busy.dial, at_once=1, waiting=0)
            await other.serve(HERE, free.dial)
            first = asyncio.create_task(ask(one, "1"))
            await until(lambda: busy.inside == 1)
            assert await ask(one, "2") == Ringing("free", "2")
            busy.free.set()
            assert await first == Ringing("busy", "1")
            assert await ask(one, "3") == Ringing("busy", "3")


async def test_without_the_server_a_process_has_itself_and_with_it_all_again(tmp_path: Path) -> None:
    async with nats_server(tmp_path) as server:
        connections = [NatsConnection(server.configuration.url) for _ in range(2)]
        one, other = (SharedCommands(connection, PREFIX) for connection in connections)
        there = DIAL.to(node="there")
        async with connected(*connections):
            await other.serve(there, Exchange("there").dial)
            service = await one.serve(HERE, Exchange("here").dial)
            assert await one.request(there, Dial("1"), limit=LIMIT) == Ringing("there", "1")
            await server.stop()
            await until(lambda: not any(connection.connected for connection in connections))
            assert await ask(one, "2") == Ringing("here", "2")
            with pytest.raises(CommandUnreachable):
                await one.request(there, Dial("2"), limit=LIMIT)
            later = await other.serve(DIAL.to(node="later"), Exchange("later").dial)
            await service.close()
            await server.start()
            await until(lambda: all(connection.connected for connection in connections))
            assert await one.request(there, Dial("3"), limit=LIMIT) == Ringing("there", "3")
            assert await one.request(DIAL.to(node="later"), Dial("4"), limit=LIMIT) == Ringing("later", "4")
            with pytest.raises(CommandUnserved):
                await ask(other, "5")
            await later.close()


async def ended(process: asyncio.subprocess.Process) -> None:
    """End a process, if it has not ended."""
    if process.returncode is None:
        process.kill()
    await process.wait()


async def test_processes_that_die_leave_their_commands_to_the_others(tmp_path: Path) -> None:
    async with nats_server(tmp_path) as server, contextlib.AsyncExitStack() as stack:
        connection = NatsConnection(server.configuration.url)
        await stack.enter_async_context(connected(connection))
        commands = SharedCommands(connection, PREFIX)
        serving: dict[str, asyncio.subprocess.Process] = {}
        for _ in range(2):
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.bus.serving",
                server.configuration.url,
                stdout=asyncio.subprocess.PIPE,
            )
            serving[str(process.pid)] = process
            stack.push_async_callback(ended, process)
            assert process.stdout is not None
            async with asyncio.timeout(LIMIT):
                assert await process.stdout.readline() == b"serving\n"

        async def until_answered(right: Callable[[object], bool]) -> None:
            """Ask until the answer is right; the server may not know yet who is gone."""
            answer: object = None
            async with asyncio.timeout(LIMIT):
                while not right(answer):
                    try:
                        answer = await ask(commands, "1", limit=0.5)
                    except CommandError as error:
                        answer = error

        async def who(times: int) -> set[str]:
            answers = [await ask(commands, "1") for _ in range(times)]
            return {answer.by for answer in answers if isinstance(answer, Ringing)}

        assert await who(100) == set(serving)
        gone, stays = serving
        await ended(serving[gone])

        await until_answered(lambda answer: answer == Ringing(stays, "1"))
        assert await who(50) == {stays}
        await ended(serving[stays])

        await until_answered(lambda answer: isinstance(answer, CommandUnserved))

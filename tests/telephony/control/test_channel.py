"""The control channel over real sockets: requests, notices, and workers that come and go."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import msgspec
import pytest

from switchroom.bus import Bus
from switchroom.errors import Conflict, ErrorCode, NotFound, Unavailable
from switchroom.events.notices import EventsAppended
from switchroom.platform.telephony_metrics import of_workers
from switchroom.telephony.control import client, server
from switchroom.telephony.control.client import ControlFailed
from switchroom.telephony.control.messages import (
    Act,
    Channels,
    Dtmf,
    Hangup,
    Hold,
    ListChannels,
    Mute,
    Ping,
    Transfer,
)
from switchroom.telephony.control.sockets import connected, frame, read_frame, workers_in
from tests.telephony.control.board import Board, followed, served, until_connected


async def _channels(workers: object, organization_id: int) -> list[str]:
    (reply,) = await workers.ask_all(ListChannels(organization_id))  # type: ignore[attr-defined]
    assert isinstance(reply, Channels)
    return [one.uuid for one in reply.channels]


async def test_requests_have_replies(tmp_path: Path) -> None:
    board = Board()
    board.add(7, "a")
    async with served(tmp_path, board, Bus()), followed(tmp_path, Bus()) as workers:
        assert await _channels(workers, 7) == ["a"]
        assert await _channels(workers, 8) == []
        for action in (Hangup(), Transfer("101", "attended"), Dtmf("1#")):
            await workers.ask_who_has_it(Act(7, "a", action))
        assert board.done == [("a", Hangup()), ("a", Transfer("101", "attended")), ("a", Dtmf("1#"))]


async def test_refusals_come_back_as_they_were(tmp_path: Path) -> None:
    board = Board()
    board.add(7, "a")
    async with served(tmp_path, board, Bus()), followed(tmp_path, Bus()) as workers:
        with pytest.raises(NotFound) as missing:
            await workers.ask_who_has_it(Act(8, "a", Hangup()))
        assert (missing.value.code, missing.value.path) == (ErrorCode.CHANNEL_NOT_FOUND, "uuid")
        with pytest.raises(Conflict) as conflict:
            await workers.ask_who_has_it(Act(7, "a", Hold()))
        assert conflict.value.facts == {"state": "ringing"}
        with pytest.raises(ControlFailed):
            await workers.ask_who_has_it(Act(7, "a", Mute()))
        assert await _channels(workers, 7) == ["a"]  # the worker goes on


async def test_the_one_of_several_workers_that_has_it_answers(tmp_path: Path) -> None:
    boards = [Board(), Board(), Board()]
    boards[1].add(7, "a")
    async with (
        served(tmp_path, boards[0], Bus(), 1),
        served(tmp_path, boards[1], Bus(), 2),
        served(tmp_path, boards[2], Bus(), 3) as third,
        followed(tmp_path, Bus(), 3) as workers,
    ):
        await workers.ask_who_has_it(Act(7, "a", Hangup()))
        assert [len(one.done) for one in boards] == [0, 1, 0]
        # One that is away does not keep the others from answering, and what is missing may be there.
        third.abort()
        await until_connected(workers, 2)
        await workers.ask_who_has_it(Act(7, "a", Hangup()))
        with pytest.raises(Unavailable):
            await workers.ask_who_has_it(Act(7, "b", Hangup()))
        with pytest.raises(Unavailable):
            await workers.ask_all(ListChannels(7))


async def test_metrics_are_those_of_the_workers_that_answer(tmp_path: Path) -> None:
    boards = [Board(), Board()]
    boards[0].add(7, "a")
    async with (
        served(tmp_path, boards[0], Bus(), 1),
        served(tmp_path, boards[1], Bus(), 2) as second,
        followed(tmp_path, Bus(), 2) as workers,
    ):
        await workers.ask_who_has_it(Act(7, "a", Hangup()))
        second.abort()
        await until_connected(workers, 1)
        found = await workers.metrics(60.0)
        assert found[2] is None
        up, done = of_workers(found)
        assert {one.labels["worker"]: one.value for one in up.samples} == {"1": 1, "2": 0}
        (sample,) = done.samples
        assert (sample.name, sample.labels, sample.value) == ("up_total", {"kind": "a", "worker": "1"}, 1)


async def test_what_a_worker_writes_is_heard_at_once(tmp_path: Path) -> None:
    heard: asyncio.Queue[EventsAppended] = asyncio.Queue()
    bus, of_worker = Bus(), Bus()
    bus.subscribe(EventsAppended, heard.put)
    async with served(tmp_path, Board(), of_worker), followed(tmp_path, bus):
        await of_worker.publish(EventsAppended(7, 1, 3))
        async with asyncio.timeout(60):
            assert await heard.get() == EventsAppended(7, 1, 3)


async def test_several_processes_ask_one_worker_and_hear_it(tmp_path: Path) -> None:
    heard: asyncio.Queue[int] = asyncio.Queue()
    buses = [Bus(), Bus()]
    for bus in buses:

        async def hear(notice: EventsAppended, number: int = buses.index(bus)) -> None:
            heard.put_nowait(number)

        bus.subscribe(EventsAppended, hear)
    board, of_worker = Board(), Bus()
    board.add(7, "a")
    async with (
        served(tmp_path, board, of_worker),
        followed(tmp_path, buses[0]) as first,
        followed(tmp_path, buses[1]) as second,
    ):
        await asyncio.gather(*(one.ask_who_has_it(Act(7, "a", Hangup())) for one in (first, second) * 5))
        assert len(board.done) == 10
        await of_worker.publish(EventsAppended(7, 1, 1))
        async with asyncio.timeout(60):
            assert {await heard.get(), await heard.get()} == {0, 1}


async def test_no_telephony_is_told_from_a_worker_that_is_away(tmp_path: Path) -> None:
    board = Board()
    async with followed(tmp_path / "none", Bus(), 0) as workers:
        with pytest.raises(Unavailable) as error:
            await workers.ask_all(ListChannels(7))
        assert error.value.code is ErrorCode.TELEPHONY_AWAY
    async with served(tmp_path, board, Bus()) as there, followed(tmp_path, Bus()) as workers:
        there.abort()
        await until_connected(workers, 0)
        with pytest.raises(Unavailable) as error:
            await workers.ask_for_account(7, ListChannels(7))
        assert error.value.code is ErrorCode.CALL_WORKER_AWAY


async def test_a_worker_that_comes_again_is_connected_again(tmp_path: Path) -> None:
    board = Board()
    board.add(7, "a")
    board.hold_up = asyncio.Event()
    async with served(tmp_path, board, Bus()) as first, followed(tmp_path, Bus()) as workers:
        waiting = asyncio.create_task(_channels(workers, 7))
        await asyncio.sleep(0)
        first.abort()  # as if it was killed: the file stays
        with pytest.raises(Unavailable):
            await waiting
        assert workers_in(tmp_path) == {1}
        again = Board()
        again.add(7, "b")
        async with served(tmp_path, again, Bus()):
            await until_connected(workers, 1)
            assert await _channels(workers, 7) == ["b"]


async def test_one_that_has_ended_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("switchroom.telephony.control.workers.LOOK_EVERY", 0.02)
    async with served(tmp_path, Board(), Bus(), 2):
        async with served(tmp_path, Board(), Bus(), 1), followed(tmp_path, Bus(), 2) as workers:
            pass
        async with followed(tmp_path, Bus(), 1) as workers:
            assert len(await workers.ask_all(Ping())) == 1


async def test_only_the_owner_gets_at_it(tmp_path: Path) -> None:
    directory = tmp_path / ("long" * 30)  # longer than the address of a socket may be
    async with served(directory, Board(), Bus()), followed(directory, Bus()) as workers:
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert stat.S_IMODE((directory / "worker-1.sock").stat().st_mode) == 0o600
        assert await _channels(workers, 7) == []
    assert list(directory.iterdir()) == []


async def test_more_than_are_carried_out_at_once_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "AT_ONCE", 3)
    board = Board()
    board.hold_up = asyncio.Event()
    async with served(tmp_path, board, Bus()), followed(tmp_path, Bus()) as workers:
        asking = [asyncio.create_task(_channels(workers, 7)) for _ in range(4)]
        done, waiting = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        (refused,) = done
        assert isinstance(refused.exception(), Unavailable)
        board.hold_up.set()
        assert await asyncio.gather(*waiting) == [[], [], []]


async def test_no_answer_is_waited_for_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "UNANSWERED", 1)
    board = Board()
    board.hold_up = asyncio.Event()
    async with served(tmp_path, board, Bus()), followed(tmp_path, Bus()) as workers:
        with pytest.raises(Unavailable):
            await workers.ask_all(ListChannels(7), 0.05)
        board.hold_up.set()
        assert await _channels(workers, 7) == []


@pytest.mark.parametrize(
    "sent", [b"\xff\xff\xff\xff", frame(b"\xc1"), frame(msgspec.msgpack.encode([1, {}]))]
)
async def test_what_is_no_request_ends_the_connection(tmp_path: Path, sent: bytes) -> None:
    async with served(tmp_path, Board(), Bus()), followed(tmp_path, Bus()) as workers:
        reader, writer = await asyncio.open_unix_connection(sock=connected(tmp_path, 1))
        writer.write(sent)
        async with asyncio.timeout(60):
            with pytest.raises(asyncio.IncompleteReadError):
                await read_frame(reader)
        writer.close()
        assert await _channels(workers, 7) == []


async def test_one_that_does_not_read_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "UNSENT", 10)
    bus, of_worker = Bus(), Bus()
    heard: list[EventsAppended] = []

    async def hear(notice: EventsAppended) -> None:
        heard.append(notice)

    bus.subscribe(EventsAppended, hear)
    async with served(tmp_path, Board(), of_worker), followed(tmp_path, bus) as workers:
        deaf = connected(tmp_path, 1)
        for number in range(20_000):
            await of_worker.publish(EventsAppended(7, number, number))
            if number % 5 == 0:
                await asyncio.sleep(0)
        assert await _channels(workers, 7) == []
        assert heard
        deaf.close()


async def test_what_has_changed_is_forgotten_by_all_that_are_there(tmp_path: Path) -> None:
    boards = [Board(), Board()]
    async with (
        served(tmp_path, boards[0], Bus(), 1) as first,
        served(tmp_path, boards[1], Bus(), 2),
        followed(tmp_path, Bus(), 2) as workers,
    ):
        await workers.forget_loaded(7)
        assert [board.forgotten for board in boards] == [[7], [7]]
        first.abort()
        await until_connected(workers, 1)
        await workers.forget_loaded(8)
        assert boards[1].forgotten == [7, 8]
    async with followed(tmp_path, Bus(), 0) as nobody:
        await nobody.forget_loaded(7)

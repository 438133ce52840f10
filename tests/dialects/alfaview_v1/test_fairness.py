"""What one organization does in one request of the largest size does not hold up the others."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from sqlalchemy import delete

from switchroom.mail.models import QueuedMail
from tests.platform import RunningPlatform, Tenant

_MANY = 1000
_TIMES = 8


class Watch:
    """What another organization's simple requests took, how long the loop did nothing else, in seconds."""

    def __init__(self, running: RunningPlatform, other: Tenant) -> None:
        self.longest_call = 0.0
        self.longest_stall = 0.0
        self._running = running
        self._other = other
        self._ends = threading.Event()

    def call(self) -> None:
        while not self._ends.is_set():
            started = time.perf_counter()
            self._other.api("roomService/availableTypes")
            self.longest_call = max(self.longest_call, time.perf_counter() - started)

    async def turn(self) -> None:
        while not self._ends.is_set():
            started = time.perf_counter()
            await asyncio.sleep(0.001)
            self.longest_stall = max(self.longest_stall, time.perf_counter() - started)

    def end(self) -> None:
        self._ends.set()


@contextmanager
def watched(running: RunningPlatform) -> Generator[Watch]:
    other = running.organization("Other")
    other.api("roomService/availableTypes")
    watch = Watch(running, other)
    with ThreadPoolExecutor(2) as threads:
        working = [threads.submit(watch.call), threads.submit(running.run, watch.turn())]
        try:
            yield watch
        finally:
            watch.end()
        for one in working:
            one.result()


def hold(running: RunningPlatform, one: Callable[[], Any], many: Callable[[], Any]) -> None:
    """Others' requests do not wait for the work of `many`: at most for a quarter of what that takes one at a
    time, and as long as beside that; in one of a few times, for others work on this machine as well."""
    alone = _MANY * statistics.median(_seconds(one) for _ in range(20))
    for times_left in reversed(range(_TIMES)):
        with watched(running) as quiet:
            for _ in range(20):
                one()
        with watched(running) as watch:
            whole = _seconds(many)
        print(f"{_MANY} at once take {whole:.3f} s, one at a time {alone:.3f} s")
        print(f"another's longest call {watch.longest_call:.3f} s, longest stall {watch.longest_stall:.3f} s")
        print(f"beside single ones {quiet.longest_call:.3f} s and {quiet.longest_stall:.3f} s")
        is_fair = watch.longest_call < alone / 4 + quiet.longest_call
        if is_fair and watch.longest_stall < alone / 4 + quiet.longest_stall:
            return
        assert times_left, "another's requests or the loop wait for it"


def _seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def test_moving_a_thousand_rooms(running: RunningPlatform, tenant: Tenant) -> None:
    department = tenant.department()
    rooms = [tenant.room(f"Room {number}", parentId=department) for number in range(20)]
    moves = [
        {
            "roomId": rooms[number % 20],
            "parentId": department,
            "moveAfterRoomId": rooms[(number * 7 + 3) % 20],
        }
        for number in range(_MANY)
        if number % 20 != (number * 7 + 3) % 20
    ]

    def move(count: int) -> Any:
        return tenant.api("roomService/sort", roomMoves=moves[:count])

    hold(running, lambda: move(1), lambda: move(_MANY))


def test_inviting_a_thousand_guests(running: RunningPlatform, tenant: Tenant) -> None:
    room_id, group = tenant.room(), tenant.permission_group()
    wishes = [
        {
            "displayName": f"Guest {number}",
            "email": f"guest{number}@example.org",
            "permissionGroupId": group,
            "sendEmail": True,
        }
        for number in range(_MANY)
    ]

    def invite(count: int) -> Any:
        return tenant.api(
            "guestService.v2/createGuestLinks", roomId=room_id, guestLinkCreations=wishes[:count]
        )

    try:
        hold(running, lambda: invite(1), lambda: invite(_MANY))
    finally:
        running.run(unsend(running, tenant))


async def unsend(running: RunningPlatform, tenant: Tenant) -> None:
    """Take the mails back that nobody has sent yet: others' would wait behind them."""
    async with running.platform.storage.database.write(tenant.organization.id) as session:
        await session.execute(delete(QueuedMail).where(QueuedMail.organization_id == tenant.organization.id))

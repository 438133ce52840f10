"""Lists of rooms that are kept, and made once for all who want them at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from msgspec import Raw, structs

from switchroom.bus import Bus
from switchroom.db.database import Database
from switchroom.dialects.alfaview_v1.room_lists import RoomLists
from switchroom.errors import ErrorCode, Forbidden
from switchroom.identity.tokens import AccessToken, SubjectKind
from switchroom.rooms.notices import RoomsChanged
from switchroom.rooms.revisions import Revisions

ADA = AccessToken(7, "01J0000000000000000000000A", "ada", SubjectKind.PERSON, 0.0, 0, 0, "Ada")
BOB = structs.replace(ADA, subject_id="bob")


class Kitchen:
    """Makes lists when it is told to, and counts them."""

    def __init__(self, lists: RoomLists, bus: Bus) -> None:
        self.lists, self.bus = lists, bus
        self.made = 0
        self.error: Exception | None = None
        self.begun, self.done = asyncio.Event(), asyncio.Event()

    def order(self, caller: AccessToken = ADA, wanted: str = "all") -> asyncio.Task[Raw]:
        return asyncio.create_task(self.lists.get(caller, wanted, self._make))

    async def _make(self) -> Raw:
        self.made += 1
        number, error = self.made, self.error
        self.begun.set()
        await self.done.wait()
        if error is not None:
            raise error
        return Raw(b"%d" % number)


@pytest.fixture
async def kitchen(tmp_path: Path) -> AsyncGenerator[Kitchen]:
    bus = Bus()
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'no.db'}", bus)
    yield Kitchen(RoomLists(Revisions(database, bus)), bus)
    await database.close()


async def test_several_at_once_wait_for_one_making(kitchen: Kitchen) -> None:
    orders = [kitchen.order() for _ in range(5)]
    others = [kitchen.order(BOB), kitchen.order(wanted="some")]
    await kitchen.begun.wait()
    kitchen.done.set()

    assert {bytes(one) for one in await asyncio.gather(*orders)} == {b"1"}
    assert {bytes(one) for one in await asyncio.gather(*others)} == {b"2", b"3"}
    assert bytes(await kitchen.order()) == b"1"
    assert kitchen.made == 3


async def test_who_asks_after_a_change_does_not_wait_for_a_list_from_before(kitchen: Kitchen) -> None:
    before = kitchen.order()
    await kitchen.begun.wait()
    await kitchen.bus.publish(RoomsChanged(ADA.organization_id))
    after = kitchen.order()
    kitchen.done.set()

    assert (bytes(await before), bytes(await after)) == (b"1", b"2")


async def test_who_goes_away_takes_nothing_from_the_others(kitchen: Kitchen) -> None:
    first, second = kitchen.order(), kitchen.order()
    await kitchen.begun.wait()
    first.cancel()
    await asyncio.wait([first])
    kitchen.done.set()

    assert bytes(await second) == b"1"
    assert kitchen.made == 1


async def test_what_goes_wrong_is_tried_anew(kitchen: Kitchen) -> None:
    kitchen.error = Forbidden(ErrorCode.PERSON_LEFT)
    kitchen.done.set()
    for answer in await asyncio.gather(kitchen.order(), kitchen.order(), return_exceptions=True):
        assert answer is kitchen.error
    kitchen.error = None

    assert bytes(await kitchen.order()) == b"2"

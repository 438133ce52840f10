"""Conferences by telephone on a running platform: who gets in, who hears whom, what keys and the API do."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import select

from switchroom.engines.engine import Engine
from switchroom.engines.janus.engine import JanusEngine
from switchroom.engines.supervisor import ProcessState
from switchroom.platform.call_control import TelephonyWorkerEngine
from switchroom.telephony.calls.call_state import SavedSeat, read_saved
from switchroom.telephony.calls.device_states import readable
from switchroom.telephony.calls.live_rows import LiveCallRow
from tests.engines.waiting import until
from tests.platform import RunningPlatform
from tests.telephony.calls.phones import Conversation, SoftPhone
from tests.telephony.calls.switchboards import Account
from tests.telephony.media.conftest import sound

__all__ = ["sound"]

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine, pytest.mark.janus]

MUSIC_AND_PROMPTS = 60.0
"""Seconds in which everything that is said before is over."""


def conference(account: Account, number: str = "400", **draft: Any) -> int:
    """A conference at a number, of which nothing is announced unless it is asked for."""
    settings = {"name": "Daily", "members_announce_join_leave": False, **draft}
    made = int(account.api("PUT", "/conferences", settings)["id"])
    account.flow(number, {"module": "conference", "data": {"id": made}})
    return made


def people(account: Account, *extensions: str) -> None:
    for extension in extensions:
        account.person(extension)


async def joined(phone: SoftPhone, number: str = "400") -> Conversation:
    call = await phone.call(number)
    await call.answered()
    return call


async def eventually(condition: Callable[[], Awaitable[bool]], limit: float = 60.0) -> None:
    async with asyncio.timeout(limit):
        while not await condition():  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.1)


async def test_three_phones_hear_the_others_and_leave_one_after_the_other(account: Account) -> None:
    people(account, "201", "202", "203")
    conference(account)
    async with account.phones("201", "202", "203") as (ada, grace, mary):
        first = await joined(ada)
        second = await joined(grace)
        third = await joined(mary)
        await first.talker.hears(550, 700, limit=MUSIC_AND_PROMPTS)
        await second.talker.hears(400, 700, limit=MUSIC_AND_PROMPTS)
        await third.talker.hears(400, 550, limit=MUSIC_AND_PROMPTS)
        third.hang_up()
        await first.talker.hears(550)
        second.talker.press("#")
        await second.ended()
        first.hang_up()


async def test_who_is_alone_hears_the_music_of_the_account(account: Account) -> None:
    people(account, "201")
    account.api("POST", "/accounts", {"music_on_hold_id": account.tone(900, 5)})
    conference(account)
    async with account.phones("201") as (ada,):
        first = await joined(ada)
        await first.talker.hears(900, limit=MUSIC_AND_PROMPTS)
        first.hang_up()


async def test_keys_mute_and_unmute(account: Account) -> None:
    people(account, "201", "202")
    conference(account)
    async with account.phones("201", "202") as (ada, grace):
        first = await joined(ada)
        second = await joined(grace)
        await first.talker.hears(550, limit=MUSIC_AND_PROMPTS)
        await second.talker.hears(400, limit=MUSIC_AND_PROMPTS)
        second.talker.press("*")
        second.talker.press("1")
        await first.talker.hears()
        await second.talker.hears(400, limit=MUSIC_AND_PROMPTS)
        second.talker.press("*")
        second.talker.press("1")
        await first.talker.hears(550, limit=MUSIC_AND_PROMPTS)
        second.talker.press("*")
        second.talker.press("5")
        await second.talker.hears()
        await first.talker.hears(550)
        second.talker.press("*")
        second.talker.press("6")
        await second.talker.hears(400)


async def test_a_pin_lets_in_and_a_wrong_one_does_not(account: Account) -> None:
    people(account, "201", "202")
    conference(account, members_pin="4711")
    async with account.phones("201", "202") as (ada, grace):
        first = await joined(ada)
        second = await joined(grace)
        for call in (first, second):
            for key in "4711#":
                call.talker.press(key)
        await first.talker.hears(550, limit=MUSIC_AND_PROMPTS)
        stranger = await joined(grace)
        for _ in range(3):
            for key in "1234#":
                stranger.talker.press(key)
        await stranger.ended(limit=MUSIC_AND_PROMPTS)


async def test_a_full_conference_takes_nobody(account: Account) -> None:
    people(account, "201", "202", "203")
    conference(account, members_maximum=2)
    async with account.phones("201", "202", "203") as (ada, grace, mary):
        first = await joined(ada)
        await joined(grace)
        await first.talker.hears(550, limit=MUSIC_AND_PROMPTS)
        third = await mary.call("400")
        await third.ended(limit=MUSIC_AND_PROMPTS)
        await first.talker.hears(550)


async def test_a_mixer_that_is_killed_is_a_pause(account: Account, exchange: RunningPlatform) -> None:
    people(account, "201", "202")
    conference(account)
    async with account.phones("201", "202") as (ada, grace):
        first = await joined(ada)
        second = await joined(grace)
        await first.talker.hears(550, limit=MUSIC_AND_PROMPTS)
        await second.talker.hears(400, limit=MUSIC_AND_PROMPTS)
        janus = exchange.platform.engines.find(JanusEngine)
        assert janus is not None
        await killed(janus)
        await first.talker.hears(550)
        await second.talker.hears(400)


async def test_those_in_a_conference_are_in_again_when_its_worker_was_killed(
    account: Account, exchange: RunningPlatform
) -> None:
    people(account, "201", "202")
    conference(account)
    async with account.phones("201", "202") as (ada, grace):
        first = await joined(ada)
        second = await joined(grace)
        await first.talker.hears(550, limit=MUSIC_AND_PROMPTS)
        await second.talker.hears(400, limit=MUSIC_AND_PROMPTS)
        await eventually(lambda: saved(account, [SavedSeat(has_begun=False)] * 2))
        worker = exchange.platform.engines.find(TelephonyWorkerEngine)
        assert worker is not None
        await killed(worker)
        await first.talker.hears(550, limit=MUSIC_AND_PROMPTS)
        await second.talker.hears(400, limit=MUSIC_AND_PROMPTS)
        second.talker.press("#")
        await second.ended()


async def test_a_locked_conference_stays_so_when_its_worker_was_killed(
    account: Account, exchange: RunningPlatform
) -> None:
    """Who was muted stays muted, who was not is not, and nobody comes in that has been kept out."""
    people(account, "201", "202", "203", "204")
    number = conference(account, owner_id=account.people["203"])
    path = f"/conferences/{number}/participants"

    async def muted() -> list[tuple[str, bool]]:
        found = await asyncio.to_thread(account.api, "GET", path)
        return sorted((one["number"], one["muted"]) for one in found)

    async with account.phones("201", "202", "203", "204") as (ada, grace, mary, late):
        first, _, third = [await joined(one) for one in (ada, grace, mary)]
        await third.talker.hears(400, 550, limit=MUSIC_AND_PROMPTS)
        for key in "*8*7":
            third.talker.press(key)
        as_left = [("201", True), ("202", False), ("203", False)]
        await eventually(lambda: is_so(muted, [("201", True), ("202", True), ("203", False)]))
        await first.talker.hears(700, limit=MUSIC_AND_PROMPTS)
        found = await asyncio.to_thread(account.api, "GET", path)
        (second,) = [one["id"] for one in found if one["number"] == "202"]
        await act(account, f"{path}/{second}", "unmute")
        await third.talker.hears(550, limit=MUSIC_AND_PROMPTS)
        assert await muted() == as_left
        locked = SavedSeat(is_locked=True, all_muted=True, has_begun=True)
        seats = [structs.replace(locked, muted=one) for one in (True, False, False)]
        await eventually(lambda: saved(account, seats))

        worker = exchange.platform.engines.find(TelephonyWorkerEngine)
        assert worker is not None
        await killed(worker)
        await third.talker.hears(550, limit=MUSIC_AND_PROMPTS)
        await first.talker.hears(550, 700, limit=MUSIC_AND_PROMPTS)
        await eventually(lambda: are_in(muted, 3))
        assert await muted() == as_left
        await (await joined(late)).ended(limit=MUSIC_AND_PROMPTS)
        for key in "*7":
            third.talker.press(key)
        seats = [structs.replace(one, is_locked=False) for one in seats]
        await eventually(lambda: saved(account, seats))
        await joined(late)
        await eventually(lambda: is_so(muted, [*as_left, ("204", True)]), limit=MUSIC_AND_PROMPTS)


async def killed(engine: Engine) -> None:
    """Kill an engine, and wait until it has been started again."""
    assert engine.pid is not None
    before = engine.restarts
    os.kill(engine.pid, signal.SIGKILL)
    await until(lambda: engine.restarts > before and engine.state is ProcessState.READY, 90)


async def saved(account: Account, seats: Sequence[SavedSeat]) -> bool:
    """Whether the account's calls are written with these seats in a conference, in any order."""

    async def read() -> list[bytes]:
        async with account.platform.platform.storage.database.read(None) as session:
            rows = select(LiveCallRow.snapshot).where(LiveCallRow.organization_id == account.organization.id)
            return list(await session.scalars(rows))

    calls = readable(await asyncio.to_thread(lambda: account.platform.run(read())))
    found = [read_saved(call.state).seat for call in calls if call.state]
    return Counter(found) == Counter(seats)


async def are_in(read: Callable[[], Awaitable[Sequence[Any]]], number: int) -> bool:
    """Whether so many are in a conference; False while nobody answers."""
    try:
        return len(await read()) == number
    except AssertionError:
        return False


async def is_so(read: Callable[[], Awaitable[Any]], wanted: Any) -> bool:
    """Whether what is read now is that; False while nobody answers."""
    try:
        return await read() == wanted
    except AssertionError:
        return False


async def test_those_who_are_in_hear_who_comes(
    account: Account, exchange: RunningPlatform, sound: Callable[[int, float], Path]
) -> None:
    own = exchange.platform.settings.data_directory / "telephony" / "prompts" / "en"
    own.mkdir(parents=True, exist_ok=True)
    prompt = own / "conference-someone-joined.wav"
    shutil.copy(sound(1200, 6.0), prompt)
    people(account, "201", "202", "203")
    conference(account, members_announce_join_leave=True, language="en")
    try:
        async with account.phones("201", "202", "203") as (ada, grace, mary):
            first = await joined(ada)
            await joined(grace)
            await first.talker.hears(550, 1200, limit=MUSIC_AND_PROMPTS)
            await first.talker.hears(550, limit=MUSIC_AND_PROMPTS)
            third = await joined(mary)
            await first.talker.hears(550, 700, 1200, limit=MUSIC_AND_PROMPTS)
            third.hang_up()
    finally:
        prompt.unlink()


async def test_programs_see_mute_and_put_out_participants(account: Account) -> None:
    people(account, "201", "202")
    number = conference(account)
    path = f"/conferences/{number}/participants"
    async with account.phones("201", "202") as (ada, grace):
        first = await joined(ada)
        second = await joined(grace)
        await first.talker.hears(550, limit=MUSIC_AND_PROMPTS)
        found = await asyncio.to_thread(account.api, "GET", path)
        assert [(one["number"], one["muted"]) for one in found] == [("201", False), ("202", False)]
        assert found[1]["owner_id"] == account.people["202"]
        await act(account, f"{path}/{found[1]['id']}", "mute")
        await first.talker.hears()
        assert (await asyncio.to_thread(account.api, "GET", path))[1]["muted"] is True
        await act(account, f"{path}/{found[1]['id']}", "unmute")
        await first.talker.hears(550)
        await act(account, f"{path}/{found[1]['id']}", "kick")
        await second.ended(limit=MUSIC_AND_PROMPTS)

        async def numbers() -> list[str]:
            return [one["number"] for one in await asyncio.to_thread(account.api, "GET", path)]

        await eventually(lambda: is_so(numbers, ["201"]))


async def act(account: Account, path: str, action: str) -> None:
    await asyncio.to_thread(account.api, "POST", path, {"action": action})


async def test_events_tell_who_comes_and_goes(account: Account) -> None:
    people(account, "201")
    number = conference(account, members_join_muted=True)
    async with account.phones("201") as (ada,):
        first = await joined(ada)
        await told(account, "conference.joined", number)
        first.hang_up()
        (left,) = await told(account, "conference.left", number)
    (came,) = await told(account, "conference.joined", number)
    assert came["data"]["number"] == left["data"]["number"] == "201"
    assert came["data"]["muted"] is True
    assert came["data"]["channel"] == left["data"]["channel"]


async def told(account: Account, kind: str, number: int) -> list[dict[str, Any]]:
    """Events of a conference, when there are some."""

    async def read() -> bool:
        nonlocal found
        found = await asyncio.to_thread(account.api, "GET", "/events", type=kind)
        return bool(found)

    found: list[dict[str, Any]] = []
    await eventually(read, limit=MUSIC_AND_PROMPTS)
    assert {one["object"] for one in found} == {str(number)}
    return found


async def test_a_conference_begins_with_its_moderator_who_locks_it_and_mutes_all(account: Account) -> None:
    people(account, "201", "202", "203", "204")
    account.api("POST", "/accounts", {"music_on_hold_id": account.tone(900, 5)})
    owner = account.people["203"]
    number = conference(account, owner_id=owner, wait_for_moderator=True, members_join_muted=True)
    async with account.phones("201", "202", "203", "204") as (ada, grace, mary, late):
        first, second = await joined(ada), await joined(grace)
        for one in (first, second):
            await one.talker.hears(900, limit=MUSIC_AND_PROMPTS)
            for key in ("*", "3"):  # not muted any more
                one.talker.press(key)
        third = await joined(mary)
        await first.talker.hears(550, 700, limit=MUSIC_AND_PROMPTS)
        await third.talker.hears(400, 550, limit=MUSIC_AND_PROMPTS)
        found = await asyncio.to_thread(account.api, "GET", f"/conferences/{number}/participants")
        assert [(one["number"], one["is_moderator"]) for one in found] == [
            ("201", False),
            ("202", False),
            ("203", True),
        ]
        for key in ("*", "7"):  # by a member: nothing
            first.talker.press(key)
        for key in ("*", "8"):
            third.talker.press(key)
        await third.talker.hears(limit=MUSIC_AND_PROMPTS)
        await first.talker.hears(700, limit=MUSIC_AND_PROMPTS)
        for key in ("*", "8"):
            third.talker.press(key)
        await third.talker.hears(400, 550, limit=MUSIC_AND_PROMPTS)
        for key in ("*", "7"):
            third.talker.press(key)
        await third.talker.hears(400, 550, limit=MUSIC_AND_PROMPTS)
        await (await joined(late)).ended(limit=MUSIC_AND_PROMPTS)
        third.hang_up()
        await first.talker.hears(550, limit=MUSIC_AND_PROMPTS)


async def test_whom_the_owner_transfers_is_no_moderator(account: Account) -> None:
    people(account, "201", "202")
    number = conference(account, owner_id=account.people["202"])
    async with account.phones("201", "202") as (ada, grace):
        call = await ada.call("202")
        other = await grace.rung()
        other.answer()
        await call.answered()
        await other.transfer("400")
        path = f"/conferences/{number}/participants"

        async def is_in() -> bool:
            nonlocal found
            found = await asyncio.to_thread(account.api, "GET", path)
            return bool(found)

        found: list[dict[str, Any]] = []
        await eventually(is_in, limit=MUSIC_AND_PROMPTS)
        assert [(one["number"], one["is_moderator"]) for one in found] == [("201", False)]
        call.hang_up()

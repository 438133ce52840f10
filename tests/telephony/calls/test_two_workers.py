"""Two telephony workers: each has the calls of its accounts, and the API finds all of them."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from sqlalchemy import select

from switchroom.engines.kamailio.dispatching import worker_of
from switchroom.engines.supervisor import ProcessState
from switchroom.platform.call_control import TelephonyWorkerEngine
from switchroom.telephony.calls.live_rows import LiveCallRow
from tests.platform import RunningPlatform, running_platform
from tests.ports import telephones
from tests.telephony.calls.switchboards import Account
from tests.telephony.calls.test_calls import until
from tests.telephony.calls.test_live_calls import act, ask, channels, connected, records

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine, pytest.mark.slow]


@pytest.fixture
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    data = tmp_path_factory.mktemp("two")
    with (
        telephones(workers=2) as telephony,
        running_platform(data, engines=True, telephony=telephony) as platform,
    ):
        yield platform


def _workers(platform: RunningPlatform, calls: int) -> list[int]:
    """Those that have the calls that are up, once so many are written."""

    async def read() -> list[int]:
        async with platform.platform.storage.database.read(None) as session:
            return list(await session.scalars(select(LiveCallRow.worker)))

    deadline = time.monotonic() + 60
    while len(found := platform.run(read())) != calls:
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


async def test_calls_of_accounts_at_both(platform: RunningPlatform) -> None:
    accounts: dict[int, Account] = {}
    while len(accounts) < 2:
        account = await asyncio.to_thread(Account, platform, "Acme")
        organization_id: int = account.api("GET", "/accounts")["id"]
        accounts.setdefault(worker_of(organization_id, (1, 2)), account)
    for account in accounts.values():
        account.person("201")
        account.person("202")
    for number, account in accounts.items():
        async with account.phones("201", "202") as (ada, grace):
            asking = asyncio.create_task(
                ask(account.api, "PUT", f"/devices/{account.devices['201']}/quickcall/202")
            )
            own = await ada.rung()
            own.ring()
            began = await asking
            own.answer()
            other = await grace.rung()
            other.answer()
            await own.talker.hears(grace.tone)
            assert await asyncio.to_thread(_workers, platform, 1) == [number]
            own.hang_up()
            await other.ended()
            (record,) = await records(account)
            assert record["interaction_id"] == began["interaction_id"]

            call, other = await connected(ada, "202", grace)
            shown = await channels(account, 2)
            assert await asyncio.to_thread(_workers, platform, 1) == [number]
            await act(account, shown[0], "hangup")
            await call.ended()
            await other.ended()
            await records(account, 2)


async def test_calls_go_to_the_other_worker_and_come_back(platform: RunningPlatform) -> None:
    """Those that are up when a worker is killed are its own again; those that began elsewhere end there."""
    account = await asyncio.to_thread(Account, platform, "Acme")
    organization_id: int = account.api("GET", "/accounts")["id"]
    number = worker_of(organization_id, (1, 2))
    workers = platform.platform.engines.find_all(TelephonyWorkerEngine)
    (own,) = (one for one in workers if one.number == number)
    account.person("201")
    account.person("202")
    async with account.phones("201", "202") as (ada, grace):
        first, first_other = await connected(ada, "202", grace)
        before = own.pid
        assert before is not None
        os.kill(before, signal.SIGSTOP)
        second, second_other = await connected(ada, "202", grace)
        assert sorted(await asyncio.to_thread(_workers, platform, 2)) == [1, 2]
        with suppress(ProcessLookupError):  # it has been found out already that it hangs
            os.kill(before, signal.SIGKILL)
        await until(lambda: own.state is ProcessState.READY and own.pid not in (None, before))

        async with asyncio.timeout(90):
            while True:  # until the server gives it calls again
                third, third_other = await connected(ada, "202", grace)
                found = await asyncio.to_thread(_workers, platform, 3)
                third.hang_up()
                await third_other.ended()
                if found.count(number) == 2:
                    break
        for call, other in ((first, first_other), (second, second_other)):
            await call.talker.hears(grace.tone)
            await other.hold()
            await other.resume()
            await other.talker.hears(ada.tone)
            call.hang_up()
            await other.ended()
    ended = account.api("GET", "/calls_history/all", limit=100)
    assert {one["hangup_cause"] for one in ended} == {"NORMAL_CLEARING"}

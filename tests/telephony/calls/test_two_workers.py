"""Two telephony workers: each has the calls of its accounts, and the API finds all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from switchroom.engines.kamailio.dispatching import worker_of
from switchroom.engines.ports import free_port
from switchroom.settings import TelephonySettings
from switchroom.telephony.calls.live_rows import LiveCallRow
from tests.platform import RunningPlatform, running_platform
from tests.telephony.calls.switchboards import Account
from tests.telephony.calls.test_live_calls import act, ask, channels, connected, records

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine, pytest.mark.slow]


@pytest.fixture
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    telephony = TelephonySettings(sip_port=free_port(), workers=2, media_port_min=46000, media_port_max=46599)
    with running_platform(tmp_path_factory.mktemp("two"), engines=True, telephony=telephony) as platform:
        yield platform


def _workers(platform: RunningPlatform) -> list[int]:
    """Those that have the calls that are up."""

    async def read() -> list[int]:
        async with platform.platform.storage.database.read(None) as session:
            return list(await session.scalars(select(LiveCallRow.worker)))

    return platform.run(read())


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
            assert await asyncio.to_thread(_workers, platform) == [number]
            own.hang_up()
            await other.ended()
            (record,) = await records(account)
            assert record["interaction_id"] == began["interaction_id"]

            call, other = await connected(ada, "202", grace)
            shown = await channels(account, 2)
            assert await asyncio.to_thread(_workers, platform) == [number]
            await act(account, shown[0], "hangup")
            await call.ended()
            await other.ended()
            await records(account, 2)

"""Calls that would go round for ever: forwards, groups, and numbers that carriers lead back."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from switchroom.engines.sip.events import Failed
from switchroom.engines.sip.session import Session
from switchroom.telephony.calls.switchboard import MOST_ROUNDS
from tests.telephony.calls.carriers import Carrier, add_number, add_trunk, carrier
from tests.telephony.calls.phones import Conversation
from tests.telephony.calls.switchboards import Account

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]

FAR = "+3226660177"
LIMIT = 90.0


async def test_a_call_that_may_not_go_on_is_refused(account: Account) -> None:
    account.person("201")
    account.flow("200", {"module": "play", "data": {"id": account.tone(500)}})
    account.person("202")
    async with account.phones("201", "202") as (ada, grace):
        # The SIP server counts too: it comes to the worker with 0. Even what ends there is not begun.
        for number in ("202", "200"):
            assert await (await ada.call(number, max_forwards=1)).failed() == 483
        # It comes to the worker with 2, to the SIP server again with 1, and to the phone with 0.
        answered = await ada.call("202", max_forwards=3)
        other = await grace.rung()
        assert other.invite.max_forwards == 0
        other.answer()
        await answered.answered()
        other.hang_up()
        await answered.ended()
        assert len(await asyncio.to_thread(history, account)) == 1


def history(account: Account) -> list[Any]:
    """The records of the account's calls, once there are any."""
    deadline = time.monotonic() + 60
    while not (records := account.api("GET", "/calls_history/all")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return list(records)


def forward(account: Account, extension: str, to: str) -> None:
    account.api(
        "POST",
        f"/users/{account.people[extension]}",
        {"call_forward": {"enabled": True, "number": to, "require_key_press": False}},
    )


async def test_two_who_forward_to_each_other(account: Account) -> None:
    for extension in ("201", "202", "203"):
        account.person(extension)
    forward(account, "201", "202")
    forward(account, "202", "201")
    async with account.phones("203") as (edsger,):
        assert await (await edsger.call("201")).failed(LIMIT) == 480
        assert await (await edsger.call("202")).failed(LIMIT) == 480


async def test_a_group_that_contains_itself(account: Account) -> None:
    """By its member, who forwards to it, and by its callflow, which goes on with itself."""
    for extension in ("201", "203"):
        account.person(extension)
    group = account.api(
        "PUT", "/groups", {"name": "G", "members": [{"member_id": account.people["201"]}], "timeout": 5}
    )["id"]
    flow = account.flow("300", {"module": "group", "data": {"id": group}})
    again = {"module": "callflow", "data": {"id": flow}, "children": {}}
    whole = {"module": "group", "data": {"id": group}, "children": {"_": again}}
    account.api("POST", f"/callflows/{flow}", {"flow": whole})
    forward(account, "201", "300")
    async with account.phones("203") as (edsger,):
        assert await (await edsger.call("300")).failed(LIMIT) >= 400
        assert await (await edsger.call("201")).failed(LIMIT) >= 400


@contextlib.asynccontextmanager
async def leads_back(far: Carrier, number: str) -> AsyncGenerator[list[Conversation]]:
    """A carrier that brings each call that it is given to the number again, as a new one."""
    rounds: list[Conversation] = []

    def failing(back: Conversation, came: Conversation) -> None:
        listen = back.listen

        def heard(session: Session, event: Any) -> None:
            listen(session, event)
            if isinstance(event, Failed):
                came.refuse(event.status)

        back.live.listener = heard

    async def bring() -> None:
        while True:
            came = await far.incoming.get()
            assert came.invite.max_forwards > 0
            back = await far.bring(number)
            failing(back, came)
            rounds.append(back)

    task = asyncio.create_task(bring())
    try:
        yield rounds
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_a_number_that_a_carrier_leads_back(account: Account) -> None:
    """The carrier's calls have the Max-Forwards of new ones."""
    async with carrier(account) as far:
        number = add_number(account, add_trunk(account, far.port, concurrent_calls_volume="xlarge"))
        account.flow(number, {"module": "external", "data": {"number": FAR}})
        async with leads_back(far, number) as rounds:
            first = await far.bring(number)
            assert await first.failed(LIMIT) >= 400
            assert len(rounds) == MOST_ROUNDS
            # Once all are over the number works as before.
            other = await far.bring(number)
            assert await other.failed(LIMIT) >= 400
            assert len(rounds) == 2 * MOST_ROUNDS

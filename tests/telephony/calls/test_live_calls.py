"""Live calls of real phones over the API: what is shown, what is done to them, and what is kept of them."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from switchroom.engines.rtpengine.client import NgError
from switchroom.engines.rtpengine.engine import RtpengineEngine
from switchroom.engines.sip.events import Cancelled, Ended, Failed
from switchroom.engines.sip.outgoing import OutgoingCall
from switchroom.engines.supervisor import ProcessState
from tests.dialects.telephony_v3.client import Api, Follower, Reader
from tests.platform import RunningPlatform
from tests.telephony.calls.phones import Conversation, SoftPhone
from tests.telephony.calls.switchboards import Account

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]

LIMIT = 60.0


async def ask(api: Api, method: str, path: str, data: Any = None, **query: Any) -> Any:
    return await asyncio.to_thread(lambda: api(method, path, data, **query))


async def until(api: Api, path: str, wanted: Callable[[Any], bool], **query: Any) -> Any:
    """What is answered, once it is what is wanted."""
    deadline = time.monotonic() + LIMIT
    while True:
        found = await ask(api, "GET", path, **query)
        if wanted(found):
            return found
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.02)


async def channels(account: Account, number: int) -> list[dict[str, Any]]:
    return await until(account.api, "/channels", lambda found: len(found) == number)


async def records(account: Account, number: int = 1) -> list[dict[str, Any]]:
    return await until(account.api, "/calls_history/all", lambda found: len(found) == number)


async def act(account: Account, channel: dict[str, Any], action: str, **more: Any) -> None:
    await ask(account.api, "POST", f"/channels/{channel['uuid']}", {"action": action, **more})


async def connected(caller: SoftPhone, number: str, called: SoftPhone) -> tuple[Conversation, Conversation]:
    call = await caller.call(number)
    other = await called.rung()
    other.answer()
    await call.answered()
    await call.talker.hears(called.tone)
    return call, other


async def test_channels_are_shown_while_they_are_there(account: Account) -> None:
    ada_id = account.person("201", "Ada", "Lovelace")
    grace_id = account.person("202", "Grace", "Hopper")
    async with account.phones("201", "202") as (ada, grace):
        call = await ada.call("202")
        ringing = await grace.rung()
        ringing.ring()
        mine, theirs = await channels(account, 2)
        assert (mine["direction"], mine["owner_id"], mine["state"]) == ("inbound", ada_id, "ringing")
        assert (theirs["direction"], theirs["owner_id"], theirs["answered"]) == ("outbound", grace_id, False)
        assert (theirs["caller_id_name"], theirs["caller_id_number"]) == ("Ada Lovelace", "201")
        assert (theirs["callee_id_name"], theirs["callee_id_number"]) == ("Grace Hopper", "202")
        assert (theirs["authorizing_type"], theirs["authorizing_id"]) == ("device", account.devices["202"])
        assert mine["interaction_id"] == theirs["interaction_id"]

        ringing.answer()
        await call.answered()
        both = await until(account.api, "/channels", lambda found: all(one["answered"] for one in found))
        assert {one["other_leg"] for one in both} == {one["uuid"] for one in both}
        await ringing.hold()
        await until(account.api, f"/channels/{theirs['uuid']}", lambda found: found["state"] == "held")
        assert [one["uuid"] for one in await ask(account.api, "GET", f"/users/{ada_id}/channels")] == [
            mine["uuid"]
        ]
        device = account.devices["202"]
        assert [one["uuid"] for one in await ask(account.api, "GET", f"/devices/{device}/channels")] == [
            theirs["uuid"]
        ]
        other = await asyncio.to_thread(Account, account.platform, "Other")
        assert await ask(other.api, "GET", "/channels") == []
        assert (
            await asyncio.to_thread(other.api.send, "POST", f"/channels/{mine['uuid']}", {"action": "hangup"})
        ).status_code == 404
        call.hang_up()
        await ringing.ended()
        await channels(account, 0)


async def test_a_call_that_is_refused_at_once_has_a_record(account: Account) -> None:
    ada_id = account.person("201", "Ada", "Lovelace")
    account.person("202")
    gsm = (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 3\r\n"
    )
    async with account.phones("201", "202") as (ada, grace):
        call = await ada.call("202", gsm)
        refusal = await call.until(Failed)
        assert refusal.status == 488
        assert "codec" in refusal.response.headers.get("Warning")
        (record,) = await records(account)
        assert (record["owner_id"], record["hangup_cause"]) == (ada_id, "INCOMPATIBLE_DESTINATION")
        assert (record["callee_id_number"], record["billing_seconds"]) == ("202", 0)
        events = await ask(account.api, "GET", "/events", type="call.*")
        assert [one["type"] for one in events] == ["call.created", "call.ended"]
        assert grace.incoming.empty()


async def test_a_call_without_the_relay_has_a_record(exchange: RunningPlatform, account: Account) -> None:
    ada_id = account.person("201", "Ada", "Lovelace")
    account.person("202")
    relay = exchange.platform.engines.find(RtpengineEngine)
    assert relay is not None
    assert relay.pid is not None
    async with account.phones("201", "202") as (ada, _):
        os.kill(relay.pid, signal.SIGSTOP)
        try:
            call = await ada.call("202")
            assert await call.failed() == 500
        finally:
            os.kill(relay.pid, signal.SIGCONT)
        (record,) = await records(account)
        assert (record["owner_id"], record["hangup_cause"]) == (ada_id, "NORMAL_TEMPORARY_FAILURE")
        await until_well(relay)


async def until_well(relay: RtpengineEngine) -> None:
    """Wait until the relay answers again: that of now, or one that was started as this was taken to hang."""
    async with asyncio.timeout(120):
        while True:
            with suppress(NgError):
                if relay.state is ProcessState.READY:
                    await relay.ready()
                    return
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("which", [0, 1])
async def test_hang_up(account: Account, which: int) -> None:
    account.person("201")
    account.person("202")
    async with account.phones("201", "202") as (ada, grace):
        call, other = await connected(ada, "202", grace)
        found = await channels(account, 2)
        await act(account, found[which], "hangup")
        await call.ended()
        await other.ended()
        assert await channels(account, 0) == []
        (record,) = await records(account)
        assert record["hangup_cause"] == "NORMAL_CLEARING"


async def test_hang_up_while_it_rings(account: Account) -> None:
    account.person("201")
    account.person("202")
    async with account.phones("201", "202") as (ada, grace):
        call = await ada.call("202")
        ringing = await grace.rung()
        ringing.ring()
        _, theirs = await channels(account, 2)
        await act(account, theirs, "hangup")
        await ringing.until(Cancelled)
        assert await call.failed() >= 400
        await channels(account, 0)


async def test_hold_mute_play_and_keys(account: Account) -> None:
    account.api("POST", "/accounts", {"music_on_hold_id": account.tone(900, 5)})
    account.person("201")
    account.person("202")
    sound = account.tone(700, 5)
    async with account.phones("201", "202") as (ada, grace):
        call, other = await connected(ada, "202", grace)
        mine, theirs = await channels(account, 2)
        await act(account, theirs, "hold")
        await call.talker.hears(900)
        await act(account, theirs, "unhold")
        await call.talker.hears(550)
        assert (
            await asyncio.to_thread(
                account.api.send, "POST", f"/channels/{theirs['uuid']}", {"action": "unhold"}
            )
        ).status_code == 409

        await act(account, mine, "mute")
        assert (await ask(account.api, "GET", f"/channels/{mine['uuid']}"))["muted"]
        await other.talker.hears()
        await act(account, mine, "unmute")
        await other.talker.hears(400)

        await act(account, mine, "play", media_id=sound)
        await call.talker.hears(700)
        await call.talker.hears(550)
        await other.talker.hears(400)
        await act(account, theirs, "dtmf", digits="1#")
        async with asyncio.timeout(LIMIT):
            while other.talker.keys != ["1", "#"]:  # noqa: ASYNC110 - a phone tells nobody
                await asyncio.sleep(0.02)
        call.hang_up()
        await other.ended()


@pytest.mark.parametrize("kind", ["blind", "attended"])
async def test_transfer(account: Account, kind: str) -> None:
    for extension in ("201", "202", "203"):
        account.person(extension, f"Person{extension}")
    async with account.phones("201", "202", "203") as (ada, grace, mary):
        call, other = await connected(ada, "202", grace)
        _, theirs = await channels(account, 2)
        answer = await asyncio.to_thread(
            account.api.send, "POST", f"/channels/{theirs['uuid']}", {"action": "transfer", "target": "999"}
        )
        assert (answer.status_code, answer.json()["error"]["fields"].keys()) == (400, {"target"})
        await act(account, theirs, "transfer", target="203", type=kind)
        third = await mary.rung()
        if kind == "attended":
            assert not any(isinstance(one, Ended) for one in other.events)
        third.answer()
        await other.ended()
        await call.talker.hears(mary.tone)
        await third.talker.hears(ada.tone)
        third.hang_up()
        await call.ended()
        first, second = await records(account, 2)
        assert (first["first_name"], first["hangup_cause"]) == ("Person202", "BLIND_TRANSFER")
        assert (second["first_name"], second["hangup_cause"]) == ("Person203", "NORMAL_CLEARING")
        assert first["billing_seconds"] >= 1
        assert first["interaction_id"] == second["interaction_id"]
        (event,) = await ask(account.api, "GET", "/events", type="call.transferred")
        assert event["data"]["channel"] == theirs["uuid"]


async def test_records_of_transfers_by_phone(account: Account) -> None:
    for extension in ("201", "202", "203"):
        account.person(extension, f"Person{extension}")
    async with account.phones("201", "202", "203") as (ada, grace, mary):
        call, other = await connected(ada, "202", grace)
        await other.transfer("203")
        third = await mary.rung()
        third.answer()
        await other.ended()
        third.hang_up()
        await call.ended()
        blind = await records(account, 2)
        assert [one["first_name"] for one in blind] == ["Person202", "Person203"]
        assert [one["hangup_cause"] for one in blind] == ["BLIND_TRANSFER", "NORMAL_CLEARING"]
        assert len(await ask(account.api, "GET", "/events", type="call.transferred")) == 1

        call, other = await connected(ada, "202", grace)
        await other.hold()
        asked, third = await connected(grace, "203", mary)
        await other.transfer_to(asked)
        await other.ended()
        await call.talker.hears(mary.tone)
        third.hang_up()
        await call.ended()
        found = (await records(account, 5))[2:]
        assert {(one["caller_id_number"], one["callee_id_number"], one["hangup_cause"]) for one in found} == {
            ("201", "202", "ATTENDED_TRANSFER"),
            ("202", "203", "ATTENDED_TRANSFER"),
            ("201", "203", "NORMAL_CLEARING"),
        }
        assert len(await ask(account.api, "GET", "/events", type="call.transferred")) == 2
        assert len(await ask(account.api, "GET", "/events", type="call.ended")) == 3


async def test_an_attended_transfer_that_fails_comes_back(account: Account) -> None:
    for extension in ("201", "202", "203"):
        account.person(extension)
    async with account.phones("201", "202", "203") as (ada, grace, mary):
        call, other = await connected(ada, "202", grace)
        _, theirs = await channels(account, 2)
        await act(account, theirs, "transfer", target="203", type="attended")
        (await mary.rung()).refuse(486)
        await call.talker.hears(grace.tone)
        await other.talker.hears(ada.tone)
        call.hang_up()
        await other.ended()


async def test_quickcall(account: Account) -> None:
    ada_id = account.person("201", "Ada")
    grace_id = account.person("202", "Grace")
    async with account.phones("201", "202") as (ada, grace):
        asking = asyncio.create_task(
            ask(account.api, "PUT", "/quickcall", {"user_id": ada_id, "number": "202", "auto_answer": True})
        )
        own = await ada.rung()
        assert own.invite.from_.uri.username == "202"
        assert "answer-after=0" in (own.invite.headers.get("Call-Info") or "")
        own.ring()
        began = await asking
        (mine,) = await channels(account, 1)
        assert (mine["uuid"], mine["interaction_id"]) == (began["uuid"], began["interaction_id"])
        own.answer()
        other = await grace.rung()
        assert other.invite.from_.uri.username == "201"
        other.answer()
        await own.talker.hears(grace.tone)
        await other.talker.hears(ada.tone)
        other.hang_up()
        await own.ended()
        (record,) = await records(account)
        assert (record["caller_id_number"], record["callee_id_number"]) == ("201", "202")
        assert (record["owner_id"], record["interaction_id"]) == (grace_id, began["interaction_id"])


async def test_quickcalls_that_reach_nobody(account: Account) -> None:
    account.person("201")
    account.person("202")
    device = account.devices["201"]

    async def status(number: str) -> int:
        answer = await asyncio.to_thread(account.api.send, "PUT", f"/devices/{device}/quickcall/{number}")
        return answer.status_code

    assert await status("202") == 409, "it is not registered"
    async with account.phones("201") as (ada,):
        assert await status("999") == 400, "the number leads nowhere"
        asking = asyncio.create_task(status("202"))
        (await ada.rung()).refuse(486)
        assert await asking == 409
        (record,) = await records(account)
        assert (record["hangup_cause"], record["caller_id_number"]) == ("USER_BUSY", "201")


async def test_all_phones_of_a_user_ring_for_a_quickcall(account: Account) -> None:
    user = account.person("201")
    account.device("second", user)
    account.person("202")
    async with account.phones("201", "second", "202") as (desk, mobile, grace):
        asking = asyncio.create_task(ask(account.api, "PUT", f"/users/{user}/quickcall/202"))
        first, second = await desk.rung(), await mobile.rung()
        first.ring()
        second.answer()
        await asking
        await first.until(Cancelled)
        other = await grace.rung()
        other.answer()
        await second.talker.hears(grace.tone)
        second.hang_up()
        await other.ended()
        assert len(await records(account)) == 1


@contextmanager
def following(account: Account) -> Generator[Follower]:
    """A WebSocket that is told of calls."""
    with Reader(account.platform, account.api.token).socket() as follower:
        assert follower.subscribe("call.*")["status"] == "success"
        yield follower


async def test_events_come_as_calls_go_on(account: Account) -> None:
    account.person("201", "Ada")
    account.person("202", "Grace")
    async with account.phones("201", "202") as (ada, grace):
        follower = following(account)
        socket = await asyncio.to_thread(follower.__enter__)

        async def heard(kind: str) -> dict[str, Any]:
            async with asyncio.timeout(LIMIT):
                event = (await asyncio.to_thread(socket.next))["data"]
            assert event["type"] == kind
            return event

        try:
            call = await ada.call("202")
            ringing = await grace.rung()
            created = await heard("call.created")
            ringing.ring()
            rings = await heard("call.ringing")
            assert rings["data"]["number"] == "202"
            ringing.answer()
            await call.answered()
            await heard("call.answered")
            await ringing.hold()
            await heard("call.held")
            call.hang_up()
            ended = await heard("call.ended")
            assert ended["object"] == created["object"]
            assert ended["data"]["record"]["hangup_cause"] == "NORMAL_CLEARING"
            (record,) = await records(account)
            assert record == ended["data"]["record"]
        finally:
            await asyncio.to_thread(follower.__exit__, None, None, None)


async def test_records_of_calls_that_were_not_answered(account: Account) -> None:
    account.person("201", "Ada")
    user = account.person("202", "Grace")
    account.person("203", "Mary")
    account.flow("300", {"module": "user", "data": {"id": user, "timeout": 1}}, "Short")
    async with account.phones("201", "202") as (ada, grace):
        call = await ada.call("202")
        (await grace.rung()).refuse(486)
        assert await call.failed() == 486
        (busy,) = await records(account)
        assert (busy["hangup_cause"], busy["first_name"], busy["billing_seconds"]) == (
            "USER_BUSY",
            "Grace",
            0,
        )

        began = time.monotonic()
        call = await ada.call("202")
        ringing = await grace.rung()
        ringing.ring()
        await asyncio.sleep(1.1)
        assert isinstance(call.session, OutgoingCall)
        call.session.cancel()
        await ringing.until(Cancelled)
        cancelled = (await records(account, 2))[1]
        assert cancelled["hangup_cause"] == "ORIGINATOR_CANCEL"
        assert 1 <= cancelled["ringing_seconds"] <= time.monotonic() - began

        grace.rings = True
        call = await ada.call("300")
        await grace.rung()
        assert await call.failed() >= 400
        missed = (await records(account, 3))[2]
        assert (missed["hangup_cause"], missed["callee_id_name"]) == ("NO ANSWER", "Grace Lovelace")

        assert await (await ada.call("203")).failed() == 480
        assert await (await ada.call("999")).failed() == 404
        unreachable, nowhere = (await records(account, 5))[3:]
        assert unreachable["hangup_cause"] in ("USER_NOT_REGISTERED", "SUBSCRIBER_ABSENT")
        assert (nowhere["hangup_cause"], nowhere["callee_id_number"]) == ("UNALLOCATED_NUMBER", "999")
        assert {one["call_direction"] for one in await records(account, 5)} == {"internal"}


async def test_records_of_a_forward_and_a_race(account: Account) -> None:
    ada_id = account.person("201", "Ada")
    grace_id = account.person("202", "Grace")
    mary_id = account.person("203", "Mary")
    forward = {"enabled": True, "number": "203", "require_key_press": False}
    account.api("POST", f"/users/{grace_id}", {"call_forward": forward})
    members = [{"member_id": grace_id}, {"member_id": mary_id}]
    async with account.phones("201", "202", "203") as (ada, grace, mary):
        call = await ada.call("202")
        other = await mary.rung()
        other.answer()
        await call.answered()
        other.hang_up()
        await call.ended()
        (forwarded,) = await records(account)
        assert (forwarded["owner_id"], forwarded["first_name"]) == (mary_id, "Mary")
        assert forwarded["hangup_cause"] == "NORMAL_CLEARING"

        account.api("POST", f"/users/{grace_id}", {"call_forward": {"enabled": False}})
        group = account.api("PUT", "/groups", {"name": "All", "members": members})["id"]
        account.flow("300", {"module": "group", "data": {"id": group}})
        call = await ada.call("300")
        loser, winner = await grace.rung(), await mary.rung()
        loser.ring()
        winner.answer()
        await call.answered()
        await loser.until(Cancelled)
        call.hang_up()
        await winner.ended()
        causes = {one["owner_id"]: one["hangup_cause"] for one in (await records(account, 3))[1:]}
        assert causes == {grace_id: "LOSE_RACE", mary_id: "NORMAL_CLEARING"}
        assert ada_id not in causes

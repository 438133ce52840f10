"""Events reach the receivers that want them: at least once, in order, and signed."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
import time
from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from switchroom.errors import Invalid, NotFound
from switchroom.events.append import append
from switchroom.events.models import Event
from switchroom.events.webhooks import sender
from switchroom.events.webhooks.concurrency import Shares
from switchroom.events.webhooks.hooks import WebHookDraft
from switchroom.events.webhooks.models import Verb
from switchroom.events.webhooks.schedule import RETRY_DELAYS
from switchroom.jobs.lease import LEASE
from tests.events.receiver import Request, listening
from tests.events.source import PATIENT, QUICK, SECRET, SHORT_LEASE, Source
from tests.events.worker import work
from tests.forking import forkserver
from tests.happened import happened

NEVER = 3600.0


def bodies(requests: list[Request]) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in requests]


async def test_an_event_arrives_as_it_was_logged_and_signed(events: Source) -> None:
    async with listening() as receiver, events.delivering():
        hook = await events.hook(f"{receiver.url}/in", custom_data={"customer": 7})
        await events.happens("test.happened", "r-1", name="Küche")
        (request,) = await receiver.got(1)
        (delivery,) = await events.until(hook, "delivered")
    body = json.loads(request.body)
    assert body.pop("timestamp").endswith("Z")
    assert body == {
        "id": delivery.event_id,
        "type": "test.happened",
        "account": events.organization_id,
        "object": "r-1",
        "data": {"name": "Küche"},
        "custom_data": {"customer": 7},
    }
    assert (request.method, request.path) == ("POST", "/in")
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-webhook-id"] == str(delivery.event_id)
    timestamp = request.headers["x-webhook-timestamp"]
    signed = hmac.new(SECRET.encode(), timestamp.encode() + b"." + request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-webhook-signature"] == f"v1={signed}"
    assert (delivery.attempts, delivery.last_status) == (1, 200)


async def test_a_hook_gets_its_types_from_when_it_was_made(events: Source) -> None:
    async with listening() as receiver, events.delivering():
        await events.happens("test.before")
        hook = await events.hook(receiver.url, "test.a.*", "test.b", verb=Verb.PUT)
        for kind in ("test.a.1", "test.c", "test.b", "test.b.1", "test.a.2"):
            await events.happens(kind)
        await events.until(hook, "delivered", "delivered", "delivered")
    assert [body["type"] for body in bodies(receiver.requests)] == ["test.a.1", "test.b", "test.a.2"]
    assert {request.method for request in receiver.requests} == {"PUT"}


async def test_each_organization_has_its_own_hooks(events: Source) -> None:
    hook = await events.hook("https://example.org/")
    other = events.organization_id + 1
    assert await events.hooks.list(other) == []
    with pytest.raises(NotFound):
        await events.hooks.get(other, hook.id)
    with pytest.raises(NotFound):
        await events.hooks.update(other, hook.id, WebHookDraft(enabled=False))
    with pytest.raises(NotFound):
        await events.hooks.deliveries(other, hook.id)
    with pytest.raises(NotFound):
        await events.hooks.delete(other, hook.id)
    assert [one.id for one in await events.hooks.list(events.organization_id)] == [hook.id]


async def test_what_fails_is_tried_again_with_the_same_id(events: Source) -> None:
    async with listening() as receiver, events.delivering():
        receiver.reply = lambda _: 500 if len(receiver.requests) < 3 else 204
        hook = await events.hook(receiver.url)
        await events.happens()
        (delivery,) = await events.until(hook, "delivered")
    assert delivery.attempts == 3
    assert len({request.headers["x-webhook-id"] for request in receiver.requests}) == 1
    assert len({request.body for request in receiver.requests}) == 1


async def test_what_never_arrives_is_given_up_kept_and_can_be_sent_again(events: Source) -> None:
    async with listening() as receiver, events.delivering():
        receiver.status = 410
        hook = await events.hook(receiver.url)
        await events.happens()
        (delivery,) = await events.until(hook, "dead")
        assert delivery.attempts == 4
        assert delivery.last_error == "the receiver answered 410"
        kept = await events.hooks.get(events.organization_id, hook.id)
        assert kept.problem == "the receiver answered 410"

        receiver.status = 200
        with pytest.raises(NotFound):
            await events.hooks.redeliver(events.organization_id, hook.id, delivery.id + 1)
        await events.hooks.redeliver(events.organization_id, hook.id, delivery.id)
        await events.until(hook, "delivered")
    assert len(receiver.requests) == 5
    assert len({request.body for request in receiver.requests}) == 1


@pytest.mark.parametrize("retries", [0, 2])
async def test_a_hook_says_how_often_what_fails_is_tried_again(events: Source, retries: int) -> None:
    async with listening() as receiver, events.delivering():
        receiver.status = 503
        hook = await events.hook(receiver.url, retries=retries)
        await events.happens(number=1)
        await events.happens(number=2)
        given_up = await events.until(hook, "dead", "dead")
        assert [one.attempts for one in given_up] == [1 + retries] * 2
        assert [body["data"]["number"] for body in bodies(receiver.requests)] == [
            *[1] * (1 + retries),
            *[2] * (1 + retries),
        ]
        await events.hooks.update(events.organization_id, hook.id, WebHookDraft(retries=7))
        await events.hooks.redeliver(events.organization_id, hook.id, given_up[0].id)
        first, _ = await events.until(hook, "dead", "dead")
        assert first.attempts == 1 + len(QUICK)


@pytest.mark.slow
async def test_each_failing_event_is_tried_again_when_its_time_has_come(events: Source) -> None:
    """However many others wait: those that were not tried yet let it go before."""
    at: defaultdict[str, list[float]] = defaultdict(list)

    def refuse(request: Request) -> int:
        at[request.headers["x-webhook-id"]].append(time.monotonic())
        return 503

    delay, several, most_before = 1.0, 30, 10
    async with listening() as receiver, events.delivering(retries=[timedelta(seconds=delay)]):
        receiver.reply = refuse
        hook = await events.hook(receiver.url)
        async with events.database.write(None) as session:
            for number in range(several):
                append(session, events.organization_id, happened("test.happened"), str(number))
        await events.until(hook, *["dead"] * several)
    assert len(at) == several
    late = [second - first - delay for first, second in at.values()]
    assert min(late) > -0.01
    firsts = [first for first, _ in at.values()]
    for first, second in at.values():
        assert sum(first + delay < other < second for other in firsts) <= most_before
    assert max(firsts) > min(second for _, second in at.values())


def test_the_schedule_of_retries() -> None:
    seconds = [5, 30, 2 * 60, 10 * 60, 3600, 6 * 3600, 24 * 3600]
    assert list(RETRY_DELAYS) == [timedelta(seconds=one) for one in seconds]


async def test_what_comes_just_when_a_retry_is_accepted_waits_its_turn(
    events: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that were left behind the failure are read again later, and go first, also when the reading has
    gone on beyond them and others are under way."""
    for moment in ("_READ_EVERY", "_FROM_THE_BEGINNING_AFTER"):
        monkeypatch.setattr(sender, moment, NEVER)
    retry, other = asyncio.Event(), asyncio.Event()

    def unreliable(request: Request) -> int:
        if len(receiver.requests) == 1:
            receiver.hold = retry
            return 503
        if receiver.hold is retry:
            receiver.hold = other
        return 200

    async with listening() as receiver, events.delivering(answer_limit=NEVER):
        receiver.reply = unreliable
        hook = await events.hook(receiver.url)
        async with events.database.write(None) as session:
            for number in range(3):
                append(session, events.organization_id, happened("test.happened", number=number), "x")
        await receiver.got(2)
        await events.happens(object_id="y", number=99)
        await events.until(hook, *["waiting"] * 4)
        await asyncio.sleep(0.1)  # and read
        retry.set()
        await receiver.got(3)
        await events.until(hook, "delivered", "waiting", "waiting", "waiting")
        await events.happens(object_id="x", number=3)
        await events.until(hook, "delivered", "waiting", "waiting", "waiting", "waiting")
        await asyncio.sleep(0.1)
        other.set()
        await events.until(hook, *["delivered"] * 5)
    arrived = [body["data"]["number"] for body in bodies(receiver.requests) if body["object"] == "x"]
    assert list(dict.fromkeys(arrived)) == [0, 1, 2, 3]


async def test_events_of_one_object_arrive_in_order(events: Source) -> None:
    """Also when one of them fails first: those after it wait."""
    failed: set[str] = set()

    def unreliable(request: Request) -> int:
        number = request.headers["x-webhook-id"]
        if int(number) % 7 == 0 and number not in failed:
            failed.add(number)
            return 503
        return 200

    async with listening() as receiver, events.delivering():
        receiver.reply = unreliable
        hook = await events.hook(receiver.url)
        for number in range(60):
            await events.happens(object_id=f"object-{number % 3}", number=number)
        await events.until(hook, *["delivered"] * 60)
    arrived: dict[str, list[int]] = {}
    for body in bodies(receiver.requests):
        numbers = arrived.setdefault(body["object"], [])
        if body["data"]["number"] not in numbers:
            numbers.append(body["data"]["number"])
    assert failed
    for number in range(3):
        assert arrived[f"object-{number}"] == list(range(number, 60, 3))


async def test_a_slow_and_a_dead_receiver_hold_up_nobody(events: Source) -> None:
    """However slow: this one does not answer before all others have got everything."""
    async with listening() as good, listening() as slow, events.delivering(answer_limit=NEVER):
        slow.hold = asyncio.Event()
        slow_hook = await events.hook(slow.url)
        await events.hook("http://127.0.0.1:9/")
        hook = await events.hook(good.url)
        for number in range(200):
            await events.happens(object_id=str(number))
        await events.until(hook, *["delivered"] * 200, limit=60)
        assert {one.state for one in await events.deliveries(slow_hook)} == {"waiting"}
        slow.hold.set()
    assert len(good.requests) == 200


async def test_however_many_are_dead_they_take_nothing_from_the_others(events: Source) -> None:
    """Each has failed once; of what is sent to them again, the first is never answered."""
    tried: set[str] = set()

    def again(request: Request) -> bool:
        was_tried = request.path in tried
        tried.add(request.path)
        return was_tried

    working = events.delivering(retries=PATIENT, shares=Shares(quick=1, slow=1), answer_limit=NEVER)
    async with listening() as good, listening() as dead, working:
        dead.status, dead.hold, dead.holds = 503, asyncio.Event(), again
        for number in range(4):
            await events.hook(f"{dead.url}/{number}", "test.before", "test.happened")
        hook = await events.hook(good.url)
        await events.happens("test.before")
        await dead.got(5)  # each has been tried, and one for the second time
        for number in range(50):
            await events.happens(object_id=str(number))
        await events.until(hook, *["delivered"] * 51, limit=60)
        assert len(dead.requests) == 5
        dead.hold.set()
    assert len(good.requests) == 51


async def test_the_log_tells_of_a_hook_and_not_what_its_address_holds(events: Source) -> None:
    hook = await events.hook("https://hooks.example.org:8443/T0/secret?token=abc")
    await events.hooks.update(events.organization_id, hook.id, WebHookDraft(enabled=False))
    await events.hooks.delete(events.organization_id, hook.id)
    async with events.database.read(None) as session:
        told = (await session.scalars(select(Event).where(Event.type.startswith("webhook.")))).all()
    assert [one.type for one in told] == ["webhook.created", "webhook.updated", "webhook.deleted"]
    assert {one.data["url"] for one in told} == {"https://hooks.example.org:8443"}


async def test_loopback_is_refused_unless_allowed(events: Source) -> None:
    async with listening() as receiver, events.delivering(allowed=()):
        hook = await events.hook(receiver.url)
        await events.happens()
        (delivery,) = await events.until(hook, "dead")
    assert delivery.last_error == "127.0.0.1 is not a public address"
    assert receiver.requests == []


async def test_a_hook_that_is_off_gets_nothing_until_it_is_on(events: Source) -> None:
    async with listening() as receiver, events.delivering():
        hook = await events.hook(receiver.url, enabled=False)
        other = await events.hook(receiver.url, "other.*")
        await events.happens(number=1)
        await events.happens("other.done")
        await events.until(other, "delivered")
        await events.hooks.update(events.organization_id, hook.id, WebHookDraft(enabled=True))
        await events.happens(number=2)
        await events.until(hook, "delivered")
        await events.hooks.delete(events.organization_id, hook.id)
        await events.happens(number=3)
        await events.happens("other.done")
        await events.until(other, "delivered", "delivered")
    assert [body["data"].get("number") for body in bodies(receiver.requests)] == [None, 2, None]


async def test_the_only_hook_misses_what_happens_while_it_is_off(events: Source) -> None:
    async with listening() as receiver, events.delivering():
        hook = await events.hook(receiver.url, enabled=False)
        await events.happens(number=1)
        await events.hooks.update(events.organization_id, hook.id, WebHookDraft(enabled=True))
        await events.happens(number=2)
        await events.until(hook, "delivered")
    assert [body["data"]["number"] for body in bodies(receiver.requests)] == [2]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"url": "ftp://example.org/"}, "url"),
        ({"types": ["room.created", "Nonsense!"]}, "types"),
        ({"types": ["*.created"]}, "types"),
        ({"types": ["a"] * 51}, "types"),
        ({"secret": "short"}, "secret"),
        ({"custom_data": {"x": "y" * 5000}}, "custom_data"),
        ({"retries": -1}, "retries"),
        ({"retries": len(RETRY_DELAYS) + 1}, "retries"),
    ],
)
async def test_hooks_that_are_refused(events: Source, fields: dict[str, Any], field: str) -> None:
    good = WebHookDraft(name="Hook", url="https://example.org/")
    with pytest.raises(Invalid) as refused:
        await events.hooks.create(events.organization_id, replace(good, **fields))
    assert refused.value.path == field
    assert await events.hooks.list(events.organization_id) == []


async def test_a_secret_is_made_where_none_is_given(events: Source) -> None:
    draft = WebHookDraft(name="Hook", url="https://example.org/")
    made = [await events.hooks.create(events.organization_id, draft) for _ in range(2)]
    assert len({hook.secret for hook in made}) == 2
    assert all(len(hook.secret) >= 32 for hook in made)


async def test_several_processes_share_the_work(events: Source, database_url: str) -> None:
    """One for a hook at a time: nothing is lost, little comes twice, and the order holds."""
    processes = forkserver()
    workers = [processes.Process(target=work, args=(database_url, LEASE), daemon=True) for _ in range(3)]
    each = 100
    async with listening() as receiver:
        hooks = [await events.hook(f"{receiver.url}/{number}") for number in range(6)]
        for worker in workers:
            worker.start()
        for number in range(each):
            await events.happens(object_id=str(number % 10), number=number)
        for hook in hooks:
            await events.until(hook, *["delivered"] * each, limit=60)
        for worker in workers:
            worker.kill()
            await asyncio.to_thread(worker.join)
    for path in {request.path for request in receiver.requests}:
        arrived = bodies([request for request in receiver.requests if request.path == path])
        in_order = list(dict.fromkeys(body["data"]["number"] for body in arrived))
        for name in range(10):
            assert [one for one in in_order if one % 10 == name] == list(range(name, each, 10))
    assert len(receiver.requests) <= 1.2 * each * len(hooks)


@pytest.mark.parametrize("read_at_once", [200, 20])
async def test_what_waits_behind_a_failure_does_not_overtake_it(
    events: Source, monkeypatch: pytest.MonkeyPatch, read_at_once: int
) -> None:
    """Nor when there is far more of it than is read at once, about other objects as well; nor what is behind
    that in the log, when it is read before what was passed over."""
    monkeypatch.setattr(sender, "_READ_AT_ONCE", read_at_once)
    monkeypatch.setattr(sender, "_READ_MORE_BELOW", read_at_once // 2)
    async with listening() as receiver:
        receiver.reply = lambda request: 500 if b'"number":0,' in request.body and len(seen()) < 2 else 200

        def seen() -> list[Request]:
            return [request for request in receiver.requests if b'"number":0,' in request.body]

        hook = await events.hook(receiver.url)
        async with events.database.write(None) as session:
            for number in range(900):
                object_id = "held" if number % 3 == 0 else str(number)
                append(session, events.organization_id, happened("test.x", number=number, x=""), object_id)
        # Nothing but the receiver is to make it send anything again, however busy the machine is.
        async with events.delivering(lease=LEASE, answer_limit=NEVER):
            await events.until(hook, *["delivered"] * 900, limit=60)
    held = [body["data"]["number"] for body in bodies(receiver.requests) if body["object"] == "held"]
    assert held == [0, *range(0, 900, 3)]


@pytest.mark.slow
async def test_nothing_is_lost_however_often_the_process_is_killed(events: Source, database_url: str) -> None:
    """Killed between any two of its steps, a hundred times over."""
    kills = 100
    processes = forkserver()
    chance = random.Random(20261122)
    async with listening() as receiver:
        receiver.reply = lambda _: 200 if chance.random() < 0.8 else 500
        hook = await events.hook(receiver.url)
        for number in range(kills):
            process = processes.Process(target=work, args=(database_url, SHORT_LEASE), daemon=True)
            process.start()
            for part in range(2):
                await events.happens(object_id=str(number % 10), number=2 * number + part)
            await asyncio.sleep(chance.uniform(0.0, 0.15))
            process.kill()
            await asyncio.to_thread(process.join)
        receiver.reply = None
        async with events.delivering(retries=PATIENT):
            await events.until(hook, *["delivered"] * (2 * kills), limit=60)
    arrived = bodies(receiver.requests)
    assert {body["data"]["number"] for body in arrived} == set(range(2 * kills))
    ids = {body["data"]["number"]: body["id"] for body in arrived}
    assert all(ids[body["data"]["number"]] == body["id"] for body in arrived)

"""The platform with web hooks and events for them, in a process of its own.

Run as `python -m benchmarks.deliverer DATA WORK`, where WORK is a `Work` as JSON. Its first line is when it
began to write events (Unix time); it then delivers until SIGTERM. With `posts` it is the yardstick: so many
bare requests to each by the same client, no log and no database, and its first line is how many a second.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from typing import TypedDict, cast

import msgspec
from msgspec import Struct

from switchroom import logs
from switchroom.collector import spare_the_collector
from switchroom.events.append import append
from switchroom.events.types import DomainEvent
from switchroom.events.webhooks.hooks import WebHookDraft
from switchroom.events.webhooks.outbound import Outbound
from switchroom.platform.build import Platform
from switchroom.platform.loop import run
from switchroom.settings import EventSettings, NatsSettings, Settings

LOOPBACK = ["127.0.0.0/8"]
_IN_A_TRANSACTION = 100
_POSTING_AT_ONCE = 8


class Work(Struct, frozen=True, kw_only=True):
    """Events to record about so many objects in turn, and a web hook for each of `urls`: all events for each
    of them or, with `spread`, each event for one of them in turn. `nats` is the message server of several
    workers."""

    urls: list[str]
    events: int
    objects: int
    spread: bool = False
    posts: bool = False
    nats: str = ""


async def deliver(data: str, work: Work) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = Settings(
        data=data, events=EventSettings(webhook_networks=LOOPBACK), nats=NatsSettings(url=work.nats)
    )
    logs.configure(settings.log_format, "error")
    platform = Platform(settings)
    async with platform.running():
        organization = await platform.found_organization("Bench")
        for number, url in enumerate(work.urls):
            wanted = [_kind(number)] if work.spread else ["bench.*"]
            draft = WebHookDraft(name=f"Hook {number}", url=url, types=wanted)
            await platform.events.webhooks.create(organization.id, draft)
        spare_the_collector()  # as whatever serves does
        print(time.time(), flush=True)
        types = [_type(number) for number in range(len(work.urls))]
        for start in range(0, work.events, _IN_A_TRANSACTION):
            async with platform.storage.database.write(None) as session:
                for number in range(start, min(start + _IN_A_TRANSACTION, work.events)):
                    event = types[number % len(types)](**_data(number))
                    append(session, organization.id, event, f"object-{number % work.objects}")
            await asyncio.sleep(0)
        await stop.wait()


class _Happened(DomainEvent, frozen=True, kw_only=True):
    happens_to = "nothing"
    number: int
    display_name: str
    type: str
    by: str


class _Data(TypedDict):
    number: int
    display_name: str
    type: str
    by: str


def _type(number: int) -> type[_Happened]:
    """Each web hook's own."""
    namespace = {"event_type": _kind(number)}
    made = msgspec.defstruct("Happened", [], bases=(_Happened,), namespace=namespace, frozen=True)
    return cast("type[_Happened]", made)


def _kind(number: int) -> str:
    return f"bench.{'abcdefghijklmnopqrstuvwxyz'[number]}"


def _data(number: int) -> _Data:
    return {"number": number, "display_name": f"Room {number}", "type": "room", "by": "7c0f4e52-1f2a-4f0b"}


async def post(work: Work) -> None:
    outbound = Outbound(LOOPBACK, timeout=10)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Switchroom",
        "X-Webhook-Id": "1",
        "X-Webhook-Timestamp": "1795316450",
        "X-Webhook-Signature": f"v1={'0' * 64}",
    }
    body = msgspec.json.encode({"id": 1, "type": _kind(0), "account": 1, "object": "x", "data": _data(0)})
    each = work.events // _POSTING_AT_ONCE

    async def send(url: str) -> None:
        for _ in range(each):
            answer = await outbound.send("POST", url, headers, body)
            assert answer.is_accepted, answer

    spare_the_collector()
    started = time.perf_counter()
    await asyncio.gather(*(send(url) for url in work.urls for _ in range(_POSTING_AT_ONCE)))
    elapsed = time.perf_counter() - started
    await outbound.close()
    print(each * _POSTING_AT_ONCE * len(work.urls) / elapsed, flush=True)


if __name__ == "__main__":
    given = msgspec.json.decode(sys.argv[2], type=Work)
    run(post(given) if given.posts else deliver(sys.argv[1], given))

"""The platform in a process of its own, with a few handlers more: the yardsticks, and what watches its loop.

Run as `python -m benchmarks.server DATA PORT`. Once it serves, it prints what it was seeded with, one line of
JSON, and serves until SIGTERM. `PUT /benchmarks/reply` sets the bytes that `GET /benchmarks/reply` answers:
the same server, the same application, no token and no database. `PUT /benchmarks/turns` begins to watch the
turns of the event loop, and `GET /benchmarks/turns` ends that, and answers with the longest (`Longest`).
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Request, Response, get, put
from litestar.types import ControllerRouterHandler

from benchmarks.bare_room import bare_room
from benchmarks.seed import seed
from benchmarks.stalls import Watch
from switchroom import logs, settings
from switchroom.platform.build import Platform
from switchroom.platform.loop import run


def yardstick() -> Sequence[ControllerRouterHandler]:
    kept = b""

    @put("/benchmarks/reply")
    async def keep(request: Request[Any, Any, Any]) -> None:
        nonlocal kept
        kept = await request.body()

    @get("/benchmarks/reply")
    async def reply() -> Response[bytes]:
        return Response(kept, media_type="application/json")

    return [keep, reply]


def watch() -> Sequence[ControllerRouterHandler]:
    watched: list[Watch] = []

    @put("/benchmarks/turns")
    async def begin() -> None:
        watched.append(Watch())

    @get("/benchmarks/turns")
    async def end() -> Response[bytes]:
        return Response(msgspec.json.encode(await watched.pop().end()), media_type="application/json")

    return [begin, end]


async def serve(data: str, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    loaded = settings.load(environment={}, options={"data": data, "port": port})
    logs.configure(loaded.log_format, "warning")
    platform = Platform(loaded)
    async with platform.running():
        seeded = await seed(platform)
        async with platform.online([*yardstick(), bare_room(), *watch()]):
            print(msgspec.json.encode(seeded).decode(), flush=True)
            await stop.wait()


if __name__ == "__main__":
    run(serve(sys.argv[1], int(sys.argv[2])))

"""The yardstick of starting and of memory: Python, Litestar and Granian with one handler that says hello.

Run as `python -m benchmarks.hello PORT`.
"""

from __future__ import annotations

import asyncio
import signal
import sys

from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar, get


@get("/", sync_to_thread=False)
def hello() -> str:
    return "hello"


async def serve(port: int) -> None:
    server = Server(Litestar([hello]), port=port, interface=Interfaces.ASGINL, log_enabled=False)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    await server.serve()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))

"""A command of the tests, and a process that serves it: `python -m tests.bus.serving URL`."""

from __future__ import annotations

import asyncio
import os
import sys

from msgspec import Struct

from switchroom.commands import Command, SharedCommands
from switchroom.engines.nats.connection import NatsConnection

PREFIX = "test"


class Dial(Struct, frozen=True):
    number: str
    lines: list[int] = []


class Ringing(Struct, frozen=True, tag=True):
    by: str
    number: str


class Engaged(Struct, frozen=True, tag=True):
    reason: str


DIAL = Command[Dial, Ringing | Engaged]("calls.{node}.dial", Dial, Ringing | Engaged)
HERE = DIAL.to(node="here")


async def main() -> None:
    connection = NatsConnection(sys.argv[1])
    connection.start()
    await connection.wait_connected()

    async def dial(request: Dial) -> Ringing | Engaged:
        return Ringing(str(os.getpid()), request.number)

    await SharedCommands(connection, PREFIX).serve(HERE, dial)
    print("serving", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())

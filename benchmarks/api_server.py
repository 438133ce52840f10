"""A seeded platform to ask, in a process of its own (`benchmarks.server`)."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from msgspec import Struct, structs

from benchmarks import load
from benchmarks.load import Report
from benchmarks.programs import Program, free_port, running
from benchmarks.seed import Seeded
from benchmarks.stalls import Longest

REPLY = "/benchmarks/reply"
_TURNS = "/benchmarks/turns"
_REST_LIMIT = 10.0
_LOOK = 0.1
_NOT_AT_REST = 0.02
"""Seconds of a processor within one look."""


class ApiServer(Struct, frozen=True):
    base_url: str
    seeded: Seeded
    database: Path
    directory: Path
    program: Program

    def bodies(self, name: str, messages: Sequence[Mapping[str, Any]]) -> Path:
        """Write request bodies to a file that `load` sends from."""
        path = self.directory / f"{name}.jsonl"
        path.write_bytes(b"".join(msgspec.json.encode(message) + b"\n" for message in messages))
        return path

    async def set_reply(self, content: bytes) -> None:
        """What the yardstick's handler answers from now on."""
        async with httpx.AsyncClient(base_url=self.base_url) as client:
            (await client.put(REPLY, content=content)).raise_for_status()

    async def ask(
        self, path: str, message: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> bytes:
        async with httpx.AsyncClient(base_url=self.base_url, timeout=30) as client:
            return (await client.post(path, json=message, headers=headers)).raise_for_status().content

    async def watch(self) -> None:
        """Begin to watch the turns of the server's event loop."""
        async with httpx.AsyncClient(base_url=self.base_url) as client:
            (await client.put(_TURNS)).raise_for_status()

    async def watched(self) -> Longest:
        """The longest turn since then."""
        async with httpx.AsyncClient(base_url=self.base_url, timeout=30) as client:
            return msgspec.json.decode((await client.get(_TURNS)).raise_for_status().content, type=Longest)

    async def rest(self) -> None:
        """Wait until the server does nothing more: what a run of the load generator asked last and did not
        wait for is not to weigh upon the next. Raises TimeoutError."""
        async with asyncio.timeout(_REST_LIMIT):
            used = _NOT_AT_REST
            while used >= _NOT_AT_REST:
                before = self.program.processor_seconds()
                await asyncio.sleep(_LOOK)
                used = self.program.processor_seconds() - before

    async def load(
        self,
        path: str,
        bodies: Path | None,
        *,
        connections: int,
        seconds: int,
        headers: Mapping[str, str] | None = None,
    ) -> Report:
        """One run of the load generator, with the server's and the generator's share of a processor."""
        before = self.program.processor_seconds()
        report = await load.run(
            self.base_url + path, bodies, connections=connections, seconds=seconds, headers=headers
        )
        used = self.program.processor_seconds() - before
        return structs.replace(report, server_share=used / (report.microseconds / 1e6))


@asynccontextmanager
async def serving(directory: Path) -> AsyncGenerator[ApiServer]:
    port = free_port()
    data = directory / "data"
    command = [sys.executable, "-m", "benchmarks.server", str(data), str(port)]
    async with running(command, log=directory / "server.log") as program:
        seeded = msgspec.json.decode(program.first_line, type=Seeded)
        yield ApiServer(f"http://127.0.0.1:{port}", seeded, data / "switchroom.db", directory, program)


def token(access_token: str) -> dict[str, dict[str, str]]:
    return {"accessInfo": {"accessToken": access_token}}

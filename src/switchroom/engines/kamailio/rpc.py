"""Commands to a running Kamailio: JSON-RPC over HTTP on loopback (module `jsonrpcs`)."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import msgspec
from msgspec import Struct

from switchroom.engines.kamailio.configuration import Interfaces

LIMIT = 10.0
"""Seconds that an answer may take."""

_NOT_FOUND = (404, 500)


class KamailioUnreachable(Exception):
    """There is no answer."""


class KamailioRefused(Exception):
    """The command was refused; `code` is its number for the reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{reason} ({code})")
        self.code = code


class _Error(Struct, frozen=True):
    code: int
    message: str


class _Answer(Struct, frozen=True):
    result: Any = None
    error: _Error | None = None


class Ban(Struct, frozen=True):
    """A ban of an address, until a time in Unix seconds."""

    address: str
    until: int


class KamailioRpc:
    """A connection for commands, to be used as a context."""

    def __init__(self, interfaces: Interfaces) -> None:
        import aiohttp  # here: nothing else in a process without telephony needs it at its start

        self._url, self._unban_url = interfaces.rpc_url, interfaces.unban_url
        # Kamailio closes each connection after its answer.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True), timeout=aiohttp.ClientTimeout(total=LIMIT)
        )

    async def __aenter__(self) -> KamailioRpc:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def call(self, method: str, *parameters: str | int) -> Any:
        """Send a command and return its result. Raises KamailioUnreachable, KamailioRefused."""
        import aiohttp

        body = {"jsonrpc": "2.0", "method": method, "params": list(parameters), "id": 1}
        try:
            async with self._session.post(self._url, json=body) as response:
                answer = msgspec.json.decode(await response.read(), type=_Answer)
        except (aiohttp.ClientError, OSError, TimeoutError, msgspec.MsgspecError) as error:
            raise _unreachable(error) from error
        if answer.error is not None:
            raise KamailioRefused(answer.error.code, answer.error.message)
        return answer.result

    async def bans(self) -> list[Ban]:
        """The addresses of which nothing is answered."""
        slots = await self.call("htable.dump", "bans")
        return [Ban(item["name"], int(item["value"])) for slot in slots for item in slot["slot"]]

    async def unban(self, address: str) -> bool:
        """Answer the address again, and forget its failures. False where it was not banned."""
        import aiohttp

        try:
            async with self._session.post(self._unban_url, headers={"X-SR-Address": address}) as response:
                status, reason = response.status, response.reason or ""
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _unreachable(error) from error
        if status not in (204, 404):
            raise KamailioRefused(status, reason)
        return status == 204

    async def unregister(self, device_id: int) -> None:
        """Forget all contacts of a device."""
        try:
            await self.call("ul.rm", "location", str(device_id))
        except KamailioRefused as error:
            if error.code not in _NOT_FOUND:
                raise


def _unreachable(error: Exception) -> KamailioUnreachable:
    return KamailioUnreachable(f"Kamailio does not answer: {str(error) or type(error).__name__}")

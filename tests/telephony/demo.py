"""The demo organization of a running platform, as its phones and an integrator find it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import TypeVar

from switchroom.platform.demo import ensure_demo
from switchroom.platform.demo_telephony import DemoTelephony
from tests.dialects.telephony_v3.client import Api, sign_in
from tests.platform import RunningPlatform

P = TypeVar("P")

TONES = (400, 550)
"""What Ada (100) and Emil (101) say."""

MakePhone = Callable[[str, str, str, tuple[str, int], int], AbstractAsyncContextManager[P]]
"""Makes a phone of a username, a password, a realm, the address of the server, and a tone."""


class Demo:
    """What is printed for softphones, and the API with the key that is printed."""

    def __init__(self, platform: RunningPlatform) -> None:
        made = platform.run(ensure_demo(platform.platform)).telephony
        assert made is not None
        self.printed: DemoTelephony = made
        self.api = Api(platform, sign_in(platform, made.api_key)["auth_token"])

    @asynccontextmanager
    async def phones(self, make: MakePhone[P]) -> AsyncGenerator[Sequence[P]]:
        """The phones of Ada and Emil, known to be registered."""
        printed, server = self.printed, ("127.0.0.1", self.printed.sip_port)
        async with AsyncExitStack() as stack:
            found = [
                await stack.enter_async_context(make(one.username, one.password, printed.realm, server, tone))
                for one, tone in zip(printed.devices, TONES, strict=True)
            ]
            await asyncio.to_thread(self._until_registered, len(found))
            yield found

    def _until_registered(self, count: int, limit: float = 60.0) -> None:
        deadline = time.monotonic() + limit
        while len(self.api("GET", "/devices/registrations")) < count:
            assert time.monotonic() < deadline
            time.sleep(0.05)

"""A voicemail box of somebody who is not at home, and what is recorded for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Set
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from switchroom.telephony.routing.voicemail.box import Recording
from tests.platform import RunningPlatform
from tests.telephony.calls.phones import Conversation
from tests.telephony.calls.switchboards import Account
from tests.telephony.voicemail.tones import write_tone

GREETING = 700
"""The tone that greets callers, who themselves are heard as 400 Hz."""


class Box:
    """The box of 202, who is not at home; 201 calls. Feature codes `*97` and `*98` listen to boxes."""

    def __init__(self, account: Account, directory: Path) -> None:
        self.account, self.api = account, account.api
        account.person("201", "Ada", "Lovelace")
        self.owner = account.person("202", "Grace", "Hopper")
        fields = {"name": "Grace", "mailbox": "202", "owner_id": self.owner, "pin": "1234"}
        self.id = self.api.make("vmboxes", **fields)
        self.path = f"/vmboxes/{self.id}/messages"
        self._visits = visits(account.platform)
        to_box = {"module": "voicemail", "data": {"id": self.id}, "children": {}}
        operator = {"module": "user", "data": {"id": self.owner}, "children": {}}
        account.flow("302", {**to_box, "children": {"0": operator}})
        for code, name in (("97", "voicemail[action=check]"), ("98", "voicemail[single_mailbox_login]")):
            self.api.make(
                "callflows",
                name=name,
                featurecode={"name": name, "number": code},
                flow={"module": "check_voicemail"},
            )
        greeting = write_tone(directory / "greeting.wav", GREETING, 10)
        mailboxes = account.platform.platform.telephony.mailboxes
        of_account: int = self.api("GET", "/accounts")["id"]
        self.organization_id = of_account
        run = account.platform.run
        run(mailboxes.save_recording(of_account, self.id, Recording.GREETING, greeting, 10_000))
        run(mailboxes.set_up(of_account, self.id))

    def messages(self, folder: str = "new", number: int = 1, limit: float = 60.0) -> list[dict[str, Any]]:
        """The messages of a folder, once there are so many."""
        deadline = time.monotonic() + limit
        while len(found := self.api("GET", self.path, folder=folder)) != number:
            assert time.monotonic() < deadline, found
            time.sleep(0.02)
        return found

    def sound(self, message_id: int) -> bytes:
        headers = {"X-Auth-Token": self.api.token}
        return self.account.platform.http.get(f"/v3.0{self.path}/{message_id}/raw", headers=headers).content

    async def recorded(self, seconds: float, place: int = 1) -> None:
        """Wait until so much of a caller is recorded, as the recording of that number in a call that has
        begun after the last message was left."""
        await recorded(self.account.platform, seconds, place, besides=self._visits)

    @asynccontextmanager
    async def caller(self) -> AsyncGenerator[Conversation]:
        """Somebody who hears the greeting."""
        self._visits = visits(self.account.platform)
        async with self.account.phones("201") as (ada,):
            call = await ada.call("302")
            await call.answered()
            await call.talker.hears(GREETING)
            yield call

    async def leave(self, seconds: float = 3.0) -> dict[str, Any]:
        """A message that a caller leaves who hangs up in the end."""
        async with self.caller() as call:
            call.talker.press("1")
            await self.recorded(seconds)
            call.hang_up()
            (message,) = await asyncio.to_thread(self.messages)
        self._visits = visits(self.account.platform)
        return message


def visits(platform: RunningPlatform) -> Set[Path]:
    """Directories in which is recorded what callers say now, and that of those who have just gone."""
    return set(platform.platform.telephony.message_files.parts.glob("call-*"))


async def recorded(
    platform: RunningPlatform, seconds: float, place: int = 1, *, besides: Set[Path] = frozenset()
) -> None:
    """Wait until so much of somebody is recorded, as the recording of that number in a call, but for some
    that were there before."""
    async with asyncio.timeout(60):
        while _longest(visits(platform) - besides, place) < seconds * 16_000:  # noqa: ASYNC110 - another process records
            await asyncio.sleep(0.02)


def _longest(found: Set[Path], place: int) -> int:
    """Bytes of the largest file that is being recorded, -1 for none."""
    longest = -1
    for directory in found:
        with suppress(FileNotFoundError):
            longest = max(longest, (directory / f"{place}.wav").stat().st_size)
    return longest

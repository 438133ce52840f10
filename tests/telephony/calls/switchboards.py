"""A platform with telephones: configured over the API, called with softphones."""

from __future__ import annotations

import asyncio
import io
import math
import secrets
import time
import wave
from array import array
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from tests.dialects.telephony_v3.client import Api
from tests.platform import RunningPlatform
from tests.telephony.calls.phones import SoftPhone, phone
from tests.telephony.calls.webphone import WebPhone, web_phone

TONES = (400, 550, 700, 900)
PASSWORD = "a-long-password-of-a-phone"


class Account:
    """An account with a phone for each of its people."""

    def __init__(self, platform: RunningPlatform, name: str = "Acme") -> None:
        self.platform = platform
        self.organization = platform.organization(name).organization
        self.api = Api.of(platform, self.organization)
        self.realm: str = self.api("GET", "/accounts")["realm"]
        self.people: dict[str, int] = {}
        self.devices: dict[str, int] = {}
        self.usernames: dict[str, str] = {}

    @property
    def server(self) -> tuple[str, int]:
        telephony = self.platform.platform.settings.telephony
        return (telephony.listen or "127.0.0.1", telephony.sip_port)

    def person(self, extension: str, first_name: str = "Ada", last_name: str = "Lovelace") -> int:
        """A user with one device, whose phones ring at the extension."""
        user = self.api(
            "PUT",
            "/users",
            {
                "username": f"{secrets.token_hex(4)}@example.org",
                "first_name": first_name,
                "last_name": last_name,
                "email": f"{secrets.token_hex(4)}@example.org",
                "priv_level": "user",
            },
        )
        self.people[extension] = user["id"]
        self.device(extension, user["id"])
        self.flow(extension, {"module": "user", "data": {"id": user["id"]}})
        return int(user["id"])

    def device(self, extension: str, owner_id: int | None = None) -> int:
        draft: dict[str, Any] = {"name": f"Phone {extension}", "password": PASSWORD}
        if owner_id is not None:
            draft["owner_id"] = owner_id
        made = self.api("PUT", "/devices", draft)
        self.devices[extension] = made["id"]
        self.usernames[extension] = self.api("GET", f"/devices/{made['id']}")["username"]
        return int(made["id"])

    def flow(self, number: str, flow: dict[str, Any], name: str = "") -> int:
        """A callflow at a number."""
        draft = {"name": name or f"Flow {number}", "numbers": [number], "flow": _whole(flow)}
        return int(self.api("PUT", "/callflows", draft)["id"])

    def feature(self, name: str, number: str) -> int:
        """A feature code that is dialled as a star and the number."""
        code = {"name": name, "number": number}
        draft = {"name": name, "featurecode": code, "flow": _whole({"module": "hangup"})}
        return int(self.api("PUT", "/callflows", draft)["id"])

    def tone(self, frequency: int, seconds: float = 2.0) -> int:
        """A sound of the account: a tone."""
        media = int(self.api("PUT", "/medias", {"name": f"{frequency} Hz", "available_as_moh": True})["id"])
        samples = array(
            "h",
            (
                round(9000 * math.sin(2 * math.pi * frequency * at / 8000))
                for at in range(round(seconds * 8000))
            ),
        )
        content = io.BytesIO()
        with wave.open(content, "wb") as written:
            written.setnchannels(1)
            written.setsampwidth(2)
            written.setframerate(8000)
            written.writeframes(samples.tobytes())
        answer = self.platform.http.put(
            f"/v3.0/medias/{media}/raw",
            content=content.getvalue(),
            headers={"X-Auth-Token": self.api.token},
        )
        assert answer.status_code == 200, answer.text
        return media

    @asynccontextmanager
    async def web_phone(self, extension: str) -> AsyncGenerator[WebPhone]:
        """A phone in a browser that is registered, and known to be."""
        username, base_url = self.usernames[extension], self.platform.base_url
        async with web_phone(base_url, username, PASSWORD, self.realm) as found:
            await asyncio.to_thread(self.until_registered, [self.devices[extension]])
            yield found

    @asynccontextmanager
    async def phones(self, *extensions: str) -> AsyncGenerator[Sequence[SoftPhone]]:
        """Softphones that are registered, and known to be."""
        async with AsyncExitStack() as stack:
            found = [
                await stack.enter_async_context(
                    phone(self.usernames[one], PASSWORD, self.realm, self.server, TONES[place])
                )
                for place, one in enumerate(extensions)
            ]
            await asyncio.to_thread(self.until_registered, [self.devices[one] for one in extensions])
            yield found

    def until_registered(self, devices: Sequence[int], limit: float = 60.0) -> None:
        """Wait until the API tells that all of them are."""
        deadline = time.monotonic() + limit
        while True:
            status = self.api("GET", "/devices/status")
            if all(status.get(str(one), {}).get("registered") for one in devices):
                return
            assert time.monotonic() < deadline, status
            time.sleep(0.02)

    def end_calls(self, limit: float = 60.0) -> None:
        """End the calls that are left, and wait until they are over."""
        deadline = time.monotonic() + limit
        while True:
            answer = self.api.send("GET", "/channels")
            left = answer.json()["data"] if answer.status_code == 200 else None
            if left == []:
                return
            assert time.monotonic() < deadline, answer.text
            for channel in left or ():
                self.api.send("POST", f"/channels/{channel['uuid']}", {"action": "hangup"})
            time.sleep(0.05)


def _whole(flow: dict[str, Any]) -> dict[str, Any]:
    """The flow with what a node may leave out."""
    children = {key: _whole(child) for key, child in flow.get("children", {}).items()}
    return {"module": flow["module"], "data": flow.get("data", {}), "children": children}

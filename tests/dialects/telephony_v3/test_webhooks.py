"""Web hooks over the API: made, told of what happens, looked at, delivered once more."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.dialects.telephony_v3.client import Api
from tests.events.receiver import Receiver, listening
from tests.platform import RunningPlatform, Tenant, running_platform

LIMIT = 60.0


@pytest.fixture
def delivering(tmp_path: Path) -> Generator[RunningPlatform]:
    """A platform whose hooks may reach this machine."""
    with running_platform(tmp_path, webhook_networks=["127.0.0.0/8"]) as platform:
        yield platform


def test_a_hook_hears_of_a_change_and_is_told_once_more(delivering: RunningPlatform) -> None:
    api = Api.of(delivering, delivering.organization().organization)

    async def hear() -> tuple[Receiver, dict[str, Any]]:
        async with listening() as receiver:
            wanted = {"name": "CRM", "url": f"{receiver.url}/in", "types": ["menu.*"], "http_verb": "put"}
            hook = await asyncio.to_thread(api, "PUT", "/webhooks", wanted)
            menu = await asyncio.to_thread(api.make, "menus", name="Welcome")
            (first,) = await receiver.got(1)
            event = json.loads(first.body)
            assert (event["type"], event["object"]) == ("menu.created", str(menu))
            (attempt,) = await asyncio.to_thread(_delivered, api, hook["id"])
            assert (attempt["type"], attempt["last_status"]) == ("menu.created", 200)
            path = f"/webhooks/{hook['id']}/attempts/{attempt['id']}"
            await asyncio.to_thread(api, "POST", path, {"action": "redeliver"})
            await receiver.got(2)
            return receiver, hook

    receiver, hook = asyncio.run(hear())
    first, again = receiver.requests
    assert first.method == "PUT"
    assert first.headers["x-webhook-id"] == again.headers["x-webhook-id"]
    signed = f"{again.headers['x-webhook-timestamp']}.".encode() + again.body
    expected = hmac.new(hook["secret"].encode(), signed, hashlib.sha256).hexdigest()
    assert again.headers["x-webhook-signature"] == f"v1={expected}"


def _delivered(api: Api, hook_id: int) -> list[dict[str, Any]]:
    end = time.monotonic() + LIMIT
    while True:
        attempts = api("GET", f"/webhooks/{hook_id}/attempts")
        if attempts and all(one["state"] == "delivered" for one in attempts):
            return attempts
        assert time.monotonic() < end, attempts
        time.sleep(0.05)


def test_the_life_of_a_hook(running: RunningPlatform, tenant: Tenant, api: Api) -> None:
    wanted = {"name": "CRM", "url": "https://crm.example.org/in", "custom_data": {"course": 7}, "retries": 2}
    made = api("PUT", "/webhooks", wanted)
    assert len(made.pop("secret")) >= 32
    assert {name: made[name] for name in wanted} == wanted
    assert (made["types"], made["http_verb"], made["enabled"]) == (["*"], "post", True)
    path = f"/webhooks/{made['id']}"
    assert api("GET", path) == made
    assert api("GET", "/webhooks") == [made]
    changed = api("POST", path, {"types": ["menu.*"], "enabled": False})
    assert changed == {**made, "types": ["menu.*"], "enabled": False}
    wrong = {"name": "", "url": "ftp://x", "types": ["MENU"], "retries": 99}
    status, fields = api.refused("PUT", "/webhooks", wrong)
    assert (status, sorted(fields)) == (400, ["name", "retries", "types", "url"])

    other = Api.of(running, running.organization("Other").organization)
    for method, at in (("GET", path), ("POST", path), ("DELETE", path), ("GET", f"{path}/attempts")):
        assert other.refused(method, at, {})[0] == 404
    everywhere = Api.of(running, None)
    assert everywhere("GET", "/webhooks", account_id=tenant.organization.id) == [changed]
    assert made["id"] not in [hook["id"] for hook in everywhere("GET", "/webhooks")]
    assert api("DELETE", path, {}) == {"webhook_id": made["id"]}
    assert api.refused("GET", path)[0] == 404

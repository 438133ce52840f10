"""What the process' log and the metrics say of a request."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, cast

import pytest
from litestar.types import Receive, Scope, Send
from structlog.testing import capture_logs

from switchroom.http import observation
from switchroom.http.observation import REQUESTS, Observation
from switchroom.http.proxies import TrustedProxies

CALENDAR = "0d2e9d68-7b55-4e4a-9b3e-5f3f0f8f2a7c-7a1ee3a0-8f1c-4f6b-8a0e-0c5d3f7b9e21"
TOKEN = "q8Jx2vN0bT4yLk7mW1zR5cH9dF3gS6aPeUoIiYtXnVb"


async def told(path: str, monkeypatch: pytest.MonkeyPatch, status: int = 404) -> MutableMapping[str, Any]:
    """What is logged of a request that fails."""
    monkeypatch.setattr(observation, "log", observation.structlog.get_logger())
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": path, "headers": [], "client": None}

    async def refuse(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})

    async def send(_message: object) -> None:
        pass

    with capture_logs() as logs:
        await Observation(refuse, TrustedProxies([], "x-forwarded-for"))(
            cast("Scope", scope), cast("Receive", None), cast("Send", send)
        )
    (entry,) = [one for one in logs if one["event"] == "request failed"]
    return entry


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (f"/api/v6/meeting/calender/user/{CALENDAR}", "/api/v6/meeting/calender/user/…"),
        (f"/api/v6/meeting/calendar/meeting/{CALENDAR}/x", "/api/v6/meeting/calendar/meeting/…"),
        (f"/api/v6//meeting/CALENDER//user//{CALENDAR[:20]}", "/api/v6//meeting/CALENDER//user//…"),
        (f"/api/v6/meeting/{CALENDAR}", "/api/v6/meeting/…"),
        (f"/recordings/65f0c0ffee/{TOKEN}", "/recordings/65f0c0ffee/…"),
        (f"//recordings//65f0c0ffee//{TOKEN}", "//recordings//65f0c0ffee//…"),
        ("/api/v6/meeting/65f0c0ffee65f0c0ffee65f0", "/api/v6/meeting/65f0c0ffee65f0c0ffee65f0"),
        ("/recordings", "/recordings"),
        (
            "/a\nlevel=error\x1b[2J\x7f\u2028b\u202ec\x9b",
            "/a\ufffdlevel=error\ufffd[2J\ufffd\ufffdb\ufffdc\ufffd",
        ),
        (f"/api/v6/calendar/meeting/{CALENDAR}/calendar/x/y", "/api/v6/calendar/meeting/…"),
        (f"/recordings//{TOKEN}", "/recordings//…"),
        ("/" * 60_000 + "x", "/" * 200),
        ("/recordings" * 5_000, "/recordings/recordings/…"),
        ("/" + "x" * 60_000, "/…"),
        ("", ""),
    ],
)
async def test_secrets_in_paths_are_not_logged(
    path: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await told(path, monkeypatch))["path"] == shown


@pytest.mark.parametrize(
    ("status", "level"), [(400, "info"), (404, "info"), (500, "error"), (501, "info"), (503, "error")]
)
async def test_what_the_caller_did_wrong_is_no_error_of_the_server(
    status: int, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await told("/json/v1/roomService/list", monkeypatch, status))["log_level"] == level


@pytest.mark.parametrize(
    ("path", "area"),
    [
        ("/api/v6/meeting", "api-v6"),
        ("/api/v6", "api-v6"),
        ("/api/v7/meeting", "pages"),
        ("/json/v1/roomService/list", "api-v1"),
        ("/v3.0/events", "api-v3"),
        ("/recordings/1/2", "recordings"),
        ("/nothing", "pages"),
    ],
)
async def test_each_api_is_counted_by_itself(path: str, area: str, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = REQUESTS.labels(area, "404")
    before = counter._value.get()  # pyright: ignore[reportPrivateUsage, reportUnknownVariableType, reportUnknownMemberType]
    await told(path, monkeypatch)
    assert counter._value.get() == before + 1  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType]

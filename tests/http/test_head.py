"""HEAD is answered wherever GET is: as that, without the body."""

from __future__ import annotations

import pytest

from tests.dialects.webmeeting_v6.client import Account
from tests.platform import RunningPlatform

_PATHS = (
    "/",
    "/webclient/",
    "/nothing",
    "/assets/nothing.js",
    "/health/live",
    "/health/ready",
    "/metrics",
    "/client/config",
    "/client/openapi.json",
    "/json/v1/documentation/swagger",
    "/api/v6/documentation/swagger",
    "/v3.0/documentation/swagger",
    "/v3.0/events",
    "/recordings/1/2",
)


@pytest.mark.parametrize("path", _PATHS)
def test_the_answer_is_that_of_get(running: RunningPlatform, path: str) -> None:
    plain = {"accept-encoding": "identity"}
    whole, head = (running.http.request(one, path, headers=plain) for one in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert head.headers["content-type"] == whole.headers["content-type"]
    if path != "/metrics":  # which count this
        assert head.headers["content-length"] == str(len(whole.content))


def test_of_what_an_account_has(running: RunningPlatform) -> None:
    account = Account(running)
    headers = {"x-api-key": account.instance.key, "x-user-id": account.user_id}
    for path in ("/api/v6/meeting", "/api/v6/account", account.admin["icsPath"]):
        whole, head = (running.http.request(one, path, headers=headers) for one in ("GET", "HEAD"))
        assert (whole.status_code, head.status_code, head.content) == (200, 200, b"")

"""Errors in the caller's language; their types are the same in every one."""

from __future__ import annotations

import json
from typing import Any

from websockets.sync.client import connect

from tests.dialects.telephony_v3.client import LIMIT, Api

GERMAN = {"accept-language": "de-CH, en;q=0.5"}


def refused(api: Api, method: str, path: str, data: Any = None, token: str | None = None) -> dict[str, Any]:
    answer = api.running.http.request(
        method,
        f"/v3.0{path}",
        content=None if data is None else json.dumps({"data": data}),
        headers={"X-Auth-Token": api.token if token is None else token, **GERMAN},
    )
    return answer.json()["error"]


def test_what_is_refused_in_german(api: Api) -> None:
    told = [
        refused(api, "GET", "/devices/7"),
        refused(api, "GET", "/devices", token="wrong"),
        refused(api, "GET", "/nothing"),
    ]
    assert [(one["type"], one["message"]) for one in told] == [
        ("not_found", "device 7 gibt es nicht"),
        ("invalid_credentials", "Ihr Zugang ist nicht gültig."),
        ("not_found", "Das gibt es nicht."),
    ]


def test_what_is_wrong_with_a_request_in_german(api: Api) -> None:
    error = refused(api, "PUT", "/callflows", {"numbers": ["x"], "flow": {"module": "hangup"}, "name": 5})
    assert error["type"] == "validation_error"
    assert error["fields"]["name"] == "Erwartet: Text, erhalten: ganze Zahl"
    assert "name: Erwartet: Text, erhalten: ganze Zahl" in error["details"]
    extension = refused(api, "PUT", "/callflows", {"numbers": ["x"], "flow": {"module": "hangup"}})
    assert extension["fields"]["numbers[0]"].startswith("numbers[0] muss aus 1 bis 20 Ziffern bestehen")


def test_a_follower_is_refused_in_german(api: Api) -> None:
    address = api.running.base_url.replace("http://", "ws://") + "/v3.0/websockets/events"
    with connect(address, open_timeout=LIMIT, proxy=None, additional_headers=GERMAN) as connection:
        connection.send(json.dumps({"action": "subscribe", "auth_token": api.token, "data": {"bindings": 5}}))
        error = json.loads(connection.recv(LIMIT))["data"]["error"]
    assert error["type"] == "validation_error"
    assert error["message"] == 'data.bindings ist eine Liste von Texten wie ["meeting.*"]'

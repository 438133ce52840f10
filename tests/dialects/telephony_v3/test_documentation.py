"""The OpenAPI document. That replies are as it says is checked with every call that these tests make
(`schemas.check`)."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from tests.dialects.telephony_v3.client import DOCUMENT
from tests.platform import RunningPlatform


@pytest.fixture
def document(running: RunningPlatform) -> dict[str, Any]:
    return running.http.get(DOCUMENT).json()


def test_it_is_valid(document: dict[str, Any]) -> None:
    assert [error.message for error in OpenAPIV30SpecValidator(document).iter_errors()] == []


def test_it_lists_every_operation_and_which_of_them_take_a_token(document: dict[str, Any]) -> None:
    listed = {
        f"{method.upper()} {path}": "security" in operation
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }

    assert [name for name, is_closed in listed.items() if not is_closed] == [
        "PUT /v3.0/auth/account",
        "PUT /v3.0/auth/user",
    ]
    kinds = "users devices callflows groups menus calendars medias conferences vmboxes trunks webhooks"
    for kind in [*kinds.split(), "phone_numbers", "directories"]:
        path = f"/v3.0/{kind}"
        one = f"{path}/{{id}}"
        operations = {f"GET {path}", f"PUT {path}", f"POST {path}", f"GET {one}", f"POST {one}"}
        assert operations | {f"DELETE {one}"} <= set(listed)
    for other in ("accounts", "function_keys/device/{id}", "networks", "calls_history/all", "recordings"):
        assert f"GET /v3.0/{other}" in listed


def test_it_is_at_two_addresses(running: RunningPlatform, document: dict[str, Any]) -> None:
    assert running.http.get("/v3.0/openapi.json").json() == document


def test_what_is_sent_stands_under_data(document: dict[str, Any]) -> None:
    body = document["paths"]["/v3.0/auth/account"]["put"]["requestBody"]["content"]["application/json"]

    assert body["schema"]["required"] == ["data"]
    assert body["schema"]["properties"]["data"] == {"$ref": "#/components/schemas/KeyCredentials"}


def test_all_that_is_wrong_with_a_body_is_named_at_once(running: RunningPlatform) -> None:
    refused = running.http.put("/v3.0/auth/user", json={"data": {"username": 5, "password": []}})

    assert refused.status_code == 400
    error = refused.json()["error"]
    assert error["fields"] == {
        "username": "expected string, got whole number",
        "password": "expected string, got array",
    }
    assert error["message"] == (
        "username: expected string, got whole number; password: expected string, got array"
    )

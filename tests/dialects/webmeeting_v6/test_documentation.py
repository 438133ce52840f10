"""The OpenAPI document, as a viewer on another origin loads it. That replies are as it says is checked with
every request that these tests make (`schemas.check`)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from tests.platform import RunningPlatform

ADDRESS = "/api/v6/documentation/swagger"
CALLS = """
POST /account
GET /account
GET /account/{}
PUT /account/{}
DELETE /account/{}
GET /account/admin/{}
GET /account/{}/organizer
POST /account/{}/organizer
GET /account/{}/organizer/{}
PUT /account/{}/organizer/{}
DELETE /account/{}/organizer/{}
POST /meeting
GET /meeting
GET /meeting/{}
PUT /meeting/{}/{}
DELETE /meeting/{}/{}
POST /meeting/close/{}
GET /meeting/calender/user/{}
GET /meeting/calender/meeting/{}
GET /meeting/calendar/user/{}
GET /meeting/calendar/meeting/{}
GET /meeting/{}/participants
GET /meeting/{}/summary
"""
PAGE = Path(__file__).parent / "page"


@pytest.fixture
def document(running: RunningPlatform) -> dict[str, Any]:
    return running.http.get(ADDRESS).json()


def test_it_is_valid(document: dict[str, Any]) -> None:
    assert [error.message for error in OpenAPIV30SpecValidator(document).iter_errors()] == []


def test_it_lists_every_call(document: dict[str, Any]) -> None:
    listed = {
        f"{method.upper()} {re.sub('{[^}]+}', '{}', path).removeprefix('/api/v6')}"
        for path, operations in document["paths"].items()
        for method in operations
    }

    assert set(CALLS.split("\n")) - {""} <= listed


def test_every_operation_has_a_name_of_its_own_and_says_what_a_key_must_have(
    document: dict[str, Any],
) -> None:
    operations = [one for path in document["paths"].values() for one in path.values()]

    assert len({one["operationId"] for one in operations}) == len(operations)
    without_key = {one["operationId"] for one in operations if "security" not in one}
    assert len(without_key) == 4
    assert all("calend" in name for name in without_key)
    assert document["components"]["securitySchemes"]["key"]["name"] == "X-API-KEY"


def test_what_is_required_and_what_can_be_null(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    assert schemas["MeetingCreation"]["required"] == ["topic"]
    assert "required" not in schemas["MeetingUpdate"]
    assert schemas["AccountCreation"]["required"] == ["adminEmail"]
    assert schemas["MeetingMessage"]["properties"]["dtClosedAt"]["nullable"] is True
    assert "nullable" not in schemas["MeetingMessage"]["properties"]["topic"]
    assert schemas["MeetingMessage"]["properties"]["type"]["enum"] == ["boardroom", "standard", "webinar"]


def test_a_viewer_on_another_origin_reads_it_and_makes_calls(running: RunningPlatform) -> None:
    origin = {"Origin": "http://editor.swagger.io"}
    read = running.http.get(ADDRESS, headers=origin)
    assert read.headers["access-control-allow-origin"] == "*"
    assert read.headers["content-type"] == "application/json"
    refused = running.http.get("/api/v6/meeting", headers=origin)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "*")
    for method in ("GET", "POST", "PUT", "DELETE"):
        asked = {
            **origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "x-api-key,x-user-id,x-user-email,content-type",
        }
        allowed = running.http.options("/api/v6/meeting", headers=asked)
        assert allowed.status_code in (200, 204)
        assert method in allowed.headers["access-control-allow-methods"]
        names = allowed.headers["access-control-allow-headers"].lower()
        assert names == "*" or {"x-api-key", "x-user-id", "x-user-email", "content-type"} <= set(
            re.split(", ?", names)
        )

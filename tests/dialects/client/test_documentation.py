"""The OpenAPI document of the browser's own API, of which the types of its pages are made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from switchroom.platform.api_document import api_document
from tests import schemas
from tests.platform import RunningPlatform, Tenant

ADDRESS = "/client/openapi.json"
PAGES = Path(__file__).parents[3] / "web"
CALLED = (
    "config",
    "invitation",
    "invitation/look-up",
    "link",
    "meeting",
    "meeting/enter",
    "meetings",
    "meetings/cancel",
    "meetings/change",
    "meetings/close",
    "meetings/create",
    "meetings/feed",
    "meetings/list",
    "meetings/read",
    "meetings/summary",
    "password",
    "password/change",
    "password/forgotten",
    "password/look-up",
    "people",
    "people/change",
    "people/look-up",
    "people/removal",
    "people/send-password-link",
    "rooms",
    "sessions",
    "sessions/end-others",
    "sign-out",
)
"""What pages call, some of them of an earlier version that is still open in somebody's browser."""


@pytest.fixture
def document(running: RunningPlatform) -> dict[str, Any]:
    return running.http.get(ADDRESS).json()


def test_it_is_valid(document: dict[str, Any]) -> None:
    assert [error.message for error in OpenAPIV30SpecValidator(document).iter_errors()] == []


def test_no_operation_of_the_pages_is_missing(document: dict[str, Any]) -> None:
    assert document["paths"].keys() >= {f"/client/{path}" for path in CALLED}


@pytest.mark.parametrize(("api", "file"), [("client", "openapi.json"), ("alfaview", "alfaview.json")])
def test_the_pages_types_are_made_of_it(api: str, file: str) -> None:
    assert (PAGES / file).read_text() == api_document(api)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("link", {"companyId": "x", "roomId": "y", "accessKey": "z"}, 200),
        ("link", {"companyId": 5}, 400),
        ("meeting", {"number": "1234567890123456"}, 200),
        ("meeting/enter", {"number": "1234567890123456"}, 404),
        ("meetings", {"accessToken": "x"}, 401),
        ("password/look-up", {"key": "x"}, 200),
        ("sign-out", {}, 204),
    ],
)
def test_replies_are_as_it_says(running: RunningPlatform, path: str, body: Any, status: int) -> None:
    reply = running.http.post(f"/client/{path}", json=body)

    assert reply.status_code == status
    if status != 204:
        schemas.check(running.http, ADDRESS, reply)


def test_a_link_that_leads_somewhere_is_as_it_says(tenant: Tenant, running: RunningPlatform) -> None:
    link = tenant.group_link(tenant.room())
    query = {"companyId": tenant.company_id, "roomId": link["roomId"], "accessKey": link["accessKey"]}
    reply = running.http.post("/client/link", json=query)

    assert reply.json()["state"] == "valid"
    schemas.check(running.http, ADDRESS, reply)


def test_all_that_is_wrong_is_named_at_once(running: RunningPlatform) -> None:
    refused = running.http.post("/client/link", json={"companyId": 5, "roomId": "x" * 200}).json()

    assert set(refused["fields"]) == {"companyId", "roomId", "accessKey"}
    assert refused["details"] == {"field": "companyId, roomId, accessKey"}
    assert refused["code"] == "bad_request"

"""The OpenAPI document. That replies are as it says is checked with every request that these tests make
(`schemas.check`)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from jsonschema.exceptions import ValidationError
from openapi_spec_validator import OpenAPIV30SpecValidator

from tests import schemas
from tests.dialects.alfaview_v1.catalogue import ALL_PATHS
from tests.platform import RunningPlatform, Tenant, refusal

ADDRESS = "/json/v1/documentation/swagger"


@pytest.fixture
def document(running: RunningPlatform) -> dict[str, Any]:
    return running.http.get(ADDRESS).json()


def test_it_is_valid(document: dict[str, Any]) -> None:
    assert [error.message for error in OpenAPIV30SpecValidator(document).iter_errors()] == []


def test_it_lists_every_call_that_is_carried_out_and_no_other(document: dict[str, Any]) -> None:
    assert {path.removeprefix("/json/v1/") for path in document["paths"]} == set(ALL_PATHS)
    operations = [path["post"] for path in document["paths"].values()]
    assert len({one["operationId"] for one in operations}) == len(operations)


def test_wire_types_are_those_of_proto3_json(document: dict[str, Any]) -> None:
    messages = {name: one["properties"] for name, one in document["components"]["schemas"].items()}

    assert messages["AuthenticationReply"]["expiresAt"] == {"type": "string", "format": "int64"}
    assert messages["RoomQuotas"]["activeParticipants"] == {
        "type": "integer",
        "minimum": 0,
        "maximum": 4294967295,
    }
    assert messages["GuestLink"]["validFrom"] == {"type": "string", "format": "date-time"}
    assert messages["Room"]["type"]["enum"][0] == "ROOM_TYPE_KEEP"
    room = {"$ref": "#/components/schemas/Room"}
    assert messages["RoomListReply"]["rooms"] == {"type": "object", "additionalProperties": room}
    assert "required" not in document["components"]["schemas"]["RoomCreateRequest"]


def test_a_reply_that_is_not_as_it_says_is_noticed(tenant: Tenant, running: RunningPlatform) -> None:
    tenant.room("Lounge")
    good = tenant.api.send("roomService/list")
    for damage in (("displayName", "displayedName"), ('"Lounge"', "7")):
        bad = httpx.Response(200, text=good.text.replace(*damage), headers=good.headers, request=good.request)
        with pytest.raises(ValidationError):
            schemas.check(running.http, ADDRESS, bad)


def test_a_viewer_on_another_origin_reads_it(running: RunningPlatform) -> None:
    read = running.http.get(ADDRESS, headers={"Origin": "http://editor.swagger.io"})

    assert read.headers["access-control-allow-origin"] == "*"
    assert read.headers["content-type"] == "application/json"
    assert refusal(running.http.post(ADDRESS))["code"] == 12

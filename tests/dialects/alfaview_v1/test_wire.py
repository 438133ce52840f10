"""JSON in and out, by the rules of proto3 JSON and of a gRPC gateway."""

from __future__ import annotations

import pytest

from tests.databases import ON_ONE_DATABASE
from tests.dialects.alfaview_v1.catalogue import ALL_PATHS, body_of
from tests.platform import Tenant, refusal


def access(tenant: Tenant) -> dict[str, str]:
    return {"requestId": "test", "accessToken": tenant.token}


def test_the_request_id_is_echoed_or_made(tenant: Tenant):
    assert tenant.api("roomService/list")["replyInfo"] == {"requestId": "test", "statusMessage": "OK"}

    made = tenant.api.post("roomService/list", {"accessInfo": {"accessToken": tenant.token}}).json()

    assert len(made["replyInfo"]["requestId"]) == 11


def test_the_request_id_is_echoed_by_errors_too(tenant: Tenant):
    for body in (
        {"accessInfo": {"requestId": "mine", "accessToken": "x"}},
        {"accessInfo": {"requestId": "mine", "accessToken": tenant.token}, "limit": "x"},
    ):
        assert refusal(tenant.api.post("roomService/list", body))["details"][0]["requestId"] == "mine"
    top_level = refusal(tenant.api.post("authenticationService/authenticate", {"requestId": "mine"}))
    assert top_level["details"][0]["requestId"] == "mine"
    ldap: dict[str, object] = {"requestId": "mine", "ldapCredentials": {}}
    not_carried_out = tenant.api.post("authenticationService/authenticate", ldap)
    assert not_carried_out.status_code == 501
    assert refusal(not_carried_out)["details"][0]["requestId"] == "mine"
    made = refusal(tenant.api.post("quotaService/stats", "not JSON"))["details"][0]["requestId"]
    assert len(made) == 11


def test_null_means_absent(tenant: Tenant):
    room_id = tenant.room("Lounge")
    body = {
        "accessInfo": {**access(tenant), "includeMetadata": None},
        "limit": None,
        "offset": None,
        "filterRoomIds": None,
        "skipFlags": None,
    }

    assert list(tenant.api.post("roomService/list", body).json()["rooms"]) == [room_id]
    reply = tenant.api("roomService/update", roomId=room_id, room={"displayName": None, "quotas": None})
    assert reply["room"]["displayName"] == "Lounge"


def test_unknown_fields_are_ignored(tenant: Tenant):
    reply = tenant.api("roomService/list", surprise={"deep": [1]}, another=None)
    assert set(reply) == {"replyInfo"}


def test_enums_by_number_integers_as_text(tenant: Tenant):
    reply = tenant.api(
        "roomService/create",
        room={
            "displayName": "X",
            "type": 2,
            "mode": 3,
            "sort": "7",
            "quotas": {"activeParticipants": "4", "passiveParticipants": 2.0},
            "defaultPermissions": {"role": 20},
        },
    )["room"]

    assert reply["type"] == "ROOM_TYPE_ROOM"
    assert reply["mode"] == "ROOM_MODE_SPECTATOR"
    assert reply["quotas"] == {"activeParticipants": 4, "passiveParticipants": 2}
    assert reply["defaultPermissions"]["role"] == "ROLE_MODERATOR"


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("room", "field"),
    [
        ({"mode": "ROOM_MODE_PARTY"}, "room.mode"),
        ({"mode": 99}, "room.mode"),
        ({"type": "room"}, "room.type"),
        ({"defaultPermissions": {"role": "BOSS"}}, "room.defaultPermissions.role"),
        ({"quotas": {"activeParticipants": "four"}}, "room.quotas.activeParticipants"),
        ({"sort": "1.5"}, "room.sort"),
        ({"features": [{"id": "RAISE_HANDS", "state": 7}]}, "room.features[0].state"),
        ({"metadata": {"a": 1}}, "room.metadata"),
    ],
)
def test_a_wrong_value_is_named_by_its_path(tenant: Tenant, room: dict[str, object], field: str):
    answer = tenant.api.refused("roomService/create", room=room)

    assert answer["code"] == 3
    assert answer["message"].startswith(field)


@ON_ONE_DATABASE
def test_any_content_type_is_json(tenant: Tenant):
    for content_type in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data", ""):
        response = tenant.api.post(
            "roomService/list", {"accessInfo": access(tenant)}, headers={"content-type": content_type}
        )
        assert response.status_code == 200


def test_a_token_in_the_url_alphabet_and_without_padding(tenant: Tenant):
    token = tenant.token.replace("+", "-").replace("/", "_").rstrip("=")

    assert tenant.api("roomService/list", token=token)


@ON_ONE_DATABASE
@pytest.mark.parametrize("path", ALL_PATHS)
def test_a_slash_at_the_end_changes_nothing(tenant: Tenant, path: str):
    assert tenant.api.post(path + "/", body_of(tenant, path)).status_code == 200


@ON_ONE_DATABASE
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["roomService/list", "guestService.v2/streamTaskProgress"])
def test_other_methods_are_answered_as_a_gateway_does(tenant: Tenant, method: str, path: str):
    answer = refusal(tenant.running.http.request(method, f"/json/v1/{path}"))

    assert answer["code"] == 12
    assert answer["message"] == "Method Not Allowed"


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    "path", ["", "/", "/roomService", "/roomService/dance", "/a/b/c", "/roomService/list/x"]
)
def test_unknown_paths_are_answered_as_a_gateway_does(tenant: Tenant, path: str):
    for response in (
        tenant.running.http.post(f"/json/v1{path}", content="{}"),
        tenant.running.http.get(f"/json/v1{path}"),
    ):
        answer = refusal(response)
        assert answer["code"] == 5
        assert answer["message"] == "Not Found"


def test_browsers_of_other_origins_may_call(tenant: Tenant):
    headers = {
        "origin": "https://portal.example.org",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }
    preflight = tenant.running.http.options("/json/v1/roomService/list", headers=headers)
    assert preflight.status_code in {200, 204}
    assert preflight.headers["access-control-allow-origin"] in {"*", headers["origin"]}
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in preflight.headers

    for token in (tenant.token, "x"):
        reply = tenant.api.post(
            "roomService/list",
            {"accessInfo": {"accessToken": token}},
            headers={"origin": headers["origin"]},
        )
        assert reply.headers["access-control-allow-origin"] == "*"

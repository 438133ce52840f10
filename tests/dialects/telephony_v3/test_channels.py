"""Live calls over the API: who sees and controls what, without telephony and with a worker."""

from __future__ import annotations

from typing import Any

import pytest

from switchroom.telephony.control.messages import Dtmf, Hangup, Participant, Play, Quickcall, Transfer
from tests.dialects.telephony_v3.client import Api
from tests.platform import RunningPlatform, Tenant
from tests.telephony.control.board import Board


@pytest.fixture
def user(running: RunningPlatform, tenant: Tenant, api: Api) -> tuple[Api, int]:
    """A person's requests to the API, and their id."""
    person = tenant.person()
    user_id = next(one["id"] for one in api("GET", "/users") if one["username"] == person.username)
    return Api(running, person.token), user_id


def _uuids(channels: list[dict[str, Any]]) -> list[str]:
    return [one["uuid"] for one in channels]


def test_without_telephony_it_says_so(api: Api) -> None:
    conference = api.make("conferences", name="Talk")
    device = api.make("devices", name="desk")
    for method, path, data in (
        ("GET", "/channels", None),
        ("GET", "/channels/x", None),
        ("POST", "/channels/x", {"action": "hangup"}),
        ("GET", f"/devices/{device}/channels", None),
        ("PUT", "/quickcall", {"device_id": device, "number": "101"}),
        ("GET", f"/devices/{device}/quickcall/101", None),
        ("GET", f"/conferences/{conference}/participants", None),
        ("POST", f"/conferences/{conference}/participants/x", {"action": "kick"}),
    ):
        answer = api.send(method, path, data)
        assert answer.status_code == 503, (path, answer.text)
        assert answer.json()["error"]["message"] == "no telephony runs here: telephony.enabled is false"


def test_channels_are_seen_by_whose_they_are(
    running: RunningPlatform, tenant: Tenant, api: Api, board: Board, user: tuple[Api, int]
) -> None:
    own, user_id = user
    device = api.make("devices", name="desk", owner_id=user_id)
    organization_id = tenant.organization.id
    board.add(organization_id, "b", timestamp=2)
    seen = board.add(
        organization_id,
        "a",
        owner_id=user_id,
        authorizing_id=device,
        authorizing_type="device",
        answered=True,
    )
    assert _uuids(api("GET", "/channels")) == ["a", "b"]
    channel = api("GET", "/channels/a")
    assert (channel["caller_id_name"], channel["callee_id_number"]) == ("Anna", "101")
    assert (channel["answered"], channel["state"], channel["owner_id"]) == (True, seen.state, user_id)
    assert _uuids(api("GET", f"/users/{user_id}/channels")) == ["a"]
    assert _uuids(api("GET", f"/devices/{device}/channels")) == ["a"]

    assert _uuids(own("GET", "/channels")) == ["a"]
    assert own.refused("GET", "/channels/b")[0] == 404
    assert own.refused("POST", "/channels/b", {"action": "hangup"})[0] == 404
    own("POST", "/channels/a", {"action": "hangup"})
    assert board.done == [("a", Hangup())]

    other = Api.of(running, running.organization("Other").organization)
    assert other("GET", "/channels") == []
    for method, path, data in (
        ("GET", "/channels/a", None),
        ("POST", "/channels/a", {"action": "hangup"}),
        ("GET", f"/users/{user_id}/channels", None),
        ("GET", f"/devices/{device}/channels", None),
        ("PUT", "/quickcall", {"device_id": device, "number": "101"}),
        ("PUT", "/quickcall", {"user_id": user_id, "number": "101"}),
        ("PUT", f"/devices/{device}/quickcall/101", None),
        ("GET", f"/users/{user_id}/quickcall/101", None),
    ):
        assert other.refused(method, path, data)[0] == 404, path
    assert board.done == [("a", Hangup())]


def test_actions(tenant: Tenant, api: Api, board: Board) -> None:
    board.add(tenant.organization.id, "a")
    for data in (
        {"action": "transfer", "target": "10 1", "type": "attended"},
        {"action": "play", "media_id": 5},
        {"action": "dtmf", "digits": "12#"},
    ):
        assert api("POST", "/channels/a", data) == {"uuid": "a"}
    assert [action for _, action in board.done] == [Transfer("101", "attended"), Play(5), Dtmf("12#")]
    for data, field in (
        ({"action": "transfer"}, "target"),
        ({"action": "transfer", "target": "Bert"}, "target"),
        ({"action": "play"}, "media_id"),
        ({"action": "dtmf"}, "digits"),
        ({"action": "dtmf", "digits": "x"}, "digits"),
        ({"action": "explode"}, "action"),
        ({}, "action"),
    ):
        status, fields = api.refused("POST", "/channels/a", data)
        assert (status, fields.keys()) == (400, {field}), data
    assert api.refused("POST", "/channels/a", {"action": "hold"})[0] == 409
    for action in ("record_start", "record_stop", "pickup", "park"):
        answer = api.send("POST", "/channels/a", {"action": action})
        assert (answer.status_code, answer.json()["error"]["type"]) == (501, "not_implemented")
        assert action in answer.json()["error"]["message"]


def test_quickcalls(tenant: Tenant, api: Api, board: Board, user: tuple[Api, int]) -> None:
    own, user_id = user
    mine = api.make("devices", name="mine", owner_id=user_id)
    others = api.make("devices", name="others")
    began = {"interaction_id": "call", "uuid": "ringing"}
    assert own("PUT", "/quickcall", {"device_id": mine, "number": "+49 30 123", "auto_answer": True}) == began
    assert own("GET", f"/users/{user_id}/quickcall/101") == began
    assert api("PUT", f"/devices/{others}/quickcall/101", auto_answer="true") == began
    account = tenant.organization.id
    assert [quickcall for _, quickcall in board.done] == [
        Quickcall(organization_id=account, device_id=mine, number="+4930123", auto_answer=True),
        Quickcall(organization_id=account, user_id=user_id, number="101"),
        Quickcall(organization_id=account, device_id=others, number="101", auto_answer=True),
    ]
    assert own.refused("PUT", f"/devices/{others}/quickcall/101")[0] == 404
    status, fields = api.refused("PUT", f"/devices/{others}/quickcall/Bert")
    assert (status, fields.keys()) == (400, {"number"})
    assert api.refused("PUT", "/quickcall", {"number": "101"})[0] == 400
    both = {"number": "101", "device_id": mine, "user_id": user_id}
    assert api.refused("PUT", "/quickcall", both)[0] == 400
    assert len(board.done) == 3


def test_participants(
    running: RunningPlatform, tenant: Tenant, api: Api, board: Board, user: tuple[Api, int]
) -> None:
    conference = api.make("conferences", name="Talk")
    one = Participant(id="p", name="Anna", number="100", owner_id=None, muted=False, timestamp=1)
    board.meeting[tenant.organization.id, conference] = {"p": one}
    (found,) = api("GET", f"/conferences/{conference}/participants")
    assert (found["id"], found["name"], found["muted"]) == ("p", "Anna", False)
    path = f"/conferences/{conference}/participants"
    assert api("POST", f"{path}/p", {"action": "kick"}) == {"participant": "p"}
    assert board.done == [("p", "kick")]
    assert api.refused("POST", f"{path}/q", {"action": "kick"})[0] == 404
    assert api.refused("POST", f"{path}/p", {"action": "hug"})[0] == 400
    other = Api.of(running, running.organization("Other").organization)
    for stranger in (other, user[0]):
        assert stranger.refused("GET", path)[0] == 404
        assert stranger.refused("POST", f"{path}/p", {"action": "mute"})[0] == 404
    assert board.done == [("p", "kick")]

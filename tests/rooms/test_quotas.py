"""Named sizes of rooms, and how many rooms may have them."""

from __future__ import annotations

from tests.platform import Tenant


def test_a_quota_set_is_used_up(tenant: Tenant):
    tenant.limit_rooms("small", 2)
    first = tenant.room(quotas={"name": "small"})
    tenant.room(quotas={"name": "small"})
    other = tenant.room()

    refused = [
        tenant.api.refused("roomService/create", room={"displayName": "X", "quotas": {"name": "small"}}),
        tenant.api.refused("roomService/update", roomId=other, room={"quotas": {"name": "small"}}),
    ]

    for answer in refused:
        assert answer["code"] == 8
        assert answer["details"][0]["statusCode"] == "QUOTA_EXCEEDED"
    small = tenant.api("roomService/availableTypes")["roomTypes"][0]
    assert small["limit"] == "2"
    assert "available" not in small
    tenant.api("roomService/update", roomId=first, room={"displayName": "Still small"})
    tenant.api("roomService/destroy", roomId=first)
    assert tenant.api("roomService/availableTypes")["roomTypes"][0]["available"] == "1"
    tenant.api("roomService/update", roomId=other, room={"quotas": {"name": "small"}})


def test_departments_use_nothing_up(tenant: Tenant):
    tenant.limit_rooms("small", 1)
    tenant.department(quotas={"name": "small"})

    tenant.room(quotas={"name": "small"})


def test_numbers_have_bounds(tenant: Tenant):
    for quotas in ({"activeParticipants": 10_001}, {"passiveParticipants": 10_001}):
        answer = tenant.api.refused("roomService/create", room={"displayName": "X", "quotas": quotas})
        assert answer["code"] == 3
        assert next(iter(quotas)) in answer["message"]

"""Permission groups changed, and whom that reaches."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from switchroom.events.log import EventFilter
from tests.platform import RunningPlatform, Tenant

LIST, UPDATE = "businessLogicService/permissionGroups/list", "businessLogicService/permissionGroups/update"


def groups(tenant: Tenant) -> dict[str, Any]:
    return tenant.api(LIST)["permissionGroups"]


def test_what_is_sent_is_changed_and_nothing_else(tenant: Tenant) -> None:
    before, guest, spectator = groups(tenant), tenant.permission_group("Guest"), "Spectator"
    spectator = tenant.permission_group(spectator)

    changed = tenant.api(
        UPDATE,
        permissionGroups={
            guest: {"permissions": {"join": True, "chat": True, "vip": True}},
            spectator: {"name": " Zuhörer\u202e ", "order": 9, "permissions": {"role": "ROLE_PARTICIPANT"}},
        },
    )

    assert set(changed) == {"replyInfo"}
    participant = before[tenant.permission_group("Participant")]
    assert groups(tenant) == {
        **before,
        guest: {**before[guest], "permissions": {"join": True, "chat": True, "vip": True}},
        spectator: {"name": "Zuhörer", "order": 9, "permissions": participant["permissions"]},
    }
    assert list(groups(tenant))[-1] == spectator
    log = tenant.running.platform.events.log
    (event,) = tenant.running.run(log.read(tenant.organization.id, EventFilter(object_id=spectator)))
    assert (event.type, event.data) == (
        "permission_group.updated",
        {"name": "Zuhörer", "by": tenant.administrator.id},
    )


def test_a_list_that_is_sent_back_changes_nothing(tenant: Tenant) -> None:
    before = groups(tenant)
    tenant.api(UPDATE, permissionGroups=before)
    tenant.api(UPDATE)
    assert groups(tenant) == before


def test_the_first_is_moved_and_comes_back(tenant: Tenant) -> None:
    admin = tenant.permission_group("Admin")
    tenant.api(UPDATE, permissionGroups={admin: {"order": 50}})
    assert list(groups(tenant))[-1] == admin
    tenant.api(UPDATE, permissionGroups={admin: {"name": "Admin"}})
    assert next(iter(groups(tenant))) == admin


def test_links_and_invitations_give_what_the_group_permits_now(tenant: Tenant) -> None:
    group, room = tenant.permission_group("Moderator"), tenant.room()
    tenant.api(UPDATE, permissionGroups={group: {"permissions": {"join": True}}})

    user = {"email": f"{group[:8]}@example.org"}
    invitation = {"user": user, "roomIds": [room], "permissionGroupId": group}
    task = tenant.api("businessLogicService/inviteUsers", userInvitations=[invitation])["trackingInfo"]
    stream = tenant.api.send("businessLogicService/streamTaskProgress", trackingInfo=task)
    assert '"DONE"' in stream.text
    (given,) = tenant.api("roomService/list", filterRoomIds=[room])["rooms"][room]["permissions"].values()
    assert given == {"join": True}


def test_links_for_anyone_are_of_guests_whatever_these_are_called(tenant: Tenant) -> None:
    guest, room = tenant.permission_group("Guest"), tenant.room()
    tenant.api(UPDATE, permissionGroups={guest: {"name": "Gäste", "permissions": {"join": True}}})

    tenant.api("roomService/createJoinLink", roomId=room)

    (link,) = tenant.api("guestService.v2/listGroupLinks", roomId=room)["groupLinks"]
    assert link["permissionGroupId"] == guest


@pytest.mark.parametrize(
    ("group", "reason"),
    [
        ({"name": "\u202e"}, "name must not be empty"),
        ({"name": "x" * 101}, "name is longer than 100 characters"),
        ({"order": -1}, "order must be from 0 to 10000"),
        ({"order": 10_001}, "order must be from 0 to 10000"),
        ({"permissions": {"remove": True}}, "permission groups are not removed"),
    ],
)
def test_what_a_group_cannot_be(tenant: Tenant, group: dict[str, Any], reason: str) -> None:
    before, guest = groups(tenant), tenant.permission_group("Guest")
    other = tenant.permission_group("Spectator")

    refused = tenant.api.refused(UPDATE, permissionGroups={other: {"name": "Other"}, guest: group})

    assert refused["code"] == 3
    assert reason in refused["message"]
    assert groups(tenant) == before


def test_groups_that_are_not_there_change_nothing(tenant: Tenant, running: RunningPlatform) -> None:
    before, guest = groups(tenant), tenant.permission_group("Guest")
    for unknown in (running.organization().permission_group("Guest"), "nope", "x" * 500):
        refused = tenant.api.refused(
            UPDATE, permissionGroups={guest: {"name": "Changed"}, unknown: {"name": "x"}}
        )
        assert refused["code"] == 5
        assert refused["message"].startswith(f"permissionGroups.{unknown[:100]}")
    assert groups(tenant) == before


def test_several_at_once_are_whole_each(tenant: Tenant) -> None:
    one, other = tenant.permission_group("Guest"), tenant.permission_group("Spectator")

    def rename(name: str) -> None:
        wish = {one: {"name": name, "order": 4}, other: {"name": name, "order": 3}}
        tenant.api(UPDATE, permissionGroups=wish)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(rename, [f"Name {number}" for number in range(8)]))
    after = groups(tenant)
    assert after[one]["name"] == after[other]["name"]

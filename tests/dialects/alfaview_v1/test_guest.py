"""Guest links and group links, and the guests who come by them."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from switchroom.identity.permissions import Standing
from tests.platform import RunningPlatform, Tenant, refusal

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def later(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def authenticate(tenant: Tenant, link: dict[str, Any], **fields: object):
    return tenant.api.post(
        "guestService.v2/authenticate",
        {
            "companyId": tenant.company_id,
            "roomId": link["roomId"],
            "accessKey": link["accessKey"],
            "displayName": "Grace",
            **fields,
        },
    )


def test_a_group_link(tenant: Tenant):
    room_id, group = tenant.room(), tenant.permission_group("Moderator")

    reply = tenant.api(
        "guestService.v2/createGroupLinks",
        roomId=room_id,
        origin="crm",
        groupLinkCreations=[
            {
                "description": "Monday",
                "validFrom": "2022-08-01T13:15:00Z",
                "validUntil": "2022-08-02T16:00:00.5+02:00",
                "permissionGroupId": group,
            },
            {"permissionGroupId": group},
        ],
    )

    assert set(reply) == {"replyInfo", "groupLinks"}
    first, second = reply["groupLinks"]
    assert re.fullmatch(r"[A-Za-z0-9]{32}", first["accessKey"])
    assert UUID(first["id"])
    assert first.pop("createdAt").endswith("Z")
    base = tenant.running.base_url
    assert first == {
        "id": first["id"],
        "roomId": room_id,
        "description": "Monday",
        "permissionGroupId": group,
        "validFrom": "2022-08-01T13:15:00Z",
        "validUntil": "2022-08-02T14:00:00.500Z",
        "createdBy": tenant.administrator.id,
        "joinLink": f"{base}/#/join/{tenant.company_id}/{room_id}/{first['accessKey']}/v2",
        "accessKey": first["accessKey"],
        "origin": "crm",
    }
    assert not {"validFrom", "validUntil", "description"} & set(second)


def test_a_guest_link(tenant: Tenant):
    room_id, group = tenant.room(), tenant.permission_group("Participant")

    reply = tenant.api(
        "guestService.v2/createGuestLinks",
        roomId=room_id,
        timezone="Europe/Berlin",
        guestLinkCreations=[
            {
                "email": "grace@example.org",
                "displayName": "Grace",
                "validFrom": "2022-07-25T07:25:48.057Z",
                "validUntil": "2022-07-25T07:25:48.057Z",
                "locale": "de",
                "sendEmail": False,
                "permissionGroupId": group,
                "skipRoomPermissionsUpdate": False,
            }
        ],
    )

    (link,) = reply["guestLinks"]
    assert set(reply) == {"replyInfo", "guestLinks"}
    assert link.pop("createdAt").endswith("Z")
    assert link == {
        "id": link["id"],
        "roomId": room_id,
        "displayName": "Grace",
        "permissionGroupId": group,
        "email": "grace@example.org",
        "locale": "de",
        "validFrom": "2022-07-25T07:25:48.057Z",
        "validUntil": "2022-07-25T07:25:48.057Z",
        "createdBy": tenant.administrator.id,
        "joinLink": f"{tenant.running.base_url}/#/join/{tenant.company_id}/{room_id}/{link['accessKey']}/v2",
        "accessKey": link["accessKey"],
    }


def test_links_are_got_by_id(tenant: Tenant):
    room_id = tenant.room()
    group, guest = tenant.group_link(room_id), tenant.guest_link(room_id)

    assert tenant.api("guestService.v2/getGroupLink", id=group["id"])["groupLink"] == group
    assert tenant.api("guestService.v2/getGuestLink", id=guest["id"], roomId=room_id)["guestLink"] == guest
    assert tenant.api("guestService.v2/getLink", id=group["id"])["groupLink"] == group
    assert tenant.api("guestService.v2/getLink", id=guest["id"])["guestLink"] == guest
    attempts: list[tuple[str, dict[str, Any]]] = [
        ("getGroupLink", {"id": guest["id"]}),
        ("getGuestLink", {"id": group["id"]}),
        ("getGroupLink", {"id": group["id"], "roomId": UNKNOWN}),
        ("getLink", {"id": UNKNOWN}),
    ]
    for path, fields in attempts:
        assert tenant.api.refused(f"guestService.v2/{path}", **fields)["code"] == 5


def test_links_are_listed_by_room_and_by_company(tenant: Tenant):
    room_id, other = tenant.room(), tenant.room("Other")
    group, elsewhere = tenant.group_link(room_id), tenant.group_link(other)
    guest = tenant.guest_link(room_id)

    listed = tenant.api("guestService.v2/listGroupLinks", roomId=room_id)
    assert listed["groupLinks"] == [group]
    assert tenant.api("guestService.v2/listGroupLinks")["groupLinks"] == [group, elsewhere]
    assert tenant.api("guestService.v2/listGroupLinks", roomId="")["groupLinks"] == [group, elsewhere]
    assert tenant.api("guestService.v2/listGuestLinks")["guestLinks"] == [guest]
    assert "guestLinks" not in tenant.api("guestService.v2/listGuestLinks", roomId=other)


def test_a_group_link_is_changed(tenant: Tenant):
    link = tenant.group_link(tenant.room(), validUntil=later(1))

    changed = tenant.api(
        "guestService.v2/updateGroupLink",
        groupLink={"id": link["id"], "roomId": link["roomId"], "description": "Tuesday"},
    )["groupLink"]

    assert changed == {**link, "description": "Tuesday"}
    assert tenant.api("guestService.v2/getLink", id=link["id"])["groupLink"] == changed


def test_a_guest_link_is_changed(tenant: Tenant):
    link = tenant.guest_link(tenant.room())

    reply = tenant.api(
        "guestService.v2/updateGuestLink",
        guestLink={"id": link["id"], "displayName": "Hopper", "locale": "de"},
    )

    assert set(reply) == {"replyInfo"}
    after = tenant.api("guestService.v2/getLink", id=link["id"])["guestLink"]
    assert after == {**link, "displayName": "Hopper", "locale": "de"}


def test_a_link_is_deleted_and_lets_nobody_in(tenant: Tenant):
    link = tenant.group_link(tenant.room())

    reply = tenant.api(
        "guestService.v2/deleteLink", roomId=link["roomId"], id=link["id"], skipRoomPermissionsUpdate=False
    )

    assert set(reply) == {"replyInfo"}
    answer = refusal(authenticate(tenant, link))
    assert answer["code"] == 5
    assert tenant.api.refused("guestService.v2/deleteLink", id=link["id"])["code"] == 5


def test_deleting_a_link_voids_its_tokens(tenant: Tenant):
    link = tenant.group_link(tenant.room())
    token = authenticate(tenant, link).json()["accessToken"]
    check = ("authenticationService/isAuthenticated", {"accessToken": token})
    assert tenant.api.post(*check).status_code == 200

    tenant.api("guestService.v2/deleteLink", id=link["id"])

    assert refusal(tenant.api.post(*check))["code"] == 16


def test_a_guest_gets_a_token_for_twelve_hours(tenant: Tenant):
    link = tenant.group_link(tenant.room(), validUntil=later(2))

    reply = authenticate(tenant, link, externalId="").json()

    assert set(reply) == {"replyInfo", "accessToken", "tokenExpiresAt", "userId", "linkInfo"}
    expires = datetime.fromisoformat(reply["tokenExpiresAt"]).timestamp()
    assert reply["tokenExpiresAt"].endswith("Z")
    assert abs(expires - time.time() - 12 * 3600) < 60
    assert reply["linkInfo"] == {"type": "TYPE_GROUP_LINK", "validUntil": link["validUntil"]}
    who = tenant.api("authenticationService/accessTokenInformation", token=reply["accessToken"])
    assert who["userId"] == reply["userId"]


def test_who_a_guest_is(tenant: Tenant):
    room_id = tenant.room()
    group, guest = tenant.group_link(room_id), tenant.guest_link(room_id, displayName="Grace Guest")
    external = "x" * 32

    def user_id(link: dict[str, Any], **fields: object) -> str:
        return authenticate(tenant, link, **fields).json()["userId"]

    assert user_id(group) != user_id(group)
    assert user_id(group, externalId=external) == user_id(group, externalId=external)
    assert user_id(group, externalId=external) != user_id(group, externalId="y" * 32)
    other, elsewhere = tenant.group_link(room_id, "Moderator"), tenant.group_link(tenant.room("Elsewhere"))
    assert user_id(other, externalId=external) == user_id(group, externalId=external)
    assert user_id(elsewhere, externalId=external) != user_id(group, externalId=external)
    assert user_id(guest) == user_id(guest)
    info = authenticate(tenant, guest, displayName="").json()["linkInfo"]
    assert info == {"type": "TYPE_GUEST_LINK", "displayName": "Grace Guest"}


def test_links_out_of_their_time(tenant: Tenant):
    room_id = tenant.room()

    early = refusal(authenticate(tenant, tenant.group_link(room_id, validFrom=later(1))))
    assert early["code"] == 7
    assert early["message"] == "the link is not valid yet"
    late = refusal(authenticate(tenant, tenant.group_link(room_id, validUntil=later(-1))))
    assert late["code"] == 7
    assert late["message"] == "the link has expired"


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"externalId": "short"}, "externalId", 3),
        ({"externalId": "x" * 257}, "externalId", 3),
        ({"displayName": ""}, "displayName", 3),
        ({"displayName": "   "}, "displayName", 3),
        ({"displayName": "x" * 201}, "displayName", 3),
        ({"companyId": ""}, "companyId", 3),
        ({"roomId": ""}, "roomId", 3),
        ({"accessKey": ""}, "accessKey", 3),
        ({"accessKey": "x" * 32}, "link", 5),
        ({"companyId": "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, "link", 5),
        ({"roomId": UNKNOWN}, "link", 5),
    ],
)
def test_a_guest_is_refused(tenant: Tenant, fields: dict[str, str], field: str, code: int):
    answer = refusal(authenticate(tenant, tenant.group_link(tenant.room()), **fields))

    assert answer["code"] == code
    assert field in answer["message"]


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"permissionGroupId": ""}, "permissionGroupId", 3),
        ({"permissionGroupId": UNKNOWN}, "permission group", 5),
        ({"locale": "fr"}, "locale", 3),
        ({"email": "not an address"}, "email", 3),
        ({"email": f"{'x' * 250}@example.org"}, "email", 3),
        ({"email": "", "sendEmail": True}, "email", 3),
        ({"displayName": "x" * 201}, "displayName", 3),
        ({"validFrom": later(2), "validUntil": later(1)}, "validUntil", 3),
        ({"validFrom": "tomorrow"}, "validFrom", 3),
        ({"validFrom": "2022-08-01T13:15:00"}, "validFrom", 3),
        ({"validFrom": "2022-13-01T13:15:00Z"}, "validFrom", 3),
        ({"validUntil": 1659359700}, "validUntil", 3),
    ],
)
def test_of_several_links_all_or_none_are_made(
    tenant: Tenant, fields: dict[str, object], field: str, code: int
):
    room_id, group = tenant.room(), tenant.permission_group()
    good = {"permissionGroupId": group, "displayName": "Good", "email": "good@example.org"}

    answer = tenant.api.refused(
        "guestService.v2/createGuestLinks", roomId=room_id, guestLinkCreations=[good, {**good, **fields}]
    )

    assert answer["code"] == code
    assert field in answer["message"]
    assert "guestLinks" not in tenant.api("guestService.v2/listGuestLinks")


@pytest.mark.parametrize(
    "fields",
    [{"validUntil": "2020-01-01T00:00:00Z"}, {"locale": "fr"}, {"email": "x"}, {"displayName": "x" * 201}],
)
def test_a_refused_change_changes_nothing(tenant: Tenant, fields: dict[str, str]):
    link = tenant.guest_link(tenant.room(), validFrom="2021-01-01T00:00:00Z")

    answer = tenant.api.refused(
        "guestService.v2/updateGuestLink",
        guestLink={"id": link["id"], "permissionGroupId": tenant.permission_group("Moderator"), **fields},
    )

    assert answer["code"] == 3
    assert tenant.api("guestService.v2/getLink", id=link["id"])["guestLink"] == link


def test_no_links_and_too_many_links(tenant: Tenant):
    room_id, group = tenant.room(), tenant.permission_group()

    for creations in ([], [{"permissionGroupId": group}] * 1001):
        answer = tenant.api.refused(
            "guestService.v2/createGroupLinks", roomId=room_id, groupLinkCreations=creations
        )
        assert answer["code"] == 3
    assert tenant.api.refused("guestService.v2/createGroupLinks", roomId=tenant.department())["code"] == 3


def test_mail_is_asked_for(tenant: Tenant):
    link = tenant.guest_link(tenant.room())

    resent = tenant.api("guestService.v2/resendGuestLinkEmail", id=link["id"], roomId=link["roomId"])
    updated = tenant.api("guestService.v2/updateGuestLink", guestLink={"id": link["id"]}, sendEmail=True)
    created = tenant.api(
        "guestService.v2/createGuestLinks",
        roomId=link["roomId"],
        guestLinkCreations=[
            {
                "email": "ada@example.org",
                "permissionGroupId": link["permissionGroupId"],
                "sendEmail": True,
            }
        ],
    )

    tasks = [reply["trackingInfo"]["taskId"] for reply in (resent, updated, created)]
    assert len({str(UUID(task)) for task in tasks}) == 3
    nameless = tenant.guest_link(link["roomId"], email="")
    assert tenant.api.refused("guestService.v2/resendGuestLinkEmail", id=nameless["id"])["code"] == 3
    wrong_zone = tenant.api.refused(
        "guestService.v2/resendGuestLinkEmail", id=link["id"], timezone="Europe/Nowhere"
    )
    assert wrong_zone["code"] == 3
    assert "timezone" in wrong_zone["message"]


MANAGING: list[tuple[str, dict[str, Any]]] = [
    ("createGroupLinks", {"groupLinkCreations": [{}]}),
    ("createGuestLinks", {"guestLinkCreations": [{}]}),
    ("listGroupLinks", {}),
    ("listGuestLinks", {}),
    ("getGroupLink", {}),
    ("updateGroupLink", {}),
    ("deleteLink", {}),
    ("getLink", {}),
]


@pytest.mark.parametrize(("path", "fields"), MANAGING)
def test_links_are_for_those_who_administer_the_room(tenant: Tenant, path: str, fields: dict[str, Any]):
    link, person = tenant.group_link(tenant.room()), tenant.person(Standing.MODERATOR)
    ids = {"roomId": link["roomId"], "id": link["id"], "groupLink": {"id": link["id"]}}

    answer = tenant.api.refused(f"guestService.v2/{path}", token=person.token, **ids, **fields)

    assert answer["code"] == 7
    assert tenant.api("guestService.v2/getLink", id=link["id"])["groupLink"] == link


def test_links_and_groups_of_another_company_are_unknown(tenant: Tenant, running: RunningPlatform):
    stranger = running.organization()
    theirs = stranger.group_link(stranger.room())
    mine, group = tenant.room(), stranger.permission_group()

    attempts: list[tuple[str, dict[str, Any]]] = [
        (
            "createGroupLinks",
            {"roomId": theirs["roomId"], "groupLinkCreations": [{"permissionGroupId": group}]},
        ),
        ("createGroupLinks", {"roomId": mine, "groupLinkCreations": [{"permissionGroupId": group}]}),
        ("getGroupLink", {"id": theirs["id"]}),
        ("getLink", {"id": theirs["id"]}),
        ("listGroupLinks", {"roomId": theirs["roomId"]}),
        ("updateGroupLink", {"groupLink": {"id": theirs["id"], "description": "X"}}),
        ("deleteLink", {"id": theirs["id"], "roomId": theirs["roomId"]}),
    ]
    for path, fields in attempts:
        assert tenant.api.refused(f"guestService.v2/{path}", **fields)["code"] == 5, path
    assert stranger.api("guestService.v2/getLink", id=theirs["id"])["groupLink"] == theirs
    assert "groupLinks" not in tenant.api("guestService.v2/listGroupLinks")

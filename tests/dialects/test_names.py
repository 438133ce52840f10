"""Names that people type, over every API: without what nobody sees, and refused when nothing is left."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from switchroom.errors import ErrorCode, Invalid
from switchroom.identity.permissions import Standing
from tests.dialects.client.test_people import ask, send
from tests.dialects.telephony_v3.client import Api
from tests.dialects.webmeeting_v6.client import Account, invited
from tests.platform import RunningPlatform, Tenant, refusal

UNSEEN = "\u200b\u202e\u2060"
TYPED, NAME = "\u202eAn\u200bna\ufeff B\u00aderg\u2069", "Anna Berg"


def test_rooms_and_departments(tenant: Tenant) -> None:
    for kind in ("ROOM_TYPE_ROOM", "ROOM_TYPE_DEPARTMENT"):
        room_id = tenant.room(TYPED, type=kind)
        assert _room_name(tenant, room_id) == NAME
        tenant.api("roomService/update", roomId=room_id, room={"displayName": f"{TYPED}2"})
        assert _room_name(tenant, room_id) == f"{NAME}2"
        answer = tenant.api.refused("roomService/update", roomId=room_id, room={"displayName": UNSEEN})
        assert "displayName" in answer["message"]
        assert _room_name(tenant, room_id) == f"{NAME}2"
    assert tenant.api.refused("roomService/create", room={"displayName": UNSEEN})["code"] == 3


def test_parts_of_rooms(tenant: Tenant) -> None:
    room_id = tenant.room(subRooms={"1": {"displayName": TYPED}})
    (part,) = _room(tenant, room_id)["subRooms"].values()
    assert part["displayName"] == NAME
    wish = {"subRooms": {"2": {"displayName": UNSEEN}}}
    assert tenant.api.refused("roomService/update", roomId=room_id, room=wish)["code"] == 3


def test_links(tenant: Tenant) -> None:
    room_id = tenant.room()
    assert tenant.guest_link(room_id, displayName=TYPED)["displayName"] == NAME
    assert tenant.group_link(room_id, description=TYPED)["description"] == NAME
    group = {"permissionGroupId": tenant.permission_group()}
    guests = [{"displayName": UNSEEN, "email": "grace@example.org", **group}]
    answer = tenant.api.refused("guestService.v2/createGuestLinks", roomId=room_id, guestLinkCreations=guests)
    assert answer["code"] == 3
    groups = [{"description": UNSEEN, **group}]
    answer = tenant.api.refused("guestService.v2/createGroupLinks", roomId=room_id, groupLinkCreations=groups)
    assert answer["code"] == 3


def test_guests(tenant: Tenant) -> None:
    link = tenant.group_link(tenant.room())

    def authenticate(name: str) -> Any:
        keys = {"companyId": tenant.company_id, "roomId": link["roomId"], "accessKey": link["accessKey"]}
        return tenant.api.post("guestService.v2/authenticate", {"displayName": name, **keys})

    assert refusal(authenticate(UNSEEN))["code"] == 3
    token = authenticate(TYPED).json()["accessToken"]
    admissions = tenant.running.platform.rooms.admissions

    def admitted(name: str | None) -> str:
        return tenant.running.run(admissions.admit(token, link["roomId"], name)).display_name

    assert admitted(None) == NAME
    assert admitted(f"{TYPED}2") == f"{NAME}2"
    with pytest.raises(Invalid) as refused:
        admitted(UNSEEN)
    assert refused.value.code is ErrorCode.EMPTY


def test_people_organizations_and_keys(running: RunningPlatform) -> None:
    tenant = running.organization(TYPED)
    organizations = running.platform.identity.organizations
    assert tenant.organization.display_name == NAME
    person = tenant.person(Standing.MODERATOR, first_name="\u202eAnna", last_name="Berg\u200d")
    room_id = tenant.room()
    admission = running.run(running.platform.rooms.admissions.admit(person.token, room_id))
    assert admission.display_name == NAME
    with pytest.raises(Invalid):
        running.organization(UNSEEN)
    with pytest.raises(Invalid):
        running.run(running.platform.identity.api_keys.create(tenant.organization, UNSEEN))
    added = running.run(
        organizations.add_person(
            tenant.organization,
            username=f"ad\u200ba-{secrets.token_hex(4)}",
            password=secrets.token_hex(8),
            standing=Standing.PARTICIPANT,
        )
    )
    assert added.username.startswith("ada-")


def test_of_telephony(tenant: Tenant) -> None:
    api = Api.of(tenant.running, tenant.organization)
    menu = api.make("menus", name=TYPED)
    assert api("GET", f"/menus/{menu}")["name"] == NAME
    status, told = api.refused("PUT", "/menus", {"name": UNSEEN})
    assert (status, "name" in str(told)) == (400, True)
    names = {"first": TYPED, "last": f"{TYPED}2"}
    (contact,) = api("PUT", "/directories", {"details": {"names": names, "company": {"name": TYPED}}})
    details = api("GET", f"/directories/{contact}")["details"]
    assert details["names"] == {"first": NAME, "last": f"{NAME}2"}
    assert details["company"] == {"name": NAME}
    api("POST", f"/directories/{contact}", {"details": {"names": {"first": f"{TYPED}3"}}})
    assert api("GET", f"/directories/{contact}")["details"]["names"]["first"] == f"{NAME}3"


def test_meetings_accounts_and_organizers(running: RunningPlatform) -> None:
    account = Account(running, adminFirstname="\u202eAda", name=TYPED)
    assert (account.made["name"], account.admin["firstName"]) == (NAME, "Ada")
    assert account.change(name=f"{TYPED}2")["name"] == f"{NAME}2"
    assert "name" in account.instance.refused("PUT", f"/account/{account.id}", {"name": UNSEEN}).fields
    assert account.organizer(lastName=TYPED)["lastName"] == NAME
    wish = {"email": f"{secrets.token_hex(6)}@example.org", "firstName": UNSEEN}
    refused = account.instance.refused("POST", f"/account/{account.id}/organizer", wish)
    assert set(refused.fields) == {"firstName"}

    guest = invited(f"{secrets.token_hex(6)}@example.org", firstName="\u202eAnna", lastName="Berg\u200b")
    meeting = account.api.meeting(TYPED, invitedParticipants=[guest])
    assert meeting["topic"] == NAME
    (kept,) = meeting["invitedParticipants"]
    assert (kept["firstName"], kept["lastName"]) == ("Anna", "Berg")
    assert set(account.api.refused("POST", "/meeting", {"topic": UNSEEN}).fields) == {"topic"}


def test_keys_and_web_hooks_of_the_portal(tenant: Tenant) -> None:
    wishes: dict[str, dict[str, Any]] = {
        "keys/create-api-key": {"clientId": TYPED, "permissions": []},
        "keys/create-meeting-key": {"name": TYPED, "permissions": ["meeting"]},
        "webhooks/create": {"name": TYPED, "url": "https://hooks.example.org/in"},
    }
    for path, wish in wishes.items():
        unseen = {name: UNSEEN if value == TYPED else value for name, value in wish.items()}
        assert send(tenant, path, **unseen).status_code == 400, path
        ask(tenant, path, **wish)
    keys, hooks = ask(tenant, "keys"), ask(tenant, "webhooks")["hooks"]
    assert NAME in [key["clientId"] for key in keys["apiKeys"]]
    assert [one["name"] for one in (*keys["meetingKeys"], *hooks)] == [NAME, NAME]


def _room(tenant: Tenant, room_id: str) -> dict[str, Any]:
    return tenant.api("roomService/list", filterRoomIds=[room_id])["rooms"][room_id]


def _room_name(tenant: Tenant, room_id: str) -> str:
    return _room(tenant, room_id)["displayName"]

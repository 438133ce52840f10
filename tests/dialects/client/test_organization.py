"""Settings, keys, web hooks and the event log of an organization, for those who manage it."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from switchroom.accounts import program_keys
from switchroom.db.base import now, time_of
from switchroom.errors import Conflict
from switchroom.events.models import Event
from switchroom.events.webhooks import hooks
from switchroom.identity.models import Membership, Organization
from switchroom.identity.permissions import Administration, Standing
from tests.dialects.alfaview_v1.test_signed_tokens import sign
from tests.dialects.alfaview_v1.test_users import statuses
from tests.dialects.client.test_people import ask, clerk, send
from tests.platform import PASSWORD, RunningPlatform, Tenant
from tests.workers.platform import eventually

URL = "https://hooks.example.org/in?secret=1"

CALLS: dict[str, dict[str, Any]] = {
    "organization": {},
    "organization/change": {"version": "x", "name": "Mine"},
    "keys": {},
    "keys/create-api-key": {"clientId": "mine", "permissions": []},
    "keys/revoke-api-key": {"clientId": "integration"},
    "keys/create-meeting-key": {"name": "mine", "permissions": ["meeting"]},
    "keys/revoke-meeting-key": {"id": 1},
    "webhooks": {},
    "webhooks/create": {"name": "mine", "url": URL},
    "webhooks/change": {"id": 1, "version": "x"},
    "webhooks/delete": {"id": 1},
    "webhooks/test": {"id": 1},
    "webhooks/deliveries": {"id": 1},
    "webhooks/redeliver": {"id": 1, "deliveryId": 1},
    "events": {},
}


def hook(tenant: Tenant, **fields: Any) -> dict[str, Any]:
    return ask(tenant, "webhooks/create", **{"name": "Courses", "url": URL, **fields})["hook"]


def with_api_key(tenant: Tenant, client_id: str, code: str) -> httpx.Response:
    credentials = {"clientId": client_id, "code": code, "companyId": tenant.company_id}
    return tenant.api.post(
        "authenticationService/authenticate", {"authorizationCodeCredentials": credentials}
    )


def narrowed(tenant: Tenant) -> str:
    """The administrator's token, signed for all permissions one by one."""
    everything = {str(one.bit_length() - 1): True for one in Administration}
    return sign(tenant, permissions=everything)["accessToken"]


@pytest.mark.parametrize("path", CALLS)
def test_who_does_not_manage_the_organization_gets_nothing(tenant: Tenant, path: str) -> None:
    pat = tenant.person()
    for token in ("", "nonsense"):
        assert send(tenant, path, token=token, **CALLS[path]).status_code == 401
    assert send(tenant, path, token=pat.token, **CALLS[path]).status_code == 403
    rooms = clerk(tenant, "ROOM_ADMIN", "USER_ADMIN")
    assert send(tenant, path, token=rooms.token, **CALLS[path]).status_code == 403


def test_the_name_and_the_privacy_link_change(tenant: Tenant) -> None:
    before = ask(tenant, "organization")
    assert (before["name"], before["privacyLink"]) == (tenant.organization.display_name, "")
    link = "https://example.org/datenschutz"
    after = ask(
        tenant, "organization/change", version=before["version"], name=" Schule Köln ", privacyLink=link
    )
    assert (after["name"], after["privacyLink"]) == ("Schule Köln", link)
    late = send(tenant, "organization/change", version=before["version"], name="Overwritten")
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    assert ask(tenant, "organization") == after
    without = ask(tenant, "organization/change", version=after["version"], privacyLink="")
    assert without["privacyLink"] == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": " \u200b "},
        {"name": "x" * 201},
        {"name": "x" * 5000},
        {"name": 3},
        {"privacyLink": "javascript:alert(1)"},
        {"privacyLink": "data:text/html,x"},
        {"privacyLink": "example.org"},
        {"privacyLink": "https://user:pass@example.org"},
        {"privacyLink": "https://example.org/" + "x" * 2000},
        {"keptDays": 0},
        {"keptDays": -1},
        {"keptDays": 3651},
        {"keptDays": 1 << 63},
        {"keptDays": "30"},
        {"keptDays": 1.5},
        {"asksBeforeRecording": "yes"},
    ],
)
def test_a_wrong_name_or_link_is_refused(tenant: Tenant, wrong: dict[str, Any]) -> None:
    before = ask(tenant, "organization")
    answer = send(tenant, "organization/change", version=before["version"], **wrong)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert ask(tenant, "organization") == before


def test_how_long_meetings_are_kept_is_said_by_who_manages_the_organization(tenant: Tenant) -> None:
    before = ask(tenant, "organization")
    after = ask(tenant, "organization/change", version=before["version"], keptDays=30)
    assert (before["keptDays"], after["keptDays"], after["name"]) == (360, 30, before["name"])
    (event,) = ask(tenant, "events", types=["organization.updated"])["events"]
    assert (event["data"]["kept_days"], event["data"]["by"]) == (30, tenant.administrator.id)
    assert ask(tenant, "recordings/list")["keptDays"] == 30
    late = send(tenant, "organization/change", version=before["version"], name="Overwritten")
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")

    settler = clerk(tenant, "COMPANY_ADMIN")
    wish: dict[str, Any] = {"token": settler.token, "version": after["version"]}
    assert ask(tenant, "organization", token=settler.token)["keptDays"] == 30
    wishes: list[dict[str, Any]] = [{"keptDays": 1}, {"keptDays": 1, "name": "Renamed"}]
    for fields in wishes:
        assert send(tenant, "organization/change", **wish, **fields).status_code == 403
    assert ask(tenant, "organization") == after
    assert ask(tenant, "organization/change", **wish, name="Renamed")["keptDays"] == 30


def test_whether_people_are_asked_before_they_are_recorded_is_said(tenant: Tenant) -> None:
    before = ask(tenant, "organization")
    assert before["asksBeforeRecording"] is False
    after = ask(tenant, "organization/change", version=before["version"], asksBeforeRecording=True)
    assert (after["asksBeforeRecording"], after["keptDays"]) == (True, before["keptDays"])
    (event,) = ask(tenant, "events", types=["organization.updated"])["events"]
    assert (event["data"]["asks_before_recording"], "kept_days" in event["data"]) == (True, False)
    late = send(tenant, "organization/change", version=before["version"], asksBeforeRecording=False)
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    room_id = tenant.room()
    admitted = tenant.running.run(tenant.running.platform.meetings.admission.admit(tenant.token, room_id))
    assert admitted.room.asks_before_recording
    assert ask(tenant, "organization") == after


def test_an_api_key_does_what_it_was_made_for_until_it_is_revoked(tenant: Tenant) -> None:
    made = ask(tenant, "keys/create-api-key", clientId="courses", permissions=["ROOM_ADMIN"])
    again = send(tenant, "keys/create-api-key", clientId="courses", permissions=[])
    assert again.status_code == 409
    listed = {key["clientId"]: key for key in ask(tenant, "keys")["apiKeys"]}
    assert set(listed) == {"integration", "courses"}
    assert set(listed["courses"]["permissions"]) == {"ROOM_ADMIN", "ROOM_LIST", "ROOM_CREATE"}
    assert "lastUsedAt" not in listed["courses"]
    assert made["key"] not in str(listed)

    token = with_api_key(tenant, "courses", made["key"]).json()["accessToken"]
    assert "lastUsedAt" in {key["clientId"]: key for key in ask(tenant, "keys")["apiKeys"]}["courses"]
    assert tenant.api("roomService/list", token=token)
    assert tenant.api.send("userService/list", token=token).status_code == 403
    assert send(tenant, "keys/revoke-api-key", clientId="courses").status_code == 204
    assert with_api_key(tenant, "courses", made["key"]).status_code == 401
    assert send(tenant, "keys/revoke-api-key", clientId="courses").status_code == 404


def test_no_key_may_more_than_who_makes_it(tenant: Tenant) -> None:
    manager = clerk(tenant, "MANAGE_COMPANY")
    wish = {"clientId": "bills", "permissions": ["MANAGE_BILLING"]}
    assert send(tenant, "keys/create-api-key", token=manager.token, **wish).status_code == 403
    wish = {"clientId": "rooms", "permissions": ["ROOM_LIST"]}
    assert send(tenant, "keys/create-api-key", token=manager.token, **wish).status_code == 200
    for wrong in (["NOTHING"], "ROOM_LIST", [1]):
        answer = send(tenant, "keys/create-api-key", clientId="x", permissions=wrong)
        assert answer.status_code == 400


def test_a_key_for_the_meeting_api_takes_every_permission(tenant: Tenant) -> None:
    manager = clerk(tenant, "MANAGE_COMPANY")  # and not the bills
    wish: dict[str, Any] = {"name": "Office", "permissions": ["telephony"]}
    assert send(tenant, "keys/create-meeting-key", token=manager.token, **wish).status_code == 403
    assert ask(tenant, "keys")["meetingKeys"] == []
    assert send(tenant, "keys/create-meeting-key", **wish).status_code == 200


def test_a_token_for_fewer_permissions_makes_no_key(tenant: Tenant) -> None:
    token = narrowed(tenant)
    wishes: list[tuple[str, dict[str, Any]]] = [
        ("keys/create-api-key", {"clientId": "mine", "permissions": ["ROOM_LIST"]}),
        ("keys/create-meeting-key", {"name": "mine", "permissions": ["meeting"]}),
    ]
    for path, wish in wishes:
        assert send(tenant, path, token=token, **wish).status_code == 403
    keys = ask(tenant, "keys", token=token)
    assert (len(keys["apiKeys"]), keys["meetingKeys"]) == (1, [])


def test_a_token_for_fewer_permissions_makes_nothing_that_outlasts_it(tenant: Tenant) -> None:
    token, before = narrowed(tenant), hook(tenant)
    refused: list[tuple[str, dict[str, Any]]] = [
        ("webhooks/create", {"name": "Mine", "url": URL}),
        ("webhooks/change", {"id": before["id"], "version": before["version"], "url": URL + "2"}),
        ("meetings/feed", {}),
        ("meetings/feed", {"isRenewed": True}),
    ]
    for path, wish in refused:
        answer = send(tenant, path, token=token, **wish)
        assert answer.status_code == 403, path
    assert ask(tenant, "webhooks", token=token)["hooks"] == [before]
    founded = tenant.api.send("companyService/create", token=token, company={"displayName": "Mine"})
    assert founded.status_code == 403
    username = f"new{tenant.organization.id}"
    access = {"usernamePasswordCredentials": {"username": username, "password": PASSWORD}}
    for permissions, status in ({"13": True}, 403), ({}, 200):
        wish = {"user": {}, "authenticationRequest": {**access, "permissions": permissions}}
        assert tenant.api.send("userService/create", token=token, **wish).status_code == status


def test_who_manages_the_organization_no_more_makes_no_key(tenant: Tenant) -> None:
    """Their token says that they may, until every process has heard that it is void."""
    former = tenant.person(Standing.ADMINISTRATOR)
    tenant.running.run(_take_permissions(tenant, former.id))
    wish = {"clientId": "mine", "permissions": ["ROOM_LIST"]}
    assert send(tenant, "keys", token=former.token).status_code == 200
    assert send(tenant, "keys/create-api-key", token=former.token, **wish).status_code == 403
    wish = {"name": "mine", "permissions": ["meeting"]}
    assert send(tenant, "keys/create-meeting-key", token=former.token, **wish).status_code == 403
    keys = ask(tenant, "keys")
    assert (len(keys["apiKeys"]), keys["meetingKeys"]) == (1, [])


async def _take_permissions(tenant: Tenant, person_id: str) -> None:
    async with tenant.running.platform.storage.database.write(tenant.organization.id) as session:
        await session.execute(
            update(Membership).where(Membership.person_id == person_id).values(administration=0)
        )


def test_a_key_of_the_meeting_api_is_good_until_it_is_revoked(
    tenant: Tenant, running: RunningPlatform
) -> None:
    key = ask(tenant, "keys/create-meeting-key", name="Calendar", permissions=["meeting", "events"])["key"]
    (listed,) = ask(tenant, "keys")["meetingKeys"]
    assert (listed["name"], listed["permissions"]) == ("Calendar", ["meeting", "events"])
    assert "lastUsedAt" not in listed
    holder = tenant.running.run(tenant.running.platform.identity.keys.authenticate(key))
    assert holder.organization_id == tenant.organization.id
    assert ask(tenant, "keys")["meetingKeys"][0]["lastUsedAt"] <= time_of(now())

    stranger = running.organization("Other")
    assert send(stranger, "keys/revoke-meeting-key", id=listed["id"]).status_code == 404
    assert ask(stranger, "keys")["meetingKeys"] == []
    assert send(tenant, "keys/revoke-meeting-key", id=listed["id"]).status_code == 204
    assert ask(tenant, "keys")["meetingKeys"] == []
    assert send(tenant, "keys/create-meeting-key", name="x", permissions=[]).status_code == 400


def test_a_web_hook_is_made_changed_and_removed(tenant: Tenant, running: RunningPlatform) -> None:
    made = ask(tenant, "webhooks/create", name="Courses", url=URL, types=["room.*"])
    assert len(made["secret"]) > 20
    before = made["hook"]
    assert ask(tenant, "webhooks")["hooks"] == [before]
    changed = ask(
        tenant, "webhooks/change", id=before["id"], version=before["version"], enabled=False, types=[]
    )
    assert (changed["enabled"], changed["types"]) == (False, [])
    late = send(tenant, "webhooks/change", id=before["id"], version=before["version"], name="Overwritten")
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    assert send(tenant, "webhooks/test", id=before["id"]).status_code == 409

    stranger = running.organization("Other")
    for path in ("webhooks/delete", "webhooks/test", "webhooks/deliveries"):
        assert send(stranger, path, id=before["id"]).status_code == 404
    assert ask(stranger, "webhooks")["hooks"] == []
    assert send(tenant, "webhooks/delete", id=before["id"]).status_code == 204
    assert ask(tenant, "webhooks")["hooks"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://example.org"},
        {"url": ""},
        {"name": ""},
        {"types": ["no type!"]},
        {"types": ["x" * 71]},
        {"types": ["room.*"] * 51},
        {"url": 1},
    ],
)
def test_a_wrong_web_hook_is_refused(tenant: Tenant, wrong: dict[str, Any]) -> None:
    answer = send(tenant, "webhooks/create", **{"name": "Courses", "url": URL, **wrong})
    assert answer.status_code == 400
    assert ask(tenant, "webhooks")["hooks"] == []


def test_of_changes_of_a_web_hook_at_once_one_is_made(tenant: Tenant) -> None:
    before = hook(tenant)
    changes = [
        partial(
            send, tenant, "webhooks/change", id=before["id"], version=before["version"], name=f"No. {one}"
        )
        for one in range(8)
    ]
    assert sorted(statuses(changes)) == [200] + 7 * [409]


def test_at_once_no_more_than_the_most_are_made(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "MOST_HOOKS", 3)
    monkeypatch.setattr(program_keys, "MOST_KEYS", 3)  # of which one API key is there
    wishes: list[tuple[str, dict[str, Any], int]] = [
        ("webhooks/create", {"url": URL, "name": "No. {}"}, 3),
        ("keys/create-meeting-key", {"permissions": ["meeting"], "name": "No. {}"}, 3),
        ("keys/create-api-key", {"permissions": [], "clientId": "No. {}"}, 2),
    ]
    for path, wish, most in wishes:
        calls = [
            partial(send, tenant, path, **{name: _numbered(value, one) for name, value in wish.items()})
            for one in range(8)
        ]
        assert sorted(statuses(calls)) == most * [200] + (8 - most) * [400], path


def _numbered(value: Any, number: int) -> Any:
    return value.format(number) if isinstance(value, str) else value


def test_of_api_keys_of_one_name_at_once_one_is_made(tenant: Tenant) -> None:
    """By the command as well, which nothing waits for."""
    keys, organization = tenant.running.platform.identity.api_keys, tenant.organization

    async def at_once() -> list[str | BaseException]:
        made = (keys.create(organization, "courses") for _ in range(8))
        return await asyncio.gather(*made, return_exceptions=True)

    results = tenant.running.run(at_once())
    assert [type(one) for one in results if not isinstance(one, str)] == 7 * [Conflict]
    wish: dict[str, Any] = {"clientId": "rooms", "permissions": ["ROOM_LIST"]}
    calls = 8 * [partial(send, tenant, "keys/create-api-key", **wish)]
    assert sorted(statuses(calls)) == [200] + 7 * [409]


def test_a_test_reaches_the_hook_that_is_tested_only(tenant: Tenant) -> None:
    tested = hook(tenant, types=["meeting.*"])
    other = hook(tenant, name="Everything")
    assert send(tenant, "webhooks/test", id=tested["id"]).status_code == 204

    def deliveries(of: dict[str, Any]) -> list[dict[str, Any]]:
        return ask(tenant, "webhooks/deliveries", id=of["id"])["deliveries"]

    (only,) = eventually(lambda: deliveries(tested), "a delivery")
    assert only["type"] == "webhook.tested"
    assert "webhook.tested" not in [one["type"] for one in deliveries(other)]
    again = send(tenant, "webhooks/redeliver", id=tested["id"], deliveryId=only["id"])
    assert again.status_code == 204
    assert send(tenant, "webhooks/redeliver", id=other["id"], deliveryId=only["id"]).status_code == 404


def test_the_event_log_is_read_backwards_and_filtered(tenant: Tenant, running: RunningPlatform) -> None:
    rooms = [tenant.room(f"Room {number}") for number in range(60)]
    first = ask(tenant, "events", types=["room.*"])
    assert len(first["events"]) == 50
    assert first["events"][0]["objectId"] == rooms[-1]
    second = ask(tenant, "events", types=["room.*"], before=first["before"])
    assert [one["objectId"] for one in second["events"]] == rooms[9::-1]
    assert "before" not in second
    assert "room.created" in first["known"]
    (only,) = ask(tenant, "events", types=["room.created", "room.deleted"], objectId=rooms[3])["events"]
    assert only["data"]["display_name" if "display_name" in only["data"] else "name"] == "Room 3"
    ids = [one["id"] for one in ask(tenant, "events")["events"]]
    assert ids == sorted(ids, reverse=True)
    assert ask(tenant, "events", until=first["events"][-1]["occurredAt"], types=["room.*"])["events"]
    assert ask(tenant, "events", since="2100-01-01T00:00:00Z")["events"] == []
    assert ask(tenant, "events", types=["nothing.*"])["events"] == []
    refused: list[dict[str, Any]] = [
        {"since": "yesterday"},
        {"until": "2026-01-01"},
        {"types": ["';--"]},
        {"before": 0},
    ]
    for wrong in refused:
        assert send(tenant, "events", **wrong).status_code == 400, wrong
    stranger = running.organization("Other")
    assert ask(stranger, "events", objectId=rooms[0])["events"] == []


def test_all_types_of_the_event_log_are_one_question(tenant: Tenant) -> None:
    """With those that this version knows no more."""
    tenant.room()
    tenant.running.run(_log_former(tenant))
    everything = ask(tenant, "events")["events"]
    assert everything[0]["type"] == "former.kind"
    for types in ["*"], ["room.*", "*"]:
        assert ask(tenant, "events", types=types)["events"] == everything


async def _log_former(tenant: Tenant) -> None:
    async with tenant.running.platform.storage.database.write(tenant.organization.id) as session:
        session.add(Event(type="former.kind", object_id="x", data={}))


def test_what_is_done_in_the_portal_is_in_the_log(tenant: Tenant) -> None:
    other = tenant.person(Standing.ADMINISTRATOR)
    version = ask(tenant, "organization")["version"]
    ask(tenant, "organization/change", token=other.token, version=version, name="Renamed")
    (event,) = ask(tenant, "events", types=["organization.updated"])["events"]
    assert event["data"] == {"display_name": "Renamed", "by": other.id}


def test_the_privacy_link_is_told_to_who_has_a_link(tenant: Tenant) -> None:
    link = tenant.group_link(tenant.room())
    place = {"companyId": tenant.company_id, "roomId": link["roomId"], "accessKey": link["accessKey"]}

    def told() -> str | None:
        return tenant.running.http.post("/client/link", json=place).json().get("privacyLink")

    assert told() is None
    version = ask(tenant, "organization")["version"]
    ask(tenant, "organization/change", version=version, privacyLink="https://example.org/privacy")
    assert told() == "https://example.org/privacy"

    async def write(value: str) -> None:
        async with tenant.running.platform.storage.database.write(None) as session:
            organization = await session.get_one(Organization, tenant.organization.id)
            organization.properties = {"privacyLink": value}

    for wrong in ("javascript:alert(1)", "https://user:pass@example.org", "example.org"):
        tenant.running.run(write(wrong))
        assert told() is None, wrong
        assert ask(tenant, "organization")["privacyLink"] == ""

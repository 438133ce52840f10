"""The companies a caller belongs to, and their people."""

from __future__ import annotations

import time

from switchroom.identity.permissions import Standing
from tests.platform import RunningPlatform, Tenant


def test_a_company_is_listed_with_its_owner(tenant: Tenant):
    reply = tenant.api("companyService/list", companyIdList=[tenant.company_id])

    company = reply["companies"][tenant.company_id]
    assert set(reply) == {"replyInfo", "companies", "orderedCompanyIDs"}
    assert set(company) == {"displayName", "ownerId", "createdAt"}
    assert company["displayName"] == "Acme"
    assert company["ownerId"] == tenant.administrator.id
    assert abs(int(company["createdAt"]) - time.time()) < 600
    assert reply["orderedCompanyIDs"] == [tenant.company_id]


def test_without_ids_all_of_ones_own_are_listed_and_no_others(tenant: Tenant, running: RunningPlatform):
    stranger = running.organization("Stranger")

    assert set(tenant.api("companyService/list")["companies"]) == {tenant.company_id}
    named = tenant.api("companyService/list", companyIdList=[stranger.company_id, "nonsense"])
    assert set(named) == {"replyInfo"}


def test_a_page_of_companies(tenant: Tenant, running: RunningPlatform):
    person = tenant.person()
    others = [running.organization(name) for name in ("Beta", "Gamma")]
    for other in others:
        running.run(
            running.platform.identity.organizations.add_person(
                other.organization, username=person.username, password=None, standing=Standing.PARTICIPANT
            )
        )

    page = tenant.api("companyService/list", token=person.token, companyIdFrom=others[0].company_id, limit=1)

    assert page["orderedCompanyIDs"] == [others[0].company_id]
    assert list(page["companies"]) == [others[0].company_id]


def test_people_are_listed_with_profile_and_locale(tenant: Tenant):
    person = tenant.person(first_name="Emil", last_name="Berliner")

    reply = tenant.api("userService/list", userIdList=[person.id])

    assert set(reply) == {"replyInfo", "users", "userIdList"}
    assert reply["users"] == {
        person.id: {
            "email": person.username,
            "userProfile": {"firstname": "Emil", "lastname": "Berliner"},
            "locale": {"UILanguage": "en"},
        }
    }


def test_everybody_is_listed_when_nobody_is_named(tenant: Tenant):
    people = {tenant.administrator.id, tenant.person().id, tenant.person().id}

    assert set(tenant.api("userService/list")["users"]) == people
    only_ids = tenant.api("userService/list", returnUserIdsOnly=True)
    assert set(only_ids["userIdList"]) == people
    assert "users" not in only_ids


def test_a_participant_may_ask_for_themselves_only(tenant: Tenant):
    person, other = tenant.person(), tenant.person()

    own = tenant.api("userService/list", token=person.token, userIdList=[person.id])
    assert list(own["users"]) == [person.id]
    for ids in ([], [other.id], [person.id, other.id]):
        answer = tenant.api.refused("userService/list", token=person.token, userIdList=ids)
        assert answer["code"] == 7
        assert answer["details"][0]["statusCode"] == "INSUFFICIENT_PERMISSIONS"


def test_people_of_another_company_are_unknown(tenant: Tenant, running: RunningPlatform):
    stranger = running.organization().administrator

    assert "users" not in tenant.api("userService/list", userIdList=[stranger.id])


def test_the_permission_groups_are_those_of_the_handbook(tenant: Tenant):
    reply = tenant.api("businessLogicService/permissionGroups")

    groups = {group["name"]: group for group in reply["permissionGroups"].values()}
    everything = {
        "voice": True,
        "video": True,
        "promote": True,
        "join": True,
        "screen": True,
        "chat": True,
        "chatBroadcast": True,
    }
    participant = {"voice": True, "video": True, "join": True, "screen": True, "chat": True}
    assert groups == {
        "Admin": {"name": "Admin", "permissions": {"admin": True, **everything}},
        "Moderator": {"name": "Moderator", "order": 1, "permissions": everything},
        "Participant": {"name": "Participant", "order": 2, "permissions": participant},
        "Spectator": {"name": "Spectator", "order": 3, "permissions": {"join": True, "chat": True}},
        "Guest": {"name": "Guest", "order": 4, "permissions": participant},
        "No access": {"name": "No access", "order": 5, "permissions": {}},
    }
    assert tenant.api("businessLogicService/permissionGroups/list") == reply


def test_each_company_has_groups_of_its_own(tenant: Tenant, running: RunningPlatform):
    mine = tenant.api("businessLogicService/permissionGroups")["permissionGroups"]
    theirs = running.organization().api("businessLogicService/permissionGroups")["permissionGroups"]

    assert not set(mine) & set(theirs)


def test_the_quota_sets(tenant: Tenant):
    quotas = tenant.api("quotaService/info")["quotas"]

    assert [quota["name"] for quota in quotas] == ["small", "standard", "large"]
    standard = quotas[1]
    assert standard.pop("startTime").endswith("Z")
    assert standard == {
        "name": "standard",
        "resource": "ROOM_TYPE",
        "limit": "2147483647",
        "limits": {"ROOM_PARTICIPANTS": "50", "ROOM_SPECTATORS": "200", "ROOM_SUBROOM_LIMIT": "50"},
    }


def test_one_resource_of_the_quota_sets(tenant: Tenant):
    for resource in ("ROOM_PARTICIPANTS", 5):
        quotas = tenant.api("quotaService/info", resource=resource)["quotas"]
        assert [(quota["resource"], quota["limit"]) for quota in quotas] == [
            ("ROOM_PARTICIPANTS", "12"),
            ("ROOM_PARTICIPANTS", "50"),
            ("ROOM_PARTICIPANTS", "200"),
        ]
    assert "quotas" not in tenant.api("quotaService/info", resource="DIAL_IN_LINES")

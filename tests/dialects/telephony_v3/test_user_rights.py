"""Rights over users: nobody gets further by telephony than the organization lets them."""

from __future__ import annotations

from typing import Any

from switchroom.identity.permissions import Standing
from tests.dialects.client.test_organization import narrowed
from tests.dialects.client.test_people import clerk
from tests.dialects.telephony_v3.client import Api
from tests.platform import PASSWORD, Account, RunningPlatform, Tenant


def _ids(api: Api) -> dict[str, int]:
    return {user["username"]: user["id"] for user in api("GET", "/users")}


def _accesses(tenant: Tenant) -> list[dict[str, Any]]:
    """What lets others in as somebody, or keeps them out."""
    return [
        {"password": "another horse battery"},
        {"email": f"caught-{tenant.organization.id}@example.org"},
        {"username": f"caught-{tenant.organization.id}@example.org"},
        {"enabled": False},
    ]


def _still_signs_in(running: RunningPlatform, account: Account, level: str) -> None:
    credentials = {"username": account.username, "password": PASSWORD}
    answer = running.http.put("/v3.0/auth/user", json={"data": credentials})
    assert (answer.status_code, answer.json()["data"]["priv_level"]) == (200, level)


def test_who_changes_settings_administers_nobody(running: RunningPlatform, tenant: Tenant, api: Api) -> None:
    administrator, settings = tenant.administrator, clerk(tenant, "COMPANY_ADMIN")
    caller, ids = Api(running, settings.token), _ids(api)
    own, boss = f"/users/{ids[settings.username]}", f"/users/{ids[administrator.username]}"

    for change in [{"priv_level": "admin"}, *_accesses(tenant)]:
        assert caller.refused("POST", own, change)[0] == 403
        assert caller.refused("POST", boss, change)[0] == 404
    new = {"username": f"new-{tenant.organization.id}@example.org", "password": PASSWORD}
    assert caller.refused("PUT", "/users", {**new, "priv_level": "admin"})[0] == 403
    assert caller.refused("PUT", "/devices", {"name": "Desk"})[0] == 403

    assert caller("POST", own, {"first_name": "Sam"})["first_name"] == "Sam"
    assert api("GET", own)["priv_level"] == "user"
    _still_signs_in(running, administrator, "admin")
    _still_signs_in(running, settings, "user")


def test_who_manages_without_every_permission_gives_no_more(
    running: RunningPlatform, tenant: Tenant, api: Api
) -> None:
    administrator, person = tenant.administrator, tenant.person()
    manager = clerk(tenant, "MANAGE_COMPANY")  # and not the bills
    caller, ids = Api(running, manager.token), _ids(api)
    own, boss, other = (f"/users/{ids[one.username]}" for one in (manager, administrator, person))

    for change in [{"priv_level": "user"}, *_accesses(tenant)]:
        assert caller.refused("POST", boss, change)[0] == 403
    assert caller.refused("DELETE", boss)[0] == 403
    assert caller.refused("POST", other, {"priv_level": "admin"})[0] == 403
    new = {"username": f"new-{tenant.organization.id}@example.org", "password": PASSWORD}
    assert caller.refused("PUT", "/users", {**new, "priv_level": "admin"})[0] == 403
    _still_signs_in(running, administrator, "admin")

    assert caller("POST", boss, {"do_not_disturb": True})["do_not_disturb"]
    assert caller("POST", own, {"first_name": "Max"})["first_name"] == "Max"
    assert caller("POST", other, {"password": "another horse battery", "last_name": "Müller"})
    made = caller.make("users", **new)
    assert Api(running, tenant.token)("POST", f"/users/{made}", {"priv_level": "admin"})
    assert caller.refused("DELETE", f"/users/{made}")[0] == 403
    assert caller("DELETE", other)


def test_a_token_for_fewer_permissions_opens_what_is_ones_own(
    running: RunningPlatform, tenant: Tenant, api: Api
) -> None:
    second = tenant.person(Standing.ADMINISTRATOR)
    caller = Api(running, narrowed(tenant))
    ids = _ids(api)

    assert list(_ids(caller)) == [tenant.administrator.username]
    for change in [{"priv_level": "user"}, *_accesses(tenant)]:
        assert caller.refused("POST", f"/users/{ids[tenant.administrator.username]}", change)[0] == 403
        assert caller.refused("POST", f"/users/{ids[second.username]}", change)[0] == 404
    new = {"username": f"new-{tenant.organization.id}@example.org", "password": PASSWORD}
    assert caller.refused("PUT", "/users", new)[0] == 403
    assert caller.refused("PUT", "/devices", {"name": "Desk", "password": "long-enough-one"})[0] == 403
    assert caller.refused("GET", "/webhooks")[0] == 403
    assert caller.refused("GET", "/events")[0] == 403
    _still_signs_in(running, second, "admin")

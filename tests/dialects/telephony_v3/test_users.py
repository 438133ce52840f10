"""Users: the people of the account, wherever they were made, and what each may do."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
from msgspec import structs
from sqlalchemy import select

from switchroom.identity.keys import KeyPermission
from switchroom.identity.permissions import Standing
from switchroom.mail.models import QueuedMail
from tests.dialects.telephony_v3.client import Api, Reader
from tests.platform import PASSWORD, RunningPlatform, Tenant


def _sign_in(running: RunningPlatform, username: str, password: str = PASSWORD) -> dict[str, Any]:
    answer = running.http.put("/v3.0/auth/user", json={"data": {"username": username, "password": password}})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def _person(running: RunningPlatform, tenant: Tenant, standing: Standing = Standing.PARTICIPANT) -> Api:
    return Api(running, tenant.person(standing).token)


def _own_id(api: Api) -> int:
    (user,) = api("GET", "/users")
    return user["id"]


def test_whoever_belongs_to_the_organization_is_a_user(tenant: Tenant, api: Api) -> None:
    administrator, person = tenant.administrator, tenant.person(first_name="Zoë")

    users = {user["username"]: user for user in api("GET", "/users")}

    assert users[administrator.username]["priv_level"] == "admin"
    assert users[person.username]["priv_level"] == "user"
    user_id = users[person.username]["id"]
    assert isinstance(user_id, int)
    changed = api(
        "POST", f"/users/{user_id}", {"mobile_number": "+3225550100", "call_forward": {"enabled": True}}
    )
    assert (changed["mobile_number"], changed["first_name"]) == ("+3225550100", "Zoë")
    assert changed["call_forward"]["enabled"]
    assert [one["id"] for one in api("GET", "/users", search="zo")] == [user_id]


def test_a_user_that_is_made_here_signs_in_everywhere(
    running: RunningPlatform, tenant: Tenant, api: Api
) -> None:
    assert tenant.administrator  # somebody who is there to administer the account
    username = f"new-{tenant.organization.id}@example.org"
    made = api(
        "PUT",
        "/users",
        {
            "username": username.upper(),
            "password": PASSWORD,
            "first_name": "Nora",
            "hotdesk_id": "77",
            "hotdesk_pin": "1234",
        },
    )
    assert (made["username"], made["email"], made["priv_level"], made["hotdesk_id"]) == (
        username,
        username,
        "user",
        "77",
    )
    assert not {"password", "hotdesk_pin"} & set(made)
    assert _sign_in(running, username)["priv_level"] == "user"
    reply = tenant.api.post(
        "authenticationService/authenticate",
        {
            "accessInfo": {"requestId": "1"},
            "usernamePasswordCredentials": {"username": username, "password": PASSWORD},
        },
    )
    assert reply.status_code == 200, reply.text

    path = f"/users/{made['id']}"
    assert api("POST", path, {"priv_level": "admin"})["priv_level"] == "admin"
    assert _sign_in(running, username)["priv_level"] == "admin"
    api("POST", path, {"password": "another horse battery", "enabled": False})
    refused = running.http.put(
        "/v3.0/auth/user", json={"data": {"username": username, "password": "another horse battery"}}
    )
    assert refused.status_code == 401
    api("POST", path, {"enabled": True})
    assert _sign_in(running, username, "another horse battery")
    assert api("DELETE", path, {}) == {"user_id": made["id"]}
    assert api.refused("GET", path)[0] == 404


def test_what_is_refused_of_users(tenant: Tenant, api: Api) -> None:
    status, fields = api.refused("PUT", "/users", {"username": "nobody", "priv_level": "king", "email": "x"})
    assert (status, sorted(fields)) == (400, ["email", "priv_level", "username"])
    status, fields = api.refused("PUT", "/users", {"username": "weak@example.org", "password": "password1"})
    assert (status, list(fields)) == (400, ["password"])
    known = tenant.administrator.username
    assert api.refused("PUT", "/users", {"username": known})[0] == 409
    users = {user["username"]: user["id"] for user in api("GET", "/users")}
    last = f"/users/{users[known]}"
    assert api.refused("DELETE", last)[0] == 403
    assert api.refused("POST", last, {"priv_level": "user"})[0] == 403
    assert api.refused("POST", last, {"enabled": False})[0] == 403
    made = api.make("users", username=f"one-{tenant.organization.id}@example.org", hotdesk_id="5")
    again = {"username": f"two-{tenant.organization.id}@example.org", "hotdesk_id": "5"}
    assert api.refused("PUT", "/users", again)[0] == 409
    assert api("GET", f"/users/{made}")["hotdesk_id"] == "5"


def test_an_address_is_one_persons(running: RunningPlatform, tenant: Tenant, api: Api) -> None:
    """Nobody is found, or sent a password, by the address of somebody of another organization."""
    assert tenant.administrator
    theirs = f"boss-{tenant.organization.id}@elsewhere.example.org"
    other = Api.of(running, running.organization("Other").organization)
    other.make("users", username=f"login-{tenant.organization.id}@elsewhere.example.org", email=theirs)
    known = running.organization("Third").administrator.username
    own = f"own-{tenant.organization.id}@example.org"
    user_id = api.make("users", username=own)

    for address in (theirs, theirs.upper(), known):
        status, fields = api.refused("POST", f"/users/{user_id}", {"email": address})
        assert (status, list(fields)) == (409, ["email"])
        new = {"username": f"new-{tenant.organization.id}@example.org", "email": address}
        status, fields = api.refused("PUT", "/users", new)
        assert (status, list(fields)) == (409, ["email"])
    assert api("GET", f"/users/{user_id}")["email"] == own
    free = f"free-{tenant.organization.id}@example.org"
    changed = api("POST", f"/users/{user_id}", {"email": free})
    assert (changed["username"], changed["email"]) == (own, free)
    assert api("POST", f"/users/{user_id}", changed) == changed


def test_a_new_address_gets_the_link_for_the_password(
    running: RunningPlatform, tenant: Tenant, api: Api
) -> None:
    assert tenant.administrator

    def last() -> str:
        async def read() -> str | None:
            async with running.platform.storage.database.read(tenant.organization.id) as session:
                mails = select(QueuedMail.recipient)
                return await session.scalar(mails.order_by(QueuedMail.created_at.desc()).limit(1))

        return running.run(read()) or ""

    first, second, third, renamed = (f"{name}-{tenant.organization.id}@example.org" for name in "abcd")
    user_id = api.make("users", username=first, email=second)
    assert last() == second
    api("POST", f"/users/{user_id}", {"email": third})
    assert last() == third
    api("POST", f"/users/{user_id}", {"email": first})
    assert api("POST", f"/users/{user_id}", {"username": renamed})["email"] == renamed
    assert last() == renamed


def test_a_person_of_two_organizations_is_nobodys_to_rename(
    running: RunningPlatform, tenant: Tenant, api: Api
) -> None:
    person = tenant.person()
    other = running.organization("Other")
    running.run(
        running.platform.identity.organizations.add_person(
            other.organization, username=person.username, password=None, standing=Standing.PARTICIPANT
        )
    )
    user_id = next(one["id"] for one in api("GET", "/users") if one["username"] == person.username)
    for change in (
        {"first_name": "Eve"},
        {"password": "another horse battery"},
        {"username": "e@example.org"},
    ):
        assert api.refused("POST", f"/users/{user_id}", change)[0] == 403
    assert api("POST", f"/users/{user_id}", {"no_service": True})["no_service"]


def test_users_see_and_change_their_own_only(running: RunningPlatform, tenant: Tenant, api: Api) -> None:
    user, other = _person(running, tenant), _person(running, tenant)
    own_id, others_id = _own_id(user), _own_id(other)
    own = api.make("devices", name="Own", owner_id=own_id)
    others = api.make("devices", name="Other's", owner_id=others_id)
    nobodys = api.make("devices", name="Nobody's")

    assert [one["id"] for one in user("GET", "/devices")] == [own]
    for field in ("quickcall_device", "browserphone_id"):
        for hidden in (others, nobodys):
            assert list(user.refused("POST", f"/users/{own_id}", {field: hidden})[1]) == [field]
        assert user("POST", f"/users/{own_id}", {field: own})[field] == own
    api("POST", f"/users/{own_id}", {"browserphone_id": nobodys})  # given by an administrator
    assert user("POST", f"/users/{own_id}", {"first_name": "Ada"})["browserphone_id"] == nobodys
    assert list(user("GET", "/devices/status")) == [str(own)]
    for hidden in (others, nobodys):
        for method in ("GET", "POST"):
            assert user.refused(method, f"/devices/{hidden}", {"name": "Mine"})[0] == 404
        assert user.refused("GET", f"/function_keys/device/{hidden}")[0] == 404
    assert user("POST", f"/devices/{own}", {"name": "Mine"})["name"] == "Mine"
    whole = user("GET", f"/devices/{own}")
    assert user("POST", f"/devices/{own}", whole) == whole
    refused: list[tuple[str, Any]] = [
        ("owner_id", others_id),
        ("password", "longer-than-eight"),
        ("caller_id", {"external": {"number": "+3225550199"}}),
        ("enabled", False),
    ]
    for field, value in refused:
        status, fields = user.refused("POST", f"/devices/{own}", {field: value})
        assert (status, list(fields)) == (403, [field])
    changes: list[dict[str, Any]] = [
        {"priv_level": "admin"},
        {"restriction": {}},
        {"password": "another horse battery"},
    ]
    for change in changes:
        assert user.refused("POST", f"/users/{own_id}", change)[0] == 403
    assert user("POST", f"/users/{own_id}", {"first_name": "Me"})["first_name"] == "Me"
    assert user.refused("GET", f"/users/{others_id}")[0] == 404
    assert user.refused("DELETE", f"/devices/{own}")[0] == 403
    assert user.refused("PUT", "/devices", {"name": "More"})[0] == 403


OPERATIONS = [
    ("GET", "/accounts", "admin"),
    ("POST", "/accounts", "admin"),
    ("GET", "/users", "user"),
    ("PUT", "/users", "admin"),
    ("DELETE", "/users/1", "admin"),
    *[
        (method, f"/{kind}{path}", "admin")
        for kind in ("callflows", "groups", "menus", "calendars", "medias", "trunks")
        for method, path in (("GET", ""), ("GET", "/1"), ("PUT", ""), ("POST", "/1"), ("DELETE", "/1"))
    ],
    *[
        (method, f"/phone_numbers{path}", "admin")
        for method, path in (
            ("GET", ""),
            ("GET", "/1"),
            ("PUT", ""),
            ("POST", ""),
            ("POST", "/1"),
            ("DELETE", "/1"),
        )
    ],
    *[
        (method, f"/{kind}{path}", "admin")
        for kind in ("devices", "conferences", "vmboxes")
        for method, path in (("PUT", ""), ("DELETE", "/1"))
    ],
    ("GET", "/medias/1/raw", "admin"),
    ("PUT", "/medias/1/raw", "admin"),
    ("DELETE", "/recordings/1", "admin"),
    ("GET", "/networks", "admin"),
    ("POST", "/networks", "admin"),
    ("GET", "/webhooks", "admin"),
    ("PUT", "/webhooks", "admin"),
    ("GET", "/webhooks/1", "admin"),
    ("POST", "/webhooks/1", "admin"),
    ("DELETE", "/webhooks/1", "admin"),
    ("GET", "/webhooks/1/attempts", "admin"),
    ("POST", "/webhooks/1/attempts/1", "admin"),
    ("GET", "/events", "admin"),
    ("GET", "/devices", "user"),
    ("GET", "/devices/registrations", "user"),
    ("GET", "/devices/status", "user"),
    ("GET", "/function_keys/device/1", "user"),
    ("POST", "/function_keys/device/1", "user"),
    ("GET", "/conferences", "user"),
    ("GET", "/vmboxes", "user"),
    ("GET", "/vmboxes/1/messages", "user"),
    ("PUT", "/vmboxes/1/messages", "user"),
    ("DELETE", "/vmboxes/1/messages", "user"),
    ("POST", "/vmboxes/1/messages/raw", "user"),
    ("GET", "/vmboxes/1/messages/1", "user"),
    ("POST", "/vmboxes/1/messages/1", "user"),
    ("DELETE", "/vmboxes/1/messages/1", "user"),
    ("GET", "/vmboxes/1/messages/1/raw", "user"),
    ("GET", "/recordings", "user"),
    ("GET", "/recordings/1/raw", "user"),
    ("GET", "/directories", "user"),
    ("PUT", "/directories", "user"),
    ("POST", "/directories/delete", "user"),
    ("GET", "/calls_history/all", "user"),
    ("GET", "/calls_history/1", "user"),
    ("GET", "/channels", "user"),
    ("GET", "/channels/1", "user"),
    ("POST", "/channels/1", "user"),
    ("GET", "/users/1/channels", "user"),
    ("GET", "/devices/1/channels", "user"),
    ("PUT", "/quickcall", "user"),
    ("GET", "/users/1/quickcall/1", "user"),
    ("PUT", "/users/1/quickcall/1", "user"),
    ("GET", "/devices/1/quickcall/1", "user"),
    ("PUT", "/devices/1/quickcall/1", "user"),
    ("GET", "/conferences/1/participants", "user"),
    ("POST", "/conferences/1/participants/1", "user"),
]


def test_each_operation_has_its_level(running: RunningPlatform, tenant: Tenant) -> None:
    user = _person(running, tenant)
    for method, path, level in OPERATIONS:
        for token in ("", "x", "key.x"):
            assert Api(running, token).send(method, path, {}).status_code == 401, (method, path)
        status = user.send(method, path, {}).status_code
        assert (status == 403) == (level == "admin"), (method, path, status)
        assert status in (200, 400, 403, 404, 503), (method, path, status)


def test_every_operation_is_in_the_walk(running: RunningPlatform) -> None:
    document = running.http.get("/v3.0/openapi.json").json()
    walked = {f"{method} {path.replace('/1', '/{}')}" for method, path, _ in OPERATIONS}
    named = {
        f"{method.upper()} {_plain(path)}"
        for path, operations in document["paths"].items()
        for method in operations
        if "/auth/" not in path
    }
    # What users may ask for of their own has tests of its own, and so have other addresses of the same.
    same = {
        f"{method} /{kind}{path}"
        for kind in ("accounts", "users", "devices", "conferences", "vmboxes", "directories", "recordings")
        for method, path in (("GET", "/{}"), ("POST", ""), ("POST", "/{}"), ("DELETE", "/{}"))
    }
    other = {
        f"POST /{kind}"
        for kind in ("callflows", "groups", "menus", "calendars", "medias", "trunks", "webhooks")
    }
    other |= {"PUT /networks", "PUT /function_keys/device/{}", "POST /medias/{}/raw"}
    other |= {f"GET /calls_history/{name}" for name in ("incoming", "outgoing", "internal")}
    assert named - walked - same - other == set()


def _plain(path: str) -> str:
    for name in ("{id}", "{attempt_id}", "{message_id}", "{uuid}", "{number}", "{participant}"):
        path = path.replace(name, "{}")
    return path.removeprefix("/v3.0")


def test_a_token_that_is_too_old(running: RunningPlatform, tenant: Tenant) -> None:
    claims = tenant.claims(tenant.administrator)
    old = running.platform.identity.signer.sign(structs.replace(claims, expires_at=int(time.time()) - 1))
    for path in ("/devices", "/accounts", "/webhooks", "/events"):
        assert Api(running, old).send("GET", path).status_code == 401


def test_a_key_for_the_events_log_is_for_nothing_else(running: RunningPlatform, tenant: Tenant) -> None:
    reader = Reader.of(running, tenant.organization)
    assert reader.get().status_code == 200
    assert Api(running, reader.token).send("GET", "/devices").status_code == 403


def _as_user(running: RunningPlatform, username: str, key: str, **more: str) -> httpx.Response:
    credentials = {"username": username, "api_key": key, **more}
    return running.http.put("/v3.0/auth/user", content=json.dumps({"data": credentials}))


def test_a_key_signs_in_users_of_its_account(running: RunningPlatform, tenant: Tenant, api: Api) -> None:
    keys = running.platform.identity.keys
    key = running.run(keys.create("office", KeyPermission.TELEPHONY, tenant.organization))
    person, administrator = tenant.person(), tenant.administrator
    reply = _as_user(running, person.username.upper(), key).json()
    assert reply["auth_token"] == reply["data"]["auth_token"]
    assert (reply["data"]["priv_level"], reply["data"]["account_id"]) == ("user", tenant.organization.id)
    user = Api(running, reply["auth_token"])
    assert [one["username"] for one in user("GET", "/users")] == [person.username]
    assert user.refused("GET", "/accounts")[0] == 403
    assert user.refused("PUT", "/devices", {"name": "Desk"})[0] == 403
    level = _as_user(running, administrator.username, key, password="").json()["data"]["priv_level"]
    assert level == "admin"

    # It is a token for this API, and for nothing that the key is not good for.
    elsewhere = {"accessInfo": {"requestId": "1", "accessToken": user.token}}
    assert tenant.api.post("roomService/list", elsewhere).status_code == 401
    assert user.refused("GET", "/events")[0] == 403

    foreign = running.organization("Other").administrator.username
    for username in (foreign, "nobody@example.org"):
        assert _as_user(running, username, key).status_code == 401
    assert _as_user(running, person.username, key[::-1]).status_code == 401
    events = running.run(keys.create("log", KeyPermission.EVENTS, tenant.organization))
    assert _as_user(running, person.username, events).status_code == 403
    nothing = running.http.put("/v3.0/auth/user", json={"data": {"username": person.username}})
    assert (nothing.status_code, list(nothing.json()["error"]["fields"])) == (400, ["password"])


def test_a_user_whom_a_key_signed_in_goes_with_the_key_and_the_membership(
    running: RunningPlatform, tenant: Tenant, api: Api
) -> None:
    keys = running.platform.identity.keys
    key = running.run(keys.create("office", KeyPermission.TELEPHONY, tenant.organization))
    assert tenant.administrator
    first, second = (
        Api(running, _as_user(running, one.username, key).json()["auth_token"])
        for one in (tenant.person(), tenant.person())
    )
    user_id = _own_id(first)
    api("POST", f"/users/{user_id}", {"enabled": False})
    assert first.refused("GET", "/users")[0] == 401
    holder = running.run(keys.authenticate(key))
    running.run(keys.delete(holder.key_id))
    assert second.refused("GET", "/users")[0] == 401


def test_every_sign_in_has_the_token_in_both_places(running: RunningPlatform, tenant: Tenant) -> None:
    """Clients read either."""
    keys = running.platform.identity.keys
    key = running.run(keys.create("office", KeyPermission.TELEPHONY, tenant.organization))
    username = tenant.administrator.username
    for path, credentials in (
        ("account", {"api_key": key}),
        ("user", {"username": username, "api_key": key}),
        ("user", {"username": username, "password": PASSWORD}),
    ):
        reply = running.http.put(f"/v3.0/auth/{path}", content=json.dumps({"data": credentials})).json()
        assert reply["auth_token"] == reply["data"]["auth_token"] != ""

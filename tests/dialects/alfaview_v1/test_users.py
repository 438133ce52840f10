"""People of a company made, changed and taken out."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import pytest

from switchroom.accounts.person_drafts import AccessDraft, PersonDraft
from switchroom.errors import Forbidden
from switchroom.events.log import EventFilter
from switchroom.identity.models import Person
from switchroom.identity.permissions import Administration, Standing
from tests.dialects.alfaview_v1.catalogue import CALLS
from tests.platform import PASSWORD, Account, RunningPlatform, Tenant, refusal

OTHER_PASSWORD = "battery horse correct"
USER_LIST, USER_ADMIN, ROOM_CREATE, MANAGE_COMPANY = "4", "5", "10", "16"


def somebody(**more: Any) -> dict[str, Any]:
    """A request for somebody with a password, and their user name in it."""
    username = f"{secrets.token_hex(6)}@example.org"
    credentials = {"username": username, "password": PASSWORD}
    return {
        "user": {"email": username, "userProfile": {"firstname": "Grace", "lastname": "Hopper"}},
        "authenticationRequest": {"usernamePasswordCredentials": credentials, **more},
    }


def sign_in(tenant: Tenant, username: str, password: str = PASSWORD) -> httpx.Response:
    credentials = {"username": username, "password": password, "companyId": tenant.company_id}
    return tenant.api.post("authenticationService/authenticate", {"usernamePasswordCredentials": credentials})


def statuses(calls: Sequence[Callable[[], httpx.Response]]) -> list[int]:
    """What requests that are made at once answer."""
    with ThreadPoolExecutor(len(calls)) as threads:
        return [made.result().status_code for made in [threads.submit(call) for call in calls]]


def token_of(tenant: Tenant, username: str, password: str = PASSWORD) -> str:
    return sign_in(tenant, username, password).json()["accessToken"]


def change(tenant: Tenant, path: str, *, token: str | None = None, **fields: Any) -> None:
    """Request that answers the inner message by itself."""
    response = tenant.api.send(path, token=token, **fields)
    assert response.status_code == 200, response.text
    assert response.json() == {"requestId": "test", "statusMessage": "OK"}


def user_of(tenant: Tenant, user_id: str) -> dict[str, Any]:
    return tenant.api("userService/list", userIdList=[user_id])["users"][user_id]


def is_good(tenant: Tenant, token: str) -> bool:
    body = {"requestId": "x", "accessToken": token}
    return tenant.api.post("authenticationService/isAuthenticated", body).status_code == 200


def events_of(tenant: Tenant, object_id: str) -> list[tuple[str, dict[str, Any]]]:
    log = tenant.running.platform.events.log
    found = tenant.running.run(log.read(tenant.organization.id, EventFilter(object_id=object_id)))
    return [(one.type, one.data) for one in found]


def test_somebody_who_is_made_signs_in_and_is_listed(tenant: Tenant) -> None:
    wish = CALLS["userService/create"](tenant)
    username = wish["authenticationRequest"]["usernamePasswordCredentials"]["username"]

    made = tenant.api("userService/create", **wish)

    assert set(made) == {"replyInfo", "userId"}
    assert user_of(tenant, made["userId"]) == {
        "email": wish["user"]["email"],
        "metadata": {"staff": "7"},
        "userProfile": {"firstname": "Grace", "lastname": "Hopper", "title": "Dr."},
        "locale": {"UILanguage": "de", "spokenLanguages": ["de_DE", "en_US"]},
    }
    signed_in = sign_in(tenant, username).json()
    assert signed_in["userId"] == made["userId"]
    assert signed_in["permissions"] == {USER_LIST: True}
    assert (
        "user.created",
        {"username": username, "by": tenant.administrator.id, "standing": "participant"},
    ) in (events_of(tenant, made["userId"]))


def test_user_names_have_umlauts_and_one_form(tenant: Tenant) -> None:
    name = f"Jürgen-{secrets.token_hex(4)}"
    address = f"{secrets.token_hex(4)}@BÜCHER.example"
    for username in (name, address):
        wish = somebody()
        wish["authenticationRequest"]["usernamePasswordCredentials"]["username"] = username
        del wish["user"]["email"]
        tenant.api("userService/create", **wish)
        for written in (username, username.upper(), f" {username.lower()} "):
            assert sign_in(tenant, written).status_code == 200, written
        again = tenant.api.refused("userService/create", **wish)
        assert (again["code"], again["details"][0]["statusCode"]) == (6, "ALREADY_EXISTS")
    assert sign_in(tenant, address.replace("BÜCHER", "xn--bcher-kva")).status_code == 200


def test_nobody_is_made_twice_in_whatever_company(tenant: Tenant, running: RunningPlatform) -> None:
    wish = somebody()
    other = running.organization()
    tenant.api("userService/create", **wish)
    before = len(other.api("userService/list")["users"])

    for one in (tenant, other):
        assert one.api.refused("userService/create", **wish)["code"] == 6
    assert len(other.api("userService/list")["users"]) == before


def test_of_two_who_make_the_same_person_at_once_one_does(tenant: Tenant, running: RunningPlatform) -> None:
    other = running.organization()
    assert other.token
    assert tenant.token
    wish = somebody()

    calls = [partial(one.api.send, "userService/create", **wish) for one in (tenant, other, tenant, other)]
    answers = statuses(calls)

    assert sorted(answers) == [200, 409, 409, 409]


@pytest.mark.parametrize(
    ("password", "reason"),
    [("short", "8 characters"), ("x" * 1001, "1000"), ("password1", "guessed"), ("", "password")],
)
def test_a_password_that_cannot_be_taken(tenant: Tenant, password: str, reason: str) -> None:
    wish = somebody()
    wish["authenticationRequest"]["usernamePasswordCredentials"]["password"] = password

    refused = tenant.api.refused("userService/create", **wish)

    assert refused["code"] == 3
    assert reason in refused["message"]


def test_what_is_not_said_stays(tenant: Tenant) -> None:
    wish = CALLS["userService/create"](tenant)
    user_id = tenant.api("userService/create", **wish)["userId"]
    before = user_of(tenant, user_id)

    change(tenant, "userService/update", userId=user_id, user={"metadata": {"room": "12", "staff": ""}})
    assert user_of(tenant, user_id) == {**before, "metadata": {"room": "12"}}
    change(tenant, "userService/updateProfile", userId=user_id, userProfile={"firstname": "Rear Admiral"})
    assert user_of(tenant, user_id)["userProfile"] == {"firstname": "Rear Admiral"}
    change(tenant, "userService/update", userId=user_id, user={"locale": {"UILanguage": "en-GB"}})
    assert tenant.api("userService/getLocale", userId=user_id)["locale"] == {"UILanguage": "en"}
    refused = tenant.api.refused("userService/update", userId=user_id, user={"locale": {"UILanguage": "fr"}})
    assert refused["message"] == "UILanguage must be de or en"


def test_one_changes_ones_own_name_and_languages_and_no_more(tenant: Tenant) -> None:
    person, other = tenant.person(), tenant.person()
    token = person.token

    change(
        tenant, "userService/updateProfile", token=token, userProfile={"firstname": "Emil", "title": "Prof."}
    )
    change(tenant, "userService/update", token=token, userId=person.id, user={"locale": {"UILanguage": "de"}})
    assert tenant.api("userService/getLocale", token=token)["locale"] == {"UILanguage": "de"}
    assert user_of(tenant, person.id)["userProfile"] == {"firstname": "Emil", "title": "Prof."}
    refused: list[tuple[str, dict[str, Any]]] = [
        ("userService/updateProfile", {"userId": other.id, "userProfile": {"firstname": "x"}}),
        ("userService/getLocale", {"userId": other.id}),
        ("userService/update", {"userId": person.id, "user": {"email": "new@example.org"}}),
        ("userService/update", {"userId": person.id, "user": {"metadata": {"a": "b"}}}),
        (
            "userService/update",
            {"userId": person.id, "authenticationRequest": {"permissions": {USER_ADMIN: True}}},
        ),
        ("userService/destroy", {"userId": person.id}),
    ]
    for path, fields in refused:
        assert tenant.api.refused(path, token=token, **fields)["code"] == 7, (path, fields)


def test_one_changes_ones_own_password_with_the_one_so_far(tenant: Tenant) -> None:
    person = tenant.person()

    def wish(current: str) -> dict[str, Any]:
        credentials = {"password": OTHER_PASSWORD, "current": current}
        return {
            "userId": person.id,
            "authenticationRequest": {"usernamePasswordCredentials": credentials},
            "token": person.token,
        }

    assert tenant.api.refused("userService/update", **wish("guessed"))["code"] == 7
    assert is_good(tenant, person.token)
    change(tenant, "userService/update", **wish(PASSWORD))
    assert not is_good(tenant, person.token)
    assert sign_in(tenant, person.username).status_code == 401
    assert sign_in(tenant, person.username, OTHER_PASSWORD).status_code == 200


def test_an_administrator_gives_a_user_name_address_and_password(tenant: Tenant) -> None:
    person = tenant.person()
    address = f"new-{person.username}"
    taken = tenant.person().username

    credentials = {"password": OTHER_PASSWORD}
    change(
        tenant,
        "userService/update",
        userId=person.id,
        user={"email": address},
        authenticationRequest={"usernamePasswordCredentials": credentials},
    )

    assert not is_good(tenant, person.token)
    assert sign_in(tenant, person.username, OTHER_PASSWORD).status_code == 401
    assert sign_in(tenant, address, OTHER_PASSWORD).status_code == 200
    refused = tenant.api.refused("userService/update", userId=person.id, user={"email": taken})
    assert refused["code"] == 6


def test_a_person_of_two_companies_is_changed_by_neither(tenant: Tenant, running: RunningPlatform) -> None:
    person = _shared(tenant, running)
    update = partial(tenant.api.refused, "userService/update", userId=person.id)

    assert update(user={"userProfile": {"firstname": "x"}})["code"] == 7
    assert update(user={"email": "x@example.org"})["code"] == 7
    password = {"usernamePasswordCredentials": {"password": OTHER_PASSWORD}}
    assert update(authenticationRequest=password)["code"] == 7
    change(tenant, "userService/update", userId=person.id, user={"metadata": {"staff": "7"}})
    change(
        tenant,
        "userService/updateProfile",
        token=person.token,
        userId=person.id,
        userProfile={"firstname": "x"},
    )


def _shared(tenant: Tenant, running: RunningPlatform) -> Account:
    person, other = tenant.person(), running.organization("Other")
    running.run(
        running.platform.identity.organizations.add_person(
            other.organization, username=person.username, password=None, standing=Standing.PARTICIPANT
        )
    )
    return person


def test_permissions_are_given_as_a_tree_by_those_who_have_them(tenant: Tenant) -> None:
    def give(user_id: str, permissions: dict[str, bool], token: str | None = None) -> httpx.Response:
        return tenant.api.send(
            "userService/update",
            token=token,
            userId=user_id,
            authenticationRequest={"permissions": permissions},
        )

    chief, clerk = tenant.person(), tenant.person()
    assert give(chief.id, {USER_ADMIN: True}).status_code == 200
    held = sign_in(tenant, chief.username).json()
    assert set(held["permissions"]) == {"1", "3", "4", "5", "6"}
    token = held["accessToken"]

    assert give(clerk.id, {USER_LIST: True}, token).status_code == 200
    for permission in (ROOM_CREATE, MANAGE_COMPANY):
        assert refusal(give(clerk.id, {permission: True}, token))["code"] == 7
    assert refusal(give(chief.id, {USER_ADMIN: False}, token))["code"] == 7
    assert refusal(give(clerk.id, {"7": True}))["code"] == 3

    before = token_of(tenant, clerk.username)
    assert give(clerk.id, {"USER_LIST": False}, token).status_code == 200
    assert not is_good(tenant, before)
    assert "permissions" not in sign_in(tenant, clerk.username).json()
    assert "user.permissions_changed" in [kind for kind, _ in events_of(tenant, clerk.id)]


def test_permissions_that_are_lost_meanwhile_are_not_given(tenant: Tenant, running: RunningPlatform) -> None:
    """Request whose token was good when it came, and that then waited for another."""
    clerk, target = tenant.person(), tenant.person()
    rights = {USER_ADMIN: True, ROOM_CREATE: True}
    change(tenant, "userService/update", userId=clerk.id, authenticationRequest={"permissions": rights})
    claims = tenant.claims(tenant.sign_in(running.run(_known(tenant, clerk.id))))
    rights = {ROOM_CREATE: False}
    change(tenant, "userService/update", userId=clerk.id, authenticationRequest={"permissions": rights})
    people = running.platform.meetings.people_administration
    given = {Administration.ROOM_CREATE: True}

    with pytest.raises(Forbidden):
        running.run(people.update(claims, target.id, PersonDraft(), AccessDraft(permissions=given)))
    access = AccessDraft(username=secrets.token_hex(6), password=PASSWORD, permissions=given)
    with pytest.raises(Forbidden):
        running.run(people.create(claims, PersonDraft(), access))


def test_who_may_do_more_is_not_touched(tenant: Tenant) -> None:
    """Otherwise a password set for an administrator would give what the administrator has."""
    clerk = tenant.person()
    rights = {"permissions": {USER_ADMIN: True}}
    change(tenant, "userService/update", userId=clerk.id, authenticationRequest=rights)
    token, chief = token_of(tenant, clerk.username), tenant.administrator

    for request in (
        {"usernamePasswordCredentials": {"password": OTHER_PASSWORD}},
        {"accountStatus": "DEACTIVATED"},
        {"permissions": {ROOM_CREATE: False}},
    ):
        refused = tenant.api.refused(
            "userService/update", token=token, userId=chief.id, authenticationRequest=request
        )
        assert refused["code"] == 7
    address = {"user": {"email": "mine@example.org"}}
    assert tenant.api.refused("userService/update", token=token, userId=chief.id, **address)["code"] == 7
    assert tenant.api.refused("userService/destroy", token=token, userId=chief.id)["code"] == 7


def test_an_account_is_deactivated_and_activated(tenant: Tenant) -> None:
    person = tenant.person()

    def make(status: str) -> None:
        request = {"accountStatus": status}
        change(tenant, "userService/update", userId=person.id, authenticationRequest=request)

    make("DEACTIVATED")
    assert not is_good(tenant, person.token)
    assert sign_in(tenant, person.username).status_code == 401
    make("ACTIVATED")
    assert sign_in(tenant, person.username).status_code == 200


def test_the_last_administrator_stays(tenant: Tenant) -> None:
    chief = tenant.administrator
    program = tenant.api.post(
        "authenticationService/authenticate",
        {
            "authorizationCodeCredentials": {
                "clientId": tenant.api_key.client_id,
                "code": tenant.api_key.code,
                "companyId": tenant.company_id,
            }
        },
    ).json()["accessToken"]
    tenant.person(Standing.MODERATOR)

    for path, fields in (
        ("userService/destroy", {}),
        ("userService/update", {"authenticationRequest": {"accountStatus": "DEACTIVATED"}}),
        ("userService/update", {"authenticationRequest": {"permissions": {MANAGE_COMPANY: False}}}),
    ):
        refused = tenant.api.refused(path, token=program, userId=chief.id, **fields)
        assert (refused["code"], refused["details"][0]["statusCode"]) == (9, "FAILED_PRECONDITION"), path
    assert is_good(tenant, chief.token)


def test_of_two_administrators_who_take_each_other_out_one_stays(tenant: Tenant) -> None:
    first, second = tenant.administrator, tenant.person(Standing.ADMINISTRATOR)
    calls = [
        partial(tenant.api.send, "userService/destroy", token=one.token, userId=other.id)
        for one, other in ((first, second), (second, first))
    ]

    answers = statuses(calls)

    assert answers.count(200) == 1
    good = [one for one in (first, second) if is_good(tenant, one.token)]
    assert len(good) == 1
    assert set(tenant.api("userService/list", token=good[0].token)["users"]) == {good[0].id}


def test_what_goes_along_with_somebody(tenant: Tenant) -> None:
    person = tenant.person(Standing.ADMINISTRATOR)
    entry = {person.id: {"role": "ROLE_MODERATOR"}}
    room = tenant.room(permissions=entry, defaultPermissions=None)
    signed_in = sign_in(tenant, person.username)
    assert tenant.api("roomService/permissions", token=person.token, roomId=room)

    change(tenant, "userService/destroy", userId=person.id)

    assert not is_good(tenant, person.token)
    assert sign_in(tenant, person.username).status_code == 401
    refresh = {"refreshTokenCredentials": {"refreshToken": signed_in.cookies["auth"]}}
    assert tenant.api.post("authenticationService/authenticate", refresh).status_code == 401
    assert "users" not in tenant.api("userService/list", userIdList=[person.id])
    assert "permissions" not in tenant.api("roomService/list", filterRoomIds=[room])["rooms"][room]
    assert tenant.api.refused("userService/destroy", userId=person.id)["code"] == 5
    assert tenant.running.run(_person(tenant, person.id)) is None
    assert events_of(tenant, person.id)[-1] == (
        "user.deleted",
        {"username": person.username, "by": tenant.administrator.id},
    )


def test_who_belongs_to_another_company_stays_there(tenant: Tenant, running: RunningPlatform) -> None:
    person = _shared(tenant, running)
    elsewhere = tenant.api.post(
        "authenticationService/authenticate",
        {"usernamePasswordCredentials": {"username": person.username, "password": PASSWORD}},
    ).json()
    other = next(
        one["companyId"] for one in elsewhere["accessibleAccounts"] if one["companyId"] != tenant.company_id
    )

    change(tenant, "userService/destroy", userId=person.id)

    credentials = {"username": person.username, "password": PASSWORD, "companyId": other}
    again = tenant.api.post(
        "authenticationService/authenticate", {"usernamePasswordCredentials": credentials}
    ).json()
    assert again["companyId"] == other
    assert again["accessibleAccounts"] == [{"companyId": other}]


async def _known(tenant: Tenant, person_id: str) -> Person:
    person = await _person(tenant, person_id)
    assert person is not None
    return person


async def _person(tenant: Tenant, person_id: str) -> Person | None:
    async with tenant.running.platform.storage.database.read(None) as session:
        return await session.get(Person, person_id)


@pytest.mark.parametrize(
    "path",
    ["userService/update", "userService/updateProfile", "userService/getLocale", "userService/destroy"],
)
def test_people_of_another_company_are_not_there(tenant: Tenant, running: RunningPlatform, path: str) -> None:
    body = CALLS[path](tenant)
    body.pop("companyId", None)

    refused = running.organization("Stranger").api.refused(path, **body)

    assert (refused["code"], refused["details"][0]["statusCode"]) == (5, "NOT_FOUND")
    assert body["userId"] in refused["message"]
    assert body["userId"] in tenant.api("userService/list")["userIdList"]


def test_a_company_that_is_not_ones_own(tenant: Tenant, running: RunningPlatform) -> None:
    person, stranger = tenant.person(), running.organization()

    refused = tenant.api.refused("userService/destroy", userId=person.id, companyId=stranger.company_id)

    assert refused["code"] == 5
    assert refused["message"].startswith("companyId: ")

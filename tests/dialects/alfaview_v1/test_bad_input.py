"""What every operation answers to requests that are wrong."""

from __future__ import annotations

import asyncio
import base64
import copy
import json
import re
import time
from collections.abc import Iterator
from typing import Any, cast

import msgspec
import pytest

from switchroom.identity.permissions import Standing
from switchroom.identity.tokens import AccessToken
from tests.databases import ON_ONE_DATABASE
from tests.dialects.alfaview_v1.catalogue import (
    ALL_PATHS,
    CALLS,
    NEEDS_PERMISSION,
    OPEN_CALLS,
    body_of,
)
from tests.platform import RunningPlatform, Tenant, refusal, running_platform
from tests.postgresql import new_database

TOO_LARGE = (1 << 20) + 1
LARGER = {"businessLogicService/inviteUsers": (4 << 20) + 1}
"""Of operations that take more than others."""


@pytest.fixture(scope="module")
def shared(running: RunningPlatform) -> Tenant:
    """One organization for tests that are refused before they touch it."""
    return running.organization()


@pytest.mark.parametrize("path", ALL_PATHS)
def test_a_good_request_succeeds(tenant: Tenant, path: str):
    assert tenant.api.post(path, body_of(tenant, path)).status_code == 200


@ON_ONE_DATABASE
@pytest.mark.parametrize("path", ALL_PATHS)
def test_what_is_not_json_is_refused(shared: Tenant, path: str):
    for body in (
        '{"requestId": "x",}',
        '{"accessInfo": {"accessToken": "x",},}',
        '{"requestId": "x" // comment\n}',
        "{'requestId': 'x'}",
        '{"requestId": "x"',
        '{"requestId": "x"} trailing',
        '{"requestId": "\\ud800"}',
        b'{"requestId": "\xff"}',
        '{"requestId": "a\nb"}',
        "not json",
        "[" * 100_000,
        '{"a":' * 100_000,
        "null",
        "[]",
        '"text"',
        "1",
    ):
        answer = refusal(shared.api.post(path, body))
        assert answer["code"] == 3, body[:40]
        assert answer["details"][0]["statusCode"] == "INVALID_ARGUMENT"


@ON_ONE_DATABASE
@pytest.mark.parametrize("path", CALLS)
def test_an_empty_body_is_a_request_without_a_token(shared: Tenant, path: str):
    for body in ("", "{}"):
        answer = refusal(shared.api.post(path, body))
        assert answer["code"] == 16
        assert answer["details"][0]["statusCode"] == "ACCESS_INFO_MISSING"


@ON_ONE_DATABASE
@pytest.mark.parametrize("path", ALL_PATHS)
def test_a_body_that_is_too_large_is_refused(shared: Tenant, path: str):
    size = LARGER.get(path, TOO_LARGE)
    for body in ('{"x": "' + "x" * size + '"}', b"x" * size):
        answer = refusal(shared.api.post(path, body))
        assert answer["code"] == 8
        assert answer["details"][0]["statusCode"] == "MAX_SIZE_EXCEEDED"


def _signed(shared: Tenant, **changes: Any) -> str:
    claims = msgspec.structs.replace(shared.claims(shared.administrator), **changes)
    return shared.running.platform.identity.signer.sign(claims)


def _forged(shared: Tenant) -> Iterator[str]:
    raw = base64.b64decode(shared.token)
    claims = msgspec.msgpack.decode(raw[:-32], type=AccessToken)
    raised = msgspec.msgpack.encode(
        msgspec.structs.replace(claims, organization_id=claims.organization_id + 1)
    )
    yield base64.b64encode(raised + raw[-32:]).decode()
    yield base64.b64encode(raw[:-1] + bytes([raw[-1] ^ 1])).decode()
    yield base64.b64encode(raw[:-32]).decode()
    yield base64.b64encode(raised + b"\0" * 32).decode()
    yield shared.token[:-8]
    yield "A" * 200
    yield "not a token!"
    yield "ä"
    yield ""


@pytest.mark.parametrize("path", CALLS)
def test_tokens_that_are_missing_forged_or_expired(shared: Tenant, path: str):
    fields = {"roomId": "x", "id": "x", "room": {"displayName": "x"}}
    for token in _forged(shared):
        answer = shared.api.refused(path, token=token, **fields)
        assert answer["code"] == 16, token
        assert answer["details"][0]["statusCode"] == "AUTHENTICATION_ERROR"
    expired = shared.api.refused(path, token=_signed(shared, expires_at=int(time.time()) - 1), **fields)
    assert expired == {
        "code": 16,
        "message": "token expired",
        "details": [
            {
                "@type": "type.googleapis.com/common.ReplyInfo",
                "requestId": "test",
                "statusCode": "TOKEN_OUTDATED",
                "statusMessage": "token expired",
            }
        ],
    }


@ON_ONE_DATABASE
@pytest.mark.parametrize("path", sorted(NEEDS_PERMISSION))
def test_a_participant_is_told_that_the_permission_is_missing(tenant: Tenant, path: str):
    body, person = body_of(tenant, path), tenant.person(Standing.PARTICIPANT)
    body["accessInfo"]["accessToken"] = person.token

    answer = refusal(tenant.api.post(path, body))

    assert answer["code"] == 7
    assert answer["details"][0]["statusCode"] == "INSUFFICIENT_PERMISSIONS"


@ON_ONE_DATABASE
@pytest.mark.parametrize("path", sorted(set(CALLS) - {"authenticationService/accessTokenInformation"}))
def test_a_guest_may_call_nothing_but_what_concerns_the_token(tenant: Tenant, path: str):
    body = body_of(tenant, path)
    link = tenant.group_link(tenant.room())
    guest = tenant.api.post(
        "guestService.v2/authenticate",
        {
            "companyId": tenant.company_id,
            "roomId": link["roomId"],
            "accessKey": link["accessKey"],
            "displayName": "Grace",
        },
    ).json()
    body["accessInfo"]["accessToken"] = guest["accessToken"]

    response = tenant.api.post(path, body)

    if path == "companyService/list":
        assert set(response.json()["companies"]) == {tenant.company_id}
    else:
        assert refusal(response)["code"] == 7


_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9A-HJKMNP-TV-Z]{26}")


@pytest.mark.parametrize("path", CALLS)
def test_what_is_another_companys_is_not_there(tenant: Tenant, shared: Tenant, path: str):
    body = body_of(tenant, path)
    if body["accessInfo"]["accessToken"] != tenant.token:
        pytest.skip("the token is what the request is about")
    body["accessInfo"]["accessToken"] = shared.token
    named = set(_ID.findall(json.dumps({**body, "accessInfo": None})))

    response = tenant.api.post(path, body)

    if response.status_code == 200:
        assert not named & set(_ID.findall(response.text))
    else:
        # What names nothing may have been asked too often by this very caller.
        assert refusal(response)["code"] in ((3, 5, 7) if named else (3, 5, 7, 8))


def _leaves(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Every value inside the request, with the way to it."""
    if place:
        yield place, value
    if isinstance(value, dict):
        for key, item in cast("dict[str, Any]", value).items():
            yield from _leaves(item, (*place, key))
    elif isinstance(value, list):
        for number, item in enumerate(cast("list[Any]", value)):
            yield from _leaves(item, (*place, number))


def _replaced(body: Any, place: tuple[str | int, ...], value: Any) -> Any:
    changed = copy.deepcopy(body)
    inner = changed
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    return changed


def _wrong_for(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return ["true", 1, [], {}]
    if isinstance(value, int):
        return ["x", -1, 1.5, 1 << 32, 1e300, True, [], {}]
    if isinstance(value, str):
        return [True, 1.5, [], {}]
    if isinstance(value, list):
        return ["x", 1, True, {}]
    return ["x", 1, True, []]


@ON_ONE_DATABASE
@pytest.mark.parametrize("path", ALL_PATHS)
def test_a_value_of_the_wrong_type_is_refused_by_its_name(tenant: Tenant, path: str):
    body = body_of(tenant, path)
    for place, value in _leaves(body):
        for wrong in _wrong_for(value):
            answer = refusal(tenant.api.post(path, _replaced(body, place, wrong)))
            assert answer["code"] == 3, (place, wrong, answer)
            names = [part for part in place if isinstance(part, str)]
            assert any(name in answer["message"] for name in names), (place, wrong, answer)


NASTY: list[Any] = [
    "",
    " ",
    "\0",
    "a\0b",
    "\u202e\ufeff\u2028",
    "x" * 100_000,
    "😀" * 5_000,
    "'; DROP TABLE rooms; --",
    "%s%n{}[]$.*?\\",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "\r\nSet-Cookie: a=b",
    "0",
    "-1",
    "9" * 30,
    "NaN",
    "null",
    "2022-02-30T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "9999-12-31T23:59:59.999999999Z",
    None,
    True,
    False,
    0,
    -0.0,
    -1,
    1.5,
    1e308,
    2**31,
    2**32 - 1,
    2**63 - 1,
    -(2**63),
    2**64,
    10**400,
    [],
    {},
    [None],
    [[]],
    [{}],
    {"": ""},
    {"\0": {}},
    {"x" * 10_000: {}},
    ["x"] * 2_000,
    {str(number): {} for number in range(2_000)},
    [{"roomId": "x"}] * 2_000,
]


_OTHERS_AT_ONCE = 6


def _nasty_for(value: Any, turn: int) -> list[Any]:
    """All values of the same type as this one, null, and some of the others: those that the place's number,
    from 0, brings, so that an operation of a few fields gets them all. What is of another type is refused
    before anything is done with it, wherever it stands."""
    same = [one for one in NASTY if one is None or _kind(one) is _kind(value)]
    others = [one for one in NASTY if one is not None and _kind(one) is not _kind(value)]
    first = turn * _OTHERS_AT_ONCE
    return [*same, *(others[(first + step) % len(others)] for step in range(_OTHERS_AT_ONCE))]


def _kind(value: object) -> type[object]:
    return type(value) if isinstance(value, bool) or not isinstance(value, int) else float


OF_DATABASES: list[Any] = [
    one
    for one in NASTY
    if (isinstance(one, int | float) and abs(one) >= 2**31)
    or (isinstance(one, str) and re.match(r"\d{4}-|a?\0|😀|x{9}", one))
    or one == {"\0": {}}
]
"""What one kind of database may take and another not."""


READ_ACCESS = {
    "authenticationService/accessTokenInformation",
    "roomService/list",
    "roomService/create",
    "guestService.v2/createGuestLinks",
    "userService/list",
    *OPEN_CALLS,
}
"""Operations with which all values are tried in `accessInfo`: one message, which the dialect reads for all of
them. The others are tried with wrong types and tokens of it alone."""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def apart(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningPlatform]:
    """A platform of these tests' own: what so many requests set off, mail above all, would hold up others."""
    url = ""
    if request.param == "postgresql":
        url = asyncio.run(new_database(request.getfixturevalue("postgresql_url")))
    with running_platform(
        tmp_path_factory.mktemp("apart"), url, address_attempts=1_000_000, signup=True
    ) as made:
        yield made


@pytest.mark.parametrize("path", ALL_PATHS)
@pytest.mark.slow
def test_no_value_breaks_a_call(apart: RunningPlatform, path: str):
    tenant = apart.organization()
    body = body_of(tenant, path)
    is_on_sqlite = apart.platform.storage.database.has_one_writer
    for turn, (place, value) in enumerate(_leaves(body)):
        if place[0] == "accessInfo" and path not in READ_ACCESS:
            continue
        for nasty in _nasty_for(value, turn) if is_on_sqlite else OF_DATABASES:
            response = tenant.api.post(path, json.dumps(_replaced(body, place, nasty)))
            assert response.status_code in {200, 400, 401, 403, 404, 409, 429}, (place, nasty, response.text)
            if response.status_code != 200:
                refusal(response)


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("roomService/create", ("room", "displayName")),
        ("roomService/update", ("room", "displayName")),
        ("guestService.v2/createGroupLinks", ("groupLinkCreations", 0, "description")),
        ("guestService.v2/createGroupLinks", ("origin",)),
        ("guestService.v2/createGuestLinks", ("guestLinkCreations", 0, "displayName")),
        ("guestService.v2/createGuestLinks", ("guestLinkCreations", 0, "email")),
        ("guestService.v2/updateGroupLink", ("groupLink", "description")),
        ("guestService.v2/updateGuestLink", ("guestLink", "displayName")),
        ("userService/create", ("user", "userProfile", "firstname")),
        ("userService/create", ("user", "email")),
        ("userService/create", ("authenticationRequest", "usernamePasswordCredentials", "username")),
        ("userService/update", ("user", "userProfile", "title")),
        ("userService/updateProfile", ("userProfile", "lastname")),
        ("guestService.v2/authenticate", ("displayName",)),
        ("guestService.v2/authenticate", ("externalId",)),
    ],
)
def test_a_text_that_is_too_long_is_refused_by_its_name(
    tenant: Tenant, path: str, place: tuple[str | int, ...]
):
    answer = refusal(tenant.api.post(path, _replaced(body_of(tenant, path), place, "x" * 501)))

    assert answer["code"] == 3
    assert str(place[-1]) in answer["message"]


def test_a_request_id_that_is_too_long_is_not_echoed(tenant: Tenant):
    access = {"requestId": "x" * 257, "accessToken": tenant.token}

    answer = refusal(tenant.api.post("roomService/list", {"accessInfo": access}))

    assert answer["code"] == 3
    assert answer["details"][0]["statusCode"] == "REQUEST_ID_INVALID"
    assert len(answer["details"][0]["requestId"]) == 11


@pytest.mark.parametrize(
    ("path", "fields", "named"),
    [
        ("roomService/update", {"roomId": "nope"}, "roomId: "),
        ("roomService/create", {"room": {"displayName": "x", "parentId": "nope"}}, "parentId: "),
        (
            "roomService/create",
            {"room": {"displayName": "x", "permissions": {"nope": {"join": True}}}},
            "permissions.nope: ",
        ),
        (
            "guestService.v2/createGroupLinks",
            {"groupLinkCreations": [{"description": "x", "permissionGroupId": "nope"}]},
            "permissionGroupId: ",
        ),
        ("guestService.v2/getLink", {"id": "nope"}, "id: "),
        ("roomService/permissions", {"userId": "nope"}, "userId: "),
    ],
)
def test_what_there_is_not_is_named_by_its_field(
    tenant: Tenant, path: str, fields: dict[str, Any], named: str
) -> None:
    needs_room = path in ("guestService.v2/createGroupLinks", "roomService/permissions")
    refused = tenant.api.refused(path, **fields, **({"roomId": tenant.room()} if needs_room else {}))

    assert refused["code"] == 5
    assert refused["message"].startswith(named)
    assert "nope" in refused["message"]


def test_all_that_is_wrong_with_a_request_is_named(tenant: Tenant):
    room = tenant.room()
    links = [
        {
            "permissionGroupId": tenant.permission_group("Guest"),
            "displayName": "y" * 201,
            "locale": "fr",
            "email": "nobody",
        }
    ]
    refused = tenant.api.refused("guestService.v2/createGuestLinks", roomId=room, guestLinkCreations=links)

    assert (refused["code"], refused["details"][0]["statusCode"]) == (3, "INVALID_ARGUMENT")
    assert refused["message"] == (
        "displayName is longer than 200 characters; email is not like name@example.org; "
        "locale must be de or en"
    )


def test_all_that_cannot_be_read_is_named(tenant: Tenant):
    wish: dict[str, object] = {"displayName": 5, "quotas": {"activeParticipants": "many"}, "permissions": []}
    refused = tenant.api.refused("roomService/create", room=wish)

    assert refused["code"] == 3
    for name in ("room.displayName", "room.quotas.activeParticipants", "room.permissions"):
        assert f"{name}: " in refused["message"], refused


def test_places_are_named_as_requests_have_them(tenant: Tenant):
    quotas = {"activeParticipants": 10_001, "passiveParticipants": 10_001}
    refused = tenant.api.refused("roomService/create", room={"displayName": "Lounge", "quotas": quotas})

    assert refused["message"] == (
        "quotas.activeParticipants must be from 0 to 10000; "
        "quotas.passiveParticipants must be from 0 to 10000"
    )


def test_all_that_is_wrong_with_a_room_is_named(tenant: Tenant):
    wish = {"displayName": " ", "metadata": {"note": "x" * 10_001}, "quotas": {"activeParticipants": 10_001}}
    reasons = (
        "displayName must not be empty; quotas.activeParticipants must be from 0 to 10000; "
        "metadata.note is too long or not a text"
    )

    assert tenant.api.refused("roomService/create", room=wish)["message"] == reasons
    room = tenant.room()
    assert tenant.api.refused("roomService/update", roomId=room, room=wish)["message"] == reasons

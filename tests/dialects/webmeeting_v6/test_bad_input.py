"""What every operation answers to requests that are wrong."""

from __future__ import annotations

import json
import secrets
from typing import Any

import pytest

from tests.databases import ON_ONE_DATABASE
from tests.dialects.webmeeting_v6.client import Account, Client, instance_key
from tests.platform import RunningPlatform

NUL = "a\0b"
LONG_NAME = "x" * 201
TOO_LARGE = (1 << 20) + 1
Bad = list[tuple[str, object, str]]
"""Fields, values that are wrong for them, and the field that the answer names."""

TEXTS: Bad = [("{}", 5, "{}"), ("{}", [], "{}"), ("{}", NUL, "{}"), ("{}", "x" * 30_000, "{}")]
"""What is wrong as any text."""


def _texts(*names: str) -> Bad:
    return [(name, value, name) for name in names for _, value, _ in TEXTS]


def _pairs(*pairs: tuple[object, str]) -> tuple[tuple[object, str], ...]:
    return pairs


def _of_type(values: tuple[object, ...], *names: str) -> Bad:
    return [(name, value, name) for name in names for value in values]


_NO_BOOLEAN: tuple[object, ...] = ("true", 1, [], {})
_NO_NUMBER: tuple[object, ...] = ("5", 1.5, [], True)
_NO_TIME: tuple[object, ...] = (
    5,
    "tomorrow",
    "2020-04-19",
    "2020-04-19T19:03:41",
    "2020-13-19T19:03:41Z",
    NUL,
    [],
)
_NO_LIST: tuple[object, ...] = ("x", 5, {}, [5], [NUL])

ACCOUNT: Bad = [
    *_texts("adminEmail", "adminFirstname", "adminLastname", "adminPreferredLanguage", "accountType", "name"),
    *_of_type((None, "", " ", "nobody", "a@b@c d", "a b@c.de", "@example.org", "a@"), "adminEmail"),
    ("adminEmail", f"{'x' * 250}@example.org", "adminEmail"),
    ("adminFirstname", LONG_NAME, "adminFirstname"),
    ("adminLastname", LONG_NAME, "adminLastname"),
    *_of_type(("", "fr", "EN"), "adminPreferredLanguage"),
    *_of_type(_NO_BOOLEAN, "sendPassword"),
    *_of_type(("", "x" * 33), "accountType"),
    *_of_type(("", " ", LONG_NAME), "name"),
    *_of_type((*_NO_TIME, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"), "paidUntil"),
]
ACCOUNT_CHANGE: Bad = [
    *_texts("name", "accountType", "defaultMeetingPermissions"),
    *_of_type(("", " ", LONG_NAME), "name"),
    *_of_type(_NO_TIME, "paidUntil"),
    *_of_type(
        (*_NO_NUMBER, -1, 10**9, 10**30),
        "numberOfMeetings",
        "numberOfMeetingOrganizers",
        "numberOfMeetingRooms",
        "autoDeleteMeetingsAfterXDays",
    ),
    ("autoDeleteMeetingsAfterXDays", 0, "autoDeleteMeetingsAfterXDays"),
    ("autoDeleteMeetingsAfterXDays", 3651, "autoDeleteMeetingsAfterXDays"),
    *[
        (name, value, f"{name}[0]" if value in ([5], [NUL]) else name)
        for name in ("iceCandidatesToFilter", "customDialInNumbers")
        for value in (*_NO_LIST, [LONG_NAME], ["1"] * 101)
    ],
    *_of_type(
        _NO_BOOLEAN,
        "displayStandardDialInNumbersInInvite",
        "defaultMeetingHasDialin",
        "defaultMeetingHasRecording",
        "autoExtendMeetings",
    ),
    *_of_type(("", "party", "STANDARD", 5), "defaultMeetingType"),
    *_of_type(("", "f" * 24, "../"), "defaultMeetingPermissions"),
]
ORGANIZER: Bad = [
    *_texts("email", "firstName", "lastName", "externalUserId", "preferredLanguage", "timezone"),
    *_of_type(("", "nobody", "a@", f"{'x' * 250}@example.org"), "email"),
    *_of_type((LONG_NAME,), "firstName", "lastName", "externalUserId"),
    *_of_type(("", "fr"), "preferredLanguage"),
    *_of_type(("", "Mars/Olympus", "europe/berlin", "../../etc/passwd", "Europe/Berlin "), "timezone"),
    *[
        ("additionalTimezones", value, field)
        for value, field in (
            ("UTC", "additionalTimezones"),
            ([5], "additionalTimezones[0]"),
            (["UTC", "Mars"], "additionalTimezones[1]"),
            (["UTC"] * 101, "additionalTimezones"),
        )
    ],
]
MEETING: Bad = [
    *_texts("topic", "agenda", "type", "timezone", "meetingPermissionId", "videoResolution"),
    *_of_type(("", "  ", LONG_NAME, None), "topic"),
    *_of_type(_NO_TIME, "startTime", "endTime"),
    *_of_type(
        (
            "0001-01-01T00:00:00Z",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59-14:00",
            "1969-12-31T23:59:59Z",
        ),
        "startTime",
        "endTime",
    ),
    *_of_type((0, -5, 10**9, 10**30, "1e3", "soon", 1.5, [], True, "9" * 5000), "duration"),
    *_of_type(("", "party", "Webinar"), "type"),
    *_of_type(("", "Mars/Olympus", "europe/berlin", "../../etc/passwd"), "timezone"),
    *_of_type(("x", {}, 5, ["x"] * 51, ["x" * 100_001]), "documents"),
    *[("documents", [value], "documents[0]") for value in (NUL, {NUL: 1})],
    *_of_type(_NO_BOOLEAN, "isRecurring", "isRecorded", "isDialin"),
    *_of_type(("x", [], 5), "recurring"),
    *_of_type(("", "f" * 24), "meetingPermissionId"),
    *_of_type(("", "x" * 17), "videoResolution"),
    *[
        ("invitedParticipants", value, field)
        for value, field in _pairs(
            ("x", "invitedParticipants"),
            ({}, "invitedParticipants"),
            (["x"], "invitedParticipants[0]"),
            ([{"firstName": "x"}], "invitedParticipants[0].email"),
            ([{"email": None}], "invitedParticipants[0].email"),
            ([{"email": 5}], "invitedParticipants[0].email"),
            ([{"email": ""}], "invitedParticipants[0].email"),
            ([{"email": "ok@example.org"}, {"email": "bad"}], "invitedParticipants[1].email"),
            ([{"email": "a@b.de", "firstName": 5}], "invitedParticipants[0].firstName"),
            ([{"email": "a@b.de", "lastName": LONG_NAME}], "invitedParticipants[0].lastName"),
            ([{"email": "a@b.de", "role": "king"}], "invitedParticipants[0].role"),
            ([{"email": "a@b.de", "preferredLanguage": "fr"}], "invitedParticipants[0].preferredLanguage"),
            ([{"email": "a@b.de", "firstName": NUL}], "invitedParticipants[0].firstName"),
            ([{"email": f"p{number}@example.org"} for number in range(5000)], "invitedParticipants"),
        )
    ],
]
RECURRING: Bad = [
    ("frequencyType", "yearly", "recurring.frequencyType"),
    ("frequencyType", 5, "recurring.frequencyType"),
    ("frequencyType", "", "recurring.frequencyType"),
    *[("frequency", value, "recurring.frequency") for value in (0, -1, 1000, 10**9, 10**30, "2", 1.5)],
    ("monthlyPattern", "dayOfYear", "recurring.monthlyPattern"),
    ("endsType", "someday", "recurring.endsType"),
    ("endsOn", "someday", "recurring.endsOn"),
]
RECURRENCES_THAT_NEVER_OCCUR: list[tuple[dict[str, object], str]] = [
    ({"endsType": "after", "endsAfter": 0}, "recurring.endsAfter"),
    ({"endsType": "after"}, "recurring.endsAfter"),
    ({"endsType": "after", "endsAfter": -1}, "recurring.endsAfter"),
    ({"endsType": "after", "endsAfter": 10**9}, "recurring.endsAfter"),
    ({"endsType": "onDate"}, "recurring.endsOn"),
    ({"endsType": "onDate", "endsOn": None}, "recurring.endsOn"),
    ({"endsType": "onDate", "endsOn": "2029-12-31T00:00:00Z"}, "recurring.endsOn"),
    ({"endsType": "onDate", "endsOn": "0001-01-01T00:00:00+14:00"}, "recurring.endsOn"),
    ({"endsType": "onDate", "endsOn": "9999-12-31T23:59:59-14:00"}, "recurring.endsOn"),
]


def test_each_field_of_a_new_account(running: RunningPlatform) -> None:
    client = Client(running, instance_key(running))
    before = _accounts(client)
    for name, value, field in ACCOUNT:
        wish = {"adminEmail": f"{secrets.token_hex(6)}@example.org", name: value}
        _expect(client, "POST", "/account", wish, field)
    _expect(client, "POST", "/account", {}, "adminEmail")
    assert _accounts(client) == before


def test_each_field_of_an_account(account: Account) -> None:
    for name, value, field in ACCOUNT_CHANGE:
        _expect(account.instance, "PUT", f"/account/{account.id}", {name: value}, field)
    assert account.instance.get(f"/account/{account.id}") == account.made


def test_each_field_of_an_organizer(account: Account) -> None:
    organizers = f"/account/{account.id}/organizer"
    own = f"{organizers}/{account.user_id}"
    for name, value, field in ORGANIZER:
        email = f"{secrets.token_hex(6)}@example.org"
        _expect(account.instance, "POST", organizers, {"email": email, name: value}, field)
        _expect(account.instance, "PUT", own, {"lastName": "Changed", name: value}, field)
    _expect(account.instance, "POST", organizers, {"email": None}, "email")
    assert account.instance.get(organizers) == [account.admin]


def test_each_field_of_a_meeting(account: Account) -> None:
    meeting = account.api.meeting()
    for name, value, field in MEETING:
        _expect(account.api, "POST", "/meeting", {"topic": "x", name: value}, field)
        if (name, value) != ("topic", None):
            _expect(
                account.api, "PUT", f"/meeting/{meeting['id']}/false", {"agenda": "x", name: value}, field
            )
    _expect(account.api, "POST", "/meeting", {}, "topic")
    assert account.api.get("/meeting") == [meeting]


def test_each_field_of_a_recurrence(account: Account) -> None:
    for name, value, field in RECURRING:
        recurring = {"frequencyType": "daily", name: value}
        wish = {"topic": "x", "isRecurring": True, "recurring": recurring}
        _expect(account.api, "POST", "/meeting", wish, field)
    _expect(account.api, "POST", "/meeting", {"topic": "x", "isRecurring": True}, "recurring.frequencyType")
    assert account.api.get("/meeting") == []


def test_recurrences_that_never_occur(account: Account) -> None:
    meeting = account.api.meeting(startTime="2030-01-01T09:00:00Z")
    for recurring, field in RECURRENCES_THAT_NEVER_OCCUR:
        wish = {
            "startTime": "2030-01-01T09:00:00Z",
            "isRecurring": True,
            "recurring": {"frequencyType": "daily", **recurring},
        }
        _expect(account.api, "POST", "/meeting", {"topic": "x", **wish}, field)
        _expect(account.api, "PUT", f"/meeting/{meeting['id']}/true", wish, field)
    assert account.api.get("/meeting") == [meeting]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"startTime": "2030-01-01T10:00:00Z", "endTime": "2030-01-01T09:00:00Z"}, "endTime"),
        ({"startTime": "2030-01-01T10:00:00Z", "endTime": "2030-01-01T10:00:00Z"}, "endTime"),
        ({"startTime": "2030-01-01T10:00:00Z", "endTime": "2030-01-01T11:00:00+02:00"}, "endTime"),
        ({"startTime": "2030-01-01T10:00:00Z", "endTime": "2030-01-15T10:00:01Z"}, "endTime"),
        ({"endTime": "2020-01-01T10:00:00Z"}, "endTime"),
        (
            {
                "startTime": "2030-01-01T10:00:00Z",
                "endTime": "2030-01-02T10:00:01Z",
                "isRecurring": True,
                "recurring": {"frequencyType": "daily"},
            },
            "endTime",
        ),
    ],
)
def test_ends_that_do_not_fit_starts(account: Account, fields: dict[str, object], field: str) -> None:
    meeting = account.api.meeting(startTime="2030-06-01T09:00:00Z")
    _expect(account.api, "POST", "/meeting", {"topic": "x", **fields}, field)
    _expect(account.api, "PUT", f"/meeting/{meeting['id']}/false", {"topic": "x", **fields}, field)
    assert account.api.get("/meeting") == [meeting]


def test_all_that_is_wrong_is_listed_at_once(account: Account) -> None:
    wrong = {
        "topic": "",
        "agenda": 5,
        "type": "party",
        "timezone": "Mars",
        "startTime": "0001-01-01T00:00:00+14:00",
        "duration": 0,
        "isRecorded": "yes",
        "isRecurring": True,
        "recurring": {"frequencyType": 5},
        "videoResolution": "",
        "invitedParticipants": [{"email": "bad"}, {"email": "good@example.org"}, {"email": "worse"}],
    }
    fields = {
        *(set(wrong) - {"isRecurring", "recurring", "invitedParticipants"}),
        "recurring.frequencyType",
        "invitedParticipants[0].email",
        "invitedParticipants[2].email",
    }
    of_values = {"agenda": "x" * 20_001, "type": "webinar", "isRecorded": True, "isRecurring": False}
    meeting = account.api.meeting()
    for method, path in (("POST", "/meeting"), ("PUT", f"/meeting/{meeting['id']}/true")):
        assert set(account.api.refused(method, path, wrong).fields) == fields
        found = account.api.refused(method, path, {**wrong, **of_values, "recurring": {}}).fields
        assert set(found) == fields - {"type", "isRecorded", "recurring.frequencyType"}
    nothing = {name: value for name, value in wrong.items() if name != "topic"}
    refused = account.api.refused("POST", "/meeting", nothing)
    assert set(refused.fields) == fields
    assert refused.fields["topic"] == "is required"


def test_all_that_is_wrong_about_an_account_is_listed_at_once(account: Account) -> None:
    path = f"/account/{account.id}"
    for method, address, wrong in (
        (
            "POST",
            "/account",
            {
                "adminEmail": "nobody",
                "adminFirstname": LONG_NAME,
                "adminLastname": LONG_NAME,
                "adminPreferredLanguage": "fr",
                "accountType": "",
                "name": "",
            },
        ),
        (
            "PUT",
            path,
            {
                "name": "",
                "numberOfMeetings": -1,
                "autoDeleteMeetingsAfterXDays": 0,
                "customDialInNumbers": [LONG_NAME],
            },
        ),
        (
            "PUT",
            f"{path}/organizer/{account.user_id}",
            {"email": "bad", "firstName": LONG_NAME, "timezone": "Mars", "externalUserId": LONG_NAME},
        ),
        ("POST", f"{path}/organizer", {"email": "bad", "lastName": LONG_NAME, "preferredLanguage": "fr"}),
    ):
        assert set(account.instance.refused(method, address, wrong).fields) == set(wrong)
        of_type = {**wrong, next(iter(wrong)): 5}
        assert set(account.instance.refused(method, address, of_type).fields) == set(wrong)
    refused = account.instance.refused("POST", "/account", {"name": "", "sendPassword": 1})
    assert set(refused.fields) == {"adminEmail", "name", "sendPassword"}


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b"[]",
        b"null",
        b'"text"',
        b"5",
        b'{"topic": "x"} and more',
        b'{"topic": "\xff"}',
        b'{"topic": "\\ud800"}',
        b'{"topic": "x", "documents": [1e999]}',
        b'{"topic": "x", "documents": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"\x00",
    ],
)
def test_what_is_no_json_object(account: Account, body: bytes) -> None:
    meeting = account.api.meeting()
    for client, method, path in (
        (account.api, "POST", "/meeting"),
        (account.api, "PUT", f"/meeting/{meeting['id']}/false"),
        (account.instance, "POST", "/account"),
        (account.instance, "PUT", f"/account/{account.id}"),
        (account.instance, "POST", f"/account/{account.id}/organizer"),
        (account.instance, "PUT", f"/account/{account.id}/organizer/{account.user_id}"),
    ):
        refused = client.refused(method, path, body)
        assert refused.code == -4
        assert set(refused.fields) <= {"", "documents"}
        assert refused.fields
    assert account.api.get("/meeting") == [meeting]


@pytest.mark.parametrize("depth", [10, 200, 900])
def test_documents_as_deep_as_there_are(account: Account, depth: int) -> None:
    """They are kept, or refused; nothing falls over them."""
    documents: list[Any] = []
    for _ in range(depth):
        documents = [documents]
    response = account.api.send("POST", "/meeting", json.dumps({"topic": "Deep", "documents": documents}))

    if response.json()["responseCode"] == 0:
        meeting = response.json()["data"]
        assert meeting["documents"] == documents
        assert account.api.get(f"/meeting/{meeting['id']}") == meeting
    else:
        assert response.json()["responseCode"] == -4
        assert account.api.get("/meeting") == []


@pytest.mark.parametrize("number", [10**30, -(10**30), 2**63, 1.7e308])
def test_documents_with_numbers_of_any_size(account: Account, number: float) -> None:
    meeting = account.api.meeting(documents=[{"size": number}])

    assert meeting["documents"] == [{"size": number}]
    assert account.api.get(f"/meeting/{meeting['id']}") == meeting


@ON_ONE_DATABASE
def test_bodies_that_are_too_large(account: Account) -> None:
    for client, method, path in ((account.api, "POST", "/meeting"), (account.instance, "POST", "/account")):
        start = b'{"topic": "x", "agenda": "'
        refused = client.refused(method, path, start + b"x" * (TOO_LARGE - len(start) - 2) + b'"}')
        assert (refused.code, refused.message) == (-4, "The request is larger than 1 MiB.")
    assert account.api.get("/meeting") == []


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/meeting", "GET, HEAD, POST"),
        ("DELETE", "/meeting", "GET, HEAD, POST"),
        ("POST", "/meeting/x", "GET, HEAD"),
        ("GET", "/meeting/x/true", "DELETE, PUT"),
        ("POST", "/account/x", "DELETE, GET, HEAD, PUT"),
        ("PUT", "/account/x/organizer", "GET, HEAD, POST"),
        ("DELETE", "/meeting/calender/user/x", "GET, HEAD"),
        ("PROPFIND", "/meeting/calender/user/x", "GET, HEAD"),
        ("TRACE", "/meeting", "GET, HEAD, POST"),
        ("POST", "/documentation/swagger", "GET, HEAD"),
    ],
)
def test_methods_that_there_are_not(account: Account, method: str, path: str, allowed: str) -> None:
    response = account.api.send(method, path)

    assert (response.status_code, response.json()["responseCode"]) == (405, -5)
    assert response.headers["allow"] == allowed


@ON_ONE_DATABASE
def test_asking_for_the_methods_that_there_are(account: Account) -> None:
    response = account.running.http.options("/api/v6/meeting")

    assert (response.status_code, response.headers["allow"]) == (204, "GET, HEAD, POST")


@pytest.mark.parametrize("path", ["/meeting/calender/user/{ics}", "/documentation/swagger", "/meeting", "/x"])
def test_head_is_get_without_the_body(account: Account, path: str) -> None:
    address = "/api/v6" + path.format(ics=account.admin["icsToken"])
    headers = {"x-api-key": account.instance.key, "x-user-id": account.user_id}
    got = account.running.http.get(address, headers=headers)
    head = account.running.http.head(address, headers=headers)

    assert (head.status_code, head.content) == (got.status_code, b"")
    for name in ("content-type", "content-length"):
        assert head.headers[name] == got.headers[name]


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/nothing",
        "/account/admin",
        "/account/x/y/z",
        "/account/x/organizer/y/z",
        "/meeting/x/y/z",
        "/meeting/calendar",
        "/meeting/calendar/user",
        "/meeting/calendar/user/x/y",
        "/meeting/close/x/y",
        "/documentation",
        "/documentation/swagger/x",
        "/meeting//true",
        "/%00",
    ],
)
def test_addresses_that_there_are_not(account: Account, path: str) -> None:
    for method in ("GET", "POST"):
        refused = account.api.refused(method, path, {} if method == "POST" else None)
        assert refused.code == -5, method


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2f",
        "%00",
        "%ff",
        "ü🎉",
        "f" * 24,
        "F" * 24,
        "x" * 3000,
        "1234-5678-1234-5678",
        "'--",
        "٤" * 16,
    ],
)
def test_names_of_nothing(account: Account, name: str) -> None:
    for client, method, path in (
        (account.api, "GET", f"/meeting/{name}"),
        (account.api, "PUT", f"/meeting/{name}/true"),
        (account.api, "DELETE", f"/meeting/{name}/false"),
        (account.api, "POST", f"/meeting/close/{name}"),
        (account.api, "GET", f"/meeting/{name}/participants"),
        (account.api, "GET", f"/meeting/{name}/summary"),
        (account.instance, "GET", f"/account/{name}"),
        (account.instance, "PUT", f"/account/{name}"),
        (account.instance, "DELETE", f"/account/{name}"),
        (account.instance, "GET", f"/account/{name}/organizer"),
        (account.instance, "GET", f"/account/{account.id}/organizer/{name}"),
        (account.instance, "PUT", f"/account/{account.id}/organizer/{name}"),
        (account.instance, "DELETE", f"/account/{account.id}/organizer/{name}"),
    ):
        assert client.refused(method, path, {} if method == "PUT" else None).code == -5, (method, path)


def test_somebody_else_s_meeting(account: Account, running: RunningPlatform) -> None:
    meeting, other = account.api.meeting(), Account(running)
    for client in (other.api, other.own()):
        for name in (meeting["id"], meeting["meetingId"]):
            assert client.refused("GET", f"/meeting/{name}").code == -5
            assert client.refused("DELETE", f"/meeting/{name}/true").code == -5
            assert client.refused("PUT", f"/meeting/{name}/true", {"topic": "x"}).code == -5
            assert client.refused("POST", f"/meeting/close/{name}").code == -5
            assert client.refused("GET", f"/meeting/{name}/summary").code == -5
    group = other.permission_groups()["Participant"]
    _expect(
        account.api, "POST", "/meeting", {"topic": "x", "meetingPermissionId": group}, "meetingPermissionId"
    )
    _expect(
        account.instance,
        "PUT",
        f"/account/{account.id}",
        {"defaultMeetingPermissions": group},
        "defaultMeetingPermissions",
    )
    assert account.api.get("/meeting") == [meeting]


def test_series_is_true_or_false(account: Account) -> None:
    meeting = account.api.meeting()
    for series in ("yes", "1", "null", "truefalse"):
        _expect(account.api, "PUT", f"/meeting/{meeting['id']}/{series}", {"topic": "x"}, "series")
        _expect(account.api, "DELETE", f"/meeting/{meeting['id']}/{series}", None, "series")
    assert account.api.put(f"/meeting/{meeting['id']}/TRUE", {"topic": "Loud"})["topic"] == "Loud"


@pytest.mark.parametrize("path", ["/meeting", "/account", "/account/{}/organizer"])
def test_pages_of_lists(account: Account, path: str) -> None:
    client = account.api if path == "/meeting" else account.instance
    path = path.format(account.id)
    for name, value in (
        ("limit", -1),
        ("limit", 0),
        ("limit", 1001),
        ("limit", 10**30),
        ("limit", "9" * 5000),
        ("limit", "x"),
        ("limit", "1.5"),
        ("offset", -1),
        ("offset", 1_000_001),
        ("offset", 10**30),
        ("offset", "x"),
    ):
        query: dict[str, Any] = {name: value}
        refused = client.refused("GET", path, **query)
        assert (refused.code, list(refused.fields)) == (-4, [name]), value


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from_": "yesterday"}, "from"),
        ({"to": "2026-01-01"}, "to"),
        ({"from_": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "to"),
        ({"from_": "2026-01-02T00:00:00Z", "to": "2026-01-02T00:00:00Z"}, "to"),
    ],
)
def test_spans_of_lists(account: Account, query: dict[str, str], field: str) -> None:
    refused = account.api.refused("GET", "/meeting", **query)

    assert (refused.code, list(refused.fields)) == (-4, [field])


def test_headers_of_any_bytes(account: Account) -> None:
    http = account.running.http
    for name, code in ((b"x-api-key", -1), (b"x-user-id", -2), (b"x-user-email", -2)):
        for value in (b"\xff\xfe", b"'--", b"x" * 5000, "ü".encode()):
            headers = {b"x-api-key": account.api.key.encode(), name: value}
            reply = http.get("/api/v6/meeting", headers=list(headers.items())).json()
            assert reply["responseCode"] == code, (name, value)


def test_null_is_the_same_as_nothing(account: Account) -> None:
    """Programs send it for what they do not know."""
    names = ("startTime", "endTime", "duration", "type", "timezone", "agenda", "documents", "isRecurring")
    names += (
        "recurring",
        "isRecorded",
        "isDialin",
        "invitedParticipants",
        "meetingPermissionId",
        "videoResolution",
    )
    meeting = account.api.post("/meeting", {"topic": "Null", **dict.fromkeys(names)})

    assert (meeting["duration"], meeting["type"], meeting["isRecurring"]) == ("60", "standard", False)
    put = account.api.put(f"/meeting/{meeting['id']}/false", dict.fromkeys((*names, "topic")))
    assert put == {**meeting, "icalSequence": "1"}
    changed = account.change(**dict.fromkeys(name for name, _, _ in ACCOUNT_CHANGE))
    assert changed == account.made


def _expect(client: Client, method: str, path: str, body: object, field: str) -> None:
    refused = client.refused(method, path, body)
    assert refused.code == -4, (body, refused)
    assert field in refused.fields, (str(body)[:200], refused)
    assert all(len(reason) <= 400 for reason in refused.fields.values())


def _accounts(client: Client) -> list[str]:
    return [one["id"] for one in client.every("/account")]


_RARELY = {"frequencyType": "daily", "frequency": 0, "endsType": "after", "endsAfter": 0}


@pytest.mark.parametrize(
    ("wish", "fields"),
    [
        (
            {"topic": "", "isRecurring": True, "recurring": _RARELY},
            {"topic", "recurring.frequency", "recurring.endsAfter"},
        ),
        (
            {"timezone": "Mars", "isRecurring": True, "recurring": _RARELY},
            {"timezone", "recurring.frequency", "recurring.endsAfter"},
        ),
        (
            {
                "isRecurring": True,
                "recurring": {"frequencyType": "yearly", "frequency": "x", "endsType": "some day"},
            },
            {"recurring.frequencyType", "recurring.frequency", "recurring.endsType"},
        ),
        (
            {"invitedParticipants": [{"email": 5}, {"firstName": "a\0", "role": "king"}, 7]},
            {
                "invitedParticipants[0].email",
                "invitedParticipants[1].email",
                "invitedParticipants[1].firstName",
                "invitedParticipants[1].role",
                "invitedParticipants[2]",
            },
        ),
        (
            {"invitedParticipants": [{"email": "bad", "firstName": "x" * 201, "lastName": "y" * 201}]},
            {f"invitedParticipants[0].{name}" for name in ("email", "firstName", "lastName")},
        ),
        (
            {"meetingPermissionId": "nope", "agenda": "x" * 20_001, "duration": "1_0"},
            {"meetingPermissionId", "agenda", "duration"},
        ),
    ],
)
def test_every_bad_field_of_a_meeting_is_named(
    account: Account, wish: dict[str, Any], fields: set[str]
) -> None:
    refused = account.api.refused("POST", "/meeting", {"topic": "x", **wish})

    assert set(refused.fields) == fields
    meeting = account.api.meeting()
    assert set(account.api.refused("PUT", f"/meeting/{meeting['id']}/true", wish).fields) == fields


def test_of_a_million_bad_items_some_are_named(account: Account) -> None:
    wish = {"topic": "x", "invitedParticipants": [1] * 300_000}

    assert len(account.api.refused("POST", "/meeting", wish).fields) == 100


def test_every_bad_hook_is_named(account: Account) -> None:
    wish = {
        "onMeetingJoined": {"url": "nope"},
        "onMeetingLeft": {"url": "ftp://x", "apiKey": "ü"},
        "onMeetingClosed": {"method": "GET"},
    }
    refused = account.instance.refused("PUT", "/webhook", wish)
    assert set(refused.fields) == {"onMeetingClosed.url", "onMeetingClosed.method"}
    del wish["onMeetingClosed"]
    refused = account.instance.refused("PUT", "/webhook", wish)
    assert set(refused.fields) == {"onMeetingJoined.url", "onMeetingLeft.url", "onMeetingLeft.apiKey"}


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        *(("/webhook/deliveries", {"before": said}, "before") for said in (10**30, -1, 0, "x", "1_0")),
        *(("/webhook/deliveries", {"limit": said}, "limit") for said in (0, 5000, 10**30, "٣")),
        *(("/meeting", {"limit": said}, "limit") for said in ("1_0", "１０", "1e2", "9" * 5000, 0)),
    ],
)
def test_numbers_in_the_address(account: Account, path: str, query: dict[str, Any], field: str) -> None:
    refused = account.api.refused("GET", path, **query)

    assert list(refused.fields) == [field]


def test_everything_wrong_in_the_address_is_listed_at_once(account: Account) -> None:
    page: dict[str, Any] = {"limit": 0, "offset": "x"}
    listed = account.api.refused("GET", "/meeting", **page, from_="now", to="2026-13-01")
    assert list(listed.fields) == ["from", "to", "limit", "offset"]
    assert list(account.instance.refused("GET", "/account", **page).fields) == ["limit", "offset"]
    told = account.instance.refused("GET", "/webhook/deliveries", state="odd", before="x", limit=0)
    assert list(told.fields) == ["state", "before", "limit"]


def test_pages_and_spans_of_meetings_are_looked_at_together(account: Account) -> None:
    span = {"from_": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
    refused = account.api.refused("GET", "/meeting", **span, limit=1000, offset=900_000)
    assert set(refused.fields) == {"offset", "to"}


@pytest.mark.parametrize("duration", ["1_0", "６０", "+5", "1e1", "9" * 5000])
def test_durations_that_are_no_numbers(account: Account, duration: str) -> None:
    refused = account.api.refused("POST", "/meeting", {"topic": "x", "duration": duration})

    assert list(refused.fields) == ["duration"]


@pytest.mark.parametrize("timezone", ["localtime", "Factory", "posixrules"])
def test_names_of_no_zone(account: Account, timezone: str) -> None:
    """Files that stand beside those of the zones, and say nothing to anybody elsewhere."""
    refused = account.api.refused("POST", "/meeting", {"topic": "x", "timezone": timezone})

    assert list(refused.fields) == ["timezone"]


def test_an_address_too_long_for_a_name(account: Account) -> None:
    """The account's name is cut."""
    domain = ".".join([*("y" * 60 for _ in range(2)), "w" * 55, "org"])
    email = f"{secrets.token_hex(30)}@{domain}"
    made = account.instance.post("/account", {"adminEmail": email})

    assert made["name"] == email[:200]
    assert account.instance.put(f"/account/{made['id']}", made)["name"] == email[:200]

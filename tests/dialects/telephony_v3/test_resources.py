"""Resources of the configuration: the whole life of each, by one table of cases."""

from __future__ import annotations

from typing import Any, cast

import pytest
from msgspec import Struct

from tests.dialects.telephony_v3.client import Api
from tests.platform import RunningPlatform, Tenant


class Case(Struct, frozen=True, kw_only=True):
    """A kind of resource: what one is made of, a change of it, what is wrong and which fields that names, and
    what lists have of it. `hidden` are fields that are never told, `moving` those that change by
    themselves."""

    kind: str
    singular: str
    made: dict[str, Any]
    change: dict[str, Any]
    wrong: dict[str, Any]
    named: list[str]
    listed: list[str] = []
    hidden: list[str] = []
    moving: list[str] = []


_HANGUP = {"module": "hangup"}

CASES = [
    Case(
        kind="devices",
        singular="device",
        made={
            "name": "Desk",
            "username": "desk1",
            "password": "s3cret-of-the-desk",
            "caller_id": {"internal": {"name": "Desk", "number": "100"}},
            "hardware": {"brand": "snom", "mac_address": "00:04:13:00:00:01"},
            "transport": "wss_443",
        },
        change={"name": "Desk two", "caller_id": {"external": {"number": "+3225550100"}}},
        wrong={
            "name": "",
            "username": "With Space",
            "password": "short",
            "time_zone": "Mars",
            "transport": "x",
        },
        named=["name", "username", "password", "time_zone", "transport"],
        hidden=["password"],
    ),
    Case(
        kind="callflows",
        singular="callflow",
        made={
            "name": "Main",
            "numbers": ["200", "+32 2 555 01 00"],
            "featurecode": {"name": "echo", "number": "43"},
            "flow": {"module": "hangup", "id": "a", "data": {"caption": "End"}, "children": {"_": _HANGUP}},
        },
        change={"numbers": ["201"], "flow": {"module": "park"}},
        wrong={"name": "Main", "numbers": ["12x", "+1"], "flow": {"module": "user"}},
        named=["numbers[0]", "numbers[1]", "flow.data.id"],
        listed=["id", "name", "numbers", "featurecode"],
    ),
    Case(
        kind="groups",
        singular="group",
        made={"name": "Sales", "strategy": "round_robin"},
        change={"global_timeout": 60, "pickup": True},
        wrong={"name": "Sales", "strategy": "loudest", "members": [{"member_id": 0}]},
        named=["strategy", "members[0].member_id"],
    ),
    Case(
        kind="menus",
        singular="menu",
        made={"name": "Welcome", "hunt": {"allow": ["1"], "deny": ["19"]}},
        change={"retries": 5, "hunt": {"deny": []}},
        wrong={"name": "", "retries": 11, "timeout": 0},
        named=["name", "retries", "timeout"],
    ),
    Case(
        kind="calendars",
        singular="calendar",
        made={
            "name": "Hours",
            "time_zone": "Europe/Brussels",
            "ics": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\nBEGIN:VEVENT\r\nUID:1\r\n"
            "DTSTART:20260105T090000\r\nDTEND:20260105T170000\r\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU\r\n"
            "END:VEVENT\r\nEND:VCALENDAR\r\n",
        },
        change={"is_external_calendar": True, "url": "https://calendar.example.org/hours.ics"},
        wrong={"name": "Hours", "ics": "BEGIN:NOTHING", "time_zone": "Mars", "is_external_calendar": True},
        named=["ics", "time_zone", "url"],
        moving=["problem"],
    ),
    Case(
        kind="medias",
        singular="media",
        made={"name": "Greeting", "available_as_moh": True},
        change={"name": "Music"},
        wrong={"available_as_moh": "yes"},
        named=["name", "available_as_moh"],
    ),
    Case(
        kind="conferences",
        singular="conference",
        made={"name": "Monday", "members_pin": "1234", "moderators_pin": "5678", "members_maximum": 5},
        change={"members_join_muted": True, "members_pin": None, "wait_for_moderator": True},
        wrong={"name": "Monday", "members_pin": "12ab", "members_maximum": 1},
        named=["members_pin", "members_maximum"],
        listed=["id", "name"],
        hidden=["members_pin", "moderators_pin"],
    ),
    Case(
        kind="vmboxes",
        singular="vmbox",
        made={"name": "Box", "mailbox": "100", "pin": "123456", "require_pin": True},
        change={"delete_after_notify": True},
        wrong={"name": "Box", "mailbox": "x", "pin": "1"},
        named=["mailbox", "pin"],
        hidden=["pin"],
    ),
    Case(
        kind="trunks",
        singular="trunk",
        made={
            "name": "Carrier",
            "server": "sip.carrier.example.org",
            "username": "acme",
            "password": "trunk secret",
            "advanced": {"incoming": {"strip_numbers": 2}},
        },
        change={"enabled": False, "advanced": {"vpn": True}},
        wrong={"name": "Carrier", "server": "no host", "port": 70000, "category": "post"},
        named=["server", "port", "category"],
        hidden=["password"],
    ),
]


def _deep(before: Any, change: Any) -> Any:
    """What is there with the change in it: objects are changed, all else is replaced."""
    if not isinstance(before, dict) or not isinstance(change, dict):
        return change
    known, said = cast("dict[str, Any]", before), cast("dict[str, Any]", change)
    return {**known, **{name: _deep(known.get(name), value) for name, value in said.items()}}


@pytest.mark.parametrize("case", CASES, ids=[case.kind for case in CASES])
def test_a_life(api: Api, case: Case) -> None:
    made = api("PUT", f"/{case.kind}", case.made)
    resource_id = made["id"]
    assert isinstance(resource_id, int)
    assert not set(case.hidden) & set(made)
    for name, value in case.made.items():
        if name not in (*case.hidden, "numbers", "flow"):
            assert made[name] == _deep(made[name], value), name

    path = f"/{case.kind}/{resource_id}"
    assert api("GET", path) == made
    (entry,) = api("GET", f"/{case.kind}")
    assert entry == ({name: made[name] for name in case.listed} if case.listed else made)

    changed = api("POST", path, {"id": resource_id, **case.change})
    expected = {**made, **{k: _deep(made.get(k), v) for k, v in case.change.items() if k not in case.hidden}}
    expected.pop("flow", None)
    assert {name: changed[name] for name in expected} == expected
    still = {name: value for name, value in changed.items() if name not in case.moving}
    assert api("GET", path).items() >= still.items()
    renamed = api("POST", f"/{case.kind}", {"id": resource_id, "name": "Another"})
    assert renamed.keys() == changed.keys()
    assert renamed.items() >= {**still, "name": "Another"}.items()

    assert api("DELETE", path, {}) == {f"{case.singular}_id": resource_id}
    assert api.refused("GET", path)[0] == 404
    assert api.refused("POST", path, {"name": "Gone"})[0] == 404
    assert api.refused("DELETE", path)[0] == 404
    assert api("GET", f"/{case.kind}") == []
    events = api.running.http.get("/v3.0/events", headers={"X-Auth-Token": api.token}).json()["data"]
    mine = [event["type"] for event in events if event["type"].startswith(f"{case.singular}.")]
    assert mine == [f"{case.singular}.{what}" for what in ("created", "updated", "updated", "deleted")]
    assert all(event["object"] == str(resource_id) for event in events if event["type"] in mine)


@pytest.mark.parametrize("case", CASES, ids=[case.kind for case in CASES])
def test_all_that_is_wrong_is_named_and_nothing_is_made(api: Api, case: Case) -> None:
    status, fields = api.refused("PUT", f"/{case.kind}", case.wrong)
    assert (status, sorted(fields)) == (400, sorted(case.named))
    assert api("GET", f"/{case.kind}") == []
    made = api.make(case.kind, **case.made)
    before = api("GET", f"/{case.kind}/{made}")
    status, fields = api.refused("POST", f"/{case.kind}/{made}", case.wrong)
    expected = [name for name in case.named if name != "name" or "name" in case.wrong]
    assert (status, sorted(fields)) == (400, sorted(expected))
    assert api("GET", f"/{case.kind}/{made}") == before


def test_a_body_is_json_whatever_it_is_called(api: Api) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "", "application/json; charset=utf-8"):
        headers = {"X-Auth-Token": api.token, "Content-Type": kind}
        body = b'{"data": {"name": "Welcome"}}'
        made = api.running.http.put("/v3.0/menus", content=body, headers=headers)
        assert made.status_code == 200, made.text


@pytest.mark.parametrize("case", CASES, ids=[case.kind for case in CASES])
def test_nobody_sees_or_changes_anothers(running: RunningPlatform, api: Api, case: Case) -> None:
    made = api.make(case.kind, **case.made)
    other = Api.of(running, running.organization("Other").organization)
    path = f"/{case.kind}/{made}"
    assert other("GET", f"/{case.kind}") == []
    for method, data in (("GET", None), ("POST", case.change), ("DELETE", {})):
        assert other.refused(method, path, data)[0] == 404
    other("PUT", f"/{case.kind}", case.made)  # numbers and names are an account's own
    assert api("GET", path)["id"] == made


@pytest.mark.parametrize("case", CASES, ids=[case.kind for case in CASES])
def test_a_platform_key_names_the_account(running: RunningPlatform, tenant: Tenant, case: Case) -> None:
    everywhere = Api.of(running, None)
    assert everywhere.refused("GET", f"/{case.kind}") == (400, {"account_id": "account_id is required"})
    assert everywhere.refused("GET", f"/{case.kind}", account_id=1 << 40)[0] == 404
    api = Api(running, everywhere.token, account_id=tenant.organization.id)
    made = api.make(case.kind, **case.made)
    assert Api.of(running, tenant.organization)("GET", f"/{case.kind}/{made}")["id"] == made

"""Changes that are made at once: none is lost, and none is refused for the other's sake."""

from __future__ import annotations

import json
import threading
from typing import Any

import httpx

from tests.dialects.telephony_v3.client import Api
from tests.plain_http import NO_CERTIFICATES, PATIENCE
from tests.platform import RunningPlatform, Tenant

_ROUNDS = 12

Call = tuple[str, str, Any]


def _at_once(api: Api, *calls: Call) -> list[tuple[int, str]]:
    """The status and the text of the answer to each of the calls."""
    found: list[tuple[int, str]] = [(0, "")] * len(calls)
    begin = threading.Barrier(len(calls))

    def call(place: int, method: str, path: str, data: Any) -> None:
        with httpx.Client(
            verify=NO_CERTIFICATES, base_url=api.running.base_url, trust_env=False, timeout=PATIENCE
        ) as client:
            client.get("/v3.0/openapi.json")  # connected
            begin.wait(60)
            headers, content = {"X-Auth-Token": api.token}, json.dumps({"data": data})
            answer = client.request(method, f"/v3.0{path}", content=content, headers=headers)
            found[place] = answer.status_code, answer.text

    threads = [threading.Thread(target=call, args=(place, *one)) for place, one in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def _succeed(api: Api, *calls: Call) -> None:
    found = _at_once(api, *calls)
    assert [status for status, _ in found] == [200] * len(calls), found


def test_two_changes_of_a_user(tenant: Tenant, api: Api) -> None:
    assert tenant.administrator
    path = f"/users/{api.make('users', username=f'user-{tenant.organization.id}@example.org')}"
    for number in range(_ROUNDS):
        mobile, is_mailed = f"+32255501{number:02}", bool(number % 2)
        _succeed(
            api,
            ("POST", path, {"mobile_number": mobile}),
            ("POST", path, {"vm_to_email_enabled": is_mailed}),
        )
        user = api("GET", path)
        assert (user["mobile_number"], user["vm_to_email_enabled"]) == (mobile, is_mailed)


def test_two_changes_of_an_account_and_its_networks(api: Api) -> None:
    api("GET", "/accounts")
    for number in range(_ROUNDS):
        networks = {"networks": [{"address": f"192.0.2.{number}"}]}
        _succeed(
            api,
            ("POST", "/accounts", {"notes": f"note {number}"}),
            (
                "POST",
                "/accounts",
                {"category": "", "country": "BE", "failover_number": f"+32255501{number:02}"},
            ),
            ("PUT", "/networks", networks),
        )
        account = api("GET", "/accounts")
        assert (account["notes"], account["failover_number"]) == (f"note {number}", f"+32255501{number:02}")
        assert api("GET", "/networks")["networks"][0]["address"] == f"192.0.2.{number}"


def test_callflows_that_begin_to_jump_to_each_other(api: Api) -> None:
    flows = [api.make("callflows", name=name, flow={"module": "hangup"}) for name in ("One", "Two")]
    hangup = {"flow": {"module": "hangup"}}
    for _ in range(_ROUNDS):
        jumps = [{"flow": {"module": "callflow", "data": {"id": one}}} for one in reversed(flows)]
        _succeed(
            api, *(("POST", f"/callflows/{flow}", jump) for flow, jump in zip(flows, jumps, strict=True))
        )
        for flow in flows:
            api("POST", f"/callflows/{flow}", hangup)


def test_a_phone_is_in_a_realm_of_its_account(running: RunningPlatform, tenant: Tenant) -> None:
    """Also when the account gets another realm meanwhile; nobody else gets that of the phone."""
    api = Api.of(running, None, account_id=tenant.organization.id)
    other = Api.of(running, None, account_id=running.organization("Other").organization.id)
    own = other("GET", "/accounts")["realm"]
    before = api("GET", "/accounts")["realm"]
    for number in range(_ROUNDS):
        after = f"realm-{number}.{before}"
        query = f"?account_id={tenant.organization.id}"
        answers = _at_once(
            api,
            ("PUT", f"/devices{query}", {"name": "Desk", "username": f"desk{number}"}),
            ("POST", f"/accounts{query}", {"realm": after}),
        )
        assert [status for status, _ in answers] == [200, 200], answers
        realm = json.loads(answers[0][1])["data"]["realm"]
        assert other.refused("POST", "/accounts", {"realm": realm})[0] == 409
    assert other("GET", "/accounts")["realm"] == own

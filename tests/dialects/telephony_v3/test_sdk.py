"""What ALLOcloud's own SDK sends and reads beyond what the interface's page names."""

from __future__ import annotations

import base64
import json
from typing import Any, cast

import pytest

from switchroom.telephony.resources.recordings import CallRecordingRow, Recordings
from tests.dialects.telephony_v3.client import Api
from tests.platform import RunningPlatform, Tenant

MONEY = {
    "rate_plan": "flat",
    "volume_pack": "m",
    "spending_plan": "fixed",
    "credit_limit": 100.5,
    "credit_limit_theshold": 80,
    "max_number_fwd_calls": 5,
    "max_number_incoming_calls": 10,
    "max_number_outgoing_calls": 11,
    "max_number_sim_calls": 20,
    "available_products": [{"id": "p", "label": "Product"}],
    "available_packs": [{"id": "m", "label": "Medium"}],
    "available_spending_plans": [{"id": "fixed", "label": "Fixed"}],
}
IN_BOTH_PLACES: dict[str, Any] = {
    "platform_trunk_enabled": True,
    "pickup": True,
    "parkings": {
        "main": {
            "enabled": True,
            "park_extension": "700",
            "first_slot": 701,
            "last_slot": 710,
            "timeout": 60,
        }
    },
    "failover_number": "+3225550199",
    "custom_files": ["phone.cfg"],
    "internal_phonebook": False,
}
TOLD_ONLY = ("realm", "prov_key", "hostname_suffix", "created", "children")
ADDRESS = {
    "company_name": "Acme",
    "address_line_1": "Rue Neuve",
    "address_number": "1",
    "address_line_2": "bus 2",
    "postal_code": "1000",
    "city": "Brussels",
    "vat": "BE0123456789",
}


def test_an_account_has_its_money_limits_and_address(running: RunningPlatform, tenant: Tenant) -> None:
    platform = Api.of(running, None, account_id=tenant.organization.id)
    said = {"billing": MONEY, "postal_address": {"main": ADDRESS}, **IN_BOTH_PLACES}
    platform("POST", f"/accounts/{tenant.organization.id}", {"id": tenant.organization.id, **said})
    account = Api.of(running, tenant.organization)("GET", "/accounts")
    assert isinstance(account, dict), "one object"
    assert account["postal_address"] == {"main": ADDRESS}
    for name, value in IN_BOTH_PLACES.items():
        assert account[name] == account["billing"][name] == value
    for name in TOLD_ONLY:
        assert account[name] == account["billing"][name]
    assert {name: account["billing"][name] for name in MONEY} == MONEY


def test_an_account_sends_back_what_it_was_told(api: Api) -> None:
    """A client that changes one field sends the whole object, what cannot be changed included."""
    account = api("GET", "/accounts")
    assert api("POST", f"/accounts/{account['id']}", {**account, "notes": "hello"}) == {
        **account,
        "notes": "hello",
    }


TRANSPORTS = (
    *("tcp_10065", "tcp_34540", "tcp_34560", "udp_10060", "udp_34540", "udp_34560"),
    *("tls_10061", "tls_34521", "tls_34541", "tls_34561", "wss_443"),
)


@pytest.mark.parametrize("kind", ["devices", "trunks"])
def test_every_transport_is_known(api: Api, kind: str) -> None:
    one = api.make(kind, name="One")
    for transport in TRANSPORTS:
        assert api("POST", f"/{kind}/{one}", {"id": one, "transport": transport})["transport"] == transport
    assert list(api.refused("POST", f"/{kind}/{one}", {"transport": "udp_1"})[1]) == ["transport"]


def test_every_brand_volume_and_direction_of_trunks_is_known(api: Api) -> None:
    trunk = api.make("trunks", name="Carrier")
    for name, values in (
        ("brand", ("unknown", "panasonic", "soft_switch_cloud", "v3m1", "niko")),
        ("concurrent_calls_volume", ("xsmall", "small", "medium", "large", "xlarge")),
        ("calls_direction", ("incoming", "outgoing", "both")),
        ("category", ("carrier", "pbx_connector", "inter_account")),
    ):
        for value in values:
            assert api("POST", "/trunks", {"id": trunk, name: value})[name] == value


def test_what_draws_flows_is_kept(api: Api) -> None:
    flow: dict[str, Any] = {
        "module": "hangup",
        "id": "n-1",
        "data": {"caption": "The end"},
        "children": {"_": {"module": "park", "id": 2, "data": {}, "children": {}}},
    }
    made = api.make("callflows", name="Main", flow=flow)
    assert api("GET", f"/callflows/{made}")["flow"] == flow
    (listed,) = api("GET", "/callflows")
    assert listed == {"id": made, "name": "Main", "numbers": [], "featurecode": False}


def test_every_delete_has_a_body_and_names_what_it_deletes(
    running: RunningPlatform, tenant: Tenant, api: Api
) -> None:
    for kind, id_name, more in (
        ("callflows", "callflow_id", {"flow": {"module": "hangup"}}),
        ("conferences", "conference_id", {}),
        ("devices", "device_id", {}),
        ("groups", "group_id", {}),
        ("medias", "media_id", {}),
        ("menus", "menu_id", {}),
        ("calendars", "calendar_id", {}),
        ("trunks", "trunk_id", {}),
        ("vmboxes", "vmbox_id", {"mailbox": "1"}),
    ):
        one = api.make(kind, name="One", **more)
        assert api("DELETE", f"/{kind}/{one}", {}) == {id_name: one}
    number = f"+3226{tenant.organization.id:06d}"
    trunk = api.make("trunks", name="Carrier")
    made = api("PUT", "/phone_numbers", {"id": number, "trunk_id": trunk})[number]["id"]
    assert api("GET", f"/phone_numbers/{made}")["number"] == number
    assert api("DELETE", f"/phone_numbers/{made}", {}) == {"phone_number_id": made}

    async def record() -> int:
        async with running.platform.storage.database.write(tenant.organization.id) as session:
            row = CallRecordingRow(name="Call", format="wav", details={})
            session.add(row)
            await session.flush()
            return row.id

    recording = running.run(record())
    assert api("GET", f"/recordings/{recording}")["format"] == "wav"
    assert api("DELETE", f"/recordings/{recording}", {}) == {"recording_id": recording}


def test_a_key_request_has_no_type_of_json(running: RunningPlatform) -> None:
    for content_type in ("text/plain;charset=UTF-8", ""):
        answer = running.http.put(
            "/v3.0/auth/account",
            content=json.dumps({"data": {"api_key": "wrong"}}),
            headers={"Content-Type": content_type},
        )
        assert answer.status_code == 401, answer.text


def test_function_keys_come_in_three_forms(api: Api) -> None:
    device = api.make("devices", name="Desk")
    path = f"/function_keys/device/{device}"
    one = {"key_id": 1, "line_id": 1, "type": "blf", "value": "101", "label": "Bob"}
    two = {**one, "key_id": 2, "type": "speed_dial"}
    assert api("POST", path, one) == [one] == api("GET", path)
    assert api("POST", path, {"0": one, "1": two}) == [one, two]
    assert api("POST", path, [two]) == [two] == api("GET", path)


def test_raw_sounds_are_json_for_whoever_accepts_that(
    running: RunningPlatform, tenant: Tenant, api: Api
) -> None:
    recordings = cast("Recordings", running.platform.telephony.resources.kinds["recordings"])
    directory = recordings.directory
    name = f"sdk-{tenant.organization.id}.wav"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / name).write_bytes(b"RIFF1234WAVE")

    async def record() -> int:
        async with running.platform.storage.database.write(tenant.organization.id) as session:
            row = CallRecordingRow(name="Call", format="wav", file=name, details={})
            session.add(row)
            await session.flush()
            return row.id

    path = f"/v3.0/recordings/{running.run(record())}/raw"
    headers = {"X-Auth-Token": api.token}
    assert running.http.get(path, headers=headers).content == b"RIFF1234WAVE"
    told = running.http.get(path, headers={**headers, "Accept": "application/json"}).json()["data"]
    assert (told["content_type"], base64.b64decode(told["content"])) == ("audio/wav", b"RIFF1234WAVE")


def test_details_of_errors_are_a_text_that_names_each_field(api: Api) -> None:
    error = api.send("PUT", "/menus", {"name": "", "retries": 99}).json()["error"]
    assert error["details"].startswith("name: ")
    assert "; retries: " in error["details"]
    assert sorted(error["fields"]) == ["name", "retries"]

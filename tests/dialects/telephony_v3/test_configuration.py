"""What resources have to do with each other: references, numbers, realms, secrets, and kinds of their own."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import subprocess
import threading
import wave
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text

from switchroom.db.base import now
from switchroom.errors import Invalid
from switchroom.identity.secrets import Passwords
from switchroom.telephony.resources import calendars
from switchroom.telephony.resources.conferences import ConferenceRow
from switchroom.telephony.resources.devices import Device, Registration
from switchroom.telephony.resources.trunks import TrunkRow
from tests.databases import ON_ONE_DATABASE
from tests.dialects.telephony_v3.client import Api
from tests.dialects.webmeeting_v6.client import Account
from tests.plain_http import NO_CERTIFICATES, PATIENCE
from tests.platform import RunningPlatform, Tenant
from tests.telephony.calls.office import ALWAYS

_BLOCKS = count(0, 10)
"""Telephone numbers are one account's on the whole platform: each test takes others."""


def _row(running: RunningPlatform, table: Any, row_id: int) -> Any:
    async def read() -> Any:
        async with running.platform.storage.database.read(None) as session:
            return await session.scalar(select(table).where(table.id == row_id))

    return running.run(read())


def _digest(username: str, realm: str, password: str) -> str:
    return hashlib.md5(f"{username}:{realm}:{password}".encode()).hexdigest()


# References


def test_what_is_used_is_not_deleted(api: Api) -> None:
    media = api.make("medias", name="Greeting")
    menu = api.make("menus", name="Welcome", media_id=media)
    flow = {"module": "menu", "data": {"id": menu}, "children": {"1": {"module": "hangup"}}}
    callflow = api.make("callflows", name="Main", numbers=["200"], flow=flow)

    refused = api.send("DELETE", f"/medias/{media}", {}).json()["error"]
    assert refused["type"] == "conflict"
    assert f"menu {menu} (Welcome)" in refused["message"]
    refused = api.send("DELETE", f"/menus/{menu}", {})
    assert (refused.status_code, f"callflow {callflow} (Main)" in refused.text) == (409, True)

    api("POST", f"/callflows/{callflow}", {"flow": {"module": "hangup"}})
    api("DELETE", f"/menus/{menu}", {})
    api("DELETE", f"/medias/{media}", {})


def test_what_is_named_must_be_there_and_be_the_accounts(running: RunningPlatform, api: Api) -> None:
    other = Api.of(running, running.organization("Other").organization)
    foreign = other.make("menus", name="Theirs")
    flow = {
        "module": "menu",
        "data": {"id": foreign},
        "children": {"1": {"module": "device", "data": {"id": 1 << 40}}, "2": {"module": "user"}},
    }
    status, fields = api.refused("PUT", "/callflows", {"name": "Main", "flow": flow})
    assert status == 400
    assert sorted(fields) == ["flow.children.1.data.id", "flow.children.2.data.id", "flow.data.id"]
    status, fields = api.refused("PUT", "/devices", {"name": "Desk", "owner_id": 1 << 40})
    assert (status, list(fields)) == (400, ["owner_id"])
    wrong = {"name": "Sales", "members": [{"member_id": 1 << 40, "member_type": "device"}]}
    assert list(api.refused("PUT", "/groups", wrong)[1]) == ["members[0].member_id"]


def test_what_uses_itself_is_deleted(api: Api) -> None:
    flow = api.make("callflows", name="Again", flow={"module": "hangup"})
    api("POST", f"/callflows/{flow}", {"flow": {"module": "callflow", "data": {"id": flow}}})
    group = api.make("groups", name="All")
    api("POST", f"/groups/{group}", {"members": [{"member_type": "group", "member_id": group}]})
    api("DELETE", f"/callflows/{flow}", {})
    api("DELETE", f"/groups/{group}", {})


def test_a_user_with_a_phone_is_not_deleted(tenant: Tenant, api: Api) -> None:
    person = tenant.person()
    assert tenant.administrator
    user = next(one["id"] for one in api("GET", "/users") if one["username"] == person.username)
    device = api.make("devices", name="Desk", owner_id=user)
    refused = api.send("DELETE", f"/users/{user}", {})
    assert (refused.status_code, f"device {device} (Desk)" in refused.text) == (409, True)
    assert [one["id"] for one in api("GET", "/devices", owner_id=user)] == [device]
    api("DELETE", f"/devices/{device}", {})
    api("DELETE", f"/users/{user}", {})


def test_an_organizer_who_is_used_is_not_removed(running: RunningPlatform) -> None:
    """By the Web Meeting API neither. What somebody used who has left is free."""
    account = Account(running)
    api = Api.of(running, account.organization)
    organizer = account.organizer()
    user = next(one["id"] for one in api("GET", "/users") if one["username"] == organizer["email"])
    media = api.make("medias", name="Music")
    api("POST", f"/users/{user}", {"music_on_hold_id": media})
    group = api.make("groups", name="Sales", members=[{"member_id": user}])
    path = f"/account/{account.id}/organizer/{organizer['id']}"

    assert f"group {group} (Sales)" in account.own().refused("DELETE", path).message
    assert api("GET", f"/users/{user}")["music_on_hold_id"] == media
    api("POST", f"/groups/{group}", {"members": []})
    account.own().delete(path)
    assert api.refused("GET", f"/users/{user}")[0] == 404
    api("DELETE", f"/medias/{media}", {})


def test_a_menu_is_not_deleted_while_a_callflow_begins_to_use_it(api: Api) -> None:
    """Whoever comes second is refused: there is never a callflow that names a menu that is gone."""
    for _ in range(10):
        menu = api.make("menus", name="Welcome")
        flow = {"name": "Main", "flow": {"module": "menu", "data": {"id": menu}}}
        found: dict[str, int] = {}

        def call(name: str, method: str, path: str, data: Any, found: dict[str, int] = found) -> None:
            with httpx.Client(
                verify=NO_CERTIFICATES, base_url=api.running.base_url, trust_env=False, timeout=PATIENCE
            ) as client:
                headers = {"X-Auth-Token": api.token}
                body = json.dumps({"data": data})
                answer = client.request(method, f"/v3.0{path}", content=body, headers=headers)
                found[name] = answer.status_code

        threads = [
            threading.Thread(target=call, args=("use", "PUT", "/callflows", flow)),
            threading.Thread(target=call, args=("delete", "DELETE", f"/menus/{menu}", {})),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (found["use"], found["delete"]) in ((200, 409), (400, 200))


# Numbers


def test_numbers_are_an_accounts_once(running: RunningPlatform, api: Api) -> None:
    hangup = {"module": "hangup"}
    first = api.make("callflows", name="One", numbers=["200", "+3225550100"], flow=hangup)
    for numbers in (["200"], ["+32 2 555 01 00"]):
        status, fields = api.refused("PUT", "/callflows", {"name": "Two", "numbers": numbers, "flow": hangup})
        assert (status, list(fields)) == (409, ["numbers[0]"])
    code = {"name": "voicemail", "number": "97"}
    api.make("callflows", name="Voicemail", featurecode=code, flow=hangup)
    assert api.refused("PUT", "/callflows", {"name": "x", "numbers": ["*97"], "flow": hangup})[0] == 409
    same = {"name": "x", "numbers": ["300"], "featurecode": code, "flow": hangup}
    assert api.refused("PUT", "/callflows", same) == (
        409,
        {"featurecode.number": "featurecode.number *97 is taken"},
    )
    twice = {"name": "x", "numbers": ["300", "3 00"], "flow": hangup}
    assert list(api.refused("PUT", "/callflows", twice)[1]) == ["numbers[1]"]
    api("DELETE", f"/callflows/{first}", {})
    api.make("callflows", name="Two", numbers=["200"], flow=hangup)
    other = Api.of(running, running.organization("Other").organization)
    other.make("callflows", name="Theirs", numbers=["200"], flow=hangup)

    api.make("vmboxes", name="Box", mailbox="100")
    assert api.refused("PUT", "/vmboxes", {"name": "Again", "mailbox": "100"}) == (
        409,
        {"mailbox": "mailbox 100 is taken"},
    )
    api.make("devices", name="Desk", username="desk")
    assert api.refused("PUT", "/devices", {"name": "Again", "username": "desk"})[0] == 409


def test_telephone_numbers(running: RunningPlatform, tenant: Tenant, api: Api) -> None:
    base = (
        3225000000
        + tenant.organization.id * 10
        + (1 if "postgresql" in str(running.platform.settings.database.url) else 2) * 500000
    )
    numbers = [f"+{base + place}" for place in range(3)]
    trunk = api.make("trunks", name="Carrier")
    made = api("PUT", "/phone_numbers", {"numbers": numbers[:2], "trunk_id": trunk, "carrier": "Proximus"})
    assert list(made) == numbers[:2]
    one = made[numbers[0]]
    assert (one["country"], one["trunk_name"], one["state"], one["used_by"]) == (
        "BE",
        "Carrier",
        "in_service",
        None,
    )
    for trunkless in ({}, {"trunk_id": None}):
        status, fields = api.refused("PUT", "/phone_numbers", {"id": numbers[2], **trunkless})
        assert (status, list(fields)) == (403, ["trunk_id"])
    assert api.refused("POST", f"/phone_numbers/{numbers[0]}", {"trunk_id": None})[0] == 403
    platform = Api.of(running, None, account_id=tenant.organization.id)
    platform("PUT", "/phone_numbers", {"id": numbers[2], "state": "reserved"})

    flow = api.make("callflows", name="Main", numbers=[numbers[0]], flow={"module": "hangup"})
    listed = api("GET", "/phone_numbers")
    assert list(listed) == numbers
    used = listed[numbers[0]]
    assert (used["used_by"], used["used_by_id"], used["used_by_name"]) == ("callflow", flow, "Main")
    assert api("GET", f"/phone_numbers/{numbers[0]}") == used == api("GET", f"/phone_numbers/{used['id']}")
    assert list(api("GET", "/phone_numbers", state="reserved")) == [numbers[2]]

    changed = api("POST", "/phone_numbers", {"phone_numbers": numbers[1:], "state": "disabled"})
    assert {number["state"] for number in changed.values()} == {"disabled"}
    status, fields = api.refused(
        "POST", "/phone_numbers", {"phone_numbers": [numbers[1], "+3225559999"], "state": "available"}
    )
    assert (status, list(fields)) == (400, ["phone_numbers[1]"])
    assert api("GET", f"/phone_numbers/{numbers[1]}")["state"] == "disabled"

    assert api.refused("DELETE", f"/phone_numbers/{numbers[0]}", {})[0] == 409
    assert api.refused("DELETE", f"/trunks/{trunk}", {})[0] == 409
    status, fields = api.refused("PUT", "/phone_numbers", {"numbers": ["+32", "x", f"+{base + 5}"]})
    assert (status, list(fields)) == (400, ["numbers[0]", "numbers[1]"])
    assert f"+{base + 5}" not in api("GET", "/phone_numbers")
    other = Api.of(running, running.organization("Other").organization)
    taken = {"numbers": [f"+{base + 6}", numbers[0]], "trunk_id": other.make("trunks", name="Theirs")}
    refused = other.refused("PUT", "/phone_numbers", taken)
    assert refused == (409, {"number": f"number {numbers[0]} is taken"})
    assert other("GET", "/phone_numbers") == {}
    number_id = made[numbers[1]]["id"]
    assert api("DELETE", f"/phone_numbers/{number_id}", {}) == {"phone_number_id": number_id}


# Realms and secrets


def test_a_device_signs_in_by_either_name(running: RunningPlatform, tenant: Tenant, api: Api) -> None:
    realm = api("GET", "/accounts")["realm"]
    prefix = realm.partition(".")[0]
    made = api("PUT", "/devices", {"name": "Desk"})
    assert made["realm"] == realm
    username, password = made["username"], made["password"]
    assert (len(username), username.isalnum(), username.islower() or username.isdigit()) == (8, True, True)
    assert len(password) == 19
    row = _row(running, Device, made["id"])
    assert row.ha1 == _digest(username, realm, password)
    assert row.ha1_prefixed == _digest(f"{prefix}.{username}", realm, password)
    assert "password" not in api("GET", f"/devices/{made['id']}")

    path = f"/devices/{made['id']}"
    assert list(api.refused("POST", path, {"username": "another"})[1]) == ["password"]
    api("POST", path, {"username": "another", "password": "chosen-by-hand"})
    row = _row(running, Device, made["id"])
    assert row.ha1 == _digest("another", realm, "chosen-by-hand")


def test_another_realm_leaves_phones_as_they_are(running: RunningPlatform, tenant: Tenant, api: Api) -> None:
    before = api("GET", "/accounts")["realm"]
    device = api.make("devices", name="Desk", username="desk", password="first-password")
    after = f"renamed-{tenant.organization.id}.example.org"
    assert api.refused("POST", "/accounts", {"realm": after})[0] == 403
    assert api("GET", "/accounts")["realm"] == before
    platform = Api.of(running, None, account_id=tenant.organization.id)
    assert platform("POST", "/accounts", {"realm": after})["realm"] == after

    row = _row(running, Device, device)
    assert (row.realm, row.ha1) == (before, _digest("desk", before, "first-password"))
    other = Api.of(running, running.organization("Other").organization)
    assert other.refused("POST", "/accounts", {"realm": before})[0] == 409  # both are the account's
    elsewhere = Api.of(running, None, account_id=other("GET", "/accounts")["id"])
    assert elsewhere.refused("POST", "/accounts", {"realm": after})[0] == 409
    api("POST", f"/devices/{device}", {"password": "second-password"})
    row = _row(running, Device, device)
    assert (row.realm, row.ha1) == (after, _digest("desk", after, "second-password"))
    assert other("POST", "/accounts", {"realm": before})["realm"] == before


def test_secrets_are_kept_as_they_are_needed(running: RunningPlatform, api: Api) -> None:
    conference = api.make("conferences", name="Monday", members_pin="804172")
    pin_hash = _row(running, ConferenceRow, conference).members_pin_hash
    assert "804172" not in pin_hash
    assert running.run(Passwords().verify(pin_hash, "804172"))
    api("POST", f"/conferences/{conference}", {"name": "Tuesday"})
    assert _row(running, ConferenceRow, conference).members_pin_hash == pin_hash
    api("POST", f"/conferences/{conference}", {"members_pin": None})
    assert _row(running, ConferenceRow, conference).members_pin_hash == ""

    trunk = api.make("trunks", name="Carrier", server="192.0.2.1", username="acme", password="at the carrier")
    kept = _row(running, TrunkRow, trunk).password_encrypted
    assert "carrier" not in kept
    assert running.platform.telephony.vault.decrypt(kept) == "at the carrier"
    api("POST", "/accounts", {"provision": {"admin_password": "of all phones", "admin_pin": "592361"}})
    whole = api.send("GET", "/accounts").text
    assert "provision" not in whole
    everything = running.run(_dump(running))
    for secret in ("804172", "at the carrier", "of all phones", "592361"):
        assert f'"{secret}"' not in everything


async def _dump(running: RunningPlatform) -> str:
    found: list[str] = []
    async with running.platform.storage.database.read(None) as session:
        for table in ("phone_conferences", "trunks", "telephony_accounts", "events"):
            rows = await session.execute(text(f"SELECT * FROM {table}"))
            found += [str(tuple(row)).replace("'", '"') for row in rows]
    return "\n".join(found)


# Accounts


def test_accounts(running: RunningPlatform, tenant: Tenant, api: Api) -> None:
    account = api("GET", "/accounts")
    assert (account["id"], account["name"]) == (tenant.organization.id, "Acme")
    assert account == api("GET", f"/accounts/{account['id']}")
    assert account["billing"]["realm"] == account["realm"]
    assert account["billing"]["parkings"] == account["parkings"]
    assert account["hostname_suffix"] == account["realm"].partition(".")[2]
    media = api.make("medias", name="Music")
    changed = api(
        "POST",
        "/accounts",
        {
            "id": account["id"],
            "name": "Acme Ltd",
            "music_on_hold_id": media,
            "postal_address": {"main": {"city": "Brussels"}},
            "parkings": {"main": {"enabled": True}},
            "billing": account["billing"],
        },
    )
    assert (changed["name"], changed["postal_address"]["main"]["city"]) == ("Acme Ltd", "Brussels")
    assert changed["parkings"]["main"] == {**account["parkings"]["main"], "enabled": True}
    assert api.refused("DELETE", f"/medias/{media}", {})[0] == 409
    status, fields = api.refused("POST", "/accounts", {"realm": "no_domain", "time_zone": "Mars"})
    assert (status, sorted(fields)) == (400, ["realm", "time_zone"])
    status, fields = api.refused("POST", "/accounts", {"billing": {"credit_limit": 1000}})
    assert (status, list(fields)) == (403, ["billing"])
    assert api.refused("GET", "/accounts/999999")[0] == 404
    assert api.refused("POST", "/accounts", {"id": 999999, "name": "Theirs"})[0] == 404


def test_accounts_of_the_platform(running: RunningPlatform, tenant: Tenant) -> None:
    everywhere = Api.of(running, None)
    root = everywhere("GET", "/accounts")
    assert {"id": tenant.organization.id, "name": "Acme"} in root["children"]
    path = f"/accounts/{tenant.organization.id}"
    assert everywhere("GET", path)["children"] == []
    assert everywhere("POST", path, {"billing": {"credit_limit": 1000}})["billing"]["credit_limit"] == 1000
    own = Api.of(running, tenant.organization)
    assert own("GET", "/accounts")["children"] == []
    assert own("GET", "/accounts")["billing"]["credit_limit"] == 1000


def test_two_accounts_of_one_name_have_two_realms(running: RunningPlatform) -> None:
    realms = [
        Api.of(running, running.organization("Müller & Söhne").organization)("GET", "/accounts")["realm"]
        for _ in range(3)
    ]
    assert len(set(realms)) == 3
    assert all(realm.startswith("mueller-soehne") for realm in realms)


# Contacts


def test_contacts(tenant: Tenant, api: Api) -> None:
    details = {
        "names": {"first": "Grace", "last": "Höpper"},
        "phone_numbers": {"mobiles": ["+32470555555"]},
    }
    (one,) = api("PUT", "/directories", {"details": details})
    contact = api("GET", f"/directories/{one}")
    assert (contact["phonebook"], contact["details"]["names"]["last"]) == ("global", "Höpper")
    several = {"phonebook": "customers", "contacts": [{"details": details}, {"phonebook": "other"}]}
    second, third = api("PUT", "/directories", several)
    assert api("GET", f"/directories/{second}")["phonebook"] == "customers"
    assert api("GET", f"/directories/{third}")["phonebook"] == "other"
    assert [found["id"] for found in api("GET", "/directories", search="höPP")] == [one, second]
    assert [found["id"] for found in api("GET", "/directories", phonebook="other")] == [third]

    change = {"details": {"company": {"name": "Navy"}}}
    assert api("POST", "/directories", {"id": one, **change}) == {"updated": [one]}
    changed = api("GET", f"/directories/{one}")["details"]
    assert (changed["company"]["name"], changed["names"]["first"]) == ("Navy", "Grace")
    both = {"contacts": [{"id": second, **change}, {"id": third, **change}]}
    assert api("POST", "/directories", both) == {"updated": [second, third]}
    twice = {"contacts": [{"id": third, "phonebook": "other"}, {"id": third, "details": details}]}
    assert api("POST", "/directories", twice) == {"updated": [third, third]}
    changed = api("GET", f"/directories/{third}")
    assert (changed["phonebook"], changed["details"]["names"]["last"]) == ("other", "Höpper")
    assert changed["details"]["company"]["name"] == "Navy"
    assert third in [found["id"] for found in api("GET", "/directories", search="höPP")]
    none = {"contacts": [{"id": second, "phonebook": "x"}, {"id": 1 << 40}]}
    status, fields = api.refused("POST", "/directories", none)
    assert (status, list(fields)) == (400, ["contacts[1].id"])
    assert api("GET", f"/directories/{second}")["phonebook"] == "customers"

    assert api.refused("POST", "/directories/delete", {"ids": [second, 1 << 40]})[0] == 400
    status, fields = api.refused("POST", "/directories/delete", {"ids": [1 << 40, third, second, 7 << 40]})
    assert (status, sorted(fields)) == (400, ["ids[0]", "ids[3]"])
    assert api("POST", "/directories/delete", {"ids": [third, second]}) == {"deleted": [second, third]}
    assert api("DELETE", f"/directories/{one}", {}) == {"deleted": [one]}
    assert api("GET", "/directories") == []


def test_ten_thousand_contacts_at_once_or_none(api: Api) -> None:
    contacts = [{"details": {"names": {"last": f"Name {n}"}}} for n in range(10_000)]
    ids = api("PUT", "/directories", {"contacts": contacts})
    assert len(set(ids)) == 10_000

    found: list[int] = []
    cursor = ""
    while True:
        page = api.send("GET", "/directories", limit=4000, cursor=cursor).json()
        found += [one["id"] for one in page["data"]]
        cursor = page["cursor"]
        if not cursor:
            break
    assert found == ids
    wrong = [*contacts[:9_999], {"user_id": 1 << 40}]
    status, fields = api.refused("PUT", "/directories", {"contacts": wrong})
    assert (status, list(fields)) == (400, ["contacts[9999].user_id"])
    assert api.refused("PUT", "/directories", {"contacts": [*contacts, {}]})[0] == 400
    changed = api("POST", "/directories", {"contacts": [{"id": one, "phonebook": "x"} for one in ids]})
    assert len(changed["updated"]) == 10_000
    assert len(api("POST", "/directories/delete", {"ids": ids})["deleted"]) == 10_000
    assert api("GET", "/directories") == []


def test_users_have_contacts_of_their_own(running: RunningPlatform, tenant: Tenant, api: Api) -> None:
    user, other = (Api(running, tenant.person().token) for _ in range(2))
    (shared,) = api("PUT", "/directories", {"details": {"names": {"last": "Shared"}}})
    (own,) = user("PUT", "/directories", {"details": {"names": {"last": "Own"}}})
    assert [one["id"] for one in user("GET", "/directories")] == [shared, own]
    assert [one["id"] for one in other("GET", "/directories")] == [shared]
    assert user.refused("POST", "/directories", {"id": shared, "phonebook": "x"})[0] == 403
    assert user.refused("DELETE", f"/directories/{shared}", {})[0] == 403
    assert other.refused("DELETE", f"/directories/{own}", {})[0] == 400
    assert user.refused("POST", "/directories", {"id": own, "user_id": None})[0] == 403
    assert user("DELETE", f"/directories/{own}", {}) == {"deleted": [own]}


# Sounds


def _tone(path: Path, *options: str) -> bytes:
    command = [
        "ffmpeg",
        "-nostdin",
        "-v",
        "error",
        "-y",
        "-f",
        "lavfi",
        "-i",
        "sine=440:duration=2",
        *options,
    ]
    subprocess.run([*command, str(path)], check=True, timeout=60)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("ending", "content_type"), [("wav", "audio/wav"), ("mp3", "audio/mpeg"), ("ogg", "audio/ogg")]
)
def test_a_sound_is_uploaded_and_downloaded(
    running: RunningPlatform, api: Api, tmp_path: Path, ending: str, content_type: str
) -> None:
    sound = _tone(tmp_path / f"tone.{ending}")
    media = api.make("medias", name="Tone")
    path, headers = f"/v3.0/medias/{media}/raw", {"X-Auth-Token": api.token}
    assert running.http.get(path, headers=headers).status_code == 404
    answer = running.http.put(path, content=sound, headers=headers)
    assert answer.status_code == 200, answer.text
    made = answer.json()["data"]
    assert (made["content_type"], made["size"]) == (content_type, len(sound))
    assert abs(made["duration"] - 2) < 0.2

    downloaded = running.http.get(path, headers=headers)
    assert (downloaded.content, downloaded.headers["content-type"]) == (sound, content_type)
    as_json = running.http.get(path, headers={**headers, "Accept": "application/json"}).json()["data"]
    assert (base64.b64decode(as_json["content"]), as_json["content_type"]) == (sound, content_type)
    again = json.dumps({"data": as_json}).encode()
    assert running.http.put(path, content=again, headers=headers).status_code == 200
    directory = running.platform.settings.data_directory / "telephony" / "medias"
    before = len(list(directory.iterdir()))
    api("DELETE", f"/medias/{media}", {})
    assert len(list(directory.iterdir())) == before - 2


def test_a_sound_that_is_a_playlist_reads_no_other_file(
    running: RunningPlatform, api: Api, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.mp3"
    _tone(secret)
    entries = ("#EXTM3U", "#EXT-X-TARGETDURATION:10", "#EXT-X-MEDIA-SEQUENCE:0", "#EXTINF:3,")
    playlist = "\n".join([*entries, secret.as_uri(), "#EXT-X-ENDLIST", ""]).encode()
    media = api.make("medias", name="Tone")
    answer = running.http.put(
        f"/v3.0/medias/{media}/raw",
        content=b"ID3\x03\0\0\0\0\0\x0a" + bytes(10) + playlist,
        headers={"X-Auth-Token": api.token},
    )
    assert answer.status_code == 400, answer.text


@ON_ONE_DATABASE
def test_a_sound_plays_half_an_hour_at_most(running: RunningPlatform, api: Api, tmp_path: Path) -> None:
    long = tmp_path / "long.wav"
    with wave.open(str(long), "wb") as file:
        file.setparams((1, 1, 4000, 0, "NONE", ""))
        file.writeframes(b"\x80" * 4000 * 1802)
    media = api.make("medias", name="Tone")
    headers = {"X-Auth-Token": api.token}
    answer = running.http.put(f"/v3.0/medias/{media}/raw", content=long.read_bytes(), headers=headers)
    assert (answer.status_code, "1800 seconds" in answer.text) == (400, True), answer.text


@pytest.mark.parametrize(
    "hunt",
    [{"allow": ["(1+)+$"]}, {"deny": ["1.*"]}, {"allow": [""]}, {"allow": ["1\n"]}, {"deny": ["1" * 36]}],
)
def test_a_menu_takes_beginnings_and_no_regular_expressions(api: Api, hunt: dict[str, list[str]]) -> None:
    (name,) = hunt
    status, fields = api.refused("PUT", "/menus", {"name": "Welcome", "hunt": hunt})
    assert (status, list(fields)) == (400, [f"hunt.{name}[0]"])
    api.make("menus", name="Welcome", hunt={"allow": ["^1", "2?0", "*97"]})


def test_calendars_are_read_where_nobody_waits(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may take a second; and what is there already is not read again."""
    seen: list[bool] = []
    read = calendars.problem_of

    def slow(text: str) -> Invalid | None:
        with suppress(RuntimeError):
            asyncio.get_running_loop()
            seen.append(True)
            return None
        seen.append(False)
        return read(text)

    monkeypatch.setattr(calendars, "problem_of", slow)
    made = api("PUT", "/calendars", {"name": "Hours", "ics": ALWAYS})
    assert seen == [False]
    api("POST", f"/calendars/{made['id']}", {"forced": "open"})
    assert seen == [False]
    for status, fields in (
        api.refused("POST", f"/calendars/{made['id']}", {"ics": "BEGIN:NOTHING", "time_zone": "Mars"}),
        api.refused("PUT", "/calendars", {"name": "Hours", "ics": "BEGIN:NOTHING", "time_zone": "Mars"}),
        api.refused("PUT", "/calendars", {"name": 5, "ics": "BEGIN:NOTHING"}),
    ):
        assert status == 400
        assert "ics" in fields
    assert seen == [False] * 4


def test_a_calendar_that_calls_cannot_read_is_refused(api: Api) -> None:
    seconds = ",".join(str(one) for one in range(60))
    event = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260101T000000\r\nDURATION:PT30S\r\n"
    rule = f"RRULE:FREQ=DAILY;BYHOUR=1;BYMINUTE=1;BYSECOND={seconds}\r\n"
    begin = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:test\r\n"
    for events in (f"{event}{rule}END:VEVENT\r\n", f"{event}END:VEVENT\r\n" * 501):
        ics = f"{begin}{events}END:VCALENDAR\r\n"
        status, fields = api.refused("PUT", "/calendars", {"name": "Hours", "ics": ics})
        assert (status, list(fields)) == (400, ["ics"])


_LINES = "x\r\nEvil: 1"


@pytest.mark.parametrize(
    ("kind", "said", "path"),
    [
        ("trunks", {"server": "sip.example.org", "username": _LINES}, "username"),
        ("trunks", {"server": "sip.example.org", "password": _LINES}, "password"),
        ("trunks", {"advanced": {"override_from_domain": _LINES}}, "advanced.override_from_domain"),
        ("trunks", {"advanced": {"override_from_user": "x\n"}}, "advanced.override_from_user"),
        ("devices", {"caller_id": {"external": {"name": _LINES}}}, "caller_id.external.name"),
        ("devices", {"call_forward": {"number": "1\r\n"}}, "call_forward.number"),
        ("devices", {"country": "XX"}, "country"),
        ("trunks", {"country": "ZZ"}, "country"),
    ],
)
def test_no_field_takes_line_ends_or_countries_that_are_none(
    api: Api, kind: str, said: dict[str, Any], path: str
) -> None:
    status, fields = api.refused("PUT", f"/{kind}", {"name": "One", **said})
    assert (status, list(fields)) == (400, [path])


def test_a_sound_in_base64_is_of_ascii(running: RunningPlatform, api: Api) -> None:
    media = api.make("medias", name="Tone")
    content = '{"data":{"content":"é"}}'.encode()
    headers = {"X-Auth-Token": api.token}
    assert running.http.put(f"/v3.0/medias/{media}/raw", content=content, headers=headers).status_code == 400


def test_a_change_that_makes_no_whole_is_refused_by_its_path(api: Api) -> None:
    callflow = api.make("callflows", name="Main", numbers=["298"], flow={"module": "hangup"})
    change = {"featurecode": {"number": "98"}}
    status, fields = api.refused("POST", f"/callflows/{callflow}", change)
    assert (status, list(fields)) == (400, ["featurecode.name"])


@pytest.mark.parametrize("cursor", ["1-" + "9" * 5000, "9" * 5000 + "-1", "1-" + "9" * 19])
def test_a_cursor_of_too_many_digits_is_refused(api: Api, cursor: str) -> None:
    status, fields = api.refused("GET", "/calls_history/all", cursor=cursor)
    assert (status, list(fields)) == (400, ["cursor"])


@pytest.mark.parametrize(
    "content", [b"", b"MZ not a sound", b"RIFF\0\0\0\0WAVEfmt broken", b"ID3 nothing", b"OggS"]
)
def test_what_is_no_sound_is_refused(running: RunningPlatform, api: Api, content: bytes) -> None:
    media = api.make("medias", name="Tone")
    headers = {"X-Auth-Token": api.token}
    answer = running.http.put(f"/v3.0/medias/{media}/raw", content=content, headers=headers)
    assert answer.status_code == 400, answer.text


def test_a_sound_has_at_most_eight_megabytes(running: RunningPlatform, api: Api) -> None:
    media = api.make("medias", name="Tone")
    headers = {"X-Auth-Token": api.token}
    large = b"RIFF\0\0\0\0WAVE" + bytes(8 << 20)
    answer = running.http.put(f"/v3.0/medias/{media}/raw", content=large, headers=headers)
    assert (answer.status_code, "8 MB" in answer.text) == (400, True)
    answer = running.http.put(f"/v3.0/medias/{media}/raw", content=bytes(17 << 20), headers=headers)
    assert answer.status_code == 413


# Devices


def test_where_devices_are_registered(running: RunningPlatform, tenant: Tenant, api: Api) -> None:
    first = api.make("devices", name="Desk", username="desk", hardware={"category": "phone"})
    second = api.make("devices", name="Elsewhere", external_sip_account=True)

    async def register() -> None:
        async with running.platform.storage.database.write(tenant.organization.id) as session:
            for number, expires in enumerate((timedelta(hours=1), timedelta(seconds=-1))):
                session.add(
                    Registration(
                        device_id=first,
                        contact=f"sip:desk@192.0.2.7:506{number}",
                        user_agent="snom",
                        contact_ip="192.0.2.7",
                        contact_port=5060 + number,
                        expires_at=now() + expires,
                    )
                )

    running.run(register())
    assert api("GET", "/devices/registrations") == [
        {
            "username": "desk",
            "name": "Desk",
            "owner_id": None,
            "category": "phone",
            "user_agent": "snom",
            "contact_ip": "192.0.2.7",
            "contact_port": 5060,
        }
    ]
    idle, offline = {"registered": True, "state": "idle"}, {"registered": False, "state": "offline"}
    assert api("GET", "/devices/status") == {str(first): idle, str(second): offline}
    assert api("GET", "/devices/status", external_sip_account="true") == {str(second): offline}
    assert api("GET", f"/devices/{first}")["status"] == idle
    assert [one["id"] for one in api("GET", "/devices", external_sip_account="false")] == [first]
    other = Api.of(running, running.organization("Other").organization)
    assert other("GET", "/devices/registrations") == []
    assert other("GET", "/devices/status") == {}


def test_function_keys_in_every_form(api: Api) -> None:
    device = api.make("devices", name="Desk")
    path = f"/function_keys/device/{device}"
    assert api("GET", path) == []
    lamp = {"key_id": 2, "line_id": 1, "type": "blf", "value": "101", "label": "Bob"}
    dial = {"key_id": 1, "line_id": 1, "type": "speed_dial", "value": "+3225550100", "label": "Us"}
    assert api("POST", path, [lamp, dial]) == [dial, lamp] == api("GET", path)
    assert api("POST", path, lamp) == [lamp]
    assert api("POST", path, {"0": lamp, "1": dial}) == [dial, lamp]
    assert api("POST", path, []) == []
    status, fields = api.refused("POST", path, [lamp, {"key_id": -1, "type": "bell"}])
    assert (status, sorted(fields)) == (400, ["[1].key_id", "[1].type"])
    assert api.refused("POST", path, [lamp, lamp])[0] == 400
    api("DELETE", f"/devices/{device}", {})
    assert api.refused("GET", path)[0] == 404


def test_networks(running: RunningPlatform, api: Api) -> None:
    assert api("GET", "/networks") == {"networks": []}
    office = {"address": "198.51.100.7", "network": "192.168.1.0", "netmask": "255.255.255.0"}
    assert api("POST", "/networks", {"networks": [office]}) == {"networks": [office]}
    assert api("GET", "/networks") == {"networks": [office]}
    api("POST", "/accounts", {"notes": "kept apart"})
    assert api("GET", "/networks") == {"networks": [office]}
    wrong = {"networks": [{"address": "x"}, {}, {"network": "10.0.0.0", "netmask": "255.0.255.0"}]}
    status, fields = api.refused("POST", "/networks", wrong)
    assert status == 400
    assert sorted(fields) == ["networks[0].address", "networks[1].address", "networks[2].netmask"]

"""What is refused because no call could do it, and what is kept in the form that calls read."""

from __future__ import annotations

import io
import json
import wave
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select

from switchroom.identity.models import Person
from switchroom.mail.models import QueuedMail
from switchroom.telephony.calls.loader import Loader
from switchroom.telephony.resources.recordings import CallRecordingRow, Recordings
from switchroom.telephony.resources.sounds import bytes_played
from tests.dialects.telephony_v3.client import Api
from tests.platform import RunningPlatform, Tenant

_HANGUP = {"module": "hangup"}


def _deep(levels: int) -> dict[str, Any]:
    flow: dict[str, Any] = _HANGUP
    for _ in range(levels):
        flow = {"module": "hangup", "children": {"_": flow}}
    return flow


# Callflows


@pytest.mark.parametrize(
    ("flow", "path"),
    [
        ({"module": "user", "data": {"id": 1, "timeout": -1}}, "flow.data.timeout"),
        ({"module": "user", "data": {"id": 1, "timeout": 1 << 40}}, "flow.data.timeout"),
        ({"module": "external", "data": {}}, "flow.data.number"),
        ({"module": "external", "data": {"number": "Anna"}}, "flow.data.number"),
        ({"module": "hangup", "children": {"1": {"module": "teleport"}}}, "flow.children.1.module"),
        ({"module": "hangup", "children": {"1": {}}}, "flow.children.1.module"),
        ({"module": "hangup", "children": {"": _HANGUP}}, "flow.children"),
        ({"module": "hangup", "data": "x"}, "flow.data"),
        ({"module": "queue", "data": {}}, "flow.data.id"),
        ({"module": "feature_code", "data": {"feature": "move"}}, "flow.module"),
        ({"module": "hangup", "children": {str(n): _HANGUP for n in range(500)}}, "flow"),
        (_deep(50), "flow" + ".children._" * 50),
    ],
)
def test_a_flow_that_calls_do_not_take_is_refused_by_its_path(
    api: Api, flow: dict[str, Any], path: str
) -> None:
    status, fields = api.refused("PUT", "/callflows", {"name": "Main", "flow": flow})
    assert status == 400
    assert path in fields
    made = api.make("callflows", name="Main", flow=_HANGUP)
    assert path in api.refused("POST", f"/callflows/{made}", {"flow": flow})[1]
    assert api("GET", f"/callflows/{made}")["flow"] == {**_HANGUP, "data": {}, "children": {}}


def test_a_flow_is_kept_as_calls_read_it(api: Api) -> None:
    """Some clients send numbers as texts, and empty lists for empty objects."""
    menu = api.make("menus", name="Welcome")
    flow: dict[str, Any] = {
        "module": "menu",
        "id": "n1",
        "data": {"id": str(menu), "caption": "Start", "more": {"x": [1]}},
        "children": {"1": {"module": "external", "data": {"number": "+32 2 555 01 00"}, "children": []}},
    }
    made = api("PUT", "/callflows", {"name": "Main", "flow": flow})
    external = {"module": "external", "data": {"number": "+32 2 555 01 00"}, "children": {}}
    assert made["flow"] == {
        **flow,
        "data": {"id": menu, "caption": "Start", "more": {"x": [1]}},
        "children": {"1": external},
    }
    assert api.refused("DELETE", f"/menus/{menu}", {})[0] == 409


def test_a_queue_uses_its_group(api: Api) -> None:
    group = api.make("groups", name="Sales", waiting_queue=True)
    flow = {"module": "queue", "data": {"id": group}}
    callflow = api.make("callflows", name="Main", flow=flow)
    assert api.refused("DELETE", f"/groups/{group}", {})[0] == 409
    gone = {"module": "queue", "data": {"id": 1 << 40}}
    assert list(api.refused("POST", f"/callflows/{callflow}", {"flow": gone})[1]) == ["flow.data.id"]


# Emergency numbers


@pytest.mark.parametrize(("country", "numbers"), [("BE", ["100", "101", "112"]), ("", ["110", "112"])])
def test_no_extension_is_an_emergency_number(api: Api, country: str, numbers: list[str]) -> None:
    """Whoever dials it is put through to the emergency service: such an extension would never ring."""
    api("POST", "/accounts", {"country": country})
    for number in numbers:
        refused = api.send("PUT", "/callflows", {"name": "Ada", "numbers": ["99", number], "flow": _HANGUP})
        error = refused.json()["error"]
        assert (refused.status_code, list(error["fields"])) == (400, ["numbers[1]"])
        assert f"{number} is an emergency number in {country or 'DE'}" in error["details"]
    api.make("callflows", name="Ada", numbers=["102"], flow=_HANGUP)


def test_no_country_makes_an_extension_an_emergency_number(api: Api) -> None:
    callflow = api.make("callflows", name="Ada", numbers=["100", "+3225550100"], flow=_HANGUP)
    refused = api.send("POST", "/accounts", {"country": "BE", "notes": "x"})
    error = refused.json()["error"]
    assert (refused.status_code, list(error["fields"])) == (400, ["country"])
    assert "extension 100" in error["details"]
    assert api("GET", "/accounts")["country"] == ""
    api("POST", f"/callflows/{callflow}", {"numbers": ["+3225550100"]})
    assert api("POST", "/accounts", {"country": "BE"})["country"] == "BE"


def test_nobody_forwards_to_an_emergency_number(tenant: Tenant, api: Api) -> None:
    person = tenant.person()
    user = next(one["id"] for one in api("GET", "/users") if one["username"] == person.username)
    device = api.make("devices", name="Desk", owner_id=user)
    path, forward = "call_forward.number", {"enabled": True, "number": "1 1-2"}
    for kind, one in (("users", user), ("devices", device)):
        assert list(api.refused("POST", f"/{kind}/{one}", {"call_forward": forward})[1]) == [path]
        somebody = {"call_forward": {"number": "Anna"}}
        assert list(api.refused("POST", f"/{kind}/{one}", somebody)[1]) == [path]
    # Where it is dialled counts: the device's country, else its owner's, else the account's.
    in_belgium = {"country": "BE", "call_forward": {"number": "100"}}
    assert list(api.refused("POST", f"/users/{user}", in_belgium)[1]) == [path]
    assert list(api.refused("POST", f"/devices/{device}", in_belgium)[1]) == [path]
    api("POST", f"/users/{user}", {"country": "BE"})
    assert list(api.refused("POST", f"/devices/{device}", {"call_forward": {"number": "100"}})[1]) == [path]
    api("POST", f"/devices/{device}", {"country": "DE", "call_forward": {"number": "100"}})
    api("POST", f"/users/{user}", {"call_forward": {"number": "+32470000000", "enabled": True}})


def test_restrictions_name_countries_and_kinds_that_there_are(api: Api) -> None:
    wrong = {"countries": {"BE": "allow", "XX": "deny", "": "deny"}, "kinds": {"emergency": "deny"}}
    for kind in ("devices", "trunks"):
        status, fields = api.refused("PUT", f"/{kind}", {"name": "One", "restriction": wrong})
        assert status == 400
        paths = ["countries", "countries.XX", "kinds.emergency"]
        assert sorted(fields) == [f"restriction.{path}" for path in paths]
    right = {"countries": {"BE": "allow", "001": "deny"}, "kinds": {"premium": "deny"}, "closed_groups": True}
    for kind in ("devices", "trunks"):
        made = api("PUT", f"/{kind}", {"name": "One", "restriction": right})
        assert made["restriction"] == right
    status, fields = api.refused("POST", "/accounts", {"restriction": wrong})
    assert (status, len(fields)) == (400, 3)


# Contacts


def test_no_contact_is_dropped(api: Api) -> None:
    ada, bob = ({"details": {"names": {"first": name}}} for name in ("Ada", "Bob"))
    one, other = api("PUT", "/directories", {"contacts": [ada, bob]})
    assert len(api("GET", "/directories")) == 2
    assert list(api.refused("PUT", "/directories", {**ada, "contacts": [bob]})[1]) == ["details"]
    assert list(api.refused("POST", "/directories", {"id": one, "contacts": [{"id": other}]})[1]) == ["id"]
    both = {"contacts": [{**bob, "id": one}, {**ada, "id": other}]}
    assert list(api.refused("POST", f"/directories/{one}", both)[1]) == ["contacts"]
    assert list(api.refused("POST", f"/directories/{one}", {"id": other, **bob})[1]) == ["id"]
    names = [found["details"]["names"]["first"] for found in api("GET", "/directories")]
    assert names == ["Ada", "Bob"]
    assert api("POST", f"/directories/{one}", {"contacts": [bob]}) == {"updated": [one]}
    assert api("POST", "/directories", both) == {"updated": [one, other]}


# People


def test_a_language_is_the_persons_in_mails_and_prompts(
    running: RunningPlatform, tenant: Tenant, api: Api
) -> None:
    assert tenant.administrator
    username = f"anna-{tenant.organization.id}@example.org"
    made = api("PUT", "/users", {"username": username, "language": "de"})
    assert made["language"] == "de"

    async def look() -> tuple[str, str]:
        async with running.platform.storage.database.read(None) as session:
            person = (await session.scalars(select(Person).where(Person.username == username))).one()
            mails = select(QueuedMail.payload).where(QueuedMail.recipient == username)
            return person.locale, str((await session.scalars(mails)).one())

    locale, mail = running.run(look())
    assert locale == "de"
    assert json.loads(mail)["locale"] == "de"
    device = api.make("devices", name="Desk", owner_id=made["id"])
    caller = running.run(_loader(running).caller(device, "200"))
    assert caller.user.language == "de"
    api("POST", f"/users/{made['id']}", {"language": "en"})
    assert running.run(_loader(running).caller(device, "200")).user.language == "en"


def test_who_names_no_language_has_that_of_the_account(tenant: Tenant, api: Api) -> None:
    api("POST", "/accounts", {"language": "fr"})
    username = f"luc-{tenant.organization.id}@example.org"
    assert api("PUT", "/users", {"username": username})["language"] == "fr"


def test_people_are_found_whatever_their_letters(tenant: Tenant, api: Api) -> None:
    tenant.person(first_name="Ärmel", last_name="Groß")
    tenant.person(first_name="Zoë", last_name="Ölmann")

    def found(text: str, **query: Any) -> list[str]:
        return [one["last_name"] for one in api("GET", "/users", search=text, **query)]

    assert found("ÄRMEL") == found("ärmel") == found("GROSS") == found("ärmel groß") == ["Groß"]
    assert found("ölM") == ["Ölmann"]
    assert found("ë") == ["Ölmann"]
    first = api.send("GET", "/users", search="@", limit=1).json()
    rest = api.send("GET", "/users", search="@", cursor=first["cursor"]).json()
    assert len(first["data"]) == 1
    assert len(rest["data"]) == len(api("GET", "/users")) - 1


# Recordings


def test_the_file_of_a_recording_goes_with_it(running: RunningPlatform, tenant: Tenant, api: Api) -> None:
    recordings = cast("Recordings", running.platform.telephony.resources.kinds["recordings"])
    name = f"call-{tenant.organization.id}.wav"
    file: Path = recordings.directory / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"RIFF....WAVE")

    async def add() -> int:
        async with running.platform.storage.database.write(tenant.organization.id) as session:
            row = CallRecordingRow(name="Call", format="wav", file=name, details={})
            session.add(row)
            await session.flush()
            return row.id

    recording = running.run(add())
    headers = {"X-Auth-Token": api.token}
    raw = running.http.get(f"/v3.0/recordings/{recording}/raw", headers=headers)
    assert (raw.content, raw.headers["content-type"]) == (b"RIFF....WAVE", "audio/wav")
    assert api("DELETE", f"/recordings/{recording}", {}) == {"recording_id": recording}
    assert not file.exists()
    assert api.refused("GET", f"/recordings/{recording}")[0] == 404


# Numbers of carriers


def test_nobody_takes_the_number_of_another_ac_digits(running: RunningPlatform, tenant: Tenant) -> None:
    """The operator is told who has it, and gives it to whose it is."""
    mine = Api.of(running, tenant.organization)
    other_tenant = running.organization("Other")
    theirs = Api.of(running, other_tenant.organization)
    number = f"+3225{_digits(running, tenant)}"
    mine("PUT", "/phone_numbers", {"id": number, "trunk_id": mine.make("trunks", name="Mine")})
    claim = {"id": number, "trunk_id": theirs.make("trunks", name="Theirs")}
    taken = (409, {"number": f"number {number} is taken"})
    assert theirs.refused("PUT", "/phone_numbers", claim) == taken
    assert theirs("GET", "/phone_numbers") == {}

    platform = Api.of(running, None)
    for_them = Api(running, platform.token, account_id=other_tenant.organization.id)
    status, fields = for_them.refused("PUT", "/phone_numbers", {"id": number})
    assert status == 409
    assert fields == {"number": f"account {tenant.organization.id} has the number {number}"}
    for_me = Api(running, platform.token, account_id=tenant.organization.id)
    for_me("DELETE", f"/phone_numbers/{number}", {})
    assert list(for_them("PUT", "/phone_numbers", {"id": number})) == [number]
    assert (
        mine.refused("PUT", "/phone_numbers", {"id": number, "trunk_id": mine.make("trunks", name="x")})
        == taken
    )


def test_an_operator_may_give_every_number(
    running: RunningPlatform, tenant: Tenant, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running.platform.telephony.resources.kinds["phone_numbers"], "are_claimed", False)
    number, trunk = f"+3225{_digits(running, tenant)}", api.make("trunks", name="Carrier")
    claim = {"id": number, "trunk_id": trunk}
    assert list(api.refused("PUT", "/phone_numbers", claim)[1]) == ["number"]
    Api.of(running, None, account_id=tenant.organization.id)("PUT", "/phone_numbers", claim)
    assert api("POST", f"/phone_numbers/{number}", {"state": "disabled"})["state"] == "disabled"


def test_a_trunk_of_the_platform_is_the_platforms(running: RunningPlatform, tenant: Tenant, api: Api) -> None:
    """Whoever changes where it leads has the calls; whoever says which numbers it brings, those of others."""
    platform = Api.of(running, None, account_id=tenant.organization.id)
    shared = {"name": "Shared", "server": "sip.carrier.example.org", "priv_level": "superduper"}
    assert api.refused("PUT", "/trunks", shared)[0] == 403
    trunk, own = platform.make("trunks", **shared), api.make("trunks", name="Own")
    assert api.refused("POST", f"/trunks/{own}", {"priv_level": "superduper"})[0] == 403
    for change in ({"server": "sip.attacker.example.org"}, {"priv_level": "admin"}, {"enabled": False}):
        status, fields = api.refused("POST", f"/trunks/{trunk}", change)
        assert (status, list(fields)) == (403, ["priv_level"])
    assert api.refused("DELETE", f"/trunks/{trunk}", {})[0] == 403
    assert api("GET", f"/trunks/{trunk}")["server"] == shared["server"]

    number = f"+3226{_digits(running, tenant)}"
    claim = {"id": number, "trunk_id": trunk}
    assert list(api.refused("PUT", "/phone_numbers", claim)[1]) == ["trunk_id"]
    api("PUT", "/phone_numbers", {"id": number, "trunk_id": own})
    assert list(api.refused("POST", f"/phone_numbers/{number}", {"trunk_id": trunk})[1]) == ["trunk_id"]
    platform("POST", f"/phone_numbers/{number}", {"trunk_id": trunk})
    assert api("POST", f"/phone_numbers/{number}", {"state": "disabled"})["trunk_id"] == trunk
    platform("POST", f"/trunks/{trunk}", {"server": "sip2.carrier.example.org"})


def test_a_trunk_takes_no_unknown_caller_id(api: Api) -> None:
    unknown = {"name": "Carrier", "caller_id_used": "whatever"}
    assert list(api.refused("PUT", "/trunks", unknown)[1]) == ["caller_id_used"]
    assert api("PUT", "/trunks", {**unknown, "caller_id_used": "internal"})["caller_id_used"] == "internal"


def _digits(running: RunningPlatform, tenant: Tenant) -> str:
    """Six digits of this test's own, in either database."""
    kind = "7" if "postgresql" in str(running.platform.settings.database.url) else "8"
    return f"{kind}{tenant.organization.id:05d}"


def _loader(running: RunningPlatform) -> Any:
    telephony = running.platform.telephony
    return Loader(running.platform.storage.database, telephony.vault, telephony.resources.kinds)


# Sounds


def test_the_sounds_of_an_account_have_a_quota(
    running: RunningPlatform, tenant: Tenant, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As uploaded and as played, together; one that takes another's place takes its room."""
    files = running.platform.telephony.sounds
    sound = _second_of_silence()
    monkeypatch.setattr(files, "quota", 3 * (len(sound) + bytes_played(1010)))

    def upload(media: int) -> int:
        headers = {"X-Auth-Token": api.token}
        answer = running.http.put(f"/v3.0/medias/{media}/raw", content=sound, headers=headers)
        if answer.status_code == 413:
            error = answer.json()["error"]
            assert (error["type"], list(error["fields"])) == ("too_large", ["file"])
        return answer.status_code

    medias = [api.make("medias", name=f"Tone {n}") for n in range(4)]
    assert [upload(media) for media in medias] == [200, 200, 200, 413]
    assert upload(medias[0]) == 200
    assert api("GET", f"/medias/{medias[3]}")["size"] == 0
    api("DELETE", f"/medias/{medias[0]}", {})
    assert upload(medias[3]) == 200
    other = Api.of(running, running.organization("Other").organization)
    headers = {"X-Auth-Token": other.token}
    theirs = other.make("medias", name="Tone")
    answer = running.http.put(f"/v3.0/medias/{theirs}/raw", content=sound, headers=headers)
    assert answer.status_code == 200


def _second_of_silence() -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16000))
    return content.getvalue()

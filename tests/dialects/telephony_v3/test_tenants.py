"""Accounts apart: every operation of the API, by the ids of another account's things. Nothing is told, and
nothing changes."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from switchroom.identity.permissions import Standing
from switchroom.telephony.control.messages import Participant
from switchroom.telephony.resources.calls_history import CallRecord
from switchroom.telephony.resources.recordings import CallRecordingRow, Recordings
from tests.databases import ON_ONE_DATABASE
from tests.dialects.telephony_v3.client import Api
from tests.platform import RunningPlatform, Tenant
from tests.telephony.control.board import Board
from tests.telephony.voicemail.boxes import BoxOfOwner
from tests.telephony.voicemail.tones import write_tone

LIMIT = 60.0
SECRET = "Kronjuwel"
"""What is in everything that an account has."""

_ELSEWHERE = re.compile(r"/auth/|/documentation/|/openapi\.json")
_HANGUP = {"module": "hangup"}


class House(BoxOfOwner):
    """An account with one of everything, by the names of kinds."""

    def __init__(self, running: RunningPlatform, directory: Path, board: Board) -> None:
        super().__init__(running, directory, name=SECRET)
        api, self.ids = self.api, dict[str, int | str]()
        self.ids["accounts"] = self.organization_id
        self.ids["users"], self.ids["vmboxes"] = self.owner, self.id
        api("POST", "/accounts", {"notes": SECRET})
        api("POST", f"/users/{self.owner}", {"first_name": SECRET})
        self.ids["messages"] = int(self.leave(number="+3225550100").id)
        self.ids["devices"] = api.make("devices", name=SECRET, owner_id=self.owner, hostname=SECRET)
        api("POST", f"/function_keys/device/{self.ids['devices']}", [_key(SECRET)])
        for kind in ("menus", "groups", "calendars", "medias", "trunks"):
            self.ids[kind] = api.make(kind, name=SECRET)
        self._sound()
        self.ids["conferences"] = api.make("conferences", name=SECRET, owner_id=self.owner)
        flow = {"module": "hangup", "data": {"caption": SECRET}}
        self.ids["callflows"] = api.make("callflows", name=SECRET, numbers=["200"], flow=flow)
        self.number = f"+32277{self.organization_id:05d}{'1' if _is_postgresql(running) else '2'}"
        number = {"numbers": [self.number], "trunk_id": self.ids["trunks"], "assigned_to": SECRET}
        self.ids["phone_numbers"] = api("PUT", "/phone_numbers", number)[self.number].get("id", self.number)
        details = {"names": {"first": SECRET}}
        (self.ids["directories"],) = api("PUT", "/directories", {"user_id": self.owner, "details": details})
        api("POST", "/networks", {"networks": [{"address": "192.0.2.1"}]})
        hook = {"name": SECRET, "url": "https://crm.example.org/in", "types": ["menu.*"]}
        self.ids["webhooks"] = api("PUT", "/webhooks", hook)["id"]
        api("POST", f"/menus/{self.ids['menus']}", {"retries": 2})
        self.ids["attempts"] = self._attempt()
        running.run(self._rows())
        recordings = cast("Recordings", running.platform.telephony.resources.kinds["recordings"])
        recordings.directory.mkdir(parents=True, exist_ok=True)
        (recordings.directory / f"{SECRET}-{self.organization_id}.wav").write_bytes(b"RIFF....WAVE")
        board.add(
            self.organization_id,
            f"channel-{self.organization_id}",
            caller_id_name=SECRET,
            owner_id=self.owner,
            authorizing_id=self.ids["devices"],
            authorizing_type="device",
        )
        self.ids["channels"] = f"channel-{self.organization_id}"
        somebody = Participant(id="p", name=SECRET, number="1", owner_id=None, muted=False, timestamp=1)
        board.meeting[self.organization_id, self.ids["conferences"]] = {"p": somebody}

    async def _rows(self) -> None:
        async with self.running.platform.storage.database.write(self.organization_id) as session:
            file = f"{SECRET}-{self.organization_id}.wav"
            recording = CallRecordingRow(name=SECRET, format="wav", file=file, details={})
            record = CallRecord(direction="internal", caller_id_name=SECRET, owner_id=self.owner)
            session.add_all((recording, record))
            await session.flush()
            self.ids["recordings"], self.ids["calls_history"] = recording.id, record.id

    def _sound(self) -> None:
        sound = write_tone(self.directory / "sound.wav", 440, 0.5).read_bytes()
        path = f"/v3.0/medias/{self.ids['medias']}/raw"
        headers = {"X-Auth-Token": self.api.token}
        assert self.running.http.put(path, content=sound, headers=headers).status_code == 200

    def _attempt(self) -> int:
        deadline = time.monotonic() + LIMIT
        while not (found := self.api("GET", f"/webhooks/{self.ids['webhooks']}/attempts")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return found[0]["id"]

    def state(self) -> dict[str, Any]:
        """All that the account's administrators are told, but for how web hooks get on."""
        found: dict[str, Any] = {}
        for method, template in operations(self.running):
            if method == "GET" and "quickcall" not in template and "webhooks/{id}" not in template:
                path = self.path_of(template)
                answer = self.send(method, path)
                assert answer.status_code == 200, (path, answer.text)
                if template == "/directories":  # where each user has their own
                    found[path] = [one for one in answer.json()["data"] if one["user_id"] == self.owner]
                elif template not in ("/events", "/webhooks"):
                    found[path] = answer.content
        return found

    def send(self, method: str, path: str, token: str | None = None, body: Any = None, **query: Any) -> Any:
        return send(self.running, method, path, self.api.token if token is None else token, body, **query)

    def path_of(self, template: str) -> str:
        """A path of the account's things."""
        kind = template.split("/")[1]
        values = {
            "attempt_id": self.ids["attempts"],
            "message_id": self.ids["messages"],
            "uuid": self.ids["channels"],
            "number": "201",
            "participant": "p",
        }
        if "{id}" in template:
            values["id"] = self.ids["devices" if kind == "function_keys" else kind]
        return re.sub(r"{(\w+)}", lambda found: str(values[found[1]]), template)


def _is_postgresql(running: RunningPlatform) -> bool:
    return "postgresql" in str(running.platform.settings.database.url)


def _key(label: str) -> dict[str, Any]:
    return {"key_id": 1, "type": "blf", "value": "101", "label": label}


def operations(running: RunningPlatform) -> list[tuple[str, str]]:
    """Methods and templates of all operations on what accounts have."""
    document = running.http.get("/v3.0/openapi.json").json()
    return [
        (method.upper(), path.removeprefix("/v3.0"))
        for path, methods in document["paths"].items()
        for method in methods
        if not _ELSEWHERE.search(path)
    ]


def send(
    running: RunningPlatform, method: str, path: str, token: str, body: Any = None, **query: Any
) -> httpx.Response:
    headers = {"X-Auth-Token": token} if token else {}
    content = None if body is None else json.dumps({"data": body})
    return running.http.request(method, f"/v3.0{path}", content=content, headers=headers, params=query)


def bodies(house: House, template: str) -> Iterator[Any]:
    """What may be meant to change something of the house."""
    kind = template.split("/")[1]
    mine = house.ids.get("devices" if kind == "function_keys" else kind)
    yield {}
    yield {"id": mine, "name": "taken"}
    yield {"id": mine, "name": "taken", "action": "hangup", "folder": "deleted", "ids": [mine]}
    yield {"action": "mute", "number": "201", "device_id": house.ids["devices"], "phonebook": "taken"}
    yield {"action": "redeliver", "phone_numbers": [house.number], "state": "disabled"}
    yield [_key("taken")]


@pytest.fixture
def house(running: RunningPlatform, tmp_path: Path, board: Board) -> House:
    return House(running, tmp_path, board)


Intruder = Callable[[RunningPlatform, Tenant, House], str]


def _other_account(running: RunningPlatform, tenant: Tenant, house: House) -> str:
    return Api.of(running, tenant.organization).token


def _administrator_elsewhere(running: RunningPlatform, tenant: Tenant, house: House) -> str:
    return tenant.person(Standing.ADMINISTRATOR).token


def _user_elsewhere(running: RunningPlatform, tenant: Tenant, house: House) -> str:
    return tenant.person().token


def _other_user(running: RunningPlatform, tenant: Tenant, house: House) -> str:
    return house.tenant.person().token


@pytest.mark.parametrize("intruder", [_other_account, _administrator_elsewhere, _user_elsewhere, _other_user])
def test_nobody_gets_at_anothers(
    running: RunningPlatform, tenant: Tenant, house: House, board: Board, intruder: Intruder
) -> None:
    # Where the account is said, more is asked of the database than where it is not.
    queries = [{"account_id": house.organization_id}]
    if not _is_postgresql(running):
        queries.append({})
    token = intruder(running, tenant, house)
    before = house.state()
    for where, names_one, answer in walked(house, token, queries):
        assert answer.status_code < 500 or answer.status_code == 501, where
        assert SECRET not in answer.text, where
        if names_one:
            assert answer.status_code in (400, 403, 404), where
    assert board.done == []
    assert house.state() == before


@ON_ONE_DATABASE
def test_nobody_gets_anything_without_a_key(running: RunningPlatform, house: House, board: Board) -> None:
    before = house.state()
    for where, _, answer in walked(house, "", [{}, {"account_id": house.organization_id}]):
        assert answer.status_code == 401, where
        assert SECRET not in answer.text, where
    assert board.done == []
    assert house.state() == before


def walked(
    house: House, token: str, queries: Sequence[Mapping[str, int]]
) -> Iterator[tuple[object, bool, httpx.Response]]:
    """Answers of all operations by the ids of the house: what was asked, and whether it named something."""
    walk = operations(house.running)
    assert len(walk) > 100
    for method, template in walk:
        path = house.path_of(template)
        names_one = path != template and "quickcall" not in template
        for body in bodies(house, template) if method in ("POST", "PUT", "DELETE") else (None,):
            for query in queries:
                answer = house.send(method, path, token, body, **query)
                yield (
                    (method, template, body, query, answer.status_code, answer.text[:300]),
                    names_one,
                    answer,
                )


REFERENCES: list[tuple[str, str, Callable[[dict[str, Any]], dict[str, Any]]]] = [
    ("devices", "owner_id", lambda ids: {"name": "x", "owner_id": ids["users"]}),
    ("devices", "music_on_hold_id", lambda ids: {"name": "x", "music_on_hold_id": ids["medias"]}),
    *[
        ("users", name, lambda ids, name=name, kind=kind: {"username": "x@example.org", name: ids[kind]})
        for name, kind in (
            ("music_on_hold_id", "medias"),
            ("browserphone_id", "devices"),
            ("quickcall_device", "devices"),
        )
    ],
    ("groups", "music_on_hold_id", lambda ids: {"name": "x", "music_on_hold_id": ids["medias"]}),
    *[
        (
            "groups",
            "members[0].member_id",
            lambda ids, kind=kind: {
                "name": "x",
                "members": [{"member_id": ids[f"{kind}s"], "member_type": kind}],
            },
        )
        for kind in ("user", "device", "group")
    ],
    ("menus", "media_id", lambda ids: {"name": "x", "media_id": ids["medias"]}),
    ("conferences", "owner_id", lambda ids: {"name": "x", "owner_id": ids["users"]}),
    ("vmboxes", "owner_id", lambda ids: {"name": "x", "mailbox": "7", "owner_id": ids["users"]}),
    ("phone_numbers", "trunk_id", lambda ids: {"id": "+32277999999", "trunk_id": ids["trunks"]}),
    ("directories", "user_id", lambda ids: {"user_id": ids["users"]}),
    *[
        (
            "callflows",
            f"flow.children._.data.{field}",
            lambda ids, module=module, field=field, kind=kind: {
                "name": "x",
                "flow": {
                    "module": "hangup",
                    "children": {"_": {"module": module, "data": {"number": "1", field: ids[kind]}}},
                },
            },
        )
        for module, field, kind in (
            ("user", "id", "users"),
            ("device", "id", "devices"),
            ("group", "id", "groups"),
            ("queue", "id", "groups"),
            ("voicemail", "id", "vmboxes"),
            ("check_voicemail", "id", "vmboxes"),
            ("menu", "id", "menus"),
            ("calendar", "id", "calendars"),
            ("play", "id", "medias"),
            ("conference", "id", "conferences"),
            ("callflow", "id", "callflows"),
            ("external", "trunk_id", "trunks"),
        )
    ],
]
"""Every field that names another resource: the kind, the field, and what one would be made of."""


def test_nobody_uses_anothers(running: RunningPlatform, api: Api, house: House) -> None:
    before = house.state()
    for kind, field, made_of in REFERENCES:
        status, fields = api.refused("PUT", f"/{kind}", made_of(house.ids))
        assert (status, list(fields)) == (400, [field]), (kind, field)
    account = {"music_on_hold_id": house.ids["medias"]}
    assert api.refused("POST", "/accounts", account)[0] == 400
    assert api.refused("PUT", "/quickcall", {"device_id": house.ids["devices"], "number": "1"})[0] == 404
    assert api.refused("PUT", "/quickcall", {"user_id": house.ids["users"], "number": "1"})[0] == 404
    assert house.state() == before


def test_every_reference_is_in_the_table(running: RunningPlatform) -> None:
    """As far as drafts say so: fields that are called an id."""
    no_references = {"caller_id", "hotdesk_id"}
    named: set[tuple[str, str]] = set()
    for kind in running.platform.telephony.resources.kinds.values():
        if kind.name != "recordings":  # which callers do not make
            named |= {(kind.name, name) for name in kind.fields if name.endswith("_id")}
    known = {(kind, field) for kind, field, _ in REFERENCES} | {("accounts", "music_on_hold_id")}
    assert {one for one in named - known if one[1] not in no_references} == set()

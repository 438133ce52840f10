"""Lists and objects that lie deep within each other, in every field that takes any JSON: what is taken is
given back, and all else is refused."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping

import pytest
from msgspec import Struct

from tests.dialects.telephony_v3.client import Api
from tests.dialects.webmeeting_v6.client import Account
from tests.platform import RunningPlatform

DEPTHS = (100, 124, 128, 129, 300, 600, 900, 940, 960, 980, 1000)
TAKEN, REFUSED = 100, 129
"""Levels, those of the message around them aside."""

PLACE = '"place"'


class Field(Struct, frozen=True):
    """A field of any JSON: the call that sets it, its message with `PLACE` for the value, and the lists that
    show it."""

    method: str
    path: str
    message: str
    lists: str
    headers: Mapping[str, str]


def _v6(running: RunningPlatform) -> Field:
    account = Account(running)
    headers = {"x-api-key": account.instance.key, "x-user-id": account.user_id}
    start = "2027-01-01T10:00:00.000Z"
    message = json.dumps({"topic": "x", "startTime": start, "documents": ["place"]})
    return Field("POST", "/api/v6/meeting", message, "/api/v6/meeting", headers)


def _v3(kind: str, **fields: object) -> Callable[[RunningPlatform], Field]:
    def field(running: RunningPlatform) -> Field:
        token = Api.of(running, running.organization().organization).token
        message = json.dumps({"data": fields}).replace("deep@", f"{secrets.token_hex(6)}@")
        return Field("PUT", f"/v3.0/{kind}", message, f"/v3.0/{kind}", {"x-auth-token": token})

    return field


FIELDS: Mapping[str, Callable[[RunningPlatform], Field]] = {
    "documents of meetings": _v6,
    "config of devices": _v3("devices", name="x", config={"a": "place"}),
    "advanced of users": _v3(
        "users", username="deep@example.org", first_name="A", last_name="B", advanced={"a": "place"}
    ),
    "custom data of web hooks": _v3(
        "webhooks", name="x", url="https://example.org/x", custom_data={"a": "place"}
    ),
    "data of flows": _v3("callflows", name="x", flow={"module": "hangup", "data": {"a": "place"}}),
}


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_no_depth_breaks_anything(running: RunningPlatform, name: str, opening: str, closing: str) -> None:
    field = FIELDS[name](running)
    statuses: dict[int, tuple[int, str]] = {}
    for depth in DEPTHS:
        body = field.message.replace(PLACE, opening * depth + "1" + closing * depth)
        sent = running.http.request(field.method, field.path, content=body, headers=field.headers)
        shown = running.http.get(field.lists, headers=field.headers)
        assert shown.status_code == 200, (depth, shown.text)
        statuses[depth] = sent.status_code, sent.text[:300]
    assert {depth for depth, (status, _) in statuses.items() if status >= 500} == set(), statuses
    assert {depth for depth in DEPTHS if depth >= REFUSED and statuses[depth][0] != 400} == set(), statuses
    assert statuses[TAKEN][0] in (200, 201) or "hangup" in field.message, statuses[TAKEN]


def test_no_depth_of_a_sound_in_json_breaks_anything(running: RunningPlatform) -> None:
    api = Api.of(running, running.organization().organization)
    path, headers = f"/v3.0/medias/{api.make('medias', name='x')}/raw", {"x-auth-token": api.token}
    for depth in (50, 1000, 50_000):
        body = b'{"data": {"content": "", "x": ' + b"[" * depth + b"]" * depth + b"}}"
        assert running.http.post(path, content=body, headers=headers).status_code == 400

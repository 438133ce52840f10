"""Messages of voicemail boxes over the API: whose they are, and what is done with them."""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from switchroom.identity.permissions import Standing
from switchroom.telephony.routing.voicemail.box import MOST_MESSAGES
from switchroom.telephony.voicemail.messages import MOST_ARCHIVED
from switchroom.telephony.voicemail.models import VoicemailMessage
from tests.dialects.telephony_v3.client import Api
from tests.platform import RunningPlatform
from tests.telephony.voicemail.boxes import BoxOfOwner
from tests.telephony.voicemail.tones import share_of, write_tone


@pytest.fixture
def owned(running: RunningPlatform, tmp_path: Path) -> BoxOfOwner:
    return BoxOfOwner(running, tmp_path)


def _raw(owned: BoxOfOwner, path: str, accept: str = "*/*", **query: str) -> Any:
    headers = {"X-Auth-Token": owned.api.token, "Accept": accept}
    return owned.running.http.get(f"/v3.0{path}/raw", headers=headers, params=query)


def test_messages_are_listed_and_read(owned: BoxOfOwner) -> None:
    ids = [int(owned.leave().id) for _ in range(3)]

    first = owned.api.send("GET", owned.path, limit=2).json()
    assert [one["id"] for one in first["data"]] == ids[:2]
    rest = owned.api.send("GET", owned.path, limit=2, cursor=first["cursor"]).json()
    assert ([one["id"] for one in rest["data"]], rest["cursor"]) == (ids[2:], "")
    message = owned.api("GET", f"{owned.path}/{ids[0]}")
    assert message == first["data"][0]
    timestamp = message.pop("timestamp")
    assert isinstance(timestamp, int)
    assert message == {
        "id": ids[0],
        "media_id": ids[0],
        "from": "+3225550100",
        "to": "100",
        "caller_id_name": "Zoë Weiß",
        "caller_id_number": "+3225550100",
        "call_id": "call-1",
        "folder": "new",
        "length": 1000,
    }


def test_messages_are_heard(owned: BoxOfOwner) -> None:
    path = f"{owned.path}/{owned.leave(hertz=523).id}"

    answer = _raw(owned, path)
    assert answer.headers["content-type"] == "audio/wav"
    assert share_of(answer.content, 523) > 0.9
    said = _raw(owned, path, "application/json").json()["data"]
    assert (said["content_type"], base64.b64decode(said["content"])) == ("audio/wav", answer.content)
    small = _raw(owned, path, format="mp3")
    assert small.headers["content-type"] == "audio/mpeg"
    assert 0 < len(small.content) < len(answer.content) / 2
    assert _raw(owned, path, format="flac").status_code == 400
    owned.files[0].unlink()
    for kind in ("wav", "mp3"):
        assert _raw(owned, path, format=kind).status_code == 404


def _content(owned: BoxOfOwner, seconds: float = 1.0) -> str:
    sound = write_tone(owned.directory / "sent.wav", 523, seconds).read_bytes()
    return base64.b64encode(sound).decode()


def test_a_message_is_added_as_if_a_caller_had_left_it(owned: BoxOfOwner) -> None:
    said = {"from": "+3225550100", "to": "100", "caller_id_name": "Zoë Weiß", "call_id": "call-1"}
    made = owned.api("PUT", owned.path, {**said, "content": _content(owned)})
    assert 1000 <= made["length"] < 1010
    assert made.items() >= {**said, "caller_id_number": "+3225550100", "folder": "new"}.items()
    assert owned.api("GET", owned.path) == [made]
    assert share_of(_raw(owned, f"{owned.path}/{made['id']}").content, 523) > 0.9
    assert len(owned.files) == 1
    headers = {"X-Auth-Token": owned.api.token}
    events = owned.running.http.get("/v3.0/events", headers=headers, params={"type": "voicemail.left"})
    (left,) = events.json()["data"]
    assert left["data"].items() >= {"message_id": made["id"], "mailbox": "100"}.items()


def test_what_is_no_message_is_not_added(owned: BoxOfOwner) -> None:
    for wrong in (None, "x", 1, base64.b64encode(b"text").decode(), _content(owned, seconds=0.3)):
        status, fields = owned.api.refused("PUT", owned.path, {"content": wrong} if wrong else {})
        assert (status, list(fields)) == (400, ["content"]), wrong
    status, fields = owned.api.refused("PUT", owned.path, {"content": "x", "from": "1\n2", "to": 1})
    assert (status, sorted(fields)) == (400, ["content", "from", "to"])
    assert (owned.api("GET", owned.path), owned.files) == ([], [])


def test_a_full_box_takes_no_message(owned: BoxOfOwner) -> None:
    async def fill() -> None:
        async with owned.running.platform.storage.database.write(owned.organization_id) as session:
            for number in range(MOST_MESSAGES):
                fields = {"milliseconds": 1000, "file": f"{number}", "size": 1}
                session.add(
                    VoicemailMessage(organization_id=owned.organization_id, box_id=owned.id, **fields)
                )

    owned.running.run(fill())
    status, fields = owned.api.refused("PUT", owned.path, {"content": _content(owned)})
    assert (status, list(fields), owned.files) == (413, ["id"], [])


def test_messages_move_between_folders(owned: BoxOfOwner) -> None:
    first, second, third = (int(owned.leave().id) for _ in range(3))
    api, path = owned.api, owned.path

    def folder(name: str) -> list[int]:
        return [one["id"] for one in api("GET", path, folder=name)]

    assert api("POST", f"{path}/{first}", {"folder": "saved"})["folder"] == "saved"
    assert (folder("new"), folder("saved")) == ([second, third], [first])
    assert api("DELETE", f"{path}/{second}", {}) == {"message_id": second}
    assert folder("deleted") == [second]
    assert api("POST", f"{path}/{second}", {"folder": "new"})["folder"] == "new"
    assert api("DELETE", path, {}, folder="new") == {"deleted": [second, third]}
    assert api("DELETE", path, {}) == {"deleted": [first]}
    assert folder("deleted") == [first, second, third]
    assert api("DELETE", f"{path}/{first}", {}) == {"message_id": first}
    assert len(owned.files) == 2
    assert api("DELETE", path, {}, folder="deleted") == {"deleted": [second, third]}
    assert (api("GET", path), owned.files) == ([], [])


def test_a_folder_may_be_said_in_the_address(owned: BoxOfOwner) -> None:
    path = f"{owned.path}/{owned.leave().id}"
    assert owned.api("POST", path, {}, folder="saved")["folder"] == "saved"
    headers = {"X-Auth-Token": owned.api.token}
    plain = owned.running.http.post(f"/v3.0{path}", params={"folder": "new"}, headers=headers)
    assert plain.json()["data"]["folder"] == "new"
    status, fields = owned.api.refused("POST", path, {"folder": "saved"}, folder="spam")
    assert (status, list(fields)) == (400, ["folder"])


def test_a_list_of_messages_is_deleted(owned: BoxOfOwner) -> None:
    first, second, third = (int(owned.leave().id) for _ in range(3))
    status, fields = owned.api.refused("DELETE", owned.path, {"messages": [first, third + 1]})
    assert (status, list(fields)) == (400, ["messages[1]"])
    assert len(owned.api("GET", owned.path, folder="new")) == 3
    assert owned.api("DELETE", owned.path, {"messages": [third, first, first]}) == {"deleted": [first, third]}
    assert [one["folder"] for one in owned.api("GET", owned.path)] == ["deleted", "new", "deleted"]
    assert owned.api("DELETE", owned.path, {"messages": [first, second]}) == {"deleted": [first, second]}
    assert (len(owned.api("GET", owned.path)), len(owned.files)) == (2, 2)
    for wrong in ([], "1", ["x"], [0.5]):
        assert owned.api.refused("DELETE", owned.path, {"messages": wrong})[0] == 400
    headers = {"X-Auth-Token": owned.api.token}
    emptied = owned.running.http.delete(f"/v3.0{owned.path}", headers=headers)
    assert emptied.json()["data"] == {"deleted": []}, "all that are left are deleted ones"


def test_several_messages_are_heard_at_once(owned: BoxOfOwner) -> None:
    ids = [int(owned.leave(hertz=hertz).id) for hertz in (440, 523, 659)]
    headers = {"X-Auth-Token": owned.api.token}
    answer = owned.running.http.post(
        f"/v3.0{owned.path}/raw", json={"data": {"messages": ids[:2]}}, headers=headers
    )
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == [f"message-{one}.wav" for one in ids[:2]]
        assert share_of(archive.read(f"message-{ids[1]}.wav"), 523) > 0.9
    assert owned.api.refused("POST", f"{owned.path}/raw", {"messages": [ids[0], 0]})[0] == 400
    assert owned.api.refused("POST", f"{owned.path}/raw", {})[0] == 400
    stranger = Api.of(owned.running, owned.running.organization("Other").organization)
    assert stranger.refused("POST", f"{owned.path}/raw", {"messages": ids})[0] == 404
    assert stranger.refused("DELETE", owned.path, {"messages": ids})[0] == 404

    async def grow() -> None:
        async with owned.running.platform.storage.database.write(owned.organization_id) as session:
            row = await session.get(VoicemailMessage, ids[2])
            assert row is not None
            row.size = MOST_ARCHIVED

    owned.running.run(grow())
    assert owned.api.refused("POST", f"{owned.path}/raw", {"messages": ids})[1].keys() == {"messages"}


def test_many_messages_are_deleted_at_once(owned: BoxOfOwner) -> None:
    async def fill() -> None:
        async with owned.running.platform.storage.database.write(owned.organization_id) as session:
            for number in range(230):
                fields = {"milliseconds": 1000, "file": f"{number}", "size": 1}
                session.add(
                    VoicemailMessage(organization_id=owned.organization_id, box_id=owned.id, **fields)
                )

    owned.running.run(fill())
    ids = [one["id"] for one in owned.api("GET", owned.path, limit=1000)]
    assert len(ids) == 230
    for folder in ("new", "deleted"):
        assert owned.api("DELETE", owned.path, {}, folder=folder) == {"deleted": ids}
    assert owned.api("GET", owned.path) == []


def test_what_is_refused_of_messages(owned: BoxOfOwner) -> None:
    path = f"{owned.path}/{owned.leave().id}"
    status, fields = owned.api.refused("POST", path, {"folder": "spam"})
    assert (status, list(fields)) == (400, ["folder"])
    assert owned.api.refused("POST", path, {})[0] == 400
    for method in ("GET", "DELETE"):
        status, fields = owned.api.refused(method, owned.path, folder="spam")
        assert (status, list(fields)) == (400, ["folder"])
    assert owned.api.refused("GET", owned.path, limit=0, cursor="x")[0] == 400
    for missing in ("0", "x", str(1 << 62), str(1 << 70)):
        assert owned.api.refused("GET", f"{owned.path}/{missing}")[0] == 404
        assert owned.api.refused("GET", f"/vmboxes/{missing}/messages")[0] == 404
    other = owned.api.make("vmboxes", name="Other", mailbox="101")
    assert owned.api.refused("GET", path.replace(str(owned.id), str(other)))[0] == 404


def test_messages_are_the_owners_and_the_administrators(owned: BoxOfOwner) -> None:
    message = owned.leave()
    people = [owned.tenant.person(Standing.PARTICIPANT) for _ in range(2)]
    owner, colleague = (Api(owned.running, one.token) for one in people)
    own_id = next(one["id"] for one in owned.api("GET", "/users") if one["username"] == people[0].username)
    owned.api("POST", f"/vmboxes/{owned.id}", {"owner_id": own_id})
    stranger = Api.of(owned.running, owned.running.organization("Other").organization)
    path = f"{owned.path}/{message.id}"

    for other in (colleague, stranger):
        for method, address in (
            ("GET", owned.path),
            ("DELETE", owned.path),
            ("GET", path),
            ("POST", path),
            ("DELETE", path),
            ("GET", f"{path}/raw"),
        ):
            answer = other.send(method, address, {"folder": "deleted"})
            assert answer.status_code == 404, (method, address, answer.text)
        assert other.refused("PUT", owned.path, {"content": _content(owned)})[0] == 404
    assert owned.api("GET", path)["folder"] == "new"
    assert owner("PUT", owned.path, {"content": _content(owned)})["folder"] == "new"
    assert owner("POST", path, {"folder": "saved"})["folder"] == "saved"
    assert owner("DELETE", path, {}) == {"message_id": int(message.id)}

"""What callers and owners do to voicemail boxes by telephone, on a real database with real files."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from switchroom.db.base import now
from switchroom.identity.models import SignInFailure
from switchroom.telephony.resources.medias import MediaRow
from switchroom.telephony.routing.voicemail.box import MOST_MESSAGES, Folder, Recording
from switchroom.telephony.voicemail.mailboxes import BoxFull, LeftMessage, NoSuchBox
from switchroom.telephony.voicemail.models import VoicemailMessage
from switchroom.telephony.voicemail.retention import Retention
from tests.dialects.telephony_v3.client import Api
from tests.platform import RunningPlatform
from tests.telephony.voicemail.boxes import BoxOfOwner
from tests.telephony.voicemail.tones import share_of, write_tone
from tests.telephony.waits import prolong_waits


@pytest.fixture
def owned(running: RunningPlatform, tmp_path: Path) -> BoxOfOwner:
    return BoxOfOwner(running, tmp_path)


def test_a_message_is_kept_with_its_sound(owned: BoxOfOwner) -> None:
    first, second = owned.leave(hertz=440), owned.leave("", hertz=800)

    box = owned.box()
    assert [one.id for one in box.of(Folder.NEW)] == [first.id, second.id]
    assert [(one.number, one.length) for one in box.messages] == [("+3225550100", 1000), ("", 1000)]
    sounds = owned.running.run(owned.mailboxes.sounds_of(owned.organization_id, owned.id))
    assert share_of(sounds[second.id].read_bytes(), 800) > 0.9
    assert len(owned.files) == 2
    assert {stat.S_IMODE(one.stat().st_mode) for one in owned.files} == {0o600}


def test_boxes_are_found_by_number_owner_and_extension(owned: BoxOfOwner) -> None:
    to_owner = {"module": "user", "data": {"id": owned.owner}}
    owned.api.make("callflows", name="Owner", numbers=["117"], flow=to_owner)
    to_box = {"module": "voicemail", "data": {"id": owned.id}}
    owned.api.make("callflows", name="Box", numbers=["118"], flow=to_box)
    run, mailboxes, account = owned.running.run, owned.mailboxes, owned.organization_id

    for number in ("100", "117", "118"):
        found = run(mailboxes.box_of_number(account, number))
        assert found is not None
        assert found.id == owned.id
    found = run(mailboxes.box_of_owner(account, owned.owner))
    assert found is not None
    assert found.id == owned.id
    assert run(mailboxes.box_of_number(account, "119")) is None
    other = owned.running.organization("Other").organization.id
    assert run(mailboxes.box(other, owned.id)) is None
    assert run(mailboxes.box_of_number(other, "100")) is None
    with pytest.raises(NoSuchBox):
        run(mailboxes.set_up(other, owned.id))


def test_a_full_box_takes_no_more(owned: BoxOfOwner) -> None:
    first = owned.leave()

    async def fill() -> None:
        async with owned.running.platform.storage.database.write(owned.organization_id) as session:
            for number in range(MOST_MESSAGES - 2):
                message = VoicemailMessage(
                    organization_id=owned.organization_id,
                    box_id=owned.id,
                    milliseconds=1000,
                    file=f"{number}",
                    size=1,
                )
                session.add(message)

    owned.running.run(fill())
    recorded = write_tone(owned.directory / "recorded.wav")

    async def both() -> list[object]:
        """Two callers who leave the last message at once."""
        message = LeftMessage(milliseconds=1000)
        save = owned.mailboxes.save_message
        return await asyncio.gather(
            *(save(owned.organization_id, owned.id, recorded, message) for _ in range(2)),
            return_exceptions=True,
        )

    outcomes = owned.running.run(both())
    assert sorted(isinstance(one, BoxFull) for one in outcomes) == [False, True]
    assert owned.box().is_full
    assert len(owned.files) == 2, "of the one that was refused nothing is left"
    move = owned.mailboxes.move_message
    owned.running.run(move(owned.organization_id, owned.id, int(first.id), Folder.DELETED))
    assert not owned.box().is_full, "deleted messages take no room"
    owned.leave()


def test_an_account_has_so_much_room(running: RunningPlatform, tmp_path: Path) -> None:
    owned = BoxOfOwner(running, tmp_path)
    message = owned.leave()

    async def grow() -> None:
        async with running.platform.storage.database.write(owned.organization_id) as session:
            large = update(VoicemailMessage).where(VoicemailMessage.id == int(message.id))
            await session.execute(large.values(size=2_000_000_000))
            for number in range(5):
                session.add(
                    VoicemailMessage(
                        organization_id=owned.organization_id,
                        box_id=owned.id,
                        milliseconds=1,
                        file=f"{number}",
                        size=2_000_000_000,
                    )
                )

    running.run(grow())
    assert owned.box().is_full
    with pytest.raises(BoxFull):
        owned.leave()


def test_greetings_are_sounds_of_the_account(owned: BoxOfOwner) -> None:
    run, mailboxes, account = owned.running.run, owned.mailboxes, owned.organization_id
    sounds = owned.running.platform.telephony.sounds
    tone = write_tone(owned.directory / "greeting.wav", 600)

    run(mailboxes.save_recording(account, owned.id, Recording.GREETING, tone, 1000))
    first = owned.box().greeting_id
    assert first is not None
    media = _media(owned, first)
    assert share_of(sounds.played(media.version).read_bytes(), 600) > 0.9
    assert owned.api("GET", f"/medias/{first}")["duration"] == 1.0
    run(mailboxes.save_recording(account, owned.id, Recording.GREETING, tone, 1000))
    second = owned.box().greeting_id
    assert second not in (None, first)
    assert not sounds.played(media.version).exists()
    assert owned.api.refused("GET", f"/medias/{first}")[0] == 404
    run(mailboxes.save_recording(account, owned.id, Recording.TEMPORARY_GREETING, tone, 1000))
    temporary = owned.box().temporary_greeting_id
    assert temporary is not None
    run(mailboxes.delete_temporary_greeting(account, owned.id))
    run(mailboxes.delete_temporary_greeting(account, owned.id))
    assert owned.box().temporary_greeting_id is None

    # An administrator may delete it too: the platform's greeting is played then.
    owned.api("DELETE", f"/medias/{second}", {})
    assert owned.box().greeting_id is None


def _media(owned: BoxOfOwner, media_id: int) -> MediaRow:
    async def read() -> MediaRow:
        async with owned.running.platform.storage.database.read(owned.organization_id) as session:
            return (await session.scalars(select(MediaRow).where(MediaRow.id == media_id))).one()

    return owned.running.run(read())


def test_the_first_visit_and_the_settings(owned: BoxOfOwner) -> None:
    run, mailboxes, account = owned.running.run, owned.mailboxes, owned.organization_id
    assert not owned.box().is_set_up
    run(mailboxes.set_up(account, owned.id))
    run(mailboxes.set_announcement_only(account, owned.id, is_on=True))
    run(mailboxes.set_pin(account, owned.id, "987654"))

    # Changes by the API leave it as it is.
    owned.api("POST", f"/vmboxes/{owned.id}", {"name": "Jürgen Groß", "require_pin": True})

    box = owned.box()
    assert (box.is_set_up, box.is_announcement_only, box.require_pin) == (True, True, True)
    assert run(mailboxes.log_in(account, "100", "1234", "device 1")) is None
    opened = run(mailboxes.log_in(account, "100", "987654", "device 1"))
    assert opened is not None
    assert opened.id == owned.id


def test_who_guesses_pins_has_to_wait(owned: BoxOfOwner) -> None:
    run, mailboxes, account = owned.running.run, owned.mailboxes, owned.organization_id
    assert run(mailboxes.log_in(account, "100", "1234", "own device")) is not None
    assert run(mailboxes.log_in(account, "999", "1234", "device 7")) is None

    began = now()
    for guess in range(30):
        assert run(mailboxes.log_in(account, "100", f"{guess:04}", "device 7")) is None
    prolong_waits(owned.running, began)

    assert run(mailboxes.log_in(account, "100", "1234", "device 7")) is None, "the right one, too late"
    assert run(mailboxes.log_in(account, "100", "1234", "own device")) is not None

    async def later() -> None:
        async with owned.running.platform.storage.database.write(None) as session:
            await session.execute(update(SignInFailure).values(blocked_until=now() - timedelta(seconds=1)))

    run(later())
    assert run(mailboxes.log_in(account, "100", "1234", "device 7")) is not None


def test_a_box_without_a_pin_is_not_opened_by_one(owned: BoxOfOwner) -> None:
    owned.api("POST", f"/vmboxes/{owned.id}", {"pin": None})
    log_in = owned.mailboxes.log_in
    for pin in ("", "1234"):
        assert owned.running.run(log_in(owned.organization_id, "100", pin, "device 1")) is None
    assert not owned.box().has_pin


def test_a_message_is_forwarded_into_another_box(owned: BoxOfOwner) -> None:
    message = owned.leave(hertz=500)
    other = owned.api.make("vmboxes", name="Other", mailbox="101")
    forward, account = owned.mailboxes.forward_message, owned.organization_id

    owned.running.run(forward(account, owned.id, int(message.id), "101"))

    (copy,) = owned.api("GET", f"/vmboxes/{other}/messages")
    assert (copy["folder"], copy["caller_id_number"], copy["length"]) == ("new", "+3225550100", 1000)
    owned.api("DELETE", f"{owned.path}/{message.id}", {})
    owned.api("DELETE", f"{owned.path}/{message.id}", {})
    sounds = owned.running.run(owned.mailboxes.sounds_of(account, other))
    assert share_of(sounds[str(copy["id"])].read_bytes(), 500) > 0.9
    with pytest.raises(NoSuchBox):
        owned.running.run(forward(account, other, copy["id"], "555"))


def test_old_messages_and_files_of_none_go(owned: BoxOfOwner) -> None:
    old, fresh = owned.leave(), owned.leave()
    (stray, new_stray) = (owned.files[0].with_name(name) for name in ("stray.wav", "new.wav"))
    for file in (stray, new_stray):
        file.write_bytes(b"x")
    long_ago = time.time() - 7200
    os.utime(stray, (long_ago, long_ago))
    parts = owned.running.platform.telephony.message_files.parts
    (left := parts / "call-left").mkdir(parents=True)
    (parts / "call-now").mkdir()
    os.utime(left, (0, 0))
    storage, telephony = owned.running.platform.storage, owned.running.platform.telephony

    async def tidy() -> None:
        async with storage.database.write(owned.organization_id) as session:
            aged = update(VoicemailMessage).where(VoicemailMessage.id == int(old.id))
            await session.execute(aged.values(received_at=now() - timedelta(days=94)))
        await Retention(storage.database, telephony.message_files, timedelta(days=93)).tidy()

    owned.running.run(tidy())

    assert [one.id for one in owned.box().messages] == [fresh.id]
    assert len(owned.files) == 2
    assert [one.name for one in parts.iterdir()] == ["call-now"]
    (parts / "call-now").rmdir()
    assert not stray.exists()
    assert new_stray.exists(), "it may belong to a message that is being written"


def test_a_box_takes_its_sounds_with_it(owned: BoxOfOwner) -> None:
    owned.leave()
    run, account = owned.running.run, owned.organization_id
    tone = write_tone(owned.directory / "name.wav")
    run(owned.mailboxes.save_recording(account, owned.id, Recording.NAME, tone, 1000))
    (media,) = (one["id"] for one in owned.api("GET", "/medias"))
    version = _media(owned, media).version

    owned.api("DELETE", f"/vmboxes/{owned.id}", {})

    assert owned.files == []
    assert owned.api.refused("GET", f"/medias/{media}")[0] == 404
    assert not owned.running.platform.telephony.sounds.played(version).exists()


def test_messages_are_events(owned: BoxOfOwner) -> None:
    message = owned.leave()
    api: Api = owned.api
    api("POST", f"{owned.path}/{message.id}", {"folder": "saved"})
    for _ in range(2):
        api("DELETE", f"{owned.path}/{message.id}", {})

    events = api("GET", "/events", type="voicemail.*")

    assert [one["type"] for one in events] == [
        "voicemail.left",
        "voicemail.moved",
        "voicemail.moved",
        "voicemail.deleted",
    ]
    left = events[0]["data"]
    assert (left["mailbox"], left["caller_id_number"], left["length"]) == ("100", "+3225550100", 1000)
    assert {one["data"]["message_id"] for one in events} == {int(message.id)}

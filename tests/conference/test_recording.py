"""The recording of a conference as its people notice it, at a media server to which nobody sends anything."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec import structs

from switchroom.conference.media import recording
from switchroom.conference.media.feeds import Feed
from switchroom.conference.media.simulcast import PublishLayers, WantedLayers, Wishes
from switchroom.conference.room import recording as recording_of_room
from switchroom.conference.room.participants import Source
from switchroom.conference.signalling import session
from switchroom.conference.signalling.session import RECORDING_BURST
from switchroom.db.database import Database
from switchroom.engines.janus.engine import JanusEngine
from switchroom.engines.janus.server import JanusServer
from switchroom.errors import ErrorCode, Unavailable
from switchroom.identity.notices import RecordingRuleChanged
from switchroom.meetings.notices import MeetingChanged, MeetingOver
from switchroom.meetings.recordings.sessions import RecordingSessions
from switchroom.rooms.admission import Admission
from switchroom.rooms.permissions import MODERATOR, PARTICIPANT
from tests.conference.room import Message, RoomServer, room_server
from tests.engines.waiting import until

pytestmark = [pytest.mark.janus, pytest.mark.asyncio(loop_scope="module")]

MEETING = "meeting-1"
ON = {"microphone": True, "camera": False, "screen": False}


class Reel:
    """A recording that keeps what it is told."""

    def __init__(self, number: int, directory: Path) -> None:
        self.id = f"reel-{number}"
        self.directory = str(directory / self.id)
        self.names: dict[str, str] = {}
        self.renewed = 0
        self.is_lost = False
        self.ended = False

    async def note_people(self, names: Mapping[str, str]) -> None:
        self.names.update(names)

    async def renew(self) -> bool:
        self.renewed += 1
        return not self.is_lost

    async def end(self) -> None:
        self.ended = True


class Reels:
    """Gives out recordings, unless it is `full`; fails as often as it is told to. `of` are the meetings that
    they are of, None for rooms without one."""

    can_record = True

    def __init__(self, directory: Path) -> None:
        self.given: list[Reel] = []
        self.of: list[str | None] = []
        self.asked = 0
        self.full = False
        self.failures = 0
        self._directory = directory

    async def require_place(self) -> None:
        if self.full:
            raise Unavailable(ErrorCode.RECORDING_UNAVAILABLE)

    async def begin(self, organization_id: int, room_id: str, meeting_id: str | None) -> Reel | None:
        self.asked += 1
        assert (organization_id, room_id) == (1, "lounge")
        self.of.append(meeting_id)
        if self.failures:
            self.failures -= 1
            raise OSError("the disk is away")
        if self.full:
            return None
        self.given.append(Reel(len(self.given), self._directory))
        return self.given[-1]


@pytest.fixture
def reels(tmp_path: Path) -> Reels:
    return Reels(tmp_path)


@pytest_asyncio.fixture(loop_scope="module")
async def studio(janus: JanusEngine, reels: Reels) -> AsyncIterator[RoomServer]:
    configuration = janus.configuration
    media = JanusServer(configuration.url, configuration.api_secret)
    async with room_server([media], recording_sessions=reels) as opened:
        yield opened


def is_told(recording: bool) -> Callable[[Message], bool]:
    def fits(message: Message) -> bool:
        room = message.get("room", {})
        told = (room.get("recording"), room.get("toBeRecorded"))
        return message["type"] == "room.updated" and told == (recording, recording)

    return fits


def told_of(server: RoomServer) -> list[tuple[str, object]]:
    kept = [(kind, data) for kind, _, data in server.notes.kept if ".recording_st" in kind]
    return [(kind, data["recording_id"]) for kind, data in kept]


def plan(server: RoomServer, *names: str, recorded: bool) -> None:
    """The meeting is to be recorded, or not, from now on."""
    for name in names:
        admission = server.gate.admissions[name]
        assert isinstance(admission, Admission)
        room = structs.replace(admission.room, recorded=recorded)
        server.gate.admissions[name] = structs.replace(admission, room=room)


async def test_everybody_is_told_and_it_ends_with_the_last(studio: RoomServer, reels: Reels) -> None:
    ada = await studio.enter("Ada", MODERATOR, meeting_id=MEETING, recorded=True)
    await ada.hears(is_told(True))
    ben = await studio.enter("Ben", meeting_id=MEETING, recorded=True)
    assert ben.joined["room"]["recording"] is True
    waiting = await studio.connect()
    cleo = studio.admit("Cleo", waits=True, meeting_id=MEETING, recorded=True)
    answer = await waiting.ask("join", token=cleo, roomId="lounge")
    assert (answer["type"], answer["room"]["recording"]) == ("waiting", True)
    (reel,) = reels.given
    await ada.send("leave")
    await ada.closed()
    assert not reel.ended
    await ben.send("leave")
    await until(lambda: reel.ended)
    assert told_of(studio) == [("meeting.recording_started", reel.id), ("meeting.recording_stopped", reel.id)]
    assert reels.of == [MEETING]
    await waiting.hears(lambda told: told["type"] == "waiting" and told["room"]["recording"] is False)


async def test_a_meeting_that_is_closed_ends_its_recording(studio: RoomServer, reels: Reels) -> None:
    ada = await studio.enter("Ada", meeting_id=MEETING, recorded=True)
    await ada.hears(is_told(True))
    await studio.bus.publish(MeetingOver(1, "lounge"))
    assert await ada.closed() == 4006
    await until(lambda: reels.given[0].ended)


async def test_where_there_is_no_place_nobody_is_told(studio: RoomServer, reels: Reels) -> None:
    reels.full = True
    ada = await studio.enter("Ada", meeting_id=MEETING, recorded=True)
    await until(lambda: reels.asked > 0)
    ben = await studio.enter("Ben", meeting_id=MEETING, recorded=True)
    assert ben.joined["room"]["recording"] is False
    assert not [message for message in await ada.everything() if is_told(True)(message)]
    assert (reels.asked, told_of(studio)) == (1, [])


async def test_it_begins_when_the_disk_is_back(
    studio: RoomServer, reels: Reels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "RETRY_AFTER", 0.05)
    reels.failures = 2
    ada = await studio.enter("Ada", meeting_id=MEETING, recorded=True)
    await ada.hears(is_told(True))
    assert reels.asked == 3


async def test_it_is_switched_on_and_off_while_people_are_inside(studio: RoomServer, reels: Reels) -> None:
    ada = await studio.enter("Ada", meeting_id=MEETING)
    for number in range(2):
        plan(studio, "Ada", recorded=True)
        await studio.bus.publish(MeetingChanged(1, "lounge", None))
        await ada.hears(is_told(True))
        plan(studio, "Ada", recorded=False)
        await studio.bus.publish(MeetingChanged(1, "lounge", None))
        await ada.hears(is_told(False))
        assert reels.given[number].ended
    assert len(told_of(studio)) == 4


async def test_one_that_is_nobodys_any_more_is_not_shown_as_going_on(
    studio: RoomServer, reels: Reels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "RENEW_EVERY", 0.05)
    ada = await studio.enter("Ada", meeting_id=MEETING, recorded=True)
    await ada.hears(is_told(True))
    await until(lambda: reels.given[0].renewed > 2)
    reels.given[0].is_lost = True
    await ada.hears(is_told(False))
    await studio.enter("Ben", meeting_id=MEETING, recorded=True)
    assert reels.asked == 1


async def test_a_moderator_has_any_room_recorded(studio: RoomServer, reels: Reels) -> None:
    mod, ada = await studio.enter("Mod", MODERATOR), await studio.enter("Ada")
    assert (ada.joined["canRecord"], ada.joined["room"]["toBeRecorded"]) == (True, False)
    await mod.does("recording.start")
    wish = await ada.hears("room.updated", byName="Mod")
    assert wish["room"]["toBeRecorded"] is True
    await ada.hears(is_told(True))
    await mod.does("recording.start")
    ben = await studio.enter("Ben")
    assert (ben.joined["room"]["recording"], ben.joined["room"]["toBeRecorded"]) == (True, True)
    assert "consent" not in ben.joined["self"]
    await mod.does("recording.stop")
    assert (await ada.hears("room.updated", byName="Mod"))["room"]["toBeRecorded"] is False
    await ben.hears(is_told(False))
    (reel,) = reels.given
    await until(lambda: reel.ended)
    assert reels.of == [None]
    assert told_of(studio) == [("room.recording_started", reel.id), ("room.recording_stopped", reel.id)]
    done = [data["action"] for kind, _, data in studio.notes.kept if kind == "room.moderated_all"]
    assert done == ["record", "stop-recording"]


async def test_it_ends_with_the_last_and_does_not_begin_by_itself_again(
    studio: RoomServer, reels: Reels
) -> None:
    mod = await studio.enter("Mod", MODERATOR)
    await mod.does("recording.start")
    await mod.hears(is_told(True))
    await mod.send("leave")
    await mod.closed()
    await until(lambda: reels.given[0].ended)
    mod = await studio.enter("Mod", MODERATOR)
    room = mod.joined["room"]
    assert (room["recording"], room["toBeRecorded"], reels.asked) == (False, False, 1)


@pytest.mark.parametrize("link_id", [None, "a link"])
async def test_nobody_but_moderators_begins_or_ends_it(
    studio: RoomServer, reels: Reels, link_id: str | None
) -> None:
    mod, eve = await studio.enter("Mod", MODERATOR), await studio.enter("Eve", link_id=link_id)
    assert await eve.is_refused("recording.start") == "not_allowed"
    await mod.does("recording.start")
    await eve.hears(is_told(True))
    assert await eve.is_refused("recording.stop") == "not_allowed"
    assert await eve.is_refused("recording.answer", agrees=True) == "not_allowed"
    waiting = await studio.connect()
    await waiting.ask("join", token=studio.admit("Waits", waits=True), roomId="lounge")
    assert await waiting.is_refused("recording.stop") == "waiting"
    assert not reels.given[0].ended


async def test_a_moderator_begins_only_so_many_at_once(
    studio: RoomServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "RECORDING_RATE", 0.0)
    mod = await studio.enter("Mod", MODERATOR)
    for _ in range(RECORDING_BURST):
        await mod.does("recording.start")
        await mod.does("recording.stop")
    assert await mod.is_refused("recording.start") == "too_many"


async def test_somebody_agrees_only_so_often_and_declines_each_time(
    studio: RoomServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "RECORDING_RATE", 0.0)
    studio.admit("Mod", MODERATOR)
    studio.admit("Ada", PARTICIPANT)
    asks(studio, "Mod", "Ada")
    mod, ada = await studio.join("Mod"), await studio.join("Ada")
    await mod.does("recording.start")
    await ada.hears(own(consent="asked"))
    for _ in range(RECORDING_BURST):
        await ada.does("recording.answer", agrees=True)
        await ada.does("recording.answer", agrees=False)
    assert await ada.is_refused("recording.answer", agrees=True) == "too_many"
    await ada.does("recording.answer", agrees=False)


async def test_without_a_place_a_moderator_is_told_so(studio: RoomServer, reels: Reels) -> None:
    reels.full = True
    mod = await studio.enter("Mod", MODERATOR)
    assert await mod.is_refused("recording.start") == "recording_unavailable"
    assert "room.updated" not in {message["type"] for message in await mod.everything()}
    reels.full = False
    await mod.does("recording.start")
    await mod.hears(is_told(True))


async def test_a_place_that_goes_meanwhile_is_told_too(studio: RoomServer, reels: Reels) -> None:
    mod = await studio.enter("Mod", MODERATOR)
    live = studio.service.find("lounge")
    assert live is not None
    await mod.does("recording.start")
    await mod.hears(is_told(True))
    await mod.does("recording.stop")
    await mod.hears(is_told(False))
    reels.full = True
    recording_of_room.start(live.conference, live.conference.moderators[0])
    await mod.hears("error", code="recording_unavailable")
    assert not live.conference.to_be_recorded


async def test_a_moderator_ends_and_begins_what_a_meeting_has_recorded(
    studio: RoomServer, reels: Reels
) -> None:
    mod = await studio.enter("Mod", MODERATOR, meeting_id=MEETING, recorded=True)
    await mod.hears(is_told(True))
    await mod.does("recording.stop")
    await mod.hears(is_told(False))
    await mod.does("recording.start")
    await mod.hears(is_told(True))
    assert reels.of == [MEETING, MEETING]
    await mod.does("recording.stop")
    await mod.hears(is_told(False))
    live = studio.service.find("lounge")
    assert live is not None
    for recorded in (False, True):
        plan(studio, "Mod", recorded=recorded)
        await studio.bus.publish(MeetingChanged(1, "lounge", None))
        await until(lambda recorded=recorded: live.conference.room.recorded is recorded)
    await mod.hears(is_told(True))


def asks(server: RoomServer, *names: str) -> None:
    """The organization asks everybody from now on."""
    for name in names:
        admission = server.gate.admissions[name]
        assert isinstance(admission, Admission)
        room = structs.replace(admission.room, asks_before_recording=True)
        server.gate.admissions[name] = structs.replace(admission, room=room)


def shown(name: str, **fields: object) -> Callable[[Message], bool]:
    def fits(message: Message) -> bool:
        one = message.get("participant", {})
        return one.get("displayName") == name and fields.items() <= one.items()

    return fits


def own(**fields: object) -> Callable[[Message], bool]:
    return lambda message: message["type"] == "self.updated" and fields.items() <= message["self"].items()


async def test_of_people_who_have_not_agreed_nothing_is_relayed(studio: RoomServer, reels: Reels) -> None:
    for name, permissions in (("Mod", MODERATOR), ("Ada", PARTICIPANT), ("Ben", PARTICIPANT)):
        studio.admit(name, permissions)
    asks(studio, "Mod", "Ada", "Ben")
    mod, ada = await studio.join("Mod"), await studio.join("Ada", media=ON)
    await mod.does("media", **ON)
    await mod.does("recording.start")
    told = await ada.hears(own(consent="asked", microphone=False))
    assert (told["permissions"]["voice"], told["permissions"]["chat"]) == (False, True)
    await mod.hears(shown("Ada", consent="asked", microphone=False))
    assert await ada.is_refused("media", **ON) == "not_allowed"
    await mod.hears(is_told(True))
    assert (await mod.hears(own(consent="agreed")))["self"]["microphone"] is True

    ben = await studio.join("Ben", media=ON)
    assert (ben.joined["self"]["consent"], ben.joined["self"]["microphone"]) == ("asked", False)
    await ben.does("recording.answer", agrees=False)
    await mod.hears(shown("Ben", consent="declined"))
    await ben.does("chat", text="I only listen")
    await ada.does("recording.answer", agrees=True)
    await ada.hears(own(consent="agreed", microphone=False))
    await ada.does("media", **ON)
    seen = await ben.hears(shown("Ada", microphone=True))
    assert "consent" not in seen["participant"]
    answers = [
        (data["display_name"], data["agrees"])
        for kind, _, data in studio.notes.kept
        if kind == "room.recording_answered"
    ]
    assert answers == [("Ben", False), ("Ada", True)]

    await ada.does("recording.answer", agrees=False)
    await ben.hears(shown("Ada", microphone=False))
    await mod.does("recording.stop")
    told = await ben.hears(lambda message: own()(message) and "consent" not in message["self"])
    assert told["permissions"]["voice"] is True
    await until(lambda: reels.given[0].ended)
    await mod.does("recording.start")
    await ben.hears(own(consent="asked"))


async def test_who_begins_it_has_agreed_even_after_declining(studio: RoomServer) -> None:
    for name in ("Mod", "Mia"):
        studio.admit(name, MODERATOR)
    asks(studio, "Mod", "Mia")
    mod, mia = await studio.join("Mod"), await studio.join("Mia")
    await mod.does("recording.start")
    await mia.does("recording.answer", agrees=False)
    # At once: what was recorded until now may not have ended yet.
    await mod.does("recording.stop")
    await mia.does("recording.start")
    await mia.hears(own(consent="agreed"))


async def test_people_in_a_meeting_that_is_recorded_are_asked_as_they_come(studio: RoomServer) -> None:
    studio.admit("Mod", MODERATOR, meeting_id=MEETING, recorded=True)
    asks(studio, "Mod")
    mod = await studio.join("Mod", media=ON)
    assert (mod.joined["self"]["consent"], mod.joined["permissions"]["promote"]) == ("asked", True)
    assert mod.joined["permissions"]["voice"] is False


async def test_people_are_asked_when_the_organization_begins_to_ask(studio: RoomServer) -> None:
    mod, ada = await studio.enter("Mod", MODERATOR), await studio.enter("Ada")
    await ada.does("media", **ON)
    await mod.does("recording.start")
    await mod.hears(is_told(True))
    asks(studio, "Mod", "Ada")
    await studio.bus.publish(RecordingRuleChanged(1))
    for one in (mod, ada):
        await one.hears(own(consent="asked", microphone=False))


async def test_where_nothing_can_be_recorded_nobody_is_asked(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'unused.db'}")
    nowhere = RecordingSessions(database, None, least_free=0)
    async with room_server(recording_sessions=nowhere) as server:
        server.admit("Mod", MODERATOR, meeting_id=MEETING, recorded=True)
        asks(server, "Mod")
        mod = await server.join("Mod", media=ON)
        assert (mod.joined["canRecord"], mod.joined["self"]["microphone"]) == (False, True)
        assert "consent" not in mod.joined["self"]
        assert await mod.is_refused("recording.start") == "recording_unavailable"


async def test_what_is_recorded_is_wanted_at_least_at_the_middle_size(studio: RoomServer) -> None:
    await studio.enter("Ada", meeting_id=MEETING)
    live = studio.service.find("lounge")
    assert live is not None
    (ada,) = live.conference.participants.values()
    feeds = {ada.id: Feed(f"{ada.id}.1", ada, {Source.CAMERA: "1"})}
    told: list[str] = []
    layers = PublishLayers(lambda _, layer: told.append(layer), lower_after=0.0)
    wanted = WantedLayers()
    low: Wishes = {(ada.id, Source.CAMERA): "low"}
    high: Wishes = {(ada.id, Source.CAMERA): "high"}
    wanted.replace({}, low)
    layers.review(feeds, wanted)
    await until(lambda: told == ["low"])
    layers.review(feeds, wanted, at_least="medium")
    assert told == ["low", "medium"]
    wanted.replace(low, high)
    layers.review(feeds, wanted, at_least="medium")
    assert told == ["low", "medium", "high"]

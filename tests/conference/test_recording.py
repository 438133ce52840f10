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
from switchroom.conference.room.participants import Source
from switchroom.engines.janus.engine import JanusEngine
from switchroom.engines.janus.server import JanusServer
from switchroom.meetings.notices import MeetingChanged, MeetingOver
from switchroom.rooms.admission import Admission
from switchroom.rooms.permissions import MODERATOR
from tests.conference.room import Message, RoomServer, room_server
from tests.engines.waiting import until

pytestmark = [pytest.mark.janus, pytest.mark.asyncio(loop_scope="module")]

MEETING = "meeting-1"


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
    """Gives out recordings, unless it is `full`; fails as often as it is told to."""

    def __init__(self, directory: Path) -> None:
        self.given: list[Reel] = []
        self.asked = 0
        self.full = False
        self.failures = 0
        self._directory = directory

    async def begin(self, organization_id: int, meeting_id: str) -> Reel | None:
        self.asked += 1
        assert (organization_id, meeting_id) == (1, MEETING)
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
        return message["type"] == "room.updated" and message["room"]["recording"] is recording

    return fits


def told_of(server: RoomServer) -> list[tuple[str, object]]:
    kept = [(kind, data) for kind, _, data in server.notes.kept if kind.startswith("meeting.recording")]
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
    assert "room.updated" not in {message["type"] for message in await ada.everything()}
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


async def test_rooms_that_are_no_meetings_are_not_recorded(studio: RoomServer, reels: Reels) -> None:
    ada = await studio.enter("Ada", recorded=True)
    assert ada.joined["room"]["recording"] is False
    await ada.everything()
    assert reels.asked == 0


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

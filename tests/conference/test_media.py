"""Sound and pictures through the real media server, between real browsers."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable

import pytest

from switchroom.conference.media import hosted_room, subscriber
from switchroom.engines.janus.engine import JanusEngine
from switchroom.engines.janus.server import JanusServer
from switchroom.rooms.models import RoomMode
from switchroom.rooms.permissions import ACTIVE, MODERATOR, PARTICIPANT, SPECTATOR, Permission
from tests.conference.browser import SOURCES, Browsers
from tests.conference.room import Client, RoomServer, room_server

pytestmark = [pytest.mark.janus, pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ALL_ON = {"microphone": True, "camera": True, "screen": False}


async def test_two_people_see_and_hear_each_other(server_with_media: RoomServer, browsers: Browsers) -> None:
    ada = await server_with_media.join(server_with_media.admit("Ada"), media=ALL_ON)
    ben = await server_with_media.join(server_with_media.admit("Ben"), media=ALL_ON)
    ada_page, ben_page = await browsers.peer(ada), await browsers.peer(ben)
    await ada_page.wants((ben.id, "camera", "high"))
    await ben_page.wants((ada.id, "camera", "high"))
    directions = await ada_page.publish("microphone", "camera", "screen", "screen-audio")
    assert directions == ["sendonly"] * 4
    await ben_page.publish("microphone", "camera", "screen", "screen-audio")
    await ada_page.sees_frames(ben.id)
    await ben_page.sees_frames(ada.id)
    await ada_page.hears_sound(ben.id)
    await ben_page.hears_sound(ada.id)


async def test_a_line_without_permission_is_inactive_and_relays_nothing(
    server_with_media: RoomServer, browsers: Browsers
) -> None:
    mute = await server_with_media.join(
        server_with_media.admit("Mute", PARTICIPANT & ~Permission.VOICE),
        media={"microphone": True, "camera": True},
    )
    ada = await server_with_media.enter("Ada")
    mute_page, ada_page = await browsers.peer(mute), await browsers.peer(ada)
    await ada_page.wants((mute.id, "camera", "low"))
    assert await mute_page.publish(*SOURCES) == ["inactive", "sendonly", "sendonly", "sendonly"]
    await ada_page.sees_frames(mute.id)
    assert (mute.id, "microphone") not in ada_page.lines


async def test_a_client_that_changes_the_answer_to_send_all_the_same_is_not_relayed(
    server_with_media: RoomServer, browsers: Browsers
) -> None:
    mod = await server_with_media.enter("Mod", MODERATOR)
    ada = await server_with_media.join(server_with_media.admit("Ada"), media=ALL_ON)
    mod_page, ada_page = await browsers.peer(mod), await browsers.peer(ada)
    await ada_page.publish("microphone", "camera", "screen", "screen-audio")
    await mod_page.hears_sound(ada.id)
    await mod.does("permit", participantId=ada.id, permissions={"voice": False})
    answer = await ada_page.offer("microphone", "camera", "screen", "screen-audio")
    forged = answer["sdp"].replace("a=inactive", "a=recvonly")
    directions = await ada_page.page.evaluate("sdp => answered(sdp)", forged)
    assert directions[0] == "sendonly"
    await ada_page.keeps_sending("microphone")
    await mod_page.receives_nothing(ada.id, "microphone")


async def test_a_new_connection_that_pretends_to_be_the_old_one_is_as_silent(
    server_with_media: RoomServer, browsers: Browsers
) -> None:
    ada, ben = await server_with_media.enter("Ada"), await server_with_media.enter("Ben")
    ada_page, ben_page = await browsers.peer(ada), await browsers.peer(ben)
    await ben_page.wants((ada.id, "camera", "high"))
    await ada_page.publish(*SOURCES)
    await ben_page.line_of(ada.id, "camera")

    async def pretends() -> None:
        answer = await ada_page.offer(*SOURCES, fresh=True, session=ada_page.session)
        await ada_page.page.evaluate("sdp => answered(sdp)", answer["sdp"])
        await ada_page.keeps_sending("camera")

    try:
        await pretends()
    except TimeoutError:
        # The old one's goodbye came after the offer, and ended both.
        await pretends()
    await ada_page.keeps_sending("microphone")
    for source in ("camera", "microphone"):
        assert await ben_page.packets(ada.id, source) == 0
    await ada_page.publish(*SOURCES, fresh=True)
    await ada.does("media", **ALL_ON)
    await ben_page.sees_frames(ada.id)


@pytest.mark.parametrize(
    ("action", "source"), [("mute", "microphone"), ("stop-video", "camera"), ("stop-screen", "screen")]
)
async def test_what_a_moderator_switches_off_is_silent_though_the_client_keeps_sending(
    server_with_media: RoomServer, browsers: Browsers, action: str, source: str
) -> None:
    mod = await server_with_media.enter("Mod", MODERATOR)
    ada = await server_with_media.join(server_with_media.admit("Ada"), media={**ALL_ON, "screen": True})
    mod_page, ada_page = await browsers.peer(mod), await browsers.peer(ada)
    await mod_page.wants((ada.id, "camera", "low"), (ada.id, "screen", "high"))
    await ada_page.publish(*SOURCES)
    await mod_page.receives_something(ada.id, source)

    await mod.does("moderate", participantId=ada.id, action=action)
    await ada.hears("moderated")
    await mod_page.settles(ada.id, source)
    await ada_page.keeps_sending(source)
    await mod_page.receives_nothing(ada.id, source)

    await ada.does("media", microphone=True, camera=True, screen=True)
    await mod_page.receives_something(ada.id, source)
    if source != "microphone":
        await mod_page.sees_frames(ada.id, source)


async def test_nothing_is_relayed_before_it_is_switched_on(
    server_with_media: RoomServer, browsers: Browsers
) -> None:
    ada, ben = await server_with_media.enter("Ada"), await server_with_media.enter("Ben")
    ada_page, ben_page = await browsers.peer(ada), await browsers.peer(ben)
    await ben_page.wants((ada.id, "camera", "high"))
    await ada_page.publish(*SOURCES)
    await ada_page.keeps_sending("camera")
    await ben_page.line_of(ada.id, "camera")
    assert await ben_page.packets(ada.id, "camera") == 0
    assert await ben_page.packets(ada.id, "microphone") == 0
    await ada.does("media", **ALL_ON)
    await ben_page.sees_frames(ada.id)
    await ben_page.hears_sound(ada.id)


async def test_a_permission_granted_later_takes_one_more_negotiation(
    server_with_media: RoomServer, browsers: Browsers
) -> None:
    mod = await server_with_media.enter("Mod", MODERATOR)
    ada = await server_with_media.enter("Ada", PARTICIPANT & ~ACTIVE | Permission.VOICE)
    mod_page, ada_page = await browsers.peer(mod), await browsers.peer(ada, width=960)
    await mod_page.wants((ada.id, "camera", "high"))
    assert await ada_page.publish("microphone") == ["sendonly", "inactive", "inactive", "inactive"]
    await ada.does("media", microphone=True, camera=False, screen=False)
    await mod_page.hears_sound(ada.id)
    await mod.does("permit", participantId=ada.id, permissions={"video": True})
    await ada.does("media", **ALL_ON)
    assert await ada_page.publish("microphone", "camera") == ["sendonly", "sendonly", "inactive", "inactive"]
    report = await mod_page.until(lambda one: one.get("frameWidth") == 960, ada.id, "camera")
    assert report["framesDecoded"] > 0
    await mod_page.wants((ada.id, "camera", "low"))
    await mod_page.until(lambda one: one.get("frameWidth") == 240, ada.id, "camera")


async def test_layers_are_switched_without_negotiation(
    server_with_media: RoomServer, browsers: Browsers
) -> None:
    ada = await server_with_media.join(server_with_media.admit("Ada"), media=ALL_ON)
    ben = await server_with_media.enter("Ben")
    ada_page, ben_page = await browsers.peer(ada, width=960), await browsers.peer(ben)
    await ada_page.publish(*SOURCES)
    for layer, width in (("low", 240), ("high", 960), ("medium", 480)):
        await ben_page.wants((ada.id, "camera", layer))
        # A browser on a busy machine sends its larger layers when it dares to.
        await ben_page.until(lambda one, w=width: one.get("frameWidth") == w, ada.id, "camera")
    await ben_page.wants()
    await ben_page.settles(ada.id, "camera")
    await ben_page.receives_nothing(ada.id, "camera")
    lines = dict(ben_page.lines)
    await ben_page.wants((ada.id, "camera", "medium"))
    await ben_page.sees_frames(ada.id)
    assert ben_page.lines == lines


async def test_who_leaves_frees_their_lines_for_the_next(
    server_with_media: RoomServer, browsers: Browsers
) -> None:
    ben = await server_with_media.enter("Ben")
    ben_page = await browsers.peer(ben)
    used: set[str] = set()
    for _ in range(3):
        ada = await server_with_media.join(server_with_media.admit("Ada"), media=ALL_ON)
        ada_page = await browsers.peer(ada)
        await ben_page.wants((ada.id, "camera", "low"))
        await ada_page.publish("microphone", "camera")
        await ben_page.sees_frames(ada.id)
        used |= set(ben_page.lines.values())
        await ada.send("leave")
        await ada.closed()
    assert len(used) == 2
    assert ben_page.generation == 1


async def test_a_new_publish_connection_replaces_the_old_one(
    server_with_media: RoomServer, browsers: Browsers
) -> None:
    ada = await server_with_media.join(server_with_media.admit("Ada"), media=ALL_ON)
    ben = await server_with_media.enter("Ben")
    ada_page, ben_page = await browsers.peer(ada), await browsers.peer(ben)
    await ben_page.wants((ada.id, "camera", "low"))
    await ada_page.publish("microphone", "camera")
    await ben_page.sees_frames(ada.id)
    await ada_page.publish("microphone", "camera", fresh=True, restart=True)
    await ben_page.sees_frames(ada.id)
    await ada_page.publish("microphone", "camera", fresh=True)
    await ben_page.sees_frames(ada.id)


async def test_a_new_subscribe_connection_is_made_when_asked_for(
    server_with_media: RoomServer, browsers: Browsers
) -> None:
    ada = await server_with_media.join(server_with_media.admit("Ada"), media=ALL_ON)
    ben = await server_with_media.enter("Ben")
    ada_page, ben_page = await browsers.peer(ada), await browsers.peer(ben)
    await ben_page.wants((ada.id, "camera", "low"))
    await ada_page.publish("microphone", "camera")
    await ben_page.sees_frames(ada.id)
    await ben.send("subscribe.restart")
    await ben_page.reaches_generation(2)
    await ben_page.sees_frames(ada.id)


async def test_in_an_exam_nobody_but_moderators_sees_and_hears_participants(
    server_with_media: RoomServer, browsers: Browsers
) -> None:
    exam = RoomMode.EXAM
    mod = await server_with_media.join(server_with_media.admit("Mod", MODERATOR, mode=exam), media=ALL_ON)
    ada = await server_with_media.join(server_with_media.admit("Ada", mode=exam), media=ALL_ON)
    ben = await server_with_media.enter("Ben", mode=exam)
    mod_page, ada_page, ben_page = [await browsers.peer(one) for one in (mod, ada, ben)]
    for page in (mod_page, ben_page):
        await page.wants((ada.id, "camera", "low"), (mod.id, "camera", "low"))
    await ada_page.publish("microphone", "camera")
    await mod_page.publish("microphone", "camera")
    await mod_page.sees_frames(ada.id)
    await ben_page.sees_frames(mod.id)
    assert {who for who, _ in ben_page.lines} == {mod.id}


async def test_spectators_see_and_hear_and_may_not_publish(
    server_with_media: RoomServer, browsers: Browsers
) -> None:
    stage = RoomMode.SPECTATOR
    ada = await server_with_media.join(server_with_media.admit("Ada", mode=stage), media=ALL_ON)
    sam = await server_with_media.enter("Sam", SPECTATOR, mode=stage)
    ada_page, sam_page = await browsers.peer(ada), await browsers.peer(sam)
    await sam_page.wants((ada.id, "camera", "low"))
    await ada_page.publish("microphone", "camera")
    await sam_page.sees_frames(ada.id)
    await sam_page.hears_sound(ada.id)
    assert (await sam_page.offer(*SOURCES))["code"] == "not_allowed"


async def test_who_speaks_is_told_until_they_are_muted(
    server_with_media: RoomServer, browsers: Browsers
) -> None:
    mod = await server_with_media.enter("Mod", MODERATOR)
    ada = await server_with_media.join(server_with_media.admit("Ada"), media=ALL_ON)
    ada_page = await browsers.peer(ada)
    await ada_page.publish("microphone")
    await mod.hears("speaking", participantId=ada.id, speaking=True)
    await mod.does("moderate", participantId=ada.id, action="mute")
    await mod.hears("speaking", participantId=ada.id, speaking=False)


async def test_media_outlive_a_lost_signalling_connection(
    server_with_media: RoomServer, browsers: Browsers
) -> None:
    ada = await server_with_media.join(server_with_media.admit("Ada"), media=ALL_ON)
    ben = await server_with_media.enter("Ben")
    ada_page, ben_page = await browsers.peer(ada), await browsers.peer(ben)
    await ben_page.wants((ada.id, "camera", "low"))
    await ada_page.publish("microphone", "camera")
    await ben_page.sees_frames(ada.id)
    await ada.drop()
    await ben_page.sees_frames(ada.id)
    back = await server_with_media.join("Ada", resume=ada.joined["resume"], media=ALL_ON)
    assert back.id == ada.id
    await ben_page.sees_frames(ada.id)


class Looks:
    """How often what participants receive is looked at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.number = 0
        settle: Callable[[object], Awaitable[None]] = vars(subscriber.Subscribing)["_settle"]

        async def counted(subscribing: object) -> None:
            self.number += 1
            await settle(subscribing)

        monkeypatch.setattr(subscriber.Subscribing, "_settle", counted)

    async def are_few(self, seconds: float) -> None:
        before = self.number
        await asyncio.sleep(seconds)  # in which nothing is to happen
        assert self.number - before < 20


async def test_an_offer_that_nobody_answers_keeps_the_server_from_nothing(
    server_with_media: RoomServer, browsers: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither while a picture is waited for beside it, nor when whoever should answer is gone."""
    looks = Looks(monkeypatch)
    ada = await server_with_media.join(server_with_media.admit("Ada"), media=ALL_ON)
    ben = await server_with_media.enter("Ben")
    await wants_camera(ben, ada, "low")
    await (await browsers.peer(ada)).publish(*SOURCES)
    await ben.hears(
        lambda told: (
            told["type"] == "subscribe.offer" and "camera" in [one["source"] for one in told["streams"]]
        )
    )
    await wants_camera(ben, ada, "high")
    await ben.everything()
    await looks.are_few(3 * subscriber.CHASE_AFTER[0])
    monkeypatch.setattr(subscriber, "ANSWER_LIMIT", 0.2)
    await ben.drop()
    await ada.hears(
        lambda told: (
            told["type"] == "participant.updated"
            and (told["participant"]["id"], told["participant"]["state"]) == (ben.id, "reconnecting")
        )
    )
    await looks.are_few(1.0)


async def wants_camera(viewer: Client, sender: Client, layer: str) -> None:
    await viewer.send("want", streams=[{"participantId": sender.id, "source": "camera", "layer": layer}])


async def test_frames_flow_again_soon_after_the_media_server_is_killed(
    server_with_media: RoomServer,
    janus: JanusEngine,
    browsers: Browsers,
    record_property: Callable[[str, object], None],
) -> None:
    ada = await server_with_media.join(server_with_media.admit("Ada"), media=ALL_ON)
    ben = await server_with_media.enter("Ben")
    ada_page, ben_page = await browsers.peer(ada), await browsers.peer(ben)
    await ben_page.wants((ada.id, "camera", "low"))
    await ada_page.publish("microphone", "camera")
    await ben_page.sees_frames(ada.id)

    assert janus.pid is not None
    killed = time.monotonic()
    os.kill(janus.pid, signal.SIGKILL)
    await ada.hears("media.available", available=False)
    await ada.hears("media.reset")
    await ada.hears("media.available", available=True)
    await ada_page.publish("microphone", "camera", fresh=True, restart=True)
    await ben_page.reaches_generation(2)
    await ben_page.sees_frames(ada.id)
    record_property("seconds", time.monotonic() - killed)
    await ada.does("chat", text="there again")


async def test_a_room_without_a_media_server_gets_one_later(janus_later: JanusEngine) -> None:
    configuration = janus_later.configuration
    async with room_server([JanusServer(configuration.url, configuration.api_secret)]) as server:
        ada = await server.enter("Ada")
        assert ada.joined["mediaAvailable"] is False
        await ada.does("hand", raised=True)
        await janus_later.start()
        await ada.hears("media.available", available=True)
        assert (await server.enter("Ben")).joined["mediaAvailable"] is True


async def test_publishing_without_a_media_server_is_refused(
    browsers: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosted_room, "ROOM_LIMIT", 0.1)
    async with room_server() as server:
        page = await browsers.peer(await server.enter("Ada"))
        assert (await page.offer(*SOURCES))["code"] == "media_unavailable"


@pytest.mark.parametrize("sdp", ["", "v=0", "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"])
async def test_an_offer_that_is_none_is_refused(server_with_media: RoomServer, sdp: str) -> None:
    ada = await server_with_media.enter("Ada")
    answer = await ada.ask("publish", sdp=sdp, streams=[])
    assert (answer["code"], answer["details"]) == ("bad_request", {"field": "sdp"})


async def test_an_offer_that_janus_does_not_understand_is_refused(server_with_media: RoomServer) -> None:
    ada = await server_with_media.enter("Ada")
    lines = "".join(
        f"m={kind} 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:{mid}\r\na=sendonly\r\n"
        for mid, kind in enumerate(("audio", "video", "video", "audio"))
    )
    streams = [{"mid": str(mid), "source": source} for mid, source in enumerate(SOURCES)]
    answer = await ada.ask("publish", sdp=f"v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\n{lines}", streams=streams)
    assert answer["code"] == "bad_request"
    await ada.send("candidate", pc="publish", candidate={"candidate": "nonsense", "sdpMid": "0"})
    await ada.send("candidate", pc="subscribe", generation=7, candidate=None)
    await ada.send("subscribe.answer", negotiation=1, sdp="nonsense")
    await ada.send("subscribe.restart")
    await ada.send("want", streams=[{"participantId": "nobody", "source": "camera", "layer": "high"}])
    await ada.does("hand", raised=True)


async def test_a_join_that_says_what_it_wants_gets_sound_and_pictures_in_one_offer(
    server_with_media: RoomServer, browsers: Browsers
) -> None:
    ada = await server_with_media.join(server_with_media.admit("Ada"), room="lounge", media=ALL_ON)
    ada_page = await browsers.peer(ada)
    await ada_page.publish(*SOURCES)
    watcher = await server_with_media.join(server_with_media.admit("Watcher"), room="lounge")
    offer = await watcher.hears("subscribe.offer")
    assert {line["source"] for line in offer["streams"]} == {"microphone"}
    ben = await server_with_media.join(
        server_with_media.admit("Ben"), room="lounge", want={"cameras": 9, "layer": "medium"}
    )
    offer = await ben.hears("subscribe.offer")
    assert {line["source"] for line in offer["streams"]} == {"microphone", "camera"}


async def test_senders_are_told_the_largest_layer_that_anybody_wants(
    server_with_media: RoomServer, browsers: Browsers
) -> None:
    ada = await server_with_media.join(server_with_media.admit("Ada"), media=ALL_ON)
    ada_page = await browsers.peer(ada)
    await ada_page.publish(*SOURCES)
    ben, cem = await server_with_media.enter("Ben"), await server_with_media.enter("Cem")
    await browsers.peer(ben)
    await browsers.peer(cem)
    for viewer, layer in ((ben, "low"), (cem, "high")):
        await viewer.send("want", streams=[{"participantId": ada.id, "source": "camera", "layer": layer}])
    assert await ada.hears("publish.layer") == {
        "type": "publish.layer",
        "source": "camera",
        "layer": "high",
    }
    await ada.drop()
    ada = await server_with_media.join("Ada", resume=ada.joined["resume"], media=ALL_ON)
    await ada.hears("publish.layer", layer="high")
    await cem.send("leave")
    await ada.hears("publish.layer", layer="low")
    await ben.send("want", streams=[])
    await ada.hears("publish.layer", layer="medium")

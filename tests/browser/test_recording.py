"""A meeting or a room that is recorded, from the word on its page to the file that somebody saves."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from switchroom.events.log import EventFilter
from tests.browser.people import BOTH, Join, Newcomer
from tests.browser.person import Person
from tests.browser.processes import media_server
from tests.browser.test_scheduled_meeting import Program
from tests.browser.test_scheduling import announced, comes
from tests.browser.watching import Film
from tests.dialects.client.test_people import ask
from tests.platform import RunningPlatform, Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]

SPEECH, PAUSE = 2_000, 3_000
"""Milliseconds."""


def chooses(person: Person, choice: str) -> None:
    """Choose what closes the menu for everybody from it, by test id."""
    person.the("everybody-menu").click()
    person.the(choice).click()
    expect(person.page.get_by_role("menu")).to_have_count(0)


def recorded_meeting(program: Program, topic: str, *, recorded: bool = True) -> dict[str, Any]:
    email = f"ada-{uuid4().hex[:8]}@example.org"
    account = program.asks("POST", "/account", {"adminEmail": email, "adminFirstname": "Ada"})
    program.user_id = program.asks("GET", f"/account/admin/{account['id']}")[0]["id"]
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
    draft = {"topic": topic, "startTime": start.isoformat(), "isRecorded": recorded}
    return program.asks("POST", "/meeting", draft)


def film_of(
    running: RunningPlatform, waiting: Person, program: Program, meeting: dict[str, Any], directory: Path
) -> tuple[Film, dict[str, Any]]:
    """The meeting's one recording, saved once it is there, and what the summary says of it."""
    summary = waiting.until(
        lambda: program.asks("GET", f"/meeting/{meeting['id']}/summary"),
        lambda told: bool(told["recordings"]) and told["recordings"][0]["state"] == "ready",
        "the recording",
        limit=120,
    )
    (recording,) = summary["recordings"]
    reply = running.http.get(recording["url"])
    assert (reply.status_code, len(reply.content)) == (200, recording["size"])
    assert reply.headers["content-type"] == recording["contentType"] == "video/mp4"
    path = directory / "saved.mp4"
    path.write_bytes(reply.content)
    film = Film(path)
    assert abs(film.seconds - recording["duration"]) < 1.5
    return film, recording


def shows_both(film: Film, start: float, end: float) -> bool:
    """Whether there are pictures on both sides at a moment between two seconds, the middle first."""
    middle = (start + end) / 2
    moments = sorted(
        (start + number / 4 for number in range(1, int(4 * (end - start)))), key=lambda at: abs(at - middle)
    )
    return any(film.bright(at, 0, 0.5) > 0.3 and film.bright(at, 0.5, 1) > 0.3 for at in moments)


def test_what_is_said_and_shown_is_in_the_file_and_nothing_else(
    running: RunningPlatform, newcomer: Newcomer, tmp_path: Path
) -> None:
    program = Program(running)
    meeting = recorded_meeting(program, 'Über "Züge"/50% o\'clock')
    page = f"{running.base_url}/#/meeting/{meeting['meetingId']}"
    nora = newcomer("Nora", on=BOTH).opens(page)
    expect(nora.the("meeting-recorded")).to_be_visible()
    came = time.monotonic()
    nora.joins("Nora")
    expect(nora.the("recording")).to_be_visible()
    ben = newcomer("Ben", on=("camera",), locale="de-DE").opens(page).joins("Bén: d'Or % \\n")
    expect(ben.the("recording")).to_have_text("Aufzeichnung")
    ben.hears("Nora")
    nora.sees("Bén: d'Or % \\n")
    ben.sees("Nora")
    nora.page.wait_for_timeout(SPEECH)
    silenced = time.monotonic()
    nora.switches("microphone")
    nora.page.wait_for_timeout(PAUSE)
    nora.switches("microphone")
    pause = time.monotonic() - silenced
    ben.hears("Nora")
    nora.page.wait_for_timeout(SPEECH)
    ben.leaves()
    nora.leaves()
    stayed = time.monotonic() - came

    film, _ = film_of(running, nora, program, meeting, tmp_path)
    assert film.codecs() == {"h264", "aac"}
    spent = (SPEECH + PAUSE + SPEECH) / 1000
    assert spent < film.seconds < stayed + 10
    # It may begin before her voice does.
    (muted,) = (one for one in film.silences(PAUSE / 1000 - 0.5) if one[0] > 0.5)
    assert PAUSE / 1000 - 1.5 < muted[1] - muted[0] < pause + 1.5
    assert film.loudest(muted[1], film.seconds - 0.5) > -30
    assert shows_both(film, muted[1], film.seconds)


def test_it_is_switched_on_and_off_meanwhile_and_outlives_the_media_server(
    running: RunningPlatform, newcomer: Newcomer, tmp_path: Path
) -> None:
    program = Program(running)
    meeting = recorded_meeting(program, "Nicht von Anfang an", recorded=False)
    page = f"{running.base_url}/#/meeting/{meeting['meetingId']}"
    nora = newcomer("Nora", on=BOTH).opens(page)
    expect(nora.the("meeting-recorded")).to_have_count(0)
    nora.joins("Nora")
    ben = newcomer("Ben", on=BOTH).opens(page).joins("Ben")
    ben.hears("Nora")
    ben.sees("Nora")
    expect(nora.the("recording")).to_have_count(0)

    asked = time.monotonic()
    program.asks("PUT", f"/meeting/{meeting['id']}/false", {"isRecorded": True})
    expect(nora.the("recording")).to_be_visible()
    began = time.monotonic()
    expect(ben.the("recording")).to_be_visible()
    (begun,) = program.asks("GET", f"/meeting/{meeting['id']}/summary")["recordings"]
    tracks = running.platform.settings.data_directory / "recordings" / begun["id"] / "raw"
    nora.until(
        lambda: [path.stat().st_size for path in tracks.glob("*-audio-*.mjr")],
        # The media server writes 4 KiB at a time, and takes the last of it with it when it is killed.
        lambda sizes: sum(size >= 2 * 4096 for size in sizes) == 2,
        "the sound of both on the disk",
    )
    killed = time.monotonic() - began
    media_server().kill()
    ben.until(lambda: [one["type"] for one in ben.heard], lambda told: "media.reset" in told, "a reset")
    ben.hears("Nora")
    ben.sees("Nora")
    nora.page.wait_for_timeout(SPEECH)
    expect(ben.the("recording")).to_be_visible()
    least = time.monotonic() - began
    program.asks("PUT", f"/meeting/{meeting['id']}/false", {"isRecorded": False})
    expect(nora.the("recording")).to_have_count(0)
    most = time.monotonic() - asked
    expect(ben.the("recording")).to_have_count(0)

    film, recording = film_of(running, nora, program, meeting, tmp_path)
    assert film.codecs() == {"h264", "aac"}
    assert least - 2 < film.seconds < most + 2
    for start, end in ((0, killed), (film.seconds - 2.5, film.seconds - 0.5)):
        assert film.loudest(start, end) > -30
        assert shows_both(film, start, end)
    for kind in ("meeting.recording_started", "meeting.recording_stopped", "meeting.recording_created"):
        events = running.run(running.platform.events.log.read(None, EventFilter(types=[kind])))
        told = [event.data["recording_id"] for event in events]
        assert told.count(recording["id"]) == 1, kind


def test_a_moderator_has_a_room_recorded_and_everybody_is_asked(
    tenant: Tenant, join: Join, newcomer: Newcomer, tmp_path: Path
) -> None:
    version = ask(tenant, "organization")["version"]
    ask(tenant, "organization/change", version=version, asksBeforeRecording=True)
    room = tenant.room("Aula")
    mia, ben = join(room, "Mia", as_="Moderator", on=BOTH), join(room, "Ben", on=BOTH)
    mia.hears("Ben")
    chooses(mia, "start-recording")
    expect(ben.the("consent-agree")).to_be_visible()
    expect(mia.tile("Ben")).to_have_attribute("data-audio", "off")
    expect(mia.tile("Ben")).to_have_attribute("data-video", "off")
    expect(mia.the("participant", name="Ben")).to_contain_text("asked about the recording")
    mia.reads("Mia has this room recorded.")
    expect(mia.the("recording")).to_be_visible()

    ben.the("consent-decline").click()
    expect(ben.the("unrecorded")).to_be_visible()
    expect(ben.the("toggle-microphone")).to_have_attribute("aria-disabled", "true")
    expect(mia.the("participant", name="Ben")).to_contain_text("is not recorded")
    mia.page.wait_for_timeout(SPEECH)
    ben.the("agree-after-all").click()
    expect(ben.the("unrecorded")).to_have_count(0)
    ben.switches("camera")
    mia.sees("Ben")
    mia.page.wait_for_timeout(SPEECH)
    chooses(mia, "stop-recording")
    expect(ben.the("recording")).to_have_count(0)

    ada = comes(newcomer("Ada"), tenant.administrator, "#/recordings")
    row = ada.the("listed-recording", name="Aula")
    expect(row.get_by_test_id("recording-film")).to_be_visible(timeout=60_000)
    with ada.page.expect_download() as download:
        row.get_by_test_id("download-recording").click()
    download.value.save_as(tmp_path / "film.mp4")
    film = Film(tmp_path / "film.mp4")
    assert film.codecs() == {"h264", "aac"}
    assert film.loudest(0, film.seconds) > -30
    row.get_by_test_id("delete-recording").click()
    row.get_by_test_id("confirm-delete").click()
    announced(ada, "The recording of “Aula” is deleted.")
    expect(row).to_have_count(0)


def test_what_went_off_for_the_question_comes_on_again_with_the_answer(tenant: Tenant, join: Join) -> None:
    version = ask(tenant, "organization")["version"]
    ask(tenant, "organization/change", version=version, asksBeforeRecording=True)
    room = tenant.room("Aula")
    mia = join(room, "Mia", as_="Moderator")
    chooses(mia, "start-recording")
    ben = join(room, "Ben", on=BOTH)
    ben.the("consent-agree").click()
    mia.hears("Ben")
    mia.sees("Ben")

    chooses(mia, "stop-recording")
    expect(ben.the("recording")).to_have_count(0)
    chooses(mia, "start-recording")
    expect(ben.the("consent-agree")).to_be_visible()
    mia.the("mute-all").click()
    ben.reads("Mia has muted everybody.")
    ben.the("consent-agree").click()
    mia.sees("Ben")
    expect(mia.tile("Ben")).to_have_attribute("data-audio", "off")

"""A meeting that is recorded, from the word on its page to the file that somebody saves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.people import BOTH, Newcomer
from tests.browser.test_scheduled_meeting import Program
from tests.browser.watching import Film
from tests.platform import RunningPlatform

pytestmark = [pytest.mark.browser, pytest.mark.janus]

SPEECH, PAUSE = 3_000, 4_000
"""Milliseconds."""


def recorded_meeting(program: Program, topic: str) -> dict[str, Any]:
    email = f"ada-{uuid4().hex[:8]}@example.org"
    account = program.asks("POST", "/account", {"adminEmail": email, "adminFirstname": "Ada"})
    program.user_id = program.asks("GET", f"/account/admin/{account['id']}")[0]["id"]
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
    draft = {"topic": topic, "startTime": start.isoformat(), "isRecorded": True}
    return program.asks("POST", "/meeting", draft)


def test_what_is_said_and_shown_is_in_the_file_and_nothing_else(
    running: RunningPlatform, newcomer: Newcomer, tmp_path: Path
) -> None:
    program = Program(running)
    meeting = recorded_meeting(program, 'Über "Züge"/50% o\'clock')
    page = f"{running.base_url}/#/meeting/{meeting['meetingId']}"
    nora = newcomer("Nora", on=BOTH).opens(page)
    expect(nora.the("meeting-recorded")).to_be_visible()
    nora.joins("Nora")
    expect(nora.the("recording")).to_be_visible()
    ben = newcomer("Ben", on=("camera",), locale="de-DE").opens(page).joins("Bén: d'Or % \\n")
    expect(ben.the("recording")).to_have_text("Aufzeichnung")
    ben.hears("Nora")
    nora.sees("Bén: d'Or % \\n")
    ben.sees("Nora")
    nora.page.wait_for_timeout(SPEECH)
    nora.switches("microphone")
    nora.page.wait_for_timeout(PAUSE)
    nora.switches("microphone")
    ben.hears("Nora")
    nora.page.wait_for_timeout(SPEECH)
    ben.leaves()
    nora.leaves()

    summary = nora.until(
        lambda: program.asks("GET", f"/meeting/{meeting['id']}/summary"),
        lambda told: bool(told["recordings"]) and told["recordings"][0]["state"] == "ready",
        "the recording",
        limit=60,
    )
    (recording,) = summary["recordings"]
    reply = running.http.get(recording["url"])
    assert (reply.status_code, len(reply.content)) == (200, recording["size"])
    assert reply.headers["content-type"] == recording["contentType"] == "video/mp4"
    saved = tmp_path / "saved.mp4"
    saved.write_bytes(reply.content)
    film = Film(saved)
    assert film.codecs() == {"h264", "aac"}
    spent = (SPEECH + PAUSE + SPEECH) / 1000
    assert spent < film.seconds < spent + 25
    assert abs(film.seconds - recording["duration"]) < 1.5
    end = film.seconds
    (muted,) = film.silences(PAUSE / 1000 - 0.5)
    assert muted[1] - muted[0] == pytest.approx(PAUSE / 1000, abs=1.5)
    assert film.loudest(end - 3, end - 0.5) > -30
    assert film.bright(end - 2, 0, 0.5) > 0.3
    assert film.bright(end - 2, 0.5, 1) > 0.3

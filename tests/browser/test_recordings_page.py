"""Recordings in the portal: listed, watched, taken along and deleted."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from switchroom.identity.permissions import Standing
from switchroom.meetings.recordings.models import RecordingState
from tests.browser.people import PHONE, Newcomer
from tests.browser.test_scheduling import announced, comes, is_fine
from tests.dialects.client.test_recordings import record, record_room
from tests.meetings.planning import plan
from tests.platform import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]


def test_a_recording_is_found_taken_along_and_deleted(
    tenant: Tenant, newcomer: Newcomer, tmp_path: Path
) -> None:
    planned = plan(tenant, "Standup")
    record(planned, content=b"film")
    record(plan(tenant, "Broken"), RecordingState.FAILED)
    ada = comes(newcomer("Ada"), tenant.administrator, "#/recordings")
    row = ada.the("listed-recording", name="Standup")
    expect(row.get_by_test_id("recording-film")).to_be_visible()
    with ada.page.expect_download() as download:
        row.get_by_test_id("download-recording").click()
    download.value.save_as(tmp_path / "film.mp4")
    assert (tmp_path / "film.mp4").read_bytes() == b"film"
    expect(ada.the("listed-recording", name="Broken")).to_contain_text("The film could not be made.")
    is_fine(ada)
    row.get_by_test_id("delete-recording").click()
    ada.reads("Its film goes along and cannot be brought back")
    is_fine(ada)
    ada.clicks_twice(row.get_by_test_id("confirm-delete"))
    announced(ada, "The recording of “Standup” is deleted.")
    expect(row).to_have_count(0)
    expect(ada.the("listed-recording")).to_have_count(1)


def test_an_administrator_sees_everybodys_recordings(tenant: Tenant, newcomer: Newcomer) -> None:
    record(plan(tenant, "Standup"), RecordingState.PROCESSING)
    bob = comes(newcomer("Bob"), tenant.person(Standing.ADMINISTRATOR, first_name="Bob"), "#/recordings")
    bob.reads("There are no recordings yet.")
    bob.the("recordings-whose").select_option("all")
    row = bob.the("listed-recording", name="Standup")
    expect(row).to_contain_text("By Ada Admin")
    expect(row).to_contain_text("The film is being made")
    expect(row.get_by_test_id("delete-recording")).to_have_count(0)


def test_recordings_of_one_room_are_found_with_the_reason_of_a_failure(
    tenant: Tenant, newcomer: Newcomer
) -> None:
    room_id = tenant.room("Labor")
    record_room(tenant, room_id, RecordingState.FAILED, failure="disk_full")
    record(plan(tenant, "Standup"))
    ada = comes(newcomer("Ada"), tenant.administrator, "#/recordings")
    row = ada.the("listed-recording", name="Labor")
    expect(row).to_contain_text("The server had no room left on its disk.")
    row.get_by_test_id("recordings-of-same").click()
    ada.reads("Recordings of the room “Labor”")
    expect(ada.the("listed-recording")).to_have_count(1)
    is_fine(ada)
    ada.the("all-recordings").click()
    expect(ada.the("listed-recording")).to_have_count(2)


def test_recordings_on_a_phone_in_german(tenant: Tenant, newcomer: Newcomer) -> None:
    planned = plan(tenant, "Besprechung")
    for _ in range(26):
        record(planned, RecordingState.FAILED)
    ada = comes(newcomer("Ada", locale="de-DE", screen=PHONE), tenant.administrator, "#/recordings")
    expect(ada.the("listed-recording")).to_have_count(25)
    ada.reads("Aufzeichnungen werden")
    is_fine(ada)
    ada.the("recordings-after").click()
    expect(ada.the("listed-recording")).to_have_count(1)
    ada.the("delete-recording").click()
    ada.the("confirm-delete").click()
    announced(ada, "Die Aufzeichnung von „Besprechung“ ist gelöscht.")
    expect(ada.the("listed-recording")).to_have_count(25)

"""Who was in a room or a meeting and when: on a page, and as a file."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.browser.people import PHONE, Newcomer
from tests.browser.person import Person
from tests.browser.test_accessibility import is_sound
from tests.browser.test_people import administer
from tests.dialects.client.test_attendance import NOON, lesson, minutes, row, write
from tests.meetings.planning import plan
from tests.platform import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]


def _file(person: Person, directory: Path) -> tuple[str, list[list[str]]]:
    """The name of the file that is downloaded, and its rows."""
    with person.page.expect_download() as download:
        person.the("download-attendance").click()
    path = directory / "attendance.csv"
    download.value.save_as(path)
    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    return download.value.suggested_filename, list(csv.reader(content.decode("utf-8-sig").splitlines()))


def test_a_room_shows_who_was_there_and_who_is(university: Tenant, newcomer: Newcomer) -> None:
    link = university.group_link(university.room("Aula"))["joinLink"]
    nora, ben = (newcomer(name).opens(link).joins(name) for name in ("=Nora", "Ben"))
    nora.leaves()
    ada = administer(newcomer, university.administrator, "")
    ada.the("room", name="Aula").get_by_test_id("room-attendance").click()
    expect(ada.the("attendance-title")).to_contain_text("Aula")
    expect(ada.the("stay", name=ben.name)).to_contain_text("still inside")
    expect(ada.the("stay", name="=Nora")).to_contain_text("Guest")
    expect(ada.the("stay", name="=Nora").locator("time")).to_have_count(2)
    ada.the("attendance-until").fill("2020-01-01")
    ada.reads("Nobody left in this time.")
    is_sound(ada.page)


def test_the_file_has_the_time_zone_of_its_reader(
    university: Tenant, newcomer: Newcomer, tmp_path: Path
) -> None:
    room = university.room("Übung 7/B")
    lesson(university, room)
    spy = row("room.left", room, university.organization.id, 70, "=HYPERLINK(1)", joined_at=minutes(60))
    write(university, spy)
    address = f"rooms/{room}/attendance"
    ada = administer(
        newcomer, university.administrator, address, locale="de-DE", timezone="Asia/Tokyo", screen=PHONE
    )
    expect(ada.the("stay")).to_have_count(6)
    expect(ada.the("stay", name="Ada")).to_contain_text("21:45")
    expect(ada.the("stay", name="Ada")).to_contain_text("45")
    assert ada.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    is_sound(ada.page)
    name, rows = _file(ada, tmp_path)
    assert name == "anwesenheit-Übung-7-B.csv"
    assert rows[0] == ["Name", "Als", "Gekommen (Asia/Tokyo)", "Gegangen (Asia/Tokyo)", "Minuten"]
    day = NOON.date().isoformat()
    assert ["Ada", "Gast", f"{day} 21:00:00", f"{day} 21:45:00", "45"] in rows
    assert ["Ben", "Mit Konto", f"{day} 21:05:00", f"{day} 21:10:00", "5"] in rows
    assert ["Cem", "Gast", f"{day} 22:02:00", "noch da", ""] in rows
    assert [one[0] for one in rows if "HYPERLINK" in one[0]] == ["'=HYPERLINK(1)"]
    assert len(rows) == 7


def test_a_long_list_has_pages_and_one_file(university: Tenant, newcomer: Newcomer, tmp_path: Path) -> None:
    room, of = university.room("Mensa"), university.organization.id
    many = [row("room.left", room, of, one, f"N{one}", joined_at=minutes(one - 1)) for one in range(650)]
    write(university, *many)
    ada = administer(newcomer, university.administrator, f"rooms/{room}/attendance")
    expect(ada.the("stay").first).to_have_attribute("data-name", "N649")
    expect(ada.the("stay")).to_have_count(100)
    ada.the("page-after").press("Enter")
    expect(ada.the("stay").first).to_have_attribute("data-name", "N549")
    ada.the("attendance-order").select_option("oldest")
    expect(ada.the("stay").first).to_have_attribute("data-name", "N0")
    _, rows = _file(ada, tmp_path)
    assert [one[0] for one in rows[1:]] == [f"N{one}" for one in range(650)]


def test_who_does_not_administer_the_room_is_told_so(university: Tenant, newcomer: Newcomer) -> None:
    room = university.room("Aula")
    lesson(university, room)
    pat = administer(newcomer, university.person(), f"rooms/{room}/attendance")
    expect(pat.page.get_by_role("alert")).to_be_visible()
    expect(pat.the("stay")).to_have_count(0)
    expect(pat.page.get_by_test_id("room-attendance")).to_have_count(0)


def test_a_meeting_has_a_file_too(university: Tenant, newcomer: Newcomer, tmp_path: Path) -> None:
    planned = plan(university, "Sprechstunde")
    meeting, of = planned.view.meeting, university.organization.id
    stay = {"room_id": planned.room_id, "joined_at": minutes(0), "reason": "left"}
    write(
        university,
        row("meeting.joined", meeting.id, of, 0, "Nora", **stay),
        row("meeting.left", meeting.id, of, 30, "Nora", **stay),
    )
    address = f"meetings/one/{meeting.hex_id}"
    ada = administer(newcomer, university.administrator, address, timezone="Europe/Berlin")
    expect(ada.the("attendance")).to_contain_text("30")
    is_sound(ada.page)
    name, rows = _file(ada, tmp_path)
    assert name == "attendance-Sprechstunde.csv"
    came = NOON.astimezone(ZoneInfo("Europe/Berlin"))
    assert rows == [
        ["Name", "E-mail", "As", "Came (Europe/Berlin)", "Left (Europe/Berlin)", "Minutes"],
        ["Nora", "", "Guest", f"{came:%F %T}", f"{came + timedelta(minutes=30):%F %T}", "30"],
    ]

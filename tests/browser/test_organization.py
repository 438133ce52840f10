"""An administrator and the organization: settings, groups, keys, web hooks and the event log."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from switchroom.db.base import now
from switchroom.identity.permissions import Standing
from switchroom.rooms.models import RoomUse, UseByPerson, UseByRoom
from switchroom.rooms.use_times import Span, begin_of_span
from tests.browser.people import PHONE, Newcomer
from tests.browser.test_accessibility import is_sound
from tests.browser.test_people import administer, says
from tests.browser.test_portal import sign_in
from tests.platform import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]

PARTS = ("general", "branding", "groups", "keys", "webhooks", "events", "statistics")


def test_a_new_organization_greets_with_the_first_steps(university: Tenant, newcomer: Newcomer) -> None:
    ada = administer(newcomer, university.administrator, "")
    steps = ada.the("first-steps")
    expect(steps).to_contain_text("Welcome to Universität Köln")
    is_sound(ada.page)
    ada.the("first-step", name="settings").get_by_role("link").click()
    ada.the("organization-name").fill("Hochschule Köln")
    ada.the("privacy-link").fill("https://example.org/privacy")
    ada.clicks_twice(ada.the("save-organization"))
    says(ada, "The organization is saved.")
    ada.the("portal-page", name="rooms").click()
    expect(steps).to_contain_text("Welcome to Hochschule Köln")
    expect(ada.the("first-step", name="settings")).to_contain_text("Done")
    ada.the("first-step", name="room").get_by_role("button").click()
    ada.the("room-name").fill("Mensa")
    ada.the("save-room").click()
    mensa = ada.the("room", name="Mensa")
    expect(mensa).to_be_visible()
    expect(steps).to_have_count(0)
    ada.the("portal-page", name="organization").click()
    ada.the("organization-part", name="statistics").click()
    expect(ada.the("statistics-period")).to_have_value("30")
    ada.reads("Nothing has been used in this time.")
    link = university.group_link(university.room("Aula"))
    address = f"/#/join/{university.company_id}/{link['roomId']}/{link['accessKey']}"
    expect(newcomer("Nora").opens(address).the("privacy")).to_have_attribute(
        "href", "https://example.org/privacy"
    )


def test_two_administrators_at_once_overwrite_no_settings(university: Tenant, newcomer: Newcomer) -> None:
    other = university.person(Standing.ADMINISTRATOR)
    ada = administer(newcomer, university.administrator, "organization")
    olga = administer(newcomer, other, "organization")
    for one in (ada, olga):
        expect(one.the("organization-name")).to_have_value("Universität Köln")
    olga.the("organization-name").fill("Olgas Universität")
    olga.the("save-organization").click()
    says(olga, "saved")
    ada.the("privacy-link").fill("https://example.org/privacy")
    ada.the("save-organization").click()
    expect(ada.the("changed-meanwhile")).to_contain_text("Name is now: Olgas Universität")
    expect(ada.the("organization-name")).to_have_value("Olgas Universität")
    ada.the("save-organization").click()
    says(ada, "saved")

    # What fewer days delete is asked about.
    olga.page.reload()
    olga.the("kept-days").fill("30")
    olga.the("save-organization").click()
    expect(olga.page.get_by_role("alertdialog")).to_contain_text("more than 30 days ago")
    olga.clicks_twice(olga.the("confirm-delete"))
    says(olga, "saved")
    expect(olga.the("kept-days")).to_have_value("30")


def test_a_key_is_made_shown_once_and_revoked(university: Tenant, newcomer: Newcomer) -> None:
    ada = administer(newcomer, university.administrator, "organization/keys")
    ada.the("new-api-key").click()
    ada.the("key-name").fill("courses")
    ada.the("person-role").select_option("rooms")
    ada.clicks_twice(ada.the("make-key"))
    code = ada.the("secret").inner_text()
    assert len(code) == 40
    is_sound(ada.page)
    ada.the("close-secret").click()
    key = ada.the("key", name="courses")
    expect(key).to_contain_text("Administers rooms")
    expect(key).to_contain_text("Not used lately")
    expect(ada.page.locator("body")).not_to_contain_text(code)
    credentials = {"clientId": "courses", "code": code, "companyId": university.company_id}
    university.api.post("authenticationService/authenticate", {"authorizationCodeCredentials": credentials})
    ada.page.reload()
    expect(key).to_contain_text("Last used on")
    key.get_by_test_id("revoke-key").click()
    ada.clicks_twice(key.get_by_test_id("confirm-delete"))
    says(ada, "The key courses is revoked.")
    expect(key).to_have_count(0)

    ada.the("new-meeting-key").click()
    ada.the("key-name").fill("Calendar")
    ada.clicks_twice(ada.the("make-key"))
    expect(ada.the("secret")).to_be_visible()
    ada.the("close-secret").click()
    expect(ada.the("key", name="Calendar")).to_contain_text("Meetings")


def test_a_web_hook_is_made_tested_and_removed(university: Tenant, newcomer: Newcomer) -> None:
    ada = administer(newcomer, university.administrator, "organization/webhooks")
    ada.reads("There are no web hooks.")
    ada.the("new-hook").click()
    ada.the("hook-name").fill("Courses")
    ada.the("hook-url").fill("https://hooks.invalid/in")
    ada.the("hook-types").fill("room.*, no type!")
    ada.the("save-hook").click()
    expect(ada.the("error-message")).to_be_visible()
    ada.the("hook-types").fill("room.*, meeting.created")
    ada.clicks_twice(ada.the("save-hook"))
    expect(ada.the("secret")).to_be_visible()
    ada.the("close-secret").click()
    hook = ada.the("hook", name="Courses")
    expect(hook).to_contain_text("room.*, meeting.created")
    hook.get_by_test_id("test-hook").dblclick()
    delivery = hook.get_by_test_id("delivery")
    expect(delivery).to_contain_text("webhook.tested")
    expect(delivery).to_have_count(1)
    delivery.get_by_test_id("redeliver").click()
    says(ada, "It is sent again.")
    is_sound(ada.page)
    hook.get_by_test_id("delete-hook").click()
    hook.get_by_test_id("confirm-delete").click()
    says(ada, "Courses is removed.")
    ada.reads("There are no web hooks.")


def test_the_event_log_is_followed_and_filtered(university: Tenant, newcomer: Newcomer) -> None:
    university.room("Mensa")
    ada = administer(newcomer, university.administrator, "organization/events")
    expect(ada.the("event", type="room.created")).to_have_count(1)
    university.room("Aula")
    expect(ada.the("event", type="room.created")).to_have_count(2)
    ada.the("event-type").select_option("room.*")
    expect(ada.the("event")).to_have_count(2)
    ada.the("event").first.locator("summary").click()
    ada.the("event").first.get_by_test_id("event-same-object").click()
    expect(ada.the("event")).to_have_count(1)
    is_sound(ada.page)
    ada.the("event-since").fill("2100-01-01")
    ada.reads("Nothing of this kind has happened.")


def test_a_permission_group_is_changed(university: Tenant, newcomer: Newcomer) -> None:
    ada = administer(newcomer, university.administrator, "organization/groups")
    group = ada.the("permission-group", name="Spectator")
    group.get_by_test_id("change-group").click()
    ada.the("group-flag", name="chat").uncheck()
    is_sound(ada.page)
    ada.clicks_twice(ada.the("save-group"))
    says(ada, "Spectator is changed.")
    expect(group).not_to_contain_text("Write in the chat")


def test_every_part_on_a_phone_in_german(university: Tenant, newcomer: Newcomer) -> None:
    ada = administer(newcomer, university.administrator, "organization", locale="de-DE", screen=PHONE)
    for part in PARTS:
        ada.the("organization-part", name=part).press("Enter")
        expect(ada.the("organization-part", name=part)).to_have_attribute("aria-current", "page")
        expect(ada.page.get_by_role("heading", level=2)).to_be_visible()
        expect(ada.page.locator("main .mantine-Loader-root")).to_have_count(0)
        is_sound(ada.page)
        assert ada.page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0, part


def test_who_may_not_finds_no_organization(tenant: Tenant, newcomer: Newcomer) -> None:
    pat = sign_in(newcomer("Pat").opens("/#/organization/keys"), tenant.person())
    pat.is_told("This page is not open to you")
    expect(pat.the("new-api-key")).to_have_count(0)


def test_use_is_charted_and_downloaded(university: Tenant, newcomer: Newcomer, tmp_path: Path) -> None:
    today = now().replace(minute=0, second=0, microsecond=0)
    university.running.run(_note_use(university, [today - timedelta(days=one) for one in range(20)]))
    ada = administer(newcomer, university.administrator, "organization/statistics")
    chart = ada.the("chart", name="participants")
    expect(chart.get_by_test_id("chart-whole")).to_have_text("210 in all")
    expect(ada.the("chart", name="seconds").get_by_test_id("chart-whole")).to_have_text("10 in all")
    expect(ada.the("chart", name="concurrent").get_by_test_id("chart-whole")).to_have_text("3 at most")
    is_sound(ada.page)
    chart.locator("summary").click()
    expect(chart.locator("tr")).to_have_count(30)
    with ada.page.expect_download() as download:
        ada.the("download-statistics").click()
    path = tmp_path / "statistics.csv"
    download.value.save_as(path)
    rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    assert rows[0][0] == "Day"
    # The last, unless midnight has come meanwhile.
    assert [today.date().isoformat(), "1", "0.5", "3", "0"] in rows[-2:]
    ada.the("statistics-period").select_option("7")
    expect(chart.locator("tr")).to_have_count(7)


async def _note_use(tenant: Tenant, hours: Sequence[datetime]) -> None:
    """Half an hour of three rooms in each of these hours; each has one participation more than the one
    before it in the list."""
    async with tenant.running.platform.storage.database.write(tenant.organization.id) as session:
        for number, hour in enumerate(hours, start=1):
            session.add(
                RoomUse(
                    is_meeting=False,
                    hour=hour,
                    room_seconds=1800,
                    person_seconds=3600,
                    participants=number,
                    spectators=0,
                    most_rooms=3,
                )
            )


def test_rooms_and_people_are_ranked(university: Tenant, newcomer: Newcomer, tmp_path: Path) -> None:
    university.running.run(_note_ranks(university))
    ada = administer(
        newcomer, university.administrator, "organization/statistics", locale="de-DE", screen=PHONE
    )
    rooms, people = (ada.the("ranking", name=one) for one in ("rooms", "people"))
    expect(rooms.get_by_test_id("ranked")).to_have_count(2)
    expect(rooms.get_by_test_id("ranked").first).to_contain_text("=Aula")
    expect(rooms.get_by_test_id("ranked").first).to_contain_text("1,5")
    rooms.get_by_test_id("rooms-ranked-by").select_option("stays")
    expect(rooms.get_by_test_id("ranked").first).to_contain_text("Labor")
    expect(people.get_by_test_id("ranked")).to_have_count(50)
    expect(people.get_by_test_id("ranked").first).to_contain_text("Alle Gäste")
    people.get_by_test_id("page-after").press("Enter")
    expect(people.get_by_test_id("ranked")).to_have_count(11)
    is_sound(ada.page)
    assert ada.page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    with ada.page.expect_download() as download:
        ada.the("download-rooms").dblclick()
    path = tmp_path / "rooms.csv"
    download.value.save_as(path)
    month = begin_of_span(Span.MONTH, now().date()).date().isoformat()
    assert download.value.suggested_filename == f"raeume-month-{month}.csv"
    assert list(csv.reader(path.read_text("utf-8-sig").splitlines())) == [
        ["Name", "Art", "Stunden offen", "Stunden aller Personen", "Teilnahmen"],
        ["Labor", "gelöscht", "0.5", "0.5", "7"],
        ["'=Aula", "gelöscht", "1.5", "2", "1"],
    ]
    ada.the("span-before").press("Enter")
    expect(rooms.get_by_test_id("ranked")).to_have_count(1)
    expect(ada.the("span-before")).to_be_disabled()
    ada.the("ranking-span").select_option("day")
    expect(rooms.get_by_test_id("ranked")).to_have_count(0)


async def _note_ranks(tenant: Tenant) -> None:
    """Two rooms and sixty people, and all guests, in this month; one room in the month before."""
    this_month = begin_of_span(Span.MONTH, now().date())
    before = begin_of_span(Span.MONTH, (this_month - timedelta(days=1)).date())
    rooms = [
        (this_month, "=Aula", 5400, 7200, 1),
        (this_month, "Labor", 1800, 1800, 7),
        (before, "=Aula", 60, 60, 1),
    ]
    people = [("guests", 0), *((f"N{number}", number) for number in range(1, 61))]
    async with tenant.running.platform.storage.database.write(tenant.organization.id) as session:
        for begins, name, open_seconds, person_seconds, stays in rooms:
            session.add(
                UseByRoom(
                    span=Span.MONTH,
                    begins=begins,
                    room_id=name,
                    display_name=name,
                    is_meeting=False,
                    open_seconds=open_seconds,
                    person_seconds=person_seconds,
                    stays=stays,
                )
            )
        for name, number in people:
            session.add(
                UseByPerson(
                    span=Span.MONTH,
                    begins=this_month,
                    person_id="" if name == "guests" else name,
                    display_name="" if name == "guests" else name,
                    seconds=36_000 - 60 * number,
                    stays=1,
                )
            )

"""Meetings in the portal: made, changed, called off, looked at in a calendar and afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, expect

from switchroom.identity.permissions import Standing
from tests.browser.people import PHONE, Newcomer
from tests.browser.person import Person
from tests.browser.test_accessibility import is_sound
from tests.browser.test_portal import sign_in
from tests.mail.outbox import mails_to
from tests.meetings.planning import plan, soon
from tests.platform import Account, Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]

TENTH = (datetime.now(UTC).replace(day=1) + timedelta(days=40)).replace(day=10, hour=9, minute=0)
"""In a month to come, in a zone that has the same days as UTC at that hour."""


def is_fine(person: Person) -> None:
    """What every page of the portal has to have."""
    is_sound(person.page)
    overhang = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert person.page.evaluate(overhang) <= 0


def comes(person: Person, account: Account, page: str = "#/meetings") -> Person:
    return sign_in(person.opens(f"/{page}"), account)


def fills(person: Person, topic: str, day: datetime = TENTH, **fields: str) -> None:
    """Write into the form of a meeting; `fields` are named as their test ids end."""
    person.the("meeting-topic").fill(topic)
    person.the("meeting-day").fill(f"{day:%Y-%m-%d}")
    person.the("meeting-time").fill("10:30")
    for name, value in fields.items():
        field = person.the(f"meeting-{name}")
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def announced(person: Person, text: str) -> None:
    person.announces(text)


def entry(person: Person, topic: str) -> Locator:
    return person.the("agenda-entry", name=topic)


def test_a_teacher_makes_a_meeting_invites_and_calls_it_off(tenant: Tenant, newcomer: Newcomer) -> None:
    pat = comes(newcomer("Pat", timezone="Europe/Berlin"), tenant.person(last_name="Köhler"))
    pat.reads("You have no meetings to come.")
    is_fine(pat)
    nora = f"nora-{tenant.company_id.lower()}@example.org"
    pat.the("new-meeting").click()
    fills(pat, "Parents’ evening", minutes="90", kind="boardroom", agenda="1. Welcome\n2. Trips")
    pat.reads("Ends 12:00")
    pat.the("invitee-addresses").fill(f"Nora Nilsén <{nora}>, nobody")
    pat.the("add-invitees").click()
    pat.reads("Not an e-mail address: nobody")
    pat.the("invitee-addresses").fill("")
    pat.the("invitee", name=nora).get_by_test_id("invitee-role").select_option("moderator")
    is_fine(pat)
    pat.clicks_twice(pat.the("save-meeting"))
    announced(pat, "“Parents’ evening” is made. The invitations are on their way.")
    expect(pat.the("scheduled-meeting")).to_have_attribute("data-state", "to_come")
    expect(pat.the("invited", name=nora)).to_contain_text("Moderator")
    expect(pat.the("invited", name=nora)).to_contain_text("mail sent")
    pat.reads("90 minutes")
    is_fine(pat)

    pat.the("change-meeting").click()
    pat.the("meeting-topic").fill("Parents’ night")
    pat.the("save-meeting").click()
    announced(pat, "“Parents’ night” is changed.")
    pat.the("portal-page", name="meetings").click()
    expect(pat.the("agenda-entry")).to_have_count(1)
    entry(pat, "Parents’ night").get_by_test_id("open-meeting").click()
    pat.the("cancel-meeting").click()
    pat.reads("1 person gets a cancellation by mail.")
    pat.the("cancel-reason").fill("The hall is <flooded>.")
    is_fine(pat)
    pat.clicks_twice(pat.the("confirm-cancel"))
    announced(pat, "“Parents’ night” is cancelled.")
    expect(pat.the("agenda-entry")).to_have_count(0)
    mails = mails_to(tenant.running, nora, count=3)
    (canceled,) = [mail for mail in mails if str(mail["Subject"]).startswith("Canceled")]
    text = canceled.get_body(("plain",))
    assert text is not None
    assert "The hall is <flooded>." in text.get_content()


def test_a_series_is_seen_in_the_calendar_and_changed_once_and_all_over(
    tenant: Tenant, newcomer: Newcomer
) -> None:
    ada = comes(newcomer("Ada", timezone="Europe/Berlin"), tenant.administrator)
    ada.the("agenda-view").select_option("month")
    ada.the("calendar-after").click()
    ada.opens(f"/#/meetings/month/{TENTH:%Y-%m-%d}")
    day = ada.the("calendar-day", name=f"{TENTH:%Y-%m-%d}")
    day.get_by_role("link", name="New meeting on").click()
    expect(ada.the("meeting-day")).to_have_value(f"{TENTH:%Y-%m-%d}")
    fills(ada, "Maths", repetition="weekly", ending="after")
    ada.the("meeting-ends-after").fill("3")
    ada.the("save-meeting").click()
    announced(ada, "“Maths” is made.")
    ada.reads("Every week, 3 times")
    ada.opens(f"/#/meetings/month/{TENTH:%Y-%m-%d}")
    lessons = ada.the("calendar-meeting", name="Maths")
    expect(lessons).to_have_count(3)
    is_fine(ada)

    lessons.nth(1).click()
    ada.the("change-meeting").click()
    expect(ada.the("scope-one")).to_be_checked()
    expect(ada.the("meeting-repetition")).to_have_count(0)
    ada.the("meeting-topic").fill("Maths outside")
    is_fine(ada)
    ada.the("save-meeting").click()
    announced(ada, "“Maths outside” is changed.")
    ada.opens(f"/#/meetings/week/{TENTH + timedelta(days=7):%Y-%m-%d}")
    expect(ada.the("calendar-meeting")).to_have_text("10:30 Maths outside")
    is_fine(ada)
    ada.the("calendar-after").click()
    ada.the("calendar-meeting", name="Maths").click()
    ada.the("cancel-meeting").click()
    ada.reads("The other meetings of the series stay.")
    ada.the("confirm-cancel").click()
    expect(ada.the("agenda-entry")).to_have_count(2)
    entry(ada, "Maths").get_by_test_id("open-meeting").click()
    ada.the("change-meeting").click()
    ada.the("scope-series").check()
    ada.the("meeting-repetition").select_option("once")
    ada.the("save-meeting").click()
    announced(ada, "“Maths” is changed.")
    ada.the("portal-page", name="meetings").click()
    expect(ada.the("agenda-entry")).to_have_count(1)


def test_two_who_change_a_meeting_at_once_hear_of_each_other(tenant: Tenant, newcomer: Newcomer) -> None:
    planned = plan(tenant, "Staff", start=soon(days=3))
    page = f"#/meetings/one/{planned.view.hex_id}/change"
    ada = comes(newcomer("Ada"), tenant.administrator, page)
    bob = comes(newcomer("Bob"), tenant.person(Standing.ADMINISTRATOR, first_name="Bob"), page)
    ada.the("meeting-topic").fill("Staff room")
    bob.the("meeting-minutes").fill("15")
    ada.the("save-meeting").click()
    announced(ada, "“Staff room” is changed.")
    bob.the("save-meeting").click()
    expect(bob.the("changed-meanwhile")).to_contain_text("Topic is now: Staff room")
    is_fine(bob)
    bob.the("take-theirs").click()
    expect(bob.the("meeting-topic")).to_have_value("Staff room")
    bob.the("meeting-minutes").fill("20")
    planned.changes(agenda="Keys")
    bob.the("save-meeting").click()
    bob.the("save-mine").click()
    announced(bob, "“Staff room” is changed.")
    bob.reads("20 minutes")
    bob.reads("Keys")
    bob.the("cancel-meeting").click()
    planned.changes(agenda="Locks")
    bob.the("confirm-cancel").click()
    bob.is_told("Somebody has changed this meeting meanwhile.")


def test_an_administrator_sees_everybodys_and_finds_people_to_invite(
    tenant: Tenant, newcomer: Newcomer
) -> None:
    kim = tenant.person(first_name="Kim", last_name="Öztürk")
    tenant.person(first_name="Lea", last_name="Lang")
    plan(tenant, "Mine", start=soon(days=1))
    pat = comes(newcomer("Pat"), kim, "#/meetings/new")
    expect(pat.the("meeting-topic")).to_be_visible()
    expect(pat.the("find-people")).to_have_count(0)
    fills(pat, "Kim's")
    pat.the("save-meeting").click()
    announced(pat, "“Kim's” is made.")
    expect(pat.the("agenda-whose")).to_have_count(0)

    ada = comes(newcomer("Ada"), tenant.administrator)
    expect(entry(ada, "Mine")).to_be_visible()
    expect(entry(ada, "Kim's")).to_have_count(0)
    ada.the("agenda-whose").select_option("all")
    expect(entry(ada, "Kim's")).to_contain_text("By Kim Öztürk")
    is_fine(ada)
    ada.the("new-meeting").click()
    fills(ada, "With Kim")
    ada.the("find-people").fill("öztü")
    found = ada.the("found-person", name="Kim Öztürk")
    found.get_by_test_id("add-person").click()
    expect(found.get_by_test_id("add-person")).to_be_disabled()
    is_fine(ada)
    ada.the("save-meeting").click()
    expect(ada.the("invited", name=kim.username)).to_contain_text("Kim Öztürk")


def test_what_has_been_is_seen_afterwards(tenant: Tenant, newcomer: Newcomer) -> None:
    planned = plan(tenant, "Standup", start=soon(minutes=-5))
    ada = comes(newcomer("Ada"), tenant.administrator, f"#/meetings/one/{planned.view.hex_id}")
    ada.reads("stands here once somebody has come")
    nora = newcomer("Nora").opens(planned.page()).joins("Nora")
    nora.writes("Here is the plan: https://example.org/plan")
    expect(ada.the("attendance")).to_contain_text("still inside", timeout=60_000)
    ada.the("close-meeting").click()
    ada.clicks_twice(ada.the("confirm-close"))
    announced(ada, "“Standup” has ended.")
    expect(nora.page.locator("body")).to_contain_text("The meeting is over")
    summary = ada.the("meeting-summary")
    expect(summary).to_contain_text("Here is the plan", timeout=60_000)
    expect(ada.the("attendance")).not_to_contain_text("still inside", timeout=60_000)
    expect(summary.get_by_role("link", name="https://example.org/plan")).to_be_visible()
    expect(summary).to_contain_text("Nothing was recorded.")
    is_fine(ada)


def test_the_calendar_feed_is_found_and_renewed(tenant: Tenant, newcomer: Newcomer) -> None:
    plan(tenant, "In the feed", start=soon(days=1))
    ada = comes(newcomer("Ada"), tenant.administrator)
    ada.the("meeting-feed").click()
    first = ada.the("feed-address").input_value()
    assert "In the feed" in tenant.running.http.get(first).text
    is_fine(ada)
    ada.the("renew-feed").click()
    ada.clicks_twice(ada.the("confirm-renew"))
    announced(ada, "There is a new address.")
    expect(ada.the("feed-address")).not_to_have_value(first)
    assert tenant.running.http.get(first).status_code == 404


def test_a_meeting_is_made_by_keyboard_alone(tenant: Tenant, newcomer: Newcomer) -> None:
    pat = comes(newcomer("Pat"), tenant.person(), "#/meetings/new")
    keyboard = pat.page.keyboard
    pat.the("meeting-topic").focus()
    keyboard.type("Typed")
    for wanted in ("meeting-agenda", "meeting-day"):
        keyboard.press("Tab")
        expect(pat.the(wanted)).to_be_focused()
    pat.the("invitee-addresses").focus()
    keyboard.type("a@example.org")
    keyboard.press("Enter")
    expect(pat.the("invitee-count")).to_have_text("1 person invited")
    pat.the("invitee", name="a@example.org").get_by_test_id("remove-invitee").focus()
    keyboard.press("Enter")
    expect(pat.the("invitee-count")).to_be_focused()
    pat.the("save-meeting").focus()
    keyboard.press("Enter")
    announced(pat, "“Typed” is made.")


def test_meetings_on_a_phone_in_german(tenant: Tenant, newcomer: Newcomer) -> None:
    plan(tenant, "Besprechung", start=TENTH, timezone="Europe/Berlin")
    ada = comes(newcomer("Ada", locale="de-DE", timezone="Europe/Berlin", screen=PHONE), tenant.administrator)
    expect(entry(ada, "Besprechung")).to_be_visible()
    is_fine(ada)
    ada.opens(f"/#/meetings/month/{TENTH:%Y-%m-%d}")
    expect(entry(ada, "Besprechung")).to_be_visible()
    expect(ada.the("calendar")).to_have_count(0)
    is_fine(ada)
    entry(ada, "Besprechung").get_by_test_id("open-meeting").click()
    expect(ada.the("scheduled-meeting", name="Besprechung")).to_be_visible()
    expect(ada.page.locator("main .mantine-Loader-root")).to_have_count(0)
    is_fine(ada)
    ada.the("change-meeting").click()
    expect(ada.the("meeting-topic")).to_have_value("Besprechung")
    is_fine(ada)
    ada.the("meeting-repetition").select_option("monthly")
    ada.the("meeting-ending").select_option("on_date")
    ada.the("meeting-ends-on").fill(f"{TENTH - timedelta(days=9):%Y-%m-%d}")
    ada.the("save-meeting").click()
    ada.is_told("Es wurde nicht gespeichert")
    ada.the("meeting-ends-on").fill(f"{TENTH + timedelta(days=90):%Y-%m-%d}")
    ada.the("save-meeting").click()
    announced(ada, "„Besprechung“ ist geändert.")
    ada.reads("Jeden Monat, bis")

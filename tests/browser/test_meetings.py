"""Meetings: their page before, at and after their time, the waiting room, and webinars."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from switchroom.accounts.models import MeetingKind
from switchroom.meetings.recurrence import FrequencyType, Recurrence
from tests.browser.people import BOTH, PHONE, Newcomer
from tests.browser.person import Person
from tests.browser.test_accessibility import is_sound
from tests.meetings.planning import plan, soon
from tests.platform import PASSWORD, Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]

NORA = "nora@example.org"
COUNTS_CAPTURES = """
  window.captures = 0;
  const capture = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
  if (capture) navigator.mediaDevices.getUserMedia = wish => { window.captures++; return capture(wish); };
"""


def asks_to_enter(person: Person, name: str = "") -> Person:
    """Through the lobby to the waiting room."""
    if name:
        person.the("display-name").fill(name)
    expect(person.the("join")).to_have_text("Ask to come in")
    person.the("join").click()
    expect(person.the("waiting-room")).to_be_visible()
    return person


def lists_waiting(moderator: Person, *names: str) -> None:
    for name in names:
        expect(moderator.the("waiting-person", name=name)).to_have_count(1)
    expect(moderator.the("waiting-person")).to_have_count(len(names))


def signs_in(person: Person, tenant: Tenant) -> Person:
    person.the("username").fill(tenant.administrator.username)
    person.page.get_by_label("Password", exact=True).fill(PASSWORD)
    person.page.keyboard.press("Enter")
    return person


def test_into_a_boardroom_people_are_let_in_one_by_one(tenant: Tenant, newcomer: Newcomer) -> None:
    meeting = plan(tenant, "Board", kind=MeetingKind.BOARDROOM, agenda="1. Welcome", invite=NORA)
    nora = newcomer("Nora", on=BOTH).opens(meeting.page(meeting.key_of(NORA)))
    expect(nora.the("meeting-topic")).to_have_text("Board")
    expect(nora.the("agenda")).to_have_text("1. Welcome")
    expect(nora.the("display-name")).to_have_value("Nora Nilsen")
    asks_to_enter(nora, "Nora N.")
    nora.reads("Nobody is here yet who could let you in.")
    is_sound(nora.page)
    ben = asks_to_enter(newcomer("Ben").opens(meeting.page()), "Ben")

    ada = newcomer("Ada", on=BOTH).opens(meeting.page(meeting.organizer_key)).joins()
    lists_waiting(ada, "Nora N.", "Ben")
    is_sound(ada.page)
    ada.meets()
    nora.reads("A moderator knows that you are here")
    ada.the("waiting-person", name="Nora N.").get_by_test_id("admit").click()
    nora.is_inside().meets("Ada Admin")
    nora.sees("Ada Admin")
    ada.meets("Nora N.")
    ada.sees("Nora N.")
    ada.hears("Nora N.")

    lists_waiting(ada, "Ben")
    ada.the("deny").click()
    ben.is_told("You were not let in")
    lists_waiting(ada)
    nora.page.reload()
    nora.joins().meets("Ada Admin")


def test_a_moderator_with_a_phone_lets_all_in(tenant: Tenant, newcomer: Newcomer) -> None:
    meeting = plan(tenant, kind=MeetingKind.BOARDROOM)
    ada = newcomer("Ada", screen=PHONE).opens(meeting.page(meeting.organizer_key)).joins()
    ben = asks_to_enter(newcomer("Ben", screen=PHONE).opens(meeting.page()), "Ben")
    expect(ada.the("announcements")).to_have_text("Ben waits to come in.")
    cleo = asks_to_enter(newcomer("Cleo").opens(meeting.page()), "Cleo")
    lists_waiting(ada, "Ben", "Cleo")
    is_sound(ada.page)
    is_sound(ben.page)
    expect(ada.the("announcements")).to_have_text("Cleo waits to come in.")
    cleo.the("stop-waiting").click()
    lists_waiting(ada, "Ben")
    asks_to_enter(cleo)
    lists_waiting(ada, "Ben", "Cleo")
    ada.the("admit-all").click()
    for guest in (ben, cleo):
        guest.is_inside()
    ada.meets("Ben", "Cleo")


def test_who_waits_is_no_nobody_and_in_german_all_can_be_let_in_too(
    tenant: Tenant, newcomer: Newcomer
) -> None:
    meeting = plan(tenant, kind=MeetingKind.BOARDROOM)
    ada = (
        newcomer("Ada", locale="de-DE", screen=(1280, 800)).opens(meeting.page(meeting.organizer_key)).joins()
    )
    ada.reads("Es ist noch niemand sonst da.")
    for name in ("Ben", "Cleo"):
        asks_to_enter(newcomer(name).opens(meeting.page()), name)
    lists_waiting(ada, "Ben", "Cleo")
    expect(ada.page.locator("body")).not_to_contain_text("niemand sonst da")
    cut_off = "button => [...button.querySelectorAll('*')].some(one => one.scrollWidth > one.clientWidth + 1)"
    assert not ada.the("admit-all").evaluate(cut_off)


def test_to_a_webinar_people_come_to_listen(tenant: Tenant, newcomer: Newcomer) -> None:
    meeting = plan(tenant, "Webinar", kind=MeetingKind.WEBINAR)
    ada = newcomer("Ada", on=BOTH).opens(meeting.page(meeting.organizer_key)).joins()
    wim = newcomer("Wim", on=BOTH, script=COUNTS_CAPTURES).opens(meeting.page())
    expect(wim.the("listening")).to_contain_text("Your camera and microphone are not used.")
    for selection in ("camera", "microphone"):
        expect(wim.the(f"select-{selection}")).to_have_count(0)
    is_sound(wim.page)
    wim.joins("Wim")
    wim.sees("Ada Admin")
    wim.hears("Ada Admin")
    wim.reads("You are a spectator: you see and hear, and are not seen.")
    expect(ada.the("people-count")).to_have_text("1 person, 1 spectator")
    ada.reads("1 spectator sees and hears you.")
    expect(wim.page.get_by_role("heading", name="Participants")).to_have_text("Participants 1")
    rows = wim.page.get_by_role("list", name="People in this room").get_by_test_id("participant")
    expect(rows).to_have_count(1)
    expect(wim.page.get_by_role("list", name="Spectators")).to_contain_text("Wim")
    for switch in ("microphone", "camera", "screen"):
        expect(wim.the(f"toggle-{switch}")).to_have_attribute("aria-disabled", "true")
    wim.writes("A question")
    expect(ada.message("A question")).to_have_count(1)
    ada.meets()
    assert wim.page.evaluate("() => window.captures") == 0
    assert not [message for message in wim.said if message["type"] == "publish"]


def test_before_the_start_the_page_says_when_and_lets_the_organizer_in(
    tenant: Tenant, newcomer: Newcomer
) -> None:
    start = datetime.now(UTC).replace(hour=8, minute=30, second=0, microsecond=0) + timedelta(days=3)
    daily = Recurrence(frequency_type=FrequencyType.DAILY)
    meeting = plan(tenant, "Standup", start=start, timezone="America/New_York", recurrence=daily)
    ben = newcomer("Ben", timezone="Asia/Tokyo").opens(meeting.page())
    expect(ben.the("meeting-topic")).to_have_text("Standup")
    expect(ben.the("meeting-start")).to_contain_text("17:30")
    ben.reads("in America/New York")
    ben.reads("This is the next time.")
    expect(ben.the("meeting-countdown")).to_contain_text("day")
    expect(ben.the("join")).to_have_count(0)
    is_sound(ben.page)
    ben.the("meeting-sign-in").click()
    signs_in(ben, tenant)
    expect(ben.the("signed-in-as")).to_contain_text("You are signed in as Ada Admin.")
    ben.joins()
    ben.reads("Moderator")


def test_the_page_opens_by_itself_when_the_meeting_begins(tenant: Tenant, newcomer: Newcomer) -> None:
    """The page's clock skips the four minutes that it waits; for the server the time is moved meanwhile."""
    meeting = plan(tenant, start=soon(minutes=4))
    ben = newcomer("Ben", locale="de-DE")
    ben.page.clock.install()
    ben.opens(meeting.page())
    expect(ben.the("meeting-countdown")).to_contain_text("Es beginnt in")
    ben.reads("Diese Seite öffnet sich von selbst")
    meeting.changes(start=soon(minutes=-1))
    ben.page.clock.fast_forward("04:30")
    expect(ben.the("join")).to_be_visible()
    asked = ben.page.evaluate(
        "() => performance.getEntriesByType('resource').filter(one => one.name.endsWith('/client/meeting'))"
        ".length"
    )
    assert asked <= 4, f"{asked} calls to learn when a meeting begins"
    ben.joins("Ben")


def test_somebody_signed_in_comes_under_their_account_or_as_a_guest(
    tenant: Tenant, newcomer: Newcomer
) -> None:
    meeting = plan(tenant, kind=MeetingKind.BOARDROOM)
    ada = signs_in(newcomer("Ada").opens("/"), tenant)
    expect(ada.the("sign-out")).to_be_visible()
    ada.opens(meeting.page())
    expect(ada.the("display-name")).to_have_value("Ada Admin")
    expect(ada.the("join")).to_have_text("Join now")
    ada.the("change-identity").click()
    expect(ada.the("join")).to_have_text("Ask to come in")
    asks_to_enter(ada, "A guest")
    ada.the("stop-waiting").click()
    ada.the("change-identity").click()
    expect(ada.the("join")).to_have_text("Join now")
    ada.joins()
    ada.reads("Moderator")


def test_closing_a_meeting_puts_everybody_out(tenant: Tenant, newcomer: Newcomer) -> None:
    meeting = plan(tenant, "Board", kind=MeetingKind.BOARDROOM)
    ada = newcomer("Ada").opens(meeting.page(meeting.organizer_key)).joins()
    ben = asks_to_enter(newcomer("Ben").opens(meeting.page()), "Ben")
    lists_waiting(ada, "Ben")
    meeting.closes()
    for person in (ada, ben):
        person.is_told("The meeting is over")
        person.reads("It has been closed for everybody.")
    ben.button("Back to the start").click()
    ben.is_told("This meeting is over")
    expect(ben.the("meeting-topic")).to_have_text("Board")
    is_sound(ben.page)


def test_what_does_not_exist_is_said(tenant: Tenant, newcomer: Newcomer) -> None:
    for address in ("/#/meeting/1111-2222-3333-4444", "/#/meeting/1111-2222-3333-4444/wrong"):
        newcomer().opens(address).is_told("This meeting does not exist")
    meeting = plan(tenant)
    meeting.is_canceled()
    newcomer().opens(meeting.page(meeting.organizer_key)).is_told("This meeting does not exist")


def test_a_damaged_personal_link_leads_to_the_page_for_everybody(tenant: Tenant, newcomer: Newcomer) -> None:
    meeting = plan(tenant, "Figures", agenda="1. All", invite=NORA, recorded=True)
    nora = newcomer("Nora").opens(meeting.page(meeting.key_of(NORA)[:-1]))
    nora.is_told("This personal link does not work")
    expect(nora.page.locator("body")).not_to_contain_text("Figures")
    nora.the("general-page").click()
    expect(nora.the("meeting-topic")).to_have_text("Figures")
    expect(nora.the("display-name")).to_have_value("")
    expect(nora.page.get_by_role("heading", name="Agenda", exact=True)).to_be_visible()
    is_sound(nora.page)


def test_a_full_room_is_said(tenant: Tenant, newcomer: Newcomer) -> None:
    meeting = plan(tenant)
    meeting.has_places(1)
    newcomer("Ada").opens(meeting.page(meeting.organizer_key)).joins()
    ben = newcomer("Ben").opens(meeting.page())
    ben.the("display-name").fill("Ben")
    ben.the("join").click()
    ben.is_told("This room is full")

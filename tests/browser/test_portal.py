"""What people with an account find at `/`."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from switchroom.identity.permissions import Standing
from tests.browser.people import PHONE, Join, Newcomer
from tests.browser.person import Person
from tests.browser.test_accessibility import is_sound
from tests.meetings.planning import plan, soon
from tests.platform import Account, Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]


def sign_in(person: Person, account: Account, password: str = "") -> Person:
    person.the("username").fill(account.username)
    person.the("password").fill(password or account.password)
    person.the("sign-in").click()
    return person


def test_somebody_signs_in_finds_a_room_and_enters_it(tenant: Tenant, join: Join, newcomer: Newcomer) -> None:
    sales = tenant.department("Sales")
    room = tenant.room("Weekly", parentId=sales)
    tenant.room("Vault", defaultPermissions={"role": "ROLE_NO_ACCESS"})
    anna = join(room, "Anna")
    pat = sign_in(
        newcomer("Pat").opens("/"), tenant.person(Standing.PARTICIPANT, first_name="Pat", last_name="Köhler")
    )
    department = pat.page.get_by_role("region", name="Department Sales")
    weekly = department.get_by_test_id("room")
    expect(weekly).to_have_attribute("data-name", "Weekly")
    expect(weekly).to_contain_text("Anna")
    expect(weekly).to_contain_text("1 person inside")
    expect(pat.the("room", name="Vault")).to_have_count(0)
    expect(weekly.get_by_test_id("room-links")).to_have_count(0)
    pat.the("department", name="Sales").click()
    expect(weekly).to_have_count(0)
    pat.page.get_by_role("searchbox").fill("week")
    weekly.get_by_test_id("enter-room").click()
    expect(pat.the("display-name")).to_have_value("Pat Köhler")
    pat.joins()
    anna.meets("Pat Köhler")
    pat.leaves()
    pat.button("Back to the overview").click()
    expect(pat.the("room", name="Weekly")).to_be_visible()


def test_a_reload_stays_signed_in_until_one_signs_out(tenant: Tenant, newcomer: Newcomer) -> None:
    room = tenant.room("Lounge")
    pat = sign_in(newcomer("Pat").opens("/"), tenant.person())
    expect(pat.the("room", name="Lounge")).to_be_visible()
    pat.page.reload()
    expect(pat.the("room", name="Lounge")).to_be_visible()
    pat.opens(f"/#/room/{room}").page.reload()
    pat.joins()
    pat.opens("about:blank").opens("/")
    pat.the("sign-out").click()
    expect(pat.the("username")).to_be_visible()
    pat.page.reload()
    expect(pat.the("username")).to_be_visible()


def test_who_opens_a_room_signs_in_first_and_goes_on_there(tenant: Tenant, newcomer: Newcomer) -> None:
    room = tenant.room("Lounge")
    pat = newcomer("Pat").opens(f"/#/room/{room}")
    sign_in(pat, tenant.person()).joins()
    expect(pat.page.get_by_role("heading", level=1)).to_have_text("Lounge")


def test_a_wrong_password_is_said(tenant: Tenant, newcomer: Newcomer) -> None:
    pat = newcomer("Pat").opens("/")
    account = tenant.person()
    sign_in(pat, account, "not this one").is_told("The user name or the password is not right.")
    expect(pat.the("username")).to_have_value(account.username)
    sign_in(pat, account)
    expect(pat.the("sign-out")).to_be_visible()


def test_an_administrator_makes_copies_and_deletes_a_link(tenant: Tenant, newcomer: Newcomer) -> None:
    tenant.room("Lounge")
    ada = newcomer("Ada")
    ada.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(ada.opens("/"), tenant.administrator)
    ada.the("room", name="Lounge").get_by_test_id("room-links").click()
    ada.reads("There are none yet.")
    ada.the("link-description").fill("Open evening")
    ada.clicks_twice(ada.the("create-link"))
    row = ada.the("link", name="Open evening")
    expect(row).to_contain_text("Participant")
    link = ada.copies(row.get_by_test_id("copy-link"))
    nora = newcomer("Nora").opens(link).joins("Nora")
    row.get_by_test_id("delete-link").click()
    row.get_by_test_id("confirm-delete").click()
    expect(row).to_have_count(0)
    nora.is_told("Your access was taken back")
    newcomer("Lena").opens(link).is_told("This link does not work")


def test_an_administrator_invites_a_guest_by_name(tenant: Tenant, newcomer: Newcomer) -> None:
    tenant.room("Lounge")
    ada = sign_in(newcomer("Ada").opens("/"), tenant.administrator)
    ada.the("room", name="Lounge").get_by_test_id("room-links").click()
    ada.page.get_by_role("tab", name="Guest links").click()
    ada.the("link-name").fill("Grace Höpper")
    ada.the("link-email").fill("grace@example.org")
    ada.the("create-link").click()
    link = ada.the("link", name="Grace Höpper").get_by_test_id("copy-link").get_attribute("data-link") or ""
    guest = newcomer("Grace").opens(link)
    expect(guest.the("display-name")).to_have_value("Grace Höpper")


def test_the_portal_in_german(tenant: Tenant, newcomer: Newcomer) -> None:
    tenant.room("Lounge", parentId=tenant.department("Vertrieb"))
    pat = newcomer("Pat", locale="de-DE").opens("/")
    expect(pat.page.locator("html")).to_have_attribute("lang", "de")
    expect(pat.button("Anmelden")).to_be_visible()
    sign_in(pat, tenant.person())
    expect(pat.page.get_by_role("region", name="Abteilung Vertrieb")).to_contain_text("1 Raum")
    expect(pat.page.get_by_role("link", name="Lounge betreten")).to_be_visible()


def test_many_rooms_are_shown_a_page_at_a_time_and_found_by_name(tenant: Tenant, newcomer: Newcomer) -> None:
    sales = tenant.department("Sales")
    rooms = [tenant.room(f"Room {number}", parentId=sales) for number in range(120)]
    for number in range(31):
        tenant.room(f"Hall {number}")
    ada = sign_in(newcomer("Ada").opens("/"), tenant.administrator)
    expect(ada.the("room")).to_have_count(31)
    region = ada.page.get_by_role("region", name="Department Sales")
    department = region.get_by_test_id("department")
    expect(department).to_have_attribute("aria-expanded", "false")
    department.click()
    expect(region.get_by_test_id("room")).to_have_count(100)
    expect(region.get_by_test_id("room").first).to_have_attribute("data-name", "Room 0")
    is_sound(ada.page)

    region.get_by_test_id("rooms-after").click()
    expect(region.get_by_test_id("room")).to_have_count(20)
    expect(region.get_by_test_id("room").first).to_have_attribute("data-name", "Room 100")
    for room in rooms[101:]:
        tenant.api("roomService/destroy", roomId=room)
    region.get_by_test_id("room-settings").nth(1).click()
    ada.the("delete-room").click()
    ada.the("confirm-delete").click()
    expect(region.get_by_test_id("room").first).to_have_attribute("data-name", "Room 0")

    ada.page.get_by_role("searchbox").fill("room 99")
    expect(ada.the("room")).to_have_count(1)
    expect(region.get_by_test_id("room")).to_have_attribute("data-name", "Room 99")
    ada.page.get_by_role("searchbox").fill("nothing")
    ada.reads("No room matches “nothing”.")
    ada.page.get_by_role("searchbox").fill("")
    ada.the("new-room").click()
    ada.the("find-department").fill("sal")
    ada.the("room-department").select_option(label="Sales")
    ada.the("room-name").fill("Annex")
    ada.the("save-room").click()
    expect(ada.the("find-department")).to_have_count(0)
    ada.page.get_by_role("searchbox").fill("annex")
    expect(ada.the("room")).to_have_count(1)
    expect(region.get_by_test_id("room")).to_have_attribute("data-name", "Annex")


def test_an_organizer_finds_their_meetings_and_enters_one_as_its_moderator(
    tenant: Tenant, newcomer: Newcomer
) -> None:
    plan(tenant, "Next week", start=soon(days=7))
    on = plan(tenant, "Figures", start=soon(minutes=-5), timezone="Asia/Tokyo")
    ada = newcomer("Ada", timezone="Europe/Berlin")
    ada.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(ada.opens("/"), tenant.administrator)
    expect(ada.page.get_by_role("region", name="Your meetings").get_by_role("article")).to_have_count(2)
    figures = ada.the("own-meeting").first
    expect(figures).to_contain_text("Figures")
    expect(figures).to_contain_text("On now")
    expect(figures).to_contain_text("in Asia/Tokyo")
    ada.reads("There is no room yet. Make the first one.")
    is_sound(ada.page)
    link = ada.copies(figures.get_by_test_id("copy-meeting-link"))
    nora = newcomer("Nora").opens(link).joins("Nora")
    ada.page.keyboard.press("Tab")
    expect(ada.page.get_by_role("link", name="Enter Figures")).to_be_focused()
    ada.page.keyboard.press("Enter")
    ada.joins().meets("Nora")
    expect(nora.the("participant", name="Ada Admin")).to_contain_text("Moderator")
    ada.leaves()
    ada.button("Back to the overview").click()
    expect(ada.the("own-meeting", name=on.view.occurrence.topic)).to_be_visible()


def test_many_meetings_on_a_phone_in_german(tenant: Tenant, newcomer: Newcomer) -> None:
    tenant.room("Lounge")
    for number in range(1, 8):
        plan(tenant, f"Treffen {number} mit einem langen Titel", start=soon(days=number))
    pat = newcomer("Pat", locale="de-DE", screen=PHONE).opens("/")
    sign_in(pat, tenant.administrator)
    expect(pat.page.get_by_role("heading", name="Ihre Meetings")).to_be_visible()
    expect(pat.the("own-meeting")).to_have_count(5)
    is_sound(pat.page)
    pat.button("Alle 7 anzeigen").click()
    expect(pat.the("own-meeting")).to_have_count(7)
    expect(pat.the("own-meeting").nth(5).get_by_test_id("enter-meeting")).to_be_focused()
    assert pat.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    expect(pat.the("room", name="Lounge")).to_be_visible()


def test_an_administrator_makes_the_first_rooms_changes_and_deletes_them(
    tenant: Tenant, newcomer: Newcomer
) -> None:
    ada = sign_in(newcomer("Ada").opens("/"), tenant.administrator)
    pat = sign_in(newcomer("Pat").opens("/"), tenant.person(Standing.PARTICIPANT))
    pat.reads("No room is open to you yet, and you have no meetings to come.")
    expect(pat.the("new-room")).to_have_count(0)
    ada.reads("There is no room yet. Make the first one.")
    ada.the("new-room").click()
    expect(ada.the("room-name")).to_be_focused()
    expect(ada.the("room-size")).to_be_visible()
    is_sound(ada.page)
    ada.the("room-kind").get_by_text("Department").click()
    ada.the("room-name").fill("Übungsräume")
    ada.page.keyboard.press("Enter")
    expect(ada.the("department", name="Übungsräume")).to_contain_text("0 rooms")
    ada.the("new-room").click()
    ada.the("room-name").fill("  Raum <1>  ")
    ada.the("room-department").select_option(label="Übungsräume")
    ada.the("room-size").select_option(label="Small: 12 people, 50 spectators")
    ada.clicks_twice(ada.the("save-room"))
    department = ada.page.get_by_role("region", name="Department Übungsräume")
    room = department.get_by_test_id("room")
    expect(room).to_have_attribute("data-name", "Raum <1>")
    ((room_id, made),) = (
        one for one in tenant.api("roomService/list")["rooms"].items() if one[1]["type"] == "ROOM_TYPE_ROOM"
    )
    assert made["quotas"]["name"] == "small"
    assert made["mode"] == "ROOM_MODE_NORMAL"
    pat.page.reload()
    pat.the("room", name="Raum <1>").get_by_test_id("enter-room").click()
    pat.joins()

    room.get_by_test_id("room-settings").click()
    expect(ada.the("room-size")).to_have_value("small")
    ada.the("room-name").fill("Raum 2")
    ada.the("room-mode").select_option("ROOM_MODE_SPECTATOR")
    ada.the("room-open").uncheck()
    ada.the("save-room").click()
    expect(room).to_have_attribute("data-name", "Raum 2")
    pat.is_told("Your access was taken back")
    changed = tenant.api("roomService/list", filterRoomIds=[room_id])["rooms"][room_id]
    assert (changed["mode"], changed["quotas"]) == ("ROOM_MODE_SPECTATOR", made["quotas"])
    assert "defaultPermissions" not in changed

    department.get_by_test_id("room-settings").first.click()
    ada.the("delete-room").click()
    ada.the("confirm-delete").click()
    ada.is_told("There are rooms in it. Delete those first.")
    ada.page.keyboard.press("Escape")
    tenant.api(
        "roomService/update", roomId=room_id, room={"defaultPermissions": {"role": "ROLE_PARTICIPANT"}}
    )
    room.get_by_test_id("room-settings").click()
    ada.the("delete-room").click()
    ada.the("confirm-delete").click()
    expect(room).to_have_count(0)
    expect(ada.the("department", name="Übungsräume")).to_be_visible()
    assert room_id not in tenant.api("roomService/list")["rooms"]


def test_of_a_size_that_is_used_up_no_room_can_be_made(tenant: Tenant, newcomer: Newcomer) -> None:
    tenant.limit_rooms("small", 1)
    tenant.room("Klein", quotas={"name": "small"})
    ada = sign_in(newcomer("Ada", locale="de-DE").opens("/"), tenant.administrator)
    ada.the("new-room").click()
    small = ada.the("room-size").locator("option[value=small]")
    expect(small).to_have_text("Klein: 12 Personen, 50 Zuschauer")
    expect(small).to_be_disabled()
    ada.the("room-size").select_option("large")
    ada.the("room-name").fill("Aula")
    ada.the("save-room").click()
    expect(ada.the("room", name="Aula")).to_be_visible()

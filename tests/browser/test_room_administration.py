"""Rooms in the portal: access, places, features and links, as those do it who administer them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from switchroom.identity.permissions import Standing
from tests.browser.people import PHONE, Newcomer
from tests.browser.person import Person
from tests.browser.test_portal import sign_in
from tests.browser.test_scheduling import announced, is_fine
from tests.mail.outbox import mails_to
from tests.platform import Account, Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]


def administers(newcomer: Newcomer, account: Account, room: str, part: str) -> Person:
    """Somebody who has opened a part of a room's settings."""
    ada = sign_in(newcomer("Ada").opens("/"), account)
    opens(ada, room, part)
    return ada


def opens(ada: Person, room: str, part: str) -> None:
    region = ada.the("room", name=room)
    region.get_by_test_id("room-settings").click()
    ada.the(f"room-tab-{part}").click()


def names(person: Person) -> list[str]:
    return person.the("room").evaluate_all("rooms => rooms.map(room => room.dataset.name)")


def in_order(person: Person, *wanted: str) -> None:
    person.until(lambda: names(person), lambda found: found == list(wanted), f"the order {wanted}")


def test_access_is_given_to_people_and_to_all_others(tenant: Tenant, newcomer: Newcomer) -> None:
    room = tenant.room("Lounge")
    kim = tenant.person(Standing.PARTICIPANT, first_name="Kim", last_name="Öztürk")
    pat = sign_in(newcomer("Pat").opens("/"), tenant.person())
    expect(pat.the("room", name="Lounge")).to_be_visible()

    ada = administers(newcomer, tenant.administrator, "Lounge", "access")
    ada.reads("Nobody has been named yet.")
    ada.the("default-role").select_option("")
    announced(ada, "Nobody who is not named")
    ada.the("find-people").fill("öztü")
    ada.clicks_twice(ada.the("give-access"))
    announced(ada, "Kim Öztürk: Participant")
    person = ada.the("room-person", name="Kim Öztürk")
    person.get_by_test_id("room-role").select_option("ROLE_MODERATOR")
    announced(ada, "Kim Öztürk: Moderator")
    is_fine(ada)
    permissions = tenant.api("roomService/permissions", token=kim.token, roomId=room)["permissions"]
    assert permissions["promote"]
    pat.page.reload()
    pat.reads("No room is open to you yet")
    expect(pat.the("room", name="Lounge")).to_have_count(0)
    person.get_by_test_id("remove-access").click()
    announced(ada, "Kim Öztürk has no access of their own any more.")
    expect(person).to_have_count(0)


def test_rooms_are_moved_by_keyboard_and_by_mouse(tenant: Tenant, newcomer: Newcomer) -> None:
    sales = tenant.department("Sales")
    for name in ("One", "Two", "Three"):
        tenant.room(name, parentId=sales)
    tenant.room("Lobby")
    ada = administers(newcomer, tenant.administrator, "Three", "place")
    expect(ada.the("place-department")).to_have_value(sales)
    ada.the("place-behind").select_option(label="One")
    is_fine(ada)
    ada.the("move-room").focus()
    ada.page.keyboard.press("Enter")
    announced(ada, "Three was moved.")
    in_order(ada, "One", "Three", "Two", "Lobby")
    ada.the("room", name="Lobby").drag_to(ada.the("room", name="One"))
    announced(ada, "Lobby was moved.")
    in_order(ada, "One", "Lobby", "Three", "Two")
    ada.the("room", name="Two").drag_to(ada.the("department", name="Sales"))
    announced(ada, "Two was moved.")
    in_order(ada, "Two", "One", "Lobby", "Three")
    opens(ada, "One", "place")
    ada.the("place-department").select_option("")
    ada.the("move-room").click()
    announced(ada, "One was moved.")
    expect(ada.page.get_by_role("region", name="Department Sales").get_by_test_id("room")).to_have_count(3)


def test_who_may_not_arrange_rooms_cannot_drag_them(tenant: Tenant, newcomer: Newcomer) -> None:
    tenant.room("Lounge")
    pat = sign_in(newcomer("Pat").opens("/"), tenant.person())
    expect(pat.the("room", name="Lounge")).not_to_have_attribute("draggable", "true")
    pat.the("room-invite").click()
    assert "/#/room/" in pat.the("invite-address").input_value()
    expect(pat.the("invite-guests")).to_have_count(0)
    is_fine(pat)


def test_features_are_set_one_by_one(tenant: Tenant, newcomer: Newcomer) -> None:
    room = tenant.room("Lounge")
    ada = administers(newcomer, tenant.administrator, "Lounge", "features")
    ada.the("feature-RAISE_HANDS").check()
    announced(ada, "Saved: People can raise their hands")
    is_fine(ada)
    (feature,) = tenant.api("roomService/list", filterRoomIds=[room])["rooms"][room]["features"]
    assert feature == {"id": "RAISE_HANDS", "state": "ENABLED"}


def test_how_much_of_a_quota_is_used_is_shown(tenant: Tenant, newcomer: Newcomer) -> None:
    tenant.limit_rooms("standard", 3)
    tenant.room("Lounge")
    ada = sign_in(newcomer("Ada").opens("/"), tenant.administrator)
    ada.the("new-room").click()
    expect(ada.the("rooms-used")).to_contain_text("Standard: 1 of 3")


def test_a_room_that_somebody_has_changed_meanwhile_is_not_overwritten(
    tenant: Tenant, newcomer: Newcomer
) -> None:
    room = tenant.room("Lounge")
    ada = sign_in(newcomer("Ada").opens("/"), tenant.administrator)
    ada.the("room", name="Lounge").get_by_test_id("room-settings").click()
    expect(ada.the("room-size")).to_be_visible()
    ada.the("room-mode").select_option("ROOM_MODE_EXAM")
    tenant.api("roomService/update", roomId=room, room={"displayName": "Hall"})
    ada.the("save-room").click()
    expect(ada.the("changed-meanwhile")).to_contain_text("its name is now Hall")
    ada.the("room-name").fill("Hall")
    ada.the("save-room").click()
    expect(ada.the("room", name="Hall")).to_be_visible()
    shown = tenant.api("roomService/list", filterRoomIds=[room])["rooms"][room]
    assert (shown["displayName"], shown["mode"]) == ("Hall", "ROOM_MODE_EXAM")


def link(person: Person, name: str) -> Locator:
    return person.the("link", name=name)


def test_links_are_changed_and_sent_again(tenant: Tenant, newcomer: Newcomer) -> None:
    room = tenant.room("Lounge")
    grace_address = f"grace-{tenant.company_id.lower()}@example.org"
    tenant.guest_link(room, displayName="Grace", email=grace_address)
    made = tenant.group_link(room, description="Open evening")
    ada = sign_in(newcomer("Ada", timezone="Europe/Berlin").opens("/"), tenant.administrator)
    ada.the("room-links").click()
    evening = link(ada, "Open evening")
    evening.get_by_test_id("edit-link").click()
    form = evening.locator("form")
    form.get_by_test_id("link-description").fill("Late evening")
    form.get_by_label("Valid until").fill("2090-01-02T20:00")
    is_fine(ada)
    ada.clicks_twice(form.get_by_test_id("save-link"))
    announced(ada, "The link was changed.")
    late = link(ada, "Late evening")
    expect(late).to_contain_text("until 2 January 2090")
    late.get_by_test_id("show-qr").click()
    address = late.get_by_test_id("copy-link").get_attribute("data-link") or ""
    expect(late.get_by_test_id("qr-code")).to_have_attribute("data-link", address)
    is_fine(ada)

    # Somebody else changes it meanwhile: that is said, and stays where Ada has not written.
    late.get_by_test_id("edit-link").click()
    theirs = {"id": made["id"], "validUntil": "2091-03-04T12:00:00Z"}
    tenant.api("guestService.v2/updateGroupLink", groupLink=theirs)
    late.get_by_test_id("link-description").fill("Latest evening")
    late.get_by_test_id("save-link").click()
    expect(late.get_by_test_id("changed-meanwhile")).to_contain_text("until 4 March 2091")
    late.get_by_test_id("save-link").click()
    expect(link(ada, "Latest evening")).to_contain_text("until 4 March 2091")
    link(ada, "Latest evening").get_by_test_id("delete-link").click()
    ada.clicks_twice(ada.the("confirm-delete"))
    announced(ada, "The link Latest evening was deleted.")
    ada.page.get_by_role("tab", name="Guest links").click()
    grace = link(ada, "Grace")
    grace.get_by_test_id("resend-link").dblclick()
    announced(ada, "The mail to Grace is on its way again.")
    mails_to(tenant.running, grace_address)


def test_rooms_are_administered_on_a_phone_in_german(tenant: Tenant, newcomer: Newcomer) -> None:
    tenant.room("Aula")
    tenant.group_link(tenant.room("Bühne"), description="Elternabend")
    ada = sign_in(newcomer("Ada", locale="de-DE", screen=PHONE).opens("/"), tenant.administrator)
    for part in ("access", "place", "features"):
        opens(ada, "Aula", part)
        expect(ada.the(f"room-tab-{part}")).to_have_attribute("aria-selected", "true")
        expect(ada.page.get_by_role("dialog").locator(".mantine-Loader-root")).to_have_count(0)
        is_fine(ada)
        ada.page.keyboard.press("Escape")
        expect(ada.page.get_by_role("dialog")).to_have_count(0)
    ada.the("room", name="Bühne").get_by_test_id("room-links").click()
    link(ada, "Elternabend").get_by_test_id("edit-link").click()
    expect(link(ada, "Elternabend").get_by_test_id("save-link")).to_be_visible()
    is_fine(ada)

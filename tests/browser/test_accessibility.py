"""By keyboard, by screen reader, on a phone."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from playwright.sync_api import Page, Route, expect

from switchroom.accounts.models import MeetingKind
from tests.browser.axe import barriers
from tests.browser.people import BOTH, PHONE, Join, Newcomer
from tests.browser.test_devices import refusing
from tests.meetings.planning import plan
from tests.platform import PASSWORD, Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]

_NAMELESS = re.compile(r"^\s*- (button|link|textbox|searchbox|combobox|checkbox|menuitem\w*|tab)\b(?! \")")
LASTING_NOTICES = """(() => {
  const later = window.setTimeout;
  window.setTimeout = (work, time, ...given) => later(work, time === 4_000 ? 600_000 : time, ...given);
})()"""
"""Notices stay over a room until they are closed, rather than for four seconds, in which a machine may do
other things."""
_LOCALES = pytest.mark.parametrize(
    ("locale", "language"), [("en-GB", "en"), ("de-DE", "de"), ("fr-FR", "en")]
)


def nameless(page: Page) -> list[str]:
    """What a screen reader would announce without a name."""
    return [line for line in page.locator("body").aria_snapshot().splitlines() if _NAMELESS.match(line)]


def repeated_ids(page: Page) -> list[str]:
    return page.evaluate(
        """() => {
          const ids = [...document.querySelectorAll('[id]')].map(one => one.id);
          return ids.filter((id, at) => ids.indexOf(id) !== at);
        }"""
    )


def is_sound(page: Page) -> None:
    """What every page has to have."""
    assert nameless(page) == []
    assert repeated_ids(page) == []
    assert barriers(page) == []
    assert page.title().strip()
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)


@_LOCALES
def test_every_page_names_its_parts(tenant: Tenant, newcomer: Newcomer, locale: str, language: str) -> None:
    room = tenant.room()
    nora = newcomer(locale=locale).opens("/")
    expect(nora.the("username")).to_be_visible()
    expect(nora.page.locator("html")).to_have_attribute("lang", language)
    is_sound(nora.page)
    nora.opens("about:blank").opens(tenant.group_link(room)["joinLink"])
    expect(nora.the("join")).to_be_visible()
    expect(nora.page.locator("html")).to_have_attribute("lang", language)
    is_sound(nora.page)
    nora.joins("Nora")
    expect(nora.the("chat-input")).to_be_visible()
    expect(nora.the("participant")).to_have_count(1)
    is_sound(nora.page)


def test_the_language_can_be_changed_and_stays(tenant: Tenant, newcomer: Newcomer) -> None:
    nora = newcomer().opens(tenant.group_link(tenant.room())["joinLink"])
    expect(nora.the("join")).to_have_text("Join now")
    nora.page.get_by_text("Deutsch", exact=True).click()
    expect(nora.the("join")).to_have_text("Jetzt teilnehmen")
    expect(nora.page.locator("html")).to_have_attribute("lang", "de")
    nora.page.reload()
    expect(nora.the("join")).to_have_text("Jetzt teilnehmen")


def test_the_menus_and_dialogs_of_a_room_name_their_parts(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    moderator, _ = join(room, "Mia", as_="Moderator"), join(room, "Ben", on=BOTH)
    moderator.the("participant", name="Ben").get_by_test_id("participant-menu").click()
    expect(moderator.page.get_by_role("menuitemcheckbox")).to_have_count(4)
    assert nameless(moderator.page) == []
    moderator.page.get_by_role("menu").press("Escape")
    expect(moderator.page.get_by_role("menu")).to_have_count(0)
    expect(moderator.page.get_by_role("button", name="Keyboard shortcuts")).to_have_text("Shortcuts")
    for opener in ("open-settings", "open-shortcuts"):
        moderator.the(opener).click()
        expect(moderator.page.get_by_role("dialog")).to_be_visible()
        assert nameless(moderator.page) == []
        assert repeated_ids(moderator.page) == []
        moderator.page.keyboard.press("Escape")
        expect(moderator.page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-GB"), ("dark", "de-DE")])
def test_axe_finds_no_barrier_outside_the_room(
    tenant: Tenant, newcomer: Newcomer, scheme: Literal["light", "dark"], locale: str
) -> None:
    tenant.room()
    tenant.department()
    meeting = plan(tenant, kind=MeetingKind.BOARDROOM, agenda="1. Welcome")
    ada = newcomer("Ada", locale=locale)
    ada.page.emulate_media(color_scheme=scheme)
    ada.opens("/")
    expect(ada.the("username")).to_be_visible()
    assert barriers(ada.page) == []
    ada.the("forgotten").click()
    expect(ada.the("send-link")).to_be_visible()
    assert barriers(ada.page) == []
    ada.opens("/")
    ada.the("username").fill(tenant.administrator.username)
    ada.page.locator("input[type=password]").fill(PASSWORD)
    ada.page.keyboard.press("Enter")
    expect(ada.the("room")).not_to_have_count(0)
    expect(ada.the("own-meeting")).to_have_count(1)
    assert barriers(ada.page) == []
    links: list[Route] = []
    ada.page.route("**/guestService.v2/list*", lambda route: links.append(route))
    ada.the("room-links").first.click()
    loading = ada.page.get_by_role("dialog").locator(".mantine-Loader-root")
    expect(loading).to_be_visible()
    assert barriers(ada.page) == [], "links that are loaded"
    for one in links:
        one.continue_()
    ada.page.unroute_all()
    expect(loading).to_have_count(0)
    ada.page.keyboard.press("Escape")
    expect(ada.page.get_by_role("dialog")).to_have_count(0)
    for opener in ("open-change-password", "new-room", "room-settings", "room-links"):
        ada.the(opener).first.click()
        expect(ada.page.get_by_role("dialog")).to_be_visible()
        expect(loading).to_have_count(0)
        assert barriers(ada.page) == [], opener
        ada.page.keyboard.press("Escape")
        expect(ada.page.get_by_role("dialog")).to_have_count(0)
    nora = newcomer("Nora", on=BOTH, locale=locale, script=refusing("NotAllowedError"))
    nora.page.emulate_media(color_scheme=scheme)
    nora.opens(meeting.page())
    expect(nora.the("device-problem")).to_be_visible()
    assert barriers(nora.page) == []
    nora.the("display-name").fill("Nora")
    nora.the("join").click()
    expect(nora.the("waiting-room")).to_be_visible()
    assert barriers(nora.page) == []


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-GB"), ("dark", "de-DE")])
def test_axe_finds_no_barrier_in_the_room(
    tenant: Tenant, join: Join, newcomer: Newcomer, scheme: Literal["light", "dark"], locale: str
) -> None:
    room = tenant.room()
    mia = join(room, "Mia", as_="Moderator", locale=locale, script=LASTING_NOTICES)
    mia.page.emulate_media(color_scheme=scheme)
    ben = join(room, "Ben", on=BOTH)
    ben.raises_hand()
    ben.writes("Hello, see https://example.org")
    expect(mia.the("notice")).to_have_count(1)
    expect(mia.message("Hello")).to_have_count(1)
    assert barriers(mia.page) == []
    mia.the("notice").get_by_role("button").click()
    expect(mia.the("notice")).to_have_count(0)
    menu, dialog = mia.page.get_by_role("menu"), mia.page.get_by_role("dialog")
    for opener, opened in (
        ("participant-menu", menu),
        ("open-notices", dialog),
        ("open-settings", dialog),
        ("open-shortcuts", dialog),
    ):
        mia.the(opener).click()
        expect(opened).to_be_visible()
        assert barriers(mia.page) == [], opener
        opened.press("Escape")
        expect(opened).to_have_count(0)
    nina = join(room, "Nina", screen=PHONE, locale=locale)
    nina.page.emulate_media(color_scheme=scheme)
    nina.the("more").click()
    expect(nina.page.get_by_role("menu")).to_be_visible()
    assert barriers(nina.page) == []
    nina.the("toggle-participants").click()
    expect(nina.the("participant", name="Ben")).to_be_visible()
    assert barriers(nina.page) == []


def test_single_keys_can_be_switched_off_and_are_for_fields_first(tenant: Tenant, join: Join) -> None:
    ben = join(tenant.room(), "Ben", on=BOTH)
    keys, own, microphone = ben.page.keyboard, ben.the("self-tile"), ben.the("toggle-microphone")
    expect(own).to_have_attribute("data-audio", "on")
    ben.the("chat-input").focus()
    keys.press("m")
    expect(ben.the("chat-input")).to_have_value("m")
    expect(own).to_have_attribute("data-audio", "on")
    keys.press("Escape")
    ben.the("open-shortcuts").click()
    ben.the("single-keys").focus()
    keys.press("m")
    keys.press("Space")
    keys.press("Escape")
    expect(ben.page.get_by_role("dialog")).to_have_count(0)
    expect(microphone).not_to_have_attribute("aria-keyshortcuts", "M")
    keys.press("m")
    keys.press("?")
    expect(ben.page.get_by_role("dialog")).to_have_count(0)
    expect(own).to_have_attribute("data-audio", "on")
    ben.page.reload()
    ben.joins("Ben")
    expect(own).to_have_attribute("data-audio", "on")
    keys.press("m")
    ben.the("open-shortcuts").click()
    expect(ben.the("single-keys")).not_to_be_checked()
    expect(own).to_have_attribute("data-audio", "on")
    ben.the("single-keys").focus()
    keys.press("Space")
    keys.press("Escape")
    expect(ben.page.get_by_role("dialog")).to_have_count(0)
    keys.press("m")
    expect(own).to_have_attribute("data-audio", "off")


def test_joining_and_taking_part_by_keyboard_alone(tenant: Tenant, join: Join, newcomer: Newcomer) -> None:
    room = tenant.room()
    moderator = join(room, "Mia", as_="Moderator")
    ben = newcomer("Ben", on=BOTH).opens(tenant.group_link(room)["joinLink"])
    expect(ben.the("join")).to_be_visible()
    keys = ben.page.keyboard

    def tab_to(test_id: str, most: int = 40) -> None:
        target = ben.the(test_id)
        for _ in range(most):
            if target.evaluate("element => element === document.activeElement"):
                return
            keys.press("Tab")
        raise AssertionError(f"{test_id} is not reached in {most} steps")

    tab_to("display-name")
    keys.type("Ben")
    keys.press("Enter")
    ben.is_inside()
    own = ben.the("self-tile")
    expect(own).to_have_attribute("data-audio", "on")
    keys.press("m")
    expect(own).to_have_attribute("data-audio", "off")
    expect(moderator.tile("Ben")).to_have_attribute("data-audio", "off")
    keys.press("v")
    expect(own).to_have_attribute("data-video", "off")
    keys.press("h")
    expect(moderator.tile("Ben")).to_contain_text("hand raised")
    tab_to("toggle-microphone")
    keys.press("Space")
    expect(own).to_have_attribute("data-audio", "on")
    tab_to("chat-input", 80)
    keys.type("mmm, written by hand")
    keys.press("Enter")
    expect(moderator.message("mmm, written by hand")).to_have_count(1)
    expect(own).to_have_attribute("data-audio", "on")
    keys.press("Escape")
    tab_to("leave", 80)
    keys.press("Enter")
    ben.reads("You have left the room")


def test_what_happens_is_announced_to_screen_readers(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    anna = join(room, "Anna")
    announcements = anna.the("announcements")
    expect(announcements).to_have_attribute("aria-live", "polite")
    ben = join(room, "Ben")
    expect(announcements).to_have_text("Ben has joined.")
    ben.writes("Hello")
    expect(announcements).to_have_text("Ben writes: Hello")
    ben.leaves()
    expect(announcements).to_have_text("Ben has left.")


def test_a_room_on_a_phone(tenant: Tenant, join: Join) -> None:
    room = tenant.room("A room with rather a long name for a phone")
    anna = join(room, "Anna", on=BOTH)
    ben = join(room, "Ben", screen=PHONE)
    width, height = PHONE
    controls = ("toggle-microphone", "toggle-camera", "raise-hand", "toggle-chat", "more", "leave")
    for control in controls:
        box = ben.the(control).bounding_box()
        assert box is not None, control
        assert box["x"] >= 0, control
        assert box["x"] + box["width"] <= width, control
        assert box["y"] + box["height"] <= height, control
        assert min(box["width"], box["height"]) >= 40, f"{control} is hard to touch"
    assert ben.page.evaluate("() => document.documentElement.scrollWidth") <= width
    ben.sees("Anna")
    expect(ben.the("chat-input")).to_have_count(0)
    ben.the("toggle-chat").tap()
    expect(ben.the("chat-input")).to_be_in_viewport(ratio=1)
    ben.writes("From the train")
    expect(anna.message("From the train")).to_have_count(1)
    ben.button("Close the chat").tap()
    ben.the("more").tap()
    ben.the("toggle-participants").tap()
    expect(ben.the("participant", name="Anna")).to_be_in_viewport(ratio=1)
    ben.button("Close the participants").tap()
    expect(ben.tile("Anna")).to_be_in_viewport(ratio=1)
    ben.the("toggle-microphone").tap()
    expect(anna.tile("Ben")).to_have_attribute("data-audio", "on")
    ben.the("leave").tap()
    ben.reads("You have left the room")


def test_the_lobby_on_a_phone(tenant: Tenant, newcomer: Newcomer) -> None:
    ben = newcomer("Ben", screen=PHONE).opens(tenant.group_link(tenant.room("Besprechung"))["joinLink"])
    expect(ben.the("join")).to_be_visible()
    assert ben.page.evaluate("() => document.documentElement.scrollWidth") <= PHONE[0]
    ben.the("join").scroll_into_view_if_needed()
    expect(ben.the("join")).to_be_in_viewport(ratio=0.95)
    ben.joins("Ben")

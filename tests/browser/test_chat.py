"""Writing to each other."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.people import Join
from tests.platform import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]

GREETING = "Grüße aus Köln, 你好 & 👋🏽"
NASTY = "<img src=x onerror=\"document.title='owned'\">"


def test_what_is_written_to_the_room_everybody_reads(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    anna, ben = join(room, "Anna"), join(room, "Ben")
    anna.writes(GREETING)
    for person in (anna, ben):
        message = person.message(GREETING)
        expect(message).to_have_count(1)
        expect(message).to_have_attribute("data-from", "Anna")
        expect(message).to_have_attribute("data-kind", "room")


def test_who_comes_later_reads_what_was_written_before(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    join(room, "Anna").writes("We begin at ten")
    expect(join(room, "Ben").message("We begin at ten")).to_have_count(1)


def test_a_private_message_is_for_one_person(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    anna, ben, cem = (join(room, name) for name in ("Anna", "Ben", "Cem"))
    anna.meets("Ben", "Cem")
    anna.writes("Only for you", to="Ben")
    expect(ben.message("Only for you")).to_contain_text("privately to you")
    expect(anna.message("Only for you")).to_contain_text("privately to Ben")
    anna.writes("For everybody", to="Everyone")
    expect(cem.message("For everybody")).to_have_count(1)
    expect(cem.the("chat-message")).to_have_count(1)


def test_what_was_meant_for_somebody_who_has_left_is_sent_to_nobody(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    anna, ben, cem = (join(room, name) for name in ("Anna", "Ben", "Cem"))
    anna.meets("Ben", "Cem")
    anna.the("chat-recipient").select_option(label="Ben")
    anna.the("chat-input").fill("Only for you")
    ben.leaves()
    anna.meets("Cem")
    expect(anna.the("chat-recipient").locator("option:checked")).to_have_text("Ben (has left)")
    anna.the("chat-send").click()
    anna.reads("This person has left.")
    expect(anna.the("chat-input")).to_have_value("Only for you")
    anna.writes("For everybody", to="Everyone")
    expect(cem.message("For everybody")).to_have_count(1)
    expect(cem.the("chat-message")).to_have_count(1)


def test_announcements_are_for_those_who_may_make_them(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    moderator, ben = join(room, "Mia", as_="Moderator"), join(room, "Ben")
    moderator.writes("Five minutes left", to="Announcement to all")
    expect(ben.message("Five minutes left")).to_have_attribute("data-kind", "broadcast")
    moderator.writes("Not an announcement")
    expect(ben.message("Not an announcement")).to_have_attribute("data-kind", "room")
    recipients = ben.the("chat-recipient")
    expect(recipients).to_contain_text("Mia")
    expect(recipients).not_to_contain_text("Announcement")


def test_html_in_names_and_messages_is_text(tenant: Tenant, join: Join) -> None:
    room = tenant.room("Größe <b>7</b>")
    anna = join(room, f"Änne {NASTY}")
    ben = join(room, "Ben")
    anna.writes(f"<script>alert(1)</script> {NASTY}")
    expect(ben.message("<script>alert(1)</script>")).to_contain_text(NASTY)
    ben.meets(f"Änne {NASTY}")
    ben.lists("Ben", f"Änne {NASTY}")
    expect(ben.page.get_by_role("heading", level=1)).to_have_text("Größe <b>7</b>")
    expect(ben.page.locator("main img, aside img, header b")).to_have_count(0)
    for person in (anna, ben):
        assert "owned" not in person.page.title()


def test_addresses_in_messages_can_be_followed(tenant: Tenant, join: Join) -> None:
    anna = join(tenant.room(), "Anna")
    anna.writes("See https://example.org/a?b=1. And javascript:alert(1)")
    link = anna.message("See").get_by_role("link")
    expect(link).to_have_attribute("href", "https://example.org/a?b=1")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")


def test_who_may_not_write_is_told(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    moderator, ben = join(room, "Mia", as_="Moderator"), join(room, "Ben")
    moderator.forbids("Ben", "chat")
    expect(ben.the("chat-input")).to_be_disabled()
    expect(ben.the("chat-input")).to_have_attribute("placeholder", "You may not write in this room.")
    moderator.allows("Ben", "chat")
    ben.writes("Thank you")
    expect(moderator.message("Thank you")).to_have_count(1)

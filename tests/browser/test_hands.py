"""Raising and lowering a hand."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.people import Join
from tests.platform import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]


def test_a_raised_hand_is_seen_and_lowered_again(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    anna, ben = join(room, "Anna"), join(room, "Ben")
    ben.raises_hand()
    expect(anna.tile("Ben")).to_contain_text("hand raised")
    anna.reads("Ben raises a hand.")
    ben.lowers_hand()
    expect(anna.tile("Ben")).not_to_contain_text("hand raised")


def test_a_moderator_lowers_a_hand(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    moderator, ben = join(room, "Mia", as_="Moderator"), join(room, "Ben")
    ben.raises_hand()
    expect(moderator.tile("Ben")).to_contain_text("hand raised")
    moderator.acts_on("Ben", "moderate-lower-hand")
    expect(ben.the("raise-hand")).to_have_attribute("aria-pressed", "false")
    ben.reads("Mia has lowered your hand.")
    expect(moderator.tile("Ben")).not_to_contain_text("hand raised")


def test_hands_are_listed_in_the_order_in_which_they_were_raised(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    moderator = join(room, "Mia", as_="Moderator")
    anna, ben = join(room, "Anna"), join(room, "Ben")
    for person in (ben, anna):
        person.raises_hand()
        expect(moderator.tile(person.name)).to_contain_text("hand raised")
    others = moderator.page.locator('[data-testid="participant"]:not([data-self])')
    moderator.until(
        lambda: others.evaluate_all("rows => rows.map(row => row.dataset.name)"),
        lambda names: names == ["Ben", "Anna"],
        "the order of the hands",
    )

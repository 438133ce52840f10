"""What moderators do to others, and what these can do about it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.people import BOTH, Join
from tests.platform import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]


def test_a_muted_person_is_not_heard_until_they_unmute(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    moderator, ben = join(room, "Mia", as_="Moderator"), join(room, "Ben", on=BOTH)
    moderator.hears("Ben")
    moderator.acts_on("Ben", "moderate-mute")
    expect(ben.the("self-tile")).to_have_attribute("data-audio", "off")
    ben.reads("Mia has muted you.")
    expect(moderator.tile("Ben")).to_have_attribute("data-audio", "off")
    moderator.gets_nothing("Ben", "microphone", while_seeing="Ben")
    ben.switches("microphone")
    expect(moderator.tile("Ben")).to_have_attribute("data-audio", "on")
    moderator.hears("Ben")


def test_a_camera_that_a_moderator_stopped_can_be_started_again(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    moderator, ben = join(room, "Mia", as_="Moderator"), join(room, "Ben", on=BOTH)
    moderator.sees("Ben")
    moderator.acts_on("Ben", "moderate-stop-video")
    expect(ben.the("self-tile")).to_have_attribute("data-video", "off")
    ben.reads("Mia has turned your camera off.")
    expect(moderator.tile("Ben")).to_have_attribute("data-video", "off")
    ben.switches("camera")
    expect(moderator.tile("Ben")).to_have_attribute("data-video", "on")
    moderator.sees("Ben")


def test_what_was_revoked_stays_so_when_the_page_is_loaded_anew(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    moderator, ben = join(room, "Mia", as_="Moderator"), join(room, "Ben", on=BOTH)
    moderator.forbids("Ben", "voice")
    expect(ben.the("toggle-microphone")).to_have_attribute("aria-disabled", "true")
    ben.page.reload()
    ben.joins()
    expect(ben.the("toggle-microphone")).to_have_attribute("aria-disabled", "true")
    moderator.meets("Ben")
    expect(moderator.tile("Ben")).to_have_attribute("data-audio", "off")


@pytest.mark.parametrize(
    ("permission", "source", "state"), [("voice", "microphone", "audio"), ("video", "camera", "video")]
)
def test_what_was_revoked_cannot_be_switched_on_until_it_is_granted(
    tenant: Tenant, join: Join, permission: str, source: str, state: str
) -> None:
    room = tenant.room()
    moderator, ben = join(room, "Mia", as_="Moderator"), join(room, "Ben", on=BOTH)
    attribute = f"data-{state}"
    expect(moderator.tile("Ben")).to_have_attribute(attribute, "on")
    moderator.forbids("Ben", permission)
    expect(ben.the("self-tile")).to_have_attribute(attribute, "off")
    what = "speak" if permission == "voice" else "show your camera"
    ben.reads(f"Mia does not let you {what} any more.")
    button = ben.the(f"toggle-{source}")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.click(force=True)
    ben.page.keyboard.press("m" if source == "microphone" else "v")
    ben.raises_hand()
    expect(moderator.tile("Ben")).to_contain_text("hand raised")
    expect(moderator.tile("Ben")).to_have_attribute(attribute, "off")
    moderator.allows("Ben", permission)
    expect(button).not_to_have_attribute("aria-disabled", "true")
    ben.reads(f"Mia lets you {what}.")
    ben.switches(source)
    expect(moderator.tile("Ben")).to_have_attribute(attribute, "on")
    if source == "microphone":
        moderator.hears("Ben")
    else:
        moderator.sees("Ben")


def test_who_is_removed_sees_why_and_stays_out(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    moderator, ben = join(room, "Mia", as_="Moderator"), join(room, "Ben")
    moderator.meets("Ben")
    times_inside = sum(one["type"] == "joined" for one in ben.heard)
    moderator.removes("Ben")
    ben.is_told("You were removed from the room")
    moderator.meets()
    moderator.reads("Ben was removed.")
    # What had the focus is gone with him; whoever works without a mouse goes on from the list.
    expect(moderator.page.get_by_role("list", name="People in this room")).to_be_focused()
    moderator.writes("Still here")
    expect(moderator.message("Still here")).to_have_count(1)
    moderator.meets()
    expect(ben.the("error-message")).to_contain_text("A moderator has removed you from this room.")
    assert sum(one["type"] == "joined" for one in ben.heard) == times_inside


def test_participants_cannot_moderate(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    anna, _ = join(room, "Anna"), join(room, "Ben", on=BOTH)
    anna.the("participant", name="Ben").get_by_test_id("participant-menu").click()
    expect(anna.the("private-message")).to_be_visible()
    expect(anna.the("moderate-mute")).to_have_count(0)
    expect(anna.the("moderate-remove")).to_have_count(0)

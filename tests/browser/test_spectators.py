"""Those who only watch, and exams, where only moderators see everybody."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.people import BOTH, Join, Newcomer
from tests.platform import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]


def test_a_spectator_sees_and_hears_and_is_not_seen(tenant: Tenant, join: Join) -> None:
    room = tenant.room(mode="ROOM_MODE_SPECTATOR")
    anna = join(room, "Anna", on=BOTH)
    spectator = join(room, "Sven", as_="Spectator", on=BOTH)
    ben = join(room, "Ben")
    spectator.sees("Anna")
    spectator.hears("Anna")
    spectator.reads("You are a spectator: you see and hear, and are not seen.")
    expect(spectator.the("self-tile")).to_have_count(0)
    for switch in ("microphone", "camera", "screen"):
        expect(spectator.the(f"toggle-{switch}")).to_have_attribute("aria-disabled", "true")
    anna.meets("Ben")
    anna.lists("Anna", "Ben")
    ben.meets("Anna")
    expect(ben.the("spectator-count")).to_have_text("1 spectator")
    expect(ben.the("spectator")).to_have_count(0)


def test_moderators_see_who_watches_and_can_let_them_take_part(tenant: Tenant, join: Join) -> None:
    room = tenant.room(mode="ROOM_MODE_SPECTATOR")
    moderator = join(room, "Mia", as_="Moderator")
    spectator = join(room, "Sven", as_="Spectator")
    moderator.meets()
    row = moderator.the("spectator", name="Sven")
    expect(row).to_be_visible()
    row.get_by_test_id("participant-menu").click()
    moderator.the("permit-video").click()
    moderator.meets("Sven")
    spectator.switches("camera")
    moderator.sees("Sven")


def test_a_room_that_takes_no_spectators_says_so(tenant: Tenant, newcomer: Newcomer) -> None:
    room = tenant.room(mode="ROOM_MODE_NORMAL")
    sven = newcomer("Sven").opens(tenant.group_link(room, "Spectator")["joinLink"])
    sven.the("display-name").fill("Sven")
    sven.the("join").click()
    sven.is_told("This room takes no spectators.")


def test_in_an_exam_participants_see_hear_and_read_moderators_only(tenant: Tenant, join: Join) -> None:
    room = tenant.room(mode="ROOM_MODE_EXAM")
    moderator = join(room, "Mia", as_="Moderator", on=BOTH)
    anna, ben = join(room, "Anna", on=BOTH), join(room, "Ben")
    moderator.meets("Anna", "Ben")
    moderator.sees("Anna")
    moderator.hears("Anna")
    for candidate in (anna, ben):
        candidate.meets("Mia")
        candidate.lists(candidate.name, "Mia")
        candidate.reads("Exam: you see, hear and write to moderators only.")
        candidate.sees("Mia")
        candidate.hears("Mia")
    anna.writes("A question")
    expect(moderator.message("A question")).to_have_count(1)
    moderator.writes("Ten minutes left")
    expect(ben.message("Ten minutes left")).to_have_count(1)
    expect(ben.the("chat-message")).to_have_count(1)
    streams = [line for told in ben.heard if told["type"] == "subscribe.offer" for line in told["streams"]]
    assert {line["participantId"] for line in streams} == {ben.id_of("Mia")}

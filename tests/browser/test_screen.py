"""Sharing the screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.people import Join
from tests.platform import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]

SCREEN = """navigator.mediaDevices.getDisplayMedia = async () => {
  const canvas = Object.assign(document.createElement('canvas'), {width: 640, height: 360});
  const pen = canvas.getContext('2d');
  setInterval(() => {
    pen.fillStyle = `hsl(${Date.now() / 20 % 360} 80% 60%)`;
    pen.fillRect(0, 0, 640, 360);
  }, 100);
  return canvas.captureStream(10);
}"""
"""A browser without a display has nothing to share: a picture of changing colour stands for the screen."""


def test_a_shared_screen_is_seen_until_it_is_stopped(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    anna, ben = join(room, "Anna", script=SCREEN), join(room, "Ben")
    anna.switches("screen")
    anna.reads("You are sharing your screen.")
    ben.reads("Screen of Anna")
    ben.sees("Anna", "screen")
    anna.switches("screen")
    expect(ben.the("screen-stage")).to_have_count(0)


def test_who_comes_later_sees_the_shared_screen(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    anna = join(room, "Anna", script=SCREEN)
    anna.switches("screen")
    anna.reads("You are sharing your screen.")
    join(room, "Ben").sees("Anna", "screen")


def test_a_moderator_stops_a_shared_screen(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    moderator, ben = join(room, "Mia", as_="Moderator"), join(room, "Ben", script=SCREEN)
    ben.switches("screen")
    moderator.sees("Ben", "screen")
    moderator.acts_on("Ben", "moderate-stop-screen")
    ben.reads("Mia has stopped your screen sharing.")
    expect(moderator.the("screen-stage")).to_have_count(0)
    ben.switches("screen")
    moderator.sees("Ben", "screen")


def test_who_may_not_share_the_screen_cannot_until_they_may_again(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    moderator, ben = join(room, "Mia", as_="Moderator"), join(room, "Ben", script=SCREEN)
    ben.switches("screen")
    moderator.sees("Ben", "screen")
    moderator.forbids("Ben", "screen")
    expect(moderator.the("screen-stage")).to_have_count(0)
    expect(ben.the("toggle-screen")).to_have_attribute("aria-disabled", "true")
    expect(ben.button("You may not share your screen in this room.")).to_be_visible()
    moderator.allows("Ben", "screen")
    expect(ben.the("toggle-screen")).not_to_have_attribute("aria-disabled", "true")
    ben.switches("screen")
    moderator.sees("Ben", "screen")

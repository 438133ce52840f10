"""What is lost comes back by itself: the network, the media server, the whole server."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import expect

from switchroom.platform.demo import Demo
from tests.browser.people import BOTH, Join, Newcomer
from tests.browser.processes import media_server
from tests.browser.wire import Wire
from tests.command.running import decisions
from tests.command.running import running as command_running
from tests.platform import Tenant
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.janus]

GOAL = 5.0
"""Seconds in which everything is to be back on a machine with nothing else to do; recorded, not asserted."""

PATIENCE = 60.0
"""Seconds in which it must be back on any machine."""

Record = Callable[[str, object], None]


def is_over(started: float, record_property: Record) -> None:
    """Record how long it took since `started`."""
    seconds = time.monotonic() - started
    record_property("seconds", round(seconds, 2))
    print(f"back after {seconds:.2f} s (goal {GOAL:g} s)")


def test_media_come_back_when_the_media_server_is_killed(
    tenant: Tenant, join: Join, record_property: Record
) -> None:
    room = tenant.room()
    anna, ben = join(room, "Anna", on=BOTH), join(room, "Ben", on=BOTH)
    anna.sees("Ben")
    ben.sees("Anna")
    before = ben.generation()
    media_server().kill()
    started = time.monotonic()
    ben.until(ben.generation, lambda number: number > before, "a new connection", PATIENCE)
    ben.sees("Anna", limit=PATIENCE)
    is_over(started, record_property)
    anna.sees("Ben")
    anna.hears("Ben")
    ben.hears("Anna")
    for person in (anna, ben):
        expect(person.the("connection-state")).to_have_attribute("data-state", "connected")


def test_who_was_cut_off_comes_back_as_they_were(
    tenant: Tenant, join: Join, wire: Wire, record_property: Record
) -> None:
    room = tenant.room()
    moderator = join(room, "Mia", as_="Moderator", on=("camera",))
    ben = join(room, "Ben", on=BOTH, wire=wire)
    ben.raises_hand()
    moderator.acts_on("Ben", "moderate-mute")
    expect(ben.the("self-tile")).to_have_attribute("data-audio", "off")
    ben.writes("before")
    expect(moderator.message("before")).to_have_count(1)
    wire.cut()
    expect(ben.the("connection-state")).to_have_attribute("data-state", "reconnecting")
    expect(ben.the("connection-state")).to_contain_text("Connection lost")
    expect(moderator.tile("Ben")).to_contain_text("Connection lost")
    moderator.writes("meanwhile")
    expect(moderator.message("meanwhile")).to_have_count(1)
    wire.mend()
    started = time.monotonic()
    ben.is_inside()
    is_over(started, record_property)
    expect(ben.message("before")).to_have_count(1)
    expect(ben.message("meanwhile")).to_have_count(1)
    expect(ben.the("raise-hand")).to_have_attribute("aria-pressed", "true")
    expect(ben.the("self-tile")).to_have_attribute("data-audio", "off")
    expect(moderator.tile("Ben")).not_to_contain_text("Connection lost")
    expect(moderator.tile("Ben")).to_contain_text("hand raised")
    expect(moderator.tile("Ben")).to_have_attribute("data-audio", "off")
    moderator.meets("Ben")
    ben.sees("Mia")
    moderator.sees("Ben")
    ben.switches("microphone")
    moderator.hears("Ben")


def test_a_dead_network_is_noticed_and_sound_and_pictures_come_back(
    tenant: Tenant, join: Join, wire: Wire, record_property: Record
) -> None:
    room = tenant.room()
    anna = join(room, "Anna", on=("camera",))
    ben = join(room, "Ben", on=("camera",), wire=wire)
    ben.raises_hand()
    anna.sees("Ben")
    ben.sees("Anna")
    wire.hold()
    expect(ben.the("connection-state")).to_have_attribute("data-state", "reconnecting")
    expect(anna.tile("Ben")).to_contain_text("Connection lost")
    ben.until(ben.connection_states, lambda states: "connected" not in states, "the loss of the media")
    wire.mend()
    started = time.monotonic()
    ben.is_inside()
    is_over(started, record_property)
    anna.sees("Ben", limit=PATIENCE)
    ben.sees("Anna", limit=PATIENCE)
    is_over(started, record_property)
    first, *again = [one["resumed"] for one in ben.heard if one["type"] == "joined"]
    assert (first, set(again)) == (False, {True})
    expect(ben.the("raise-hand")).to_have_attribute("aria-pressed", "true")
    anna.meets("Ben")


def test_what_a_moderator_did_meanwhile_holds(tenant: Tenant, join: Join, wire: Wire) -> None:
    room = tenant.room()
    moderator = join(room, "Mia", as_="Moderator")
    ben = join(room, "Ben", on=BOTH, wire=wire)
    moderator.hears("Ben")
    wire.cut()
    expect(moderator.tile("Ben")).to_contain_text("Connection lost")
    moderator.acts_on("Ben", "moderate-mute")
    moderator.forbids("Ben", "video")
    wire.mend()
    ben.is_inside()
    expect(ben.the("self-tile")).to_have_attribute("data-audio", "off")
    expect(ben.the("self-tile")).to_have_attribute("data-video", "off")
    expect(ben.the("toggle-camera")).to_have_attribute("aria-disabled", "true")
    expect(moderator.tile("Ben")).to_have_attribute("data-audio", "off")


def test_who_closes_the_page_is_gone_at_once(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    anna, ben = join(room, "Anna"), join(room, "Ben")
    anna.meets("Ben")
    ben.page.close(run_before_unload=False)
    anna.meets()


@pytest.mark.parametrize("how", ["restarted", "killed"])
def test_a_server_that_is_gone_for_a_while(
    newcomer: Newcomer, tmp_path: Path, record_property: Record, how: str
) -> None:
    data, port = tmp_path / "data", free_port()
    with command_running(data, "--demo", port=port) as server:
        demo = msgspec.json.decode((data / "demo.json").read_bytes(), type=Demo)
        anna = newcomer("Anna", on=("microphone",), base_url=demo.base_url)
        anna.opens(demo.links.moderator).joins("Anna")
        ben = newcomer("Ben", base_url=demo.base_url).opens(demo.links.participant).joins("Ben")
        anna.raises_hand()
        anna.lowers_hand()
        ben.raises_hand()
        expect(anna.tile("Ben")).to_contain_text("hand raised")
        anna.forbids("Ben", "video")
        expect(ben.the("toggle-camera")).to_have_attribute("aria-disabled", "true")
        ben.hears("Anna")
        anna.until(lambda: decisions(data), bool, "a decision in the database")
        before = len(ben.heard)
        if how == "killed":
            server.process.kill()
            server.process.wait()
        else:
            server.stop()
        expect(ben.the("connection-state")).to_have_attribute("data-state", "reconnecting")
    with command_running(data, "--demo", port=port):
        started = time.monotonic()
        anna.is_inside()
        ben.is_inside()
        del ben.heard[:before]
        ben.meets("Anna")
        ben.hears("Anna")
        is_over(started, record_property)
        anna.meets("Ben")
        expect(anna.tile("Ben")).to_contain_text("hand raised")
        expect(ben.the("raise-hand")).to_have_attribute("aria-pressed", "true")
        expect(ben.the("toggle-camera")).to_have_attribute("aria-disabled", "true")
        expect(anna.the("raise-hand")).to_have_attribute("aria-pressed", "false")

"""Two browsers in one room, over two workers of one platform; either worker is killed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.chromium import ARGUMENTS, EXECUTABLE
from tests.browser.people import BOTH, Newcomer
from tests.browser.person import LIMIT, Person
from tests.command.running import decisions
from tests.workers.platform import Several, eventually, several

pytestmark = [pytest.mark.browser, pytest.mark.janus, pytest.mark.slow]

GOAL = 5.0
"""Seconds in which everything is to be back on a machine with nothing else to do; recorded, not asserted."""

PATIENCE = 60.0
"""Seconds in which it must be back on any machine."""

TRIES = 30
Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def newcomer(chromium: Browser) -> Iterator[Newcomer]:
    newcomer = Newcomer(chromium, "")
    yield newcomer
    newcomer.close()


def comes(platform: Several, newcomer: Newcomer, name: str, link: str = "") -> Person:
    person = newcomer(name, on=BOTH, base_url=platform.demo.base_url)
    return person.opens(link or platform.demo.links.participant).joins(name)


def comes_over_another(platform: Several, newcomer: Newcomer, name: str) -> Person:
    """Somebody who comes until their browser is connected to a worker that has not the room."""
    person = comes(platform, newcomer, name)
    for _ in range(TRIES):
        if any(platform.gauge("switchroom_relayed_connections").values()):
            return person
        person.leaves()
        person.opens(platform.demo.links.participant).page.reload()
        person.joins(name)
    raise AssertionError("everybody is always connected to the same worker")


def are_together(one: Person, other: Person, limit: float = LIMIT) -> None:
    """Both see and hear each other."""
    for here, there in ((one, other), (other, one)):
        here.sees(there.name, limit=limit)
        here.hears(there.name, limit=limit)


def are_back(one: Person, other: Person, killed: float, what: str, record_property: Record) -> None:
    """Both are inside and see and hear each other, and how long it took is recorded."""
    for person in (one, other):
        person.is_inside()
    are_together(one, other, PATIENCE)
    seconds = time.monotonic() - killed
    record_property(f"seconds, {what}", round(seconds, 2))
    print(f"{what}: back after {seconds:.2f} s (goal {GOAL:g} s)")
    text = f"after: {what}"
    one.writes(text)
    expect(other.message(text)).to_have_count(1)


def test_two_workers_are_one_place_and_either_may_die(
    newcomer: Newcomer, tmp_path: Path, record_property: Record
) -> None:
    with several(tmp_path / "data") as platform:
        anna = comes(platform, newcomer, "Anna", platform.demo.links.moderator)
        ben = comes_over_another(platform, newcomer, "Ben")
        anna.meets("Ben")
        are_together(anna, ben)
        anna.writes("across")
        expect(ben.message("across")).to_have_count(1)
        ben.raises_hand()
        expect(anna.tile("Ben")).to_contain_text("hand raised")

        # Ben's browser is connected to the one that dies; media go on meanwhile.
        joins = len([one for one in ben.heard if one["type"] == "joined"])
        platform.kill(platform.relaying())
        killed = time.monotonic()
        ben.until(
            lambda: [one["resumed"] for one in ben.heard if one["type"] == "joined"][joins:],
            lambda resumed: resumed == [True],
            "coming back",
            PATIENCE,
        )
        are_back(anna, ben, killed, "the worker that led to the room was killed", record_property)
        expect(anna.tile("Ben")).to_contain_text("hand raised")

        # The room, and all that was in it, was in the one that dies.
        anna.forbids("Ben", "screen")
        eventually(lambda: decisions(tmp_path / "data"), "a decision in the database")
        eventually(platform.is_complete, "a new worker")
        said = {person.name: len(person.heard) for person in (anna, ben)}
        platform.kill(platform.owner())
        killed = time.monotonic()
        for person in (anna, ben):
            person.until(
                lambda person=person: [
                    one["type"] for one in person.heard[said[person.name] :] if one["type"] == "joined"
                ],
                bool,
                "joining anew",
                PATIENCE,
            )
            del person.heard[: said[person.name]]
        anna.meets("Ben")
        are_back(anna, ben, killed, "the worker with the room was killed", record_property)
        expect(anna.tile("Ben")).to_contain_text("hand raised")
        expect(ben.the("toggle-screen")).to_have_attribute("aria-disabled", "true")

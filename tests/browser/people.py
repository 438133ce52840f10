"""Builders: people with browsers of their own, and the way into a room."""

from __future__ import annotations

import json
from typing import TypedDict, Unpack

from playwright.sync_api import Browser

from tests.browser.chromium import PLAIN_SOUND, WATCHER
from tests.browser.person import ANNOUNCEMENTS, LIMIT, Person
from tests.browser.wire import Wire
from tests.platform import Tenant

BOTH = ("camera", "microphone")
WIDE = (1280, 720)
PHONE = (360, 740)


class Outfit(TypedDict, total=False):
    """What somebody comes with."""

    on: tuple[str, ...]
    """What they had on last time: `camera`, `microphone`."""
    locale: str
    timezone: str
    """The name of the time zone they are in."""
    screen: tuple[int, int]
    """The size of their window in CSS pixels; with `PHONE`, it is a phone's."""
    script: str
    """What runs in each page before its own scripts."""
    speaks: bool
    """Whether their sound is worked on as the page wishes, which makes a beep as loud as who speaks."""
    wire: Wire
    """The piece of network over which they reach the server, media included."""
    base_url: str
    """Where they reach a server that is not the test's usual one."""


class Newcomer:
    """Makes somebody with a browser who has opened nothing yet."""

    def __init__(self, browser: Browser, base_url: str) -> None:
        self._browser = browser
        self._base_url = base_url
        self.everybody: list[Person] = []

    def __call__(self, name: str = "Nora", **outfit: Unpack[Outfit]) -> Person:
        wire = outfit.get("wire")
        origin = wire.base_url if wire else outfit.get("base_url", self._base_url)
        on = outfit.get("on", ())
        settings = json.dumps({"cameraOn": "camera" in on, "microphoneOn": "microphone" in on})
        width, height = outfit.get("screen", WIDE)
        is_phone = (width, height) == PHONE
        context = self._browser.new_context(
            base_url=origin,
            storage_state={
                "cookies": [],
                "origins": [
                    {
                        "origin": origin,
                        "localStorage": [{"name": "switchroom.settings", "value": settings}],
                    }
                ],
            },
            locale=outfit.get("locale", "en-GB"),
            timezone_id=outfit.get("timezone"),
            viewport={"width": width, "height": height},
            is_mobile=is_phone,
            has_touch=is_phone,
            reduced_motion="reduce",
        )
        context.set_default_timeout(LIMIT * 1000)
        context.add_init_script(WATCHER)
        context.add_init_script(ANNOUNCEMENTS)
        if not outfit.get("speaks"):
            context.add_init_script(PLAIN_SOUND)
        if "script" in outfit:
            context.add_init_script(outfit["script"])
        person = Person(context.new_page(), name)
        if wire:
            wire.carry_media(person.page)
        self.everybody.append(person)
        return person

    def close(self) -> None:
        """Everybody goes. Raises AssertionError when somebody's page has thrown what nothing caught."""
        for person in self.everybody:
            person.page.context.close()
        crashes = {person.name: person.crashes for person in self.everybody if person.crashes}
        assert not crashes, f"errors nobody caught: {crashes}"


class Join:
    """Brings somebody into a room, by a group link of the permission group `as_`."""

    def __init__(self, newcomer: Newcomer, tenant: Tenant) -> None:
        self._newcomer = newcomer
        self._tenant = tenant

    def __call__(self, room: str, name: str, *, as_: str = "Participant", **outfit: Unpack[Outfit]) -> Person:
        link: str = self._tenant.group_link(room, as_)["joinLink"]
        if "wire" in outfit:
            link = link.replace(self._tenant.running.base_url, outfit["wire"].base_url)
        return self._newcomer(name, **outfit).opens(link).joins(name)

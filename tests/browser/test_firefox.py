"""People with Firefox are in the same room as people with Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.firefox import Firefox, firefox_running
from tests.browser.people import BOTH, Join
from tests.browser.processes import media_server
from tests.platform import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]


@pytest.fixture
def fox(tmp_path: Path) -> Iterator[Firefox]:
    with firefox_running(tmp_path, "Füchsin") as firefox:
        yield firefox


def test_firefox_takes_part(tenant: Tenant, join: Join, fox: Firefox) -> None:
    room = tenant.room()
    anna = join(room, "Anna", on=BOTH)
    fox.opens(tenant.group_link(room)["joinLink"]).joins()
    anna.meets("Füchsin")
    anna.sees("Füchsin")
    anna.hears("Füchsin")
    fox.sees("Anna")
    fox.hears()

    tile = anna.tile("Füchsin")
    for source in ("audio", "video"):
        for state in ("off", "on"):
            fox.clicks("toggle-microphone" if source == "audio" else "toggle-camera")
            expect(tile).to_have_attribute(f"data-{source}", state)
    anna.sees("Füchsin")
    anna.hears("Füchsin")
    fox.types("chat-input", "Grüße")
    fox.clicks("chat-send")
    expect(anna.the("chat-message")).to_contain_text("Grüße")

    before = anna.generation()
    media_server().kill()
    anna.until(anna.generation, lambda number: number > before, "a new connection")
    anna.sees("Füchsin")
    fox.sees("Anna")
    fox.hears()
    anna.hears("Füchsin")
    fox.clicks("leave")
    anna.meets()

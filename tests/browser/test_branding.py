"""Branding of an organization on its pages: the portal, links for guests, rooms."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.people import Newcomer
from tests.browser.person import Person
from tests.browser.test_accessibility import is_sound
from tests.browser.test_people import administer
from tests.dialects.client.test_branding import brand, picture_server, png
from tests.platform import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]

BRANDING = {
    "enabled": True,
    "title": "Schule am See",
    "navbar_colour": "#ffc857",
    "logo_in_meeting_room": True,
}


def _shows_its_brand(person: Person) -> None:
    plate = person.the("branding")
    expect(plate).to_contain_text("Schule am See")
    expect(plate).to_have_css("background-color", "rgb(255, 200, 87)")
    expect(plate).to_have_css("color", "rgb(0, 0, 0)")
    expect(person.the("branding-logo")).to_have_js_property("naturalWidth", 3)


def test_pages_and_rooms_show_the_brand(university: Tenant, newcomer: Newcomer) -> None:
    link = university.group_link(university.room("Aula"))
    with picture_server({"/logo.png": (200, png(3, 2))}) as server:
        brand(
            university.running, university.organization.id, {**BRANDING, "logo_url": server.url + "/logo.png"}
        )
        nora = newcomer("Nora").opens(link["joinLink"])
        _shows_its_brand(nora)
        is_sound(nora.page)
        ada = administer(newcomer, university.administrator, "")
        _shows_its_brand(ada)
        is_sound(ada.page)
        nora.joins("Nora").is_inside()
        _shows_its_brand(nora)
        is_sound(nora.page)
        assert server.asked == ["/logo.png"]


def test_what_carries_script_instead_of_a_picture_is_not_shown(
    university: Tenant, newcomer: Newcomer
) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>document.title = "taken"</script></svg>'
    with picture_server({"/logo.svg": (200, svg)}) as server:
        brand(
            university.running, university.organization.id, {**BRANDING, "logo_url": server.url + "/logo.svg"}
        )
        ada = administer(newcomer, university.administrator, "")
        expect(ada.the("branding")).to_have_text("Schule am See")
        expect(ada.the("branding-logo")).to_have_count(0)
        expect(ada.page).not_to_have_title("taken")

"""Branding of an organization on its pages: the portal, links for guests, rooms."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.people import PHONE, Newcomer
from tests.browser.person import Person
from tests.browser.test_accessibility import is_sound
from tests.browser.test_joining import guest_token, launch_address
from tests.browser.test_people import administer, says
from tests.dialects.client.test_branding import SVG, brand, picture_server, png, shown
from tests.dialects.client.test_branding_settings import change, encoded, mail_to, pictures
from tests.mail.mail_program import part
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
    room = university.room("Aula")
    link = university.group_link(room)
    with picture_server({"/logo.png": (200, png(3, 2))}) as server:
        brand(
            university.running, university.organization.id, {**BRANDING, "logo_url": server.url + "/logo.png"}
        )
        olga = newcomer("Olga").opens(launch_address(university, room, guest_token(university, room, "Olga")))
        _shows_its_brand(olga)
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


def _chooses(person: Person, name: str, content: bytes) -> None:
    with person.page.expect_file_chooser() as chooser:
        person.the("choose-logo").press("Enter")
    chooser.value.set_files({"name": name, "mimeType": "image/png", "buffer": content})


def test_an_administrator_sets_the_branding_and_takes_it_away(university: Tenant, newcomer: Newcomer) -> None:
    ada = administer(newcomer, university.administrator, "organization/branding")
    expect(ada.the("branding-shown")).to_be_checked()
    ada.the("branding-title").fill("Schule am See")
    ada.the("branding-colour").fill("#ffc85")
    ada.the("save-branding").click()
    expect(ada.page.locator("input:invalid")).to_have_count(1)
    ada.the("pick-colour").fill("#ffc857")
    expect(ada.the("branding-colour")).to_have_value("#ffc857")
    _chooses(ada, "notes.png", b"Dear Ada")
    expect(ada.the("picture-problem")).to_contain_text("not a picture")
    _chooses(ada, "logo.png", png(3, 2))
    expect(ada.the("picture-problem")).to_have_count(0)
    expect(ada.the("chosen-logo")).to_have_js_property("naturalWidth", 3)
    preview = ada.the("preview-mail")
    expect(preview).to_have_css("background-color", "rgb(255, 200, 87)")
    expect(preview).to_have_css("color", "rgb(0, 0, 0)")
    ada.the("branding-mail-text").fill("Questions?\n0221 4711")
    expect(ada.the("preview-mail-text")).to_have_text("Questions?\n0221 4711", use_inner_text=True)
    is_sound(ada.page)
    ada.clicks_twice(ada.the("save-branding"))
    says(ada, "The branding is saved.")
    _shows_its_brand_in_head(ada)

    mail = mail_to(university, "branding-nora@example.org")
    assert pictures(mail) == [png(3, 2)]
    assert "Schule am See" in part(mail, "html")
    assert "Questions?<br>\n0221 4711" in part(mail, "html").replace("\r\n", "\n")

    ada.page.reload()
    expect(ada.the("branding-title")).to_have_value("Schule am See")
    expect(ada.the("branding-mail-text")).to_have_value("Questions?\n0221 4711")
    ada.the("reset-branding").press("Enter")
    ada.the("confirm-delete").press("Enter")
    says(ada, "The branding is removed.")
    expect(ada.page.get_by_role("banner").get_by_test_id("branding")).to_have_count(0)
    expect(ada.the("branding-title")).to_have_value("")
    assert shown(university.running, university.company_id) == {"isInRooms": False, "isAlone": False}


def _shows_its_brand_in_head(person: Person) -> None:
    plate = person.page.get_by_role("banner").get_by_test_id("branding")
    expect(plate).to_contain_text("Schule am See")
    expect(plate).to_have_css("background-color", "rgb(255, 200, 87)")
    expect(plate.get_by_test_id("branding-logo")).to_have_js_property("naturalWidth", 3)


@pytest.mark.parametrize(
    ("name", "content", "size"),
    [
        ("large.png", png(2400, 600), (800, 200)),
        (
            "drawing.svg",
            SVG.replace(b"<svg ", b'<svg width="40" height="20" '),
            (40, 20),
        ),
    ],
)
def test_what_the_server_does_not_take_is_drawn_smaller(
    university: Tenant, newcomer: Newcomer, name: str, content: bytes, size: tuple[int, int]
) -> None:
    ada = administer(newcomer, university.administrator, "organization/branding", screen=PHONE)
    with ada.page.expect_file_chooser() as chooser:
        ada.the("choose-logo").click()
    kind = "image/svg+xml" if name.endswith("svg") else "image/png"
    chooser.value.set_files({"name": name, "mimeType": kind, "buffer": content})
    expect(ada.the("chosen-logo")).to_have_js_property("naturalWidth", size[0])
    expect(ada.the("chosen-logo")).to_have_js_property("naturalHeight", size[1])
    is_sound(ada.page)
    assert ada.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    ada.the("save-branding").click()
    says(ada, "The branding is saved.")
    logo = university.running.http.get(shown(university.running, university.company_id)["logo"])
    assert logo.headers["content-type"] == "image/png"
    assert b"script" not in logo.content


def test_two_administrators_at_once_overwrite_no_branding(university: Tenant, newcomer: Newcomer) -> None:
    ada = administer(newcomer, university.administrator, "organization/branding", locale="de-DE")
    expect(ada.the("branding-title")).to_have_value("")
    change(university, title="Olgas Titel", logo=encoded(png(3, 2)))
    ada.the("branding-colour").fill("#123")
    ada.the("save-branding").click()
    expect(ada.the("changed-meanwhile")).to_contain_text("Olgas Titel")
    expect(ada.the("branding-title")).to_have_value("Olgas Titel")
    expect(ada.the("branding-colour")).to_have_value("#123")
    expect(ada.the("chosen-logo")).to_be_visible()
    ada.the("save-branding").click()
    says(ada, "Das Erscheinungsbild ist gespeichert.")
    seen = shown(university.running, university.company_id)
    assert (seen["title"], seen["colour"]) == ("Olgas Titel", "#123")
    assert "logo" in seen

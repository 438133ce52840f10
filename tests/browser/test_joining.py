"""The ways into a room: guest links, group links, and the launch address of the handbook."""

from __future__ import annotations

import base64
import re
import secrets
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.people import BOTH, Join, Newcomer
from tests.browser.person import Person
from tests.platform import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]


SOUND_AFTER_A_CLICK = """(() => {
  const play = HTMLMediaElement.prototype.play;
  let touched = false;
  window.played = 0;
  document.addEventListener('mousedown', () => { touched = true; }, true);
  HTMLMediaElement.prototype.play = async function () {
    if (this.muted) return play.call(this);
    if (!touched) throw new DOMException('', 'NotAllowedError');
    await play.call(this);
    window.played += 1;
  };
})()"""
"""What browsers do with a page nobody has touched; to the browser, a page that is driven was."""


def launch_address(tenant: Tenant, room: str, token: str) -> str:
    """As the handbook writes it: everything after `--url=` is the address of a native program, unescaped."""
    host = urlsplit(tenant.running.base_url).netloc
    native = f"alfaview://{host}?companyId={tenant.company_id}&roomId={room}&token={token}"
    return f"{tenant.running.base_url}/webclient/?--url={native}"


def guest_token(tenant: Tenant, room: str, name: str, external_id: str = "", *, awkward: bool = False) -> str:
    """A guest's access token; with `awkward`, one with `+`, `/` and `=`, each of which means something else
    in an address."""
    link = tenant.group_link(room)
    wish = {
        "companyId": tenant.company_id,
        "roomId": room,
        "accessKey": link["joinLink"].split("/")[-2],
        "displayName": name,
        **({"externalId": external_id} if external_id else {}),
    }
    for _ in range(500):
        token: str = tenant.api("guestService.v2/authenticate", **wish)["accessToken"]
        if not awkward or all(mark in token for mark in "+/="):
            assert base64.b64decode(token, validate=True)
            return token
        # Another length shifts the padding.
        wish["displayName"] = f"{name} {'x' * secrets.randbelow(3)}"
    raise AssertionError("no token has all of + / =")


def test_a_guest_link_brings_its_own_name(tenant: Tenant, join: Join, newcomer: Newcomer) -> None:
    room = tenant.room("Sales talk")
    anna = join(room, "Anna")
    guest = newcomer().opens(tenant.guest_link(room, displayName="Grace Höpper")["joinLink"])
    expect(guest.page).to_have_title("Join Sales talk · Switchroom")
    expect(guest.the("display-name")).to_have_value("Grace Höpper")
    expect(guest.the("display-name")).not_to_be_editable()
    guest.joins()
    anna.meets("Grace Höpper")


def test_a_group_link_asks_for_a_name_and_remembers_it(tenant: Tenant, newcomer: Newcomer) -> None:
    room = tenant.room()
    anna = newcomer().opens(tenant.group_link(room)["joinLink"])
    anna.the("join").click()
    anna.reads("Please enter your name.")
    expect(anna.the("display-name")).to_be_focused()
    anna.joins("Anna")
    anna.leaves()
    anna.reads("You have left the room")
    anna.opens("about:blank").opens(tenant.group_link(room)["joinLink"])
    expect(anna.the("display-name")).to_have_value("Anna")


def test_the_lobby_shows_ones_own_camera_and_joins_with_what_is_on(
    tenant: Tenant, newcomer: Newcomer
) -> None:
    anna = newcomer("Anna", on=BOTH).opens(tenant.group_link(tenant.room())["joinLink"])
    preview = anna.page.get_by_label("Preview of your camera")
    anna.until(
        lambda: preview.evaluate("video => video.videoWidth"), lambda width: width > 0, "a picture of oneself"
    )
    expect(anna.page.get_by_label("Camera", exact=True)).to_be_visible()
    anna.switches("microphone")
    anna.joins("Anna")
    expect(anna.the("self-tile")).to_have_attribute("data-video", "on")
    expect(anna.the("self-tile")).to_have_attribute("data-audio", "off")


def test_who_leaves_can_come_back(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    anna, ben = join(room, "Anna"), join(room, "Ben")
    anna.meets("Ben")
    ben.leaves()
    anna.meets()
    anna.reads("Ben has left.")
    ben.the("rejoin").click()
    ben.is_inside()
    anna.meets("Ben")


@pytest.mark.parametrize("written", ["raw", "percent-encoded"])
def test_the_launch_address_opens_the_room(
    tenant: Tenant, join: Join, newcomer: Newcomer, written: str
) -> None:
    room = tenant.room()
    anna = join(room, "Anna")
    token = guest_token(tenant, room, "Launched", awkward=True)
    if written == "percent-encoded":
        token = quote(token, safe="")
    launched = newcomer().opens(launch_address(tenant, room, token))
    expect(launched.the("display-name")).to_have_count(0)
    launched.joins()
    expect(anna.the("tile")).to_have_count(1)
    expect(anna.the("tile")).to_have_attribute("data-name", re.compile(r"^Launched\b"))


def test_the_launch_options_go_straight_in_and_take_the_way_out_away(
    tenant: Tenant, newcomer: Newcomer
) -> None:
    room = tenant.room()
    address = launch_address(tenant, room, guest_token(tenant, room, "Kiosk"))
    kiosk = newcomer("Kiosk", on=BOTH)
    kiosk.opens(address.replace("?--url=", "?--skipquicksetup&--disableleaveroom&--bypasssettings&--url="))
    kiosk.is_inside()
    expect(kiosk.the("leave")).to_have_count(0)
    # Nobody is shown or heard without having chosen so.
    expect(kiosk.the("self-tile")).to_have_attribute("data-video", "off")
    expect(kiosk.the("self-tile")).to_have_attribute("data-audio", "off")


def test_sound_that_the_browser_holds_back_is_let_go_by_a_click(
    tenant: Tenant, join: Join, newcomer: Newcomer
) -> None:
    room = tenant.room()
    join(room, "Anna", on=BOTH)
    address = launch_address(tenant, room, guest_token(tenant, room, "Kiosk"))
    kiosk = newcomer("Kiosk", script=SOUND_AFTER_A_CLICK)
    kiosk.opens(address.replace("?--url=", "?--skipquicksetup&--url=")).is_inside()
    kiosk.reads("Your browser holds the sound back.")
    kiosk.the("turn-sound-on").click()
    expect(kiosk.the("turn-sound-on")).to_have_count(0)
    kiosk.until(lambda: kiosk.page.evaluate("() => played"), lambda played: played > 0, "sound")
    kiosk.hears("Anna")


def test_the_token_of_a_launch_address_stays_in_no_address_bar_and_no_history(
    tenant: Tenant, newcomer: Newcomer
) -> None:
    room = tenant.room()
    token = guest_token(tenant, room, "Kim")
    guest = newcomer().opens(launch_address(tenant, room, token))
    expect(guest.the("join")).to_be_visible()
    assert guest.page.url == f"{tenant.running.base_url}/webclient/"
    guest.page.reload()
    expect(guest.the("join")).to_be_visible()
    assert guest.page.evaluate("() => document.referrer") == ""
    guest.joins()
    guest.page.reload()
    guest.joins()
    keeps(guest, token)
    guest.leaves()
    keeps(guest, token, so=False)
    guest.the("rejoin").click()
    guest.is_inside()
    keeps(guest, token)
    guest.leaves()
    keeps(guest, token, so=False)
    guest.page.reload()
    guest.is_told("the address needs --url=")
    guest.page.go_back()
    assert token not in guest.page.url


def keeps(somebody: Person, token: str, *, so: bool = True) -> None:
    """The tab keeps the token, or does not any more."""

    def kept() -> bool:
        return token in somebody.page.evaluate("() => JSON.stringify({...sessionStorage, ...localStorage})")

    somebody.until(kept, lambda is_kept: is_kept is so, f"a tab that keeps the token: {so}")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "the address needs --url="),
        ("?--url=https://example.org/", "is not the address of a room"),
        ("?--url=alfaview://h:1?roomId=r&token=t", "which organization"),
        ("?--url=alfaview://h:1?companyId=c&token=t", "which room"),
        ("?--url=alfaview://h:1?companyId=c&roomId=r", "no valid access token"),
    ],
)
def test_an_incomplete_launch_address_is_explained(newcomer: Newcomer, query: str, said: str) -> None:
    newcomer().opens(f"/webclient/{query}").is_told(said)


def test_a_forged_token_is_refused(tenant: Tenant, newcomer: Newcomer) -> None:
    room = tenant.room()
    token = guest_token(tenant, room, "Mallory")
    genuine = base64.b64decode(token)
    forged = base64.b64encode(genuine[:-1] + bytes([genuine[-1] ^ 1])).decode()
    mallory = newcomer("Mallory").opens(launch_address(tenant, room, forged))
    mallory.the("join").click()
    mallory.is_told("Your access is not valid.")
    keeps(mallory, forged, so=False)


def test_a_guest_link_used_twice_puts_out_the_first(tenant: Tenant, newcomer: Newcomer) -> None:
    room = tenant.room()
    link = tenant.guest_link(room)["joinLink"]
    first = newcomer("First").opens(link).joins()
    second = newcomer("Second").opens(link).joins()
    first.reads("You have joined somewhere else")
    second.lists("Grace Guest")
    second.meets()
    first.button("Go on here").click()
    first.is_inside()
    second.reads("You have joined somewhere else")


def test_one_external_id_is_one_person(tenant: Tenant, newcomer: Newcomer) -> None:
    room = tenant.room()
    wish = {
        "companyId": tenant.company_id,
        "roomId": room,
        "displayName": "Pupil 7",
        "externalId": secrets.token_hex(16),
    }
    keys = [tenant.group_link(room, group)["accessKey"] for group in ("Participant", "Guest")]
    tokens = [
        tenant.api("guestService.v2/authenticate", **wish, accessKey=key)["accessToken"] for key in keys
    ]
    first, second = (
        newcomer(name).opens(launch_address(tenant, room, token)).joins()
        for name, token in zip(("First", "Second"), tokens, strict=True)
    )
    first.reads("You have joined somewhere else")
    second.meets()


def test_an_unknown_address_says_so(newcomer: Newcomer) -> None:
    newcomer().opens("/#/nowhere/at/all").is_told("There is nothing here")

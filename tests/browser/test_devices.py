"""Browsers without devices, permission or encryption: it is said clearly, and one joins all the same."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.chromium import INSECURE_HOST
from tests.browser.people import BOTH, Join, Newcomer
from tests.platform import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]


def refusing(error: str, only: str = "") -> str:
    """A page whose devices fail, or `only` those asked for with `audio` or `video`."""
    return f"""(() => {{
      const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = async wish => {{
        if (!'{only}' || wish['{only}']) throw new DOMException('', '{error}');
        return real(wish);
      }};
    }})()"""


@pytest.mark.parametrize(
    ("error", "locale", "said"),
    [
        ("NotFoundError", "en-GB", "No camera was found."),
        ("NotFoundError", "de-DE", "Es wurde kein Mikrofon gefunden."),
        ("NotAllowedError", "en-GB", "This page may not use the camera."),
        ("NotAllowedError", "de-DE", "Diese Seite darf das Mikrofon nicht verwenden."),
        ("NotReadableError", "en-GB", "Another program may be using it."),
    ],
)
def test_devices_that_fail_are_said(
    tenant: Tenant, newcomer: Newcomer, error: str, locale: str, said: str
) -> None:
    ben = newcomer("Ben", on=BOTH, script=refusing(error), locale=locale)
    ben.opens(tenant.group_link(tenant.room())["joinLink"])
    expect(ben.the("device-problem")).to_contain_text(said)
    expect(ben.the("join")).to_have_text(re.compile("without|ohne", re.IGNORECASE))


def test_one_joins_without_devices(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    anna = join(room, "Anna", on=BOTH)
    ben = join(room, "Ben", on=BOTH, script=refusing("NotFoundError"))
    ben.sees("Anna")
    ben.hears("Anna")
    anna.meets("Ben")
    for whose in (ben.the("self-tile"), anna.tile("Ben")):
        expect(whose).to_have_attribute("data-video", "off")
        expect(whose).to_have_attribute("data-audio", "off")


def test_a_microphone_works_without_a_camera(tenant: Tenant, join: Join, newcomer: Newcomer) -> None:
    room = tenant.room()
    anna = join(room, "Anna")
    ben = newcomer("Ben", on=BOTH, script=refusing("NotFoundError", only="video"))
    ben.opens(tenant.group_link(room)["joinLink"])
    expect(ben.the("device-problem")).to_contain_text("No camera was found.")
    expect(ben.the("device-problem")).not_to_contain_text("No microphone")
    ben.joins("Ben")
    anna.hears("Ben")
    expect(anna.tile("Ben")).to_have_attribute("data-video", "off")


def test_a_page_without_encryption_says_so(tenant: Tenant, join: Join, newcomer: Newcomer) -> None:
    room = tenant.room()
    join(room, "Anna", on=BOTH)
    insecure = tenant.running.base_url.replace("localhost", INSECURE_HOST)
    ben = newcomer("Ben", on=BOTH, base_url=insecure)
    ben.opens(tenant.group_link(room)["joinLink"].replace(tenant.running.base_url, insecure))
    expect(ben.the("device-problem")).to_contain_text("this page was opened without encryption")
    ben.joins("Ben")
    ben.sees("Anna")
    ben.hears("Anna")
    ben.switches("camera")
    ben.reads("The camera cannot be used, because this page was opened without encryption.")


def test_the_browsers_own_refusal_is_understood(tenant: Tenant, newcomer: Newcomer) -> None:
    denying = """navigator.permissions.query = async ({name}) => ({state: 'denied', name});
    navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError') };"""
    ben = newcomer("Ben", on=BOTH, script=denying).opens(tenant.group_link(tenant.room())["joinLink"])
    expect(ben.the("device-problem")).to_contain_text("This page may not use the camera.")
    expect(ben.the("device-problem")).to_contain_text("This page may not use the microphone.")
    expect(ben.the("device-problem")).to_contain_text("You can join all the same")


def test_who_changes_their_mind_about_the_screen_is_not_bothered(tenant: Tenant, join: Join) -> None:
    closed = """navigator.mediaDevices.getDisplayMedia = async () => {
      throw new DOMException('Permission denied', 'NotAllowedError');
    }"""
    anna = join(tenant.room(), "Anna", script=closed)
    anna.switches("screen")
    expect(anna.the("toggle-screen")).to_have_attribute("aria-pressed", "false")
    anna.writes("still here")
    expect(anna.message("still here")).to_have_count(1)
    expect(anna.page.get_by_text("cannot be shared")).to_have_count(0)


def test_a_denied_device_is_said_once_and_can_be_put_away(tenant: Tenant, newcomer: Newcomer) -> None:
    link = tenant.group_link(tenant.room())["joinLink"]
    ben = newcomer("Ben", on=BOTH, script=refusing("NotAllowedError")).opens(link)
    expect(ben.the("device-problem")).to_have_count(1)
    ben.the("device-problem").get_by_role("button", name="Close").click()
    expect(ben.the("device-problem")).to_have_count(0)
    expect(ben.the("join")).to_have_text("Join without devices")
    ben.joins("Ben")
    expect(ben.page.get_by_text("This page may not use")).to_have_count(0)
    ben.switches("camera")
    expect(ben.page.get_by_text("This page may not use the camera.")).to_have_count(1)
    expect(ben.page.get_by_text("This page may not use the microphone.")).to_have_count(0)
    ben.the("device-problem").get_by_role("button", name="Close").click()
    expect(ben.page.get_by_text("This page may not use")).to_have_count(0)

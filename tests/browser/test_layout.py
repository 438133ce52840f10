"""What is seen on small and on usual screens, in both languages and in every state."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

import pytest
from playwright.sync_api import WebSocketRoute, expect

from switchroom.accounts.models import MeetingKind
from switchroom.meetings.recordings.models import RecordingState
from switchroom.meetings.recurrence import FrequencyType, Recurrence
from tests.browser.people import BOTH, PHONE, Join, Newcomer
from tests.browser.person import Person
from tests.browser.test_accessibility import is_sound
from tests.browser.test_devices import refusing
from tests.browser.test_portal import sign_in
from tests.dialects.client.test_people import ask
from tests.dialects.client.test_recordings import record
from tests.meetings.planning import plan
from tests.platform import PASSWORD, Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]

LONG = (
    "A meeting with rather a long name, for phones and for everybody else who has to read it once and again"
)
HEBREW = "אדם בן חוה"
LAPTOP = (1280, 800)
NORA = "nora@example.org"

HEADER_FAULTS = """() => {
  const header = document.querySelector('header');
  const shows = one => one.textContent.trim() || one.querySelector('svg');
  const parts = [...header.children].filter(one => one.getClientRects().length && shows(one));
  const boxes = parts.map(one => one.getBoundingClientRect());
  const faults = [];
  parts.forEach((one, at) => {
    const box = boxes[at];
    const what = one.tagName + ' ' + one.textContent;
    if (box.left < 0 || box.right > innerWidth) faults.push(what + ' is cut off');
    const squeezed = one.tagName === 'H1' ? box.width < 60 : one.scrollWidth > Math.ceil(box.width);
    if (squeezed) faults.push(what + ' is squeezed');
    boxes.slice(at + 1).forEach(other => {
      const beside = box.right <= other.left || other.right <= box.left;
      const below = box.bottom <= other.top || other.bottom <= box.top;
      if (!beside && !below) faults.push(what + ' is overlapped');
    });
  });
  if (document.documentElement.scrollWidth > innerWidth) faults.push('the page scrolls sideways');
  return faults;
}"""

NAME_FAULTS = """name => {
  const faults = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.textContent, one = texts.currentNode.parentElement;
    if (!text.includes(name) || text.includes('\\u2068' + name) || one.closest('bdi, option, pre')) continue;
    const block = one.closest('p, li, td, th, dt, dd, h1, h2, h3, div');
    if (block.textContent.trim() !== name) faults.push(one.outerHTML.slice(0, 200));
  }
  return faults;
}"""
"""Places where a name stands beside text and is not isolated from it."""


class RecordedLine:
    """A person's signalling in which every room is recorded and locked, and which can go silent for good."""

    def __init__(self, person: Person) -> None:
        self._sockets: list[WebSocketRoute] = []
        self._is_silent = False
        person.page.route_web_socket(re.compile("/client/"), self._carry)

    def _carry(self, socket: WebSocketRoute) -> None:
        self._sockets.append(socket)
        if self._is_silent:
            return
        server = socket.connect_to_server()

        def tell(message: str | bytes) -> None:
            told = json.loads(message)
            if told["type"] == "joined":
                told["room"].update(recording=True, locked=True)
            socket.send(json.dumps(told))

        socket.on_message(server.send)
        server.on_message(tell)

    def breaks(self) -> None:
        self._is_silent = True
        for socket in self._sockets:
            socket.close()


def is_branded(tenant: Tenant) -> None:
    """Pages and rooms of the organization show a long title on a colour."""
    branding = {"enabled": True, "title": LONG, "navbarBg": "#ffc857", "logoInMeetingRoomEnabled": True}
    tenant.api("companyService/update", companyId=tenant.company_id, company={"branding": branding})


@pytest.mark.parametrize(("locale", "branded"), [("en-GB", False), ("de-DE", False), ("de-DE", True)])
def test_the_header_fits_on_a_phone_in_every_state(
    tenant: Tenant, newcomer: Newcomer, join: Join, locale: str, *, branded: bool
) -> None:
    if branded:
        is_branded(tenant)
    room = tenant.room(LONG)
    ben = newcomer("Ben", screen=PHONE, locale=locale)
    line = RecordedLine(ben)
    ben.opens(tenant.group_link(room)["joinLink"]).joins("Ben")
    expect(ben.the("recording")).to_be_visible()
    expect(ben.the("locked")).to_be_visible()
    expect(ben.the("branding")).to_have_count(int(branded))
    assert ben.page.evaluate(HEADER_FAULTS) == []
    join(room, "Anna").raises_hand()
    expect(ben.the("open-notices")).to_be_visible()
    assert ben.page.evaluate(HEADER_FAULTS) == []
    line.breaks()
    expect(ben.the("connection-state")).to_have_attribute("data-state", "reconnecting")
    assert ben.page.evaluate(HEADER_FAULTS) == []


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_the_header_of_the_overview_fits_on_a_phone(tenant: Tenant, newcomer: Newcomer, locale: str) -> None:
    ada = newcomer("Ada", screen=PHONE, locale=locale).opens("/")
    expect(ada.the("username")).to_be_visible()
    assert ada.page.evaluate(HEADER_FAULTS) == []
    ada.the("username").fill(tenant.administrator.username)
    ada.the("password").fill(PASSWORD)
    ada.the("sign-in").click()
    expect(ada.page.locator("header").get_by_text("Ada Admin")).to_be_visible()
    assert ada.page.evaluate(HEADER_FAULTS) == []


PAGES = (
    "",
    "meetings",
    "meetings/new",
    "recordings",
    "people",
    "profile",
    "organization/general",
    "organization/groups",
    "organization/keys",
    "organization/webhooks",
    "organization/events",
    "organization/statistics",
)


@pytest.mark.parametrize(("scheme", "locale"), [("light", "en-GB"), ("dark", "de-DE")])
def test_every_page_of_the_portal_fits_on_a_phone_and_has_no_barrier(
    tenant: Tenant, newcomer: Newcomer, scheme: Literal["light", "dark"], locale: str
) -> None:
    for name in (LONG, HEBREW):
        record(plan(tenant, name), RecordingState.FAILED)
        tenant.room(name)
    tenant.person(first_name="Pat", last_name="Groß")
    tenant.person(first_name=HEBREW, last_name="Levi")
    ada = newcomer("Ada", screen=PHONE, locale=locale)
    ada.page.emulate_media(color_scheme=scheme)
    sign_in(ada.opens("/"), tenant.administrator)
    expect(ada.the("sign-out")).to_be_visible()
    for page in PAGES:
        ada.opens(f"/#/{page}")  # drawn when this is over: the page before has a heading as well
        expect(ada.page.get_by_role("heading", level=1)).to_have_count(1)
        expect(ada.page.locator("main .mantine-Loader-root")).to_have_count(0)
        assert ada.page.evaluate(HEADER_FAULTS) == [], page
        assert ada.page.evaluate(NAME_FAULTS, HEBREW) == [], page
        is_sound(ada.page)


AGENDA = "\n".join(f"{number}. Point" for number in range(1, 30))
ELSEWHERE: dict[str, Any] = {
    "timezone": "Pacific/Auckland",
    "recurrence": Recurrence(frequency_type=FrequencyType.DAILY),
}


def shows_the_way_in(person: Person) -> None:
    """The button is in view, also beside what is said of a name that is missing."""
    join = person.the("join")
    expect(join).to_be_in_viewport(ratio=1)
    name = person.the("display-name")
    if name.count() and name.get_attribute("readonly") is None:
        name.fill("")
        join.click()
        expect(name).to_have_attribute("aria-invalid", "true")
        expect(join).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_the_way_in_is_in_view_on_a_laptop(tenant: Tenant, newcomer: Newcomer, locale: str) -> None:
    """Devices are denied, and everything is said that a page before a room can have to say."""
    is_branded(tenant)
    version = ask(tenant, "organization")["version"]
    ask(tenant, "organization/change", version=version, privacyLink="https://example.org/privacy")
    room = tenant.room(LONG)
    board = plan(
        tenant, LONG, kind=MeetingKind.BOARDROOM, agenda=AGENDA, invite=NORA, recorded=True, **ELSEWHERE
    )
    webinar = plan(tenant, LONG, kind=MeetingKind.WEBINAR, agenda=AGENDA, recorded=True, **ELSEWHERE)
    full = plan(tenant, LONG, agenda=AGENDA, recorded=True, **ELSEWHERE)
    full.has_places(0)

    def comes() -> Person:
        return newcomer("Nora", on=BOTH, screen=LAPTOP, locale=locale, script=refusing("NotAllowedError"))

    for address in (
        tenant.group_link(room)["joinLink"],
        tenant.guest_link(room, validUntil="2099-01-01T00:00:00Z")["joinLink"],
        board.page(board.key_of(NORA)),
        board.page(),
        webinar.page(),
    ):
        nora = comes().opens(address)
        shows_the_way_in(nora)
        nora.page.context.close()
        newcomer.everybody.remove(nora)
    late = comes().opens(full.page())
    late.the("display-name").fill("Nora")
    late.the("join").click()
    expect(late.the("stop-trying")).to_be_visible()
    expect(late.the("join")).to_be_in_viewport(ratio=1)
    ada = sign_in(comes().opens("/"), tenant.administrator)
    expect(ada.the("sign-out")).to_be_visible()
    for address in (board.page(), f"/#/room/{room}"):
        shows_the_way_in(ada.opens(address))
    ada.opens(board.page())
    expect(ada.the("signed-in-as")).to_be_visible()
    ada.the("change-identity").click()
    expect(ada.the("signed-in-as")).to_have_attribute("data-as", "guest")
    shows_the_way_in(ada)


def test_notices_are_few_and_the_others_in_a_list(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    mia, ben = join(room, "Mia", as_="Moderator"), join(room, "Ben")
    for name, shown in (("Anna", "Anna"), ("Cem", "Cem"), (HEBREW, f"\u2068{HEBREW}\u2069")):
        join(room, name).raises_hand()
        expect(mia.the("announcements")).to_contain_text(f"{shown} raises a hand.")
    ben.raises_hand()
    most = 0

    def count() -> int:
        nonlocal most
        most = max(most, mia.the("notice").count())
        return mia.the("notice").count()

    mia.until(count, lambda shown: shown == 0, "a room without notices over it")
    assert most <= 2
    mia.the("open-notices").click()
    raised = [f"{name} raises a hand." for name in ("Ben", f"\u2068{HEBREW}\u2069", "Cem", "Anna")]
    expect(mia.the("notice-list").get_by_role("listitem")).to_have_text(raised)


def test_names_are_laid_out_by_themselves(tenant: Tenant, join: Join) -> None:
    room = tenant.room(HEBREW)
    anna, adam = join(room, "Anna"), join(room, f"\u202e{HEBREW}")
    adam.writes("Shalom")
    isolated = anna.page.locator("bdi", has_text=HEBREW)
    expect(anna.page.get_by_role("heading", level=1).locator("bdi")).to_have_text(HEBREW)
    expect(anna.tile(HEBREW).locator(isolated)).to_have_count(2)
    expect(anna.the("participant", name=HEBREW).locator(isolated)).to_have_count(1)
    expect(anna.message("Shalom").locator(isolated)).to_have_count(1)
    expect(anna.the("announcements")).to_have_text(f"\u2068{HEBREW}\u2069 writes: Shalom")
    expect(anna.page).to_have_title(f"\u2068{HEBREW}\u2069 · Switchroom")

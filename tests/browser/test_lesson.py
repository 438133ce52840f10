"""A lesson: what a teacher does to everybody at once, and sees of many."""

from __future__ import annotations

import contextlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.browser.axe import barriers
from tests.browser.people import BOTH, PHONE, WIDE, Join, Newcomer
from tests.browser.person import LIMIT, Person
from tests.browser.test_accessibility import nameless, repeated_ids
from tests.browser.test_portal import sign_in
from tests.platform import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]

VOICE = ("microphone",)

LISTENING = """
  window.notes = 0
  window.told = []
  window.isHidden = false
  const create = AudioContext.prototype.createOscillator
  AudioContext.prototype.createOscillator = function () {
    window.notes += 1
    return create.call(this)
  }
  window.Notification = class {
    static permission = 'default'
    static async requestPermission() {
      return (window.Notification.permission = 'granted')
    }
    constructor(title, {body}) { window.told.push(body) }
  }
  Object.defineProperty(document, 'hidden', {get: () => window.isHidden})
"""
"""Counts the notes that are played, and keeps what the system would be told while the page is hidden."""


class Class:
    """Pupils without media, who came over the signalling only."""

    def __init__(self, tenant: Tenant, room: str, stack: ExitStack) -> None:
        self._tenant = tenant
        self.room = room
        self._stack = stack
        self._sockets: list[ClientConnection] = []
        self.over = threading.Event()
        self._key: str = tenant.group_link(room)["accessKey"]

    def comes(self, *names: str) -> None:
        for name in names:
            self.join(name)

    def join(self, name: str, **fields: Any) -> dict[str, Any]:
        """The answer to somebody's join; they stay until the test is over."""
        tenant = self._tenant
        token = tenant.api.post(
            "guestService.v2/authenticate",
            {
                "accessInfo": {"requestId": "test"},
                "companyId": tenant.company_id,
                "roomId": self.room,
                "accessKey": self._key,
                "displayName": name,
            },
        ).json()["accessToken"]
        url = tenant.running.base_url.replace("http", "ws") + "/client/socket"
        # Nobody reads what they are told: without room for all of it they would answer nobody after a while.
        socket = self._stack.enter_context(
            connect(url, open_timeout=LIMIT, ping_interval=None, max_size=None, max_queue=None)
        )
        request = {"type": "join", "id": "1", "token": token, "roomId": self.room, **fields}
        socket.send(json.dumps(request))
        answer = json.loads(socket.recv(LIMIT))
        self._sockets.append(socket)
        return answer

    def stays(self) -> None:
        """Say now and then, until the class is over, that all are still there."""
        while not self.over.wait(3):
            for socket in list(self._sockets):
                with contextlib.suppress(ConnectionClosed):
                    socket.send('{"type": "ping"}')


@pytest.fixture
def pupils(tenant: Tenant) -> Iterator[Class]:
    with ExitStack() as stack:
        quotas = {"activeParticipants": 500, "passiveParticipants": 500}
        pupils = Class(tenant, tenant.room("Class 7b", quotas=quotas), stack)
        staying = threading.Thread(target=pupils.stays)
        staying.start()
        try:
            yield pupils
        finally:
            pupils.over.set()
            staying.join()


@pytest.fixture
def room(pupils: Class) -> str:
    return pupils.room


def ticks(person: Person, choice: str, *, on: bool) -> None:
    """Tick something, or take its tick away, in the menu for everybody."""
    person.ticks(person.the("everybody-menu"), choice, on=on)


def is_hidden(person: Person, *, hidden: bool) -> None:
    person.page.evaluate("hidden => { window.isHidden = hidden }", hidden)


def test_everybody_is_muted_with_one_click(room: str, join: Join) -> None:
    mia, ben = join(room, "Mia", as_="Moderator", on=VOICE), join(room, "Ben", on=BOTH)
    cem = join(room, "Cem", on=VOICE)
    mia.hears("Ben")
    expect(mia.tile("Cem")).to_have_attribute("data-audio", "on")
    mia.the("mute-all").click()
    for person in (ben, cem):
        expect(person.the("self-tile")).to_have_attribute("data-audio", "off")
        person.reads("Mia has muted you.")
    for name in ("Ben", "Cem"):
        expect(mia.tile(name)).to_have_attribute("data-audio", "off")
    expect(cem.tile("Ben")).to_have_attribute("data-audio", "off")
    expect(ben.tile("Mia")).to_have_attribute("data-audio", "on")
    mia.gets_nothing("Ben", "microphone", while_seeing="Ben")
    ben.switches("microphone")
    mia.hears("Ben")


def test_all_hands_are_lowered_with_one_click(room: str, join: Join) -> None:
    mia, ben, cem = join(room, "Mia", as_="Moderator"), join(room, "Ben"), join(room, "Cem")
    for person in (ben, cem):
        person.raises_hand()
        expect(mia.tile(person.name)).to_contain_text("hand raised")
    mia.the("lower-all").click()
    for person in (ben, cem):
        expect(mia.tile(person.name)).not_to_contain_text("hand raised")
        expect(person.the("raise-hand")).to_have_attribute("aria-pressed", "false")
        person.reads("Mia has lowered your hand.")


def test_what_is_forbidden_is_so_for_those_who_come_later_until_it_is_allowed(room: str, join: Join) -> None:
    mia, ben = join(room, "Mia", as_="Moderator", on=VOICE), join(room, "Ben", on=BOTH)
    expect(mia.tile("Ben")).to_have_attribute("data-audio", "on")
    ticks(mia, "permit-all-voice", on=False)
    ben.reads("Mia lets nobody but moderators speak.")
    ticks(mia, "permit-all-chat", on=False)
    expect(ben.the("self-tile")).to_have_attribute("data-audio", "off")
    expect(ben.the("self-tile")).to_have_attribute("data-video", "on")
    cem = join(room, "Cem", on=VOICE)
    for person in (ben, cem):
        expect(person.the("toggle-microphone")).to_have_attribute("aria-disabled", "true")
        expect(person.the("chat-input")).to_be_disabled()
    expect(mia.the("self-tile")).to_have_attribute("data-audio", "on")
    mia.allows("Cem", "voice")
    expect(cem.the("toggle-microphone")).not_to_have_attribute("aria-disabled", "true")
    ticks(mia, "permit-all-voice", on=True)
    expect(ben.the("toggle-microphone")).not_to_have_attribute("aria-disabled", "true")
    expect(ben.the("self-tile")).to_have_attribute("data-audio", "off")
    ben.switches("microphone")
    mia.hears("Ben")


def test_a_locked_room_lets_nobody_new_in(
    room: str, pupils: Class, join: Join, newcomer: Newcomer, tenant: Tenant
) -> None:
    mia, ben = join(room, "Mia", as_="Moderator"), join(room, "Ben")
    ticks(mia, "lock-room", on=True)
    expect(ben.the("locked")).to_be_visible()
    late = newcomer("Late").opens(tenant.group_link(room)["joinLink"])
    late.the("display-name").fill("Late")
    late.the("join").click()
    late.reads("This room is locked.")
    ben.page.reload()
    ben.joins()
    ticks(mia, "lock-room", on=False)
    expect(ben.the("locked")).to_have_count(0)
    late.joins()


def test_the_session_ends_for_everybody(room: str, join: Join) -> None:
    mia, ben = join(room, "Mia", as_="Moderator"), join(room, "Ben")
    mia.the("everybody-menu").click()
    mia.the("end-for-all").click()
    mia.the("confirm-end").click()
    for person in (mia, ben):
        person.reads("The session is over")
        expect(person.the("leave")).to_have_count(0)


def test_whoever_was_removed_is_let_back_by_a_moderator(room: str, join: Join) -> None:
    mia, ben = join(room, "Mia", as_="Moderator"), join(room, "Ben")
    mia.meets("Ben")
    mia.removes("Ben")
    ben.is_told("You were removed from the room")
    # Another tab of his browser, in which he is somebody else as far as links go.
    again = Person(ben.page.context.new_page(), "Benno").opens(ben.page.url)
    again.the("display-name").fill("Benno")
    again.the("join").click()
    again.reads("A moderator has removed you from this room.")
    mia.the("everybody-menu").click()
    mia.the("removed-people").click()
    mia.the("removed-person", name="Ben").get_by_test_id("readmit").click()
    expect(mia.the("nobody-removed")).to_be_visible()
    mia.page.keyboard.press("Escape")
    again.joins("Benno")
    mia.meets("Benno")


def test_somebody_is_made_a_moderator_and_none_again(room: str, join: Join) -> None:
    mia, ben = join(room, "Mia", as_="Moderator"), join(room, "Ben")
    expect(ben.the("mute-all")).to_have_count(0)
    mia.acts_on("Ben", "promote")
    ben.reads("Mia lets you moderate this session.")
    expect(ben.the("mute-all")).to_be_visible()
    expect(mia.the("participant", name="Ben")).to_contain_text("Moderator")
    mia.acts_on("Ben", "promote")
    expect(ben.the("mute-all")).to_have_count(0)


def test_guests_and_people_of_one_name_are_told_apart(
    room: str, join: Join, newcomer: Newcomer, tenant: Tenant
) -> None:
    anna, other = join(room, "Anna"), join(room, "anna")
    ada = sign_in(newcomer("Ada").opens(f"/#/room/{room}"), tenant.administrator)
    ada.joins()
    ada.meets("Anna", "anna")
    for name in ("Anna", "anna"):
        expect(ada.tile(name)).to_contain_text(re.compile(r"\([12]\)"))
        expect(ada.tile(name)).to_contain_text("Guest")
    numbers = [ada.tile(name).inner_text() for name in ("Anna", "anna")]
    assert {text.partition("(")[2][0] for text in numbers} == {"1", "2"}
    shown = ada.tile("Anna").inner_text()
    expect(other.tile("Anna")).to_contain_text("Anna (1)" if "(1)" in shown else "Anna (2)")
    expect(anna.tile("Ada Admin")).to_be_visible()
    expect(anna.tile("Ada Admin")).not_to_contain_text("Guest")
    expect(ada.the("participant", name="Anna")).to_contain_text("Guest")


def test_of_many_somebody_is_found_and_whoever_speaks_comes_up(room: str, pupils: Class, join: Join) -> None:
    mia = join(room, "Mia", as_="Moderator")
    pupils.comes(*(f"Pupil {number}" for number in range(1, 53)), "Zoë Árvay")
    expect(mia.the("page-of")).to_have_text("Page 1 of 2")
    expect(mia.the("tile")).to_have_count(48)
    expect(mia.tile("Zoë Árvay")).to_have_count(0)
    mia.the("next-page").click()
    expect(mia.tile("Zoë Árvay")).to_be_visible()
    mia.the("previous-page").click()
    join(room, "Ben", on=VOICE, speaks=True)
    expect(mia.tile("Ben")).to_be_in_viewport()
    mia.the("search-people").fill("arvay zoe")
    mia.lists("Zoë Árvay")
    mia.the("search-people").fill("Nobody at all")
    expect(mia.the("nobody-found")).to_be_visible()
    mia.the("search-people").fill("")
    expect(mia.the("participant")).to_have_count(55)
    assert barriers(mia.page) == []


def test_a_long_list_is_drawn_a_part_at_a_time(room: str, pupils: Class, join: Join) -> None:
    pupils.comes(*(f"Pupil {number:03}" for number in range(1, 112)))
    mia = join(room, "Mia", as_="Moderator")
    expect(mia.the("participant")).to_have_count(101)
    mia.the("more-people").click()
    expect(mia.the("participant")).to_have_count(112)
    expect(mia.the("more-people")).to_have_count(0)


def test_hands_and_the_sharer_come_first_beside_a_shared_screen(room: str, pupils: Class, join: Join) -> None:
    mia = join(room, "Mia", as_="Moderator")
    pupils.comes("Early", "Second")
    hand, sharer = join(room, "Hand"), join(room, "Sharer")
    hand.raises_hand()
    sharer.switches("screen")
    expect(mia.the("screen-stage")).to_be_visible()
    in_order = """tiles => tiles.sort((one, other) => one.getBoundingClientRect().x
      - other.getBoundingClientRect().x).map(one => one.dataset.name)"""
    tiles = mia.the("tile")
    mia.until(
        lambda: tiles.evaluate_all(in_order)[:2], lambda names: names == ["Sharer", "Hand"], "the order"
    )
    mia.tile("Second").hover()
    mia.tile("Second").get_by_test_id("pin").click()
    mia.until(
        lambda: tiles.evaluate_all(in_order)[:3],
        lambda names: names == ["Second", "Sharer", "Hand"],
        "the order with a pin",
    )


def test_a_tile_is_pinned_for_oneself(room: str, join: Join) -> None:
    mia, ben, _ = join(room, "Mia"), join(room, "Ben", on=BOTH), join(room, "Cem")
    mia.the("participant", name="Ben").get_by_test_id("participant-menu").click()
    mia.the("pin-person").click()
    expect(mia.the("pinned").get_by_test_id("tile")).to_have_attribute("data-name", "Ben")
    mia.meets("Ben", "Cem")
    mia.sees("Ben")
    expect(ben.the("pinned")).to_have_count(0)
    # By keyboard as well: the button is there for whoever comes by Tab.
    mia.tile("Ben").get_by_test_id("pin").focus()
    mia.page.keyboard.press("Enter")
    expect(mia.the("pinned")).to_have_count(0)


def test_oneself_is_small_and_can_be_hidden(room: str, join: Join) -> None:
    mia = join(room, "Mia", on=BOTH)

    def widths() -> list[float]:
        """Her own tile's, and those of the others."""
        boxes = [tile.bounding_box() for tile in (mia.the("self-tile"), *mia.the("tile").all())]
        return [box["width"] for box in boxes if box is not None]

    (alone,) = mia.until(widths, lambda found: found[0] > WIDE[0] / 3, "a large tile of her own")
    join(room, "Ben", on=BOTH)
    mia.sees("Ben")
    mia.until(
        widths,
        lambda found: len(found) == 2 and found[0] < found[1] / 3 < alone,
        f"a small tile of her own, beside one of which {alone} is more than a third",
    )
    mia.the("hide-self").focus()
    mia.page.keyboard.press("Enter")
    expect(mia.the("self-tile")).to_have_count(0)
    mia.page.reload()
    mia.joins()
    expect(mia.the("self-tile")).to_have_count(0)
    mia.the("show-self").click()
    expect(mia.the("self-tile")).to_be_visible()


def test_hands_are_heard_by_moderators_only_as_long_as_they_like(room: str, join: Join) -> None:
    mia = join(room, "Mia", as_="Moderator", script=LISTENING)
    ben, cem = join(room, "Ben", script=LISTENING), join(room, "Cem")
    cem.raises_hand()
    mia.until(lambda: mia.page.evaluate("window.notes"), lambda notes: notes > 0, "a sound")
    ben.reads("Cem raises a hand.")
    assert ben.page.evaluate("window.notes") == 0
    mia.the("open-settings").click()
    mia.the("sounds").press("Space")
    expect(mia.the("sounds")).not_to_be_checked()
    mia.page.keyboard.press("Escape")
    expect(mia.page.get_by_role("dialog")).to_have_count(0)
    played = mia.page.evaluate("window.notes")
    cem.lowers_hand()
    expect(mia.tile("Cem")).not_to_contain_text("hand raised")
    cem.raises_hand()
    expect(mia.tile("Cem")).to_contain_text("hand raised")
    assert mia.page.evaluate("window.notes") == played


def test_messages_are_counted_in_the_title_and_told_while_the_page_is_hidden(room: str, join: Join) -> None:
    mia, ben = join(room, "Mia", screen=PHONE, script=LISTENING), join(room, "Ben")
    ben.writes("Are you there?")
    expect(mia.page).to_have_title("(1) Class 7b · Switchroom")
    mia.the("more").click()
    mia.the("open-settings").click()
    mia.the("notifications").press("Space")
    expect(mia.the("notifications")).to_be_checked()
    mia.page.keyboard.press("Escape")
    is_hidden(mia, hidden=True)
    ben.writes("Now?")
    mia.until(
        lambda: mia.page.evaluate("window.told"), lambda told: told == ["Ben writes: Now?"], "a notification"
    )
    is_hidden(mia, hidden=False)
    mia.the("toggle-chat").click()
    expect(mia.page).to_have_title("Class 7b · Switchroom")


def test_a_member_invites_from_inside(room: str, newcomer: Newcomer, tenant: Tenant) -> None:
    ada = sign_in(newcomer("Ada").opens(f"/#/room/{room}"), tenant.administrator)
    ada.joins()
    ada.the("invite").click()
    expect(ada.the("invite-address")).to_have_value(f"{tenant.running.base_url}/#/room/{room}")
    assert barriers(ada.page) == []
    ada.the("invite-guests").click()
    expect(ada.the("link")).not_to_have_count(0)
    pat = sign_in(newcomer("Pat").opens(f"/#/room/{room}"), tenant.person())
    pat.joins()
    pat.the("invite").click()
    pat.reads("Links for guests are made by those who administer this room.")
    expect(pat.the("invite-guests")).to_have_count(0)


def test_a_guest_who_moderates_invites_people_with_an_account(room: str, join: Join, tenant: Tenant) -> None:
    mia, ben = join(room, "Mia", as_="Moderator"), join(room, "Ben")
    expect(ben.the("toggle-participants")).to_be_visible()
    expect(ben.the("invite")).to_have_count(0)
    mia.the("invite").click()
    address = mia.the("invite-address")
    expect(address).to_have_value(f"{tenant.running.base_url}/#/room/{room}")
    expect(mia.page.get_by_label("For people with an account")).to_be_visible()
    mia.reads("Links for guests are made by those who administer this room.")
    assert barriers(mia.page) == []
    mia.page.keyboard.press("Escape")
    mia.acts_on("Ben", "promote")
    ben.the("invite").click()
    expect(ben.the("invite-address")).to_be_visible()


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_a_teacher_on_a_phone_does_it_by_keyboard(room: str, join: Join, locale: str) -> None:
    mia = join(room, "Mia", as_="Moderator", screen=PHONE, locale=locale)
    ben = join(room, "Ben", on=VOICE)
    expect(mia.tile("Ben")).to_have_attribute("data-audio", "on")
    mia.the("more").click()
    mia.the("toggle-participants").click()
    expect(mia.the("mute-all")).to_be_in_viewport(ratio=1)
    expect(mia.the("everybody-menu")).to_be_in_viewport(ratio=1)
    assert mia.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    mia.the("mute-all").focus()
    mia.page.keyboard.press("Enter")
    expect(ben.the("self-tile")).to_have_attribute("data-audio", "off")
    menu = mia.page.get_by_role("menu")
    for choice in ("removed-people", "end-for-all"):
        mia.the("everybody-menu").press("Enter")
        expect(menu).to_be_visible()
        if choice == "removed-people":
            assert (barriers(mia.page), nameless(mia.page), repeated_ids(mia.page)) == ([], [], [])
        mia.the(choice).press("Enter")
        expect(menu).to_have_count(0)
        expect(mia.page.get_by_role("dialog")).to_be_visible()
        assert (barriers(mia.page), nameless(mia.page)) == ([], []), choice
        mia.page.keyboard.press("Escape")
        expect(mia.page.get_by_role("dialog")).to_have_count(0)

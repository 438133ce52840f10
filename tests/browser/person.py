"""People at browsers: what they do in the pages, and what they see and hear there."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from playwright.sync_api import Locator, Page, Request, WebSocket, expect

T = TypeVar("T")
Report = dict[str, Any]

LIMIT = 40.0
"""Seconds that anything may take on a machine with other things to do."""

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.05, 0.4
"""Seconds between two looks at a page, which take time from what is waited for."""

expect.set_options(timeout=LIMIT * 1000)

BRIGHT = """video => {
  const canvas = new OffscreenCanvas(32, 18);
  const pen = canvas.getContext('2d', {willReadFrequently: true});
  pen.drawImage(video, 0, 0, 32, 18);
  const {data} = pen.getImageData(0, 0, 32, 18);
  let bright = 0;
  for (let at = 0; at < data.length; at += 4) bright += Math.max(data[at], data[at + 1], data[at + 2]) > 48;
  return bright / (32 * 18);
}"""
"""The part of a video's picture that is not black."""

ANNOUNCEMENTS = """(() => {
  const seen = new WeakSet();
  window.announced = [];
  new MutationObserver(() => {
    for (const one of document.querySelectorAll('[data-testid="announcement"]')) {
      if (seen.has(one) || !one.checkVisibility()) continue;
      seen.add(one);
      window.announced.push(one.textContent);
    }
  }).observe(document, {childList: true, subtree: true});
})()"""
"""Keeps what a page has announced, which it shows for eight seconds only: a machine may do other things for
longer than that before a test looks."""

_ANNOUNCED = """text => {
  const at = window.announced.findIndex(one => one.includes(text));
  return at < 0 ? window.announced : window.announced.splice(0, at + 1) && true;
}"""
"""True once the page has announced this, which is forgotten then with all before it; else what there was."""

_SAYS_SO = """(button, word) => {
  new MutationObserver(() => {
    if (button.textContent === word) button.dataset.saidSo = '';
  }).observe(button, {childList: true, subtree: true, characterData: true});
}"""


class Person:
    """Somebody with a browser of their own."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name
        self.console: list[str] = []
        self.crashes: list[str] = []
        self.heard: list[Report] = []
        """Everything the server said over the signalling, oldest first."""
        self.said: list[Report] = []
        """Everything the page said to the server."""
        page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.crashes.append(str(error)))
        page.on("requestfailed", self._request_failed)
        page.on("websocket", self._listen)

    def _request_failed(self, request: Request) -> None:
        self.console.append(f"failed: {request.url} {request.failure}")

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda payload: self.heard.append(msgspec.json.decode(payload)))
        socket.on("framesent", lambda payload: self.said.append(msgspec.json.decode(payload)))

    def the(self, test_id: str, **attributes: str) -> Locator:
        """The element with this `data-testid` and these `data-` attributes."""
        more = "".join(f"[data-{key}={_quoted(value)}]" for key, value in attributes.items())
        return self.page.locator(f"[data-testid={_quoted(test_id)}]{more}")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name)

    def until(
        self,
        probe: Callable[[], T],
        holds: Callable[[T], bool],
        what: str,
        limit: float = LIMIT,
    ) -> T:
        """Probe until it holds; the value then. Fails after `limit` seconds, saying the last value."""
        deadline = time.monotonic() + limit
        pause = _SHORTEST_PAUSE
        while not holds(value := probe()):
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name}: {what} did not come in {limit:g} s; last: {value}")
            self.page.wait_for_timeout(1000 * pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        return value

    # Coming and going

    def opens(self, address: str) -> Person:
        before = self.page.url
        self.page.goto(address)
        if before.partition("#")[0] == self.page.url.partition("#")[0]:
            # Within the page that is open already, what is at the address is drawn a moment later.
            self.page.evaluate("() => new Promise(drawn => setTimeout(drawn))")
        return self

    def joins(self, name: str = "") -> Person:
        """Through the lobby into the room; with `name` typed in where one is asked for."""
        if name:
            self.the("display-name").fill(name)
        self.the("join").click()
        return self.is_inside()

    def is_inside(self) -> Person:
        expect(self.the("connection-state")).to_have_attribute("data-state", "connected")
        return self

    def leaves(self) -> None:
        self.the("leave").click()
        expect(self.the("leave")).to_have_count(0)

    def is_told(self, text: str) -> None:
        """The page says why one cannot go on."""
        expect(self.the("error-message")).to_contain_text(text)

    def reads(self, text: str) -> None:
        """The page says so, anywhere."""
        expect(self.page.locator("body")).to_contain_text(text)

    def announces(self, text: str) -> None:
        """The page has announced this for all to see, after what was heard of before."""
        self.until(
            lambda: self.page.evaluate(_ANNOUNCED, text), lambda told: told is True, f"announced: {text}"
        )

    # Others in the room

    def tile(self, name: str) -> Locator:
        return self.the("tile", name=name)

    def meets(self, *names: str) -> None:
        """Exactly these others have tiles."""
        for name in names:
            expect(self.tile(name)).to_have_count(1)
        expect(self.the("tile")).to_have_count(len(names))

    def lists(self, *names: str) -> None:
        """Exactly these are in the list of participants, this person included."""
        for name in names:
            expect(self.the("participant", name=name)).to_have_count(1)
        expect(self.the("participant")).to_have_count(len(names))

    def id_of(self, name: str) -> str:
        """Somebody's participant id, as the server told it last."""
        found = self._told_id(name)
        if found is None:
            raise AssertionError(f"{self.name} was never told of {name}")
        return found

    def _told_id(self, name: str) -> str | None:
        for message in reversed(self.heard):
            told = [*message.get("participants", []), message.get("participant")]
            for participant in told:
                if participant and participant["displayName"] == name:
                    return participant["id"]
        return None

    # Sound and pictures

    def received(self, name: str, source: str = "camera") -> Report:
        """The browser's statistics of what it receives of somebody's source; empty while there is nothing."""
        offers = [message for message in self.heard if message["type"] == "subscribe.offer"]
        participant = self._told_id(name)
        if not offers or participant is None:
            return {}
        for line in offers[-1]["streams"]:
            if (line["participantId"], line["source"]) == (participant, source):
                reports: list[Report] = self.page.evaluate("() => received()")
                return next((report for report in reports if report["mid"] == line["mid"]), Report())
        return {}

    def wanted(self) -> set[str]:
        """The participant ids of those whose video the page wished for last."""
        wishes = [message for message in self.said if message["type"] == "want"]
        return {stream["participantId"] for stream in wishes[-1]["streams"]} if wishes else set()

    def generation(self) -> int:
        """The number of the newest subscribe connection, 0 before the first."""
        numbers = [one["generation"] for one in self.heard if one["type"] == "subscribe.offer"]
        return max(numbers, default=0)

    def sees(self, name: str, source: str = "camera", limit: float = LIMIT) -> None:
        """Frames are being decoded, and what is shown is a picture and not black."""
        self._grows(name, source, "framesDecoded", 5, limit)
        video = self.video_of(name, source)
        self.until(lambda: video.evaluate(BRIGHT), lambda bright: bright > 0.3, f"a picture of {name}", limit)

    def video_of(self, name: str, source: str = "camera") -> Locator:
        if source == "screen":
            return self.the("screen-stage").locator("video")
        return self.tile(name).locator("video")

    def hears(self, name: str, limit: float = LIMIT) -> None:
        """There is sound that was not there before."""
        self._grows(name, "microphone", "totalAudioEnergy", 1e-4, limit)

    def _grows(self, name: str, source: str, field: str, amount: float, limit: float) -> None:
        """Wait until a figure has grown; one that begins again from 0 meanwhile is followed."""
        lowest = float("inf")

        def figure() -> float:
            return self.received(name, source).get(field, 0)

        def grown(value: float) -> bool:
            nonlocal lowest
            lowest = min(lowest, value)
            return value >= lowest + amount

        self.until(figure, grown, f"{field} of the {source} of {name}", limit)

    def gets_nothing(self, name: str, source: str, while_seeing: str) -> None:
        """Not a packet of a source arrives while many frames of somebody else's, or another, camera do. What
        is still on its way, or comes before the media server knows, is waited for."""
        deadline = time.monotonic() + LIMIT
        self._grows(while_seeing, "camera", "framesDecoded", 3, LIMIT)
        after = self.received(name, source)
        while True:
            before = after
            self._grows(while_seeing, "camera", "framesDecoded", 12, LIMIT)
            after = self.received(name, source)
            fields = ("packetsReceived", "framesDecoded")
            if all(after.get(field, 0) == before.get(field, 0) for field in fields):
                break
            assert time.monotonic() < deadline, f"{source} of {name} goes on: {before}, {after}"
        if source == "microphone" and after:
            grown = after["totalAudioEnergy"] - before.get("totalAudioEnergy", 0)
            assert grown < 1e-4, f"{grown} of sound without a packet"

    def connection_states(self) -> list[str]:
        """The states of the page's peer connections."""
        return self.page.evaluate("() => connectionStates()")

    def frame_width(self, name: str) -> int:
        """The width in pixels of somebody's camera as it arrives."""
        return self.received(name).get("frameWidth", 0)

    def sent_layers(self) -> set[str]:
        """The rids of the camera's simulcast layers that are being sent."""
        reports: list[Report] = self.page.evaluate("() => sent()")
        return {report["rid"] for report in reports if report.get("rid") and report.get("active")}

    # Doing

    def switches(self, source: str) -> None:
        """Press the button of `microphone`, `camera` or `screen`."""
        button = self.the(f"toggle-{source}")
        expect(button).not_to_have_attribute("aria-busy", "true")
        button.click()

    def raises_hand(self) -> None:
        self._puts_hand("false", "true")

    def lowers_hand(self) -> None:
        self._puts_hand("true", "false")

    def _puts_hand(self, before: str, after: str) -> None:
        """Press the button, which says what the server knows: pressed too soon it would do the opposite."""
        button = self.the("raise-hand")
        expect(button).to_have_attribute("aria-pressed", before)
        button.click()
        expect(button).to_have_attribute("aria-pressed", after)

    def clicks_twice(self, button: Locator) -> None:
        """As those do who double-click everything, a button that goes when it has done its work: the second
        click comes before anything is drawn. Of real ones it may be for what is there after the first."""
        button.click(trial=True)
        button.evaluate("button => { button.focus(); button.click(); button.click(); }")

    def copies(self, button: Locator, word: str = "Copied") -> str:
        """What is in the clipboard after a press of a button, which says so for two seconds."""
        button.evaluate(_SAYS_SO, word)
        button.click()
        expect(button).to_have_attribute("data-said-so", "")
        return self.page.evaluate("() => navigator.clipboard.readText()")

    def writes(self, text: str, to: str = "") -> None:
        """Send a chat message, to the recipient shown under this label."""
        if to:
            self.the("chat-recipient").select_option(label=to)
        self.the("chat-input").fill(text)
        self.the("chat-send").click()

    def message(self, text: str) -> Locator:
        return self.the("chat-message").filter(has_text=text)

    def acts_on(self, name: str, choice: str) -> None:
        """Open somebody's menu, and choose from it by test id what closes it."""
        self._menu_of(name).click()
        self.the(choice).click()
        expect(self.page.get_by_role("menu")).to_have_count(0)

    def allows(self, name: str, what: str) -> None:
        """Give somebody a permission that they have not."""
        self.ticks(self._menu_of(name), f"permit-{what}", on=True)

    def forbids(self, name: str, what: str) -> None:
        """Take a permission from somebody who has it."""
        self.ticks(self._menu_of(name), f"permit-{what}", on=False)

    def ticks(self, opener: Locator, choice: str, *, on: bool) -> None:
        """Open a menu, tick a choice by test id or take its tick away, and close the menu. The tick is what
        the server knows: it is there or gone once the server has done what was chosen."""
        opener.click()
        expect(self.the(choice)).to_be_checked(checked=not on)
        self.the(choice).click()
        expect(self.the(choice)).to_be_checked(checked=on)
        menu = self.page.get_by_role("menu")
        menu.press("Escape")
        expect(menu).to_have_count(0)

    def removes(self, name: str) -> None:
        self.acts_on(name, "moderate-remove")
        self.the("confirm-remove").click()

    def _menu_of(self, name: str) -> Locator:
        return self.the("participant", name=name).get_by_test_id("participant-menu")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

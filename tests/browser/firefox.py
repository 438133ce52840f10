"""Firefox, driven by what it speaks itself: WebDriver BiDi."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from websockets.sync.client import ClientConnection, connect

from tests.browser.chromium import WATCHER
from tests.browser.person import BRIGHT, LIMIT

EXECUTABLE = "firefox-esr"

_PREFERENCES = {
    "media.autoplay.default": 0,
    "media.navigator.permission.disabled": True,
    "media.navigator.streams.fake": True,
    "media.peerconnection.ice.loopback": True,
    "app.normandy.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "intl.accept_languages": "en-GB",
    "remote.active-protocols": 1,
}
_LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
_STARTING_LIMIT = 60.0

_PAUSE = 0.1
"""Seconds between two looks at a page, which take time from what is waited for."""


class Firefox:
    """One page, and who sits before it."""

    def __init__(self, socket: ClientConnection, name: str) -> None:
        self.name = name
        self._socket = socket
        self._number = 0
        self._call("session.new", capabilities={})
        self._page = self._call("browsingContext.getTree")["contexts"][0]["context"]
        self._call("browsingContext.setViewport", context=self._page, viewport={"width": 1280, "height": 720})
        self._call("script.addPreloadScript", functionDeclaration=f"() => {{ {WATCHER} }}")

    def opens(self, address: str) -> Firefox:
        self._call("browsingContext.navigate", context=self._page, url=address, wait="complete")
        return self

    def joins(self) -> Firefox:
        self.types("display-name", self.name)
        self.clicks("join")
        self.until("document.querySelector('[data-testid=connection-state]')?.dataset.state === 'connected'")
        return self

    def clicks(self, test_id: str) -> None:
        self.until(f"{_the(test_id)}?.disabled === false")
        self.evaluates(f"{_the(test_id)}.click()")

    def types(self, test_id: str, text: str) -> None:
        self.until(f"Boolean({_the(test_id)})")
        self.evaluates(
            f"{_the(test_id)}.focus(), document.execCommand('insertText', false, {json.dumps(text)})"
        )

    def sees(self, name: str) -> None:
        """Frames are being decoded, and what is shown is a picture and not black."""
        self.grows("(await received()).reduce((sum, one) => sum + (one.framesDecoded ?? 0), 0)", 5)
        video = (
            f"document.querySelector({json.dumps(f'[data-testid=tile][data-name={json.dumps(name)}] video')})"
        )
        self.until(f"({BRIGHT})({video}) > 0.3")

    def hears(self) -> None:
        """There is sound that was not there before."""
        self.grows("(await received()).reduce((sum, one) => sum + (one.totalAudioEnergy ?? 0), 0)", 1e-4)

    def grows(self, figure: str, amount: float) -> None:
        """Wait until it has grown; one that begins again from less meanwhile is followed."""
        lowest, deadline = float("inf"), time.monotonic() + LIMIT
        while (value := float(self.evaluates(f"(async () => {figure})()"))) < lowest + amount:
            lowest = min(lowest, value)
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name}: {figure} did not grow; last: {value}")
            time.sleep(_PAUSE)

    def until(self, condition: str) -> None:
        deadline = time.monotonic() + LIMIT
        while self.evaluates(condition) is not True:
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name}: {condition} did not come; the page: {self.text()}")
            time.sleep(_PAUSE)

    def text(self) -> str:
        return str(self.evaluates("document.body.innerText"))

    def evaluates(self, expression: str) -> Any:
        """What the expression gives in the page, by way of JSON. Raises AssertionError when it throws."""
        answer = self._call(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})))()",
            target={"context": self._page},
            awaitPromise=True,
            userActivation=True,
        )
        assert answer["type"] == "success", answer
        return msgspec.json.decode(answer["result"].get("value", "null"))

    def _call(self, method: str, **parameters: object) -> Any:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            answer = msgspec.json.decode(self._socket.recv(timeout=_STARTING_LIMIT))
            if answer.get("id") == self._number:
                assert answer["type"] == "success", answer
                return answer["result"]


@contextmanager
def firefox_running(directory: Path, name: str) -> Generator[Firefox]:
    """A Firefox with a profile of its own in the directory, while the block runs."""
    preferences = (
        f"user_pref({json.dumps(key)}, {json.dumps(value)});\n" for key, value in _PREFERENCES.items()
    )
    (directory / "user.js").write_text("".join(preferences))
    log = directory / "firefox.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [EXECUTABLE, "--headless", "--no-remote", "--profile", directory, "--remote-debugging-port", "0"],
            stdout=output,
            stderr=output,
            env={**os.environ, "HOME": str(directory)},  # it refuses a home that is somebody else's
        )
    try:
        with connect(f"{_address(log, process)}/session", max_size=None, proxy=None) as socket:
            yield Firefox(socket, name)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    """Where it listens, as it says in its log."""
    deadline = time.monotonic() + _STARTING_LIMIT
    while (found := _LISTENING.search(log.read_text(errors="replace"))) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"Firefox does not start: {log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)
    return found[1]


def _the(test_id: str) -> str:
    return f"document.querySelector('[data-testid={test_id}]')"

"""From the click on “Join” to the first frame of the other side, beside a bare page on the same Janus."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import msgspec
from playwright.async_api import Browser, Page, async_playwright

from benchmarks.figures import Direction, Result, Series, Target
from benchmarks.programs import free_port, running, switchroom
from switchroom.engines.janus.configuration import JanusConfiguration

RATIO_AT_MOST = 1.2
_PAGES = Path(__file__).with_name("pages")
_CHROMIUM = "/usr/bin/chromium"
_CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
)
_LIMIT_MS = 30_000
_FRAMES_BEFORE = 30
_THINKING_MS = 1_000
_PREVIEW_SHOWN = "() => [...document.querySelectorAll('video')].some(({videoWidth}) => videoWidth > 0)"
_FIRST_FRAME = "() => observed.firstFrameAt !== null && observed.firstFrameAt - observed.clickedAt"


class _Meeting(Protocol):
    """A way to bring two pages together."""

    async def open(self, page: Page, name: str, *, is_first: bool) -> None:
        """Load the page, up to the button."""
        ...


class _Switchroom:
    def __init__(self, link: str) -> None:
        self._link = link

    async def open(self, page: Page, name: str, *, is_first: bool) -> None:
        await page.goto(self._link)
        await page.get_by_test_id("display-name").fill(name)


class _Bare:
    def __init__(self, base_url: str, janus: JanusConfiguration) -> None:
        self._base_url = base_url
        self._janus = janus
        self._rooms = 0

    async def open(self, page: Page, name: str, *, is_first: bool) -> None:
        self._rooms += is_first
        options = {
            "url": self._janus.url,
            "secret": self._janus.api_secret,
            "room": f"bare-{self._rooms}",
            "create": is_first,
        }
        await page.goto(f"{self._base_url}/bare.html#{quote(msgspec.json.encode(options))}")


async def measure(directory: Path, *, rounds: int) -> Result:
    ours: list[float] = []
    bare: list[float] = []
    async with _served(directory) as (with_switchroom, without), _browser() as browser:
        # The first pair of each kind fills the caches of the browser and is not counted.
        for number in range(rounds + 1):
            kinds: list[tuple[_Meeting, list[float]]] = [(with_switchroom, ours), (without, bare)]
            for meeting, seconds in kinds if number % 2 else reversed(kinds):
                took = await _join(browser, meeting)
                if number:
                    seconds.append(took)
    mine = Series(name="click to first frame, Switchroom", unit="ms", values=ours)
    yardstick = Series(
        name="click to first frame, bare page on the same Janus", unit="ms", values=bare, is_yardstick=True
    )
    ratio = Series(name="median over median", unit="×", values=[mine.median / yardstick.median])
    return Result(
        title="Join",
        series=[yardstick, mine, ratio],
        targets=[Target(ratio, Direction.AT_MOST, RATIO_AT_MOST)],
        notes=[
            f"{rounds} joins of each kind in turn, each with browser contexts of its own, into a room where "
            "the other side has been sending for a second. Camera and microphone are open before the click "
            "in both."
        ],
    )


@asynccontextmanager
async def _served(directory: Path) -> AsyncGenerator[tuple[_Switchroom, _Bare]]:
    """Janus, the platform beside it, and a server for the bare page."""
    janus = JanusConfiguration(ice_enforce=["lo"])
    janus.write(directory / "janus")
    port, bare_port = free_port(), free_port()
    data = directory / "data"
    pages = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(_PAGES)]
    async with (
        running(
            ["janus", "--configs-folder", str(directory / "janus")],
            ready=janus.port,
            log=directory / "janus.log",
        ),
        running(
            [switchroom(), "serve", "--demo", "--data", str(data), "--port", str(port)],
            ready=f"http://127.0.0.1:{port}/health/ready",
            log=directory / "switchroom.log",
            environment={
                "SWITCHROOM_JANUS_URLS": janus.url,
                "SWITCHROOM_JANUS_API_SECRET": janus.api_secret,
            },
        ),
        running([*pages, str(bare_port)], ready=bare_port, log=directory / "pages.log"),
    ):
        demo = msgspec.json.decode(await asyncio.to_thread((data / "demo.json").read_bytes))
        yield _Switchroom(demo["links"]["participant"]), _Bare(f"http://localhost:{bare_port}", janus)


@asynccontextmanager
async def _browser() -> AsyncGenerator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=_CHROMIUM, args=_CHROMIUM_ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


async def _join(browser: Browser, meeting: _Meeting) -> float:
    """Milliseconds from the click to the first frame. The other side is there and sends."""
    async with _page(browser) as other, _page(browser) as joining:
        await meeting.open(other, "Other side", is_first=True)
        await _click(other)
        await _until_sending(other)
        await meeting.open(joining, "Joining", is_first=False)
        await _click(joining)
        found: Any = await joining.wait_for_function(_FIRST_FRAME)
        return float(await found.json_value())


@asynccontextmanager
async def _page(browser: Browser) -> AsyncGenerator[Page]:
    context = await browser.new_context(permissions=["camera", "microphone"])
    context.set_default_timeout(_LIMIT_MS)
    await context.add_init_script(path=_PAGES / "observer.js")
    try:
        yield await context.new_page()
    finally:
        await context.close()


async def _until_sending(page: Page) -> None:
    async with asyncio.timeout(_LIMIT_MS / 1000):
        while await page.evaluate("() => observed.framesEncoded()") < _FRAMES_BEFORE:
            await page.wait_for_timeout(50)


async def _click(page: Page) -> None:
    """As a person does: the preview has come, and a second goes by before the click."""
    await page.wait_for_function(_PREVIEW_SHOWN)
    await page.wait_for_timeout(_THINKING_MS)
    await page.get_by_test_id("join").click()

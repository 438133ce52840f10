"""A telephone in a real Chromium: SIP.js over the platform's WebSocket, and what it hears."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from json import dumps
from pathlib import Path
from urllib.parse import quote

from playwright.async_api import Page, Route, async_playwright

from tests.conference.browser import ARGUMENTS, WHOLE_BROWSER
from tests.telephony.media.loudest import until_heard

LIBRARY = Path(__file__).parents[3] / "web" / "node_modules"
PLACE = "/webphone/"
"""Path of the page, which the test serves, at the platform's own address."""

_LIMIT = 60.0

_OWN_PAGE = ["--disable-features=LocalNetworkAccessChecks"]
"""A page that is put in the place of the platform's has no address, and may not reach this machine."""

PAGE = """<!doctype html><title>phone</title><audio id="remote" autoplay></audio><script type="module">
import {Web} from './sip.js/lib/index.js';
const [server, username, password, realm] = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const user = new Web.SimpleUser(server, {
  aor: `sip:${username}@${realm}`,
  media: {constraints: {audio: true, video: false}, remote: {audio: document.getElementById('remote')}},
  userAgentOptions: {
    authorizationUsername: username, authorizationPassword: password, logBuiltinEnabled: false,
  },
});
window.state = 'idle';
user.delegate = {
  onCallReceived: () => { window.state = 'ringing'; },
  onCallAnswered: () => { window.state = 'talking'; },
  onCallHangup: () => { window.state = 'over'; },
  onRegistered: () => { window.state = 'registered'; },
};
const context = new AudioContext();
let analyser;
window.phone = user;
window.loudest = () => {
  const stream = document.getElementById('remote').srcObject;
  if (!stream || !stream.getAudioTracks().length) return -1;
  if (!analyser) {
    analyser = context.createAnalyser();
    analyser.fftSize = 4096;
    analyser.smoothingTimeConstant = 0;
    context.createMediaStreamSource(stream).connect(analyser);
  }
  const levels = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(levels);
  const at = levels.indexOf(Math.max(...levels));
  return levels[at] > -60 ? at * context.sampleRate / analyser.fftSize : 0;
};
await user.connect();
await user.register();
</script>"""


class WebPhone:
    """The page. Its pretended microphone beeps every second."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def call(self, address: str) -> None:
        await self._page.evaluate("address => phone.call(address)", address)

    async def answer(self) -> None:
        await self._page.evaluate("phone.answer()")

    async def hold(self) -> None:
        """Hold, and wait until that is answered."""
        await self._page.evaluate("phone.hold()")
        await self._page.wait_for_function(
            "phone.isHeld() && !phone.session.pendingReinvite", timeout=_LIMIT * 1000
        )

    async def unhold(self) -> None:
        """Come back, and wait until that is answered."""
        await self._page.evaluate("phone.unhold()")
        await self._page.wait_for_function(
            "!phone.isHeld() && !phone.session.pendingReinvite", timeout=_LIMIT * 1000
        )

    async def hang_up(self) -> None:
        await self._page.evaluate("phone.hangup()")

    async def until(self, state: str, limit: float = _LIMIT) -> None:
        """Wait for a state: registered, ringing, talking, over."""
        await self._page.wait_for_function(f"window.state === '{state}'", timeout=limit * 1000)

    async def hears(self, tone: int) -> None:
        """Wait until a tone is the loudest for half a second."""
        await until_heard(self._loudest, lambda hertz: abs(hertz - tone) <= 25, str(tone))

    async def hears_music(self, tone: int) -> None:
        """Wait until something is heard that is not this tone."""
        await until_heard(self._loudest, lambda hertz: abs(hertz - tone) >= 25, f"anything but {tone}")

    async def _loudest(self) -> float:
        return float(await self._page.evaluate("loudest()"))


async def _serve(route: Route) -> None:
    name = route.request.url.partition(PLACE)[2].partition("?")[0]
    if name:
        await route.fulfill(path=LIBRARY / name, content_type="text/javascript")
    else:
        await route.fulfill(body=PAGE, content_type="text/html")


@asynccontextmanager
async def web_phone(base_url: str, username: str, password: str, realm: str) -> AsyncGenerator[WebPhone]:
    """A phone in a browser that is registered."""
    server = base_url.replace("http://", "ws://") + "/v3.0/websockets/sip"
    settings = quote(dumps([server, username, password, realm]))
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=WHOLE_BROWSER, args=[*ARGUMENTS, *_OWN_PAGE]
        )
        page = await chromium.new_page()
        page.on("pageerror", lambda error: print("browser:", error))
        await page.route(f"**{PLACE}**", _serve)
        await page.goto(f"{base_url}{PLACE}#{settings}")
        phone = WebPhone(page)
        await phone.until("registered")
        yield phone
        await chromium.close()

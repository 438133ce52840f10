"""Browsers as phones: a real Chromium on DTLS-SRTP and ICE, that hears again what it has heard before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from switchroom.engines.rtpengine.client import NgClient
from switchroom.telephony.media.leg import LegMedia, bridge
from switchroom.telephony.media.playback import Playback
from switchroom.telephony.media.sources import PLAYED, BrowserSources, offers
from switchroom.telephony.media.state import LegKind, LegState
from tests.conference.browser import ARGUMENTS, WHOLE_BROWSER
from tests.telephony.media.conftest import Caller
from tests.telephony.media.loudest import until_heard

PEER = """async () => {
  window.pc = new RTCPeerConnection();
  const sound = await navigator.mediaDevices.getUserMedia({audio: true});
  for (const track of sound.getTracks()) pc.addTrack(track, sound);
  window.context = new AudioContext();
  pc.ontrack = ({streams: [stream]}) => {
    const player = new Audio();
    player.srcObject = stream;
    player.play();
    window.analyser = context.createAnalyser();
    analyser.fftSize = 4096;
    analyser.smoothingTimeConstant = 0;
    context.createMediaStreamSource(stream).connect(analyser);
  };
  window.gathered = async () => {
    while (pc.iceGatheringState !== 'complete') await new Promise(go => setTimeout(go, 20));
    return pc.localDescription.sdp;
  };
}"""
OFFER = "async () => { await pc.setLocalDescription(await pc.createOffer()); return gathered(); }"
ANSWERED = "sdp => pc.setRemoteDescription({type: 'answer', sdp})"
ANSWER = """async sdp => {
  await pc.setRemoteDescription({type: 'offer', sdp});
  await pc.setLocalDescription(await pc.createAnswer());
  return gathered();
}"""
LOUDEST = """() => {
  const levels = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(levels);
  const at = levels.indexOf(Math.max(...levels));
  return levels[at] > -60 ? at * context.sampleRate / analyser.fftSize : 0;
}"""


class Browser:
    """A page with one peer connection."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.reoffered = 0

    async def offer(self) -> str:
        return str(await self._page.evaluate(OFFER))

    async def answered(self, sdp: str) -> None:
        await self._page.evaluate(ANSWERED, sdp)

    async def answer(self, sdp: str) -> str:
        return str(await self._page.evaluate(ANSWER, sdp))

    async def reoffer(self, sdp: str) -> None:
        self.reoffered += 1
        await self.answer(sdp)

    async def hears(self, tone: int) -> None:
        """Wait until a tone is the loudest for half a second."""

        async def loudest() -> float:
            return float(await self._page.evaluate(LOUDEST))

        await until_heard(loudest, lambda hertz: abs(hertz - tone) <= 25, str(tone))


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=WHOLE_BROWSER, args=ARGUMENTS)
        page = await chromium.new_page()
        await page.route(
            "**/*", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html")
        )
        await page.goto("http://localhost/")
        await page.evaluate(PEER)
        yield Browser(page)
        await chromium.close()


@pytest.mark.browser
@pytest.mark.rtpengine
@pytest.mark.parametrize("payload", [8, 0, 111], ids=["a-law", "mu-law", "opus"])
async def test_a_browser_hears_its_partner_and_music_however_often_they_change(
    browser: Browser, call: Caller, ng: NgClient, sound: Callable[[int, float], Path], payload: int
) -> None:
    leg = LegMedia(ng)
    await leg.phone_offered(await browser.offer())
    assert leg.state.kind is LegKind.BROWSER
    bob, other = await call(550, payload)
    await browser.answered(await leg.answer_phone(other.as_target(other.state.codec)))
    sources = BrowserSources(leg, browser.reoffer)
    sources.start()
    await bridge(leg, other)
    await browser.hears(550)
    before = bob.received
    playback = Playback(ng, leg, lambda _: None)
    for _ in range(3):
        await playback.hold(sound(900, 1.0))
        await browser.hears(900)
        await playback.stop()
        await bridge(leg, other)
        await browser.hears(550)
    carol, third = await call(700, 8)
    await playback.hold(sound(900, 1.0))
    await browser.hears(900)
    await playback.stop()
    await bridge(leg, third)
    await browser.hears(700)
    await bridge(leg, other)
    await browser.hears(550)
    assert bob.received > before
    assert browser.reoffered
    await sources.stop()
    await leg.close()
    carol.close()


@pytest.mark.browser
@pytest.mark.rtpengine
async def test_a_browser_is_called(browser: Browser, call: Caller, ng: NgClient) -> None:
    _, other = await call(550)
    leg = LegMedia(ng)
    assert other.state.codec is not None
    offer = await leg.offer_phone(LegKind.BROWSER, codecs=[other.state.codec, *other.state.events])
    codec = await leg.phone_answered(await browser.answer(offer))
    await leg.point_at(other.as_target(codec))
    await other.point_at(leg.as_target(codec))
    await browser.hears(550)
    await leg.close()


def test_what_is_to_be_offered_so_that_a_source_is_heard() -> None:
    first, second = 41000, 41002
    state = LegState(id="leg", kind=LegKind.BROWSER, source=7, source_port=first)
    found: list[tuple[bool, ...]] = []
    for port in (first, PLAYED, first, first, PLAYED, first, PLAYED, first, second, first, second, second):
        named = tuple(offers(state, port))
        state.is_named = named[-1] if named else state.is_named
        found.append(named)
    assert found == [
        (), (), (True,), (), (False,), (), (True, False), (), (), (True,), (False,), (),
    ]  # fmt: skip

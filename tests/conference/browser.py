"""A real browser's peer connections, driven by a hand-written client of the signalling."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from tests.conference.room import LIMIT, Client

EXECUTABLE = os.environ.get("CHROMIUM", "/usr/bin/chromium-headless-shell")
"""Chromium without all that is around its pages, which takes a third less of the processors."""

WHOLE_BROWSER = "/usr/bin/chromium"
"""For pages that listen by an AudioContext, to which the headless shell plays nothing of a connection."""

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Three pretended cameras of 30 frames a second are more than two cores can encode in three layers each.
    "--use-fake-device-for-media-stream=fps=10",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
]
SOURCES = ["microphone", "camera", "screen", "screen-audio"]

SCRIPT = """width => {
  const encodings = [
    {rid: 'h', maxBitrate: 900000},
    {rid: 'm', scaleResolutionDownBy: 2, maxBitrate: 300000},
    {rid: 'l', scaleResolutionDownBy: 4, maxBitrate: 120000},
  ];
  let publish, subscribe, generation = 0, tracks;

  async function fill(sending) {
    const video = {width, height: width * 9 / 16};
    tracks ??= await navigator.mediaDevices.getUserMedia({audio: true, video});
    const screen = () => {
      const canvas = Object.assign(document.createElement('canvas'), {width: 320, height: 240});
      const pen = canvas.getContext('2d');
      setInterval(() => {
        pen.fillStyle = `hsl(${Date.now() / 20 % 360} 80% 50%)`;
        pen.fillRect(0, 0, 320, 240);
      }, 50);
      return canvas.captureStream(20).getVideoTracks()[0];
    };
    const lines = publish.getTransceivers();
    const source = [tracks.getAudioTracks()[0], tracks.getVideoTracks()[0], null, null];
    if (sending[2] && !lines[2].sender.track) source[2] = screen();
    for (let i = 0; i < 4; i++) {
      lines[i].direction = sending[i] ? 'sendonly' : 'inactive';
      if (sending[i] && source[i]) await lines[i].sender.replaceTrack(source[i]);
    }
  }
  window.offer = async (sending, fresh) => {
    if (fresh || !publish) {
      publish?.close();
      publish = new RTCPeerConnection();
      publish.addTransceiver('audio', {direction: 'sendonly'});
      publish.addTransceiver('video', {direction: 'sendonly', sendEncodings: encodings});
      publish.addTransceiver('video', {direction: 'sendonly'});
      publish.addTransceiver('audio', {direction: 'sendonly'});
    }
    await fill(sending);
    await publish.setLocalDescription();
    return {sdp: publish.localDescription.sdp, mids: publish.getTransceivers().map(one => one.mid)};
  };
  window.answered = async sdp => {
    await publish.setRemoteDescription({type: 'answer', sdp});
    return publish.getTransceivers().map(one => one.currentDirection);
  };
  window.answer = async (sdp, number) => {
    if (number !== generation) {
      subscribe?.close();
      subscribe = new RTCPeerConnection();
      subscribe.ontrack = ({track}) => {
        const element = document.createElement(track.kind);
        Object.assign(element, {srcObject: new MediaStream([track]), autoplay: true});
        element.muted = track.kind === 'video';
        document.body.append(element);
      };
      generation = number;
    }
    await subscribe.setRemoteDescription({type: 'offer', sdp});
    await subscribe.setLocalDescription();
    return subscribe.localDescription.sdp;
  };
  const stats = async (connection, type) => {
    const found = {};
    for (const report of (await connection?.getStats() ?? new Map()).values())
      if (report.type === type) found[report.rid ? `${report.mid}/${report.rid}` : report.mid] = report;
    return found;
  };
  window.received = () => stats(subscribe, 'inbound-rtp');
  window.sent = () => stats(publish, 'outbound-rtp');
}"""


class Peer:
    """A browser page with a publish and a subscribe connection, and the signalling client they belong to."""

    def __init__(self, page: Page, client: Client) -> None:
        self.page = page
        self.client = client
        self.lines: dict[tuple[str, str], str] = {}
        self.generation = 0
        self.session = ""
        self._answering = asyncio.create_task(self._answer_offers())

    async def publish(self, *sources: str, fresh: bool = False, restart: bool = False) -> list[str]:
        """Offer to send `sources` on the four lines; returns the directions that the server agreed to."""
        answer = await self.offer(*sources, fresh=fresh, restart=restart)
        assert answer["type"] == "published", answer
        return await self.page.evaluate("sdp => answered(sdp)", answer["sdp"])

    async def offer(
        self, *sources: str, fresh: bool = False, restart: bool = False, session: str = ""
    ) -> dict[str, Any]:
        """The server's answer to an offer, not yet applied. `session` is the id that the offer pretends."""
        made = await self.page.evaluate(
            "([sending, fresh]) => offer(sending, fresh)", [[one in sources for one in SOURCES], fresh]
        )
        streams = [{"mid": mid, "source": source} for mid, source in zip(made["mids"], SOURCES, strict=True)]
        own = made["sdp"].split("o=- ")[1].split(" ")[0]
        self.session = session or own
        sdp = made["sdp"].replace(f"o=- {own}", f"o=- {self.session}")
        return await self.client.ask("publish", sdp=sdp, streams=streams, restart=restart)

    async def wants(self, *streams: tuple[str, str, str]) -> None:
        """The whole wish for video: participant, source, layer."""
        await self.client.send(
            "want",
            streams=[
                {"participantId": who, "source": source, "layer": layer} for who, source, layer in streams
            ],
        )

    async def received(self, participant: str, source: str) -> dict[str, Any]:
        """The browser's statistics of what it receives of somebody; empty while there is nothing."""
        mid = self.lines.get((participant, source))
        reports = await self.page.evaluate("() => received()")
        return reports.get(mid, {}) if mid is not None else {}

    async def packets(self, participant: str, source: str) -> int:
        return (await self.received(participant, source)).get("packetsReceived", 0)

    async def sees_frames(self, participant: str, source: str = "camera", limit: float = LIMIT) -> None:
        """Wait until frames are decoded that were not there before."""
        before = (await self.received(participant, source)).get("framesDecoded", 0)
        await self.until(
            lambda report: report.get("framesDecoded", 0) > max(before, 1), participant, source, limit
        )

    async def hears_sound(self, participant: str, source: str = "microphone", limit: float = LIMIT) -> None:
        """Wait until there is sound that was not there before."""
        before = (await self.received(participant, source)).get("totalAudioEnergy", 0)
        await self.until(
            lambda report: report.get("totalAudioEnergy", 0) > before, participant, source, limit
        )

    async def until(
        self, condition: Callable[[dict[str, Any]], bool], participant: str, source: str, limit: float = LIMIT
    ) -> dict[str, Any]:
        """Wait for statistics of a received stream that meet a condition."""
        report: dict[str, Any] = {}
        try:
            async with asyncio.timeout(limit):
                while not condition(report := await self.received(participant, source)):
                    await self.page.wait_for_timeout(50)
        except TimeoutError:
            raise AssertionError(f"{source} of {participant} is {report}") from None
        return report

    async def receives_something(self, participant: str, source: str) -> None:
        """Wait until packets arrive that were not there before."""
        before = await self.packets(participant, source)
        await self.until(lambda report: report.get("packetsReceived", 0) > before, participant, source)

    async def settles(self, participant: str, source: str) -> None:
        """Wait until what was on its way has arrived: four tenths of a second without a packet."""
        async with asyncio.timeout(LIMIT):
            before = -1
            while before != (before := await self.packets(participant, source)):
                await self.page.wait_for_timeout(400)

    async def receives_nothing(self, participant: str, source: str, seconds: float = 1.0) -> None:
        """What arrives does not grow for a while, though it would if it were relayed."""
        before = await self.packets(participant, source)
        await self.page.wait_for_timeout(seconds * 1000)
        assert await self.packets(participant, source) == before

    async def keeps_sending(self, source: str) -> None:
        """Wait until this browser has sent packets that it had not sent before."""
        mid = str(SOURCES.index(source))

        async def sent() -> int:
            reports = await self.page.evaluate("() => sent()")
            return sum(one["packetsSent"] for one in reports.values() if one["mid"] == mid)

        before = await sent()
        async with asyncio.timeout(LIMIT):
            while await sent() <= before + 3:
                await self.page.wait_for_timeout(50)

    async def line_of(self, participant: str, source: str) -> str:
        """Wait until a line is subscribed."""
        async with asyncio.timeout(LIMIT):
            while (participant, source) not in self.lines:
                await self.page.wait_for_timeout(20)
        return self.lines[participant, source]

    async def reaches_generation(self, generation: int) -> None:
        """Wait for the server to make a new subscribe connection."""
        async with asyncio.timeout(LIMIT):
            while self.generation < generation:
                await self.page.wait_for_timeout(20)

    async def close(self) -> None:
        self._answering.cancel()
        await asyncio.gather(self._answering, return_exceptions=True)
        await self.page.context.close()

    async def _answer_offers(self) -> None:
        while True:
            offer = await self.client.hears("subscribe.offer", limit=3600)
            self.generation = offer["generation"]
            sdp = await self.page.evaluate(
                "([sdp, generation]) => answer(sdp, generation)", [offer["sdp"], offer["generation"]]
            )
            self.lines = {(one["participantId"], one["source"]): one["mid"] for one in offer["streams"]}
            await self.client.send("subscribe.answer", negotiation=offer["negotiation"], sdp=sdp)


class Browsers:
    """Makes peers, each in a browser context of its own."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._members: list[Peer] = []

    async def peer(self, client: Client, *, width: int = 640) -> Peer:
        """A page for `client` whose camera has a width; three simulcast layers take 960 or more."""
        context = await self._browser.new_context(permissions=["camera", "microphone"])
        page = await context.new_page()
        await page.route("**/*", lambda route: route.fulfill(body="<html></html>", content_type="text/html"))
        await page.goto("http://localhost/")
        await page.evaluate(SCRIPT, width)
        made = Peer(page, client)
        self._members.append(made)
        return made

    async def close(self) -> None:
        await asyncio.gather(*(peer.close() for peer in self._members))


@asynccontextmanager
async def open_browser() -> AsyncGenerator[Browser]:
    """Chromium with pretended devices, while the block runs."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()

"""Phones that have fallen silent: legs whose phone should send and has sent nothing for too long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from enum import StrEnum

import structlog

from switchroom.engines.rtpengine.client import NgError, NgUnknownCall, NgUnreachable
from switchroom.engines.rtpengine.commands import Quality
from switchroom.telephony.media.leg import LegMedia
from switchroom.telephony.media.sdp import Direction

log = structlog.stdlib.get_logger(__name__)

LONGEST_SILENCE = 60.0
"""Seconds without a packet, RTP or RTCP, after which a phone is taken to be gone."""

INTERVAL = 10.0
"""Seconds from one look at a leg to the next, where the silence may last for a minute or more."""


class MediaLoss(StrEnum):
    """Reason for which a leg has no media any more."""

    SILENT = "no media"
    """The phone sends nothing, though it has not said that it holds."""

    GONE = "media relay restarted"
    """rtpengine has ended, or does not know the leg: it has been started anew."""


class SilenceWatch:
    """Looks after legs that are up, and tells each once that has lost its media; at each look `on_quality` is
    told of how they are heard, where phones report it. Neither must block or raise."""

    def __init__(
        self,
        on_loss: Callable[[LegMedia, MediaLoss], None],
        *,
        on_quality: Callable[[Quality], None] | None = None,
        longest: float = LONGEST_SILENCE,
        interval: float | None = None,
    ) -> None:
        self._on_loss = on_loss
        self._on_quality = on_quality
        self._longest = longest
        self._interval = interval or min(INTERVAL, longest / 6)
        self._legs: dict[str, LegMedia] = {}
        self._since: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._watch(), name="silence watch")

    async def stop(self) -> None:
        """Look no longer."""
        for task in (self._task, self._looking):
            if task is not None:
                task.cancel()
                await asyncio.wait({task})
        self._task = self._looking = None

    def watch(self, leg: LegMedia) -> None:
        """Look after a leg from now on."""
        self._legs[leg.state.id] = leg
        self._since[leg.state.id] = time.time()

    def forget(self, leg: LegMedia) -> None:
        """Look after a leg no longer."""
        self._legs.pop(leg.state.id, None)
        self._since.pop(leg.state.id, None)

    def look_now(self) -> None:
        """Look at all legs at once: the relay may have ended."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_at_all(), name="look at all legs")

    async def _look_at_all(self) -> None:
        await asyncio.gather(*(self._look(leg) for leg in self._legs.values()))

    async def _watch(self) -> None:
        while True:
            legs = list(self._legs.values())
            for leg in legs:  # spread over the interval, one at a time
                await asyncio.sleep(self._interval / len(legs))
                if leg.state.id in self._legs:
                    await self._look(leg)
            if not legs:
                await asyncio.sleep(self._interval)

    async def _look(self, leg: LegMedia) -> None:
        try:
            status = await leg.phone_status()
        except (NgUnknownCall, NgUnreachable):
            self._tell(leg, MediaLoss.GONE)
            return
        except NgError as error:
            log.warning("leg not looked at", leg=leg.state.id, reason=str(error))
            return
        if self._on_quality is not None:
            for quality in status.qualities:
                self._on_quality(quality)
        if leg.state.direction is not Direction.BOTH:
            # A phone that holds may say that it sends, and send nothing.
            self._since[leg.state.id] = time.time()
            return
        last = max([stream.last_packet for stream in status.streams], default=0)
        if time.time() - max(last, self._since.get(leg.state.id, 0.0)) > self._longest:
            self._tell(leg, MediaLoss.SILENT)

    def _tell(self, leg: LegMedia, loss: MediaLoss) -> None:
        if leg.state.id in self._legs:
            self.forget(leg)
            self._on_loss(leg, loss)

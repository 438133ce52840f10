"""Sources of what a browser hears, and the offers that make it hear one again.

Chromium plays RTP of a source (SSRC) that no description has named, and of the next one in its place; when
the first comes back, as after music on hold, it plays nothing. Naming that source in a new offer cures it.
From then on it hears only what is named, so the next change takes an offer too, which names none. Of two
sources the second one is always heard; what rtpengine plays, and talkers after the first, cannot be named,
because rtpengine does not tell their sources.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from switchroom.engines.rtpengine.client import NgError
from switchroom.telephony.media import sdp
from switchroom.telephony.media.leg import LegMedia
from switchroom.telephony.media.state import LegState

log = structlog.stdlib.get_logger(__name__)

PLAYED = 0
"""Stands for what rtpengine plays, among ports of targets."""

_LOOK_EVERY = 0.1
_LOOK_FOR = 5.0
"""Seconds between two looks at what comes, and for which it is waited for."""


class BrowserSources:
    """Keeps one browser hearing what it is sent, by new offers. `reoffer` sends one and returns when it is
    answered; what it raises ends the watch. `changed` is to be called when the browser is about to hear
    something else."""

    def __init__(self, media: LegMedia, reoffer: Callable[[str], Awaitable[None]]) -> None:
        self._media = media
        self._reoffer = reoffer
        self._awake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        if self._task is None:
            self._media.on_source = self.changed
            self._task = asyncio.create_task(self._follow(), name="sources of a browser")

    async def stop(self) -> None:
        """Look no longer."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    def changed(self) -> None:
        """Look again: the browser may hear another source from now on."""
        self._awake.set()

    async def _follow(self) -> None:
        self._awake.set()
        while True:
            await self._awake.wait()
            self._awake.clear()
            try:
                port = await self._current()
            except NgError as error:
                log.info("sources not looked at", leg=self._media.state.id, reason=str(error))
                return
            if port is None:
                continue
            state = self._media.state
            for named in offers(state, port):
                state.sent_sdp = sdp.offered_again(state.sent_sdp, state.source if named else 0)
                state.is_named = named
                await self._reoffer(state.sent_sdp)

    async def _current(self) -> int | None:
        """The port of what is heard now; None when nothing comes, or all has changed again."""
        state = self._media.state
        end = asyncio.get_running_loop().time() + _LOOK_FOR
        before: int | None = None
        while not self._awake.is_set() and asyncio.get_running_loop().time() < end:
            if state.playing is not None:
                return PLAYED
            if state.target.is_sink:
                return None
            streams = [one for one in await self._media.streams_of_core() if "RTP" in one.flags]
            if streams and before is not None and streams[0].stats.packets > before:
                if not state.source:
                    state.source, state.source_port = streams[0].ssrc, state.target.port
                return state.target.port
            before = streams[0].stats.packets if streams else None
            await asyncio.sleep(_LOOK_EVERY)
        return None


def offers(state: LegState, port: int) -> Sequence[bool]:
    """New offers that are needed, one after the other, so that what comes from this port is heard: whether
    each names the source. `heard` is changed to what it is after them."""
    last = state.heard[-1] if state.heard else None
    if port == state.source_port:
        if state.is_named:
            return ()
        if port in state.heard and port != last:
            state.heard = ()
            return (True,)
    elif state.is_named:
        state.heard = (port,)
        return (False,)
    elif port == PLAYED and port in state.heard and last == state.source_port:
        state.heard = (port,)
        return (True, False)
    if port != last:
        state.heard = (*state.heard, port)
    return ()

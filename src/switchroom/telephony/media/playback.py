"""Playback to a phone: prompts one after the other, music; and the notice when it is over.

rtpengine plays one file at a time and does not tell its end, but how long it is; so the next one is
begun, and the end told, by the clock. What is played is in the leg's state, with its end, so another
process goes on with it.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import structlog

from switchroom.engines.rtpengine.client import NgClient, NgError, NgRefused, NgUnknownCall
from switchroom.engines.rtpengine.commands import PlayMedia, PlayReply, Reply, StopMedia
from switchroom.telephony.media.leg import PHONE, LegMedia
from switchroom.telephony.media.state import Playing

log = structlog.stdlib.get_logger(__name__)

FOREVER = 1_000_000
"""Times that music is played."""

UNKNOWN_LENGTH = 60.0
"""Seconds that a file of unknown length is taken to last."""

REFUSED_LENGTH = 0.5
"""Seconds of silence in the place of a file that cannot be played; without them a list of which nothing can
be played would be asked for without a pause."""


class Playback:
    """Playback to one leg, one thing at a time. `on_end` is called with the id of a playback that has come to
    its end, or could not go on; not with that of one that was stopped. It must not block or raise."""

    def __init__(self, ng: NgClient, leg: LegMedia, on_end: Callable[[str], None]) -> None:
        self._ng = ng
        self._leg = leg
        self._on_end = on_end
        self._task: asyncio.Task[None] | None = None
        self._is_taken_up = False

    async def play(self, files: Sequence[Path], *, times: int = 1) -> str:
        """Play files one after the other, all of them `times` times, instead of what was played before. The
        leg is to be pointed at nobody meanwhile, or the phone hears both. Returns an id for the end.

        Raises NgError: NgRefused for a first file that cannot be played; ValueError for no file.
        """
        if not files:
            raise ValueError("no file to play")
        await self._cancel()
        playing = Playing(secrets.token_hex(4), [str(file) for file in files], times)
        self._leg.state.playing = await self._begin(playing)
        self._leg.on_source()
        self._follow()
        return playing.id

    async def hold(self, music: Path) -> str:
        """Point the leg at nobody, and play it music without an end."""
        await self._leg.let_nobody_hear()
        return await self.play([music], times=FOREVER)

    async def stop(self) -> None:
        """Play nothing any more. Nothing is told."""
        await self._cancel()
        is_certain, self._is_taken_up = not self._is_taken_up, False
        if self._leg.state.playing is None and is_certain:
            return
        self._leg.state.playing = None
        try:
            await self._ng.request(StopMedia(self._leg.state.id, PHONE), Reply)
        except NgUnknownCall:
            raise
        except NgRefused:
            # It has not played anything yet.
            if is_certain:
                raise

    def resume(self) -> None:
        """Go on with what the state says is played, in a process that has taken the leg up.

        The process before may have begun to play what it could not tell of, so the next `stop` is certain.
        """
        self._is_taken_up = True
        if self._leg.state.playing is not None and self._task is None:
            self._follow()

    async def close(self) -> None:
        """Follow no longer what is played; rtpengine goes on with it."""
        await self._cancel()

    async def _begin(self, playing: Playing) -> Playing:
        """Have rtpengine play the file that is next; one alone repeats itself."""
        alone = len(playing.files) == 1
        command = PlayMedia(
            self._leg.state.id,
            PHONE,
            playing.files[playing.place % len(playing.files)],
            playing.times if alone else 1,
        )
        length = (await self._ng.request(command, PlayReply)).duration / 1000 or UNKNOWN_LENGTH
        end = time.time() + length * (playing.times if alone else 1)
        return msgspec.structs.replace(playing, until=end)

    def _follow(self) -> None:
        self._task = asyncio.create_task(self._play_on(), name=f"playback {self._leg.state.id}")

    async def _play_on(self) -> None:
        state = self._leg.state
        while (playing := state.playing) is not None:
            await asyncio.sleep(max(0.0, playing.until - time.time()))
            place = playing.place + 1
            last = len(playing.files) == 1 or place >= len(playing.files) * playing.times
            if not last:
                try:
                    state.playing = await self._begin(msgspec.structs.replace(playing, place=place))
                    continue
                except NgUnknownCall as error:
                    log.warning("playback lost", leg=state.id, reason=error.reason)
                except NgRefused as error:
                    log.warning("prompt not played", leg=state.id, place=place, reason=error.reason)
                    until = time.time() + REFUSED_LENGTH
                    state.playing = msgspec.structs.replace(playing, place=place, until=until)
                    continue
                except NgError as error:
                    log.warning("playback lost", leg=state.id, reason=str(error))
            state.playing = None
            self._task = None
            self._on_end(playing.id)
            return

    async def _cancel(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

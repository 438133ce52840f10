"""Playing to a leg and listening to its keys, for the reader of the leg's inbox."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from switchroom.telephony.calls.inbox import Happening, KeyPressed, PlayedToEnd
from switchroom.telephony.calls.leg import Leg

Next = Callable[[float | None], Awaitable[Happening | None]]
"""The next happening, or None at a deadline; it raises what ends the leg's listening."""


async def play(leg: Leg, files: Sequence[Path], following: Next, *, digits_stop: bool = False) -> None:
    """Play files to their end or, with `digits_stop`, to the first key. Raises NgError."""
    if not files:
        return
    playback = await leg.play(files)
    while True:
        match await following(None):
            case PlayedToEnd(one, ended) if one is leg and ended == playback:
                return
            case KeyPressed(one, _) if one is leg and digits_stop:
                await leg.playback.stop()
                return
            case _:
                pass


async def collect(
    leg: Leg, files: Sequence[Path], following: Next, *, most: int, first: float, between: float
) -> str | None:
    """Play files and collect keys, as `routing.actions.Collect` says; None without any. Raises NgError."""
    loop = asyncio.get_running_loop()
    playback = await leg.play(files) if files else ""
    deadline = None if playback else loop.time() + first
    digits = ""
    while True:
        match await following(deadline):
            case None:
                return digits or None
            case PlayedToEnd(one, ended) if one is leg and ended == playback:
                playback = ""
                if deadline is None:
                    deadline = loop.time() + first
            case KeyPressed(one, key) if one is leg:
                if playback:
                    playback = ""
                    await leg.playback.stop()
                if key == "#":
                    return digits or "#"
                digits += key
                if len(digits) >= most:
                    return digits
                deadline = loop.time() + between
            case _:
                pass

"""Simulcast layers of each camera in a conference: the largest that anybody wants, told to its sender.

A browser encodes each simulcast layer that it sends, and the largest costs more than all others together, so
it sends none that is larger than what somebody looks at. A camera nobody looks at is sent up to the layer in
the middle, for the first one who comes; so is, at least, one that is being recorded.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping

from switchroom.conference.media.feeds import Feed
from switchroom.conference.messages import Layer
from switchroom.conference.room.participants import Source

SUBSTREAMS: Mapping[Layer, int] = {"low": 0, "medium": 1, "high": 2}
"""The number that the media server gives each simulcast layer."""

UNTOLD: Layer = "medium"
"""The largest layer of a camera whose browser has been told nothing; also of one that nobody looks at."""

LOWER_AFTER = 5.0
"""Seconds for which nobody has wanted a layer before it is no longer sent."""

Wishes = Mapping[tuple[str, Source], Layer]
"""One viewer's wish: the layer of each participant's source."""


class WantedLayers:
    """The largest layer that any viewer wants of each camera, kept while wishes come and go."""

    def __init__(self) -> None:
        self._viewers: dict[str, Counter[Layer]] = {}

    def replace(self, before: Wishes, after: Wishes) -> None:
        """A viewer has other wishes than before."""
        for (sender, source), layer in before.items():
            if source is Source.CAMERA:
                viewers = self._viewers[sender]
                viewers[layer] -= 1
                if not viewers.total():
                    del self._viewers[sender]
        for (sender, source), layer in after.items():
            if source is Source.CAMERA:
                self._viewers.setdefault(sender, Counter())[layer] += 1

    def largest(self, sender: str) -> Layer | None:
        """None for a camera that nobody wants."""
        viewers = self._viewers.get(sender)
        if viewers is None:
            return None
        return max((layer for layer, count in viewers.items() if count), key=SUBSTREAMS.__getitem__)


class PublishLayers:
    """The largest layer that each camera's sender is to publish, by the wishes of all viewers.

    `tell` is called with a participant's id and a layer whenever that layer is another one; more is told at
    once, less after `LOWER_AFTER`.
    """

    def __init__(self, tell: Callable[[str, Layer], None], *, lower_after: float = LOWER_AFTER) -> None:
        self._tell = tell
        self._lower_after = lower_after
        self._told: dict[str, tuple[str, Layer]] = {}
        self._lowering: dict[str, asyncio.TimerHandle] = {}
        self._less: dict[str, Layer] = {}

    def review(self, feeds: Mapping[str, Feed], wanted: WantedLayers, *, at_least: Layer = "low") -> None:
        """Compare what is wanted of `feeds`, by participant, with what their browsers were told."""
        for gone in self._told.keys() - feeds.keys():
            self._forget(gone)
        for sender, feed in feeds.items():
            if Source.CAMERA in feed.lines:
                layer = wanted.largest(sender) or UNTOLD
                self._compare(sender, feed.id, max(layer, at_least, key=SUBSTREAMS.__getitem__))

    def repeat(self, sender: str) -> None:
        """Tell again what a browser may have missed."""
        if sender in self._told:
            self._tell(sender, self._told[sender][1])

    def close(self) -> None:
        for sender in list(self._told):
            self._forget(sender)

    def _compare(self, sender: str, feed: str, layer: Layer) -> None:
        told_feed, told = self._told.get(sender, ("", UNTOLD))
        if told_feed != feed:
            self._forget(sender)
            told = UNTOLD
            self._told[sender] = (feed, told)
        if SUBSTREAMS[layer] >= SUBSTREAMS[told]:
            self._stop_lowering(sender)
            if layer != told:
                self._set(sender, feed, layer)
            return
        self._less[sender] = layer
        if sender not in self._lowering:
            self._lowering[sender] = asyncio.get_running_loop().call_later(
                self._lower_after, self._lower, sender, feed
            )

    def _lower(self, sender: str, feed: str) -> None:
        layer = self._less[sender]
        self._stop_lowering(sender)
        self._set(sender, feed, layer)

    def _set(self, sender: str, feed: str, layer: Layer) -> None:
        self._told[sender] = (feed, layer)
        self._tell(sender, layer)

    def _stop_lowering(self, sender: str) -> None:
        self._less.pop(sender, None)
        timer = self._lowering.pop(sender, None)
        if timer is not None:
            timer.cancel()

    def _forget(self, sender: str) -> None:
        self._stop_lowering(sender)
        self._told.pop(sender, None)

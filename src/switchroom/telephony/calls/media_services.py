"""Services shared by the legs of one process: the user agent, the relay, its keys, the watch over silence."""

from __future__ import annotations

from collections.abc import Callable

from switchroom.engines.rtpengine.client import NgClient
from switchroom.engines.rtpengine.commands import Quality
from switchroom.engines.sip.user_agent import UserAgent
from switchroom.telephony.media.keys import KeyListeners
from switchroom.telephony.media.leg import LegMedia
from switchroom.telephony.media.silence import LONGEST_SILENCE, MediaLoss, SilenceWatch


class MediaServices:
    """Shared by all legs of a process."""

    def __init__(
        self,
        agent: UserAgent,
        ng: NgClient,
        on_quality: Callable[[Quality], None] | None = None,
        *,
        longest_silence: float = LONGEST_SILENCE,
    ) -> None:
        """`on_quality` is told how media are heard, where phones report it; it must not block or raise.
        `longest_silence` is in seconds."""
        self.agent = agent
        self.ng = ng
        self.keys = KeyListeners()
        self.silence = SilenceWatch(self._lost, on_quality=on_quality, longest=longest_silence)
        self._watched: dict[str, Callable[[MediaLoss], None]] = {}

    def watch(self, media: LegMedia, on_loss: Callable[[MediaLoss], None]) -> None:
        """Tell once when the media of a leg that is up are lost."""
        self._watched[media.state.id] = on_loss
        self.silence.watch(media)

    def forget(self, media: LegMedia) -> None:
        """Tell nothing of these media any more."""
        self._watched.pop(media.state.id, None)
        self.silence.forget(media)
        self.keys.forget(media.state.id)

    def _lost(self, media: LegMedia, loss: MediaLoss) -> None:
        on_loss = self._watched.get(media.state.id)
        if on_loss is not None:
            on_loss(loss)

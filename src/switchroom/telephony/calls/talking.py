"""Talking: a leg and its partner, who hold, come back and offer anew; and how everything comes to a call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import structlog
from msgspec import structs

from switchroom.engines.rtpengine.client import NgRefused
from switchroom.engines.sip.events import Acknowledged, Cancelled, Ended, Offered, ReferRequested
from switchroom.errors import Unavailable
from switchroom.telephony.calls.call_state import CallState
from switchroom.telephony.calls.inbox import Happening, Inbox, MediaLost, Ordered, PlayedToEnd, Signalled
from switchroom.telephony.calls.kept_loader import KeptLoader
from switchroom.telephony.calls.leg import Leg
from switchroom.telephony.calls.prompt_files import PromptFiles
from switchroom.telephony.calls.routes import CallOver
from switchroom.telephony.calls.snapshot import ChangeKind, Journal, LegStatus
from switchroom.telephony.media.leg import bridge
from switchroom.telephony.media.playback import FOREVER
from switchroom.telephony.routing.hangup_causes import HangupCause

log = structlog.stdlib.get_logger(__name__)


class TalkingCall(CallState):
    """A call as far as its legs talk to each other."""

    def __init__(
        self,
        journal: Journal,
        loader: KeptLoader,
        prompts: PromptFiles,
        inbox: Inbox,
        routed: Leg,
        call_id: str = "",
    ) -> None:
        super().__init__(journal, inbox, routed, call_id)
        self._loader = loader
        self._prompts = prompts
        self._interjected: dict[str, Leg] = {}

    async def pass_on(self, leg: Leg, digit: str, milliseconds: int) -> None:
        other = self.other_of(leg)
        if other is not None:
            try:
                await other.media.send_key(digit, milliseconds)
            except NgRefused as error:
                log.warning("key not passed on", call=self.id, reason=error.reason)

    async def join(self, leg: Leg) -> None:
        """Let the routed leg talk to a leg that is up, which was another call's or is being given back."""
        self.partner = leg
        if leg not in self.legs:
            self.add(leg)
            leg.owner = self.inbox
        self.routed.other, leg.other = leg.uuid, self.routed.uuid
        for one in (self.routed, leg):
            await one.playback.stop()
            one.status = LegStatus.ANSWERED
        await bridge(self.routed.media, leg.media)
        self.note(ChangeKind.CHANGED)

    def other_of(self, leg: Leg) -> Leg | None:
        """Leg that a leg talks to, None for none."""
        if self.partner is None:
            return None
        return self.partner if leg is self.routed else self.routed if leg is self.partner else None

    async def hold(self, leg: Leg) -> None:
        """Put the one that a leg talks to on hold: it hears music."""
        other = self.other_of(leg)
        if other is None or leg.status is LegStatus.HELD:
            return
        leg.status = LegStatus.HELD
        if leg.media.state.direction.receives:
            await leg.media.let_nobody_hear()
        music = await self._music(leg, other)
        if music:
            await other.play(music, times=FOREVER)
        else:
            await other.media.let_nobody_hear()
        self.note(ChangeKind.HELD, leg)

    async def _music(self, holder: Leg, listener: Leg) -> Sequence[Path]:
        """Music that a leg on hold hears: that of the phone that holds it, of the user who has it, of
        the group that was called, of the account."""
        party = holder.party
        of_group = self.hold_music if holder is not self.routed else None
        try:
            own, of_account = await self._loader.music_on_hold(
                self.organization_id, party.device_id, party.user_id
            )
        except Unavailable as error:
            log.warning("music on hold not looked up", call=self.id, reason=error.code)
            own = of_account = None
        music = next((one for one in (own, of_group, of_account) if one is not None), None)
        return await self._prompts.music(self.organization_id, music, self.ear_of(listener))

    async def unhold(self, leg: Leg) -> None:
        """Let a leg talk again to the one it has put on hold."""
        other = self.other_of(leg)
        if other is None or leg.status is not LegStatus.HELD:
            return
        leg.status = LegStatus.ANSWERED
        if other.status is not LegStatus.HELD:
            await other.playback.stop()
            await leg.playback.stop()
            await bridge(leg.media, other.media)
        self.note(ChangeKind.UNHELD, leg)

    async def interject(self, leg: Leg, files: Sequence[Path]) -> None:
        """Play files to a leg that talks, which goes on talking afterwards."""
        self._interjected[await leg.play(files)] = leg

    async def _talk_again(self, leg: Leg) -> None:
        other = self.other_of(leg)
        if other is not None and LegStatus.HELD not in (leg.status, other.status):
            await bridge(leg.media, other.media)

    async def end_transfer(self, status: int) -> None:
        """Tell the transferor what has become of its transfer, and let it go if it was one."""
        transferor, refer = self.transferor, self.refer
        if transferor is None:
            return
        if refer is not None and transferor.session is not None:
            transferor.session.report_refer(refer, status)
        self.transferor = self.refer = None
        if status < 300:
            await transferor.end(HangupCause.BLIND_TRANSFER)
            self.note(ChangeKind.TRANSFERRED, transferor)

    async def given_back(self, code: int) -> bool:
        """Whether the routed leg talks again to the transferor, where that failed."""
        transferor = self.transferor
        if transferor is None or not transferor.is_up or not self.routed.is_up:
            return False
        await self.end_transfer(code if code >= 300 else 480)
        if self.state is not None:
            # The flow is over; whoever takes the call up finds two who talk.
            self.state, self.action = structs.replace(self.state, is_connected=True), None
        await self.join(transferor)
        return True

    async def next(self, deadline: float | None = None) -> Happening | None:
        """The next happening that is not dealt with here, None at the deadline.

        Raises CallOver when the routed leg is gone, Rerouted when somebody sends it elsewhere.
        """
        while True:
            happening = await self.inbox.get(deadline)
            if happening is None or not await self._dealt_with(happening):
                return happening

    async def _dealt_with(self, happening: Happening) -> bool:
        match happening:
            case Ordered(order):
                await order.execute(self)
                return True
            case PlayedToEnd(_, playback) if playback in self._interjected:
                await self._talk_again(self._interjected.pop(playback))
                return True
            case Signalled(leg, Cancelled()) if leg is self.routed:
                leg.over(HangupCause.ORIGINATOR_CANCEL, 487)
                raise CallOver(HangupCause.ORIGINATOR_CANCEL)
            case Signalled(leg, Ended()) if leg is self.routed:
                leg.over(HangupCause.NORMAL_CLEARING)
                raise CallOver(HangupCause.NORMAL_CLEARING)
            case Signalled(leg, Ended()) if leg is not self.partner:
                await self._gone(leg)
                return True
            case Signalled(leg, Offered(_, sdp, _)):
                await self._offered(leg, sdp)
                return True
            case Signalled(leg, Acknowledged(sdp)):
                await leg.acknowledged(sdp)
                return sdp is None
            case Signalled(leg, ReferRequested(number)) if self.partner is None:
                if leg.session is not None:
                    leg.session.refuse_refer(number)
                return True
            case MediaLost(leg, loss) if leg is self.routed:
                log.warning("leg lost", call=self.id, leg=leg.uuid, reason=loss.value)
                raise CallOver(HangupCause.MEDIA_TIMEOUT)
            case _:
                return False

    async def _gone(self, leg: Leg) -> None:
        leg.over(HangupCause.NORMAL_CLEARING)
        await leg.forget()
        if leg is self.transferor:
            self.transferor = self.refer = None
        self.note(ChangeKind.LEG_ENDED, leg)

    async def _offered(self, leg: Leg, sdp: bytes | None) -> None:
        """A phone offers anew: it holds, comes back, or refreshes."""
        await leg.offered(sdp, leg.media.state.target)
        other = self.other_of(leg)
        if other is None:
            return
        if not leg.media.state.direction.receives:
            await self.hold(leg)
        elif leg.status is LegStatus.HELD:
            await self.unhold(leg)
        elif other.status is not LegStatus.HELD:
            await bridge(leg.media, other.media)

"""Live call: one task that has a caller, whoever is reached, and their media, from the first INVITE to the
last BYE.

The leg that is routed goes through callflows (`routing.interpreter`), whose actions are carried out here.
Once it is connected it talks to its partner; a transfer sends it, or the partner, through callflows again.
Everything that happens comes by one inbox, so nothing in a call is done twice at the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import msgspec
import structlog
from msgspec import Struct

from switchroom.engines.rtpengine.client import NgError, NgRefused
from switchroom.engines.sip.errors import SipError
from switchroom.engines.sip.events import Acknowledged, Cancelled, Digit, Ended, Offered, ReferRequested
from switchroom.engines.sip.incoming import IncomingCall
from switchroom.engines.sip.session import Session
from switchroom.errors import Unavailable
from switchroom.telephony.calls.inbox import (
    Happening,
    Inbox,
    MediaLost,
    Ordered,
    PlayedToEnd,
    Rang,
    Signalled,
    Woken,
)
from switchroom.telephony.calls.kept_loader import KeptLoader
from switchroom.telephony.calls.leg import Leg, SavedLeg
from switchroom.telephony.calls.listening import collect, play
from switchroom.telephony.calls.loaded import LoadedFlow
from switchroom.telephony.calls.media_services import MediaServices
from switchroom.telephony.calls.prompt_files import Ear, PromptFiles
from switchroom.telephony.calls.ringing import (
    Entered,
    Outcome,
    Reached,
    RingingCall,
    first_answer,
    jumped,
)
from switchroom.telephony.calls.snapshot import (
    CallDirection,
    CallSnapshot,
    ChangeKind,
    Happened,
    Journal,
    LegStatus,
)
from switchroom.telephony.media.codecs import Codec
from switchroom.telephony.media.leg import bridge
from switchroom.telephony.media.playback import FOREVER
from switchroom.telephony.media.sdp import SdpError
from switchroom.telephony.prompts.texts import RINGING
from switchroom.telephony.routing.actions import (
    Action,
    Answer,
    Collect,
    Dial,
    Digits,
    Event,
    Failed,
    Finished,
    Hangup,
    JumpTo,
    Log,
    Play,
    Ring,
    Started,
    Timeout,
)
from switchroom.telephony.routing.actions import Answered as SomebodyAnswered
from switchroom.telephony.routing.call import Flow
from switchroom.telephony.routing.flow import FeatureData
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.interpreter import step
from switchroom.telephony.routing.state import State

log = structlog.stdlib.get_logger(__name__)


class Route(Struct, frozen=True):
    """Where the routed leg is in a callflow; with an action that is to be carried out next, else the flow is
    begun."""

    loaded: LoadedFlow
    state: State
    action: Action | None = None


class Turned(Struct, frozen=True):
    """A call that is not taken, and what it is answered."""

    cause: HangupCause
    code: int


class Entry(Protocol):
    """Beginning of a call: finds out who calls, and where it leads."""

    async def enter(self, call: LiveCall) -> Route | Turned:
        """Set what the call tells of itself, and say where it goes. Raises Unavailable."""
        ...


class CallOver(Exception):
    """The routed leg is gone, and with it the call."""

    def __init__(self, cause: HangupCause) -> None:
        super().__init__(cause.value)
        self.cause = cause


class Rerouted(Exception):
    """The routed leg goes on somewhere else."""

    def __init__(self, route: Route) -> None:
        super().__init__("rerouted")
        self.route = route


Performer = Callable[["LiveCall", Any], Awaitable[Event]]
"""Carries out one kind of action."""


class Board(Protocol):
    """What a call needs of the process that has it."""

    @property
    def services(self) -> MediaServices: ...

    @property
    def loader(self) -> KeptLoader: ...

    @property
    def prompts(self) -> PromptFiles: ...

    @property
    def journal(self) -> Journal: ...

    @property
    def performers(self) -> Mapping[type[Action], Performer]:
        """Those who carry out what calls themselves do not."""
        ...

    def with_live(self, flow: Flow) -> Flow:
        """The flow with the calls that devices and trunks have now."""
        ...

    def call_of(self, session: Session) -> LiveCall | None:
        """The call that has a session."""
        ...

    async def dial(self, ringing: RingingCall, loaded: LoadedFlow, action: Dial) -> Outcome:
        """Call a number over a trunk."""
        ...

    async def refer(self, call: LiveCall, leg: Leg, event: ReferRequested) -> None:
        """A phone transfers whom it talks to. Raises Rerouted."""
        ...


class SavedCall(Struct, frozen=True, kw_only=True):
    """What another process takes a call up from."""

    legs: tuple[SavedLeg, ...]
    routed: str
    partner: str = ""
    state: State
    action: Action | None = None
    realm: str = ""
    hold_music: int | None = None
    max_forwards: int = 70


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(SavedCall)


def read_saved(state: bytes) -> SavedCall:
    """The saved call. Raises msgspec.MsgspecError."""
    return _decoder.decode(state)


class LiveCall:
    """A call. Its attributes are for its own task and for those who carry out its actions and commands."""

    def __init__(self, board: Board, inbox: Inbox, routed: Leg, call_id: str = "") -> None:
        self.id = call_id or str(uuid4())
        self.board = board
        self.inbox = inbox
        self.organization_id = 0
        self.realm = ""
        self.direction = CallDirection.INTERNAL
        self.dialled = ""
        self.flow_name = ""
        self.caller_name = ""
        self.caller_number = ""
        self.started_at = datetime.now(UTC)
        self.answered_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.cause = HangupCause.NORMAL_CLEARING
        self.code = 0
        self.legs: list[Leg] = []
        self.routed = routed
        self.partner: Leg | None = None
        self.transferor: Leg | None = None
        self.refer: int | None = None
        """The REFER of the transferor, until it is told how the transfer has ended."""
        self.codecs: Sequence[Codec] = ()
        self.max_forwards = 70
        self.hold_music: int | None = None
        self.loaded: LoadedFlow | None = None
        self.state: State | None = None
        self.action: Action | None = None
        self.is_told = False
        self._is_begun = False
        self._interjected: dict[str, Leg] = {}
        self.add(routed)

    # What goes through it from beginning to end.

    async def run(self, entry: Entry) -> None:
        """Have the call from its beginning to its end."""
        await self._until_over(lambda: self._begin(entry))

    async def resume(self, saved: SavedCall) -> None:
        """Go on with a call that another process has had."""
        await self._until_over(lambda: self._take_up(saved))

    async def _until_over(self, go: Callable[[], Awaitable[None]]) -> None:
        try:
            await go()
        except CallOver as over:
            self.cause = over.cause
        except asyncio.CancelledError:
            self.cause, self.code = HangupCause.NORMAL_TEMPORARY_FAILURE, 503
            raise
        except (NgError, SdpError) as error:
            log.warning("call without media", call=self.id, reason=str(error))
            self.cause, self.code = HangupCause.NORMAL_TEMPORARY_FAILURE, 503
        except Unavailable as error:
            log.error("call not taken", call=self.id, reason=error.code)
            self.cause, self.code = HangupCause.NORMAL_TEMPORARY_FAILURE, 503
        except SipError as error:
            log.warning("call ended", call=self.id, reason=str(error))
            self.cause, self.code = HangupCause.NORMAL_TEMPORARY_FAILURE, 500
        except Exception:
            log.exception("call failed", call=self.id)
            self.cause, self.code = HangupCause.NORMAL_TEMPORARY_FAILURE, 500
        finally:
            await self._end()

    async def _begin(self, entry: Entry) -> None:
        session = self.routed.session
        if isinstance(session, IncomingCall) and session.offer is not None:
            self.codecs = await self._take_offer(session.offer)
            if not self.codecs:
                return
        route = await entry.enter(self)
        if isinstance(route, Turned):
            self.cause, self.code = route.cause, route.code
            return
        self.tell_beginning()
        await self._go(route)

    async def _take_offer(self, offer: bytes) -> Sequence[Codec]:
        try:
            return await self.routed.media.phone_offered(offer.decode("utf-8", "replace"))
        except SdpError as error:
            log.info("call without a codec", call=self.id, reason=str(error))
            self.cause, self.code = HangupCause.INCOMPATIBLE_DESTINATION, 488
            return ()

    async def _take_up(self, saved: SavedCall) -> None:
        self.is_told = True
        if saved.state.is_connected and self.partner is not None:
            self.state = saved.state
            await self._go_on_talking()
            return
        loaded = await self.board.loader.flow(self.organization_id, saved.state.flow_id, saved.state.call)
        if loaded is None:
            raise CallOver(HangupCause.NORMAL_TEMPORARY_FAILURE)
        await self._go(Route(loaded, saved.state, saved.action))

    async def _go(self, route: Route) -> None:
        while True:
            try:
                await self._through(route)
            except Rerouted as rerouted:
                route = rerouted.route
            else:
                return

    async def _go_on_talking(self) -> None:
        try:
            await self._talk()
        except Rerouted as rerouted:
            await self._go(rerouted.route)

    async def _through(self, route: Route) -> None:
        """Carry out a callflow."""
        self.loaded, self.state, action = route.loaded, route.state, route.action
        event: Event = Started()
        while True:
            if action is None:
                flow = self.board.with_live(self.loaded.flow)
                self.state, action = step(flow, self.state, event, datetime.now(UTC))
            self.action = action
            match action:
                case None:
                    if self.state.is_connected:
                        await self._talk()
                    return
                case Hangup(cause, code):
                    if not await self._given_back(code):
                        self.cause, self.code = cause, code
                        return
                    await self._talk()
                    return
                case JumpTo():
                    found = await jumped(
                        self.board.loader, self.organization_id, self.loaded, self.state, action
                    )
                    if isinstance(found, Failed):
                        event = found
                    else:
                        self.loaded, event = found
                case _:
                    event = await self._perform(action)
                    if isinstance(event, Digits) and isinstance(self.loaded.flow.root.data, FeatureData):
                        await self._know(event.digits)
            action = None

    async def _know(self, number: str) -> None:
        """Find out what a number leads to that was entered for a feature."""
        assert self.loaded is not None
        assert self.state is not None
        call = self.state.call
        country = self.loaded.flow.payer(call.user_id, call.device_id).country
        self.loaded = await self.board.loader.with_number(self.loaded, number, country)

    async def _perform(self, action: Action) -> Event:
        """Carry out an action; the event that answers it."""
        assert self.loaded is not None
        match action:
            case Answer():
                await self.answer()
                return Finished()
            case Play(prompts, digits_stop):
                files = await self.board.prompts.files(self.organization_id, prompts, self.ear)
                await play(self.routed, files, self.next, digits_stop=digits_stop)
                return Finished()
            case Collect(prompts, most, first, between):
                files = await self.board.prompts.files(self.organization_id, prompts, self.ear)
                digits = await collect(self.routed, files, self.next, most=most, first=first, between=between)
                return Timeout() if digits is None else Digits(digits)
            case Ring():
                return await self._ring(action)
            case Dial():
                return await self._dial(action)
            case Log(message, detail):
                log.info(message, organization=self.organization_id, call=self.id, detail=detail)
                return Finished()
            case _:
                performer = self.board.performers.get(type(action))
                if performer is None:
                    log.warning("action not there yet", call=self.id, action=type(action).__name__)
                    return Failed(HangupCause.SERVICE_NOT_IMPLEMENTED, 501)
                return await performer(self, action)

    async def answer(self) -> None:
        """Answer the routed leg, if it is not."""
        if self.routed.is_up:
            return
        await self.routed.answer()
        await self._answered()

    async def _answered(self) -> None:
        """Take in that the routed leg is answered; one that was sent an offer, with its answer."""
        session = self.routed.session
        if isinstance(session, IncomingCall) and session.offer is None:
            while not self.routed.media.state.phone_sdp:
                await self.next()
        self.note_answer(self.routed)

    def note_answer(self, leg: Leg) -> None:
        """Tell that a leg has answered."""
        if self.answered_at is None:
            self.answered_at = datetime.now(UTC)
        self.note(ChangeKind.ANSWERED, leg)

    # Ringing.

    async def _ring(self, action: Ring) -> Event:
        assert self.loaded is not None
        assert self.state is not None
        self.hold_music = action.music_on_hold_id
        flow = self.board.with_live(self.loaded.flow)
        return await self.until_answered(first_answer(self.ringing(), flow, self.state.call, action))

    async def _dial(self, action: Dial) -> Event:
        assert self.loaded is not None
        self.direction = CallDirection.OUTGOING
        return await self.until_answered(self.board.dial(self.ringing(), self.loaded, action))

    def ringing(self) -> RingingCall:
        """What is needed to ring somebody for the routed leg."""
        return RingingCall(
            organization_id=self.organization_id,
            realm=self.realm,
            services=self.board.services,
            loader=self.board.loader,
            prompts=self.board.prompts,
            inbox=self.inbox,
            codecs=self.codecs,
            target=self.routed.media.as_target() if self.routed.media.state.core_port else None,
            added=self.add,
            dial=self.board.dial,
            with_live=self.board.with_live,
            max_forwards=self.max_forwards - 1,
        )

    async def until_answered(self, ringing: Awaitable[Outcome]) -> Event:
        """Wait for what rings, telling the routed leg how it goes, and connect it to who answers."""
        waiting = asyncio.ensure_future(ringing)
        waiting.add_done_callback(lambda _: self.inbox.put(Woken()))
        try:
            if self.routed.is_up:
                await self._hear_ringing()
            while not waiting.done():
                match await self.next():
                    case Rang(leg, early):
                        await self._rang(leg, early=early)
                    case _:
                        pass
        finally:
            if not waiting.done():
                waiting.cancel()
                await asyncio.gather(waiting, return_exceptions=True)
            elif not waiting.cancelled() and waiting.exception() is None:
                outcome = waiting.result()
                if isinstance(outcome, Reached):
                    self.take_over(outcome.leg, outcome.inbox)
        outcome = waiting.result()
        if isinstance(outcome, Entered):
            await self.routed.playback.stop()
            raise Rerouted(Route(outcome.loaded, outcome.state, outcome.action))
        if isinstance(outcome, Reached):
            await self._connect(outcome.leg, outcome.codec)
            return SomebodyAnswered()
        await self.routed.playback.stop()
        return outcome

    async def _hear_ringing(self) -> None:
        files = self.board.prompts.named(RINGING, self.ear)
        if files:
            await self.routed.play(files, times=FOREVER)

    async def _rang(self, leg: Leg, *, early: bool) -> None:
        if not self.routed.is_up and isinstance(self.routed.session, IncomingCall):
            if early and leg.media.state.codec is not None and self.codecs:
                codec = leg.media.state.target.codec
                await self.routed.early(leg.media.as_target(codec))
            else:
                self.routed.ring()
        self.note(ChangeKind.RINGING, leg)
        if self.transferor is not None and self.refer is not None and self.transferor.session is not None:
            self.transferor.session.report_refer(self.refer, 180)

    def take_over(self, leg: Leg, inbox: Inbox) -> None:
        """Hear of a leg, and what has happened to it that nobody has read."""
        leg.owner = self.inbox
        for happening in inbox.drain():
            self.inbox.put(happening)

    async def _connect(self, leg: Leg, codec: Codec) -> None:
        """Let the routed leg talk to one that has answered."""
        routed = self.routed
        self.partner = leg
        routed.other, leg.other = leg.uuid, routed.uuid
        await routed.playback.stop()
        session = routed.session
        if routed.is_up:
            await bridge(routed.media, leg.media)
        else:
            await routed.answer(leg.media.as_target(codec))
            if isinstance(session, IncomingCall) and session.offer is None:
                while not routed.media.state.phone_sdp:
                    await self.next()
                await bridge(routed.media, leg.media)
            elif leg.media.state.target.port != routed.media.state.core_port:
                await leg.media.point_at(routed.media.as_target(codec))
        self.note_answer(leg)
        await self.end_transfer(200)

    # Talking.

    async def _talk(self) -> None:
        """Let the two talk until one of them hangs up."""
        while self.partner is not None:
            match await self.next():
                case Signalled(leg, Ended()) if leg is self.partner:
                    leg.over(HangupCause.NORMAL_CLEARING)
                    return
                case Signalled(leg, ReferRequested() as refer):
                    await self.board.refer(self, leg, refer)
                case Signalled(leg, Digit(digit, milliseconds)):
                    # Those in the media pass by themselves.
                    await self._pass_on(leg, digit, milliseconds)
                case MediaLost(leg, loss) if leg is self.partner:
                    log.warning("leg lost", call=self.id, leg=leg.uuid, reason=loss.value)
                    self.cause = HangupCause.MEDIA_TIMEOUT
                    return
                case _:
                    pass

    async def _pass_on(self, leg: Leg, digit: str, milliseconds: int) -> None:
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
        """Who a leg talks to."""
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
        music = await self.board.prompts.music(self.organization_id, self.hold_music, self.ear_of(other))
        if music:
            await other.play(music, times=FOREVER)
        else:
            await other.media.let_nobody_hear()
        self.note(ChangeKind.HELD, leg)

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

    async def _given_back(self, code: int) -> bool:
        """Whether the routed leg talks again to who has transferred it, where that failed."""
        transferor = self.transferor
        if transferor is None or not transferor.is_up or not self.routed.is_up:
            return False
        await self.end_transfer(code if code >= 300 else 480)
        await self.join(transferor)
        return True

    # What happens to it.

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
            case Ordered(command):
                await command.carry_out(self)
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
        codec = leg.media.state.codec
        await leg.offered(sdp, leg.media.state.target)
        other = self.other_of(leg)
        if other is None:
            return
        if not leg.media.state.direction.receives:
            await self.hold(leg)
        elif leg.status is LegStatus.HELD:
            await self.unhold(leg)
        elif leg.media.state.codec != codec and other.status is not LegStatus.HELD:
            await bridge(leg.media, other.media)

    # What is told of it.

    def add(self, leg: Leg) -> None:
        """Count a leg to the call."""
        self.legs.append(leg)
        leg.on_changed = self._changed

    def _changed(self) -> None:
        if self.is_told and self.ended_at is None:
            self.note(ChangeKind.CHANGED)

    def tell_beginning(self) -> None:
        """Tell the journal of the call from now on; a second time does nothing."""
        self.is_told = True
        if not self._is_begun:
            self._is_begun = True
            self.note(ChangeKind.CREATED)

    def note(self, kind: ChangeKind, leg: Leg | None = None) -> None:
        """Tell the journal."""
        self.board.journal.note(self.snapshot(), Happened(kind, leg.uuid if leg is not None else ""))

    def snapshot(self) -> CallSnapshot:
        return CallSnapshot(
            id=self.id,
            organization_id=self.organization_id,
            direction=self.direction,
            dialled=self.dialled,
            flow_name=self.flow_name,
            caller_name=self.caller_name,
            caller_number=self.caller_number,
            started_at=self.started_at,
            answered_at=self.answered_at,
            ended_at=self.ended_at,
            hangup_cause=self.cause.value if self.ended_at is not None else "",
            legs=tuple(leg.snapshot() for leg in self.legs),
            state=self._save(),
        )

    def _save(self) -> bytes:
        if self.state is None or self.ended_at is not None or not self.routed.is_up:
            return b""
        legs = [saved for leg in (self.routed, self.partner) if leg and (saved := leg.save()) is not None]
        if not legs or legs[0].uuid != self.routed.uuid:
            return b""
        return _encoder.encode(
            SavedCall(
                legs=tuple(legs),
                routed=self.routed.uuid,
                partner=self.partner.uuid if self.partner is not None and len(legs) > 1 else "",
                state=self.state,
                action=self.action,
                realm=self.realm,
                hold_music=self.hold_music,
                max_forwards=self.max_forwards,
            )
        )

    @property
    def ear(self) -> Ear:
        return self.ear_of(self.routed)

    def ear_of(self, leg: Leg) -> Ear:
        """How a leg is spoken to."""
        codec = leg.media.state.codec
        is_wide = codec is not None and codec.name.lower() in ("g722", "opus")
        language, zone = leg.party.language, "UTC"
        if self.loaded is not None:
            account = self.loaded.flow.account
            language, zone = language or account.language, account.time_zone
        return Ear(language, zone, 16000 if is_wide else 8000)

    async def _end(self) -> None:
        """End all legs; the call is over."""
        for leg in self.legs:
            if leg is self.routed or leg is self.partner or not leg.has_ended:
                await leg.end(self.cause, self.code)
        self.ended_at = datetime.now(UTC)
        for happening in self.inbox.drain():
            if isinstance(happening, Ordered):
                happening.command.refuse()
        if self.is_told:
            self.note(ChangeKind.ENDED)

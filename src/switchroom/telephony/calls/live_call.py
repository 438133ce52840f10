"""Live call: one task that has a caller, the party that is reached, and their media, from the first INVITE to
the last BYE.

The leg that is routed goes through callflows (`routing.interpreter`), whose actions are carried out here.
Once it is connected it talks to its partner; a transfer sends it, or the partner, through callflows again.
Everything that happens comes by one inbox, so nothing in a call is done twice at the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog

from switchroom.engines.rtpengine.client import NgError
from switchroom.engines.sip.errors import MalformedValue, SipError
from switchroom.engines.sip.events import Digit, Ended, ReferRequested
from switchroom.engines.sip.incoming import IncomingCall
from switchroom.engines.sip.session import Session
from switchroom.errors import Unavailable
from switchroom.telephony.calls.call_state import SavedCall
from switchroom.telephony.calls.inbox import (
    Inbox,
    MediaLost,
    Ordered,
    Rang,
    Signalled,
    Woken,
)
from switchroom.telephony.calls.kept_loader import KeptLoader
from switchroom.telephony.calls.leg import Leg
from switchroom.telephony.calls.listening import collect, play
from switchroom.telephony.calls.loaded import LoadedFlow, Refused, TrunkAccess
from switchroom.telephony.calls.loader import OUTSIDE
from switchroom.telephony.calls.media_services import MediaServices
from switchroom.telephony.calls.outbound import credentials_of
from switchroom.telephony.calls.prompt_files import PromptFiles
from switchroom.telephony.calls.ringing import (
    Entered,
    Outcome,
    Reached,
    RingingCall,
    first_answer,
    jumped,
)
from switchroom.telephony.calls.routes import CallOver, Rerouted, Route, Turned
from switchroom.telephony.calls.snapshot import (
    CallDirection,
    ChangeKind,
    Emergency,
    Journal,
    LegStatus,
)
from switchroom.telephony.calls.talking import TalkingCall
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
from switchroom.telephony.routing.call_limits import OutsideCalls, may_go_out
from switchroom.telephony.routing.caller_id import has_emergency_caller_id
from switchroom.telephony.routing.configuration import CallLimits
from switchroom.telephony.routing.flow import FeatureData
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.interpreter import step
from switchroom.telephony.routing.modules.outside import emergency_number
from switchroom.telephony.routing.state import State

log = structlog.stdlib.get_logger(__name__)


_NOT_TAKEN, _TAKEN_AND_FAILED = 503, 500
"""SIP statuses that a caller is told. The SIP server gives a call that is answered with 503 to another
worker: that is for calls of which nothing has come yet."""


class Entry(Protocol):
    """Beginning of a call: finds out who calls, and where it leads."""

    async def enter(self, call: LiveCall) -> Route | Turned:
        """Set what the call tells of itself, and say where it goes. Raises Unavailable."""
        ...


Performer = Callable[["LiveCall", Any], Awaitable[Event]]
"""Carries out one kind of action."""


class Board(Protocol):
    """Services that a call needs of the process that has it."""

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
        """Performers of the actions that calls do not carry out themselves."""
        ...

    def with_live(self, flow: Flow) -> Flow:
        """The flow with the calls that devices and trunks have now."""
        ...

    def outside_calls(self, organization_id: int) -> OutsideCalls:
        """The calls with the public network that an account has now."""
        ...

    def goes_round(self, call: LiveCall) -> bool:
        """Whether a call is to be taken for one of a loop through carriers."""
        ...

    def count_group(self, group_id: int) -> None:
        """Count a call that a group has had."""
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


class LiveCall(TalkingCall):
    """A call. Its attributes are for its own task and for those who carry out its actions and commands."""

    def __init__(self, board: Board, inbox: Inbox, routed: Leg, call_id: str = "") -> None:
        super().__init__(board.journal, board.loader, board.prompts, inbox, routed, call_id)
        self.board = board
        self._is_emergency = False

    # The course of the call, from beginning to end.

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
            self._fail()
        except Unavailable as error:
            log.error("call not taken", call=self.id, reason=error.code)
            self._fail()
        except SipError as error:
            log.warning("call ended", call=self.id, reason=str(error))
            self.cause, self.code = HangupCause.NORMAL_TEMPORARY_FAILURE, 500
        except Exception:
            log.exception("call failed", call=self.id)
            self.cause, self.code = HangupCause.NORMAL_TEMPORARY_FAILURE, 500
        finally:
            await self._end()

    def _fail(self) -> None:
        self.cause = HangupCause.NORMAL_TEMPORARY_FAILURE
        # A call that has a record was taken: another worker would make it a second one.
        self.code = _NOT_TAKEN if self.action is None and not self.is_told else _TAKEN_AND_FAILED

    async def _begin(self, entry: Entry) -> None:
        session = self.routed.session
        if isinstance(session, IncomingCall) and session.offer is not None:
            self.codecs = await self._take_offer(session.offer, entry)
            if not self.codecs:
                return
        route = await entry.enter(self)
        if isinstance(route, Turned):
            self.cause, self.code = route.cause, route.code
            return
        self.tell_beginning()
        await self._go(route)

    async def _take_offer(self, offer: bytes, entry: Entry) -> Sequence[Codec]:
        """The codecs of an offer; empty for one that cannot be taken. The account of the call and its caller
        are found out then too, for the record."""
        try:
            return await self.routed.media.phone_offered(offer.decode("utf-8", "replace"))
        except SdpError as error:
            log.info("call without a codec", call=self.id, reason=str(error))
            await entry.enter(self)
            self.cause, self.code = HangupCause.INCOMPATIBLE_DESTINATION, 488
            return ()
        except NgError:
            await entry.enter(self)
            raise

    async def _take_up(self, saved: SavedCall) -> None:
        self.is_told = True
        if saved.state is None:
            raise CallOver(HangupCause.NORMAL_TEMPORARY_FAILURE)
        for leg in self.legs:
            await self._find_carrier(leg)
        if saved.state.is_connected and self.partner is not None:
            self.state = saved.state
            await self.end_transfer(200)
            if LegStatus.HELD not in (self.routed.status, self.partner.status):
                await self.join(self.partner)
                await self._hold_for_those_away()
            await self._go_on_talking()
            return
        loaded = await self._loaded(saved.state)
        if loaded is None:
            raise CallOver(HangupCause.NORMAL_TEMPORARY_FAILURE)
        await self._go(Route(loaded, saved.state, saved.action))

    async def _hold_for_those_away(self) -> None:
        """Put on hold the party that a phone holds, where the process before had no time for it."""
        for leg in (self.routed, self.partner):
            if leg is not None and not leg.media.state.direction.receives:
                await self.hold(leg)

    async def _find_carrier(self, leg: Leg) -> None:
        """Load the credentials of a leg's trunk: they are never saved."""
        trunk_id = leg.party.trunk_id
        if trunk_id is None:
            return
        try:
            access = await self.board.loader.trunk_access(self.organization_id, trunk_id)
        except Unavailable as error:
            log.warning(
                "credentials of a trunk not known", call=self.id, trunk_id=trunk_id, reason=str(error)
            )
            return
        if access is not None:
            self.know_carrier(leg, access)

    def know_carrier(self, leg: Leg, access: TrunkAccess) -> None:
        """Answer what a carrier asks for within the call, about requests of ours."""
        try:
            credentials = credentials_of(access)
        except MalformedValue as error:
            log.warning("credentials of a trunk not usable", call=self.id, reason=str(error))
            return
        if credentials is not None and leg.session is not None:
            leg.session.answer_challenges_with(credentials)

    async def _loaded(self, state: State) -> LoadedFlow | None:
        """The flow that a saved state is in."""
        loader, call = self.board.loader, state.call
        if state.flow_id != OUTSIDE:
            return await loader.flow(self.organization_id, state.flow_id, call)
        if call.device_id is None:
            return None
        caller = await loader.caller(call.device_id, call.dialled)
        if isinstance(caller, Refused):
            return None
        return await loader.flow_to(self.organization_id, caller.destination, call)

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
                    self._tell_emergency(cause=cause.value)
                    if not await self.given_back(code):
                        self.cause, self.code = cause, code if code != _NOT_TAKEN else _TAKEN_AND_FAILED
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
        if action.is_emergency and not self._is_emergency:
            self._is_emergency = True
            self._tell_emergency(caller_id=action.request.asserted_user)
        self.hold_music = None
        return await self.until_answered(self.board.dial(self.ringing(), self.loaded, action))

    def _tell_emergency(self, *, caller_id: str = "", cause: str = "") -> None:
        """Tell that an emergency service is called, or was not reached; of any other call nothing."""
        assert self.loaded is not None
        assert self.state is not None
        flow, call = self.loaded.flow, self.state.call
        number = emergency_number(flow, call)
        if number is not None:
            is_configured = has_emergency_caller_id(flow.payer(call.user_id, call.device_id))
            said = Emergency(number=number, caller_id=caller_id, is_configured=is_configured, cause=cause)
            self.note(ChangeKind.EMERGENCY, emergency=said)

    def ringing(self) -> RingingCall:
        """Ringing call for the routed leg: all that is needed to ring somebody for it."""
        return RingingCall(
            organization_id=self.organization_id,
            realm=self.realm,
            services=self.board.services,
            loader=self.board.loader,
            prompts=self.board.prompts,
            inbox=self.inbox,
            codecs=self.codecs,
            target=self.routed.media.as_target() if self.routed.media.state.core_port else None,
            added=self.called,
            dial=self.board.dial,
            with_live=self.board.with_live,
            count_group=self.board.count_group,
            may_go_out=self._may_go_out,
            max_forwards=self.max_forwards - 1,
        )

    def _may_go_out(self, limits: CallLimits, is_forward: bool) -> bool:
        if self.board.goes_round(self):
            log.warning("number leads back to itself by a carrier", call=self.id)
            return False
        return may_go_out(limits, self.board.outside_calls(self.organization_id), is_forward=is_forward)

    def called(self, leg: Leg) -> None:
        """Count a leg to the call that has been sent its INVITE; a party that rings then is not left ringing
        by a process that dies."""
        self.add(leg)
        if self.is_told:
            self.note(ChangeKind.CHANGED)

    async def until_answered(self, ringing: Awaitable[Outcome]) -> Event:
        """Wait for what rings, telling the routed leg how it goes, and connect it to the party that
        answers."""
        outcome = await self.outcome_of(ringing, self._rang)
        if isinstance(outcome, Entered):
            await self.routed.playback.stop()
            raise Rerouted(Route(outcome.loaded, outcome.state, outcome.action))
        if isinstance(outcome, Reached):
            await self._connect(outcome.leg, outcome.codec)
            return SomebodyAnswered()
        await self.routed.playback.stop()
        return outcome

    async def outcome_of(
        self, ringing: Awaitable[Outcome], rang: Callable[[Rang], Awaitable[None]]
    ) -> Outcome:
        """Wait for what rings; `rang` is told of each leg that does. A leg that has answered belongs to the
        call from then on, also where that is over."""
        waiting = asyncio.ensure_future(ringing)
        waiting.add_done_callback(lambda _: self.inbox.put(Woken()))
        try:
            if self.routed.is_up:
                await self._hear_ringing()
            while not waiting.done():
                match await self.next():
                    case Rang() as event:
                        await rang(event)
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
        return waiting.result()

    async def _hear_ringing(self) -> None:
        files = self.board.prompts.named(RINGING, self.ear)
        if files:
            await self.routed.play(files, times=FOREVER)

    async def _rang(self, event: Rang) -> None:
        leg = event.leg
        if not self.routed.is_up and isinstance(self.routed.session, IncomingCall):
            if event.early and leg.media.state.codec is not None and self.codecs:
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
                    match await self.next():
                        case Signalled(other, Ended()) if other is leg:
                            raise CallOver(HangupCause.NORMAL_CLEARING)
                        case _:
                            pass
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
                    # Keys in the media pass by themselves.
                    await self.pass_on(leg, digit, milliseconds)
                case MediaLost(leg, loss) if leg is self.partner:
                    log.warning("leg lost", call=self.id, leg=leg.uuid, reason=loss.value)
                    self.cause = HangupCause.MEDIA_TIMEOUT
                    return
                case _:
                    pass

    async def _end(self) -> None:
        """End all legs, none of which waits for the relay to forget another; the call is over."""
        legs = [one for one in self.legs if one in (self.routed, self.partner) or not one.has_ended]
        await asyncio.gather(*(leg.end(self.cause, self.code) for leg in legs))
        self.ended_at = datetime.now(UTC)
        for happening in self.inbox.drain():
            if isinstance(happening, Ordered):
                happening.order.refuse()
        if self.is_told:
            self.note(ChangeKind.ENDED)

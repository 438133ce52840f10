"""Ringing: phones and forwards that are called at once for one caller, until the first answers.

Each target is a branch, a task of its own with a leg of its own; the branches that lose are ended. A forward
goes through callflows like any call, as long as these only ring; one that answers by itself (a menu, a
mailbox) takes the caller over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from msgspec import Struct, field, structs

from switchroom.engines.rtpengine.client import NgError
from switchroom.engines.sip.address import NameAddr
from switchroom.engines.sip.errors import MalformedValue
from switchroom.engines.sip.events import Answered, Ended, Offered, Progress
from switchroom.engines.sip.events import Failed as NotAnswered
from switchroom.engines.sip.uri import Uri, escape_user
from switchroom.errors import Unavailable
from switchroom.telephony.calls.inbox import Happening, Inbox, Rang, Signalled
from switchroom.telephony.calls.kept_loader import KeptLoader
from switchroom.telephony.calls.leg import DEVICE, ELSEWHERE, Leg, Party
from switchroom.telephony.calls.listening import collect
from switchroom.telephony.calls.loaded import LoadedFlow
from switchroom.telephony.calls.media_services import MediaServices
from switchroom.telephony.calls.prompt_files import Ear, PromptFiles
from switchroom.telephony.calls.snapshot import LegDirection
from switchroom.telephony.media.codecs import Codec
from switchroom.telephony.media.sdp import SdpError
from switchroom.telephony.media.state import LegKind
from switchroom.telephony.media.state import Target as MediaTarget
from switchroom.telephony.routing.actions import (
    Action,
    Busy,
    DeviceTarget,
    Dial,
    Event,
    Failed,
    Finished,
    Hangup,
    Jumped,
    JumpTo,
    Log,
    NoAnswer,
    NumberTarget,
    Ring,
    Started,
    Target,
    is_rejection,
)
from switchroom.telephony.routing.actions import Answered as SomebodyAnswered
from switchroom.telephony.routing.call import Call, Flow
from switchroom.telephony.routing.caller_id import ANONYMOUS_DOMAIN, Identity
from switchroom.telephony.routing.configuration import CallLimits, Contact
from switchroom.telephony.routing.destinations import FeatureCall, Internal
from switchroom.telephony.routing.hangup_causes import HangupCause, cause_of
from switchroom.telephony.routing.interpreter import start, step
from switchroom.telephony.routing.prompts import Named, PromptName
from switchroom.telephony.routing.restrictions import Payer
from switchroom.telephony.routing.ringing import forwarded_call
from switchroom.telephony.routing.state import State

log = structlog.stdlib.get_logger(__name__)

_AUTO_ANSWER = (
    ("Alert-Info", "<http://127.0.0.1>;info=alert-autoanswer;delay=0"),
    ("Call-Info", "<sip:127.0.0.1>;answer-after=0"),
)
"""Header fields that ask phones to answer by themselves; there is no standard for it."""


class Reached(Struct, frozen=True):
    """A leg has answered; `codec` is what its core side speaks, and `inbox` has what happens to it."""

    leg: Leg
    codec: Codec
    inbox: Inbox


class Entered(Struct, frozen=True):
    """A forward has led to a flow that answers by itself: the caller is to go on there, with the action."""

    loaded: LoadedFlow
    state: State
    action: Action


Outcome = Reached | Entered | NoAnswer | Busy | Failed

Dialler = Callable[["RingingCall", LoadedFlow, Dial], Coroutine[Any, Any, Outcome]]
"""Calls a number over a trunk."""


class RingingCall(Struct):
    """A call that rings somebody: what its branches need. `cause` is why those end that have not answered,
    None for what the ringing says that this is a part of, or that the caller has given up."""

    organization_id: int
    realm: str
    services: MediaServices
    loader: KeptLoader
    prompts: PromptFiles
    inbox: Inbox
    """Inbox by which the caller's task hears of the legs that ring."""

    codecs: Sequence[Codec]
    """Codecs of the caller, in its order; empty where all are as good."""

    target: MediaTarget | None
    """The caller's core side, where it has one: the party that answers is heard there at once."""

    added: Callable[[Leg], None]
    dial: Dialler
    with_live: Callable[[Flow], Flow]
    count_group: Callable[[int], None]
    """Count a call that a group has had."""

    may_go_out: Callable[[CallLimits, bool], bool]
    """Whether the account may have one more call with the public network, be it a forward or not."""

    max_forwards: int = 70
    cause: HangupCause | None = None
    won: list[Leg] = field(default_factory=list[Leg])
    parent: RingingCall | None = None

    @property
    def why(self) -> HangupCause:
        """Cause for which the branches end."""
        if self.cause is not None:
            return self.cause
        return self.parent.why if self.parent is not None else HangupCause.ORIGINATOR_CANCEL

    @property
    def reason(self) -> str:
        """The Reason field for phones that lose."""
        return ELSEWHERE if self.why is HangupCause.LOSE_RACE else ""

    def part(self) -> RingingCall:
        """Ringing that is a part of this one."""
        return structs.replace(self, cause=None, won=[], parent=self)


async def first_answer(ringing: RingingCall, flow: Flow, call: Call, ring: Ring) -> Outcome:
    """Ring all targets until one answers, or all have failed, or the time is over."""
    ringing = ringing.part()
    if ring.group_id is not None:
        ringing.count_group(ring.group_id)
    tasks = [
        asyncio.create_task(_branch(ringing, flow, call, ring, target, contact), name="branch")
        for target in ring.targets
        for contact in _contacts(flow, target)
    ]
    try:
        return await _first(ringing, tasks, ring)
    finally:
        if losing := [task for task in tasks if not task.done()]:
            for task in losing:
                task.cancel()
            await asyncio.gather(*losing, return_exceptions=True)
        for task in tasks:
            if not task.cancelled() and task.exception() is None:
                await _put_down(ringing, task.result())


async def await_answer(
    ringing: RingingCall, leg: Leg, inbox: Inbox, seconds: float, *, to_trunk: bool = False
) -> Outcome:
    """Wait until a leg that has been called answers. One that does not is ended."""
    deadline = asyncio.get_running_loop().time() + seconds
    try:
        return await _await_answer(ringing, leg, inbox, deadline, to_trunk=to_trunk)
    except (NgError, SdpError) as error:
        log.warning("call not set up", leg=leg.uuid, reason=str(error))
        return await _incompatible(leg)
    except asyncio.CancelledError:
        await leg.end(ringing.why, 487, ringing.reason)
        raise


async def _first(ringing: RingingCall, tasks: list[asyncio.Task[Outcome]], ring: Ring) -> Outcome:
    failures: list[Outcome] = []
    pending = set(tasks)
    try:
        async with asyncio.timeout(ring.timeout):
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    if task not in done:
                        continue
                    outcome = task.result()
                    if isinstance(outcome, Reached | Entered):
                        ringing.cause = HangupCause.LOSE_RACE
                        if isinstance(outcome, Reached):
                            ringing.won.append(outcome.leg)
                        return outcome
                    failures.append(outcome)
                    if ring.fail_on_single_reject and is_rejection(outcome):
                        ringing.cause = HangupCause.CALL_REJECTED
                        return outcome
    except TimeoutError:
        ringing.cause = HangupCause.NO_ANSWER
        return NoAnswer()
    return _worst(failures)


def _worst(failures: Sequence[Outcome]) -> Outcome:
    """Outcome that the caller is told: busy, if anybody is; no answer, if a phone rang."""
    for kind in (Busy, NoAnswer):
        found = next((one for one in failures if isinstance(one, kind)), None)
        if found is not None:
            return found
    return failures[0] if failures else Failed(HangupCause.USER_NOT_REGISTERED, 480)


async def _put_down(ringing: RingingCall, outcome: Outcome) -> None:
    """End a leg that has answered in the same moment as another."""
    if isinstance(outcome, Reached) and outcome.leg not in ringing.won:
        await outcome.leg.end(HangupCause.LOSE_RACE, reason=ELSEWHERE)


def _contacts(flow: Flow, target: Target) -> Sequence[Contact | None]:
    """The places where a device is called one by one, for each wants an offer of its own; None for wherever
    it is."""
    found = flow.live.contacts.get(target.device_id, ()) if isinstance(target, DeviceTarget) else ()
    return found or (None,)


async def _branch(
    ringing: RingingCall, flow: Flow, call: Call, ring: Ring, target: Target, contact: Contact | None
) -> Outcome:
    if target.delay:
        await asyncio.sleep(target.delay)
    match target:
        case DeviceTarget():
            return await _ring_device(ringing, flow, call, ring, target, contact)
        case NumberTarget():
            try:
                async with asyncio.timeout(target.timeout):
                    return await _forward(ringing, flow, call, target)
            except TimeoutError:
                return NoAnswer()


async def _ring_device(
    ringing: RingingCall, flow: Flow, call: Call, ring: Ring, target: DeviceTarget, contact: Contact | None
) -> Outcome:
    device = flow.devices.get(target.device_id)
    if device is None:
        return Failed(HangupCause.UNALLOCATED_NUMBER, 404)
    user = flow.users.get(device.owner_id) if device.owner_id is not None else None
    party = Party(
        device_id=device.id,
        user_id=user.id if user is not None else None,
        name=(user and user.name) or device.name,
        number=(user and user.extension) or call.dialled,
        language=Payer(flow.account, user, device).language,
        log_missed=device.missed_calls_log,
    )
    headers = [(DEVICE, str(device.id))]
    if contact is not None and len(flow.live.contacts[device.id]) > 1:
        headers.append(("X-SR-Contact", contact.uri))
    if ring.auto_answer:
        headers += _AUTO_ANSWER
    uri = Uri("sip", user=escape_user(party.number or str(device.id)), host=ringing.realm)
    is_browser = contact is not None and contact.is_browser
    kinds = (LegKind.BROWSER,) if is_browser else (LegKind.PLAIN, LegKind.SDES)
    deadline = asyncio.get_running_loop().time() + target.timeout
    outcome: Outcome = Failed(HangupCause.INCOMPATIBLE_DESTINATION, 488)
    for kind in kinds:
        inbox = Inbox()
        leg = Leg(ringing.services, inbox, party, LegDirection.OUTBOUND)
        caller = shown(ring.caller, ringing.realm)
        problem = await call_leg(ringing, leg, uri, caller, headers, kind=kind)
        left = deadline - asyncio.get_running_loop().time()
        outcome = problem or await await_answer(ringing, leg, inbox, left)
        if not _wants_encryption(leg):
            break
    return outcome


def _wants_encryption(leg: Leg) -> bool:
    """Whether a phone has refused the kind of its media, as those do that take nothing but SRTP."""
    return leg.has_ended and leg.sip_code == 488


async def call_leg(
    ringing: RingingCall,
    leg: Leg,
    uri: Uri,
    from_: NameAddr,
    headers: Sequence[tuple[str, str]],
    credentials: Any = None,
    kind: LegKind = LegKind.PLAIN,
) -> Failed | None:
    """Send a leg its INVITE. Returns why it could not be."""
    try:
        offer = await leg.media.offer_phone(kind, ringing.target, ringing.codecs)
        leg.session = ringing.services.agent.call(
            str(uri),
            leg.listen,
            from_=from_,
            to=NameAddr(uri),
            sdp=offer.encode(),
            headers=headers,
            credentials=credentials,
            max_forwards=ringing.max_forwards,
        )
    except (NgError, SdpError) as error:
        log.warning("leg without media", leg=leg.uuid, reason=str(error))
        await leg.forget()
        return Failed(HangupCause.NORMAL_TEMPORARY_FAILURE, 503)
    except MalformedValue as error:
        log.warning("leg not called", leg=leg.uuid, reason=str(error))
        await leg.forget()
        return Failed(HangupCause.INVALID_NUMBER_FORMAT, 484)
    except asyncio.CancelledError:
        await leg.forget()
        raise
    ringing.added(leg)
    return None


async def _await_answer(
    ringing: RingingCall, leg: Leg, inbox: Inbox, deadline: float, *, to_trunk: bool
) -> Outcome:
    codec: Codec | None = None
    told: set[bool] = set()
    while True:
        match await inbox.get(deadline):
            case None:
                await leg.end(HangupCause.NO_ANSWER, 408)
                return NoAnswer()
            case Signalled(_, Progress(status, _, _, sdp, _)):
                if sdp:
                    codec = await leg.media.phone_answered(sdp.decode("utf-8", "replace"))
                is_early = bool(sdp) and to_trunk
                if (sdp or status != 181) and is_early not in told:
                    told.add(is_early)
                    ringing.inbox.put(Rang(leg, early=is_early))
            case Signalled(_, Answered(sdp, _, is_offer, _)):
                if is_offer:
                    return await _incompatible(leg)
                if sdp:
                    codec = await leg.media.phone_answered(sdp.decode("utf-8", "replace"))
                if codec is None:
                    return await _incompatible(leg)
                leg.up()
                return Reached(leg, codec, inbox)
            case Signalled(_, NotAnswered(status, _, _)):
                leg.over(cause_of(status), status)
                await leg.forget()
                return failure(status)
            case Signalled(_, Ended()):
                leg.over(HangupCause.NORMAL_CLEARING)
                await leg.forget()
                return Failed(HangupCause.NORMAL_CLEARING, 480)
            case _:
                pass


async def _incompatible(leg: Leg) -> Failed:
    """End a leg with which no media can be agreed."""
    cause = HangupCause.INCOMPATIBLE_DESTINATION
    await leg.end(cause)
    return Failed(cause, 488)


def failure(status: int) -> Outcome:
    """Outcome for a callflow of a final response but 2xx."""
    return Busy() if status in (486, 600) else Failed(cause_of(status), status)


def shown(identity: Identity, realm: str) -> NameAddr:
    """The From of a call inside."""
    host = ANONYMOUS_DOMAIN if identity.is_anonymous else realm
    uri = Uri("sip", user=escape_user(identity.number or "anonymous"), host=host)
    return NameAddr(uri, identity.name_inside)


async def _forward(ringing: RingingCall, flow: Flow, call: Call, target: NumberTarget) -> Outcome:
    """Go on to where a user or device forwards to, through its callflow."""
    onward = forwarded_call(call, target)
    try:
        loaded = await ringing.loader.flow_to(ringing.organization_id, target.destination, onward)
    except Unavailable:
        return Failed(HangupCause.NORMAL_TEMPORARY_FAILURE, 503)
    if loaded is None:
        return Failed(HangupCause.UNALLOCATED_NUMBER, 404)
    outcome = await through_flow(ringing, loaded, start(loaded.flow, onward))
    if not isinstance(outcome, Reached) or not target.require_key_press:
        return outcome
    return await _accepted(ringing, flow, outcome, target)


async def through_flow(ringing: RingingCall, loaded: LoadedFlow, state: State) -> Outcome:
    """Carry out a flow for a caller who is not answered, as far as that goes without answering."""
    event: Event = Started()
    reached: Reached | None = None
    while True:
        flow = ringing.with_live(loaded.flow)
        state, action = step(flow, state, event, datetime.now(UTC))
        match action:
            case None if state.is_connected and reached is not None:
                return reached
            case None:
                return Failed(HangupCause.NORMAL_CLEARING, 480)
            case Hangup(cause, code):
                return Busy() if cause is HangupCause.USER_BUSY else Failed(cause, code)
            case Ring() | Dial():
                if isinstance(action, Ring):
                    outcome = await first_answer(ringing, flow, state.call, action)
                else:
                    outcome = await ringing.dial(ringing, loaded, action)
                if isinstance(outcome, Entered):
                    return outcome
                reached = outcome if isinstance(outcome, Reached) else None
                event = SomebodyAnswered() if isinstance(outcome, Reached) else outcome
            case Log(message, detail):
                log.info(message, organization=ringing.organization_id, detail=detail)
                event = Finished()
            case JumpTo():
                found = await jumped(ringing.loader, ringing.organization_id, loaded, state, action)
                if isinstance(found, Failed):
                    event = found
                else:
                    loaded, event = found
            case _:
                return Entered(loaded, state, action)


async def jumped(
    loader: KeptLoader, organization_id: int, loaded: LoadedFlow, state: State, action: JumpTo
) -> tuple[LoadedFlow, Event] | Failed:
    """The flow that a jump leads to, and the event for it."""
    nowhere = Failed(HangupCause.UNALLOCATED_NUMBER, 404)
    try:
        if action.callflow_id is not None:
            found, digits = await loader.flow(organization_id, action.callflow_id, state.call), ""
        else:
            payer = loaded.flow.payer(state.call.user_id, state.call.device_id)
            to = await loader.destination(organization_id, action.number, payer.country)
            if action.extensions_only and not isinstance(to, Internal):
                return nowhere
            found = await loader.flow_to(organization_id, to, state.call)
            digits = to.digits if isinstance(to, FeatureCall) else ""
    except Unavailable:
        return Failed(HangupCause.NORMAL_TEMPORARY_FAILURE, 503)
    return nowhere if found is None else (found, Jumped(digits))


async def _accepted(ringing: RingingCall, flow: Flow, reached: Reached, target: NumberTarget) -> Outcome:
    """Ask the party that has answered a forward to take the call by a key; an answering machine does not."""
    leg = reached.leg
    refused = Failed(HangupCause.CALL_REJECTED, 603)

    async def following(deadline: float | None) -> Happening | None:
        happening = await reached.inbox.get(deadline)
        if isinstance(happening, Signalled) and isinstance(happening.event, Offered):
            await leg.offered(happening.event.sdp, leg.media.state.target)
        if isinstance(happening, Signalled) and isinstance(happening.event, Ended):
            raise _Gone
        return happening

    ear = Ear(leg.party.language or flow.account.language, flow.account.time_zone)
    prompts = await ringing.prompts.files(
        ringing.organization_id, [Named(PromptName.PRESS_ONE_TO_ACCEPT)], ear
    )
    try:
        pressed = await collect(
            leg, prompts, following, most=1, first=target.key_seconds, between=target.key_seconds
        )
        if pressed == "1":
            await leg.playback.stop()
            return reached
    except _Gone:
        leg.over(HangupCause.CALL_REJECTED)
        await leg.forget()
        return refused
    except (NgError, SdpError) as error:
        log.warning("forward not offered", leg=leg.uuid, reason=str(error))
    except asyncio.CancelledError:
        await leg.end(ringing.why, reason=ringing.reason)
        raise
    await leg.end(HangupCause.CALL_REJECTED)
    return refused


class _Gone(Exception):
    """End of a call to a party that was asked to accept it."""

"""Transfers: what phones ask for by REFER (RFC 3515, RFC 5589), and programs by the realtime API.

The transferor pays for the call that comes of it: the restrictions of that phone and its user are asked, as
if they had dialled.
"""

from __future__ import annotations

import asyncio
from typing import NoReturn

import structlog
from msgspec import structs

from switchroom.engines.sip.events import ReferRequested
from switchroom.engines.sip.fields import Replaces
from switchroom.errors import Unavailable
from switchroom.telephony.calls.entries import dialled_flow
from switchroom.telephony.calls.inbox import Inbox, Ordered, Signalled
from switchroom.telephony.calls.leg import Leg
from switchroom.telephony.calls.live_call import CallOver, LiveCall, Rerouted, Route
from switchroom.telephony.calls.loaded import LoadedFlow, Refused
from switchroom.telephony.calls.snapshot import ChangeKind
from switchroom.telephony.routing.actions import Ring
from switchroom.telephony.routing.destinations import Destination, Internal, Outside
from switchroom.telephony.routing.flow import Module
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.interpreter import start
from switchroom.telephony.routing.number_kinds import NumberKind

_GIVEN_WITHIN = 5.0
"""Seconds after which a call that does not answer is not waited for."""

log = structlog.stdlib.get_logger(__name__)


async def refer(call: LiveCall, leg: Leg, event: ReferRequested) -> None:
    """A phone that talks transfers its partner. Raises Rerouted where the partner goes on elsewhere."""
    session = leg.session
    if session is None:
        return
    kept = call.other_of(leg)
    if kept is None or leg.party.device_id is None:
        session.refuse_refer(event.id)
        return
    if event.replaces is not None:
        await _attended(call, leg, kept, event.id, event.replaces)
        return
    target = event.refer_to.uri.username
    route = await route_to(call, leg, kept, target)
    if route is None:
        session.refuse_refer(event.id, 404)
        return
    session.accept_refer(event.id)
    await reroute(call, leg, kept, route, event.id)


async def route_to(
    call: LiveCall, transferor: Leg, kept: Leg, target: str, *, is_call_back: bool = False
) -> Route | None:
    """Route to a number that is dialled for the kept leg, at the transferor's cost; None where it leads
    nowhere, or with `is_call_back` to a number that must not be called back."""
    device_id = transferor.party.device_id
    if device_id is None or not target:
        return None
    try:
        caller = await call.board.loader.caller(device_id, target)
        if isinstance(caller, Refused) or caller.account.id != call.organization_id:
            return None
        onward = structs.replace(caller.call, caller=kept.party.identity)
        found = await dialled_flow(call.board.loader, caller, onward)
    except Unavailable as error:
        log.warning("transfer not possible", call=call.id, reason=error.code)
        return None
    if found is None:
        return None
    loaded, onward = found
    if is_call_back and not may_be_called_back(caller.destination, loaded):
        return None
    state = structs.replace(start(loaded.flow, onward), is_answered=True)
    return Route(loaded, state)


def may_be_called_back(to: Destination, loaded: LoadedFlow) -> bool:
    """Whether a number is called back that a caller has said to be theirs: a caller from outside says what
    they like. People, in the account or outside; no feature codes, conferences or menus, and not the
    police."""
    match to:
        case Internal():
            return loaded.flow.root.module in (Module.USER, Module.DEVICE)
        case Outside(number):
            return number.kind is not NumberKind.EMERGENCY
        case _:
            return False


async def reroute(
    call: LiveCall,
    transferor: Leg,
    kept: Leg,
    route: Route,
    refer: int | None = None,
    *,
    waits: bool = False,
    cause: HangupCause = HangupCause.BLIND_TRANSFER,
) -> NoReturn:
    """Send the kept leg along a route. A transferor that has asked by REFER, or `waits`, is let go when
    somebody answers there, and has the kept leg back where nobody does; another is let go at once, for this
    cause. Raises Rerouted."""
    call.transferor, call.refer = transferor, refer
    call.partner = None
    call.routed = kept
    transferor.other = kept.other = ""
    call.codecs = [kept.media.state.codec] if kept.media.state.codec is not None else []
    await transferor.playback.stop()
    await transferor.media.let_nobody_hear()
    await kept.playback.stop()
    await kept.media.let_nobody_hear()
    if refer is None and not waits:
        # A program asked for it, not the phone: nobody waits for how it ends.
        call.transferor = None
        await transferor.end(cause)
    # One that waits has transferred when it is let go.
    call.note(ChangeKind.TRANSFERRED if transferor.has_ended else ChangeKind.CHANGED, transferor)
    raise Rerouted(route)


async def _attended(call: LiveCall, leg: Leg, kept: Leg, number: int, replaces: Replaces) -> None:
    """The phone has called before, and its partner is to talk to whom it talks to there, or to take its place
    where that call has come to: it rings somebody, or is in a conference, a mailbox, a menu (RFC 5589,
    section 7)."""
    session = leg.session
    assert session is not None
    found = call.board.services.agent.find(replaces.call_id, replaces.to_tag, replaces.from_tag)
    other = call.board.call_of(found) if found is not None else None
    if other is None or other is call or other.organization_id != call.organization_id:
        session.refuse_refer(number, 481)
        return
    giving = GivePlace(call.inbox, found)
    session.accept_refer(number)
    other.inbox.put(Ordered(giving))
    given = await giving.given()
    if given is None:
        session.report_refer(number, 480)
        return
    session.report_refer(number, 200)
    if isinstance(given, Route):
        await reroute(call, leg, kept, _place_of(given, kept), cause=HangupCause.ATTENDED_TRANSFER)
    if leg is call.routed:
        call.routed = kept
    await leg.end(HangupCause.ATTENDED_TRANSFER)
    await call.join(given)
    call.note(ChangeKind.TRANSFERRED, leg)


def _place_of(route: Route, kept: Leg) -> Route:
    """The place in a callflow for a leg that is up; phones that ring there are shown the party at the leg."""
    shown = kept.party.identity
    onward = structs.replace(route.state.call, caller=shown)
    action = route.action
    if isinstance(action, Ring):
        action = structs.replace(action, caller=shown)
    return Route(route.loaded, structs.replace(route.state, call=onward, is_answered=True), action)


class GivePlace:
    """Order to a call to give away the one that a leg of it talks to, or the leg's own place in a callflow,
    and to end."""

    def __init__(self, inbox: Inbox, session: object) -> None:
        """`inbox` is that of the call that gets the leg."""
        self._inbox = inbox
        self._session = session
        self._given: asyncio.Future[Leg | Route | None] = asyncio.get_running_loop().create_future()

    async def given(self) -> Leg | Route | None:
        """The leg or the place, None where there was none to give."""
        try:
            async with asyncio.timeout(_GIVEN_WITHIN):
                return await asyncio.shield(self._given)
        except TimeoutError:
            self.refuse()
            return self._given.result()

    async def execute(self, call: LiveCall) -> None:
        leg = next((one for one in call.legs if one.session is self._session), None)
        if leg is None or self._given.done():
            self.refuse()
            return
        other = call.other_of(leg)
        if other is not None:
            self._given.set_result(self._taken_out(call, leg, other))
        elif leg is call.routed and call.loaded and call.state and call.action:
            self._given.set_result(Route(call.loaded, call.state, call.action))
        else:
            self.refuse()
            return
        raise CallOver(HangupCause.ATTENDED_TRANSFER)

    def _taken_out(self, call: LiveCall, leg: Leg, other: Leg) -> Leg:
        """The other leg, of which the call knows nothing any more."""
        # Events of the leg from now on, and those that nobody has read yet, are the other call's.
        other.owner = self._inbox
        for happening in call.inbox.drain():
            is_of_given = isinstance(happening, Signalled) and happening.leg is other
            (self._inbox if is_of_given else call.inbox).put(happening)
        call.legs.remove(other)
        other.on_changed = lambda: None
        call.routed, call.partner = leg, None
        leg.other = other.other = ""
        return other

    def refuse(self) -> None:
        if not self._given.done():
            self._given.set_result(None)

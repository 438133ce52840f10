"""Orders to a call by the realtime API, carried out by the task that has it."""

from __future__ import annotations

import asyncio

import structlog

from switchroom.engines.rtpengine.client import NgError
from switchroom.engines.sip.errors import SipError
from switchroom.errors import Conflict, DomainError, ErrorCode, Invalid, NotFound, Unavailable
from switchroom.telephony.calls.leg import Leg
from switchroom.telephony.calls.live_call import CallOver, LiveCall, Rerouted
from switchroom.telephony.calls.snapshot import ChangeKind, LegStatus
from switchroom.telephony.calls.transfers import reroute, route_to
from switchroom.telephony.control.messages import (
    ChannelAction,
    Dtmf,
    Hangup,
    Hold,
    Mute,
    Play,
    Transfer,
    Unhold,
    Unmute,
)
from switchroom.telephony.media.sdp import SdpError
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.prompts import Sound

LIMIT = 4.0
"""Seconds for a call to come to an order."""

log = structlog.stdlib.get_logger(__name__)


class ChannelOrder:
    """An order to the call of a channel; the client that has given it waits."""

    def __init__(self, uuid: str, action: ChannelAction) -> None:
        self._uuid = uuid
        self._action = action
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def wait(self) -> None:
        """Until it is carried out. Raises domain errors, Unavailable for a call that does not come to it; it
        is void then."""
        try:
            async with asyncio.timeout(LIMIT):
                await self._done
        except TimeoutError:
            raise Unavailable(ErrorCode.CALL_WORKER_BUSY) from None

    async def execute(self, call: LiveCall) -> None:
        """Raises CallOver, Rerouted."""
        if self._done.done():
            return
        try:
            leg = next((one for one in call.legs if one.uuid == self._uuid and not one.has_ended), None)
            if leg is None:
                raise NotFound(ErrorCode.CHANNEL_NOT_FOUND, "uuid")
            await _execute(call, leg, self._action)
        except (CallOver, Rerouted):
            self._settle(None)
            raise
        except DomainError as error:
            self._settle(error)
        except (NgError, SdpError, SipError) as error:
            log.warning("order not carried out", call=call.id, reason=str(error))
            self._settle(Unavailable(ErrorCode.MEDIA_UNAVAILABLE))
        except Exception as error:
            log.exception("order failed", call=call.id)
            self._settle(error)
        else:
            self._settle(None)

    def refuse(self) -> None:
        self._settle(NotFound(ErrorCode.CHANNEL_NOT_FOUND, "uuid"))

    def _settle(self, error: Exception | None) -> None:
        if self._done.done():
            return
        if error is None:
            self._done.set_result(None)
        else:
            self._done.set_exception(error)


async def _execute(call: LiveCall, leg: Leg, action: ChannelAction) -> None:
    match action:
        case Hangup():
            await _hang_up(call, leg)
        case Transfer(target, kind):
            await _transfer(call, leg, target, waits=kind == "attended")
        case Hold():
            _other(call, leg)
            await call.hold(leg)
        case Unhold():
            _other(call, leg)
            if leg.status is not LegStatus.HELD:
                raise _state(leg)
            await call.unhold(leg)
        case Mute() | Unmute():
            _require_up(leg)
            await (leg.media.mute() if isinstance(action, Mute) else leg.media.unmute())
            call.note(ChangeKind.CHANGED, leg)
        case Play(media_id):
            await _play(call, leg, media_id)
        case Dtmf(digits):
            _require_up(leg)
            for digit in digits:
                await leg.media.send_key(digit)


async def _hang_up(call: LiveCall, leg: Leg) -> None:
    if leg is call.routed or leg is call.partner:
        if leg is call.partner:
            await leg.end(HangupCause.NORMAL_CLEARING)
        raise CallOver(HangupCause.NORMAL_CLEARING)
    await leg.end(HangupCause.CALL_REJECTED, 603)
    if leg is call.transferor:
        call.transferor = call.refer = None
    call.note(ChangeKind.LEG_ENDED, leg)


async def _transfer(call: LiveCall, leg: Leg, target: str, *, waits: bool) -> None:
    """A phone transfers whom it talks to; a carrier's leg is transferred by the phone that it talks to."""
    other = _other(call, leg)
    transferor, kept = (leg, other) if leg.party.device_id is not None else (other, leg)
    route = await route_to(call, transferor, kept, target)
    if route is None:
        raise Invalid(ErrorCode.NUMBER_NOT_REACHED, "target")
    await reroute(call, transferor, kept, route, waits=waits)


async def _play(call: LiveCall, leg: Leg, media_id: int) -> None:
    _require_up(leg)
    _other(call, leg)
    files = await call.board.prompts.files(call.organization_id, [Sound(media_id)], call.ear_of(leg))
    if not files:
        raise NotFound(ErrorCode.RESOURCE_NOT_FOUND, "media_id", kind="media", id=media_id)
    await call.interject(leg, files)


def _other(call: LiveCall, leg: Leg) -> Leg:
    other = call.other_of(leg)
    if other is None:
        raise _state(leg)
    return other


def _require_up(leg: Leg) -> None:
    if not leg.is_up:
        raise _state(leg)


def _state(leg: Leg) -> Conflict:
    return Conflict(ErrorCode.CHANNEL_STATE, "action", state=leg.status.value)

"""Quickcalls: calls that a program begins. The caller's phones ring first; the one that answers dials."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from msgspec import structs

from switchroom.errors import Conflict, DomainError, ErrorCode, Invalid, NotFound, Unavailable
from switchroom.telephony.calls.entries import describe_caller, dialled_flow
from switchroom.telephony.calls.inbox import Rang
from switchroom.telephony.calls.leg import Leg
from switchroom.telephony.calls.live_call import LiveCall, Route, Turned
from switchroom.telephony.calls.loaded import Caller, LoadedFlow, Refused
from switchroom.telephony.calls.ringing import Outcome, Reached, first_answer
from switchroom.telephony.calls.snapshot import CallDirection, ChangeKind
from switchroom.telephony.control.messages import Originated, Quickcall
from switchroom.telephony.routing.actions import Busy, DeviceTarget, Failed, Ring
from switchroom.telephony.routing.call import Call, Flow
from switchroom.telephony.routing.caller_id import Identity
from switchroom.telephony.routing.destinations import Outside
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.interpreter import start

RINGING_SECONDS = 30
"""Seconds for which the caller's phones ring."""

LIMIT = 15.0
"""Seconds for one of them to begin."""


class FromProgram:
    """A call that a program begins: `devices` ring, at least one, and the first that answers dials."""

    def __init__(self, quickcall: Quickcall, devices: Sequence[int]) -> None:
        self._quickcall = quickcall
        self._devices = devices
        self._rings: asyncio.Future[Originated] = asyncio.get_running_loop().create_future()

    async def wait(self) -> Originated:
        """Until a phone rings. Raises domain errors where none does."""
        try:
            async with asyncio.timeout(LIMIT):
                return await self._rings
        except TimeoutError:
            raise Unavailable(ErrorCode.CALL_WORKER_BUSY) from None

    async def enter(self, call: LiveCall) -> Route | Turned:
        nobody = call.routed
        try:
            return await self._enter(call)
        except DomainError as error:
            self._fail(error)
            raise
        finally:
            self._fail(Conflict(ErrorCode.DEVICE_NOT_REGISTERED))
            await nobody.forget()

    async def _enter(self, call: LiveCall) -> Route | Turned:
        callers = await self._callers(call)
        if not callers:
            self._fail(NotFound(ErrorCode.RESOURCE_NOT_FOUND, "id", kind="device", id=self._devices[0]))
            return Turned(HangupCause.CALL_REJECTED, 403)
        caller = next(iter(callers.values()))
        describe_caller(call, caller)
        call.realm = await call.board.loader.realm(caller.account.id)
        dialling = await self._diallings(call, callers)
        if not dialling:
            self._fail(Invalid(ErrorCode.NUMBER_NOT_REACHED, "number"))
            return Turned(HangupCause.UNALLOCATED_NUMBER, 404)
        loaded, _ = next(iter(dialling.values()))
        call.flow_name = loaded.flow.name
        if isinstance(caller.destination, Outside):
            call.direction = CallDirection.OUTGOING
        callers = {id_: callers[id_] for id_ in dialling}
        outcome = await self._ring(call, callers, _with_contacts([flow for flow, _ in dialling.values()]))
        if not isinstance(outcome, Reached):
            return _turned(outcome)
        loaded, dialled = dialling[outcome.leg.party.device_id or 0]
        call.legs = [outcome.leg]
        call.routed = outcome.leg
        call.codecs = [outcome.codec]
        self._told(call, outcome.leg)
        call.note_answer(outcome.leg)
        state = structs.replace(start(loaded.flow, dialled), is_answered=True)
        return Route(loaded, state)

    async def _callers(self, call: LiveCall) -> Mapping[int, Caller]:
        """The devices that may call, by their ids."""
        found: dict[int, Caller] = {}
        for device_id in self._devices:
            caller = await call.board.loader.caller(device_id, self._quickcall.number)
            if isinstance(caller, Refused) or caller.account.id != self._quickcall.organization_id:
                continue
            found[device_id] = caller
        return found

    async def _diallings(
        self, call: LiveCall, callers: Mapping[int, Caller]
    ) -> Mapping[int, tuple[LoadedFlow, Call]]:
        """Flow and call to the number that each of the devices dials, by their ids, without devices whose
        number leads nowhere. The flow knows, too, where the device is to be reached."""
        loader = call.board.loader
        found = {id_: await dialled_flow(loader, one, one.call) for id_, one in callers.items()}
        return {id_: one for id_, one in found.items() if one is not None}

    async def _ring(self, call: LiveCall, callers: Mapping[int, Caller], dialled: Flow) -> Outcome:
        """Ring the devices, and tell of the call from the first on."""
        nobody = call.routed

        def added(leg: Leg) -> None:
            if call.routed is nobody:
                call.routed = leg
                call.legs = []
            call.add(leg)
            call.tell_beginning()

        flow = structs.replace(
            dialled,
            devices={id_: one.device for id_, one in callers.items()},
            users={one.user.id: one.user for one in callers.values() if one.user is not None},
        )
        first = next(iter(callers.values()))
        ring = Ring(
            targets=tuple(DeviceTarget(id_, timeout=RINGING_SECONDS) for id_ in callers),
            timeout=RINGING_SECONDS,
            caller=Identity(number=self._quickcall.number),
            auto_answer=self._quickcall.auto_answer,
        )
        ringing = structs.replace(call.ringing(), added=added)

        async def rang(event: Rang) -> None:
            call.note(ChangeKind.RINGING, event.leg)
            self._told(call, event.leg)

        return await call.outcome_of(first_answer(ringing, flow, first.call, ring), rang)

    def _told(self, call: LiveCall, leg: Leg) -> None:
        if not self._rings.done():
            self._rings.set_result(Originated(call.id, leg.uuid))

    def _fail(self, error: DomainError) -> None:
        if not self._rings.done():
            self._rings.set_exception(error)
            self._rings.exception()  # nobody may wait for it any more


def _with_contacts(loaded: Sequence[LoadedFlow]) -> Flow:
    """The first of the flows, knowing of all of them where devices are to be reached."""
    flow = loaded[0].flow
    contacts = {id_: places for one in loaded for id_, places in one.flow.live.contacts.items()}
    return structs.replace(flow, live=structs.replace(flow.live, contacts=contacts))


def _turned(outcome: Outcome) -> Turned:
    match outcome:
        case Busy():
            return Turned(HangupCause.USER_BUSY, 486)
        case Failed(cause, code):
            return Turned(cause, code)
        case _:
            return Turned(HangupCause.NO_ANSWER, 480)

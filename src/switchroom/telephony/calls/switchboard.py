"""Switchboard: all calls of one telephony worker."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Coroutine, Iterator
from datetime import datetime
from typing import Any

import structlog
from msgspec import structs

from switchroom.engines.rtpengine.client import NgError
from switchroom.engines.sip.errors import MalformedValue, SipError
from switchroom.engines.sip.events import ReferRequested, SessionEvent
from switchroom.engines.sip.headers import field_name
from switchroom.engines.sip.incoming import IncomingCall
from switchroom.engines.sip.message import Request
from switchroom.engines.sip.session import Session
from switchroom.engines.sip.uri import parse_uri
from switchroom.telephony.calls import transfers
from switchroom.telephony.calls.call_state import SavedCall, read_saved
from switchroom.telephony.calls.dialling import TrunkDialler
from switchroom.telephony.calls.entries import FromDevice
from switchroom.telephony.calls.from_trunk import FromTrunk
from switchroom.telephony.calls.inbox import Inbox
from switchroom.telephony.calls.kept_loader import KeptLoader
from switchroom.telephony.calls.leg import DEVICE, AbandonedLeg, Leg, Party
from switchroom.telephony.calls.live_call import Entry, LiveCall, Performer
from switchroom.telephony.calls.loaded import LoadedFlow
from switchroom.telephony.calls.media_services import MediaServices
from switchroom.telephony.calls.prompt_files import PromptFiles
from switchroom.telephony.calls.ringing import Outcome, RingingCall
from switchroom.telephony.calls.routes import Route, Turned
from switchroom.telephony.calls.snapshot import CallSnapshot, Journal, LegDirection
from switchroom.telephony.media.leg import LegMedia
from switchroom.telephony.media.state import LegState
from switchroom.telephony.routing.actions import Action, Dial
from switchroom.telephony.routing.call import Flow
from switchroom.telephony.routing.call_limits import OutsideCalls
from switchroom.telephony.routing.caller_id import ANONYMOUS_NUMBER
from switchroom.telephony.routing.configuration import MemberType

log = structlog.stdlib.get_logger(__name__)

TRUNK = field_name("X-SR-Trunk")

MOST_BEGINNING = 200
"""Calls at once of which it is not known yet where they lead. There are so many where more come in than this
process can set up, each later than the one before, until nothing rings in time and its supervisor takes it to
hang. Further ones are refused, which takes a tenth as long."""


MOST_ROUNDS, MOST_ROUNDS_UNKNOWN = 10, 50
"""Calls at once of one caller to one number that come in by a carrier and go out again by one, where the
caller is known and where not (decision 111). A number that leads back to itself makes a further one each time
round, and a carrier may begin Max-Forwards anew."""


class Switchboard:
    """Takes calls in, and has them until they are over. It is the listener of the process's user agent."""

    def __init__(
        self, loader: KeptLoader, prompts: PromptFiles, journal: Journal, dialler: TrunkDialler
    ) -> None:
        self.loader = loader
        self.prompts = prompts
        self.journal = journal
        self._dialler = dialler
        self.performers: dict[type[Action], Performer] = {}
        self.calls: dict[str, LiveCall] = {}
        self._unplaced: dict[str, LiveCall] = {}
        """Calls whose account was not known when they were looked at last."""
        self._accounts: defaultdict[int, dict[str, LiveCall]] = defaultdict(dict)
        self._services: MediaServices | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._beginning: set[str] = set()
        self._group_turns: Counter[int] = Counter()
        self._idle_since: dict[str, datetime] = {}

    @property
    def services(self) -> MediaServices:
        assert self._services is not None
        return self._services

    def begin(self, services: MediaServices) -> None:
        """Take calls in from now on."""
        self._services = services

    async def stop(self) -> None:
        """End all calls: the relay is ended together with this process."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # Notices of the user agent.

    def on_call(self, call: IncomingCall) -> None:
        """A new call."""
        if self._services is None or len(self._beginning) >= MOST_BEGINNING:
            call.refuse(503)
            return
        if call.replaces is not None:
            # It would end a call, of whatever account, by what its peers and those on the way know of it.
            call.refuse(481)
            return
        entry = self._entry(call)
        if entry is None:
            call.refuse(403)
            return
        if call.invite.max_forwards < 1:
            # Whatever it leads to may have to go on from here (RFC 7332 section 4.3).
            call.refuse(483)
            return
        inbox = Inbox()
        leg = Leg(self._services, inbox, Party(), LegDirection.INBOUND)
        leg.session = call
        call.listener = leg.listen
        live = LiveCall(self, inbox, leg)
        live.max_forwards = call.invite.max_forwards
        self._beginning.add(live.id)
        self.have(live, _Counted(entry, self._beginning))

    def on_message(self, request: Request) -> int:
        """A MESSAGE: nobody takes texts yet."""
        return 405

    # Services for calls.

    def have(self, call: LiveCall, entry: Entry) -> None:
        """Have a call from its beginning on."""
        self._start(call, call.run(entry))

    def take_up(self, snapshot: CallSnapshot) -> bool:
        """Take up a call that a process has left behind, and end its legs that cannot be; False where nothing
        is left of it: its caller has not been answered. Raises msgspec.MsgspecError, MalformedValue."""
        saved = read_saved(snapshot.state)
        for leg in saved.abandoned:
            self._end(leg)
        if not any(leg.uuid == saved.routed for leg in saved.legs):
            return False
        call = self._restored(snapshot, saved)
        self._start(call, call.resume(saved))
        return True

    def call_of(self, session: Session) -> LiveCall | None:
        """The call that has a session."""
        return next(
            (one for one in self.calls.values() if any(leg.session is session for leg in one.legs)), None
        )

    def of_account(self, organization_id: int) -> list[LiveCall]:
        """The live calls of an account."""
        for call in [one for one in self._unplaced.values() if one.organization_id]:
            del self._unplaced[call.id]
            self._accounts[call.organization_id][call.id] = call
        return [*self._accounts.get(organization_id, {}).values()]

    def with_live(self, flow: Flow) -> Flow:
        """The flow with the calls that devices and trunks have now."""
        devices: Counter[int] = Counter()
        trunks = Counter(self._dialler.begun)
        for leg in self._legs_of(flow.account.id):
            if leg.party.device_id is not None:
                devices[leg.party.device_id] += 1
            if leg.party.trunk_id is not None:
                trunks[leg.party.trunk_id] += 1
        live = structs.replace(
            flow.live,
            device_calls=devices,
            trunk_calls=trunks,
            group_turns=self._group_turns,
            idle_since=self._idle_since,
        )
        return flow.with_live(live)

    def outside_calls(self, organization_id: int) -> OutsideCalls:
        """The calls with the public network that an account has now."""
        legs = [one for one in self._legs_of(organization_id) if one.party.trunk_id is not None]
        out = [one for one in legs if one.direction is LegDirection.OUTBOUND]
        forwards = sum(one.party.is_forward for one in out)
        begun = {one: self._dialler.begun_by(organization_id, is_forward=one) for one in (False, True)}
        return OutsideCalls(
            incoming=len(legs) - len(out),
            outgoing=len(out) + sum(begun.values()),
            forwarded=forwards + begun[True],
        )

    def goes_round(self, call: LiveCall) -> bool:
        """Whether a call that came in by a carrier is to be taken for a round of a loop through carriers and
        must not go out again."""
        if _over_trunk(call, LegDirection.INBOUND) is None:
            return False
        rounds = sum(
            one is not call
            and (one.caller_number, one.dialled) == (call.caller_number, call.dialled)
            and all(_over_trunk(one, direction) is not None for direction in LegDirection)
            for one in self.of_account(call.organization_id)
        )
        return rounds >= (
            MOST_ROUNDS_UNKNOWN if call.caller_number in ("", ANONYMOUS_NUMBER) else MOST_ROUNDS
        )

    def count_group(self, group_id: int) -> None:
        """Count a call that a group has had."""
        self._group_turns[group_id] += 1

    async def dial(self, ringing: RingingCall, loaded: LoadedFlow, action: Dial) -> Outcome:
        """Call a number over a trunk."""
        return await self._dialler.dial(ringing, loaded, action)

    async def refer(self, call: LiveCall, leg: Leg, event: ReferRequested) -> None:
        """A phone transfers whom it talks to."""
        await transfers.refer(call, leg, event)

    def _legs_of(self, organization_id: int) -> Iterator[Leg]:
        for call in self.of_account(organization_id):
            for leg in call.legs:
                if not leg.has_ended:
                    yield leg

    def _entry(self, call: IncomingCall) -> Entry | None:
        trunk = call.invite.headers.get(TRUNK) or ""
        if trunk.isascii() and trunk.isdigit():
            return FromTrunk(int(trunk), call.invite)
        device = call.invite.headers.get(DEVICE) or ""
        try:
            dialled = parse_uri(call.invite.uri).username
        except MalformedValue:
            return None
        if device.isascii() and device.isdigit():
            return FromDevice(int(device), dialled)
        return None

    def _start(self, call: LiveCall, work: Coroutine[Any, Any, None]) -> None:
        self.calls[call.id] = self._unplaced[call.id] = call
        task = asyncio.create_task(work, name=f"call {call.id}")
        self._tasks.add(task)

        def over(done: asyncio.Task[None]) -> None:
            self._tasks.discard(done)
            self._beginning.discard(call.id)
            self.calls.pop(call.id, None)
            self._leave(call)
            for leg in call.legs:
                if leg.answered_at is not None and leg.ended_at is not None:
                    self._rest(leg.party, leg.ended_at)

        task.add_done_callback(over)

    def _leave(self, call: LiveCall) -> None:
        """Count a call to its account no longer."""
        self._unplaced.pop(call.id, None)
        of_account = self._accounts.get(call.organization_id)
        if of_account is not None:
            of_account.pop(call.id, None)
            if not of_account:
                del self._accounts[call.organization_id]

    def _rest(self, party: Party, since: datetime) -> None:
        """Count somebody as idle from the end of their last call on."""
        if party.device_id is not None:
            self._idle_since[f"{MemberType.DEVICE.value}:{party.device_id}"] = since
        if party.user_id is not None:
            self._idle_since[f"{MemberType.USER.value}:{party.user_id}"] = since

    def _end(self, leg: AbandonedLeg) -> None:
        """End a leg of a process before this one. The SIP server gives a caller who is refused so to another
        worker, where there is one."""
        agent = self.services.agent
        try:
            if leg.sent is not None:
                agent.give_up(leg.sent)
            if leg.received is not None:
                agent.refuse(leg.received, 503)
            if leg.dialog is not None:
                agent.restore(leg.dialog, _ignore).bye()
        except SipError as error:
            log.error("a leg that was left cannot be ended", reason=str(error))
        self._own(asyncio.create_task(self._forget(leg.media), name="media of a leg that was left"))

    async def _forget(self, media: str) -> None:
        try:
            await LegMedia(self.services.ng, LegState(id=media)).close()
        except NgError as error:
            log.warning("media not ended", media=media, reason=str(error))

    def _own(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _restored(self, snapshot: CallSnapshot, saved: SavedCall) -> LiveCall:
        inbox = Inbox()
        legs = {one.uuid: Leg.restored(self.services, inbox, one) for one in saved.legs}
        call = LiveCall(self, inbox, legs[saved.routed], snapshot.id)
        call.organization_id = snapshot.organization_id
        call.realm = saved.realm
        call.direction = snapshot.direction
        call.dialled, call.flow_name = snapshot.dialled, snapshot.flow_name
        call.caller_name, call.caller_number = snapshot.caller_name, snapshot.caller_number
        call.started_at, call.answered_at = snapshot.started_at, snapshot.answered_at
        call.hold_music, call.max_forwards, call.seat = saved.hold_music, saved.max_forwards, saved.seat
        codec = call.routed.media.state.codec
        call.codecs = [codec] if codec is not None else []
        if saved.partner:
            call.partner = legs[saved.partner]
            call.add(call.partner)
        for uuid, leg in legs.items():
            if uuid not in (saved.routed, saved.partner):
                call.add(leg)
                call.transferor = leg
        return call


def _over_trunk(call: LiveCall, direction: LegDirection) -> Leg | None:
    """The leg of a call that is up over a trunk in that direction."""
    legs = (one for one in call.legs if one.direction is direction and not one.has_ended)
    return next((one for one in legs if one.party.trunk_id is not None), None)


def _ignore(session: Session, event: SessionEvent) -> None:
    """Listener of a session that is only ended."""


class _Counted:
    """A beginning during which the call is among those that begin."""

    def __init__(self, entry: Entry, beginning: set[str]) -> None:
        self._entry = entry
        self._beginning = beginning

    async def enter(self, call: LiveCall) -> Route | Turned:
        try:
            return await self._entry.enter(call)
        finally:
            self._beginning.discard(call.id)

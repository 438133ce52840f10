"""Dialling: a number of the public network is called over one trunk, by the addresses of its server."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

import structlog

from switchroom.engines.sip.errors import MalformedValue
from switchroom.errors import Unavailable
from switchroom.telephony.calls.inbox import Inbox
from switchroom.telephony.calls.leg import Leg, Party
from switchroom.telephony.calls.loaded import LoadedFlow, TrunkAccess
from switchroom.telephony.calls.outbound import OutboundCall, outbound_call
from switchroom.telephony.calls.ringing import Outcome, RingingCall, await_answer, call_leg
from switchroom.telephony.calls.snapshot import LegDirection
from switchroom.telephony.carriers import (
    CarrierAddresses,
    CarrierForbidden,
    CarrierUnknown,
    Hop,
    transport_of,
)
from switchroom.telephony.media.state import LegKind
from switchroom.telephony.routing.actions import Dial, Failed, NoAnswer
from switchroom.telephony.routing.configuration import MediaEncryption, Trunk
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.trunk_claims import Claimant, TrunkClaims

_MOST_HOPS = 3
_GOES_ON = frozenset({408, 503})
"""Statuses after which the next address of the server is tried (RFC 3263 section 4.3)."""

_NOT_KNOWN = frozenset({401, 407})
"""Statuses of a carrier that does not take our credentials: another trunk may do better."""

_OTHER_MEDIA = frozenset({415, 488, 606})
"""Statuses of a side that does not take the media that it is offered."""

_FULL = Failed(HangupCause.NORMAL_CIRCUIT_CONGESTION, 503)
_AWAY = Failed(HangupCause.DESTINATION_OUT_OF_ORDER, 502)

log = structlog.stdlib.get_logger(__name__)


class TrunkDialler:
    """Caller over trunks, one for all calls of a worker. No trunk gets more calls than it carries, and no
    account has more than it may, but for emergencies: calls are counted here before they are legs."""

    def __init__(self, carriers: CarrierAddresses, claims: TrunkClaims, own_host: str) -> None:
        """`own_host` is the name or address of our side."""
        self._carriers = carriers
        self._claims = claims
        self._own_host = own_host
        self._begun: Counter[int] = Counter()
        self._begun_by: Counter[tuple[int, bool]] = Counter()

    @property
    def begun(self) -> Mapping[int, int]:
        """Numbers of calls by trunk that are about to be legs."""
        return self._begun

    def begun_by(self, organization_id: int, *, is_forward: bool) -> int:
        """Number of calls of an account that are about to be legs: of forwarded ones, or of the others."""
        return self._begun_by[organization_id, is_forward]

    async def dial(self, ringing: RingingCall, loaded: LoadedFlow, action: Dial) -> Outcome:
        """Call a number over a trunk. Failed where another trunk may do better has a status of 5xx or 408."""
        trunk_id = action.trunk_id
        access, trunk = loaded.trunk_accesses.get(trunk_id), loaded.flow.trunks.get(trunk_id)
        if access is None or trunk is None:
            return _AWAY
        calls = ringing.with_live(loaded.flow).live.trunk_calls.get(trunk_id, 0)
        if not action.is_emergency and trunk.concurrent_calls is not None and calls >= trunk.concurrent_calls:
            return _FULL
        if not action.is_emergency and not ringing.may_go_out(loaded.flow.account.limits, action.is_forward):
            log.info("account has as many calls as it may", organization=ringing.organization_id)
            return _FULL
        deadline = asyncio.get_running_loop().time() + action.timeout
        with self._beginning(ringing, action):
            hops = await self._hops(access, loaded.flow.account.id, action)
        outcome: Outcome = _AWAY
        for hop in hops:
            try:
                call = outbound_call(action.request, access, hop, self._own_host)
            except MalformedValue as error:
                log.warning("trunk cannot be called", trunk_id=trunk_id, reason=str(error))
                return _AWAY
            outcome = await self._call(ringing, action, call, _kinds(trunk, action), deadline)
            if not isinstance(outcome, Failed) or outcome.code not in _GOES_ON:
                break
        if isinstance(outcome, Failed) and outcome.code in _NOT_KNOWN:
            log.warning("carrier does not take the credentials", trunk_id=trunk_id)
            return _AWAY
        return outcome

    async def _hops(self, access: TrunkAccess, organization_id: int, action: Dial) -> tuple[Hop, ...]:
        """Addresses that the call may go to. They may have changed since the trunk was last looked after."""
        trunk_id = action.trunk_id
        try:
            found = await self._carriers.find(access.server, access.port, access.transport)
        except (CarrierUnknown, CarrierForbidden) as error:
            log.warning("trunk cannot be reached", trunk_id=trunk_id, reason=str(error))
            return ()
        claimant = Claimant(
            trunk_id=trunk_id,
            organization_id=organization_id,
            by_address=not access.username,
            shares_server=access.shares_server,
            is_checked=access.verifies_certificate and transport_of(access.transport) == "tls",
        )
        try:
            free = await self._claims.free(claimant, found)
        except Unavailable:
            if not action.is_emergency:
                raise
            free = found
        if not free:
            log.warning("trunk leads where it may not, see its status", trunk_id=trunk_id)
        return free[:_MOST_HOPS]

    @contextmanager
    def _beginning(self, ringing: RingingCall, action: Dial) -> Generator[None]:
        """Count a call while the block runs."""
        account = ringing.organization_id, action.is_forward
        self._begun[action.trunk_id] += 1
        self._begun_by[account] += 1
        try:
            yield
        finally:
            self._begun[action.trunk_id] -= 1
            self._begun_by[account] -= 1

    async def _call(
        self,
        ringing: RingingCall,
        action: Dial,
        call: OutboundCall,
        kinds: Sequence[LegKind],
        deadline: float,
    ) -> Outcome:
        """Call by one address, with the next kind of media where one is refused."""
        outcome: Outcome = NoAnswer()
        for kind in kinds:
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return NoAnswer()
            inbox = Inbox()
            party = Party(trunk_id=action.trunk_id, number=call.uri.username, is_forward=action.is_forward)
            leg = Leg(ringing.services, inbox, party, LegDirection.OUTBOUND)
            leg.media.state.must_encrypt = LegKind.PLAIN not in kinds
            with self._beginning(ringing, action):
                problem = await call_leg(
                    ringing, leg, call.uri, call.from_, call.headers, call.credentials, kind
                )
            outcome = problem or await await_answer(ringing, leg, inbox, left, to_trunk=True)
            if leg.sip_code not in _OTHER_MEDIA:
                break
        return outcome


def _kinds(trunk: Trunk, action: Dial) -> Sequence[LegKind]:
    """The kinds of media that the trunk's carrier is offered. An emergency caller is not kept from help by a
    carrier without encryption."""
    match trunk.media_encryption:
        case MediaEncryption.NONE:
            return (LegKind.PLAIN,)
        case MediaEncryption.MANDATORY if not action.is_emergency:
            return (LegKind.SDES,)
        case _:
            return (LegKind.SDES, LegKind.PLAIN)

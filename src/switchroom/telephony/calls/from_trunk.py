"""Beginnings of calls: a carrier brings one, over a trunk that the SIP server has identified."""

from __future__ import annotations

import re

import structlog

from switchroom.engines.sip.address import NameAddr, parse_name_addr
from switchroom.engines.sip.errors import MalformedValue
from switchroom.engines.sip.message import Request
from switchroom.engines.sip.uri import parse_uri
from switchroom.errors import Unavailable
from switchroom.telephony.calls.leg import Leg, Party
from switchroom.telephony.calls.live_call import LiveCall, Route, Turned
from switchroom.telephony.calls.loaded import Refused
from switchroom.telephony.calls.snapshot import CallDirection
from switchroom.telephony.media.state import LegKind
from switchroom.telephony.routing.call import Call
from switchroom.telephony.routing.call_limits import may_come_in
from switchroom.telephony.routing.caller_id import Identity, incoming_identity, known
from switchroom.telephony.routing.configuration import Account, MediaEncryption, Trunk
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.interpreter import start

log = structlog.stdlib.get_logger(__name__)

_CONTACT = re.compile(r"t[0-9a-f]{32}")
"""User of a contact that was registered for a trunk (`TrunkState.token`): no number, that is in To."""

_NUMBER = re.compile(r"\+?[0-9]+")


class FromTrunk:
    """A call by a carrier. It comes to a number of the trunk's account, or to nobody."""

    def __init__(self, trunk_id: int, invite: Request) -> None:
        self._trunk_id = trunk_id
        self._invite = invite

    async def enter(self, call: LiveCall) -> Route | Turned:
        loader = call.board.loader
        incoming = await loader.incoming(self._trunk_id, called_number(self._invite))
        if incoming is Refused.NUMBER_UNKNOWN:
            return Turned(HangupCause.UNALLOCATED_NUMBER, 404)
        if isinstance(incoming, Refused):
            return Turned(HangupCause.CALL_REJECTED, 403)
        account, trunk = incoming.account, incoming.trunk
        identity = calling_identity(self._invite, trunk.country or account.country)
        identity = known(identity, await self._contact_name(call, account, identity.number))
        call.organization_id = account.id
        call.direction = CallDirection.INCOMING
        call.dialled = incoming.number
        call.caller_name, call.caller_number = identity.name_inside, identity.number
        call.realm = await loader.realm(account.id)
        routed = Call(caller=identity, dialled=incoming.number)
        loaded = await loader.flow(account.id, incoming.callflow_id, routed)
        if loaded is None:
            return Turned(HangupCause.UNALLOCATED_NUMBER, 404)
        call.flow_name = loaded.flow.name
        calls = call.board.with_live(loaded.flow).live.trunk_calls.get(trunk.id, 0)
        is_full = _is_full(trunk, calls) or not may_come_in(
            account.limits, call.board.outside_calls(account.id)
        )
        call.routed.party = Party(
            trunk_id=trunk.id,
            name=identity.name,
            known_as=identity.known_as,
            number=identity.number,
            language=account.language,
        )
        call.know_carrier(call.routed, incoming.access)
        call.is_told = True
        if not _is_encrypted_enough(trunk, call.routed):
            return Turned(HangupCause.INCOMPATIBLE_DESTINATION, 488)
        if is_full:
            return Turned(HangupCause.NORMAL_CIRCUIT_CONGESTION, 486)
        return Route(loaded, start(loaded.flow, routed))

    async def _contact_name(self, call: LiveCall, account: Account, number: str) -> str:
        try:
            return await call.board.loader.contact_name(account.id, number, account.country)
        except Unavailable as error:
            # A call is worth more than a name.
            log.warning("contacts not looked up", call=call.id, reason=error.code)
            return ""


def _is_encrypted_enough(trunk: Trunk, leg: Leg) -> bool:
    """Whether the carrier's media are encrypted, where they must be; they are from then on."""
    if trunk.media_encryption is not MediaEncryption.MANDATORY:
        return True
    media = leg.media.state
    media.must_encrypt = True
    return media.kind is not LegKind.PLAIN or not media.offered  # who offers nothing is offered it


def called_number(invite: Request) -> str:
    """The number that a carrier calls: the Request-URI's, or To's where that is the contact that we have
    registered. Empty where there is none."""
    user = _user(invite.uri)
    if _CONTACT.fullmatch(user) is None:
        return user
    called = invite.headers.get("P-Called-Party-Id")
    if called is not None and (party := _address(called)) is not None:
        return party.uri.username
    return invite.to.uri.username


def calling_identity(invite: Request, country: str) -> Identity:
    """Identity of the caller, as the carrier says: From, or P-Asserted-Identity where From has no number and
    nobody asks for privacy (RFC 3323, RFC 3325)."""
    wanted = {one.strip().lower() for one in (invite.headers.get("Privacy") or "").split(";")}
    withheld = bool(wanted & {"id", "user", "header"})
    shown = invite.from_
    if _NUMBER.fullmatch(shown.uri.username) is None and not withheld:
        asserted = _address(invite.headers.get("P-Asserted-Identity") or "")
        if asserted is not None and _NUMBER.fullmatch(asserted.uri.username) is not None:
            shown = asserted
    return incoming_identity(shown.display_name, shown.uri.username, country, withheld=withheld)


def _is_full(trunk: Trunk, calls: int) -> bool:
    return trunk.concurrent_calls is not None and calls >= trunk.concurrent_calls


def _user(uri: str) -> str:
    try:
        return parse_uri(uri).username
    except MalformedValue:
        return ""


def _address(text: str) -> NameAddr | None:
    try:
        return parse_name_addr(text)
    except MalformedValue:
        return None

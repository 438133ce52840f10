"""Forwarding that callers switch on, off, and to another number by feature codes.

A call that somebody has transferred goes on at that one's cost, and so it may come to a feature code with a
stranger on the line: whose forwarding is changed has to be there themselves.
"""

from __future__ import annotations

import structlog

from switchroom.errors import DomainError
from switchroom.telephony.calls.leg import Party
from switchroom.telephony.calls.live_call import LiveCall
from switchroom.telephony.resources.actor import Actor, Level
from switchroom.telephony.resources.service import Resources
from switchroom.telephony.routing.actions import ChangeForwarding, Event, Failed, Finished
from switchroom.telephony.routing.hangup_causes import HangupCause

log = structlog.stdlib.get_logger(__name__)


class Forwarding:
    """Performer of ChangeForwarding: the change is one of the API's, with its rules and its event."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def perform(self, call: LiveCall, action: ChangeForwarding) -> Event:
        """Perform `ChangeForwarding`; Failed where it is not that of the user or phone on the line."""
        if not _is_own(call.routed.party, action):
            log.warning("forwarding of somebody else not changed", call=call.id)
            return Failed(HangupCause.CALL_REJECTED, 403)
        actor = Actor(call.organization_id, Level.ADMIN, by="telephone")
        name, id_ = ("users", action.user_id) if action.user_id is not None else ("devices", action.device_id)
        assert id_ is not None
        kind = self._resources.kinds[name]
        try:
            forward = dict((await self._resources.read(actor, kind, id_))["call_forward"])
            forward["enabled"] = action.enabled
            if action.number is not None:
                forward["number"] = action.number
            await self._resources.change(actor, kind, id_, {"call_forward": forward})
        except DomainError as error:
            log.warning("forwarding not changed", call=call.id, reason=error.code)
            return Failed(HangupCause.INVALID_NUMBER_FORMAT, 484)
        return Finished()


def _is_own(party: Party, action: ChangeForwarding) -> bool:
    if action.user_id is not None:
        return party.user_id == action.user_id
    return action.device_id is not None and party.device_id == action.device_id

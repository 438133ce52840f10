"""Logging in to groups and out of them by feature codes, for the user and the phone on the line
themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy import and_, or_, select

from switchroom.errors import DomainError
from switchroom.telephony.calls.leg import Party
from switchroom.telephony.calls.live_call import LiveCall
from switchroom.telephony.resources.actor import Actor, Level
from switchroom.telephony.resources.references import ResourceReference
from switchroom.telephony.resources.resource import Work
from switchroom.telephony.resources.service import Resources, change_in
from switchroom.telephony.routing.actions import Event, Failed, Finished, LogInToGroup
from switchroom.telephony.routing.destinations import Internal
from switchroom.telephony.routing.flow import GroupData
from switchroom.telephony.routing.hangup_causes import HangupCause

_REFUSED = Failed(HangupCause.CALL_REJECTED, 403)

log = structlog.stdlib.get_logger(__name__)


class GroupLogin:
    """Performer of LogInToGroup: the change is one of the API's, with its event."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._groups = resources.kinds["groups"]

    async def perform(self, call: LiveCall, action: LogInToGroup) -> Event:
        """Perform `LogInToGroup`; Failed where no group lets the user or phone on the line."""
        party = call.routed.party
        if party.device_id is None:
            return _REFUSED
        actor = Actor(call.organization_id, Level.ADMIN, by="telephone")
        try:
            wanted = await _group_of(call, action.number) if action.number else None
            if action.number and wanted is None:
                return _REFUSED
            async with self._resources.changing(actor) as work:
                ids = [id_ for id_ in await _groups_with(work, party) if wanted in (None, id_)]
                are_changed = [await self._change(work, id_, party, logged=action.logged) for id_ in ids]
        except DomainError as error:
            log.warning("not logged in to a group", call=call.id, reason=error.code)
            return Failed(HangupCause.NORMAL_TEMPORARY_FAILURE, 503)
        return Finished() if any(are_changed) else _REFUSED

    async def _change(self, work: Work, group_id: int, party: Party, *, logged: bool) -> bool:
        """Log in to a group, or out; whether it lets its members."""
        row = await self._groups.find(work, group_id, to_change=True)
        values: dict[str, Any] = self._groups.values_of(row) if row is not None else {}
        if not values.get("login_logout_authorized"):
            return False
        before: list[dict[str, Any]] = values["members"]
        after = [{**one, "logged": logged} if _is(one, party) else one for one in before]
        if after != before:
            await change_in(work, self._resources.kinds, self._groups, group_id, {"members": after})
        return True


async def _group_of(call: LiveCall, number: str) -> int | None:
    """The group that a number of the account rings."""
    assert call.state is not None
    assert call.loaded is not None
    loader, organization_id = call.board.loader, call.organization_id
    to = await loader.destination(organization_id, number, call.loaded.flow.account.country)
    if not isinstance(to, Internal):
        return None
    loaded = await loader.flow_to(organization_id, to, call.state.call)
    data = loaded.flow.root.data if loaded is not None else None
    return data.id if isinstance(data, GroupData) else None


async def _groups_with(work: Work, party: Party) -> Sequence[int]:
    """The groups of which the user or the device at the phone is a member."""
    table = ResourceReference
    members = [("users", party.user_id), ("devices", party.device_id)]
    query = select(table.source_id).where(
        table.organization_id == work.organization_id,
        table.source_kind == "groups",
        or_(*(and_(table.target_kind == kind, table.target_id == id_) for kind, id_ in members)),
    )
    return sorted(set(await work.session.scalars(query)))


def _is(member: dict[str, Any], party: Party) -> bool:
    own = {"user": party.user_id, "device": party.device_id}
    return own.get(member.get("member_type", "user")) == member["member_id"]

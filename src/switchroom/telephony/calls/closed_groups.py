"""Closed groups: whom a call may ring inside, where the caller or a forwarder reaches only those who share a
group with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.telephony.resources.devices import Device as DeviceRow
from switchroom.telephony.resources.references import ResourceReference
from switchroom.telephony.routing.call import Call, Flow
from switchroom.telephony.routing.configuration import MemberType, member_key
from switchroom.telephony.routing.restrictions import Payer, has_closed_groups

_TYPES = {"users": MemberType.USER, "devices": MemberType.DEVICE}

Ids = Mapping[str, Collection[int]]
"""Ids by the kinds of their resources."""


def forwarders(call: Call) -> Mapping[MemberType, Collection[int]]:
    """The users and devices that have forwarded a call."""
    found: defaultdict[MemberType, set[int]] = defaultdict(set)
    for who in call.forwards.by:
        type_, _, id_ = who.partition(":")
        found[MemberType(type_)].add(int(id_))
    return found


async def reachable(session: AsyncSession, flow: Flow, call: Call) -> frozenset[str] | None:
    """Keys of the users and devices that a call may ring, None for all (`Flow.reachable`)."""
    allowed: frozenset[str] | None = None
    for payer in _payers(flow, call):
        if has_closed_groups(payer):
            company = await _company(session, flow.account.id, payer)
            allowed = company if allowed is None else allowed & company
    return allowed


def _payers(flow: Flow, call: Call) -> Iterable[Payer]:
    yield flow.payer(call.user_id, call.device_id)
    by = forwarders(call)
    for user_id in by.get(MemberType.USER, ()):
        yield flow.payer(user_id)
    for device_id in by.get(MemberType.DEVICE, ()):
        yield flow.payer(None, device_id)


async def _company(session: AsyncSession, organization_id: int, payer: Payer) -> frozenset[str]:
    """The payer with their phones, and all who are in a group with one of these; a member of a group that is
    in another is in that too."""
    own: dict[str, set[int]] = {"users": set(), "devices": set()}
    if payer.device is not None:
        own["devices"].add(payer.device.id)
    if payer.user is not None:
        own["users"].add(payer.user.id)
        phones = select(DeviceRow.id).where(
            DeviceRow.organization_id == organization_id, DeviceRow.owner_id == payer.user.id
        )
        own["devices"].update(await session.scalars(phones))
    groups = await _groups_with(session, organization_id, own)
    found = await _members_of(session, organization_id, groups)
    return frozenset(
        member_key(type_, id_) for kind, type_ in _TYPES.items() for id_ in (*own[kind], *found.get(kind, ()))
    )


async def _groups_with(session: AsyncSession, organization_id: int, members: Ids) -> set[int]:
    table = ResourceReference
    found: set[int] = set()
    while any(members.values()):
        one_of_them = or_(
            *(and_(table.target_kind == kind, table.target_id.in_(ids)) for kind, ids in members.items())
        )
        query = select(table.source_id).where(
            table.organization_id == organization_id, table.source_kind == "groups", one_of_them
        )
        more = set(await session.scalars(query)) - found
        found |= more
        members = {"groups": more}
    return found


async def _members_of(session: AsyncSession, organization_id: int, groups: Collection[int]) -> Ids:
    table = ResourceReference
    found: defaultdict[str, set[int]] = defaultdict(set)
    wanted, seen = set(groups), set[int]()
    while wanted:
        query = select(table.target_kind, table.target_id).where(
            table.organization_id == organization_id,
            table.source_kind == "groups",
            table.source_id.in_(wanted),
            table.target_kind.in_((*_TYPES, "groups")),
        )
        seen |= wanted
        for kind, id_ in await session.execute(query):
            found[kind].add(id_)
        wanted = found["groups"] - seen
    return found

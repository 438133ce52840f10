"""Loader: what a call needs of the database, read anew for each call."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import islice

from msgspec import structs
from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import Database, columns_of
from switchroom.telephony.calls.calendar_hours import CalendarHours
from switchroom.telephony.calls.closed_groups import forwarders, reachable
from switchroom.telephony.calls.loaded import Caller, Incoming, LoadedFlow, Refused, TrunkAccess
from switchroom.telephony.calls.numbers import (
    extension_of,
    forms_of,
    is_out_of_service,
    number_plan,
    own_numbers,
)
from switchroom.telephony.calls.rows import AccountRows, Kinds
from switchroom.telephony.calls.unhurried import unhurried
from switchroom.telephony.resources import devices, trunks
from switchroom.telephony.resources.callflows import CallflowRow
from switchroom.telephony.resources.directories import ContactNumber, ContactRow, numbers_in
from switchroom.telephony.resources.medias import MediaRow
from switchroom.telephony.resources.realms import TelephonyAccount
from switchroom.telephony.resources.vault import Vault
from switchroom.telephony.routing.call import Call, Flow
from switchroom.telephony.routing.configuration import (
    Account,
    CallForward,
    Contact,
    Device,
    GroupMember,
    Live,
    MemberType,
    TrunkDirection,
    User,
)
from switchroom.telephony.routing.destinations import (
    Destination,
    FeatureCall,
    Internal,
    Nowhere,
    Outside,
    destination_of,
)
from switchroom.telephony.routing.flow import (
    ExternalData,
    FeatureData,
    Node,
    decode_stored,
    nodes_of,
    references,
)
from switchroom.telephony.routing.modules.features import feature_node
from switchroom.telephony.routing.modules.outside import outside_node
from switchroom.telephony.routing.modules.phones import members_of
from switchroom.telephony.routing.numbers import ending, endings, written_number
from switchroom.telephony.routing.restrictions import Payer
from switchroom.telephony.routing.trunks import incoming_number

OUTSIDE = 0
"""Id of the flow of a call to the public network, which is nobody's callflow."""

_MOST_ALIKE = 50
"""Numbers of contacts that end alike and are looked at, and contacts that have them."""

_CONTACTS = (
    select(ContactRow.name, ContactRow.details)
    .join(ContactNumber, ContactNumber.contact_id == ContactRow.id)
    .where(ContactNumber.ending == bindparam("ending"), ContactRow.name != "", ContactRow.user_id.is_(None))
    .order_by(ContactNumber.contact_id)
    .limit(_MOST_ALIKE)
)

_IN_BROWSER = re.compile(r";transport=wss?\b", re.IGNORECASE)
"""Parameter in the address of a contact that is reached by WebSocket."""


class Loader:
    """Reads callers, numbers and callflows. Nothing is kept but when calendars are open: what is configured
    counts from the next call on. Raises Unavailable when the database is away."""

    def __init__(self, database: Database, vault: Vault, kinds: Kinds) -> None:
        self._database = database
        self._vault = vault
        self._kinds = kinds
        self._hours = CalendarHours()

    async def caller(self, device_id: int, dialled: str) -> Caller | Refused:
        """Caller from a device that the SIP server has authenticated, with the number that is dialled."""
        table = devices.Device
        found = await self._belongs(select(table.organization_id, table.enabled).where(table.id == device_id))
        if found is None:
            return Refused.DEVICE_UNKNOWN
        organization_id, is_enabled = found
        if not is_enabled:
            return Refused.DEVICE_DISABLED
        async with self._database.read(organization_id) as session:
            rows = AccountRows(session, organization_id, self._kinds)
            account = await rows.account()
            if account is None:
                return Refused.ACCOUNT_CLOSED
            device = (await rows.devices({device_id})).get(device_id)
            if device is None:
                return Refused.DEVICE_UNKNOWN
            user = await _caller_user(session, rows, device)
            account = await _with_own_numbers(session, account, [device], [user] if user else [])
            country = Payer(account, user, device).country
            plan = await number_plan(session, organization_id, forms_of(dialled, country), with_features=True)
        return Caller(account=account, device=device, user=user, dialled=dialled, plan=plan)

    async def incoming(self, trunk_id: int, called: str) -> Incoming | Refused:
        """Call from a trunk, with the callflow that it leads to: to a telephone number of the trunk's
        account, over a trunk with `internal_calls` to an extension too, and never to a feature code."""
        table = trunks.TrunkRow
        found = await self._belongs(select(table.organization_id, table.enabled).where(table.id == trunk_id))
        if found is None:
            return Refused.TRUNK_UNKNOWN
        organization_id = found[0]
        async with self._database.read(organization_id) as session:
            rows = AccountRows(session, organization_id, self._kinds)
            account = await rows.account()
            if account is None:
                return Refused.ACCOUNT_CLOSED
            trunk_and_access = await rows.trunk(trunk_id, self._vault)
            if trunk_and_access is None:
                return Refused.TRUNK_UNKNOWN
            trunk, access = trunk_and_access
            if not trunk.enabled or trunk.calls_direction is TrunkDirection.OUTGOING:
                return Refused.TRUNK_DISABLED
            number = incoming_number(trunk, called, account.country)
            if number is None or not (number.startswith("+") or (trunk.internal_calls and number[0] != "*")):
                return Refused.NUMBER_UNKNOWN
            plan = await number_plan(session, organization_id, (number,))
            if number not in plan.numbers or await is_out_of_service(session, organization_id, number):
                return Refused.NUMBER_UNKNOWN
            account = await _with_own_numbers(session, account, [], [])
        return Incoming(
            account=account,
            trunk=trunk,
            access=access,
            number=number,
            callflow_id=plan.numbers[number],
        )

    async def contact_name(self, organization_id: int, number: str, country: str) -> str:
        """Name that the account's own contacts have for a number in E.164, the oldest first; empty where none
        has it. Their numbers are written as in the country. Contacts of users are for themselves."""
        if not number.startswith("+"):
            return ""
        async with self._database.read(organization_id) as session:
            for end in endings(number):
                found = await columns_of(session, _CONTACTS, {"ending": end})
                alike = (
                    (name, one)
                    for name, details in found
                    for one in numbers_in(details)
                    if ending(one) == end
                )
                async for name, one in unhurried(islice(alike, _MOST_ALIKE)):
                    if written_number(one, country) == number:
                        return name
        return ""

    async def destination(self, organization_id: int, number: str, country: str) -> Destination:
        """Destination of a number that is dialled on the way, in the payer's country."""
        async with self._database.read(organization_id) as session:
            plan = await number_plan(session, organization_id, forms_of(number, country), with_features=True)
        return destination_of(number, country, plan)

    async def with_number(self, loaded: LoadedFlow, number: str, country: str) -> LoadedFlow:
        """The flow, knowing what a number leads to that has been entered on the way."""
        async with self._database.read(loaded.flow.account.id) as session:
            plan = await number_plan(session, loaded.flow.account.id, forms_of(number, country))
        numbers = {**loaded.flow.plan.numbers, **plan.numbers}
        known = structs.replace(loaded.flow.plan, numbers=numbers)
        return structs.replace(loaded, flow=structs.replace(loaded.flow, plan=known))

    @staticmethod
    def known_of(call: Call) -> Hashable:
        """Part of a call that decides what is loaded for it: calls in which it is the same share a flow,
        whoever calls from outside."""
        return call.user_id, call.device_id, call.digits, call.forwards.by

    async def flow(self, organization_id: int, callflow_id: int, call: Call) -> LoadedFlow | None:
        """A callflow with all that it refers to, for this call. None where there is none, or the account is
        closed."""
        async with self._database.read(organization_id) as session:
            query = select(CallflowRow.name, CallflowRow.details["flow"]).where(
                CallflowRow.organization_id == organization_id, CallflowRow.id == callflow_id
            )
            found = (await session.execute(query)).one_or_none()
            if found is None:
                return None
            name, flow = found
            loaded = await self._loaded(
                session, organization_id, callflow_id, name, decode_stored(flow), call
            )
        return await self._with_hours(loaded)

    async def flow_to(self, organization_id: int, to: Destination, call: Call) -> LoadedFlow | None:
        """The flow that a destination stands for: a callflow, a feature code's, or a call over the trunks."""
        match to:
            case Internal(callflow_id):
                return await self.flow(organization_id, callflow_id, call)
            case FeatureCall(feature, _, callflow_id):
                id_, root = callflow_id, feature_node(feature)
            case Outside(number):
                id_, root = OUTSIDE, outside_node(number.number)
            case Nowhere():
                return None
        async with self._database.read(organization_id) as session:
            return await self._loaded(session, organization_id, id_, "", root, call)

    async def _with_hours(self, loaded: LoadedFlow | None) -> LoadedFlow | None:
        """The flow, knowing when its calendars are open."""
        if loaded is None or not loaded.flow.calendars:
            return loaded
        flow, organization_id = loaded.flow, loaded.flow.account.id

        async def texts(ids: Sequence[int]) -> Mapping[int, str]:
            async with self._database.read(organization_id) as session:
                return await AccountRows(session, organization_id, self._kinds).calendar_texts(ids)

        zone = flow.account.time_zone
        found = await self._hours.filled(organization_id, flow.calendars, zone, texts, now())
        return structs.replace(loaded, flow=structs.replace(flow, calendars=found))

    async def registered(self, organization_id: int, device_ids: Iterable[int]) -> frozenset[int]:
        """Ids among these of the devices that can be reached now."""
        async with self._database.read(organization_id) as session:
            return await AccountRows(session, organization_id, self._kinds).registered(set(device_ids))

    async def devices_to_ring(
        self, organization_id: int, device_id: int | None, user_id: int | None
    ) -> Sequence[int]:
        """A device, or those of a user, as far as they are enabled and can be reached now."""
        async with self._database.read(organization_id) as session:
            rows = AccountRows(session, organization_id, self._kinds)
            found = await rows.devices(
                {device_id} if device_id is not None else (), {user_id} if user_id is not None else ()
            )
            registered = await rows.registered(found)
        return [one.id for one in found.values() if one.enabled and one.id in registered]

    async def realm(self, organization_id: int) -> str:
        """The account's SIP realm."""
        async with self._database.read(organization_id) as session:
            query = select(TelephonyAccount.realm).where(TelephonyAccount.organization_id == organization_id)
            return (await session.execute(query)).scalar_one()

    async def music_on_hold(
        self, organization_id: int, device_id: int | None, user_id: int | None
    ) -> tuple[int | None, int | None]:
        """The sounds that are heard by whom a device of a user puts on hold: that of the device or else the
        user's, and the account's."""
        async with self._database.read(organization_id) as session:
            rows = AccountRows(session, organization_id, self._kinds)
            account = await rows.account()
            device = (await rows.devices({device_id})).get(device_id) if device_id is not None else None
            user = (await rows.users({user_id})).get(user_id) if user_id is not None else None
        levels = (one.music_on_hold_id for one in (device, user) if one is not None)
        own = next((one for one in levels if one is not None), None)
        return own, account.music_on_hold_id if account is not None else None

    async def trunk_access(self, organization_id: int, trunk_id: int) -> TrunkAccess | None:
        """Access to a trunk of the account, also to a disabled one, whose calls are not over yet. None for
        one that is not there any more."""
        async with self._database.read(organization_id) as session:
            return await AccountRows(session, organization_id, self._kinds).trunk_access(
                trunk_id, self._vault
            )

    async def sound_versions(self, organization_id: int, media_ids: Sequence[int]) -> Mapping[int, str]:
        """Versions of an account's sounds, which name the files, by id; without sounds that are not there."""
        query = select(MediaRow.id, MediaRow.version).where(
            MediaRow.organization_id == organization_id, MediaRow.id.in_(media_ids), MediaRow.version != ""
        )
        async with self._database.read(organization_id) as session:
            rows = (await session.execute(query)).all()
        return {row[0]: row[1] for row in rows}

    async def _belongs(self, query: Select[int, bool]) -> tuple[int, bool] | None:
        """The account of what the outside names by an id alone, and whether it is enabled."""
        async with self._database.read(None) as session:
            found = (await session.execute(query)).one_or_none()
            return None if found is None else (found[0], found[1])

    async def _loaded(
        self, session: AsyncSession, organization_id: int, id_: int, name: str, root: Node, call: Call
    ) -> LoadedFlow | None:
        rows = AccountRows(session, organization_id, self._kinds)
        account = await rows.account()
        if account is None:
            return None
        used = _used(root)
        groups = await rows.groups(used["groups"])
        members = [one for id_ in used["groups"] & groups.keys() for one in members_of(groups[id_], groups)]
        user_ids = used["users"] | _ids(members, MemberType.USER)
        device_ids = used["devices"] | _ids(members, MemberType.DEVICE)
        by = forwarders(call)
        device_ids.update(by.get(MemberType.DEVICE, ()))
        if call.device_id is not None:
            device_ids.add(call.device_id)
        found_devices = await rows.devices(device_ids, user_ids)
        owners = {one.owner_id for one in found_devices.values() if one.owner_id is not None}
        also = set(by.get(MemberType.USER, ()))
        if call.user_id is not None:
            also.add(call.user_id)
        users = await rows.users(user_ids | owners | also)
        if call.user_id in users:
            extension = await extension_of(session, organization_id, call.user_id)
            users[call.user_id] = structs.replace(users[call.user_id], extension=extension)
        account = await _with_own_numbers(session, account, found_devices.values(), users.values())
        found_trunks, accesses = await rows.trunks(self._vault) if _goes_outside(root) else ({}, {})
        flow = Flow(
            id=id_,
            name=name,
            root=root,
            account=account,
            users=users,
            devices=found_devices,
            groups=groups,
            menus=await rows.menus(used["menus"]),
            calendars=await rows.calendars(used["calendars"]),
            conferences=await rows.conferences(used["conferences"]),
            vmboxes=await rows.vmboxes(used["vmboxes"]),
            trunks=found_trunks,
            live=_reachable(await rows.contacts(found_devices)),
        )
        numbers = {one async for one in unhurried(_numbers(flow, call))}
        plan = await number_plan(session, organization_id, numbers)
        flow = structs.replace(flow, plan=plan, reachable=await reachable(session, flow, call))
        return LoadedFlow(flow=flow, trunk_accesses=accesses)


def _reachable(contacts: Mapping[int, Sequence[str]]) -> Live:
    found = {
        id_: tuple(Contact(uri, is_browser=_IN_BROWSER.search(uri) is not None) for uri in uris)
        for id_, uris in contacts.items()
    }
    return Live(registered=frozenset(found), contacts=found)


async def _caller_user(session: AsyncSession, rows: AccountRows, device: Device) -> User | None:
    """The user who has the device, with their extension."""
    if device.owner_id is None:
        return None
    user = (await rows.users({device.owner_id})).get(device.owner_id)
    if user is None:
        return None
    return structs.replace(user, extension=await extension_of(session, rows.organization_id, user.id))


async def _with_own_numbers(
    session: AsyncSession, account: Account, found_devices: Iterable[Device], users: Iterable[User]
) -> Account:
    caller_ids = [account.caller_id, *(one.caller_id for one in (*found_devices, *users))]
    return structs.replace(account, numbers=await own_numbers(session, account, caller_ids))


def _used(root: Node) -> defaultdict[str, set[int]]:
    """Ids of what the modules use, by the kinds of resources."""
    used: defaultdict[str, set[int]] = defaultdict(set)
    for one in references(root):
        used[one.resource].add(one.id)
    return used


def _ids(members: Iterable[GroupMember], kind: MemberType) -> set[int]:
    return {one.member_id for one in members if one.member_type is kind}


def _goes_outside(root: Node) -> bool:
    return any(isinstance(one.data, ExternalData) for one in nodes_of(root))


def _numbers(flow: Flow, call: Call) -> Iterable[str]:
    """The numbers that forwards and modules name, in their forms."""
    forwards: list[tuple[CallForward, Payer]] = []
    forwards += [(one.call_forward, flow.payer(one.id)) for one in flow.users.values()]
    forwards += [(one.call_forward, flow.payer(None, one.id)) for one in flow.devices.values()]
    for forward, payer in forwards:
        if forward.number and (forward.enabled or forward.failover):
            yield from forms_of(forward.number, payer.country)
    if call.digits and isinstance(flow.root.data, FeatureData):
        yield from forms_of(call.digits, flow.payer(call.user_id, call.device_id).country)
    for node in nodes_of(flow.root):
        if isinstance(node.data, ExternalData):
            payer = flow.payer(call.user_id, call.device_id)
            country = payer.country if node.data.caller_pays else flow.account.country
            yield from forms_of(node.data.number, country)

"""Rows of an account's resources as routing has them, by ids. What is not there, or is another account's, is
left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import structlog
from cryptography.fernet import InvalidToken
from sqlalchemy import bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.identity.models import Membership, Organization, Person
from switchroom.telephony.calls.loaded import Secret, TrunkAccess
from switchroom.telephony.resources import calendars, conferences, devices, groups, menus, trunks, vmboxes
from switchroom.telephony.resources.accounts import AccountRow
from switchroom.telephony.resources.realms import TelephonyAccount
from switchroom.telephony.resources.rows import ResourceRow
from switchroom.telephony.resources.service import AnyResource
from switchroom.telephony.resources.users import TelephonyUser, UserRow
from switchroom.telephony.resources.vault import Vault
from switchroom.telephony.routing import stored_values
from switchroom.telephony.routing.configuration import (
    Account,
    Calendar,
    Conference,
    Device,
    Group,
    MemberType,
    Menu,
    Trunk,
    User,
    VoicemailBox,
)

Kinds = Mapping[str, AnyResource]

log = structlog.stdlib.get_logger(__name__)


# Statements of every call are built once: that takes longer than the database does.
_ACCOUNT = (
    select(Organization, TelephonyAccount)
    .join(TelephonyAccount, TelephonyAccount.organization_id == Organization.id)
    .where(Organization.id == bindparam("account"), Organization.closed_at.is_(None))
)
_USERS = (
    select(Person, Membership, TelephonyUser)
    .join(Membership, Membership.person_id == Person.id)
    .outerjoin(TelephonyUser, TelephonyUser.membership_id == Membership.id)
    .where(
        Membership.organization_id == bindparam("account"),
        Membership.id.in_(bindparam("ids", expanding=True)),
    )
)
_DEVICES = (
    select(devices.Device)
    .where(
        devices.Device.organization_id == bindparam("account"),
        or_(
            devices.Device.id.in_(bindparam("ids", expanding=True)),
            devices.Device.owner_id.in_(bindparam("owners", expanding=True)),
        ),
        devices.Device.id > bindparam("after"),
    )
    .order_by(devices.Device.id)
)

_AT_ONCE, _LARGE_AT_ONCE, _IDS_AT_ONCE = 100, 20, 1000
"""Numbers of users and devices, of groups and the like, and of contacts that are read at once: other calls
wait while each is made of its row, which takes up to 0.2, 1 and 0.01 ms."""


class AccountRows:
    """Configuration of one account, from its rows. Every statement is confined to the account."""

    def __init__(self, session: AsyncSession, organization_id: int, kinds: Kinds) -> None:
        self._session = session
        self.organization_id = organization_id
        self._kinds = kinds

    async def account(self) -> Account | None:
        """The account without its numbers; None for one that is closed."""
        row = (await self._session.execute(_ACCOUNT, {"account": self.organization_id})).one_or_none()
        if row is None:
            return None
        values = self._kinds["accounts"].values_of(AccountRow(*row))
        return stored_values.account_of(self.organization_id, values)

    async def users(self, ids: Collection[int]) -> dict[int, User]:
        if not ids:
            return {}
        kind = self._kinds["users"]
        found: dict[int, User] = {}
        for part in _parts(ids, _AT_ONCE):
            values = {"account": self.organization_id, "ids": part}
            rows = [UserRow(*row) for row in await self._session.execute(_USERS, values)]
            found |= {id_: stored_values.user_of(id_, kind.values_of(row)) for row in rows if (id_ := row.id)}
        return found

    async def devices(self, ids: Collection[int], of_users: Collection[int] = ()) -> dict[int, Device]:
        """Devices by their ids, and all of these users."""
        if not ids and not of_users:
            return {}
        values = {"account": self.organization_id, "ids": sorted(ids), "owners": sorted(of_users), "after": 0}
        kind = self._kinds["devices"]
        found: dict[int, Device] = {}
        while True:
            rows = (await self._session.scalars(_DEVICES.limit(_AT_ONCE), values)).all()
            found.update(
                (row.id, stored_values.device_of(row.id, kind.values_of(row), owner_id=row.owner_id))
                for row in rows
            )
            if len(rows) < _AT_ONCE:
                return found
            values["after"] = rows[-1].id

    async def groups(self, ids: Collection[int]) -> dict[int, Group]:
        """Groups, and those that are members of them."""
        found: dict[int, Group] = {}
        asked: set[int] = set()
        wanted = set(ids)
        while wanted:
            asked |= wanted
            rows = await self._rows(groups.GroupRow, "groups", wanted)
            more = {id_: stored_values.group_of(id_, values) for id_, (_, values) in rows.items()}
            found.update(more)
            members = (member for one in more.values() for member in one.members)
            wanted = {one.member_id for one in members if one.member_type is MemberType.GROUP} - asked
        return found

    async def menus(self, ids: Collection[int]) -> dict[int, Menu]:
        rows = await self._rows(menus.MenuRow, "menus", ids)
        return {id_: stored_values.menu_of(id_, values) for id_, (_, values) in rows.items()}

    async def calendars(self, ids: Collection[int]) -> dict[int, Calendar]:
        """Calendars without when they are open, whose texts are long (`calendar_texts`)."""
        if not ids:
            return {}
        table = calendars.CalendarRow
        zone, forced = (table.details[name].as_string() for name in ("time_zone", "forced"))
        query = select(table.id, table.name, zone, forced).where(
            table.organization_id == self.organization_id, table.id.in_(sorted(ids))
        )
        return {
            id_: stored_values.calendar_of(id_, {"name": name, "time_zone": zone_, "forced": forced_})
            for id_, name, zone_, forced_ in await self._session.execute(query)
        }

    async def calendar_texts(self, ids: Collection[int]) -> dict[int, str]:
        """The iCalendar texts of calendars; of those that are fetched from elsewhere as they were last."""
        table, fetched = calendars.CalendarRow, calendars.ExternalCalendar
        own = select(table.id, table.details["ics"].as_string()).where(
            table.organization_id == self.organization_id,
            table.id.in_(sorted(ids)),
            table.details["is_external_calendar"].as_boolean().is_(False),
        )
        others = select(fetched.calendar_id, fetched.ics).where(
            fetched.organization_id == self.organization_id, fetched.calendar_id.in_(sorted(ids))
        )
        rows = [*await self._session.execute(own), *await self._session.execute(others)]
        return {row[0]: row[1] for row in rows if row[1]}

    async def conferences(self, ids: Collection[int]) -> dict[int, Conference]:
        rows = await self._rows(conferences.ConferenceRow, "conferences", ids)
        return {
            id_: stored_values.conference_of(
                id_,
                values,
                has_pin=bool(row.members_pin_hash),
                has_moderators_pin=bool(row.moderators_pin_hash),
            )
            for id_, (row, values) in rows.items()
        }

    async def vmboxes(self, ids: Collection[int]) -> dict[int, VoicemailBox]:
        rows = await self._rows(vmboxes.VoicemailBoxRow, "vmboxes", ids)
        return {id_: stored_values.vmbox_of(id_, values) for id_, (_, values) in rows.items()}

    async def trunks(self, vault: Vault) -> tuple[dict[int, Trunk], dict[int, TrunkAccess]]:
        """All trunks of the account that are enabled, and how they are reached."""
        table = trunks.TrunkRow
        query = select(table).where(table.organization_id == self.organization_id, table.enabled)
        kind = self._kinds["trunks"]
        found: dict[int, Trunk] = {}
        accesses: dict[int, TrunkAccess] = {}
        for row in await self._session.scalars(query):
            values = kind.values_of(row)
            found[row.id] = stored_values.trunk_of(row.id, values)
            accesses[row.id] = _access(vault, row, values)
        return found, accesses

    async def trunk_access(self, id_: int, vault: Vault) -> TrunkAccess | None:
        """Access to a trunk, enabled or not; None for one that is not there."""
        found = await self.trunk(id_, vault)
        return found[1] if found is not None else None

    async def trunk(self, id_: int, vault: Vault) -> tuple[Trunk, TrunkAccess] | None:
        """A trunk, enabled or not, and how it is reached."""
        rows = await self._rows(trunks.TrunkRow, "trunks", {id_})
        if id_ not in rows:
            return None
        return stored_values.trunk_of(id_, rows[id_][1]), _access(vault, *rows[id_])

    async def registered(self, device_ids: Collection[int]) -> frozenset[int]:
        """Ids among these of the devices that can be reached now."""
        return frozenset(await self.contacts(device_ids))

    async def contacts(self, device_ids: Collection[int]) -> Mapping[int, Sequence[str]]:
        """Contacts by the ids of devices that can be reached now; not of those that cannot."""
        if not device_ids:
            return {}
        table = devices.Registration
        found: defaultdict[int, list[str]] = defaultdict(list)
        for part in _parts(device_ids, _IDS_AT_ONCE):
            query = select(table.device_id, table.contact).where(
                table.organization_id == self.organization_id,
                table.device_id.in_(part),
                table.expires_at > now(),
            )
            for device_id, contact in await self._session.execute(query):
                found[device_id].append(contact)
        return found

    async def _rows(self, table: Any, kind: str, ids: Collection[int]) -> dict[int, tuple[Any, Any]]:
        """Rows of a kind with their values."""
        if not ids:
            return {}
        found: dict[int, tuple[Any, Any]] = {}
        for part in _parts(ids, _LARGE_AT_ONCE):
            query = select(table).where(table.organization_id == self.organization_id, table.id.in_(part))
            rows: list[ResourceRow] = list(await self._session.scalars(query))
            found.update((row.id, (row, self._kinds[kind].values_of(row))) for row in rows)
        return found


def _parts(ids: Collection[int], size: int) -> Iterator[Sequence[int]]:
    in_order = sorted(ids)
    for begin in range(0, len(in_order), size):
        yield in_order[begin : begin + size]


def _access(vault: Vault, row: trunks.TrunkRow, values: Mapping[str, Any]) -> TrunkAccess:
    return TrunkAccess(
        values["server"],
        values["port"],
        values["transport"],
        values["username"],
        _password(vault, row),
        values["advanced"].get("shared_server", False),
        values["advanced"].get("verify_certificate", True),
    )


def _password(vault: Vault, row: trunks.TrunkRow) -> Secret | None:
    if not row.password_encrypted:
        return None
    try:
        return Secret(vault.decrypt(row.password_encrypted))
    except InvalidToken:
        log.error("password of a trunk was encrypted with another secret", trunk_id=row.id)
        return None
